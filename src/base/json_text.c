/* SPDX-License-Identifier: MIT */
#include "base/json_text.h"

#include <stdbool.h>
#include <string.h>

/* The half of a surrogate pair at the start of `text`, encoded in three bytes; 0: none. */
static unsigned surrogate(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] != 0xed || s[1] < 0xa0 || s[1] > 0xbf || (s[2] & 0xc0) != 0x80)
		return 0;
	return 0xd000u | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
}

static bool pair(unsigned first, unsigned second)
{
	return first != 0 && first < 0xdc00 && second >= 0xdc00;
}

/* Add the escape for bytes at `s` that JSON can only write as one; returns their number, or 0. */
static size_t add_escape(struct buf *b, const char *s)
{
	unsigned unit = surrogate(s);

	if (strncmp(s, JSON_NUL, strlen(JSON_NUL)) == 0) {
		buf_adds(b, "\\u0000");
		return strlen(JSON_NUL);
	}
	if (unit == 0)
		return 0;
	/* A whole pair cannot come from escapes, which would be one character: copy its bytes. */
	if (pair(unit, surrogate(s + 3))) {
		buf_add(b, s, 6);
		return 6;
	}
	buf_addf(b, "\\u%04x", unit);
	return 3;
}

void buf_add_json_text(struct buf *b, const char *json)
{
	while (*json != '\0') {
		size_t plain = strcspn(json, "\xc0\xed");
		buf_add(b, json, plain);
		json += plain;
		size_t escaped = add_escape(b, json);
		if (escaped == 0 && *json != '\0')
			buf_addc(b, *json++);
		json += escaped;
	}
}

static void add_control(struct buf *b, char c)
{
	static const char with_letter[] = "\b\f\n\r\t", letters[] = "bfnrt";
	const char *at = strchr(with_letter, c);

	if (at != NULL)
		buf_addf(b, "\\%c", letters[at - with_letter]);
	else
		buf_addf(b, "\\u%04x", (unsigned)c);
}

void buf_add_json(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s != '\0'; s++) {
		size_t escaped = add_escape(b, s);
		if (escaped > 0)
			s += escaped - 1;
		else if (*s == '"' || *s == '\\')
			buf_addf(b, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			add_control(b, *s);
		else
			buf_addc(b, *s);
	}
	buf_addc(b, '"');
}

static void new_line(struct buf *b, unsigned depth)
{
	buf_addc(b, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_adds(b, "  ");
}

/* Copy from the opening to the closing quote; returns the number of bytes. */
static size_t add_string(struct buf *b, const char *json)
{
	size_t len = 1;

	while (json[len] != '"' && json[len] != '\0')
		len += json[len] == '\\' && json[len + 1] != '\0' ? 2 : 1;
	len += json[len] == '"';
	buf_add(b, json, len);
	return len;
}

static bool opens(char c)
{
	return c == '{' || c == '[';
}

static bool closes(char c)
{
	return c == '}' || c == ']';
}

void buf_add_json_lines(struct buf *b, const char *json)
{
	unsigned depth = 0;

	for (size_t i = 0; json[i] != '\0';) {
		char c = json[i];
		if (c == '"') {
			i += add_string(b, json + i);
			continue;
		}
		i++;
		if (closes(c) && depth > 0)
			new_line(b, --depth);
		buf_addc(b, c);
		if (opens(c) && closes(json[i]))
			buf_addc(b, json[i++]);
		else if (opens(c))
			new_line(b, ++depth);
		else if (c == ',')
			new_line(b, depth);
		else if (c == ':')
			buf_addc(b, ' ');
	}
	buf_addc(b, '\n');
}
