/* SPDX-License-Identifier: MIT */
#include "tree/id_pool.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"

struct id_text {
	uint32_t users;
	char text[];
};

struct pooled_id {
	struct slot slot;  /* in pool.ids; the first member */
	struct id_text *t; /* owned */
};

static struct id_text *id_text_of(const struct slot *s)
{
	return ((const struct pooled_id *)(const void *)s)->t;
}

static uint64_t text_hash(const struct slot *s)
{
	return hash_str(HASH_INIT, id_text_of(s)->text);
}

void id_pool_init(struct id_pool *pool)
{
	slots_init(&pool->ids, sizeof(struct pooled_id));
	index_table_init(&pool->by_text, &pool->ids, text_hash);
}

void id_pool_finish(struct id_pool *pool)
{
	for (struct slot *s = NULL; (s = slots_next(&pool->ids, s)) != NULL;)
		free(id_text_of(s));
	index_table_finish(&pool->by_text);
	slots_finish(&pool->ids);
}

static struct slot *pooled(const struct id_pool *pool, const char *id)
{
	struct slot *s = index_table_first(&pool->by_text, hash_str(HASH_INIT, id));

	while (s != NULL && strcmp(id_text_of(s)->text, id) != 0)
		s = index_table_next(&pool->by_text, s);
	return s;
}

static struct slot *pool_add(struct id_pool *pool, const char *id)
{
	struct slot *s = slots_add(&pool->ids);
	size_t size = strlen(id) + 1;
	struct id_text *t = xmalloc(sizeof(*t) + size);

	t->users = 0;
	memcpy(t->text, id, size);
	((struct pooled_id *)(void *)s)->t = t;
	index_table_add(&pool->by_text, s);
	return s;
}

uint32_t id_pool_take(struct id_pool *pool, const char *id)
{
	if (id == NULL)
		return 0;
	struct slot *s = pooled(pool, id);
	if (s == NULL)
		s = pool_add(pool, id);
	id_text_of(s)->users++;
	return slots_index(&pool->ids, s);
}

void id_pool_drop(struct id_pool *pool, uint32_t number)
{
	if (number == 0)
		return;
	struct slot *s = slots_at(&pool->ids, number);
	if (--id_text_of(s)->users > 0)
		return;
	index_table_remove(&pool->by_text, s);
	free(id_text_of(s));
	slots_remove(&pool->ids, s);
}

bool id_pool_find(const struct id_pool *pool, const char *id, uint32_t *number)
{
	const struct slot *s = id != NULL ? pooled(pool, id) : NULL;

	*number = s != NULL ? slots_index(&pool->ids, s) : 0;
	return s != NULL || id == NULL;
}

const char *id_pool_text(const struct id_pool *pool, uint32_t number)
{
	return number != 0 ? id_text_of(slots_at(&pool->ids, number))->text : NULL;
}
