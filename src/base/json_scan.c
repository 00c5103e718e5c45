/* SPDX-License-Identifier: MIT */
#include "base/json_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_text.h"
#include "base/xmalloc.h"

/* --- escapes that cJSON cannot read ----------------------------------------------------------- */

#define ESCAPE_LEN 6 /* of "\uXXXX" */

/* The UTF-16 code unit of the "\uXXXX" at the start of `s`; -1 if there is none. */
static long escaped_unit(const char *s, size_t left)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char number[5] = "";

	if (left < ESCAPE_LEN || s[0] != '\\' || s[1] != 'u')
		return -1;
	memcpy(number, s + 2, 4);
	return strspn(number, digits) == 4 ? strtol(number, NULL, 16) : -1;
}

static bool is_high(long unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(long unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/*
 * `s` begins with a backslash and at least one more character. Returns the code unit if the escape
 * is a NUL or half a surrogate pair, -1 if cJSON can read it. *len is set to the length of the
 * escape.
 */
static long odd_escape(const char *s, size_t left, size_t *len)
{
	long unit = escaped_unit(s, left);

	*len = unit < 0 ? 2 : ESCAPE_LEN;
	if (is_high(unit) && is_low(escaped_unit(s + ESCAPE_LEN, left - ESCAPE_LEN))) {
		*len = 2 * ESCAPE_LEN;
		return -1;
	}
	return unit == 0 || is_high(unit) || is_low(unit) ? unit : -1;
}

static size_t put_unit(char *out, long unit)
{
	if (unit == 0) {
		memcpy(out, JSON_NUL, strlen(JSON_NUL));
		return strlen(JSON_NUL);
	}
	out[0] = (char)(0xe0 | unit >> 12);
	out[1] = (char)(0x80 | (unit >> 6 & 0x3f));
	out[2] = (char)(0x80 | (unit & 0x3f));
	return 3;
}

size_t json_replace_odd(const char *body, size_t len, char *out)
{
	size_t n = 0, part;

	for (size_t i = 0; i < len; i += part) {
		bool escape = body[i] == '\\' && len - i > 1;
		part = 1;
		long unit = escape ? odd_escape(body + i, len - i, &part) : -1;
		if (unit >= 0) {
			n += put_unit(out + n, unit);
		} else {
			memcpy(out + n, body + i, part);
			n += part;
		}
	}
	return n;
}

/* --- what is not valid JSON ------------------------------------------------------------------- */

/* Not by strchr(): called for each byte of a large answer, it would take most of the time. */
bool json_is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * What cJSON would accept but must be refused: a NUL byte (it ends strings there), "\u" without
 * four digits (it reads that as a NUL), control characters, nesting 1000 deep, and so many values
 * that their tree takes all memory.
 */
struct scan {
	const char *body, *at, *end;
	int depth, depth_max;
	size_t values; /* counts the characters before one: '{', '[' and ',' */
	bool in_string;
	bool odd;                 /* it has escapes for json_replace_odd() */
	struct json_array *array; /* to find; or NULL */
};

void json_array_finish(struct json_array *a)
{
	free(a->end);
	*a = (struct json_array){.key = a->key};
}

/* Does the text before `at` end in this key and a colon? */
static bool follows_key(const char *body, const char *at, const char *key)
{
	size_t len = strlen(key);

	while (at > body && json_is_space((unsigned char)at[-1]))
		at--;
	if (at == body || *--at != ':')
		return false;
	while (at > body && json_is_space((unsigned char)at[-1]))
		at--;
	/* Before it a quote, and before that no backslash. */
	return (size_t)(at - body) > len + 2 && at[-1] == '"' &&
	       memcmp(at - 1 - len, key, len) == 0 && at[-2 - (ptrdiff_t)len] == '"' &&
	       at[-3 - (ptrdiff_t)len] != '\\';
}

static void end_element(struct json_array *a, const char *at)
{
	a->end = xgrow(a->end, a->n, sizeof(*a->end));
	a->end[a->n++] = at;
}

/* `s` is at one of "{}[]," outside of strings, and has counted it. */
static void note_array(struct scan *s, char c)
{
	struct json_array *a = s->array;

	if (a->close != NULL)
		return;
	if (a->begin == NULL) {
		if (c == '[' && s->depth == 2 && follows_key(s->body, s->at, a->key))
			a->begin = s->at + 1;
		else if (c == ',' && s->depth == 1)
			a->commas++;
	} else if (c == ',' && s->depth == 2) {
		end_element(a, s->at);
	} else if ((c == ']' || c == '}') && s->depth == 1) {
		end_element(a, s->at);
		a->close = s->at;
	}
}

/* `s` is at a backslash: scan to the end of the escape. */
static const char *scan_escape(struct scan *s)
{
	size_t left = (size_t)(s->end - s->at), len;

	if (left < 2)
		return "is cut off";
	if (s->at[1] == '\0')
		return "holds a NUL character";
	if (s->at[1] == 'u' && left < ESCAPE_LEN)
		return "is cut off";
	if (s->at[1] == 'u' && escaped_unit(s->at, left) < 0)
		return "is not JSON";
	s->odd = odd_escape(s->at, left, &len) >= 0 || s->odd;
	s->at += len - 1;
	return NULL;
}

static const char *scan_byte(struct scan *s)
{
	unsigned char c = (unsigned char)*s->at;

	if (c == '\0')
		return "holds a NUL character";
	if (c < ' ' && (s->in_string || !json_is_space(c)))
		return "holds a control character";
	if (c == '"')
		s->in_string = !s->in_string;
	else if (s->in_string)
		return c == '\\' ? scan_escape(s) : NULL;
	else if ((c == '{' || c == '[') && ++s->depth > s->depth_max)
		return "is nested too deeply";
	else if (c == '}' || c == ']')
		s->depth--;
	if ((c == '{' || c == '[' || c == ',') && ++s->values > JSON_VALUES_MAX)
		return "holds too many values";
	if (s->array != NULL && (c == '{' || c == '[' || c == ',' || c == '}' || c == ']'))
		note_array(s, (char)c);
	return NULL;
}

/* Most of an answer is text: to its next character that means more than itself. */
static void skip_text(struct scan *s)
{
	while (s->at < s->end && (unsigned char)*s->at >= ' ' && *s->at != '"' && *s->at != '\\')
		s->at++;
}

int json_scan(const char *body, size_t len, int depth_max, bool *odd, struct json_array *array,
	      struct error *e)
{
	struct scan s = {.body = body,
			 .at = body,
			 .end = body + len,
			 .depth_max = depth_max,
			 .array = array};

	for (; s.at < s.end; s.at++) {
		if (s.in_string)
			skip_text(&s);
		if (s.at == s.end)
			break;
		size_t offset = (size_t)(s.at - body);
		const char *wrong = scan_byte(&s);
		if (wrong != NULL)
			return error_set(e, EREMOTEIO, "the answer %s (at byte %zu)", wrong,
					 offset);
	}
	*odd = s.odd;
	return 0;
}
