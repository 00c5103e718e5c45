/* The input is a set of names, NUL between them: each gets a file name of its own, and the same
 * whatever the order. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "names.h"

#define NAMES_MAX 64

static void check_way_back(const char *name, size_t len)
{
	struct buf file_name = BUF_INIT, back = BUF_INIT;

	name_encode(name, len, &file_name);
	const char *s = buf_str(&file_name);
	CHECK(strlen(s) == file_name.len && file_name.len >= len);
	CHECK(strchr(s, '/') == NULL && s[0] != '.' && printable(s, file_name.len));
	int r = name_decode(s, &back);
	if (r == 0)
		CHECK(back.len == len && memcmp(back.data, name, len) == 0);
	else if (r == -ENAMETOOLONG)
		CHECK(file_name.len > FILE_NAME_MAX);
	else
		CHECK(r == -EINVAL && (len == 0 || memchr(name, '\0', len) != NULL));
	buf_finish(&file_name);
	buf_finish(&back);
}

static void check_way_there(const char *file_name)
{
	struct buf name = BUF_INIT, again = BUF_INIT;
	int r = name_decode(file_name, &name);

	if (r == 0) {
		CHECK(name.len > 0 && memchr(name.data, '\0', name.len) == NULL);
		name_encode(name.data, name.len, &again);
		CHECK(strcmp(again.data, file_name) == 0);
	} else {
		CHECK((r == -EINVAL || r == -ENAMETOOLONG) && name.len == 0);
	}
	buf_finish(&name);
	buf_finish(&again);
}

static void check_url(const char *segment)
{
	static const char unreserved[] = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz%";
	struct buf out = BUF_INIT;

	if (url_segment(segment, &out)) {
		CHECK(out.len >= strlen(segment) && strspn(out.data, unreserved) == out.len);
		CHECK(strcmp(out.data, ".") != 0 && strcmp(out.data, "..") != 0);
	} else {
		CHECK(out.len == 0);
	}
	buf_finish(&out);
}

static void check_set(const struct named *v, const struct named *reversed, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *file_name = v[i].file_name;
		struct buf bare = BUF_INIT;
		CHECK(strcmp(file_name, reversed[n - 1 - i].file_name) == 0);
		CHECK(file_name[0] != '\0' && strlen(file_name) <= FILE_NAME_MAX);
		CHECK(file_name[0] != '.' && strchr(file_name, '/') == NULL);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(file_name, v[k].file_name) != 0);
		name_encode(v[i].name, strlen(v[i].name), &bare);
		if (strcmp(buf_str(&bare), file_name) != 0) {
			const char *at = strrchr(file_name, '@');
			CHECK(at != NULL && strcmp(at + 1, v[i].id) == 0);
		}
		buf_finish(&bare);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	char ids[NAMES_MAX][8];
	struct named v[NAMES_MAX], reversed[NAMES_MAX];
	size_t n = 0;

	check_way_back(text, size);
	for (size_t i = 0; i <= size && n < NAMES_MAX; i += strlen(text + i) + 1) {
		check_way_back(text + i, strlen(text + i));
		check_way_there(text + i);
		check_url(text + i);
		CHECK(!name_scratch(text + i) || strcmp(text + i, "permissions") != 0);
		snprintf(ids[n], sizeof(ids[n]), "i%zu", n);
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
