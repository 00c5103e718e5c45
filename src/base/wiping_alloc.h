/* SPDX-License-Identifier: MIT */
/*
 * wiping_alloc: malloc and its family for libraries that handle secrets and do not wipe what they
 * free.
 *
 * The memory is malloc(3)'s; it is overwritten before it is freed or moved. With glibc that holds
 * for all memory of the process, whichever library frees it (wiping_alloc.c).
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
/* Did an allocation ever fail? If not, a library's "out of memory" means something else. */
bool wiping_exhausted(void);

/*
 * Make OpenSSL allocate with these functions, if the program is linked to it; call before its
 * first use. OpenSSL wipes its keys, but not the buffers that held a request or an answer.
 */
void wiping_for_openssl(void);

#endif
