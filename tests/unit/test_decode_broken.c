/* SPDX-License-Identifier: MIT */
/* decode: bytes that are no answer, or too much of one, and secrets in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode_kinds.h"

#include "base/buf.h"
#include "base/macros.h"
#include "base/xmalloc.h"

static void what_is_no_json_object_is_refused(void **state)
{
	static const struct {
		const char *body;
		size_t len; /* 0: strlen */
		const char *sentence;
	} cases[] = {
		{"", 0, "the answer is empty"},
		{" \r\n\t", 0, "the answer is empty"},
		{"<html><title>400 Bad Request</title>", 0, "the answer is a web page, not JSON"},
		{"\n<html>", 0, "the answer is a web page, not JSON"},
		{"Bad gateway", 0, "the answer is not JSON, or is cut off"},
		{"null", 0, "the answer is not a JSON object"},
		{"[]", 0, "the answer is not a JSON object"},
		{"\"x\"", 0, "the answer is not a JSON object"},
		{"{\"id\":\"a\"}x", 0, "the answer has text after its end (at byte 10)"},
		{"{\"id\":\"a\"} {}", 0, "the answer has text after its end (at byte 10)"},
		{"{\"id\":\"a\"}}", 0, "the answer has text after its end (at byte 10)"},
		{"{\"id\":\"a\"\0}", 11, "the answer holds a NUL character (at byte 9)"},
		{"{\"id\":\"a\"}\0", 11, "the answer holds a NUL character (at byte 10)"},
		{"{\"id\":\"a\0\"}", 11, "the answer holds a NUL character (at byte 8)"},
		{"{\"id\":\"a\\\0\"}", 12, "the answer holds a NUL character (at byte 8)"},
		{"{\"id\":\"a\\uZZZZ\"}", 0, "the answer is not JSON (at byte 8)"},
		{"{\"id\":\"a\\u00", 0, "the answer is cut off (at byte 8)"},
		{"{\"id\":\"a\\", 0, "the answer is cut off (at byte 8)"},
		{"{\"id\":\"a\nb\"}", 0, "the answer holds a control character (at byte 8)"},
		{"{\"id\":\"a\"\v}", 0, "the answer holds a control character (at byte 9)"},
		{"{\"id\":\"a\"\\u0000}", 0, "the answer is not JSON, or is cut off"},
		{"{\"id\":\"\\u0000\"", 0, "the answer is not JSON, or is cut off"},
		{"{\"id\":\"a\\ud800\\uDZZZ\"}", 0, "the answer is not JSON (at byte 14)"},
		{"{\"id\":\"a\\ud83d\\ude0", 0, "the answer is cut off (at byte 14)"},
		{"{\"id\":\"a\",}", 0, "the answer is not JSON, or is cut off"},
		{"{\"id\" \"a\"}", 0, "the answer is not JSON, or is cut off"},
		{"{'id':'a'}", 0, "the answer is not JSON, or is cut off"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (enum kind kind = 0; kind < KINDS; kind++) {
			size_t len = cases[i].len ? cases[i].len : strlen(cases[i].body);
			assert_int_equal(decode_bytes(kind, cases[i].body, len), -EREMOTEIO);
			assert_string_equal(got.error.text, cases[i].sentence);
		}
	assert_int_equal(decode(TOKEN, " \n{\"id\":\"a\",\"name\":\"\\\\u0000\"}\r\n\t "), 0);
	assert_string_equal(got.token.name, "\\u0000");
	assert_int_equal(decode(TOKEN, "{\"id\":\"a\",\"name\":\"\\ud83d\\ude00\"}"), 0);
	assert_string_equal(got.token.name, "\xf0\x9f\x98\x80");
}

/* What only an escape can say is one token's name and no more, and info says it again. */
static void an_escape_that_is_no_text_is_kept(void **state)
{
	static const struct {
		const char *json, *name, *info; /* NULL: info is as json */
	} cases[] = {
		{"a\\u0000b",
		 "a\xc0\x80"
		 "b",
		 NULL},
		{"\\u0000", "\xc0\x80", NULL},
		{"\\\\\\u0000", "\\\xc0\x80", NULL},
		{"\\\\u0000", "\\u0000", NULL},
		{"\\ud800", "\xed\xa0\x80", NULL},
		{"\\uDBFF\\uDBFF", "\xed\xaf\xbf\xed\xaf\xbf", "\\udbff\\udbff"},
		{"\\udfff\\ud800", "\xed\xbf\xbf\xed\xa0\x80", NULL},
		{"\\ud800\\ud83d\\ude00\\ude00", "\xed\xa0\x80\xf0\x9f\x98\x80\xed\xb8\x80",
		 "\\ud800\xf0\x9f\x98\x80\\ude00"},
		{"\\ud800\\u0000", "\xed\xa0\x80\xc0\x80", NULL},
		{"\\ud800\\n", "\xed\xa0\x80\n", NULL},
		{"\xed\x9f\xbf\xc0", "\xed\x9f\xbf\xc0", NULL},
		/* Sent as bytes: made a pair of escapes, they would be U+10000. */
		{"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xb0\x80", NULL},
		{"\\ud800\xed\xb0\x80", "\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xb0\x80"},
		{"\\ud800\xed\xa0\x80\\udc01", "\xed\xa0\x80\xed\xa0\x80\xed\xb0\x81",
		 "\\ud800\xed\xa0\x80\xed\xb0\x81"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char body[100], info[100];
		const char *again = cases[i].info != NULL ? cases[i].info : cases[i].json;
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"name\":\"%s\"}", cases[i].json);
		snprintf(info, sizeof(info), "{\"id\":\"a\",\"name\":\"%s\"}", again);
		assert_int_equal(decode(TOKEN, body), 0);
		assert_string_equal(got.token.name, cases[i].name);
		assert_string_equal(info_of(&got.token), info);
		assert_int_equal(decode(TOKEN, info), 0);
		assert_string_equal(got.token.name, cases[i].name);
	}
	assert_int_equal(decode(TOKEN, "{\"id\":\"a\\u0000\"}"), -EREMOTEIO);
	assert_int_equal(decode(TOKEN, "{\"id\\u0000\":\"a\"}"), -EREMOTEIO);
}

static void an_answer_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		size_t len = strlen(samples[kind]);
		assert_int_equal(decode(kind, samples[kind]), 0);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(decode_bytes(kind, samples[kind], cut), -EREMOTEIO);
	}
}

/* Any byte of a sample replaced: refused or read, but never worse. */
static void a_changed_byte_does_no_harm(void **state)
{
	static const char bytes[] = {'\0', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '\xff'};

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		char *body = xstrdup(samples[kind]);
		for (size_t i = 0; body[i] != '\0'; i++)
			for (size_t k = 0; k < sizeof(bytes); k++) {
				char was = body[i];
				body[i] = bytes[k];
				decode_bytes(kind, body, strlen(samples[kind]));
				body[i] = was;
			}
		free(body);
	}
}

static void nesting_has_a_limit(void **state)
{
	struct buf body = BUF_INIT;

	(void)state;
	for (int depth = 60; depth < 3000; depth = depth < 70 ? depth + 1 : depth * 3) {
		buf_clear(&body);
		buf_adds(&body, "{\"id\":\"a\",\"x\":");
		for (int i = 1; i < depth; i++)
			buf_addc(&body, '[');
		for (int i = 1; i < depth; i++)
			buf_addc(&body, ']');
		buf_addc(&body, '}');
		int r = decode(TOKEN, body.data);
		assert_int_equal(r, depth <= DECODE_DEPTH_MAX ? 0 : -EREMOTEIO);
		if (r != 0)
			assert_string_equal(got.error.text,
					    "the answer is nested too deeply (at byte 77)");
	}
	assert_int_equal(decode(TOKEN,
				"{\"id\":\"a\",\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
				"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}"),
			 0);
	buf_finish(&body);
}

static void values_have_a_limit(void **state)
{
	static const char *const items[] = {"0,", "[],", "[[[[[[[]]]]]]],"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		struct buf body = BUF_INIT;
		buf_adds(&body, "{\"id\":\"a\",\"x\":[");
		for (size_t n = 0; n <= 3000000 / (strlen(items[i]) / 2); n++)
			buf_adds(&body, items[i]);
		buf_adds(&body, "0]}");
		assert_int_equal(decode(TOKEN, body.data), -EREMOTEIO);
		assert_non_null(strstr(got.error.text, "the answer holds too many values"));
		buf_finish(&body);
	}
}

static void text_that_is_no_utf8_is_passed_on(void **state)
{
	(void)state;
	assert_int_equal(decode(TOKEN, "{\"id\":\"a\",\"name\":\"\xff\xc3(\xed\xa0\x80\"}"), 0);
	assert_string_equal(got.token.name, "\xff\xc3(\xed\xa0\x80");
	assert_int_equal(decode(TOKEN, "{\"id\":\"\xff\"}"), -EREMOTEIO);
}

/* The linker puts this in front of the true one, to see what is wiped. */
static int secrets_wiped;

void __real_secret_wipe(void *p, size_t len);
void __wrap_secret_wipe(void *p, size_t len);
void __wrap_secret_wipe(void *p, size_t len)
{
	if (memmem(p, len, SECRET, strlen(SECRET)) != NULL)
		secrets_wiped++;
	__real_secret_wipe(p, len);
}

static void a_secret_is_wiped_from_every_answer_that_has_one(void **state)
{
	static const enum kind kinds[] = {TOKENS, CREATED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *body = samples[kinds[i]];
		const char *end = strstr(body, SECRET) + strlen(SECRET) + 1;
		for (size_t len = (size_t)(end - body); len <= strlen(body); len++) {
			secrets_wiped = 0;
			decode_bytes(kinds[i], body, len);
			assert_true(secrets_wiped > 0);
		}
	}
	/* The copy that has bytes in place of escapes, too. */
	secrets_wiped = 0;
	decode(ACCESSES, "{\"data\":[],\"token\":\"" SECRET "\",\"name\":\"\\u0000\"}");
	assert_true(secrets_wiped >= 2); /* memory that was not written yet may show it, too */
	secrets_wiped = 0;
	decode(ACCESSES, "{\"data\":[],\"token\":\"" SECRET "\"}");
	assert_true(secrets_wiped > 0);
	secrets_wiped = 0;
	decode(GRANTS, "{\"data\":{},\"token\":\"" SECRET "\"}");
	assert_true(secrets_wiped > 0);
}

static void large_answers_are_read_quickly(void **state)
{
	struct buf body = BUF_INIT;

	(void)state;
	buf_adds(&body, "{\"data\":[");
	for (int t = 0; t < 1000; t++) {
		buf_addf(&body, "%s{\"id\":\"t%d\",\"service_token_accesses\":[", t ? "," : "", t);
		for (int a = 0; a < 60; a++)
			buf_addf(&body,
				 "%s{\"access\":\"scope_%d\",\"resource_type\":\"Database\","
				 "\"resource_id\":\"d%d\"}",
				 a ? "," : "", a / 20, a % 20);
		buf_adds(&body, "]}");
	}
	buf_adds(&body, "]}");
	assert_int_equal(decode_bytes(TOKENS, body.data, body.len), 0);
	assert_int_equal(got.tokens.n, 1000);
	assert_int_equal(got.tokens.v[999].grants.n, 20);
	assert_int_equal(got.tokens.v[999].grants.v[7].scopes.n, 3);

	/* As many names of one thing as fit, to be taken out. */
	buf_clear(&body);
	buf_adds(&body, "{\"data\":[{\"id\":\"t\"");
	for (int i = 0; i < 100000; i++)
		buf_adds(&body, ",\"\":0");
	for (int i = 0; i < 100000; i++)
		buf_adds(&body, ",\"token\":0");
	buf_adds(&body, "}]}");
	assert_int_equal(decode_bytes(TOKENS, body.data, body.len), 0);
	assert_null(strstr(info_of(&got.tokens.v[0]), "token"));
	buf_finish(&body);
}

/* `n` of `item`, with their numbers put in, between `before` and `after`. */
static int decode_many(enum kind kind, const char *before, const char *item, int n,
		       const char *after)
{
	struct buf body = BUF_INIT;

	buf_adds(&body, before);
	for (int i = 0; i < n; i++) {
		char number[16];
		snprintf(number, sizeof(number), "%d", i);
		buf_adds(&body, i > 0 ? "," : "");
		for (const char *p = item; *p != '\0'; p++)
			if (*p == '#')
				buf_adds(&body, number);
			else
				buf_addc(&body, *p);
	}
	buf_adds(&body, after);
	int r = decode_bytes(kind, body.data, body.len);
	buf_finish(&body);
	return r;
}

static void more_than_a_limit_is_refused(void **state)
{
	static const char list[] = "{\"data\":[", end[] = "]}";
	static const char token[] = "{\"data\":[{\"id\":\"t\",\"service_token_accesses\":[";
	static const struct {
		enum kind kind;
		const char *before, *item, *after;
		int most;
		const char *words;
	} cases[] = {
		{ORGANIZATIONS, list, "{\"id\":\"o#\",\"name\":\"o#\"}", end,
		 DECODE_ORGANIZATIONS_MAX, "data: too many items"},
		{DATABASES, list, "{\"id\":\"d#\",\"name\":\"d#\"}", end, DECODE_DATABASES_MAX,
		 "data: too many items"},
		{TOKENS, list, "{\"id\":\"t#\"}", end, DECODE_ITEMS_MAX, "data: too many items"},
		{ACCESSES, list,
		 "{\"access\":\"a\",\"resource_type\":\"D\",\"resource_id\":\"r#\"}", end,
		 DECODE_RESOURCES_MAX, "data: more than any token may do"},
		{ACCESSES, list,
		 "{\"access\":\"a#\",\"resource_type\":\"D\",\"resource_id\":\"r\"}", end,
		 DECODE_SCOPES_MAX, "data: more than any token may do"},
		{TOKENS, token,
		 "{\"access\":\"a\",\"resource_type\":\"D\",\"resource_name\":\"r#\"}", "]}]}",
		 DECODE_RESOURCES_MAX,
		 "data[0].service_token_accesses: more than any token may do"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(decode_many(cases[i].kind, cases[i].before, cases[i].item,
					     cases[i].most, cases[i].after),
				 0);
		assert_int_equal(decode_many(cases[i].kind, cases[i].before, cases[i].item,
					     cases[i].most + 1, cases[i].after),
				 -EREMOTEIO);
		assert_string_equal(got.error.text, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_json_object_is_refused),
		TEST(an_escape_that_is_no_text_is_kept),
		TEST(an_answer_cut_off_anywhere_is_refused),
		TEST(a_changed_byte_does_no_harm),
		TEST(nesting_has_a_limit),
		TEST(values_have_a_limit),
		TEST(text_that_is_no_utf8_is_passed_on),
		TEST(a_secret_is_wiped_from_every_answer_that_has_one),
		TEST(large_answers_are_read_quickly),
		TEST(more_than_a_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
