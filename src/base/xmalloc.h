/* SPDX-License-Identifier: MIT */
/*
 * xmalloc: memory that cannot be had ends the process.
 *
 * Nothing sensible can be promised to a shell without it.
 */
#ifndef PSCALEFS_XMALLOC_H
#define PSCALEFS_XMALLOC_H

#include <stddef.h>

#include "base/macros.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) printf_like(1, 2);
/* Room for one more behind the `n` elements at `v`, which only this function allocates: doubles at
 * powers of two. */
void *xgrow(void *v, size_t n, size_t size);
void free_ptr(void *pp); /* for cleanup(): frees *(void **)pp */

/* Say so, and abort. */
_Noreturn void out_of_memory(void);

#endif
