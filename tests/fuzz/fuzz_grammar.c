/* SPDX-License-Identifier: MIT */
/* Any text is an edit that means the same however it is written down again, or an error that can be
 * shown. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/xmalloc.h"
#include "cache/names.h"
#include "fs/grammar.h"
#include "fuzz.h"

static void check_error(int r, const struct error *err)
{
	CHECK(r == -EINVAL && err->err == EINVAL);
	CHECK(err->text[0] != '\0' && printable(err->text, strlen(err->text)));
}

static bool edits_equal(const struct edit *a, const struct edit *b)
{
	return scopes_equal(&a->grant, &b->grant) && scopes_equal(&a->revoke, &b->revoke);
}

static void check_scopes(const struct scopes *s, const struct scopes *other)
{
	for (size_t i = 0; i < s->n; i++) {
		CHECK(scope_valid(s->v[i], strlen(s->v[i])));
		CHECK(!scopes_has(other, s->v[i]));
	}
}

/* What the edit says, in the file's own words, is the edit. */
static void check_written_again(const struct edit *e)
{
	struct buf text = BUF_INIT;
	struct edit again = EDIT_INIT;
	struct error err;

	scopes_print(&e->grant, '\n', &text);
	for (size_t i = 0; i < e->revoke.n; i++)
		buf_addf(&text, " -%s,# x\r\n", e->revoke.v[i]);
	CHECK(grammar_parse(buf_str(&text), text.len, &again, &err) == 0);
	CHECK(edits_equal(e, &again));
	edit_finish(&again);
	buf_finish(&text);
}

/* Line by line, as it comes from a shell. */
static void check_by_line(const char *text, size_t size, const struct edit *e)
{
	struct edit again = EDIT_INIT;
	struct error err;

	while (size > 0) {
		const char *newline = memchr(text, '\n', size);
		size_t len = newline == NULL ? size : (size_t)(newline + 1 - text);
		CHECK(grammar_parse(text, len, &again, &err) == 0);
		text += len;
		size -= len;
	}
	CHECK(edits_equal(e, &again));
	CHECK(e->plain == again.plain && e->sign == again.sign);
	edit_finish(&again);
}

static void check_edit(const char *text, size_t size)
{
	struct edit e = EDIT_INIT;
	struct error err;
	int r = grammar_parse(text, size, &e, &err);

	if (r != 0) {
		check_error(r, &err);
		CHECK(e.grant.n + e.revoke.n == 0 && !e.plain && !e.sign);
		return;
	}
	check_scopes(&e.grant, &e.revoke);
	check_scopes(&e.revoke, &e.grant);
	CHECK((e.plain || e.sign) == (e.grant.n + e.revoke.n > 0));
	CHECK(e.sign || e.revoke.n == 0);
	check_written_again(&e);
	check_by_line(text, size, &e);
	edit_finish(&e);
}

static void check_token_request(const char *text, size_t size)
{
	struct token_request t, again;
	struct error err;
	int r = grammar_token_request(text, size, &t, &err);

	if (r != 0) {
		check_error(r, &err);
		return;
	}
	size_t len = strlen(t.name);
	CHECK(len > 0 && len <= FILE_NAME_MAX && printable(t.name, len));
	CHECK(t.ttl_s >= 0 && strchr(t.name, '"') == NULL);
	char *written = t.ttl_s == 0 ? xasprintf("\"%s\"", t.name)
				     : xasprintf(" \"%s\" ttl=%jds\r\n", t.name, (intmax_t)t.ttl_s);
	CHECK(grammar_token_request(written, strlen(written), &again, &err) == 0);
	CHECK(strcmp(again.name, t.name) == 0 && again.ttl_s == t.ttl_s);
	free(written);
	free(again.name);
	free(t.name);
}

static void check_duration(const char *text, size_t size)
{
	char *string = xstrndup(text, size);
	int64_t seconds = -1;

	if (grammar_duration(string, &seconds) == 0)
		CHECK(seconds > 0 && seconds <= INT64_C(36525) * 86400);
	else
		CHECK(seconds == -1);
	free(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_edit(text, size);
	check_token_request(text, size);
	check_duration(text, size);
	return 0;
}
