/* SPDX-License-Identifier: MIT */
/*
 * id_pool: stores each id once, and calls it by a number of 4 bytes.
 *
 * A thousand tokens have about twenty thousand nodes, which share the same few ids. Counts who uses an id
 * and frees it after the last. intern does the same by pointers.
 */
#ifndef PSCALEFS_ID_POOL_H
#define PSCALEFS_ID_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/index_table.h"
#include "base/slots.h"

struct id_pool {
	struct slots ids;
	struct index_table by_text;
};

void id_pool_init(struct id_pool *pool);
void id_pool_finish(struct id_pool *pool);
/* The number of an id, until id_pool_drop() was called as often as this for it. NULL has 0. */
uint32_t id_pool_take(struct id_pool *pool, const char *id);
void id_pool_drop(struct id_pool *pool, uint32_t number);
/* The number if somebody uses the id. False: nobody does. */
bool id_pool_find(const struct id_pool *pool, const char *id, uint32_t *number);
const char *id_pool_text(const struct id_pool *pool, uint32_t number); /* while it is used */

#endif
