/* permissions_file: one text a file, whatever number of handles write it, and what their closing
 * asks for. */
#include "unit.h"

#include <unistd.h>

#include "permissions_file.h"

#define SHELL 100 /* thread groups */
#define CAT   200

static struct permissions_files files;
static struct permissions_file *f;
static struct error e;
static uint64_t stamp;

static void setup(void)
{
	const struct place p = {.token_id = "t1", .database_id = "d1"};

	permissions_files_init(&files);
	f = permissions_at(&files, &p);
}

static struct permissions_writer *open_as(pid_t opener, const char *granted, bool truncate)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, granted);
	struct permissions_writer *w = permissions_open(f, &text, truncate, opener, ++stamp);
	buf_finish(&text);
	return w;
}

enum { APPEND = -1 };

static int put_as(struct permissions_writer *w, pid_t tgid, int64_t offset, const char *text)
{
	struct buf data = BUF_INIT;

	buf_adds(&data, text);
	int r = permissions_write(w, offset == APPEND ? 12345 : (uint64_t)offset, offset == APPEND,
				  &data, tgid, ++stamp, &e);
	buf_finish(&data);
	return r;
}

static void put(struct permissions_writer *w, int64_t offset, const char *text)
{
	assert_int_equal(put_as(w, w->opener, offset, text), 0);
}

static void assert_scopes(const struct scopes *s, const char *expected)
{
	struct buf text = BUF_INIT;

	scopes_print(s, ' ', &text);
	assert_string_equal(buf_str(&text), expected);
	buf_finish(&text);
}

/* What the complete lines of the last write ask for; they are accepted. */
static void assert_lines(struct permissions_writer *w, const char *grant, const char *revoke)
{
	struct edit edit = EDIT_INIT;

	assert_int_equal(permissions_lines(w, &edit, &e), 0);
	assert_scopes(&edit.grant, grant);
	assert_scopes(&edit.revoke, revoke);
	permissions_accept(w, &edit, 0);
	edit_finish(&edit);
}

/* Commit what `what` says. `keep` NULL: it is not exact. */
static void assert_commit(struct permissions_writer *w, enum closing what, const char *grant,
			  const char *revoke, const char *keep)
{
	struct permissions_text *t = w != NULL ? w->text : f->text;
	struct permissions_demand d;

	text_hold(t);
	assert_int_equal(permissions_commit(t, w, what, &d, &e), 0);
	assert_scopes(&d.edit.grant, grant);
	assert_scopes(&d.edit.revoke, revoke);
	assert_int_equal(d.exact, keep != NULL);
	if (keep != NULL)
		assert_scopes(&d.keep, keep);
	permissions_confirm(t, w, &d.edit.grant, 0);
	permissions_demand_finish(&d);
	text_release(t);
}

static enum closing close_as(struct permissions_writer *w, pid_t tgid)
{
	enum closing what = permissions_flush(w, tgid);

	permissions_closed(w);
	return what;
}

static void release(struct permissions_writer *w)
{
	permissions_release(w);
	permissions_leave(w);
}

static void finish(void)
{
	permissions_files_finish(&files);
}

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
		struct permissions_writer *w =
			open_as(SHELL, cases[i].granted, cases[i].truncate);
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
	assert_int_equal(permissions_truncate(w, 2, ++stamp, &e), 0);
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
	assert_int_equal(permissions_truncate(w, 2, ++stamp, &e), 0);
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
	assert_int_equal(permissions_truncate(w, 3, ++stamp, &e), -EINVAL);
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
	assert_int_equal(permissions_truncate(w, 0, ++stamp, &e), 0);
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
	assert_int_equal(permissions_truncate(w, 4, ++stamp, &e), 0);
	assert_int_equal(w->text->state, TEXT_EXTENDED); /* to its length: nothing was cut */
	assert_int_equal(permissions_truncate(w, 2, ++stamp, &e), 0);
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
	assert_int_equal(permissions_truncate(w, PERMISSIONS_MAX_BYTES + 1, 1, &e), -EFBIG);
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
	assert_int_equal(permissions_truncate(other, 0, ++stamp, &e), 0);
	assert_int_equal(close_as(other, CAT), CLOSING_WHOLE);
	release(other);
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

static void a_removed_file_takes_no_writes(void **state)
{
	(void)state;
	setup();
	struct permissions_writer *old = open_as(SHELL, "x\n", true);
	permissions_detach(f);
	assert_int_equal(put_as(old, SHELL, 0, "a\n"), -ESTALE);
	assert_int_equal(permissions_truncate(old, 0, ++stamp, &e), -ESTALE);
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

static void a_failure_is_kept_for_the_next_fsync(void **state)
{
	struct error why;

	(void)state;
	setup();
	error_set(&why, EACCES, "no");
	permissions_keep_failure(f, &why, HEARD_BY_WRITER);
	assert_int_equal(f->failure->err, EACCES);
	permissions_begin(f); /* a new text: what its writer heard is no news */
	assert_null(f->failure);
	permissions_keep_failure(f, &why, HEARD_BY_NOBODY);
	permissions_begin(f);
	assert_non_null(f->failure);
	permissions_drop_failure(f);
	assert_null(f->failure);
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
	assert_false(permissions_takes_back(f, getpid()));
	permissions_made_in_vain(f, getpid());
	assert_true(permissions_takes_back(f, getpid()));
	assert_false(permissions_takes_back(f, getppid()));
	permissions_forget_removal(f);
	assert_false(permissions_takes_back(f, getpid()));
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
		const struct place p = {.token_id = id};
		f = permissions_at(&files, &p);
		if (i % 2 == 0)
			permissions_keep_failure(f, &why, HEARD_BY_NOBODY);
		else
			permissions_at(&files, &p);
	}
	assert_true(files.n <= PERMISSIONS_REMEMBERED_MAX + 1);
	assert_non_null(permissions_known(&files, &(struct place){.token_id = "t0"}));
	assert_null(permissions_known(&files, &(struct place){.token_id = "t1"}));
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_asks_for_what_the_text_says),
		cmocka_unit_test(a_lone_sign_is_no_scope),
		cmocka_unit_test(lines_are_asked_for_when_complete_and_once),
		cmocka_unit_test(opening_alone_changes_only_what_it_truncates),
		cmocka_unit_test(a_handle_that_wrote_nothing_since_undoes_nothing),
		cmocka_unit_test(another_writers_close_takes_nothing_away),
		cmocka_unit_test(what_is_left_out_waits_for_the_handle_that_truncated),
		cmocka_unit_test(the_whole_waits_until_nobody_owes_its_close),
		cmocka_unit_test(what_is_due_waits_for_a_commit_under_way),
		cmocka_unit_test(a_child_of_the_opener_commits_nothing),
		cmocka_unit_test(an_unterminated_line_that_grows_is_another_word),
		cmocka_unit_test(what_a_write_has_had_confirmed_is_not_granted_again),
		cmocka_unit_test(two_handles_make_no_word_of_two_halves),
		cmocka_unit_test(lines_over_another_handles_text_count_as_they_come),
		cmocka_unit_test(an_instruction_is_obeyed_once),
		cmocka_unit_test(a_truncated_text_that_is_spoiled_fails_the_next_fsync),
		cmocka_unit_test(a_word_that_was_revoked_counts_again),
		cmocka_unit_test(a_refused_handle_holds_nothing_back),
		cmocka_unit_test(truncation_is_a_change_of_its_time),
		cmocka_unit_test(appending_ignores_the_offset),
		cmocka_unit_test(a_line_appended_to_an_overwritten_text_counts),
		cmocka_unit_test(a_hole_is_refused_and_changes_nothing),
		cmocka_unit_test(truncating_to_nothing_begins_anew),
		cmocka_unit_test(truncating_in_the_middle_is_judged_as_a_whole),
		cmocka_unit_test(a_text_is_bounded_and_a_write_too_big_changes_nothing),
		cmocka_unit_test(a_refused_write_leaves_the_text_and_revokes_nothing),
		cmocka_unit_test(a_killed_writers_text_does_not_count),
		cmocka_unit_test(a_killed_appender_grants_no_half_word),
		cmocka_unit_test(a_handle_that_nobody_closed_was_its_writers_end),
		cmocka_unit_test(a_removed_file_takes_no_writes),
		cmocka_unit_test(a_handle_of_what_was_renamed_here_goes_on),
		cmocka_unit_test(a_failure_is_kept_for_the_next_fsync),
		cmocka_unit_test(a_removal_is_seen_by_the_process_that_removed),
		cmocka_unit_test(what_is_remembered_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
