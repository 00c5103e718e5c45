/* SPDX-License-Identifier: MIT */
#include "cache/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

/* The value of a hexadecimal digit, or -1. */
static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte that `s` starts with as "%XX", or -1. */
static int escaped(const char *s, size_t left)
{
	if (left < 3 || s[0] != '%' || hex(s[1]) < 0 || hex(s[2]) < 0)
		return -1;
	return hex(s[1]) << 4 | hex(s[2]);
}

static void escape(const char *s, size_t len, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		char text[3] = {'%', digits[c >> 4], digits[c & 15]};
		buf_add(out, text, sizeof(text));
	}
}

void name_encode(const char *name, size_t len, struct buf *out)
{
	const size_t nul = strlen(JSON_NUL);

	for (size_t i = 0; i < len;) {
		if (len - i >= nul && memcmp(name + i, JSON_NUL, nul) == 0) {
			escape("", 1, out);
			i += nul;
			continue;
		}
		size_t n = utf8_len(name + i, len - i);
		bool plain = n > 0 && !utf8_control(name + i, n) && name[i] != '/' &&
			     !(i == 0 && name[i] == '.') && escaped(name + i, len - i) < 0;

		if (n == 0)
			n = 1;
		if (plain)
			buf_add(out, name + i, n);
		else
			escape(name + i, n, out);
		i += n;
	}
}

int name_decode(const char *file_name, struct buf *out)
{
	cleanup(buf_finish) struct buf name = BUF_INIT;
	cleanup(buf_finish) struct buf again = BUF_INIT;
	size_t len = strlen(file_name);

	if (len > FILE_NAME_MAX)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < len;) {
		int c = escaped(file_name + i, len - i);
		buf_addc(&name, c < 0 ? file_name[i] : (char)c);
		i += c < 0 ? 1 : 3;
	}
	name_encode(buf_str(&name), name.len, &again);
	if (len == 0 || strcmp(buf_str(&again), file_name) != 0)
		return -EINVAL;
	if (memchr(name.data, '\0', name.len) != NULL)
		return -EINVAL;
	buf_add(out, name.data, name.len);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_file_name(const void *a, const void *b)
{
	const struct named *const *x = a, *const *y = b;

	return strcmp((*x)->file_name, (*y)->file_name);
}

/* Does the encoded name end in "@" and the id of another object? Then it cannot be used alone. */
static bool reads_as_another(const struct named *t, const char **ids, size_t n)
{
	const char *at = strrchr(t->file_name, '@');

	if (at == NULL)
		return false;
	at++;
	return strcmp(at, t->id) != 0 && bsearch(&at, ids, n, sizeof(*ids), by_text) != NULL;
}

/* The file name of `t` with its id, if it cannot have its encoded name (in file_name) alone. */
static char *with_id(const struct named *t)
{
	size_t len = strlen(t->file_name) + 1 + strlen(t->id);

	return xasprintf("%s@%s", len > FILE_NAME_MAX ? "" : t->file_name, t->id);
}

void names_assign(struct named *v, size_t n)
{
	cleanup(free_ptr) const char **ids = xcalloc(n, sizeof(*ids));
	cleanup(free_ptr) struct named **order = xcalloc(n, sizeof(struct named *));
	cleanup(free_ptr) bool *bare = xcalloc(n, sizeof(*bare));

	for (size_t i = 0; i < n; i++) {
		struct buf name = BUF_INIT;
		if (v[i].name != NULL)
			name_encode(v[i].name, strlen(v[i].name), &name);
		v[i].file_name = buf_take(&name);
		ids[i] = v[i].id;
		order[i] = &v[i];
	}
	if (n > 0) {
		qsort(ids, n, sizeof(*ids), by_text);
		qsort(order, n, sizeof(struct named *), by_file_name);
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = order[i]->file_name;
		bool shared = (i > 0 && strcmp(order[i - 1]->file_name, name) == 0) ||
			      (i + 1 < n && strcmp(order[i + 1]->file_name, name) == 0);
		bare[i] = !shared && name[0] != '\0' && strlen(name) <= FILE_NAME_MAX &&
			  !reads_as_another(order[i], ids, n);
	}
	for (size_t i = 0; i < n; i++) {
		if (bare[i])
			continue;
		char *whole = with_id(order[i]);
		free(order[i]->file_name);
		order[i]->file_name = whole;
	}
}
