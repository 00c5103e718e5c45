/* SPDX-License-Identifier: MIT */
/*
 * hash_table: the settings for uthash, and the only place that includes it.
 *
 * If no memory is left the process ends, as everywhere. The hash function is that of hash.h:
 * uthash's own one falls through the cases of a switch, and clang warns of that wherever its
 * macros are used.
 */
#ifndef PSCALEFS_HASH_TABLE_H
#define PSCALEFS_HASH_TABLE_H

#include "base/hash.h"
#include "base/xmalloc.h"

#define uthash_malloc(size)           xmalloc(size)
#define HASH_FUNCTION(key, len, hash) ((hash) = (unsigned)hash_bytes(HASH_INIT, key, len))

#include <uthash.h>

#endif
