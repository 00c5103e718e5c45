/* SPDX-License-Identifier: MIT */
#include "ops_input.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

static const uint8_t *input;
static size_t left;

void input_begin(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
}

size_t input_left(void)
{
	return left;
}

unsigned take(void)
{
	if (left == 0)
		return 0;
	left--;
	return *input++;
}

size_t take_bytes(size_t most, const char **bytes)
{
	size_t n = most == 0 ? 0 : take() % most;

	if (n > left)
		n = left;
	*bytes = (const char *)input;
	input += n;
	left -= n;
	return n;
}

char *take_name(void)
{
	static const char *const names[] = {
		"acme",
		"service-tokens",
		"ci",
		"web",
		"databases",
		"shop",
		"blog",
		"permissions",
		"new",
		".permissions.swp",
		"permissions~",
		".pscalefs",
		"refresh",
		"errors",
		"create-token",
		"by-id",
		"t1",
		"t2",
		"access",
		"token",
		"header",
		"env",
		"info.json",
		"4913",
		".#permissions",
		"ci@t1",
		"ci@t3",
		"id",
		"sedXXXXXX",
		"new.ttl=1d",
	};
	unsigned which = take();
	const char *bytes;

	if (which < 224)
		return xstrdup(names[which % ARRAY_LEN(names)]);
	size_t n = take_bytes(which == 255 ? 300 : 24, &bytes);
	char *name = xstrndup(bytes, n);
	for (char *s = name; *s != '\0'; s++)
		if (*s == '/')
			*s = '_';
	if (name[0] != '\0' && !str_eq(name, ".") && !str_eq(name, ".."))
		return name;
	free(name);
	return xstrdup("x");
}

void take_data(struct buf *out)
{
	static const char *const texts[] = {
		"read_branch\n",
		"write_x\n",
		"",
		"# nothing\n",
		"-read_branch\n",
		"read_branch",
		"ci\nnew\n",
		"new ttl=1d\n",
		"read_databases\n",
		"+delete_branch\n",
		"\n",
		"connect_branch\nread_branch\n",
	};
	unsigned which = take();
	const char *bytes;

	if (which < 160) {
		buf_adds(out, texts[which % ARRAY_LEN(texts)]);
		return;
	}
	size_t n = take_bytes(128, &bytes);
	buf_add(out, bytes, n);
	if (which == 255)
		buf_resize(out, out->len + 70000);
}

uint64_t take_offset(void)
{
	unsigned which = take();

	if (which < 128)
		return which % 2 == 0 ? 0 : which / 2;
	return which == 255 ? INT64_MAX - 4096 : (uint64_t)1 << (which % 62);
}
