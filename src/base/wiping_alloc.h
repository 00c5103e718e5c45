/* SPDX-License-Identifier: MIT */
/*
 * wiping_alloc: malloc and its family for libraries that handle secrets and do not wipe what they
 * give back.
 *
 * The memory is malloc(3)'s; what is freed, or left behind by growing, is overwritten first. With
 * glibc that holds for all memory of the process, whichever library frees it (wiping_alloc.c).
 */
#ifndef PSCALEFS_WIPING_ALLOC_H
#define PSCALEFS_WIPING_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

void *wiping_malloc(size_t size);
void *wiping_calloc(size_t n, size_t size);
void *wiping_realloc(void *p, size_t size);
char *wiping_strdup(const char *text);
void wiping_free(void *p);
/* Did one of these ever fail? If not, a library's "out of memory" means something else. */
bool wiping_exhausted(void);

/*
 * OpenSSL allocates with these from now on, if that is what the program was linked to; before its
 * first use. It wipes its keys, but not the buffers in which a request or an answer stood.
 */
void wiping_for_openssl(void);

#endif
