/* SPDX-License-Identifier: MIT */
/*
 * secret: the only type that holds credentials and service tokens.
 *
 * The bytes are in pages of their own that are locked in memory, left out of core dumps and wiped
 * before they are freed. Nothing here prints them; `secret_expose` is the only access to the
 * bytes, and `git grep secret_expose` lists its users.
 */
#ifndef PSCALEFS_SECRET_H
#define PSCALEFS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret; /* opaque, so that no struct copy leaves bytes behind */

/* A copy of `len` bytes; the caller wipes its own (secret_wipe). Never NULL. */
struct secret *secret_new(const char *bytes, size_t len);
void secret_free(struct secret *s);                /* takes NULL */
const char *secret_expose(const struct secret *s); /* NUL-terminated; borrowed */
size_t secret_len(const struct secret *s);
/* False if mlock was refused (RLIMIT_MEMLOCK): the secret can be used, but may be swapped out. */
bool secret_locked(const struct secret *s);

/* Overwrite memory in a way that the compiler may not optimize away. */
void secret_wipe(void *p, size_t len);
/*
 * The same for memory of malloc(3) or mmap(2) that is about to be freed, and may be large and hardly
 * used: afterwards all of it reads as zero, but pages that nothing was written to are not provided
 * by the kernel for that.
 */
void secret_wipe_unused(void *p, size_t len);

#endif
