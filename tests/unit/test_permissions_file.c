/* SPDX-License-Identifier: MIT */
/* permissions_file: one text a file, whatever number of handles write it. */
#include "permissions_fixture.h"

#include "base/buf.h"

static void lines_are_asked_for_when_complete_and_once(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "x\n", true);
	put(w, 0, "read_br");
	assert_lines(w, "", "");
	put(w, 7, "anch\ndelete");
	assert_lines(w, "read_branch ", "");
	assert_lines(w, "", "");
	put(w, 18, "_branch\n-read_branch\n");
	assert_lines(w, "delete_branch ", "read_branch ");
	assert_scopes(&w->confirmed, "delete_branch ");
	release(w);
	finish();
}

static void opening_alone_changes_only_what_it_truncates(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\n", false);
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	assert_string_equal(buf_str(&w->text->text), "a\n");
	release(w);
	assert_null(f->text);
	w = open_as(SHELL, "a\n", true);
	assert_int_equal(w->text->text.len, 0);
	/* A shell sets up its redirection: that close says nothing yet. */
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	release(w);
	assert_int_equal(permissions_due(f), CLOSING_WHOLE);
	assert_commit(NULL, CLOSING_WHOLE, "", "", "");
	assert_null(f->text);
	finish();
}

static void an_unterminated_line_that_grows_is_another_word(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\n", false);
	put(w, APPEND, "delete_branch");
	assert_int_equal(permissions_fsync(w), CLOSING_LINE);
	assert_commit(w, CLOSING_LINE, "delete_branch ", "", NULL);
	assert_int_equal(permissions_fsync(w), CLOSING_NOTHING);
	put(w, APPEND, "_password\n");
	assert_lines(w, "delete_branch_password ", "delete_branch ");
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	release(w);
	finish();
}

/* What comes after the lines that count now does not: a half line may say yet otherwise. */
static void a_last_line_is_outgrown_by_complete_lines_only(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "", false);
	put(w, APPEND, "a, ");
	assert_int_equal(close_as(w, SHELL), CLOSING_LINE);
	assert_commit(w, CLOSING_LINE, "a ", "", NULL);
	put(w, APPEND, "b\n-a");
	assert_lines(w, "a b ", "");
	release(w);
	finish();
}

/* Overwritten, it is not outgrown: the text is an edit, and what it leaves out stays. */
static void a_last_line_that_is_overwritten_is_not_outgrown(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "", true);
	struct permissions_writer *inside = open_as(CAT, "", false);
	struct permissions_writer *other = open_as(CAT, "", false);
	put(w, 0, "a");
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "a ", "", "a ");
	put(inside, 0, "+b\n");
	put(other, APPEND, "c");
	assert_int_equal(close_as(inside, CAT), CLOSING_WHOLE);
	assert_commit(inside, CLOSING_WHOLE, "b ", "", NULL);
	assert_int_equal(close_as(other, CAT), CLOSING_LINE);
	assert_commit(other, CLOSING_LINE, "c ", "", NULL);
	release(w);
	release(inside);
	release(other);
	finish();
}

static void what_a_write_has_had_confirmed_is_not_granted_again(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "", true);
	put(w, 0, "a\nb\n");
	assert_lines(w, "a b ", "");
	struct permissions_writer *other = open_as(CAT, "a\nb\n", false);
	put(other, APPEND, "-a\n");
	assert_lines(other, "", "a ");
	assert_int_equal(close_as(other, CAT), CLOSING_NOTHING);
	release(other);
	/* A text with a sign is an edit. */
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "", "", NULL);
	release(w);
	finish();
}

static void two_handles_make_no_word_of_two_halves(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "", true);
	struct permissions_writer *other = open_as(CAT, "", false);
	put(w, 0, "delete_branch");
	assert_int_equal(put_as(other, CAT, APPEND, "_password\n"), -EAGAIN);
	put(w, 13, "\n");
	assert_lines(w, "delete_branch ", "");
	put(other, APPEND, "read_branch\n");
	assert_lines(other, "read_branch ", "");
	close_as(other, CAT);
	release(other);
	release(w);
	finish();
}

/* Two handles truncated; each writes from its beginning. Both are told the truth. */
static void lines_over_another_handles_text_count_as_they_come(void **state)
{
	struct error why;

	(void)state;
	setup();
	error_set(&why, EINVAL, "no");
	struct permissions_writer *first = open_as(SHELL, "a\n", true);
	struct permissions_writer *second = open_as(CAT, "a\n", true);
	put(second, 0, "bb\ncc\n");
	assert_lines(second, "bb cc ", "");
	put(first, 0, "dd\n");
	assert_lines(first, "dd ", "");
	/* Refused, the text is as it was. */
	put(first, 3, "ee\n");
	permissions_refuse_write(first, &why);
	assert_string_equal(buf_str(&first->text->text), "dd\ncc\n");
	assert_int_equal(close_as(second, CAT), CLOSING_SPOILED);
	assert_int_equal(close_as(first, SHELL), CLOSING_REFUSED);
	release(first);
	release(second);
	finish();
}

static void appending_ignores_the_offset(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\n", false);
	put(w, APPEND, "b\n");
	assert_lines(w, "b ", "");
	put(w, APPEND, "c\n");
	assert_lines(w, "c ", "");
	assert_string_equal(buf_str(&w->text->text), "a\nb\nc\n");
	release(w);
	finish();
}

/* While one process overwrites, what another appends counts at once, if it is lines of its own. */
static void a_line_appended_to_an_overwritten_text_counts(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\nb\n", false);
	put(w, 0, "c");
	assert_lines(w, "", "");
	struct permissions_writer *other = open_as(CAT, "a\nb\n", false);
	put(other, APPEND, "d\n");
	assert_lines(other, "d ", "");
	assert_int_equal(close_as(other, CAT), CLOSING_NOTHING);
	release(other);
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "b c ", "", "b c d ");
	release(w);
	finish();
}

static void a_hole_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\n", false);
	assert_int_equal(put_as(w, SHELL, 4, "b\n"), -EINVAL);
	assert_int_equal(permissions_truncate(w, 3, w->opener, ++stamp, &e), -EINVAL);
	assert_string_equal(buf_str(&w->text->text), "a\n");
	assert_false(w->changed);
	release(w);
	finish();
}

static void truncating_to_nothing_begins_anew(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\nb\n", false);
	struct permissions_writer *other = open_as(CAT, "a\nb\n", false);
	put(other, 0, "c\n");
	assert_int_equal(permissions_truncate(w, 0, w->opener, ++stamp, &e), 0);
	assert_int_equal(w->text->state, TEXT_REPLACED);
	put(w, 0, "d\n");
	assert_lines(w, "d ", "");
	assert_int_equal(close_as(other, CAT), CLOSING_NOTHING); /* it was undone */
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "", "", "d ");
	release(w);
	release(other);
	assert_null(f->text);
	finish();
}

static void truncating_in_the_middle_is_judged_as_a_whole(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *w = open_as(SHELL, "a\nb\n", false);
	assert_int_equal(permissions_truncate(w, 4, w->opener, ++stamp, &e), 0);
	assert_int_equal(w->text->state, TEXT_EXTENDED); /* to its length: nothing was cut */
	assert_int_equal(permissions_truncate(w, 2, w->opener, ++stamp, &e), 0);
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "a ", "", "a ");
	assert_int_equal(w->text->state, TEXT_EXTENDED);
	release(w);
	finish();
}

static void a_text_is_bounded_and_a_write_too_big_changes_nothing(void **state)
{
	struct buf large = BUF_INIT;

	(void)state;
	setup();
	buf_resize(&large, PERMISSIONS_MAX_BYTES);
	memset(large.data, 'a', large.len);
	struct permissions_writer *w = open_as(SHELL, "a\n", false);
	assert_int_equal(permissions_write(w, 1, false, &large, SHELL, 1, &e), -EFBIG);
	assert_int_equal(permissions_write(w, 0, true, &large, SHELL, 1, &e), -EFBIG);
	assert_int_equal(permissions_write(w, UINT64_MAX, false, &large, SHELL, 1, &e), -EFBIG);
	assert_int_equal(permissions_truncate(w, PERMISSIONS_MAX_BYTES + 1, SHELL, 1, &e), -EFBIG);
	assert_string_equal(buf_str(&w->text->text), "a\n");
	assert_false(w->changed);
	assert_int_equal(permissions_write(w, 0, false, &large, SHELL, 1, &e), 0);
	release(w);
	buf_finish(&large);
	finish();
}

static void a_refused_write_leaves_the_text_and_revokes_nothing(void **state)
{
	struct error first;

	(void)state;
	setup();
	error_set(&first, EINVAL, "first");
	struct permissions_writer *w = open_as(SHELL, "x\n", true);
	struct permissions_writer *other = open_as(CAT, "x\n", false);
	put(w, 0, "a\n");
	assert_lines(w, "a ", "");
	put(w, 2, "bogus\n");
	permissions_refuse_write(w, &first);
	assert_string_equal(buf_str(&w->text->text), "a\n");
	put(w, 2, "b\n");
	assert_lines(w, "b ", "");
	/* Another handle that only added is not concerned. */
	put(other, APPEND, "c\n");
	assert_lines(other, "c ", "");
	assert_int_equal(close_as(other, CAT), CLOSING_NOTHING);
	/* One that overwrites is. */
	put(other, 0, "d");
	assert_int_equal(close_as(other, CAT), CLOSING_SPOILED);
	assert_int_equal(close_as(w, SHELL), CLOSING_REFUSED);
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	release(w);
	assert_int_equal(permissions_due(f), CLOSING_NOTHING);
	/* Truncated to nothing, it is another text. */
	assert_int_equal(permissions_truncate(other, 0, other->opener, ++stamp, &e), 0);
	assert_int_equal(close_as(other, CAT), CLOSING_WHOLE);
	release(other);
	finish();
}

/* Nor does the handle answer for what it was refused before that. */
static void a_text_begun_anew_answers_for_nothing_before(void **state)
{
	struct error refused;

	(void)state;
	setup();
	error_set(&refused, EFBIG, "refused");
	struct permissions_writer *w = open_as(SHELL, "", false);
	permissions_refuse(w, &refused);
	assert_int_equal(permissions_truncate(w, 0, w->opener, ++stamp, &e), 0);
	put(w, 0, "a");
	assert_int_equal(permissions_fsync(w), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "a ", "", "a ");
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	release(w);
	finish();
}

/* The last line was counted when its handle was closed or synced: a refused write does not make it
 * count once more, nor is it half a line if its writer is killed. */
static void a_refused_write_leaves_the_last_line_counted(void **state)
{
	struct error refused;

	(void)state;
	setup();
	error_set(&refused, EINVAL, "refused");
	struct permissions_writer *w = open_as(SHELL, "", true);
	struct permissions_writer *other = open_as(CAT, "", false);
	put(w, 0, "a");
	assert_int_equal(permissions_fsync(w), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "a ", "", "a ");
	put(other, APPEND, "b\n");
	permissions_refuse_write(other, &refused);
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	permissions_killed(w, SHELL);
	assert_string_equal(buf_str(&w->text->text), "a");
	release(w);
	release(other);
	finish();
}

/* A refused write that did not reach the end leaves the end to the handle that wrote it. */
static void a_refused_write_in_place_leaves_half_a_line_protected(void **state)
{
	struct error refused;

	(void)state;
	setup();
	error_set(&refused, EINVAL, "refused");
	struct permissions_writer *w = open_as(SHELL, "", true);
	struct permissions_writer *other = open_as(CAT, "", false);
	put(w, 0, "a\nhalf_a_li");
	assert_lines(w, "a ", "");
	put(w, 0, "%\n");
	permissions_refuse_write(w, &refused);
	assert_int_equal(put_as(other, CAT, APPEND, "b\n"), -EAGAIN);
	release(w);
	release(other);
	finish();
}

static void a_removed_file_takes_no_writes(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *old = open_as(SHELL, "x\n", true);
	permissions_detach(f);
	assert_int_equal(put_as(old, SHELL, 0, "a\n"), -ESTALE);
	assert_int_equal(permissions_truncate(old, 0, old->opener, ++stamp, &e), -ESTALE);
	struct permissions_writer *made = open_as(CAT, "", true);
	put(made, 0, "b\n");
	assert_lines(made, "b ", "");
	assert_int_equal(close_as(old, SHELL), CLOSING_NOTHING);
	release(old);
	assert_ptr_equal(f->text, made->text);
	release(made);
	finish();
}

static void a_handle_of_what_was_renamed_here_goes_on(void **state)
{
	struct scopes granted = SCOPES_INIT;
	struct buf text = BUF_INIT;

	(void)state;
	setup();
	buf_adds(&text, "a\n");
	scopes_add(&granted, "a");
	struct permissions_writer *w = permissions_adopt(f, &text, &granted, SHELL);
	assert_int_equal(close_as(w, SHELL), CLOSING_NOTHING);
	put(w, 2, "b\n");
	assert_lines(w, "b ", "");
	put(w, 0, "c");
	assert_int_equal(close_as(w, SHELL), CLOSING_WHOLE);
	assert_commit(w, CLOSING_WHOLE, "c ", "", "b c ");
	release(w);
	scopes_finish(&granted);
	buf_finish(&text);
	finish();
}

static void a_removal_is_seen_by_the_process_that_removed(void **state)
{
	(void)state;
	setup();
	assert_false(permissions_removed(NULL, getpid()));
	assert_false(permissions_removed(f, getpid()));
	permissions_remember_removal(f, getpid(), false);
	assert_true(permissions_removed(f, getpid()));
	assert_false(permissions_removed(f, getppid())); /* and with that look it is there again */
	assert_false(permissions_removed(f, getpid()));
	/* Moved aside, made anew in vain: removing that takes nothing away. */
	permissions_remember_removal(f, getpid(), true);
	permissions_made_again(f);
	assert_false(permissions_undoes_failed_save(f, getpid()));
	permissions_save_failed(f, getpid());
	assert_true(permissions_undoes_failed_save(f, getpid()));
	assert_false(permissions_undoes_failed_save(f, getppid()));
	permissions_drop_removal(f);
	assert_false(permissions_undoes_failed_save(f, getpid()));
	finish();
}

static void what_is_remembered_is_bounded(void **state)
{
	struct error why;
	char id[16];

	(void)state;
	permissions_files_init(&files);
	error_set(&why, EACCES, "no");
	for (int i = 0; i < PERMISSIONS_REMEMBERED_MAX + 10; i++) {
		snprintf(id, sizeof(id), "t%d", i);
		const struct inode_key p = {.target.token_id = id};
		f = permissions_at(&files, &p);
		if (i % 2 == 0)
			permissions_keep_failure(f, &why, REPORTED_BY_CLOSE);
		else
			permissions_at(&files, &p);
	}
	assert_true(files.n <= PERMISSIONS_REMEMBERED_MAX + 1);
	assert_non_null(permissions_known(&files, &(struct inode_key){.target.token_id = "t0"}));
	assert_null(permissions_known(&files, &(struct inode_key){.target.token_id = "t1"}));
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_asked_for_when_complete_and_once),
		cmocka_unit_test(opening_alone_changes_only_what_it_truncates),
		cmocka_unit_test(an_unterminated_line_that_grows_is_another_word),
		cmocka_unit_test(a_last_line_is_outgrown_by_complete_lines_only),
		cmocka_unit_test(a_last_line_that_is_overwritten_is_not_outgrown),
		cmocka_unit_test(what_a_write_has_had_confirmed_is_not_granted_again),
		cmocka_unit_test(two_handles_make_no_word_of_two_halves),
		cmocka_unit_test(lines_over_another_handles_text_count_as_they_come),
		cmocka_unit_test(appending_ignores_the_offset),
		cmocka_unit_test(a_line_appended_to_an_overwritten_text_counts),
		cmocka_unit_test(a_hole_is_refused_and_changes_nothing),
		cmocka_unit_test(truncating_to_nothing_begins_anew),
		cmocka_unit_test(truncating_in_the_middle_is_judged_as_a_whole),
		cmocka_unit_test(a_text_is_bounded_and_a_write_too_big_changes_nothing),
		cmocka_unit_test(a_refused_write_leaves_the_text_and_revokes_nothing),
		cmocka_unit_test(a_text_begun_anew_answers_for_nothing_before),
		cmocka_unit_test(a_refused_write_leaves_the_last_line_counted),
		cmocka_unit_test(a_refused_write_in_place_leaves_half_a_line_protected),
		cmocka_unit_test(a_removed_file_takes_no_writes),
		cmocka_unit_test(a_handle_of_what_was_renamed_here_goes_on),
		cmocka_unit_test(a_removal_is_seen_by_the_process_that_removed),
		cmocka_unit_test(what_is_remembered_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
