/* SPDX-License-Identifier: MIT */
/*
 * id_pool: stores each id once, until the mount ends.
 *
 * A thousand tokens have about ten thousand nodes, which share the same few ids. Ids are never
 * removed: there are only as many as tokens, databases and organizations that were ever seen.
 */
#ifndef PSCALEFS_ID_POOL_H
#define PSCALEFS_ID_POOL_H

struct pooled_id;

struct id_pool {
	struct pooled_id *ids; /* owned; a hash table */
};

/* The pool's copy of `id`, which lives as long as the pool. NULL gives NULL. */
const char *id_pool_intern(struct id_pool *pool, const char *id);
void id_pool_finish(struct id_pool *pool);

#endif
