/* SPDX-License-Identifier: MIT */
/* fs and op: the rules that make parking safe, each by its name. */
#include "fs_world.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"

#define PERMISSIONS "acme/service-tokens/ci/databases/shop/permissions"

static void forget_all(void)
{
	model_expire(w.model);
}

/* --- rules 1 and 2: check, then commit; only the op crosses a wait ---------------------------- */

static void a_parked_op_is_run_again_with_its_own_arguments(void **state)
{
	struct reply r = {0};
	char name[] = "shop";

	(void)state;
	fs_start();
	uint64_t dir = walk("acme/databases");
	forget_all();
	ASK(&r, .kind = OP_LOOKUP, .node = dir, .name = name);
	memset(name, 'x', sizeof(name) - 1); /* libfuse's buffer goes when the handler returns */
	assert_int_equal(r.count, 0);
	while (fake_open() > 0)
		answer_well();
	assert_int_equal(r.kind, R_ENTRY);
	fs_finish();
}

static void a_token_that_vanishes_while_an_op_is_parked_is_estale(void **state)
{
	static const enum op_kind kinds[] = {OP_GETATTR, OP_OPEN, OP_LOOKUP, OP_OPENDIR};
	static const char *const paths[] = {PERMISSIONS, PERMISSIONS,
					    "acme/service-tokens/ci/databases",
					    "acme/service-tokens/ci/databases"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct reply r = {0};
		fs_start();
		uint64_t node = walk(paths[i]);
		forget_all();
		ASK(&r, .kind = kinds[i], .node = node, .name = "shop", .flags = O_WRONLY);
		for (int n = 0; fake_open() > 0; n++) {
			assert_true(n < 10);
			if (fake_has(TOKENS)) {
				fake_answer(TOKENS, 200, LIST(""));
				world_turn(&w);
			} else {
				answer_well();
			}
		}
		assert_int_equal(result(&r), -ESTALE);
		fs_finish();
	}
}

static void a_token_found_gone_by_its_grants_is_estale_on_paths(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t node = walk(PERMISSIONS);
	resource_expire(&world_token(&w, "t1")->grants);
	ASK(&r, .kind = OP_OPEN, .node = node);
	fake_answer(GET_TOKEN("t1"), 404, "{}");
	fake_answer(TOKENS, 200, LIST("")); /* no longer trusted: it is looked at again */
	world_turn(&w);
	assert_int_equal(result(&r), -ESTALE);
	fs_finish();
}

static void a_node_that_the_kernel_forgot_is_estale(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	for (enum op_kind k = 0; k < OP_KINDS; k++) {
		if (k == OP_READ || k == OP_WRITE || k == OP_FLUSH || k == OP_FSYNC ||
		    k == OP_READDIR || k == OP_STATFS || k == OP_SETXATTR || k == OP_REMOVEXATTR ||
		    k == OP_LINK || k == OP_MKNOD)
			continue; /* they have an open file, or no node to look at */
		NOW(&r, .kind = k, .node = 4711, .name = "x", .new_name = "y", .new_node = 4711);
		assert_int_equal(result(&r), -ESTALE);
	}
	fs_forget(fs, 4711, 3);
	fs_finish();
}

/* --- rule 3: progress ------------------------------------------------------------------------- */

static void with_a_cache_time_of_0_every_op_ends(void **state)
{
	static const char *const steps[] = {"acme",      "service-tokens", "ci",
					    "databases", "shop",           "permissions"};
	uint64_t node = NODE_ROOT;
	struct reply r = {0};

	(void)state;
	fs_start();
	w.cache.cache_ms = 0;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		ASK(&r, .kind = OP_LOOKUP, .node = node, .name = steps[i]);
		for (int n = 0; r.count == 0; n++) {
			assert_true(n < 6);
			answer_well();
		}
		assert_int_equal(r.kind, R_ENTRY);
		node = r.entry.node;
	}
	ASK(&r, .kind = OP_OPEN, .node = node, .flags = O_RDONLY);
	for (int n = 0; r.count == 0; n++) {
		assert_true(n < 6);
		answer_well();
	}
	uint64_t file = r.file;
	ASK(&r, .kind = OP_READ, .node = node, .file = file, .size = 4096);
	for (int n = 0; r.count == 0; n++) {
		assert_true(n < 6);
		answer_well();
	}
	assert_string_equal(r.text, "read_branch\n");
	fs_release(fs, file);
	fs_finish();
}

/* --- rules 4 and 9: one fetch, waking marks --------------------------------------------------- */

static void nothing_is_replied_from_within_an_answer(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t node = walk("acme/databases");
	forget_all();
	ASK(&r, .kind = OP_OPENDIR, .node = node);
	answer_well();
	fake_answer(DATABASES, 200, LIST(""));
	assert_int_equal(r.count, 0);
	world_turn(&w);
	assert_int_equal(r.count, 1);
	fs_release(fs, r.file);
	fs_finish();
}

static void eight_readers_cost_one_request(void **state)
{
	struct reply r[8] = {0};

	(void)state;
	fs_start();
	uint64_t node = walk("acme/databases");
	resource_expire(&model_organization(w.model, "o1")->databases);
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		ASK(&r[i], .kind = OP_OPENDIR, .node = node);
	assert_int_equal(fake_count(), 1);
	answer_well();
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		assert_int_equal(r[i].kind, R_OPEN);
		fs_release(fs, r[i].file);
	}
	assert_int_equal(fake_count(), 1);
	fs_finish();
}

/* --- rules 6 and 7: interrupts ---------------------------------------------------------------- */

static void an_interrupt_of_a_parked_op_counts_only_if_its_caller_is_being_ended(void **state)
{
	static const struct {
		int signal;
		bool ends;
	} cases[] = {{SIGTERM, true},  {SIGINT, true},  {SIGHUP, true},   {SIGQUIT, true},
		     {SIGTSTP, false}, {SIGUSR1, true}, {SIGWINCH, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reply r = {0};
		fs_start();
		uint64_t node = walk("acme/databases");
		forget_all();
		pid_t pid = stopped_process(0);
		struct op *op = ASK(&r, .kind = OP_OPENDIR, .node = node, .pid = pid);
		kill(pid, cases[i].signal);
		op_interrupt(op);
		assert_int_equal(r.count, 0); /* never from within the callback */
		world_turn(&w);
		assert_int_equal(r.count, cases[i].ends ? 1 : 0);
		assert_int_equal(fs_poll_interrupted(fs), !cases[i].ends);
		if (!cases[i].ends && i + 1 < ARRAY_LEN(cases)) {
			kill(pid, SIGTERM); /* a second one, which the kernel does not tell of */
			assert_true(fs_poll_interrupted(fs));
			world_turn(&w);
			assert_int_equal(result(&r), -EINTR);
		} else if (cases[i].ends) {
			assert_int_equal(result(&r), -EINTR);
		}
		while (fake_open() > 0)
			answer_well();
		assert_int_equal(r.count, 1);
		if (r.kind == R_OPEN)
			fs_release(fs, r.file);
		end_process(pid);
		fs_finish();
	}
}

static void an_interrupt_before_the_first_run_is_seen(void **state)
{
	struct reply r = {0};
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	fs_start();
	struct op *op = fs_op(fs, OP_STATFS, &r, pid, NODE_ROOT);
	op_interrupt(op);
	op_start(op);
	assert_int_equal(result(&r), -EINTR);
	assert_false(cache_run_ready(&w.cache));
	end_process(pid);
	fs_finish();
}

static struct op *begin_mkdir(struct reply *r, pid_t pid)
{
	struct op *op = ASK(r, .kind = OP_MKDIR, .node = walk("acme/service-tokens"), .name = "new",
			    .pid = pid);

	answer_well(); /* the fresh list */
	assert_true(fake_has(CREATE "\"name\":\"new\"}"));
	return op;
}

static void an_unsent_change_is_dropped_by_an_interrupt(void **state)
{
	struct reply r = {0};
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	fs_start();
	fake_hold(true);
	struct op *op = begin_mkdir(&r, pid);
	assert_true(fs_busy(fs));
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(result(&r), -EINTR);
	assert_int_equal(fake_open(), 0);
	assert_int_equal(fake_cancelled(), 1);
	assert_false(fs_busy(fs));
	end_process(pid);
	fs_finish();
}

static void an_interrupted_mkdir_that_was_sent_keeps_its_secret(void **state)
{
	struct reply r = {0};
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	fs_start();
	struct op *op = begin_mkdir(&r, pid);
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(result(&r), -EINTR);
	assert_true(fs_busy(fs)); /* it goes on */
	assert_false(fs_poll_interrupted(fs));
	answer_well();
	assert_int_equal(r.count, 1);
	assert_non_null(model_secret(w.model, "t9"));
	assert_false(fs_busy(fs));
	end_process(pid);
	fs_finish();
}

static void what_a_detached_change_failed_with_is_in_the_journal(void **state)
{
	struct reply r = {0};
	struct buf text = BUF_INIT;
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	fs_start();
	struct op *op = begin_mkdir(&r, pid);
	op_interrupt(op);
	world_turn(&w);
	fake_answer(CREATE, 422, "{\"message\":\"too many\"}");
	world_turn(&w);
	error_log_print(&fs->error_log, &text);
	assert_non_null(strstr(buf_str(&text), " mkdir /acme/service-tokens/new: EINVAL"));
	assert_non_null(strstr(buf_str(&text), "too many"));
	buf_finish(&text);
	end_process(pid);
	fs_finish();
}

/* --- rule 8: exactly one reply ---------------------------------------------------------------- */

static const struct scene {
	enum op_kind kind;
	const char *path;
	const char *name, *new_name;
	int open; /* open the path first with these flags; -1: no */
	int flags;
	const char *data;
	bool set_size, set_times;
} scenes[] = {
	{OP_LOOKUP, "acme/service-tokens/ci/databases", "shop", NULL, -1, 0, NULL, false, false},
	{OP_LOOKUP, "acme/databases/shop/service-tokens", "ci", NULL, -1, 0, NULL, false, false},
	{OP_LOOKUP, "acme/by-id", "t1", NULL, -1, 0, NULL, false, false},
	{OP_GETATTR, "acme/databases/shop/access", NULL, NULL, -1, 0, NULL, false, false},
	{OP_GETATTR, PERMISSIONS, NULL, NULL, -1, 0, NULL, false, false},
	{OP_SETATTR, PERMISSIONS, NULL, NULL, -1, 0, NULL, true, false},
	{OP_SETATTR, PERMISSIONS, NULL, NULL, O_WRONLY, 0, NULL, true, false},
	{OP_SETATTR, "acme/service-tokens", NULL, NULL, -1, 0, NULL, false, true},
	{OP_READLINK, "acme/by-id/t1", NULL, NULL, -1, 0, NULL, false, false},
	{OP_READLINK, "acme/databases/shop/service-tokens/ci", NULL, NULL, -1, 0, NULL, false,
	 false},
	{OP_MKNOD, "acme/service-tokens/ci", "x", NULL, -1, 0, NULL, false, false},
	{OP_MKDIR, "acme/service-tokens", "new", NULL, -1, 0, NULL, false, false},
	{OP_MKDIR, "acme/databases", "new", NULL, -1, 0, NULL, false, false},
	{OP_UNLINK, "acme/service-tokens/ci/databases/shop", "permissions", NULL, -1, 0, NULL,
	 false, false},
	{OP_UNLINK, "acme/service-tokens/ci", "id", NULL, -1, 0, NULL, false, false},
	{OP_RMDIR, "acme/service-tokens", "ci", NULL, -1, 0, NULL, false, false},
	{OP_RMDIR, "acme/service-tokens/ci/databases", "shop", NULL, -1, 0, NULL, false, false},
	{OP_RMDIR, "acme/service-tokens/ci", "databases", NULL, -1, 0, NULL, false, false},
	{OP_SYMLINK, "acme/service-tokens/ci", ".#permissions", "me@here", -1, 0, NULL, false,
	 false},
	{OP_RENAME, "acme/service-tokens/ci/databases/shop", "permissions", "permissions~", -1, 0,
	 NULL, false, false},
	{OP_RENAME, "acme/service-tokens", "ci", "other", -1, 0, NULL, false, false},
	{OP_LINK, "acme/service-tokens/ci", "x", NULL, -1, 0, NULL, false, false},
	{OP_OPEN, PERMISSIONS, NULL, NULL, -1, O_RDONLY, NULL, false, false},
	{OP_OPEN, PERMISSIONS, NULL, NULL, -1, O_WRONLY | O_TRUNC, NULL, false, false},
	{OP_OPEN, "acme/service-tokens/ci/info.json", NULL, NULL, -1, O_RDONLY, NULL, false, false},
	{OP_OPEN, "acme/databases/shop/access", NULL, NULL, -1, O_RDONLY, NULL, false, false},
	{OP_OPEN, ".pscalefs/status", NULL, NULL, -1, O_RDONLY, NULL, false, false},
	{OP_CREATE, "acme/service-tokens/ci/databases/shop", "permissions", NULL, -1,
	 O_WRONLY | O_CREAT, NULL, false, false},
	{OP_CREATE, "acme/service-tokens/ci", "permissions~", NULL, -1, O_WRONLY | O_CREAT, NULL,
	 false, false},
	{OP_CREATE, "acme/service-tokens/ci", "permisions", NULL, -1, O_WRONLY | O_CREAT, NULL,
	 false, false},
	{OP_READ, PERMISSIONS, NULL, NULL, O_RDONLY, 0, NULL, false, false},
	{OP_WRITE, PERMISSIONS, NULL, NULL, O_WRONLY | O_TRUNC, 0, "write_x\n", false, false},
	{OP_WRITE, PERMISSIONS, NULL, NULL, O_WRONLY | O_TRUNC, 0, "-read_branch\n", false, false},
	{OP_WRITE, "acme/create-token", NULL, NULL, O_WRONLY, 0, "new\n", false, false},
	{OP_FLUSH, PERMISSIONS, NULL, NULL, O_WRONLY, 0, "write_x", false, false},
	{OP_FSYNC, PERMISSIONS, NULL, NULL, O_WRONLY, 0, "write_x", false, false},
	{OP_OPENDIR, "acme/service-tokens", NULL, NULL, -1, 0, NULL, false, false},
	{OP_OPENDIR, "acme/databases/shop/service-tokens", NULL, NULL, -1, 0, NULL, false, false},
	{OP_OPENDIR, "acme/service-tokens/ci/databases", NULL, NULL, -1, 0, NULL, false, false},
	{OP_STATFS, "acme", NULL, NULL, -1, 0, NULL, false, false},
	{OP_SETXATTR, PERMISSIONS, "user.x", NULL, -1, 0, NULL, false, false},
	{OP_SETXATTR, PERMISSIONS, "system.posix_acl_access", NULL, -1, 0, NULL, false, false},
	{OP_REMOVEXATTR, PERMISSIONS, "user.x", NULL, -1, 0, NULL, false, false},
	{OP_REMOVEXATTR, "acme", "system.posix_acl_default", NULL, -1, 0, NULL, false, false},
};

/* How everything that is sent is answered. */
static const struct {
	int status; /* 0: well; -1: closed after it was sent; -2: never sent */
	const char *body;
} fates[] = {{0, ""},     {401, "{}"}, {403, "{}"},     {404, "{}"}, {422, "{}"},
	     {429, "{}"}, {500, "{}"}, {200, "<html>"}, {204, ""},   {200, "{\"data\":[]}"},
	     {-1, ""},    {-2, ""}};

static void play(const struct scene *s, size_t fate)
{
	struct reply r = {0}, before = {0};
	uint64_t file = 0;

	fs_start();
	uint64_t node = walk(s->path);
	if (s->open >= 0)
		file = open_at(s->path, s->open);
	if (s->kind == OP_FLUSH || s->kind == OP_FSYNC)
		NOW(&before, .kind = OP_WRITE, .node = node, .file = file, .data = s->data);
	forget_all();
	ASK(&r, .kind = s->kind, .node = node, .name = s->name, .new_name = s->new_name,
	    .new_node = node, .file = file, .data = s->data, .size = 0,
	    .flags = s->kind == OP_RENAME ? 0 : s->flags, .mode = 0600, .set_size = s->set_size,
	    .set_times = s->set_times);
	world_turn(&w);
	for (int n = 0; fake_open() > 0; n++) {
		assert_true(n < 30);
		if (fates[fate].status == 0)
			answer_well();
		else if (fates[fate].status < 0)
			fake_fail("", fates[fate].status == -1 ? HTTP_UNKNOWN : HTTP_NOT_SENT,
				  ETIMEDOUT);
		else
			fake_answer("", fates[fate].status, fates[fate].body);
		world_settle(&w);
	}
	assert_int_equal(r.count, 1);
	assert_true(list_empty(&fs->ops.live));
	if (r.kind == R_OPEN || r.kind == R_CREATE)
		fs_release(fs, r.file);
	if (file != 0)
		fs_release(fs, file);
	fs_finish();
}

static void every_op_gets_exactly_one_reply_whatever_is_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenes); i++)
		for (size_t j = 0; j < ARRAY_LEN(fates); j++)
			play(&scenes[i], j);
}

static void what_the_kernel_no_longer_wants_is_taken_back(void **state)
{
	struct reply r = {.unwanted = true};

	(void)state;
	fs_start();
	uint64_t node = walk(PERMISSIONS), dir = walk("acme/service-tokens/ci");
	size_t nodes = fs->nodes.all.n;
	NOW(&r, .kind = OP_LOOKUP, .node = dir, .name = "id");
	NOW(&r, .kind = OP_OPEN, .node = node, .flags = O_WRONLY | O_APPEND);
	NOW(&r, .kind = OP_OPENDIR, .node = dir);
	NOW(&r, .kind = OP_CREATE, .node = dir, .name = "permissions~", .flags = O_WRONLY);
	assert_int_equal(fs->nodes.all.n, nodes);
	assert_true(list_empty(&fs->files));
	fs_finish();
}

/* --- what the kernel may keep; rule 10 -------------------------------------------------------- */

static void the_kernel_answers_for_us_a_second_at_most(void **state)
{
	static const char *const paths[] = {"acme", "acme/service-tokens/ci", PERMISSIONS,
					    "acme/databases/shop", ".pscalefs/status"};
	struct reply r = {0};

	(void)state;
	fs_start();
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		NOW(&r, .kind = OP_GETATTR, .node = walk(paths[i]));
		assert_true(r.timeout_s <= 1.0);
	}
	NOW(&r, .kind = OP_OPEN, .node = walk(PERMISSIONS));
	assert_int_equal(r.how, OPEN_DIRECT | OPEN_NO_FLUSH);
	fs_release(fs, r.file);
	/* The close of a writer commits, and so does that of a handle that has truncated. */
	NOW(&r, .kind = OP_OPEN, .node = walk(PERMISSIONS), .flags = O_WRONLY | O_APPEND);
	assert_int_equal(r.how, OPEN_DIRECT);
	fs_release(fs, r.file);
	NOW(&r, .kind = OP_OPEN, .node = walk(PERMISSIONS), .flags = O_RDONLY | O_TRUNC);
	assert_int_equal(r.how, OPEN_DIRECT);
	fs_release(fs, r.file);
	/* What never changes may stay in the page cache. */
	NOW(&r, .kind = OP_OPEN, .node = walk("acme/service-tokens/ci/id"));
	assert_int_equal(r.how, OPEN_KEEP | OPEN_NO_FLUSH);
	fs_release(fs, r.file);
	fs_finish();
}

static void readdir_serves_what_opendir_found(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t node = walk("acme/service-tokens");
	NOW(&r, .kind = OP_OPENDIR, .node = node);
	uint64_t file = r.file;
	forget_all();
	model_remove_token(world_token(&w, "t2"));
	NOW(&r, .kind = OP_READDIR, .node = node, .file = file, .size = 4096);
	assert_string_equal(r.text, ". .. ci web ");
	fs_release(fs, file);
	fs_finish();
}

static void a_failed_list_is_an_errno_and_never_an_empty_directory(void **state)
{
	static const char *const paths[] = {"acme/service-tokens", "acme/databases", "acme/by-id",
					    "acme/databases/shop/service-tokens"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct reply r = {0};
		fs_start();
		uint64_t node = walk(paths[i]);
		w.clock.mono_ms += 30000;
		ASK(&r, .kind = OP_OPENDIR, .node = node);
		answer_well(); /* the organizations */
		while (fake_open() > 0) {
			fake_answer("", 503, "{}");
			world_turn(&w);
		}
		assert_int_equal(result(&r), -EREMOTEIO);
		fs_finish();
	}
}

/* --- patience --------------------------------------------------------------------------------- */

static void an_answer_serves_however_long_the_daemon_stood_still(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t node = walk(PERMISSIONS);
	resource_expire(&world_token(&w, "t1")->grants);
	ASK(&r, .kind = OP_GETATTR, .node = node);
	assert_int_equal(r.count, 0);
	w.clock.mono_ms += 8 * 3600 * 1000;
	while (fake_open() > 0)
		answer_well();
	assert_int_equal(result(&r), 0);
	fs_finish();
}

static void who_only_gets_answers_out_of_date_is_told_in_the_end(void **state)
{
	struct reply r = {0};
	int answers = 0;

	(void)state;
	fs_start();
	uint64_t dir = walk("acme/service-tokens");
	forget_all();
	ASK(&r, .kind = OP_OPENDIR, .node = dir);
	for (; r.count == 0; answers++) {
		assert_true(answers < 100);
		assert_true(fake_open() > 0);
		w.clock.mono_ms += 10000;
		fs_refresh(fs);
		answer_well();
	}
	assert_in_range(answers, 60, 62);
	assert_int_equal(result(&r), -ETIMEDOUT);
	while (fake_open() > 0)
		answer_well();
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parked_op_is_run_again_with_its_own_arguments),
		cmocka_unit_test(a_token_that_vanishes_while_an_op_is_parked_is_estale),
		cmocka_unit_test(a_token_found_gone_by_its_grants_is_estale_on_paths),
		cmocka_unit_test(a_node_that_the_kernel_forgot_is_estale),
		cmocka_unit_test(with_a_cache_time_of_0_every_op_ends),
		cmocka_unit_test(nothing_is_replied_from_within_an_answer),
		cmocka_unit_test(eight_readers_cost_one_request),
		cmocka_unit_test(
			an_interrupt_of_a_parked_op_counts_only_if_its_caller_is_being_ended),
		cmocka_unit_test(an_interrupt_before_the_first_run_is_seen),
		cmocka_unit_test(an_unsent_change_is_dropped_by_an_interrupt),
		cmocka_unit_test(an_interrupted_mkdir_that_was_sent_keeps_its_secret),
		cmocka_unit_test(what_a_detached_change_failed_with_is_in_the_journal),
		cmocka_unit_test(every_op_gets_exactly_one_reply_whatever_is_answered),
		cmocka_unit_test(what_the_kernel_no_longer_wants_is_taken_back),
		cmocka_unit_test(the_kernel_answers_for_us_a_second_at_most),
		cmocka_unit_test(readdir_serves_what_opendir_found),
		cmocka_unit_test(a_failed_list_is_an_errno_and_never_an_empty_directory),
		cmocka_unit_test(an_answer_serves_however_long_the_daemon_stood_still),
		cmocka_unit_test(who_only_gets_answers_out_of_date_is_told_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
