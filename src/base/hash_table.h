/* SPDX-License-Identifier: MIT */
/*
 * hash_table: uthash as this program uses it, and the only place that includes it.
 *
 * Memory that cannot be had ends the process, as everywhere. The hash is that of hash.h: the one of
 * uthash falls through the cases of a switch, of which clang warns wherever a macro of it is used.
 */
#ifndef PSCALEFS_HASH_TABLE_H
#define PSCALEFS_HASH_TABLE_H

#include "base/hash.h"
#include "base/xmalloc.h"

#define uthash_malloc(size)           xmalloc(size)
#define HASH_FUNCTION(key, len, hash) ((hash) = (unsigned)hash_bytes(HASH_INIT, key, len))

#include <uthash.h>

#endif
