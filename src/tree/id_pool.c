/* SPDX-License-Identifier: MIT */
#include "tree/id_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash_table.h"
#include "base/xmalloc.h"

struct pooled_id {
	UT_hash_handle hh; /* the key is `text`, without its terminator */
	char text[];
};

const char *id_pool_intern(struct id_pool *pool, const char *id)
{
	struct pooled_id *found = NULL;

	if (id == NULL)
		return NULL;
	size_t len = strlen(id);
	HASH_FIND(hh, pool->ids, id, len, found);
	if (found == NULL) {
		found = xcalloc(1, sizeof(*found) + len + 1);
		memcpy(found->text, id, len);
		HASH_ADD_KEYPTR(hh, pool->ids, found->text, len, found);
	}
	return found->text;
}

void id_pool_finish(struct id_pool *pool)
{
	struct pooled_id *id, *next;

	HASH_ITER(hh, pool->ids, id, next)
	{
		HASH_DEL(pool->ids, id);
		free(id);
	}
}
