#include "util.h"

#include <string.h>

void buf_add_json(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_addf(b, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			buf_addf(b, "\\u%04x", (unsigned)*s);
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

/* From the quote to the one that ends it; how many bytes that is. */
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
