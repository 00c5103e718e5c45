/* SPDX-License-Identifier: MIT */
/*
 * merge_sort: sorts pointers to the elements of an array, a part at a time, so that a long array need not be sorted in one turn of
 * the loop. Stable: equal ones stay in their order. Does not own what the pointers point to.
 */
#ifndef PSCALEFS_MERGE_SORT_H
#define PSCALEFS_MERGE_SORT_H

#include <stdbool.h>
#include <stddef.h>

struct merge_sort {
	void **v; /* owned; sorted when merge_sort_step() has said so */
	size_t n;
	int (*order)(const void *a, const void *b); /* of two of the elements */
	void **merged;                              /* owned; for the pass under way */
	size_t width;                               /* of the runs that this pass merges in pairs */
	size_t begin, left, right, done;            /* the pair under way: where it has come to */
};

/* As qsort(3), but the array stays as it is. */
void merge_sort_init(struct merge_sort *s, void *base, size_t n, size_t size,
		     int (*order)(const void *a, const void *b));
void merge_sort_finish(struct merge_sort *s); /* frees; usable again */
/* Go on for about *budget comparisons, which are subtracted from it. True: all is sorted. */
bool merge_sort_step(struct merge_sort *s, size_t *budget);

#endif
