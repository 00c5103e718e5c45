/* SPDX-License-Identifier: MIT */
/*
 * id_pool: each id once, until the end.
 *
 * A thousand tokens are some ten thousand nodes, with the same few ids. Nothing is ever removed:
 * there are no more ids than tokens and databases were ever seen.
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
