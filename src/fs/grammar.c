/* SPDX-License-Identifier: MIT */
#include "fs/grammar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/names.h"

struct word {
	const char *at;
	size_t len;
	size_t line; /* counted from 1 */
};

/* Reads the words of a text; skips comments and separators. */
struct reader {
	const char *at, *end;
	size_t line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(char c)
{
	return is_blank(c) || c == ',' || c == '\n' || c == '#';
}

static bool next_word(struct reader *r, struct word *w)
{
	while (r->at < r->end && ends_word(*r->at)) {
		if (*r->at == '#') {
			const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
			r->at = newline == NULL ? r->end : newline;
			continue;
		}
		if (*r->at == '\n')
			r->line++;
		r->at++;
	}
	if (r->at == r->end)
		return false;
	*w = (struct word){r->at, 0, r->line};
	while (r->at < r->end && !ends_word(*r->at))
		r->at++;
	w->len = (size_t)(r->at - w->at);
	return true;
}

static bool has_sign(const struct word *w)
{
	return w->at[0] == '+' || w->at[0] == '-';
}

/* Check all words before the first one is used. */
static int check_words(const char *text, size_t len, size_t words, struct error *err)
{
	struct reader r = {text, text + len, 1};
	struct word w;

	while (next_word(&r, &w)) {
		size_t sign = has_sign(&w);
		char quoted[48];
		if (++words > GRAMMAR_WORDS_MAX)
			return error_set(err, EINVAL, "line %zu: more than %d words", w.line,
					 GRAMMAR_WORDS_MAX);
		if (scope_valid(w.at + sign, w.len - sign))
			continue;
		if (w.len >= 3 && memcmp(w.at, "\xEF\xBB\xBF", 3) == 0)
			return error_set(err, EINVAL,
					 "line %zu: it begins with a byte order mark (EF BB BF): "
					 "save it as UTF-8 without one",
					 w.line);
		text_clean(quoted, sizeof(quoted), w.at, w.len);
		return error_set(err, EINVAL, "line %zu: \"%s%s\" cannot be a permission name",
				 w.line, quoted, strlen(quoted) < w.len ? "…" : "");
	}
	return 0;
}

int grammar_parse(const char *text, size_t len, struct edit *e, struct error *err)
{
	if (len == 0)
		return 0;
	int result = check_words(text, len, e->grant.n + e->revoke.n, err);
	if (result != 0)
		return result;
	struct reader r = {text, text + len, 1};
	struct word w;

	while (next_word(&r, &w)) {
		size_t sign = has_sign(&w);
		bool minus = w.at[0] == '-';
		char name[SCOPE_NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s", (int)(w.len - sign), w.at + sign);
		scopes_add(minus ? &e->revoke : &e->grant, name);
		scopes_remove(minus ? &e->grant : &e->revoke, name);
		e->sign = e->sign || sign;
		e->plain = e->plain || !sign;
	}
	return 0;
}

void edit_finish(struct edit *e)
{
	scopes_finish(&e->grant);
	scopes_finish(&e->revoke);
	*e = (struct edit)EDIT_INIT;
}

/* 100 years of 365.25 days: longer than any useful duration, and far from overflow. */
#define DURATION_MAX_S (INT64_C(36525) * 86400)

int grammar_duration(const char *text, int64_t *out_s)
{
	static const struct {
		char name;
		int64_t seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	size_t digits = strspn(text, "0123456789");
	int64_t number = 0;

	if (digits == 0 || (text[digits] != '\0' && text[digits + 1] != '\0'))
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		number = number * 10 + (text[i] - '0');
		if (number > DURATION_MAX_S)
			return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].name != text[digits])
			continue;
		if (number == 0 || number > DURATION_MAX_S / units[i].seconds)
			return -EINVAL;
		*out_s = number * units[i].seconds;
		return 0;
	}
	return -EINVAL;
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end && is_blank(*r->at))
		r->at++;
}

/* The characters up to the next blank. */
static struct word take_word(struct reader *r)
{
	struct word w = {r->at, 0, 1};

	while (r->at < r->end && !is_blank(*r->at))
		r->at++;
	w.len = (size_t)(r->at - w.at);
	return w;
}

static bool word_starts(const struct word *w, const char *prefix)
{
	size_t len = strlen(prefix);

	return w->len >= len && memcmp(w->at, prefix, len) == 0;
}

static int take_name(struct reader *r, struct word *name, struct error *err)
{
	bool quoted = r->at < r->end && *r->at == '"';

	if (quoted) {
		const char *start = r->at + 1;
		const char *quote = memchr(start, '"', (size_t)(r->end - start));
		if (quote == NULL)
			return error_set(err, EINVAL, "the name's closing quote is missing");
		*name = (struct word){start, (size_t)(quote - start), 1};
		r->at = quote + 1;
		if (r->at < r->end && !is_blank(*r->at))
			return error_set(err, EINVAL, "a blank is missing after the quoted name");
	} else {
		*name = take_word(r);
	}
	if (name->len == 0)
		return error_set(err, EINVAL, "a name is missing: write NAME [ttl=90d]");
	if (!quoted && word_starts(name, "ttl="))
		return error_set(err, EINVAL, "the ttl comes after the name: NAME ttl=90d");
	if (!quoted && memchr(name->at, '"', name->len) != NULL)
		return error_set(err, EINVAL, "a quote within a name; write \"NAME\" [ttl=90d]");
	return 0;
}

/* A name must be readable in a list of tokens. */
static int check_text(const struct word *name, struct error *err)
{
	if (name->len > FILE_NAME_MAX)
		return error_set(err, EINVAL, "the name is over %d bytes long", FILE_NAME_MAX);
	for (size_t i = 0; i < name->len;) {
		size_t n = utf8_len(name->at + i, name->len - i);
		if (n == 0 || utf8_control(name->at + i, n))
			return error_set(err, EINVAL,
					 "the name has a control character or is not UTF-8");
		i += n;
	}
	return 0;
}

static int take_ttl(struct reader *r, int64_t *ttl_s, struct error *err)
{
	char text[32], quoted[48];

	*ttl_s = 0;
	for (skip_blanks(r); r->at < r->end; skip_blanks(r)) {
		struct word w = take_word(r);
		text_clean(quoted, sizeof(quoted), w.at, w.len);
		if (!word_starts(&w, "ttl="))
			return error_set(err, EINVAL,
					 "\"%s\" is not understood; a name with blanks is written "
					 "in double quotes",
					 quoted);
		if (*ttl_s != 0)
			return error_set(err, EINVAL, "ttl is given twice");
		text_clean(text, sizeof(text), w.at + 4, w.len - 4);
		if (w.len - 4 >= sizeof(text) || grammar_duration(text, ttl_s) != 0)
			return error_set(
				err, EINVAL,
				"\"%s\" is not a duration; write a number and one of s, m, "
				"h, d, w, such as ttl=90d",
				quoted);
	}
	return 0;
}

int grammar_token_request(const char *text, size_t len, struct token_request *out,
			  struct error *err)
{
	if (len == 0)
		return error_set(err, EINVAL, "a name is missing: write NAME [ttl=90d]");
	const char *newline = memchr(text, '\n', len);
	struct reader r = {text, newline == NULL ? text + len : newline, 1};
	struct word name = {0};
	int64_t ttl_s;

	if (newline != NULL && newline + 1 != text + len)
		return error_set(err, EINVAL, "more than one line; a write creates one token");
	skip_blanks(&r);
	int result = take_name(&r, &name, err);
	if (result == 0)
		result = check_text(&name, err);
	if (result == 0)
		result = take_ttl(&r, &ttl_s, err);
	if (result != 0)
		return result;
	*out = (struct token_request){xstrndup(name.at, name.len), ttl_s};
	return 0;
}
