/* SPDX-License-Identifier: MIT */
/* token_record: what an object said is there again, and takes memory once where many say the same. */
#include "decode_kinds.h"

#include <stdio.h>
#include <string.h>

#include "base/intern.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

/* The object as JSON text, without what a record must not have. The caller frees it. */
static char *as_printed(const char *body)
{
	cleanup(json_free) struct cJSON *object = NULL;
	struct error e;

	assert_int_equal(json_parse(body, strlen(body), 20, &object, &e), 0);
	json_erase(object, "token");
	json_erase(object, "plain_text_refresh_token");
	json_erase(object, "service_token_accesses");
	return json_print(object);
}

static void expect_info_of(const char *body)
{
	cleanup(free_ptr) char *printed = as_printed(body);

	assert_int_equal(decode(TOKEN, body), 0);
	assert_string_equal(info_of(&got.token), printed);
}

static void info_is_the_object_as_it_came(void **state)
{
	static const char *const bodies[] = {
		token_body,
		"{\"id\":\"a\"}",
		"{\"x\":{},\"y\":[],\"id\":\"a\"}",
		"{\"id\":\"a\",\"name\":\"\",\"created_at\":\"\",\"display_name\":\"\",\"x\":\"\"}",
		"{\"id\":\"a\",\"name\":null,\"created_at\":null,\"last_used_at\":null,\"x\":null}",
		"{\"id\":\"a\",\"name\":7,\"created_at\":{},\"updated_at\":[],\"expires_at\":true}",
		"{\"id\":\"a\",\"n\":[0,-0,-1,1.5,1e300,-1.25e-7,12345678901234567890,1e999]}",
		/* The values of its texts again: in other members, in those of other texts, and below. */
		"{\"x\":\"a\",\"id\":\"a\",\"name\":\"n\",\"display_name\":\"n\",\"y\":\"n\",\"n\":"
		"1}",
		"{\"id\":\"a\",\"name\":\"a\",\"created_at\":\"a\",\"actor_display_name\":\"a\"}",
		"{\"id\":\"a\",\"name\":\"b\",\"x\":{\"id\":\"a\",\"name\":\"b\"},\"y\":[\"a\","
		"\"b\"]}",
		"{\"id\":\"a\",\"name\":\"id\",\"id2\":\"id\",\"name2\":\"name\"}",
		/* Of two members with one key the first counts. */
		"{\"id\":\"a\",\"name\":\"b\",\"name\":\"c\",\"id\":\"d\",\"name\":\"b\",\"id\":"
		"\"a\"}",
		"{\"id\":\"a\",\"name\":null,\"name\":\"c\",\"Name\":\"c\",\"ID\":\"a\"}",
		/* Escapes, in values and in keys. */
		"{\"id\":\"a\",\"name\":\"\\\"\\\\\\/"
		"\\b\\f\\n\\r\\t\\u0001\\u0007\\u001f\\u007f\"}",
		"{\"id\":\"a\",\"name\":\"\\u0001\",\"x\":\"\\u0001\",\"\\u0002\":\"\\u0003\"}",
		"{\"id\":\"a\",\"name\":\"\\u0000\\ud800x\\udfff\",\"x\":"
		"\"\\u0000\\ud800x\\udfff\"}",
		"{\"id\":\"a\",\"\\u0000\\n\\\"\":\"\\u0000\",\"name\":\"\\u0000\"}",
		"{\"id\":\"a\",\"name\":\"\\ud83d\\ude00 "
		"\\u00e9\xc3\xa9\\u20ac\",\"x\":\"\\u00e9\"}",
		"{\"id\":\"a\",\"name\":\"\xff\xc3(\xed\xa0\x80\xc0\x80\",\"x\":\"\xff\xc3(\xed\"}",
		"{\"id\":\"a\",\"name\":\"\xed\xa0\x80\xed\xb0\x80\",\"x\":\"\xc0\xed\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		expect_info_of(bodies[i]);
}

static void any_character_is_written_as_it_would_be_elsewhere(void **state)
{
	char body[100];

	(void)state;
	for (unsigned c = 0; c < 0x300; c++) {
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"name\":\"x\\u%04xy\",\"\\u%04x\":0}",
			 c, c);
		expect_info_of(body);
	}
}

/* Two tokens that differ only in their texts. */
static char *list_of_two(const char *rest)
{
	return xasprintf(
		"{\"data\":[{\"id\":\"a\",\"name\":\"ci\",\"display_name\":\"ci\","
		"\"created_at\":\"2026-01-14\",\"updated_at\":\"2026-01-14\",\"type\":\"T\"},"
		"{\"id\":\"b\",\"name\":\"web\",\"display_name\":\"web\","
		"\"created_at\":\"2026-01-15\",\"updated_at\":\"2026-01-16\",\"type\":\"T\"}"
		"%s]}",
		rest);
}

static void tokens_alike_share_all_but_their_texts(void **state)
{
	cleanup(free_ptr) char *two = list_of_two("");
	cleanup(free_ptr) char *three = list_of_two(",{\"id\":\"c\",\"type\":\"T\"}");
	size_t before;

	(void)state;
	got_finish();
	before = intern_count();
	assert_int_equal(decode(TOKENS, two), 0);
	assert_ptr_equal(got.tokens.v[0].shape, got.tokens.v[1].shape);
	assert_int_equal(intern_count(), before + 1);
	assert_null(strstr(got.tokens.v[0].shape, "ci"));
	assert_null(strstr(got.tokens.v[0].shape, "2026"));
	token_record_finish(&got.tokens.v[0]);
	assert_string_equal(
		info_of(&got.tokens.v[1]),
		"{\"id\":\"b\",\"name\":\"web\",\"display_name\":\"web\",\"created_at\":"
		"\"2026-01-15\",\"updated_at\":\"2026-01-16\",\"type\":\"T\"}");
	assert_int_equal(decode(TOKENS, three), 0);
	assert_ptr_not_equal(got.tokens.v[0].shape, got.tokens.v[2].shape);
	assert_int_equal(intern_count(), before + 2);
	got_finish();
	assert_int_equal(intern_count(), before);
}

static void what_is_shared_has_no_secret(void **state)
{
	(void)state;
	assert_int_equal(decode(CREATED, created_body), 0);
	assert_null(strstr(got.token.shape, "SeCrEt"));
	assert_null(strstr(got.token.shape, "oken\":"));
}

static void the_same_is_the_same_in_every_member(void **state)
{
	static const char *const bodies[] = {
		"{\"id\":\"a\",\"name\":\"n\",\"x\":1}",
		"{\"id\":\"b\",\"name\":\"n\",\"x\":1}",
		"{\"id\":\"a\",\"name\":\"m\",\"x\":1}",
		"{\"id\":\"a\",\"name\":\"n\",\"x\":2}",
		"{\"id\":\"a\",\"name\":\"\",\"x\":1}",
		"{\"id\":\"a\",\"name\":null,\"x\":1}",
		"{\"id\":\"a\",\"x\":1}",
		"{\"name\":\"n\",\"id\":\"a\",\"x\":1}",
		"{\"id\":\"a\",\"name\":\"n\",\"x\":\"n\"}",
		"{\"id\":\"a\",\"name\":\"n\",\"x\":\"a\"}",
		"{\"id\":\"a\",\"created_at\":\"n\",\"x\":1}",
		"{\"id\":\"a\",\"updated_at\":\"n\",\"x\":1}",
		"{\"id\":\"a\",\"created_at\":\"n\",\"updated_at\":\"n\",\"x\":1}",
		"{\"id\":\"a\",\"created_at\":\"n\",\"updated_at\":\"m\",\"x\":1}",
		"{\"id\":\"an\",\"name\":\"\",\"x\":1}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		for (size_t k = 0; k < ARRAY_LEN(bodies); k++) {
			struct token_record first;
			assert_int_equal(decode(TOKEN, bodies[i]), 0);
			first = got.token;
			got.token = (struct token_record){0};
			assert_int_equal(decode(TOKEN, bodies[k]), 0);
			assert_int_equal(token_record_same_info(&first, &got.token), i == k);
			token_record_finish(&first);
		}
}

/* Mostly the creation is the last change. */
static void a_text_that_repeats_the_one_before_is_stored_once(void **state)
{
	static const char *const text[TOKEN_TEXTS] = {"a", "a", "a", "b", NULL, NULL, "b"};
	struct token_record r;

	(void)state;
	token_record_init(&r, text);
	for (unsigned i = 0; i < TOKEN_TEXTS; i++)
		assert_true(str_eq(token_record_text(&r, i), text[i]));
	assert_ptr_equal(r.name, r.id);
	assert_ptr_equal(token_record_text(&r, TOKEN_CREATED_AT), r.id);
	token_record_finish(&r);
	expect_info_of("{\"id\":\"a\",\"name\":\"a\",\"created_at\":\"b\",\"updated_at\":\"b\","
		       "\"expires_at\":\"b\",\"x\":\"b\"}");
}

static void each_text_is_found_whichever_are_there(void **state)
{
	static const char *const all[TOKEN_TEXTS] = {"id", "", "c", "up", "e", "last", "by"};

	(void)state;
	for (unsigned there = 1; there < 1u << TOKEN_TEXTS; there += 2) {
		const char *text[TOKEN_TEXTS];
		struct token_record r;
		for (unsigned i = 0; i < TOKEN_TEXTS; i++)
			text[i] = there >> i & 1 ? all[i] : NULL;
		token_record_init(&r, text);
		assert_string_equal(r.id, "id");
		assert_ptr_equal(r.name, token_record_text(&r, TOKEN_NAME));
		for (unsigned i = 0; i < TOKEN_TEXTS; i++)
			if (text[i] != NULL)
				assert_string_equal(token_record_text(&r, i), text[i]);
			else
				assert_null(token_record_text(&r, i));
		assert_string_equal(info_of(&r), "");
		token_record_finish(&r);
		assert_null(r.id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(info_is_the_object_as_it_came),
		TEST(any_character_is_written_as_it_would_be_elsewhere),
		TEST(tokens_alike_share_all_but_their_texts),
		TEST(what_is_shared_has_no_secret),
		TEST(the_same_is_the_same_in_every_member),
		TEST(a_text_that_repeats_the_one_before_is_stored_once),
		TEST(each_text_is_found_whichever_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
