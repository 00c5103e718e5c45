/* SPDX-License-Identifier: MIT */
/* scopes: sorted sets of permission names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/intern.h"
#include "base/macros.h"
#include "planetscale/scopes.h"

/* A set from words apart by one blank. */
static struct scopes set(const char *words)
{
	struct scopes s = SCOPES_INIT;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");
		scopes_addn(&s, words, len);
		words += len + (words[len] == ' ');
	}
	return s;
}

static void expect(const struct scopes *s, const char *words)
{
	struct buf out = BUF_INIT;

	scopes_print(s, ' ', &out);
	if (out.len > 0)
		buf_resize(&out, out.len - 1);
	assert_string_equal(buf_str(&out), words);
	buf_finish(&out);
}

static void names_are_kept_sorted_and_once(void **state)
{
	struct scopes s = set("b a c a b");

	(void)state;
	expect(&s, "a b c");
	assert_false(scopes_add(&s, "b"));
	assert_true(scopes_add(&s, "ab"));
	expect(&s, "a ab b c");
	assert_true(scopes_has(&s, "ab"));
	assert_false(scopes_has(&s, "abc"));
	assert_false(scopes_has(&s, ""));
	scopes_finish(&s);
	assert_false(scopes_has(&s, "a"));
	assert_true(scopes_add(&s, "again"));
	scopes_finish(&s);
}

static void a_name_is_found_only_whole(void **state)
{
	struct scopes s = set("delete_branch_password read");

	(void)state;
	assert_false(scopes_has(&s, "delete_branch"));
	assert_true(scopes_addn(&s, "delete_branchXYZ", 13));
	expect(&s, "delete_branch delete_branch_password read");
	assert_true(scopes_addn(&s, "a\0b", 3));
	assert_false(scopes_addn(&s, "a\0c", 3));
	assert_true(scopes_has(&s, "a"));
	scopes_finish(&s);
}

static void removing_tells_whether_it_was_there(void **state)
{
	struct scopes s = set("a b c");

	(void)state;
	assert_true(scopes_remove(&s, "b"));
	assert_false(scopes_remove(&s, "b"));
	expect(&s, "a c");
	assert_true(scopes_remove(&s, "a"));
	assert_true(scopes_remove(&s, "c"));
	assert_int_equal(s.n, 0);
	assert_true(scopes_add(&s, "d"));
	expect(&s, "d");
	scopes_finish(&s);
}

static void sets_join_and_part(void **state)
{
	static const struct {
		const char *a, *b, *merged, *left;
		bool subset, equal;
	} cases[] = {
		{"", "", "", "", true, true},
		{"a", "", "a", "a", false, false},
		{"", "a", "a", "", true, false},
		{"a b", "b c", "a b c", "a", false, false},
		{"a c", "a b c", "a b c", "", true, false},
		{"a b", "a b", "a b", "", true, true},
		{"x", "a b", "a b x", "x", false, false},
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		size_t k = i / 2;
		struct scopes a = set(cases[k].a), b = set(cases[k].b), c = SCOPES_INIT;
		if (i % 2 == 1) {
			scopes_share(&a);
			scopes_share(&b);
		}
		assert_int_equal(scopes_subset(&a, &b), cases[k].subset);
		assert_int_equal(scopes_equal(&a, &b), cases[k].equal);
		scopes_copy(&c, &a);
		assert_true(scopes_equal(&a, &c));
		scopes_merge(&c, &b);
		expect(&c, cases[k].merged);
		scopes_copy(&c, &a);
		scopes_subtract(&c, &b);
		expect(&c, cases[k].left);
		struct scopes shared = SCOPES_INIT;
		scopes_copy(&shared, &a);
		scopes_subtract(&shared, &c); /* a − (a − b) */
		scopes_copy(&c, &a);
		scopes_intersect(&c, &b);
		assert_true(scopes_equal(&c, &shared));
		expect(&a, cases[k].a);
		expect(&b, cases[k].b);
		scopes_finish(&shared);
		scopes_finish(&a);
		scopes_finish(&b);
		scopes_finish(&c);
	}
}

static void a_set_may_meet_itself(void **state)
{
	struct scopes s = set("a b");

	(void)state;
	scopes_merge(&s, &s);
	expect(&s, "a b");
	scopes_copy(&s, &s);
	expect(&s, "a b");
	assert_true(scopes_equal(&s, &s));
	scopes_intersect(&s, &s);
	expect(&s, "a b");
	scopes_subtract(&s, &s);
	expect(&s, "");
	scopes_finish(&s);
}

static void lists_read_like_a_sentence(void **state)
{
	static const struct {
		const char *words, *list;
	} cases[] = {{"", ""}, {"a", "a"}, {"b a", "a and b"}, {"c b a", "a, b and c"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scopes s = set(cases[i].words);
		struct buf out = BUF_INIT;
		scopes_list(&s, &out);
		assert_string_equal(buf_str(&out), cases[i].list);
		buf_finish(&out);
		scopes_finish(&s);
	}
}

static void a_scope_is_small_letters_digits_and_underscores(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} cases[] = {
		{"read_branch", true}, {"a", true},         {"0", true},    {"_", true},
		{"", false},           {"A", false},        {"a-b", false}, {"a b", false},
		{"a\n", false},        {"\xc3\xa4", false}, {"a,", false},  {"+a", false},
	};
	char name[SCOPE_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(scope_valid(cases[i].name, strlen(cases[i].name)), cases[i].valid);
	memset(name, 'a', sizeof(name));
	assert_true(scope_valid(name, SCOPE_NAME_MAX));
	assert_false(scope_valid(name, SCOPE_NAME_MAX + 1));
	assert_false(scope_valid("a\0b", 3));
}

/* Against the simplest set there is: a table of flags. */
static void any_history_of_adding_and_removing_is_kept(void **state)
{
	bool there[64] = {false};
	struct scopes s = SCOPES_INIT;
	size_t n = 0;

	(void)state;
	srand(1);
	for (int step = 0; step < 20000; step++) {
		int i = rand() % 64;
		if (rand() % 8 == 0)
			scopes_share(&s);
		char name[8];
		snprintf(name, sizeof(name), "s%d", i);
		if (rand() % 2) {
			assert_int_equal(scopes_add(&s, name), !there[i]);
			n += !there[i];
			there[i] = true;
		} else {
			assert_int_equal(scopes_remove(&s, name), there[i]);
			n -= there[i];
			there[i] = false;
		}
		assert_int_equal(s.n, n);
		for (size_t k = 1; k < s.n; k++)
			assert_true(strcmp(s.v[k - 1], s.v[k]) < 0);
	}
	scopes_finish(&s);
}

/* So a name takes memory once, however many tokens have it. */
static void sets_share_the_texts_of_their_names(void **state)
{
	struct scopes a = set("read_branch write_database"), b = set("read_branch"),
		      copy = SCOPES_INIT;

	(void)state;
	assert_ptr_equal(a.v[0], b.v[0]);
	scopes_finish(&a);
	scopes_copy(&copy, &b);
	assert_ptr_equal(copy.v[0], b.v[0]);
	scopes_finish(&b);
	expect(&copy, "read_branch");
	assert_true(scopes_remove(&copy, "read_branch"));
	scopes_add(&copy, "read_branch");
	expect(&copy, "read_branch");
	scopes_finish(&copy);
}

/* And sets with the same names are one in memory, until one of them changes. */
static void sets_that_share_an_array_change_apart(void **state)
{
	size_t before = intern_count();
	struct scopes a = set("b d"), b = set("d b"), c = SCOPES_INIT, one = set("b");

	(void)state;
	scopes_share(&a);
	scopes_share(&a);
	scopes_share(&b);
	assert_ptr_equal(a.v, b.v);
	for (int i = 0; i < 5; i++) {
		scopes_copy(&c, &a);
		assert_ptr_equal(c.v, a.v);
		if (i == 0)
			scopes_add(&c, "c");
		else if (i == 1)
			scopes_remove(&c, "b");
		else if (i == 2)
			scopes_subtract(&c, &one);
		else if (i == 3)
			scopes_intersect(&c, &one);
		expect(&a, "b d");
		expect(&b, "b d");
		expect(&c, (const char *[]){"b c d", "d", "d", "b", "b d"}[i]);
	}
	scopes_finish(&a);
	scopes_finish(&b);
	expect(&c, "b d");
	scopes_remove(&c, "b");
	scopes_remove(&c, "d");
	scopes_share(&c);
	assert_null(c.v);
	scopes_finish(&one);
	assert_int_equal(intern_count(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_kept_sorted_and_once),
		cmocka_unit_test(a_name_is_found_only_whole),
		cmocka_unit_test(removing_tells_whether_it_was_there),
		cmocka_unit_test(sets_join_and_part),
		cmocka_unit_test(a_set_may_meet_itself),
		cmocka_unit_test(sets_that_share_an_array_change_apart),
		cmocka_unit_test(lists_read_like_a_sentence),
		cmocka_unit_test(a_scope_is_small_letters_digits_and_underscores),
		cmocka_unit_test(sets_share_the_texts_of_their_names),
		cmocka_unit_test(any_history_of_adding_and_removing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
