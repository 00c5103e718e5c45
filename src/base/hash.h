/* SPDX-License-Identifier: MIT */
/*
 * hash: a hash of bytes for hash tables and inode numbers; no protection against an attacker.
 */
#ifndef PSCALEFS_HASH_H
#define PSCALEFS_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bit, continued from `h` (start with HASH_INIT). */
#define HASH_INIT 14695981039346656037ull
uint64_t hash_bytes(uint64_t h, const void *data, size_t len);
/* Includes the terminating NUL, so that "ab","c" and "a","bc" hash differently. */
uint64_t hash_str(uint64_t h, const char *s);

#endif
