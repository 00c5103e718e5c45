/* SPDX-License-Identifier: MIT */
#include "base/merge_sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* Pointers that are copied in the time of one comparison. */
#define COPIED_AT_ONCE 32

static void begin_pair(struct merge_sort *s, size_t begin)
{
	s->begin = s->left = s->done = begin;
	s->right = begin + s->width;
}

void merge_sort_init(struct merge_sort *s, void *base, size_t n, size_t size,
		     int (*order)(const void *a, const void *b))
{
	*s = (struct merge_sort){.n = n, .order = order, .width = 1};
	s->v = xcalloc(n, sizeof(*s->v));
	s->merged = xcalloc(n, sizeof(*s->merged));
	for (size_t i = 0; i < n; i++)
		s->v[i] = (char *)base + i * size;
	begin_pair(s, 0);
}

void merge_sort_finish(struct merge_sort *s)
{
	free(s->v);
	free(s->merged);
	*s = (struct merge_sort){0};
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void spend(size_t *budget, size_t n)
{
	*budget -= least(*budget, n);
}

static void copy_rest(struct merge_sort *s, size_t from, size_t to, size_t *budget)
{
	memcpy(s->merged + s->done, s->v + from, (to - from) * sizeof(*s->v));
	s->done += to - from;
	spend(budget, (to - from) / COPIED_AT_ONCE);
}

/* Merge the two runs that begin at `begin`; false: the budget is spent. */
static bool merge_pair(struct merge_sort *s, size_t *budget)
{
	size_t middle = least(s->begin + s->width, s->n);
	size_t end = least(s->begin + 2 * s->width, s->n);

	/* Often they are in order already. */
	if (s->done == s->begin &&
	    (middle == end || s->order(s->v[middle - 1], s->v[middle]) <= 0)) {
		copy_rest(s, s->begin, end, budget);
		spend(budget, 1);
		return true;
	}
	while (s->left < middle && s->right < end) {
		if (*budget == 0)
			return false;
		--*budget;
		if (s->order(s->v[s->left], s->v[s->right]) <= 0)
			s->merged[s->done++] = s->v[s->left++];
		else
			s->merged[s->done++] = s->v[s->right++];
	}
	copy_rest(s, s->left, middle, budget);
	copy_rest(s, s->right, end, budget);
	return true;
}

bool merge_sort_step(struct merge_sort *s, size_t *budget)
{
	while (s->width < s->n) {
		while (s->begin < s->n) {
			if (*budget == 0 || !merge_pair(s, budget))
				return false;
			begin_pair(s, s->begin + 2 * s->width);
		}
		void **merged = s->merged;
		s->merged = s->v;
		s->v = merged;
		s->width *= 2;
		begin_pair(s, 0);
	}
	return true;
}
