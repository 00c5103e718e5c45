/* SPDX-License-Identifier: MIT */
#include "base/xmalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void out_of_memory(void)
{
	static const char text[] = "pscalefs: out of memory\n";
	fwrite(text, 1, sizeof(text) - 1, stderr);
	abort();
}

void xmalloc_init(void)
{
	/* Return the memory of large lists to the system when they are freed. */
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	mallopt(M_TRIM_THRESHOLD, 64 * 1024);
	/* Join free blocks when they are freed. By default small ones are only gathered, and all joined
	 * in one go when a large one is freed: 50 ms for those of a list of 50,000 tokens. */
	mallopt(M_MXFAST, 0);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (q == NULL)
		out_of_memory();
	return q;
}

char *xstrndup(const char *s, size_t len)
{
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *xstrdup(const char *s)
{
	return s == NULL ? NULL : xstrndup(s, strlen(s));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		out_of_memory();
	va_end(ap);
	return p;
}

void *xgrow(void *v, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return v;
	size_t cap = n == 0 ? 1 : 2 * n;
	if (cap < n || cap > SIZE_MAX / size)
		out_of_memory();
	return xrealloc(v, cap * size);
}

void free_ptr(void *pp)
{
	void *p;

	memcpy(&p, pp, sizeof(p));
	free(p);
}
