/* draft: the private text of one open permissions file, and when which part of it counts. */
#include "unit.h"

#include "draft.h"

static struct draft d;
static struct error e;
static uint64_t stamp;

static void open_draft(enum draft_mode mode, const char *committed)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, committed);
	draft_init(&d, mode, &text);
	buf_finish(&text);
}

static int put(uint64_t offset, const char *text)
{
	return draft_write(&d, offset, text, strlen(text), ++stamp, &e);
}

static void assert_scopes(const struct scopes *s, const char *expected)
{
	struct buf text = BUF_INIT;

	scopes_print(s, ' ', &text);
	assert_string_equal(buf_str(&text), expected);
	buf_finish(&text);
}

/* What the complete lines ask for now; they are accepted. */
static void assert_lines(const char *grant, const char *revoke)
{
	struct edit edit = EDIT_INIT;

	assert_int_equal(draft_lines(&d, &edit, &e), 0);
	assert_scopes(&edit.grant, grant);
	assert_scopes(&edit.revoke, revoke);
	draft_accept(&d, &edit, 0);
	edit_finish(&edit);
}

static void assert_whole(const char *grant, const char *revoke, bool exact)
{
	struct edit edit = EDIT_INIT;
	bool is_exact = !exact;

	assert_int_equal(draft_whole(&d, &edit, &is_exact, &e), 0);
	assert_scopes(&edit.grant, grant);
	assert_scopes(&edit.revoke, revoke);
	assert_int_equal(is_exact, exact);
	edit_finish(&edit);
}

/* What a whole file written in one piece asks for when it is closed, its complete lines done. */
static void closing_asks_for_what_the_mode_says(void **state)
{
	static const struct {
		enum draft_mode mode;
		const char *committed, *written, *now_grant, *now_revoke, *grant, *revoke;
		bool exact;
	} cases[] = {
		{DRAFT_REPLACE, "a\nb\n", "a\n", "a ", "", "a ", "", true},
		{DRAFT_REPLACE, "a\nb\n", "a\nc", "a ", "", "a c ", "", true},
		{DRAFT_REPLACE, "a\nb\n", "-b\n", "", "b ", "", "", false},
		{DRAFT_REPLACE, "a\nb\n", "-b", "", "", "", "b ", false},
		{DRAFT_REPLACE, "a\nb\n", "+c\nd", "c ", "", "d ", "", false},
		{DRAFT_REPLACE, "a\nb\n", "# nothing\n", "", "", "", "", true},
		{DRAFT_APPEND, "a\n", "b\n", "b ", "", "", "", false},
		{DRAFT_APPEND, "a\n", "b\n-a", "b ", "", "", "a ", false},
		{DRAFT_APPEND, "a\n", "b c", "", "", "b c ", "", false},
		{DRAFT_OVERWRITE, "a\nb\n", "c\n", "", "", "b c ", "", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		open_draft(cases[i].mode, cases[i].committed);
		assert_int_equal(put(0, cases[i].written), 0);
		assert_lines(cases[i].now_grant, cases[i].now_revoke);
		assert_whole(cases[i].grant, cases[i].revoke, cases[i].exact);
		draft_finish(&d);
	}
}

static void a_lone_sign_is_no_scope(void **state)
{
	struct edit edit = EDIT_INIT;
	bool exact;

	(void)state;
	open_draft(DRAFT_REPLACE, "");
	put(0, "- ");
	assert_int_equal(draft_whole(&d, &edit, &exact, &e), -EINVAL);
	edit_finish(&edit);
	draft_finish(&d);
}

static void lines_are_asked_for_when_complete_and_once(void **state)
{
	(void)state;
	open_draft(DRAFT_REPLACE, "x\n");
	put(0, "read_br");
	assert_lines("", "");
	put(7, "anch\ndelete");
	assert_lines("read_branch ", "");
	assert_lines("", "");
	put(18, "_branch\n-read_branch\n");
	assert_lines("delete_branch ", "read_branch ");
	assert_scopes(&d.confirmed, "delete_branch ");
	draft_finish(&d);
}

static void opening_alone_modifies_only_what_it_truncates(void **state)
{
	(void)state;
	open_draft(DRAFT_OVERWRITE, "a\n");
	assert_false(d.modified);
	assert_string_equal(buf_str(&d.text), "a\n");
	draft_finish(&d);
	open_draft(DRAFT_APPEND, "a\n");
	assert_false(d.modified);
	draft_finish(&d);
	open_draft(DRAFT_REPLACE, "a\n");
	assert_true(d.modified);
	assert_int_equal(d.written, 0);
	assert_int_equal(d.text.len, 0);
	assert_whole("", "", true);
	draft_finish(&d);
}

static void appending_ignores_the_offset(void **state)
{
	(void)state;
	open_draft(DRAFT_APPEND, "a\n");
	put(0, "b\n");
	put(1000, "c\n");
	assert_string_equal(buf_str(&d.text), "a\nb\nc\n");
	assert_lines("b c ", "");
	draft_finish(&d);
}

static void writing_out_of_order_is_judged_only_when_whole(void **state)
{
	(void)state;
	open_draft(DRAFT_REPLACE, "");
	put(2, "b\n");
	assert_int_equal(d.mode, DRAFT_OVERWRITE);
	assert_lines("", "");
	put(0, "a\n");
	assert_lines("", "");
	assert_whole("a b ", "", true);
	draft_finish(&d);
}

static void a_hole_is_no_permissions_file(void **state)
{
	struct edit edit = EDIT_INIT;
	bool exact;

	(void)state;
	open_draft(DRAFT_REPLACE, "");
	put(4, "a\n");
	assert_int_equal(draft_whole(&d, &edit, &exact, &e), -EINVAL);
	edit_finish(&edit);
	draft_finish(&d);
}

static void truncating_to_nothing_makes_a_replacement(void **state)
{
	static const enum draft_mode modes[] = {DRAFT_REPLACE, DRAFT_APPEND, DRAFT_OVERWRITE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		open_draft(modes[i], "a\nb\n");
		put(modes[i] == DRAFT_REPLACE ? 0 : 4, "c\n");
		assert_int_equal(draft_truncate(&d, 0, ++stamp, &e), 0);
		assert_int_equal(d.mode, DRAFT_REPLACE);
		assert_int_equal(d.written, stamp);
		put(0, "d\n");
		assert_lines("d ", "");
		assert_whole("d ", "", true);
		draft_finish(&d);
	}
}

static void truncating_in_the_middle_is_judged_only_when_whole(void **state)
{
	(void)state;
	open_draft(DRAFT_OVERWRITE, "a\nb\n");
	put(0, "c\n");
	assert_int_equal(draft_truncate(&d, 2, ++stamp, &e), 0);
	assert_lines("", "");
	assert_whole("c ", "", true);
	draft_finish(&d);
	open_draft(DRAFT_APPEND, "a\nb\n");
	assert_int_equal(draft_truncate(&d, 4, ++stamp, &e), 0);
	assert_int_equal(d.mode, DRAFT_APPEND); /* to its length: nothing was cut */
	assert_int_equal(draft_truncate(&d, 2, ++stamp, &e), 0);
	assert_whole("a ", "", true);
	draft_finish(&d);
}

static void a_draft_is_bounded_and_a_write_too_big_changes_nothing(void **state)
{
	static char large[DRAFT_MAX_BYTES + 1];

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	open_draft(DRAFT_OVERWRITE, "a\n");
	assert_int_equal(draft_write(&d, 0, large, DRAFT_MAX_BYTES + 1, 1, &e), -EFBIG);
	assert_int_equal(draft_write(&d, DRAFT_MAX_BYTES, large, 1, 1, &e), -EFBIG);
	assert_int_equal(draft_write(&d, UINT64_MAX, large, 1, 1, &e), -EFBIG);
	assert_int_equal(draft_truncate(&d, DRAFT_MAX_BYTES + 1, 1, &e), -EFBIG);
	assert_string_equal(buf_str(&d.text), "a\n");
	assert_false(d.modified);
	assert_int_equal(draft_write(&d, 0, large, DRAFT_MAX_BYTES, 1, &e), 0);
	draft_finish(&d);
	open_draft(DRAFT_APPEND, large);
	assert_int_equal(put(0, "b"), -EFBIG);
	draft_finish(&d);
}

static void a_refused_write_leaves_the_text_and_marks_the_draft(void **state)
{
	struct error first, second;

	(void)state;
	error_set(&first, EINVAL, "first");
	error_set(&second, EACCES, "second");
	open_draft(DRAFT_REPLACE, "");
	put(0, "a\n");
	assert_lines("a ", "");
	put(2, "bogus\n");
	draft_refuse(&d, 6, &first);
	assert_string_equal(buf_str(&d.text), "a\n");
	assert_int_equal(d.failed.err, EINVAL);
	put(2, "b\n");
	assert_int_equal(d.mode, DRAFT_REPLACE);
	assert_lines("b ", "");
	draft_refuse(&d, 100, &second);
	assert_int_equal(d.text.len, 0);
	assert_int_equal(d.judged, 0);
	assert_string_equal(d.failed.text, "first");
	draft_finish(&d);
}

static void an_impossible_word_is_refused_with_its_line(void **state)
{
	struct edit edit = EDIT_INIT;

	(void)state;
	open_draft(DRAFT_REPLACE, "");
	put(0, "a\nNO WAY\n");
	assert_int_equal(draft_lines(&d, &edit, &e), -EINVAL);
	assert_int_equal(edit.grant.n, 0);
	assert_non_null(strstr(e.text, "NO"));
	edit_finish(&edit);
	draft_finish(&d);
}

static void after_a_commit_only_what_comes_later_modifies(void **state)
{
	(void)state;
	open_draft(DRAFT_APPEND, "a\n");
	put(0, "b");
	d.closed = true;
	draft_committed(&d);
	assert_false(d.modified);
	put(0, "\nc\n");
	assert_true(d.modified);
	assert_false(d.closed);
	assert_int_equal(d.written, stamp);
	assert_whole("c ", "", false);
	draft_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_asks_for_what_the_mode_says),
		cmocka_unit_test(a_lone_sign_is_no_scope),
		cmocka_unit_test(lines_are_asked_for_when_complete_and_once),
		cmocka_unit_test(opening_alone_modifies_only_what_it_truncates),
		cmocka_unit_test(appending_ignores_the_offset),
		cmocka_unit_test(writing_out_of_order_is_judged_only_when_whole),
		cmocka_unit_test(a_hole_is_no_permissions_file),
		cmocka_unit_test(truncating_to_nothing_makes_a_replacement),
		cmocka_unit_test(truncating_in_the_middle_is_judged_only_when_whole),
		cmocka_unit_test(a_draft_is_bounded_and_a_write_too_big_changes_nothing),
		cmocka_unit_test(a_refused_write_leaves_the_text_and_marks_the_draft),
		cmocka_unit_test(an_impossible_word_is_refused_with_its_line),
		cmocka_unit_test(after_a_commit_only_what_comes_later_modifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
