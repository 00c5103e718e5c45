/* SPDX-License-Identifier: MIT */
#include "base/wiping_alloc.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/secret.h"

/* Is free(3) defined here? See below. A sanitizer's own must not be replaced. */
#if defined(__GLIBC__) && !ADDRESS_SANITIZER
#define FREE_WIPES
#endif

static bool exhausted;

static void *noted(void *p)
{
	exhausted = exhausted || p == NULL;
	return p;
}

bool wiping_exhausted(void)
{
	return exhausted;
}

void *wiping_malloc(size_t size)
{
	return noted(malloc(size > 0 ? size : 1));
}

void *wiping_calloc(size_t n, size_t size)
{
	return noted(calloc(n > 0 ? n : 1, size > 0 ? size : 1));
}

void wiping_free(void *p)
{
#ifndef FREE_WIPES
	if (p != NULL)
		secret_wipe_unused(p, malloc_usable_size(p));
#endif
	free(p);
}

/* realloc(3) would not wipe the old memory when it moves the data. */
void *wiping_realloc(void *p, size_t size)
{
	size_t have = p != NULL ? malloc_usable_size(p) : 0;

	if (p != NULL && size <= have && size >= have / 2)
		return p;
	void *moved = wiping_malloc(size);
	if (moved == NULL)
		return NULL;
	if (p != NULL)
		memcpy(moved, p, size < have ? size : have);
	wiping_free(p);
	return moved;
}

char *wiping_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = wiping_malloc(size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

/* OpenSSL's versions have file and line of the call, and use NULL and 0 to free and to allocate. */

static void *openssl_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size > 0 ? wiping_malloc(size) : NULL;
}

static void *openssl_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size > 0)
		return wiping_realloc(p, size);
	wiping_free(p);
	return NULL;
}

static void openssl_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	wiping_free(p);
}

/* <openssl/crypto.h>; weak: missing if libcurl uses another TLS library. */
extern int CRYPTO_set_mem_functions(void *(*)(size_t, const char *, int),
				    void *(*)(void *, size_t, const char *, int),
				    void (*)(void *, const char *, int)) __attribute__((weak));

void wiping_for_openssl(void)
{
	if (CRYPTO_set_mem_functions != NULL)
		CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
}

/*
 * Some libraries cannot be given an allocator: nghttp2, below libcurl, copies the headers of a
 * request, the credential included, and frees them without wiping. So the program defines free(3)
 * and realloc(3) for the whole process, and whatever is freed is wiped.
 *
 * They call the next definition, glibc's or a wrapper of it (valgrind).
 */
#ifdef FREE_WIPES

void free(void *p)
{
	static void (*next)(void *);

	if (p == NULL)
		return;
	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "free");
	secret_wipe_unused(p, malloc_usable_size(p));
	next(p);
}

void *realloc(void *p, size_t size)
{
	if (p != NULL && size == 0) {
		free(p);
		return NULL;
	}
	return wiping_realloc(p, size);
}

#endif
