/* SPDX-License-Identifier: MIT */
#include "map.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash_table.h"
#include "base/xmalloc.h"

struct map_entry {
	const char *key; /* borrowed from the value, as a rule */
	void *value;     /* borrowed */
	UT_hash_handle hh;
};

static struct map_entry *entry_of(const struct map *map, const char *key)
{
	struct map_entry *entry = NULL;

	HASH_FIND_STR(map->entries, key, entry);
	return entry;
}

void map_finish(struct map *map)
{
	struct map_entry *entry, *next;

	HASH_ITER(hh, map->entries, entry, next)
	{
		HASH_DEL(map->entries, entry);
		free(entry);
	}
}

void *map_find(const struct map *map, const char *key)
{
	struct map_entry *entry = entry_of(map, key);

	return entry != NULL ? entry->value : NULL;
}

void map_put(struct map *map, const char *key, void *value)
{
	map_remove(map, key);
	struct map_entry *entry = xcalloc(1, sizeof(*entry));
	entry->key = key;
	entry->value = value;
	HASH_ADD_KEYPTR(hh, map->entries, entry->key, strlen(entry->key), entry);
}

void map_remove(struct map *map, const char *key)
{
	struct map_entry *entry = entry_of(map, key);

	if (entry == NULL)
		return;
	HASH_DEL(map->entries, entry);
	free(entry);
}
