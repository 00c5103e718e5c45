/* SPDX-License-Identifier: MIT */
#include "planetscale/scopes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xmalloc.h"

/* The position of `name` of `len` bytes, or where to insert it. */
static bool find_scope(const struct scopes *s, const char *name, size_t len, size_t *at)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(s->v[middle], name, len);
		if (order == 0 && s->v[middle][len] != '\0')
			order = 1;
		if (order == 0) {
			*at = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low;
	return false;
}

static void release_array(const struct scopes *s)
{
	if (s->room > 0)
		free(s->v);
	else
		intern_release(s->v);
}

/* Before `v` is written: an array of its own for `room` names, at least those it has. */
static void own(struct scopes *s, unsigned room)
{
	if (room <= s->room)
		return;
	const char **v = xmalloc(room * sizeof(*v));
	if (s->n > 0)
		memcpy(v, s->v, s->n * sizeof(*v));
	release_array(s);
	s->v = v;
	s->room = room;
}

void scopes_finish(struct scopes *s)
{
	for (unsigned i = 0; i < s->n; i++)
		intern_release(s->v[i]);
	release_array(s);
	*s = (struct scopes)SCOPES_INIT;
}

void scopes_share(struct scopes *s)
{
	if (s->n == 0) {
		scopes_finish(s);
		return;
	}
	if (s->room == 0)
		return;
	uintptr_t shared = (uintptr_t)intern_block(s->v, s->n * sizeof(*s->v));
	free(s->v);
	s->v = (const char **)shared;
	s->room = 0;
}

bool scopes_has(const struct scopes *s, const char *name)
{
	size_t at;

	return find_scope(s, name, strlen(name), &at);
}

bool scopes_add(struct scopes *s, const char *name)
{
	return scopes_addn(s, name, strlen(name));
}

bool scopes_addn(struct scopes *s, const char *name, size_t len)
{
	size_t at;

	len = strnlen(name, len);
	if (find_scope(s, name, len, &at))
		return false;
	if (s->n >= s->room)
		own(s, 2 * s->n + 1);
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof(*s->v));
	s->v[at] = intern_bytes(name, len);
	s->n++;
	return true;
}

bool scopes_remove(struct scopes *s, const char *name)
{
	size_t at;

	if (!find_scope(s, name, strlen(name), &at))
		return false;
	own(s, s->n);
	intern_release(s->v[at]);
	s->n--;
	memmove(s->v + at, s->v + at + 1, (s->n - at) * sizeof(*s->v));
	return true;
}

void scopes_copy(struct scopes *to, const struct scopes *from)
{
	struct scopes copy = SCOPES_INIT;

	for (unsigned i = 0; i < from->n; i++)
		intern_again(from->v[i]);
	if (from->room > 0) {
		own(&copy, from->n);
		if (from->n > 0)
			memcpy(copy.v, from->v, from->n * sizeof(*from->v));
	} else {
		intern_again(from->v);
		copy.v = from->v;
	}
	copy.n = from->n;
	scopes_finish(to);
	*to = copy;
}

bool scopes_equal(const struct scopes *a, const struct scopes *b)
{
	return a->n == b->n && (a->v == b->v || scopes_subset(a, b));
}

bool scopes_subset(const struct scopes *a, const struct scopes *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!scopes_has(b, a->v[i]))
			return false;
	return true;
}

void scopes_merge(struct scopes *to, const struct scopes *from)
{
	for (size_t i = 0; i < from->n; i++)
		scopes_add(to, from->v[i]);
}

/* Keep only those of `to` that are in `other`, if `stays`; else only those that are not. */
static void filter(struct scopes *to, const struct scopes *other, bool stays)
{
	unsigned kept = 0;

	own(to, to->n);
	for (size_t i = 0; i < to->n; i++)
		if (scopes_has(other, to->v[i]) == stays)
			to->v[kept++] = to->v[i];
		else
			intern_release(to->v[i]);
	to->n = kept;
}

void scopes_subtract(struct scopes *to, const struct scopes *from)
{
	if (to == from)
		scopes_finish(to);
	else
		filter(to, from, false);
}

void scopes_intersect(struct scopes *to, const struct scopes *with)
{
	if (to != with)
		filter(to, with, true);
}

void scopes_print(const struct scopes *s, char separator, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		buf_adds(out, s->v[i]);
		buf_addc(out, separator);
	}
}

void scopes_list(const struct scopes *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0)
			buf_adds(out, i + 1 < s->n ? ", " : " and ");
		buf_adds(out, s->v[i]);
	}
}

bool scope_valid(const char *name, size_t len)
{
	if (len == 0 || len > SCOPE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}
