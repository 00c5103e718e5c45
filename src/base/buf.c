/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

void buf_finish(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void buf_reserve(struct buf *b, size_t extra)
{
	size_t need = b->len + extra + 1;

	if (need < extra)
		out_of_memory();
	if (need <= b->cap)
		return;
	size_t cap = b->cap + b->cap / 2;
	if (cap < need)
		cap = need;
	if (cap < 32)
		cap = 32;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	buf_reserve(b, len);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	cleanup(free_ptr) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		out_of_memory();
	}
	buf_add(b, text, (size_t)n);
}

void buf_resize(struct buf *b, size_t len)
{
	if (len > b->len) {
		buf_reserve(b, len - b->len);
		memset(b->data + b->len, 0, len - b->len);
	}
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
}

void buf_write_at(struct buf *b, size_t offset, const void *data, size_t len)
{
	if (offset + len > b->len)
		buf_resize(b, offset + len);
	if (len > 0)
		memcpy(b->data + offset, data, len);
}

void buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_finish(b);
}

char *buf_take(struct buf *b)
{
	buf_reserve(b, 0);
	b->data[b->len] = '\0';
	char *s = b->data;
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
	return s;
}

const char *buf_str(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}
