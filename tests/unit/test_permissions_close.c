/* SPDX-License-Identifier: MIT */
/* permissions_file: what closing a handle asks for. */
#include "permissions_fixture.h"

#include "base/buf.h"
#include "base/macros.h"

/* What a whole file written in one piece asks for when it is closed, its complete lines done. */
static void closing_asks_for_what_the_text_says(void **state)
{
	static const struct {
		bool truncate;
		int64_t offset;
		const char *granted, *written, *now_grant, *now_revoke;
		enum closing what;
		const char *grant, *revoke, *keep;
	} cases[] = {
		{true, 0, "a\nb\n", "a\n", "a ", "", CLOSING_WHOLE, "", "", "a "},
		{true, 0, "a\nb\n", "a\nc", "a ", "", CLOSING_WHOLE, "c ", "", "a c "},
		{true, 0, "a\nb\n", "-b\n", "", "b ", CLOSING_WHOLE, "", "", NULL},
		{true, 0, "a\nb\n", "-b", "", "", CLOSING_WHOLE, "", "b ", NULL},
		{true, 0, "a\nb\n", "+c\nd", "c ", "", CLOSING_WHOLE, "d ", "", NULL},
		{true, 0, "a\nb\n", "# nothing\n", "", "", CLOSING_WHOLE, "", "", ""},
		{false, APPEND, "a\n", "b\n", "b ", "", CLOSING_NOTHING, "", "", NULL},
		{false, APPEND, "a\n", "b\n-a", "b ", "", CLOSING_LINE, "", "a ", NULL},
		{false, APPEND, "a\n", "b c", "", "", CLOSING_LINE, "b c ", "", NULL},
		{false, 0, "a\nb\n", "c\n", "", "", CLOSING_WHOLE, "b c ", "", "b c "},
		{false, 4, "a\nb\n", "c\n", "c ", "", CLOSING_NOTHING, "", "", NULL},
		{false, 0, "", "c\n", "c ", "", CLOSING_NOTHING, "", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setup();
		struct permissions_writer *w = open_as(SHELL, cases[i].granted, cases[i].truncate);
		put(w, cases[i].offset, cases[i].written);
		assert_lines(w, cases[i].now_grant, cases[i].now_revoke);
		assert_int_equal(close_as(w, SHELL), cases[i].what);
		if (cases[i].what != CLOSING_NOTHING)
			assert_commit(w, cases[i].what, cases[i].grant, cases[i].revoke,
				      cases[i].keep);
		assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
		release(w);
		assert_null(f->text);
		finish();
	}
}

static void a_lone_sign_is_no_scope(void **state)
{
	struct permissions_demand d;

	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "", true);
	put(w, 0, "- ");
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_int_equal(permissions_commit(w->text, w, CLOSING_WHOLE, &d, &e), -EINVAL);
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	release(w);
	finish();
}

/* exec 3> f; echo a > f; exec 3>&- */
static void a_handle_that_wrote_nothing_since_undoes_nothing(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *first = open_as(SHELL, "a\nb\n", true);
	close_as(first, SHELL);
	struct permissions_writer *second = open_as(SHELL, "a\nb\n", true);
	close_as(second, SHELL);
	put(second, 0, "a\n");
	assert_lines(second, "a ", "");
	assert_int_equal(close_as(second, SHELL), CLOSING_WHOLE);
	assert_commit(second, CLOSING_WHOLE, "", "", "a ");
	release(second);
	assert_int_equal(close_as(first, SHELL), CLOSING_NOTHING);
	release(first);
	assert_null(f->text);
	finish();
}

/* exec 3> f; cat new >> f; exec 3>&- */
static void another_writers_close_takes_nothing_away(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *first = open_as(SHELL, "a\nb\n", true);
	close_as(first, SHELL);
	struct permissions_writer *second = open_as(CAT, "a\nb\n", false);
	put(second, APPEND, "c\nd");
	assert_lines(second, "c ", "");
	assert_int_equal(close_as(second, CAT), CLOSING_LINE);
	assert_commit(second, CLOSING_LINE, "d ", "", NULL);
	release(second);
	assert_int_equal(permissions_due(f), CLOSING_NOTHING);
	close_as(first, SHELL);
	release(first);
	assert_int_equal(permissions_due(f), CLOSING_WHOLE);
	assert_commit(NULL, CLOSING_WHOLE, "", "", "c d ");
	assert_null(f->text);
	finish();
}

/* cat new > f 2> f: the second truncation is the one that counts, the first handle writes. */
static void what_is_left_out_waits_for_the_handle_that_truncated(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *out = open_as(CAT, "a\nb\n", true);
	struct permissions_writer *err = open_as(CAT, "a\nb\n", true);
	put(out, 0, "a\n");
	assert_lines(out, "a ", "");
	assert_int_equal(close_as(out, CAT), CLOSING_NOTHING);
	release(out);
	/* It wrote nothing through this handle, but its process did since: no redirection is being
	 * set up. */
	assert_int_equal(close_as(err, CAT), CLOSING_WHOLE);
	assert_commit(err, CLOSING_WHOLE, "", "", "a ");
	release(err);
	finish();
}

static void the_whole_waits_until_nobody_owes_its_close(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *first = open_as(SHELL, "a\nb\n", false);
	struct permissions_writer *second = open_as(CAT, "a\nb\n", false);
	put(first, 0, "c");
	put(second, 2, "d");
	assert_lines(second, "", "");
	assert_int_equal(close_as(first, SHELL), CLOSING_NOTHING);
	release(first);
	assert_int_equal(permissions_due(f), CLOSING_NOTHING);
	assert_int_equal(close_as(second, CAT), CLOSING_WHOLE);
	assert_commit(second, CLOSING_WHOLE, "c d ", "", "c d ");
	release(second);
	assert_null(f->text);
	finish();
}

/* A commit is under way when the last handle goes: the text stays for what is due. */
static void what_is_due_waits_for_a_commit_under_way(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\n", true);
	close_as(w, SHELL);
	f->committing = 1;
	release(w);
	assert_int_equal(permissions_due(f), CLOSING_NOTHING);
	f->committing = 0;
	assert_int_equal(permissions_due(f), CLOSING_WHOLE);
	assert_commit(NULL, CLOSING_WHOLE, "", "", "");
	assert_null(f->text);
	finish();
}

static void a_child_of_the_opener_commits_nothing(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\n", true);
	assert_int_equal(put_as(w, CAT, 0, "b"), 0);
	assert_int_equal(close_as(w, CAT), CLOSING_NOTHING);
	assert_int_equal(put_as(w, CAT, 1, "c\n"), 0);
	assert_lines(w, "bc ", "");
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "", "", "bc ");
	/* A child that outlives the opener: its close is the last. */
	assert_int_equal(put_as(w, CAT, 3, "d"), 0);
	assert_int_equal(close_as(w, CAT), CLOSING_NOTHING);
	release(w);
	assert_int_equal(permissions_due(f), CLOSING_LINE);
	finish();
}

static void an_instruction_is_obeyed_once(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\nb\n", false);
	struct permissions_writer *other = open_as(CAT, "a\nb\n", false);
	put(other, APPEND, "-a\n+c\n");
	assert_lines(other, "c ", "a ");
	put(w, 0, "d");
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "b d ", "", NULL);
	release(w);
	release(other);
	finish();
}

/* A handle was closed well, its text truncated away by another, and that one was killed: what the
 * first was to revoke is not, and fsync says so. */
static void a_truncated_text_that_is_spoiled_fails_the_next_fsync(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\nb\n", true);
	put(w, 0, "a\n");
	assert_lines(w, "a ", "");
	struct permissions_writer *other = open_as(CAT, "a\nb\n", true);
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	release(w);
	assert_null(f->failure);
	permissions_killed(other, CAT);
	assert_int_equal(f->failure->err, ECANCELED);
	release(other);
	permissions_drop_failure(f);
	finish();
}

/* What a commit has taken away is granted again when a later text names it. */
static void a_word_that_was_revoked_counts_again(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "", false);
	put(w, 0, "a\nb\n");
	assert_lines(w, "a b ", "");
	assert_int_equal(permissions_truncate(w, 2, w->opener, ++stamp, &e), 0);
	assert_int_equal(permissions_fsync(w), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "", "", "a ");
	put(w, 0, "b\n");
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "b ", "", "b ");
	release(w);
	w = open_as(SHELL, "", true);
	put(w, 0, "a\n");
	assert_lines(w, "a ", "");
	put(w, 2, "-a");
	assert_int_equal(permissions_fsync(w), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "", "a ", NULL);
	assert_int_equal(permissions_truncate(w, 2, w->opener, ++stamp, &e), 0);
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "a ", "", "a ");
	release(w);
	finish();
}

/* A handle that was refused something owes nothing any more when it is gone. */
static void a_refused_handle_holds_nothing_back(void **state)
{
	struct error why;

	(void)state;
	setup();
	error_set(&why, EINVAL, "no");
	struct permissions_writer *first = open_as(SHELL, "a\nb\n", false);
	struct permissions_writer *second = open_as(CAT, "a\nb\n", false);
	permissions_refuse(first, &why);
	put(first, 0, "c");
	put(second, 2, "d");
	assert_int_equal(close_as(second, CAT), CLOSING_NOTHING);
	release(second);
	assert_int_equal(close_as(first, SHELL), CLOSING_REFUSED);
	permissions_release(first);
	assert_int_equal(permissions_due(f), CLOSING_WHOLE);
	permissions_leave(first);
	assert_commit(NULL, CLOSING_WHOLE, "c d ", "", "c d ");
	assert_null(f->text);
	finish();
}

/* open(O_TRUNC), fsync(2): only an answer to a later request confirms that. */
static void truncation_is_a_change_of_its_time(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\n", true);
	assert_int_equal(w->text->written, stamp);
	assert_int_equal(permissions_fsync(w), CLOSING_WHOLE);
	close_as(w, SHELL);
	release(w);
	finish();
}

static void a_killed_writers_text_does_not_count(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "x\n", true);
	assert_int_equal(put_as(w, CAT, 0, "a\nread_br"), 0);
	assert_lines(w, "a ", "");
	permissions_killed(w, 300); /* had it open only */
	assert_int_equal(w->text->spoiled.err, 0);
	permissions_killed(w, CAT);
	assert_string_equal(buf_str(&w->text->text), "a\n");
	assert_int_equal(close_as(w, SHELL), CLOSING_SPOILED);
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	release(w);
	assert_null(f->text);
	finish();
}

/* Half a line that was appended by a killed writer is no line. */
static void a_killed_appender_grants_no_half_word(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "x\n", false);
	assert_int_equal(put_as(w, CAT, APPEND, "read_br"), 0);
	permissions_killed(w, CAT);
	assert_int_equal(close_as(w, SHELL), CLOSING_SPOILED);
	release(w);
	assert_null(f->text);
	finish();
}

/* A child that has truncated it through its parent's handle is a writer, too. */
static void a_killed_child_that_truncated_revokes_nothing(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "x\n", false);
	assert_int_equal(permissions_truncate(w, 0, CAT, ++stamp, &e), 0);
	permissions_killed(w, CAT);
	assert_int_equal(close_as(w, SHELL), CLOSING_SPOILED);
	release(w);
	assert_null(f->text);
	finish();
}

/* Nor is it if its writer had been answered for a refused line before it was killed. */
static void half_a_line_before_a_refused_one_goes_with_its_killed_writer(void **state)
{
	struct error refused;

	(void)state;
	setup();
	error_set(&refused, EINVAL, "refused");
	for (int truncate = 0; truncate < 2; truncate++) {
		struct permissions_writer *w = open_as(SHELL, "x\n", truncate);
		struct permissions_writer *other = open_as(CAT, "x\n", false);
		put(w, APPEND, "read_branch");
		put(w, APPEND, "create_branch\n");
		permissions_refuse_write(w, &refused);
		assert_int_equal(permissions_fsync(w), CLOSING_REFUSED);
		permissions_killed(w, SHELL);
		assert_string_equal(buf_str(&w->text->text), truncate ? "" : "x\n");
		put(other, APPEND, "write_a\n");
		assert_lines(other, "write_a ", "");
		release(w);
		release(other);
		assert_null(f->text);
	}
	finish();
}

/* Not what is being judged at that moment: it is confirmed later, and what follows begins behind it. */
static void a_kill_during_a_write_leaves_its_lines(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "x\n", false);
	struct edit asked = EDIT_INIT;
	assert_int_equal(put_as(w, CAT, APPEND, "read_branch\nhal"), 0);
	assert_int_equal(permissions_lines(w, &asked, &e), 0);
	permissions_killed(w, CAT);
	assert_string_equal(buf_str(&w->text->text), "x\nread_branch\n");
	permissions_accept(w, &asked, 0);
	edit_finish(&asked);
	put(w, APPEND, "# not now: delete_branch\n");
	assert_lines(w, "", "");
	put(w, APPEND, "write_a\n");
	assert_lines(w, "write_a ", "");
	release(w);
	assert_null(f->text);
	finish();
}

/* If that write is refused, the half line that it ended goes as well. */
static void a_kill_during_a_refused_write_grants_no_half_word(void **state)
{
	struct error why;

	(void)state;
	setup();
	error_set(&why, EINVAL, "no");
	struct permissions_writer *w = open_as(SHELL, "x\n", false);
	assert_int_equal(put_as(w, CAT, APPEND, "hal"), 0);
	assert_int_equal(put_as(w, CAT, APPEND, "f\n"), 0);
	permissions_killed(w, CAT);
	permissions_refuse_write(w, &why);
	assert_string_equal(buf_str(&w->text->text), "x\n");
	release(w);
	assert_null(f->text);
	finish();
}

/* The other's half text revokes nothing, but this line was written by a program that has closed it. */
static void a_line_beside_a_killed_writer_is_granted(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *killed = open_as(CAT, "x\n", true);
	struct permissions_writer *w = open_as(SHELL, "x\n", false);
	put(w, APPEND, "read_branch");
	assert_int_equal(close_as(w, 300), CLOSING_NOTHING); /* by a child, which had it, too */
	release(killed);
	assert_int_equal(w->text->spoiled.err, ECANCELED);
	release(w);
	assert_int_equal(permissions_due(f), CLOSING_LINE);
	assert_commit(NULL, CLOSING_LINE, "read_branch ", "", NULL);
	assert_null(f->text);
	finish();
}

static void a_handle_that_nobody_closed_was_its_writers_end(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "x\n", true);
	put(w, 0, "a");
	release(w);
	assert_null(f->text);
	finish();
}

static void a_failure_is_kept_for_the_next_fsync(void **state)
{
	struct error why;

	(void)state;
	setup();
	error_set(&why, EACCES, "no");
	permissions_keep_failure(f, &why, REPORTED_BY_WRITE);
	assert_int_equal(f->failure->err, EACCES);
	permissions_begin(f); /* a new text: what its writer heard is no news */
	assert_null(f->failure);
	permissions_keep_failure(f, &why, REPORTED_BY_CLOSE);
	permissions_begin(f);
	assert_non_null(f->failure);
	permissions_drop_failure(f);
	assert_null(f->failure);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_asks_for_what_the_text_says),
		cmocka_unit_test(a_lone_sign_is_no_scope),
		cmocka_unit_test(a_handle_that_wrote_nothing_since_undoes_nothing),
		cmocka_unit_test(another_writers_close_takes_nothing_away),
		cmocka_unit_test(what_is_left_out_waits_for_the_handle_that_truncated),
		cmocka_unit_test(the_whole_waits_until_nobody_owes_its_close),
		cmocka_unit_test(what_is_due_waits_for_a_commit_under_way),
		cmocka_unit_test(a_child_of_the_opener_commits_nothing),
		cmocka_unit_test(an_instruction_is_obeyed_once),
		cmocka_unit_test(a_truncated_text_that_is_spoiled_fails_the_next_fsync),
		cmocka_unit_test(a_word_that_was_revoked_counts_again),
		cmocka_unit_test(a_refused_handle_holds_nothing_back),
		cmocka_unit_test(truncation_is_a_change_of_its_time),
		cmocka_unit_test(a_killed_writers_text_does_not_count),
		cmocka_unit_test(a_killed_appender_grants_no_half_word),
		cmocka_unit_test(a_killed_child_that_truncated_revokes_nothing),
		cmocka_unit_test(half_a_line_before_a_refused_one_goes_with_its_killed_writer),
		cmocka_unit_test(a_kill_during_a_write_leaves_its_lines),
		cmocka_unit_test(a_kill_during_a_refused_write_grants_no_half_word),
		cmocka_unit_test(a_line_beside_a_killed_writer_is_granted),
		cmocka_unit_test(a_handle_that_nobody_closed_was_its_writers_end),
		cmocka_unit_test(a_failure_is_kept_for_the_next_fsync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
