/* SPDX-License-Identifier: MIT */
/* fs_permissions: what is granted when, what is revoked when, where failures are reported. */
#include "open_file_fixture.h"

#include "base/buf.h"

#define SHOP        "acme/service-tokens/ci/databases/shop"
#define PERMISSIONS SHOP "/permissions"

static void setup(int flags)
{
	start_with(PERMISSIONS, flags);
}

/* Held afterwards, as GET tells. */
static void confirm(const char *token)
{
	fake_answer(GET_TOKEN("t1"), 200, token);
	world_turn(&w);
}
#define CONFIRM(...) confirm(TOKEN("t1", "ci", __VA_ARGS__))
#define READ         ON_SHOP("read_branch")
#define WRITE        ON_SHOP("write_x")

static void fsync_of(struct reply *r, uint64_t of)
{
	ASK(r, .kind = OP_FSYNC, .node = node, .file = of);
	world_turn(&w);
}

static void a_write_answers_when_planetscale_has_confirmed(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_APPEND);
	put(&r, 12, "write_x\n");
	assert_int_equal(r.count, 0);
	answer(GRANT("t1"), 200, LIST(WRITE));
	assert_int_equal(r.kind, R_WRITTEN);
	assert_int_equal(r.size, 8);
	flush(&r, 0); /* nothing is left to do */
	assert_int_equal(result(&r), 0);
	fs_release(fs, file);
	world_turn(&w);
	assert_int_equal(fake_count(), 1);
	fs_finish();
}

static void a_replacement_grants_now_and_revokes_at_close(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	flush(&r, 0); /* a shell sets up its redirection */
	assert_int_equal(result(&r), 0);
	put(&r, 0, "write_x\n");
	answer(GRANT("t1"), 200, LIST(WRITE));
	assert_int_equal(r.size, 8);
	assert_int_equal(fake_count(), 1);
	flush(&r, 0);
	CONFIRM(READ "," WRITE); /* against a fresh answer */
	answer(REVOKE("t1") " {\"database\":\"shop\",\"access\":[\"read_branch\"]}", 204, "");
	assert_int_equal(r.count, 0);
	CONFIRM(WRITE);
	assert_int_equal(result(&r), 0);
	fs_release(fs, file);
	world_turn(&w);
	assert_int_equal(fake_count(), 4);
	fs_finish();
}

static void readers_see_what_is_granted_and_not_the_text(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_RDWR | O_TRUNC);
	put(&r, 0, "writ");
	assert_int_equal(result(&r), 0);
	NOW(&r, .kind = OP_READ, .node = node, .file = file, .size = 100);
	assert_string_equal(r.text, "read_branch\n");
	NOW(&r, .kind = OP_READ, .node = node, .file = file, .size = 4, .offset = 5);
	assert_string_equal(r.text, "bran");
	NOW(&r, .kind = OP_READ, .node = node, .file = file, .size = 4, .offset = 500);
	assert_int_equal(r.size, 0);
	assert_int_equal(fake_count(), 0);
	fs_release(fs, file);
	fs_finish();
}

static void a_child_of_the_opener_commits_nothing_and_release_does(void **state)
{
	struct reply r = {0};
	pid_t child = stopped_process(0);

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	put(&r, 0, "read_branch");
	flush(&r, child);
	assert_int_equal(result(&r), 0);
	assert_int_equal(fake_count(), 0);
	fs_release(fs, file); /* never parks: it has no reply */
	assert_true(fs_busy(fs));
	world_turn(&w);
	CONFIRM(READ);
	assert_false(fs_busy(fs));
	end_process(child);
	fs_finish();
}

static void truncation_alone_revokes_all_at_release(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	flush(&r, 0);
	assert_int_equal(result(&r), 0);
	assert_int_equal(fake_count(), 0);
	fs_release(fs, file);
	world_turn(&w);
	CONFIRM(READ);
	answer(REVOKE("t1"), 204, "");
	CONFIRM("");
	assert_false(fs_busy(fs));
	fs_finish();
}

static void a_killed_writer_commits_nothing_more(void **state)
{
	struct reply r = {0};
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	ASK(&r, .kind = OP_WRITE, .node = node, .file = file, .data = "writ", .pid = pid);
	flush(&r, pid);
	assert_int_equal(result(&r), 0);
	flush(&r, 0); /* who closes it after all is told, once */
	assert_int_equal(result(&r), -ECANCELED);
	flush(&r, 0);
	assert_int_equal(result(&r), 0);
	fs_release(fs, file);
	world_turn(&w);
	assert_int_equal(fake_count(), 0);
	/* One that wrote nothing of it does not matter. */
	file = open_at(PERMISSIONS, O_WRONLY | O_TRUNC);
	put(&r, 0, "read_branch");
	flush(&r, pid);
	assert_int_equal(result(&r), 0);
	flush(&r, 0);
	CONFIRM(READ);
	assert_int_equal(result(&r), 0);
	assert_int_equal(fake_count(), 1);
	fs_release(fs, file);
	end_process(pid);
	/* Nor one that was never closed at all. */
	file = open_at(PERMISSIONS, O_WRONLY | O_TRUNC);
	put(&r, 0, "writ");
	fs_release(fs, file);
	world_turn(&w);
	assert_int_equal(fake_count(), 1);
	fs_finish();
}

/* A closed handle's last line waits for one that owes its close: if that one is killed, the line is
 * dropped with the text, and fsync says so. */
static void a_killed_writer_leaves_nothing_behind(void **state)
{
	struct reply r = {0};
	pid_t child = stopped_process(0);

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	uint64_t killed = file;
	file_flags = O_WRONLY | O_APPEND;
	file = open_at(PERMISSIONS, file_flags);
	put(&r, 0, "write_x");
	flush(&r, child);
	fs_release(fs, file);
	world_turn(&w);
	fs_release(fs, killed); /* nobody closed it */
	world_turn(&w);
	assert_int_equal(fake_count(), 0);
	assert_false(fs_busy(fs));
	file = open_at(PERMISSIONS, O_WRONLY);
	NOW(&r, .kind = OP_GETATTR, .node = node, .file = file);
	assert_int_equal(r.st.st_size, strlen("read_branch\n"));
	fsync_of(&r, file);
	assert_int_equal(result(&r), -ECANCELED);
	flush(&r, 0);
	fs_release(fs, file);
	end_process(child);
	fs_finish();
}

static void a_refused_write_is_einval_with_advice_and_spoils_the_text(void **state)
{
	struct reply r = {0};
	struct buf text = BUF_INIT;

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	put(&r, 0, "read_brunch\n");
	answer(GRANT("t1"), 422, "{\"message\":\"unknown access\"}");
	CONFIRM(READ);
	assert_int_equal(result(&r), -EINVAL);
	error_log_print(&fs->error_log, &text);
	assert_non_null(strstr(buf_str(&text), "unknown access"));
	assert_non_null(strstr(buf_str(&text), "; next: "));
	assert_non_null(strstr(buf_str(&text), "read_branch"));
	buf_finish(&text);
	unsigned before = fake_count();
	flush(&r, 0);
	assert_int_equal(result(&r), -EINVAL); /* and never revokes by half a text */
	fs_release(fs, file);
	world_turn(&w);
	assert_int_equal(fake_count(), before);
	fs_finish();
}

/* What was confirmed through the open file may be gone since: by itself, though the answer was a
 * failure, or through another file. */
static void a_grant_is_confirmed_again_after_a_revocation(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_APPEND);
	uint64_t ours = file, other = open_at(PERMISSIONS, O_WRONLY | O_APPEND);
	put(&r, 0, "write_x\n");
	answer(GRANT("t1"), 200, LIST(READ "," WRITE));
	put(&r, 0, "write_x\n");
	assert_int_equal(r.kind, R_WRITTEN);
	assert_int_equal(fake_count(), 1);

	for (size_t i = 0; i < 2; i++) {
		file = i == 0 ? ours : other;
		put(&r, 0, "-write_x\n");
		answer(REVOKE("t1"), i == 0 ? 500 : 204, "");
		if (i == 1)
			CONFIRM(READ);
		assert_int_equal(r.count, 1);
		file = ours;
		put(&r, 0, "write_x\n");
		assert_int_equal(r.count, 0);
		if (i == 0)
			CONFIRM(READ);
		answer(GRANT("t1"), 200, LIST(READ "," WRITE));
		assert_int_equal(r.kind, R_WRITTEN);
	}
	fs_release(fs, ours);
	fs_release(fs, other);
	fs_finish();
}

static void an_impossible_word_is_refused_without_a_request(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_APPEND);
	put(&r, 12, "No Way\n");
	assert_int_equal(result(&r), -EINVAL);
	assert_int_equal(fake_count(), 0);
	fs_release(fs, file);
	fs_finish();
}

static void a_file_open_for_reading_is_not_written(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_RDONLY);
	put(&r, 0, "write_x\n");
	assert_int_equal(result(&r), -EBADF);
	fs_release(fs, file);
	fs_finish();
}

/* --- what close failed with ------------------------------------------------------------------- */

static void a_failed_close_is_told_once_by_the_next_fsync(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	put(&r, 0, "write_x"); /* unterminated */
	assert_int_equal(fake_count(), 0);
	flush(&r, 0);
	CONFIRM(READ);
	answer(GRANT("t1"), 403, "{}");
	assert_int_equal(result(&r), -EACCES);
	fs_release(fs, file);
	file = open_at("acme/service-tokens/web/permissions", O_RDONLY);
	ASK(&r, .kind = OP_FSYNC, .node = walk("acme/service-tokens/web/permissions"),
	    .file = file);
	assert_int_equal(result(&r), 0); /* another file's */
	fs_release(fs, file);
	struct reply opened = {0};
	ASK(&opened, .kind = OP_OPEN, .node = node);
	answer_well();
	fsync_of(&r, opened.file);
	assert_int_equal(result(&r), -EACCES);
	fsync_of(&r, opened.file);
	assert_int_equal(result(&r), 0);
	fs_release(fs, opened.file);
	fs_finish();
}

static void a_close_refused_as_no_permissions_file_is_kept_too(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	put(&r, 0, "No!");
	flush(&r, 0);
	assert_int_equal(result(&r), -EINVAL);
	fs_release(fs, file);
	file = open_at(PERMISSIONS, O_RDONLY);
	fsync_of(&r, file);
	assert_int_equal(result(&r), -EINVAL);
	fsync_of(&r, file);
	assert_int_equal(result(&r), 0);
	fs_release(fs, file);
	assert_int_equal(fake_count(), 0);
	fs_finish();
}

static void fsync_and_open_wait_for_a_commit_under_way(void **state)
{
	struct reply r = {0}, opened = {0};
	uint64_t reader;

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	reader = open_at(PERMISSIONS, O_RDONLY);
	flush(&r, 0);
	fs_release(fs, file);
	world_turn(&w);
	fsync_of(&r, reader);
	ASK(&opened, .kind = OP_OPEN, .node = node, .flags = O_WRONLY);
	assert_int_equal(r.count + opened.count, 0);
	fake_fail(GET_TOKEN("t1"), HTTP_UNKNOWN, ETIMEDOUT);
	world_turn(&w);
	assert_int_equal(result(&r), -ETIMEDOUT);
	assert_int_equal(result(&opened), 0);
	fs_release(fs, reader);
	fs_release(fs, opened.file);
	fs_finish();
}

static void fsync_commits_and_tells_itself(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	put(&r, 0, "write_x");
	fsync_of(&r, file);
	fake_fail(GET_TOKEN("t1"), HTTP_NOT_SENT, ECONNREFUSED);
	world_turn(&w);
	assert_int_equal(result(&r), -ECONNREFUSED);
	fsync_of(&r, file);
	assert_int_equal(result(&r), 0); /* told: not twice */
	fs_release(fs, file);
	fs_finish();
}

static void a_token_deleted_under_an_open_file_is_eidrm(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_RDWR);
	model_remove_token(world_token(&w, "t1"));
	ASK(&r, .kind = OP_READ, .node = node, .file = file, .size = 100);
	assert_int_equal(result(&r), -EIDRM);
	put(&r, 0, "write_x\n");
	assert_int_equal(result(&r), 0);
	fsync_of(&r, file);
	assert_int_equal(result(&r), -EIDRM);
	flush(&r, 0);
	assert_int_equal(result(&r), -EIDRM);
	fs_release(fs, file);
	assert_int_equal(fake_count(), 0);
	fs_finish();
}

/* --- truncation, from outside and within ------------------------------------------------------ */

static void truncate_2_to_nothing_revokes_at_once(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_RDONLY);
	ASK(&r, .kind = OP_SETATTR, .node = node, .set_size = true, .size = 0);
	world_turn(&w);
	CONFIRM(READ);
	answer(REVOKE("t1"), 204, "");
	assert_int_equal(r.count, 0);
	CONFIRM("");
	assert_int_equal(r.kind, R_ATTR);
	/* To its length: but somebody else may have granted since. */
	ASK(&r, .kind = OP_SETATTR, .node = node, .set_size = true, .size = 0);
	world_turn(&w);
	CONFIRM("");
	assert_int_equal(r.kind, R_ATTR);
	NOW(&r, .kind = OP_SETATTR, .node = node, .set_size = true, .size = 5);
	assert_int_equal(result(&r), -EINVAL); /* it is empty now */
	fs_release(fs, file);
	fs_finish();
}

static void truncate_2_in_the_middle_keeps_the_lines_before(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_RDONLY);
	ASK(&r, .kind = OP_SETATTR, .node = node, .set_size = true, .size = 8);
	world_turn(&w);
	CONFIRM(READ);
	assert_true(fake_has(GRANT("t1") " {\"database\":\"shop\",\"access\":[\"read_bra\"]}"));
	answer(GRANT("t1"), 422, "{}");
	CONFIRM(READ);
	assert_int_equal(result(&r), -EINVAL);
	fs_release(fs, file);
	fs_finish();
}

static void a_truncation_waits_for_a_write_under_way(void **state)
{
	struct reply r = {0}, written = {0};

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	put(&written, 0, "write_x\n");
	ASK(&r, .kind = OP_SETATTR, .node = node, .file = file, .set_size = true, .size = 0);
	assert_int_equal(r.count + written.count, 0);
	answer(GRANT("t1"), 200, LIST(READ "," WRITE));
	assert_int_equal(written.kind, R_WRITTEN);
	assert_int_equal(r.kind, R_ATTR);
	assert_int_equal(r.st.st_size, 0);
	flush(&r, 0);
	CONFIRM(READ "," WRITE);
	answer(REVOKE("t1"), 204, "");
	CONFIRM("");
	assert_int_equal(result(&r), 0);
	fs_release(fs, file);
	fs_finish();
}

/* The kernel's idea of the size, for lseek(SEEK_END), follows the text, not what is granted. */
static void stat_of_a_writer_shows_the_size_of_its_text(void **state)
{
	struct reply r = {0};
	pid_t other = stopped_process(0);

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	NOW(&r, .kind = OP_GETATTR, .node = node, .file = file);
	assert_int_equal(r.st.st_size, 0);
	put(&r, 0, "read_br");
	NOW(&r, .kind = OP_GETATTR, .node = node);
	assert_int_equal(r.st.st_size, 7);
	NOW(&r, .kind = OP_GETATTR, .node = node, .pid = other);
	assert_int_equal(r.st.st_size, strlen("read_branch\n"));
	/* A process that reads it, too, asks for what it will read. */
	uint64_t reader = open_at(PERMISSIONS, O_RDONLY);
	NOW(&r, .kind = OP_GETATTR, .node = node);
	assert_int_equal(r.st.st_size, strlen("read_branch\n"));
	NOW(&r, .kind = OP_GETATTR, .node = node, .file = file);
	assert_int_equal(r.st.st_size, 7);
	fs_release(fs, reader);
	end_process(other);
	fs_release(fs, file); /* never closed: its writer was killed */
	assert_int_equal(fake_count(), 0);
	fs_finish();
}

static void mode_owner_and_times_of_files_are_ignored_quietly(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_RDONLY);
	NOW(&r, .kind = OP_SETATTR, .node = node, .set_times = true, .mode = 0644);
	assert_int_equal(r.kind, R_ATTR);
	assert_int_equal(r.st.st_mode, S_IFREG | 0600);
	assert_int_equal(r.st.st_size, strlen("read_branch\n"));
	fs_release(fs, file);
	fs_finish();
}

/* --- interrupted writes ----------------------------------------------------------------------- */

static void an_interrupted_write_that_was_sent_poisons_nothing_if_it_succeeds(void **state)
{
	struct reply r = {0};
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	struct op *op = ASK(&r, .kind = OP_WRITE, .node = node, .file = file, .data = "write_x\n",
			    .pid = pid);
	world_turn(&w);
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(result(&r), -EINTR);
	flush(&r, pid);       /* its end: spoils the text */
	fs_release(fs, file); /* the op holds the file on */
	answer(GRANT("t1"), 200, LIST(WRITE));
	assert_false(fs_busy(fs));
	assert_true(list_empty(&fs->files));
	assert_true(scopes_has(&model_grant(world_token(&w, "t1"), "d1")->scopes, "write_x"));
	assert_int_equal(fake_count(), 1);
	end_process(pid);
	fs_finish();
}

static void an_interrupted_write_that_was_not_sent_spoils_the_text(void **state)
{
	struct reply r = {0};
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	setup(O_WRONLY | O_TRUNC);
	fake_hold(true);
	struct op *op = ASK(&r, .kind = OP_WRITE, .node = node, .file = file, .data = "write_x\n",
			    .pid = pid);
	world_turn(&w);
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(result(&r), -EINTR);
	assert_int_equal(fake_open(), 0);
	flush(&r, 0); /* somebody else's, who is not interrupted */
	assert_int_equal(result(&r), -ECANCELED);
	fs_release(fs, file);
	world_turn(&w);
	assert_int_equal(fake_count(), 1); /* nothing is revoked */
	end_process(pid);
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_answers_when_planetscale_has_confirmed),
		cmocka_unit_test(a_replacement_grants_now_and_revokes_at_close),
		cmocka_unit_test(readers_see_what_is_granted_and_not_the_text),
		cmocka_unit_test(a_child_of_the_opener_commits_nothing_and_release_does),
		cmocka_unit_test(truncation_alone_revokes_all_at_release),
		cmocka_unit_test(a_killed_writer_commits_nothing_more),
		cmocka_unit_test(a_killed_writer_leaves_nothing_behind),
		cmocka_unit_test(a_refused_write_is_einval_with_advice_and_spoils_the_text),
		cmocka_unit_test(a_grant_is_confirmed_again_after_a_revocation),
		cmocka_unit_test(an_impossible_word_is_refused_without_a_request),
		cmocka_unit_test(a_file_open_for_reading_is_not_written),
		cmocka_unit_test(a_failed_close_is_told_once_by_the_next_fsync),
		cmocka_unit_test(a_close_refused_as_no_permissions_file_is_kept_too),
		cmocka_unit_test(fsync_and_open_wait_for_a_commit_under_way),
		cmocka_unit_test(fsync_commits_and_tells_itself),
		cmocka_unit_test(a_token_deleted_under_an_open_file_is_eidrm),
		cmocka_unit_test(truncate_2_to_nothing_revokes_at_once),
		cmocka_unit_test(truncate_2_in_the_middle_keeps_the_lines_before),
		cmocka_unit_test(a_truncation_waits_for_a_write_under_way),
		cmocka_unit_test(stat_of_a_writer_shows_the_size_of_its_text),
		cmocka_unit_test(mode_owner_and_times_of_files_are_ignored_quietly),
		cmocka_unit_test(an_interrupted_write_that_was_sent_poisons_nothing_if_it_succeeds),
		cmocka_unit_test(an_interrupted_write_that_was_not_sent_spoils_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
