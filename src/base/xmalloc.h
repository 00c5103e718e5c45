/* SPDX-License-Identifier: MIT */
/*
 * xmalloc: allocation that ends the process when no memory is left.
 *
 * Without memory the file system could not answer correctly.
 */
#ifndef PSCALEFS_XMALLOC_H
#define PSCALEFS_XMALLOC_H

#include <stddef.h>

#include "base/macros.h"

/* Once, at the start: what the allocator does with memory that is freed. */
void xmalloc_init(void);
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) printf_like(1, 2);
/* Make room for one more element after the `n` elements at `v`. Doubles at powers of two, so only
 * this function may allocate `v`. */
void *xgrow(void *v, size_t n, size_t size);
void free_ptr(void *pp); /* for cleanup(): frees *(void **)pp */

/* Print that memory is exhausted, and abort. */
_Noreturn void out_of_memory(void);

#endif
