/* SPDX-License-Identifier: MIT */
/*
 * ordered: an array of borrowed pointers that is kept in order, so that a
 * page of a list is a slice and never needs sorting.
 *
 * The comparison may be changed, which sorts once. A key that decides the
 * order may only change while its item is out of the array.
 */
#ifndef EMULATOR_ORDERED_H
#define EMULATOR_ORDERED_H

#include <stddef.h>

/* Never 0 for two different items: there must be one order. */
typedef int ordered_compare(const void *a, const void *b);

struct ordered {
	void **items; /* owned array of borrowed items */
	size_t count;
	ordered_compare *compare;
};

void ordered_init(struct ordered *ordered, ordered_compare *compare);
void ordered_finish(struct ordered *ordered);
void ordered_add(struct ordered *ordered, void *item);
void ordered_remove(struct ordered *ordered, const void *item);

/* Puts all items in the order of `compare`. */
void ordered_reorder(struct ordered *ordered, ordered_compare *compare);

#endif
