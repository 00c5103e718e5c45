/* SPDX-License-Identifier: MIT */
/*
 * intern: one copy of what occurs thousands of times, as the names of permissions and of databases do
 * in what tokens may do.
 *
 * Counts who uses a text and frees it after the last. One pool for the process, so that those who
 * store a text need no pointer to it. What is the same has the same address. Not for secrets, and
 * only for the thread of the loop.
 */
#ifndef PSCALEFS_INTERN_H
#define PSCALEFS_INTERN_H

#include <stddef.h>

/* The text, until intern_release() was called as often as this for it. NULL gives NULL. */
const char *intern(const char *text);
/* The same for `len` bytes without a NUL. */
const char *intern_bytes(const char *text, size_t len);
/*
 * The same for any `len` bytes: an array, or a struct without padding, aligned as a pointer is. If they
 * hold addresses of interned texts, each user counts as a user of those, too, and releases them.
 */
const void *intern_block(const void *bytes, size_t len);
/* One user more of what one of these returned; returns it. NULL gives NULL. */
const void *intern_again(const void *interned);
void intern_release(const void *interned); /* takes NULL; else only what one of these returned */
/* How many different things are interned: to see in a test that all was released. */
size_t intern_count(void);

#endif
