/* SPDX-License-Identifier: MIT */
/*
 * slots: many small elements of one size, which name each other by 4 bytes instead of 8.
 *
 * An element begins with a `struct slot` and stays where it is. It is found by an index, which is used
 * again after it was removed, or by a number, which never is: an index and how often the place was in use
 * before. They are stored in chunks, so that none costs an allocation of its own, and no addition takes
 * long; a chunk without elements is freed. index_table finds elements by their contents.
 */
#ifndef PSCALEFS_SLOTS_H
#define PSCALEFS_SLOTS_H

#include <stddef.h>
#include <stdint.h>

/* Only slots.c changes `at` and `generation`. */
struct slot {
	uint32_t next; /* for the owner, as index_table: an index; 0: none */
	unsigned at : 8;
	unsigned generation : 24;
};

#define SLOTS_PER_CHUNK      256 /* all values of slot.at */
#define SLOTS_GENERATION_MAX ((1u << 24) - 1)

struct slots_chunk;

/* Where a chunk is, or was. */
struct slots_place {
	struct slots_chunk *chunk; /* owned; NULL: it would be empty */
	/* Of the next element: above those of all that were removed here. Above the largest, the place is
	 * not used again. */
	uint32_t generation;
};

struct slots {
	size_t size; /* of an element */
	size_t n;    /* elements */
	struct slots_place *place;
	uint64_t *has_room; /* a bit for each place: another element can be added there */
	size_t n_places;
};

void slots_init(struct slots *s, size_t size);
void slots_finish(struct slots *s); /* frees the elements, not what they own */

/* A new element, all zero but its `struct slot`. The first one's number is 1. */
struct slot *slots_add(struct slots *s);
void slots_remove(struct slots *s, struct slot *e);

uint32_t slots_index(const struct slots *s, const struct slot *e);  /* not 0 */
uint64_t slots_number(const struct slots *s, const struct slot *e); /* not 0 */
struct slot *slots_at(const struct slots *s, uint32_t index); /* of an element that is there */
/* NULL if no element has this number (any more): it may be any number. */
struct slot *slots_find(const struct slots *s, uint64_t number);
/* The one after `e`, and the first one after NULL; after the last NULL. Each once, by their indices, also
 * if others are removed meanwhile. */
struct slot *slots_next(const struct slots *s, const struct slot *e);

#endif
