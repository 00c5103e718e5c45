/* SPDX-License-Identifier: MIT */
/*
 * buf: a byte buffer that grows.
 */
#ifndef PSCALEFS_BUF_H
#define PSCALEFS_BUF_H

#include <stddef.h>

#include "base/macros.h"

/* NUL-terminated after `len` bytes, so that `data` is a string if it holds no NUL. */
struct buf {
	char *data; /* owned; NULL until something is added */
	size_t len;
	size_t cap;
};

/* clang-format off */
#define BUF_INIT {NULL, 0, 0}
/* clang-format on */

void buf_finish(struct buf *b); /* frees; usable again */
void buf_clear(struct buf *b);
void buf_reserve(struct buf *b, size_t extra);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_resize(struct buf *b, size_t len); /* cuts, or pads with NUL */
/* Like pwrite(2): overwrites what is there and may go beyond the end; a gap is filled with NULs. */
void buf_write_at(struct buf *b, size_t offset, const void *data, size_t len);
/* Overwrite, then free: for text that may hold a secret. Reserve the space before adding text,
 * because growing leaves copies in freed memory. */
void buf_wipe(struct buf *b);
char *buf_take(struct buf *b);            /* moves ownership of the string out; never NULL */
const char *buf_str(const struct buf *b); /* never NULL; borrowed */

#endif
