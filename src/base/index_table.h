/* SPDX-License-Identifier: MIT */
/*
 * index_table: a hash table of elements of slots, which takes 2 to 4 bytes for each.
 *
 * The chains lead through slot.next. The table grows and shrinks by one bucket with each element (linear
 * hashing), and its buckets are never moved: no call takes long, however many there are. Whoever looks an
 * element up compares it; hash_table is for elements that are pointers.
 */
#ifndef PSCALEFS_INDEX_TABLE_H
#define PSCALEFS_INDEX_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slots.h"

/* Of what an element is found by. The low bits must differ. */
typedef uint64_t index_table_hash(const struct slot *e);

struct index_table {
	const struct slots *slots; /* borrowed */
	index_table_hash *hash;
	uint32_t **page;        /* owned, and the pages too: buckets, each an index or 0 */
	size_t base, n_buckets; /* base: the largest power of two that is not above n_buckets */
	size_t n;               /* elements */
};

void index_table_init(struct index_table *t, const struct slots *slots, index_table_hash *hash);
void index_table_finish(struct index_table *t);
/* Add an element of the slots, or remove one that was added. Its hash must stay the same meanwhile. */
void index_table_add(struct index_table *t, struct slot *e);
void index_table_remove(struct index_table *t, struct slot *e);
/* Those that may have this hash, one after the other; NULL: no more. */
struct slot *index_table_first(const struct index_table *t, uint64_t hash);
struct slot *index_table_next(const struct index_table *t, const struct slot *e);

#endif
