/* SPDX-License-Identifier: MIT */
#include "ordered.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

void ordered_init(struct ordered *ordered, ordered_compare *compare)
{
	*ordered = (struct ordered){.compare = compare};
}

void ordered_finish(struct ordered *ordered)
{
	free(ordered->items);
	ordered->items = NULL;
	ordered->count = 0;
}

/* The first position whose item does not come before @item. */
static size_t lower_bound(const struct ordered *ordered, const void *item)
{
	size_t low = 0, high = ordered->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ordered->compare(ordered->items[middle], item) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ordered_add(struct ordered *ordered, void *item)
{
	size_t at = lower_bound(ordered, item);

	ordered->items = xgrow(ordered->items, ordered->count, sizeof(*ordered->items));
	memmove(&ordered->items[at + 1], &ordered->items[at],
		(ordered->count - at) * sizeof(*ordered->items));
	ordered->items[at] = item;
	ordered->count++;
}

void ordered_remove(struct ordered *ordered, const void *item)
{
	size_t at = lower_bound(ordered, item);

	if (at == ordered->count || ordered->items[at] != item)
		return;
	ordered->count--;
	memmove(&ordered->items[at], &ordered->items[at + 1],
		(ordered->count - at) * sizeof(*ordered->items));
}

static int compare_slots(const void *a, const void *b, void *compare)
{
	ordered_compare **function = compare;

	return (*function)(*(void *const *)a, *(void *const *)b);
}

void ordered_reorder(struct ordered *ordered, ordered_compare *compare)
{
	ordered->compare = compare;
	if (ordered->count)
		qsort_r(ordered->items, ordered->count, sizeof(*ordered->items), compare_slots,
			&ordered->compare);
}
