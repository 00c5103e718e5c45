/* SPDX-License-Identifier: MIT */
/* The input is a set of names, NUL between them: each gets a file name of its own, and the same
 * whatever the order. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "cache/names.h"
#include "fuzz.h"
#include "http/url.h"
#include "tree/scratch_names.h"

/* Enough for every kind of collision, and for names that are too long. */
#define NAMES_MAX 24
#define INPUT_MAX 280

/* Emptied, not freed: to allocate costs more than all the rest. */
static struct buf *scratch_buf(void)
{
	static struct buf bufs[4];
	static unsigned next;
	struct buf *b = &bufs[next++ % ARRAY_LEN(bufs)];

	buf_clear(b);
	return b;
}

static void check_way_back(const char *name, size_t len)
{
	struct buf *file_name = scratch_buf(), *back = scratch_buf();

	name_encode(name, len, file_name);
	const char *s = buf_str(file_name);
	CHECK(strlen(s) == file_name->len && file_name->len >= len);
	CHECK(strchr(s, '/') == NULL && s[0] != '.' && printable(s, file_name->len));
	int r = name_decode(s, back);
	if (r == 0)
		CHECK(back->len == len && memcmp(back->data, name, len) == 0);
	else if (r == -ENAMETOOLONG)
		CHECK(file_name->len > FILE_NAME_MAX);
	else
		CHECK(r == -EINVAL && (len == 0 || memchr(name, '\0', len) != NULL ||
				       memmem(name, len, JSON_NUL, strlen(JSON_NUL)) != NULL));
}

static void check_way_there(const char *file_name)
{
	struct buf *name = scratch_buf(), *again = scratch_buf();
	int r = name_decode(file_name, name);

	if (r == 0) {
		CHECK(name->len > 0 && memchr(name->data, '\0', name->len) == NULL);
		name_encode(name->data, name->len, again);
		CHECK(strcmp(again->data, file_name) == 0);
	} else {
		CHECK((r == -EINVAL || r == -ENAMETOOLONG) && name->len == 0);
	}
}

static void check_url(const char *segment)
{
	static const char unreserved[] = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz%";
	struct buf *out = scratch_buf();

	if (url_segment(segment, out)) {
		CHECK(out->len >= strlen(segment) && strspn(out->data, unreserved) == out->len);
		CHECK(strcmp(out->data, ".") != 0 && strcmp(out->data, "..") != 0);
	} else {
		CHECK(out->len == 0);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_different(const struct named *v, size_t n)
{
	const char *names[NAMES_MAX];

	for (size_t i = 0; i < n; i++)
		names[i] = v[i].file_name;
	qsort(names, n, sizeof(names[0]), by_text);
	for (size_t i = 1; i < n; i++)
		CHECK(strcmp(names[i - 1], names[i]) != 0);
}

static void check_set(const struct named *v, const struct named *reversed, size_t n)
{
	check_different(v, n);
	for (size_t i = 0; i < n; i++) {
		const char *file_name = v[i].file_name;
		struct buf *bare = scratch_buf();
		CHECK(strcmp(file_name, reversed[n - 1 - i].file_name) == 0);
		CHECK(file_name[0] != '\0' && strlen(file_name) <= FILE_NAME_MAX);
		CHECK(file_name[0] != '.' && strchr(file_name, '/') == NULL);
		name_encode(v[i].name, strlen(v[i].name), bare);
		if (strcmp(buf_str(bare), file_name) != 0) {
			const char *at = strrchr(file_name, '@');
			CHECK(at != NULL && strcmp(at + 1, v[i].id) == 0);
		}
	}
}

static const char *const ids[NAMES_MAX] = {"i0",  "i1",  "i2",  "i3",  "i4",  "i5",  "i6",  "i7",
					   "i8",  "i9",  "i10", "i11", "i12", "i13", "i14", "i15",
					   "i16", "i17", "i18", "i19", "i20", "i21", "i22", "i23"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct named v[NAMES_MAX], reversed[NAMES_MAX];
	size_t n = 0;

	if (size > INPUT_MAX)
		size = INPUT_MAX;
	char *text = xstrndup((const char *)data, size);
	if (memchr(text, '\0', size) != NULL)
		check_way_back(text, size);
	for (size_t i = 0; i <= size && n < NAMES_MAX; i += strlen(text + i) + 1) {
		check_way_back(text + i, strlen(text + i));
		check_way_there(text + i);
		check_url(text + i);
		CHECK(!name_scratch(text + i) || strcmp(text + i, "permissions") != 0);
		v[n] = (struct named){ids[n], text + i, NULL};
		n++;
	}
	for (size_t i = 0; i < n; i++)
		reversed[i] = v[n - 1 - i];
	names_assign(v, n);
	names_assign(reversed, n);
	check_set(v, reversed, n);
	for (size_t i = 0; i < n; i++) {
		free(v[i].file_name);
		free(reversed[i].file_name);
	}
	free(text);
	return 0;
}
