/* SPDX-License-Identifier: MIT */
/*
 * intern: one copy of each text that occurs thousands of times, as the names of permissions and of
 * databases do in what tokens may do.
 *
 * Counts who uses a text and frees it after the last. One pool for the process, so that those who
 * store a text need no pointer to it. Not for secrets, and only for the thread of the loop.
 */
#ifndef PSCALEFS_INTERN_H
#define PSCALEFS_INTERN_H

#include <stddef.h>

/* The text, until intern_release() was called as often as this for it. NULL gives NULL. */
const char *intern(const char *text);
/* The same for `len` bytes without a NUL. */
const char *intern_bytes(const char *text, size_t len);
void intern_release(const char *text); /* takes NULL; else only what intern() returned */

#endif
