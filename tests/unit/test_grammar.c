/* SPDX-License-Identifier: MIT */
/* grammar: what a person writes into permissions and create-token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "cache/names.h"
#include "fs/grammar.h"

/* The edit as "granted|revoked", each name followed by a blank. */
static void expect_edit(const struct edit *e, const char *expect)
{
	struct buf out = BUF_INIT;

	scopes_print(&e->grant, ' ', &out);
	buf_addc(&out, '|');
	scopes_print(&e->revoke, ' ', &out);
	assert_string_equal(buf_str(&out), expect);
	buf_finish(&out);
}

static void words_grant_and_revoke_and_the_last_one_wins(void **state)
{
	static const struct {
		const char *text, *edit;
		bool plain, sign;
	} cases[] = {
		{"", "|", false, false},
		{"\n\n", "|", false, false},
		{" \t\r ,,\n", "|", false, false},
		{"# nothing", "|", false, false},
		{"a", "a |", true, false},
		{"b a\n", "a b |", true, false},
		{"+a", "a |", false, true},
		{"-a", "|a ", false, true},
		{"a -b", "a |b ", true, true},
		{"a -a", "|a ", true, true},
		{"-a +a", "a |", false, true},
		{"a,b, c ,d", "a b c d |", true, false},
		{"a\r\nb\r\n", "a b |", true, false},
		{"a#b", "a |", true, false},
		{"a # b\nc", "a c |", true, false},
		{"# a\n#\n-c#", "|c ", false, true},
		{"a\n-a\na\n", "a |", true, true},
		{"read_branch_2", "read_branch_2 |", true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct edit e = EDIT_INIT;
		struct error err;
		assert_int_equal(grammar_parse(cases[i].text, strlen(cases[i].text), &e, &err), 0);
		expect_edit(&e, cases[i].edit);
		assert_int_equal(e.plain, cases[i].plain);
		assert_int_equal(e.sign, cases[i].sign);
		edit_finish(&e);
		assert_false(e.plain || e.sign);
	}
}

static void texts_add_up(void **state)
{
	struct edit e = EDIT_INIT;
	struct error err;

	(void)state;
	assert_int_equal(grammar_parse("a b\n", 4, &e, &err), 0);
	assert_int_equal(grammar_parse("-a +c\n", 6, &e, &err), 0);
	assert_int_equal(grammar_parse(NULL, 0, &e, &err), 0);
	expect_edit(&e, "b c |a ");
	assert_true(e.plain && e.sign);
	edit_finish(&e);
	assert_int_equal(grammar_parse("x", 1, &e, &err), 0);
	expect_edit(&e, "x |");
	edit_finish(&e);
}

static void an_impossible_word_is_quoted_with_its_line(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *sentence;
	} cases[] = {
		{"Read_branch", 0, "line 1: \"Read_branch\" cannot be a permission name"},
		{"a\n\n# x\nb c.d e!\n", 0, "line 4: \"c.d\" cannot be a permission name"},
		{"\xef\xbb\xbfread_branch\n", 0,
		 "line 1: it begins with a byte order mark (EF BB BF): save it as UTF-8 without "
		 "one"},
		{"a\n\xef\xbb\xbf# b", 0,
		 "line 2: it begins with a byte order mark (EF BB BF): save it as UTF-8 without "
		 "one"},
		{"+", 0, "line 1: \"+\" cannot be a permission name"},
		{"a\n-\n", 0, "line 2: \"-\" cannot be a permission name"},
		{"--a", 0, "line 1: \"--a\" cannot be a permission name"},
		{"+-a", 0, "line 1: \"+-a\" cannot be a permission name"},
		{"a-b", 0, "line 1: \"a-b\" cannot be a permission name"},
		{"a\0b", 3, "line 1: \"a?b\" cannot be a permission name"},
		{"\0", 1, "line 1: \"?\" cannot be a permission name"},
		{"a\033[31m", 0, "line 1: \"a?[31m\" cannot be a permission name"},
		{"a\vb", 0, "line 1: \"a?b\" cannot be a permission name"},
		{"\xc3\xa4", 0, "line 1: \"\xc3\xa4\" cannot be a permission name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
		struct edit e = EDIT_INIT;
		struct error err;
		assert_int_equal(grammar_parse("-z", 2, &e, &err), 0);
		assert_int_equal(grammar_parse(cases[i].text, len, &e, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].sentence);
		expect_edit(&e, "|z ");
		assert_false(e.plain);
		edit_finish(&e);
	}
}

static void words_are_bounded_in_length_and_number(void **state)
{
	char word[SCOPE_NAME_MAX + 2];
	struct buf text = BUF_INIT;
	struct edit e = EDIT_INIT;
	struct error err;

	(void)state;
	memset(word, 'a', sizeof(word));
	assert_int_equal(grammar_parse(word, SCOPE_NAME_MAX, &e, &err), 0);
	assert_int_equal(grammar_parse(word, SCOPE_NAME_MAX + 1, &e, &err), -EINVAL);
	assert_non_null(strstr(err.text, "aaa…\" cannot be"));
	word[0] = '-';
	assert_int_equal(grammar_parse(word, SCOPE_NAME_MAX + 1, &e, &err), 0);
	assert_int_equal(e.grant.n, 0);
	for (int i = 0; i < GRAMMAR_WORDS_MAX - 1; i++)
		buf_addf(&text, "s%d ", i);
	assert_int_equal(grammar_parse(text.data, text.len, &e, &err), 0);
	assert_int_equal(grammar_parse("one_more", 8, &e, &err), -EINVAL);
	assert_string_equal(err.text, "line 1: more than 16384 words");
	assert_int_equal(grammar_parse("", 0, &e, &err), 0);
	edit_finish(&e);
	buf_finish(&text);
}

/* A file cut into any two writes on a line's end means what it means whole. */
static void a_text_means_the_same_line_by_line(void **state)
{
	static const char text[] = "a b -c\n+c # x -d\n\n-a,e\n-b b\n";
	struct edit whole = EDIT_INIT;
	struct error err;

	(void)state;
	assert_int_equal(grammar_parse(text, strlen(text), &whole, &err), 0);
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		struct edit e = EDIT_INIT;
		if (cut > 0 && text[cut - 1] != '\n')
			continue;
		assert_int_equal(grammar_parse(text, cut, &e, &err), 0);
		assert_int_equal(grammar_parse(text + cut, strlen(text) - cut, &e, &err), 0);
		assert_true(scopes_equal(&e.grant, &whole.grant));
		assert_true(scopes_equal(&e.revoke, &whole.revoke));
		edit_finish(&e);
	}
	edit_finish(&whole);
}

static void durations_are_a_number_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0: refused */
	} cases[] = {
		{"3600", 3600},    {"45s", 45},
		{"30m", 1800},     {"12h", 43200},
		{"90d", 7776000},  {"2w", 1209600},
		{"007d", 604800},  {"36525d", 3155760000},
		{"36526d", 0},     {"3155760000", 3155760000},
		{"3155760001", 0}, {"99999999999999999999999999d", 0},
		{"0", 0},          {"0d", 0},
		{"", 0},           {"d", 0},
		{"-1d", 0},        {"+1d", 0},
		{"1.5d", 0},       {"1y", 0},
		{"1D", 0},         {"1dd", 0},
		{"1 d", 0},        {" 1d", 0},
		{"1d ", 0},        {"0x10", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t seconds = 0;
		int r = grammar_duration(cases[i].text, &seconds);
		assert_int_equal(r, cases[i].seconds == 0 ? -EINVAL : 0);
		assert_int_equal(seconds, cases[i].seconds);
	}
}

static void a_token_is_asked_for_by_name_and_ttl(void **state)
{
	static const struct {
		const char *text, *name;
		int64_t ttl_s;
	} cases[] = {
		{"ci", "ci", 0},
		{"ci\n", "ci", 0},
		{"ci\r\n", "ci", 0},
		{"  ci \t ttl=90d  \n", "ci", 7776000},
		{"ci ttl=60", "ci", 60},
		{"\"my token\"", "my token", 0},
		{"\"my token\" ttl=2w\n", "my token", 1209600},
		{"\"ttl=1d\" ttl=1d", "ttl=1d", 86400},
		{"\" \"", " ", 0},
		{"team/ci", "team/ci", 0},
		{"caf\xc3\xa9", "caf\xc3\xa9", 0},
		{"#1", "#1", 0},
		{"a,b", "a,b", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct token_request t;
		struct error err;
		assert_int_equal(
			grammar_token_request(cases[i].text, strlen(cases[i].text), &t, &err), 0);
		assert_string_equal(t.name, cases[i].name);
		assert_int_equal(t.ttl_s, cases[i].ttl_s);
		free(t.name);
	}
}

static void a_wrong_request_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *says;
	} cases[] = {
		{"", 0, "a name is missing"},
		{" \n", 0, "a name is missing"},
		{"\"\"", 0, "a name is missing"},
		{"ci\nweb\n", 0, "more than one line"},
		{"\nci", 0, "more than one line"},
		{"ci\n\n", 0, "more than one line"},
		{"ttl=90d ci", 0, "the ttl comes after the name"},
		{"ttl=90d", 0, "the ttl comes after the name"},
		{"my token", 0, "\"token\" is not understood"},
		{"ci ttl=1d ttl=2d", 0, "given twice"},
		{"ci ttl=", 0, "\"ttl=\" is not a duration"},
		{"ci ttl=soon", 0, "\"ttl=soon\" is not a duration"},
		{"ci ttl=9\0d", 10, "is not a duration"},
		{"ci ttl=1111111111111111111111111111111111111111", 0, "is not a duration"},
		{"ci ttl=1\033d", 0, "\"ttl=1?d\" is not a duration"},
		{"\"ci", 0, "closing quote"},
		{"\"ci\"ttl=1d", 0, "a blank is missing"},
		{"c\"i\"", 0, "a quote within a name"},
		{"a\0b", 3, "control character"},
		{"\0", 1, "control character"},
		{"\"a\tb\"", 0, "control character"},
		{"a\xff", 0, "not UTF-8"},
	};
	char longest[FILE_NAME_MAX + 1];
	struct token_request t = {NULL, -1};
	struct error err;

	(void)state;
	assert_int_equal(grammar_token_request(NULL, 0, &t, &err), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
		assert_int_equal(grammar_token_request(cases[i].text, len, &t, &err), -EINVAL);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].says);
		assert_null(t.name);
	}
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(grammar_token_request(longest, sizeof(longest), &t, &err), -EINVAL);
	assert_non_null(strstr(err.text, "over 255 bytes"));
	assert_int_equal(grammar_token_request(longest, FILE_NAME_MAX, &t, &err), 0);
	free(t.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_grant_and_revoke_and_the_last_one_wins),
		cmocka_unit_test(texts_add_up),
		cmocka_unit_test(an_impossible_word_is_quoted_with_its_line),
		cmocka_unit_test(words_are_bounded_in_length_and_number),
		cmocka_unit_test(a_text_means_the_same_line_by_line),
		cmocka_unit_test(durations_are_a_number_and_a_unit),
		cmocka_unit_test(a_token_is_asked_for_by_name_and_ttl),
		cmocka_unit_test(a_wrong_request_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
