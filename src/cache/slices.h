/* SPDX-License-Identifier: MIT */
/*
 * slices: work that would hold the loop for long is done a slice in each turn, and what others wait for in
 * between. Of several such pieces of work only the first is gone on with, so that a turn has one slice
 * however many there are. Knows nothing of what the work is.
 */
#ifndef PSCALEFS_SLICES_H
#define PSCALEFS_SLICES_H

#include <stdbool.h>

#include "base/list.h"
#include "cache/resource.h"

struct slices {
	struct waiter waiter; /* ready whenever there is work */
	struct list work;     /* of struct sliced */
};

/* A piece of work, part of a struct that has what it needs. */
struct sliced {
	struct list link;
	/* Do a slice. True: that was the last one, and the struct may be gone. */
	bool (*slice)(struct sliced *work);
};

void slices_init(struct slices *s, struct cache *cache);
void slices_finish(struct slices *s); /* drops all work */
void sliced_init(struct sliced *work, bool (*slice)(struct sliced *work));
/* From the next turn on; behind the work that is there. */
void slices_add(struct slices *s, struct sliced *work);
void sliced_drop(struct sliced *work); /* added or not */

#endif
