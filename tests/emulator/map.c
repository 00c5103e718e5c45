/* SPDX-License-Identifier: MIT */
#include "map.h"

#include "util.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct map_entry {
	const char *key; /* borrowed from the value, as a rule */
	void *value;     /* borrowed */
	struct map_entry *next;
};

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ^ (hash >> 29);
}

static struct map_entry **find_slot(const struct map *map, const char *key)
{
	struct map_entry **slot = &map->buckets[hash_text(key) & (map->bucket_count - 1)];

	while (*slot && strcmp((*slot)->key, key) != 0)
		slot = &(*slot)->next;
	return slot;
}

static void enlarge(struct map *map)
{
	struct map bigger = {.bucket_count = map->bucket_count ? map->bucket_count * 2 : 16};

	bigger.buckets = need_memory(bigger.bucket_count * sizeof(struct map_entry *));
	for (size_t i = 0; i < map->bucket_count; i++) {
		struct map_entry *entry = map->buckets[i];

		while (entry) {
			struct map_entry *next = entry->next;
			struct map_entry **slot = find_slot(&bigger, entry->key);

			entry->next = NULL;
			*slot = entry;
			entry = next;
		}
	}
	bigger.count = map->count;
	free(map->buckets);
	*map = bigger;
}

void map_finish(struct map *map)
{
	for (size_t i = 0; i < map->bucket_count; i++) {
		while (map->buckets[i]) {
			struct map_entry *next = map->buckets[i]->next;

			free(map->buckets[i]);
			map->buckets[i] = next;
		}
	}
	free(map->buckets);
	*map = (struct map){0};
}

void *map_find(const struct map *map, const char *key)
{
	struct map_entry *entry = map->bucket_count ? *find_slot(map, key) : NULL;

	return entry ? entry->value : NULL;
}

void map_put(struct map *map, const char *key, void *value)
{
	struct map_entry **slot;

	if (map->count >= map->bucket_count)
		enlarge(map);
	slot = find_slot(map, key);
	if (!*slot) {
		*slot = need_memory(sizeof(**slot));
		map->count++;
	}
	(*slot)->key = key;
	(*slot)->value = value;
}

void map_remove(struct map *map, const char *key)
{
	struct map_entry **slot = map->bucket_count ? find_slot(map, key) : NULL;
	struct map_entry *entry = slot ? *slot : NULL;

	if (!entry)
		return;
	*slot = entry->next;
	free(entry);
	map->count--;
}
