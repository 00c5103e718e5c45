/* SPDX-License-Identifier: MIT */
#include "cache/names.h"

#include <errno.h>
#include <stdint.h>
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

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

int named_order(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->file_name, ((const struct named *)b)->file_name);
}

const char *name_ends_in_id(const char *name)
{
	const char *at = name == NULL ? NULL : strrchr(name, '@');

	return at == NULL ? NULL : at + 1;
}

/* `encoded`, or what replaces it, which frees it. */
static char *tell_apart(char *encoded, const char *id, bool shared,
			bool (*is_id)(const void *set, const char *id), const void *set)
{
	size_t len = strlen(encoded);
	const char *end = name_ends_in_id(encoded);
	bool another = end != NULL && strcmp(end, id) != 0 && is_id(set, end);

	if (!shared && !another && len > 0 && len <= FILE_NAME_MAX)
		return encoded;
	bool fits = len + 1 + strlen(id) <= FILE_NAME_MAX;
	char *whole = xasprintf("%s@%s", fits ? encoded : "", id);
	free(encoded);
	return whole;
}

static char *encode(const char *name)
{
	cleanup(buf_finish) struct buf encoded = BUF_INIT;

	if (name != NULL)
		name_encode(name, strlen(name), &encoded);
	return xstrdup(buf_str(&encoded)); /* no longer than it must be: it is stored */
}

char *name_in_set(const char *id, const char *name, bool shared,
		  bool (*is_id)(const void *set, const char *id), const void *set)
{
	return tell_apart(encode(name), id, shared, is_id, set);
}

/* --- all of a set ----------------------------------------------------------------------------- */

void naming_begin(struct naming *x, struct named *v, size_t n)
{
	*x = (struct naming){.v = v, .n = n};
	merge_sort_init(&x->ids, v, n, sizeof(*v), by_id);
	merge_sort_init(&x->names, v, n, sizeof(*v), named_order);
}

void naming_finish(struct naming *x)
{
	merge_sort_finish(&x->ids);
	merge_sort_finish(&x->names);
}

static int id_order(const void *id, const void *named)
{
	return strcmp(id, (*(const struct named *const *)named)->id);
}

static bool is_id(const void *set, const char *id)
{
	const struct naming *x = set;

	return bsearch(id, x->ids.v, x->n, sizeof(*x->ids.v), id_order) != NULL;
}

static void name_next(struct naming *x)
{
	struct named *t = x->names.v[x->at++];
	bool as_next = x->at < x->n && named_order(t, x->names.v[x->at]) == 0;

	t->file_name = tell_apart(t->file_name, t->id, x->shared || as_next, is_id, x);
	x->shared = as_next;
}

bool naming_step(struct naming *x, size_t *budget)
{
	for (; !x->encoded && x->at < x->n; x->at++) {
		if (*budget == 0)
			return false;
		--*budget;
		x->v[x->at].file_name = encode(x->v[x->at].name);
	}
	if (!x->encoded)
		x->at = 0;
	x->encoded = true;
	if (!merge_sort_step(&x->ids, budget) || !merge_sort_step(&x->names, budget))
		return false;
	for (; x->at < x->n; name_next(x)) {
		if (*budget == 0)
			return false;
		--*budget;
	}
	return true;
}

void names_assign(struct named *v, size_t n)
{
	struct naming x;

	naming_begin(&x, v, n);
	for (size_t budget = SIZE_MAX; !naming_step(&x, &budget); budget = SIZE_MAX)
		;
	naming_finish(&x);
}
