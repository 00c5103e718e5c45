/* SPDX-License-Identifier: MIT */
/*
 * map: a hash table from text to a borrowed pointer.
 *
 * The key is borrowed too: it must live, unchanged, as long as the entry.
 * Iteration is not offered; whoever needs an order keeps one (ordered.h).
 */
#ifndef EMULATOR_MAP_H
#define EMULATOR_MAP_H

#include <stddef.h>

struct map_entry;

struct map {
	struct map_entry *entries; /* owned; a hash table of uthash */
};

/* A zeroed struct is an empty map. */
void map_finish(struct map *map);

/* The value under `key`, or NULL. */
void *map_find(const struct map *map, const char *key);

/* Adds `key` or replaces its value. */
void map_put(struct map *map, const char *key, void *value);

/* Removes `key` if it is there. */
void map_remove(struct map *map, const char *key);

#endif
