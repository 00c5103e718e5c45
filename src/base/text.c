/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"

/* The text in place of a secret, and the fewest characters that count as one. */
#define MASK       "***"
#define SECRET_MIN 8

bool str_eq(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t str_edits(const char *a, const char *b)
{
	size_t rows[3][STR_EDITS_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	size_t na = strlen(a), nb = strlen(b);

	if (na > STR_EDITS_MAX || nb > STR_EDITS_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		last[j] = j;
	for (size_t i = 1; i <= na; i++) {
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = min(min(last[j], row[j - 1]) + 1,
				     last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
		size_t *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

size_t str_slip(size_t len)
{
	return len / 4 > 2 ? len / 4 : 2;
}

size_t utf8_len(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char c = s[0];
	size_t n = 0;

	if (c < 0x80)
		n = 1;
	else if (c >= 0xc2 && c < 0xe0)
		n = 2;
	else if (c >= 0xe0 && c < 0xf0)
		n = 3;
	else if (c >= 0xf0 && c < 0xf5)
		n = 4;
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ||
	    (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool utf8_control(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	return (len == 1 && (s[0] < 0x20 || s[0] == 0x7f)) ||
	       (len == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

/*
 * Line separators and marks that change the direction of writing, U+2028 to U+202E and U+2066 to
 * U+2069: they can make a log line look like a different one.
 */
static bool utf8_deceives(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	return len == 3 && s[0] == 0xe2 &&
	       ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

/*
 * If a PlanetScale secret begins here: its length, and in *shown the length of its public prefix.
 * All kinds have a known prefix and then base64url; only a few characters after it are no real
 * secret.
 */
static size_t secret_here(const char *text, size_t len, size_t *shown)
{
	static const char *const kinds[] = {"pscale_tkn_", "pscale_oauth_", "pscale_pw_"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = *shown = strlen(kinds[i]);

		if (len < n || memcmp(text, kinds[i], n) != 0)
			continue;
		while (n < len &&
		       (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '-'))
			n++;
		return n - *shown < SECRET_MIN ? 0 : n;
	}
	return 0;
}

void text_clean(char *out, size_t size, const char *text, size_t len)
{
	size_t o = 0, shown;

	for (size_t i = 0; i < len;) {
		size_t secret = secret_here(text + i, len - i, &shown);
		if (secret > 0) {
			if (o + shown + strlen(MASK) >= size)
				break;
			memcpy(out + o, text + i, shown);
			memcpy(out + o + shown, MASK, strlen(MASK));
			o += shown + strlen(MASK);
			i += secret;
			continue;
		}
		size_t n = utf8_len(text + i, len - i);
		bool bad = n == 0 || utf8_control(text + i, n) || utf8_deceives(text + i, n);
		size_t put = bad ? 1 : n;

		if (o + put >= size)
			break;
		if (bad)
			out[o] = text[i] == '\t' || text[i] == '\n' ? ' ' : '?';
		else
			memcpy(out + o, text + i, n);
		o += put;
		i += n == 0 ? 1 : n;
	}
	out[o] = '\0';
}
