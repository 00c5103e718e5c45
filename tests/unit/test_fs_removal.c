/* SPDX-License-Identifier: MIT */
/* rm -r of a token, by name and from above: fs_rmdir, removal_guard. */
#include "fs_world.h"

#define CI   "acme/service-tokens/ci"
#define SHOP CI "/databases/shop"

/* --- rm -r ------------------------------------------------------------------------------------ */

static void read_directory(uint64_t node, pid_t pid)
{
	struct reply r = {0};

	NOW(&r, .kind = OP_OPENDIR, .node = node, .pid = pid);
	uint64_t file = r.file;
	NOW(&r, .kind = OP_READDIR, .node = node, .file = file, .pid = pid);
	fs_release(fs, file);
}

/* Who asks a directory for more than it has learns no name, and need not be known. */
static void the_end_of_a_directory_teaches_nothing(void **state)
{
	pid_t reader = stopped_process(0);
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t tokens = walk("acme/service-tokens");
	NOW(&r, .kind = OP_OPENDIR, .node = tokens, .pid = reader);
	uint64_t file = r.file;
	NOW(&r, .kind = OP_READDIR, .node = tokens, .file = file, .pid = reader, .offset = 4);
	assert_int_equal(fs->removal_guard.n, 0);
	NOW(&r, .kind = OP_READDIR, .node = tokens, .file = file, .pid = reader, .offset = 3);
	assert_int_equal(fs->removal_guard.n, 1);
	assert_true(fs->removal_guard.v[0].read_above);
	fs_release(fs, file);
	end_process(reader);
	fs_finish();
}

/* A token with a secret, and its directory. */
static uint64_t make_token(void)
{
	struct reply r = {0};

	ASK(&r, .kind = OP_MKDIR, .node = walk("acme/service-tokens"), .name = "new");
	world_turn(&w);
	answer_well();
	answer_well();
	return r.entry.node;
}

static int unlink_by(pid_t pid, uint64_t dir, const char *name)
{
	struct reply r = {0};

	NOW(&r, .kind = OP_UNLINK, .node = dir, .name = name, .pid = pid);
	return result(&r);
}

/* What empties the directory takes the secret away with the token, and not before. */
static void the_secret_goes_with_the_token_of_rm_r(void **state)
{
	static const int results[] = {-ENOTEMPTY, -EACCES, 0};
	struct reply r = {0};
	pid_t rm = stopped_process(0), other = stopped_process(0);

	(void)state;
	fs_start();
	uint64_t dir = make_token(), tokens = walk("acme/service-tokens");
	read_directory(dir, rm);
	assert_int_equal(unlink_by(rm, dir, "id"), 0);
	assert_int_equal(unlink_by(rm, dir, "env"), 0);
	assert_int_equal(unlink_by(rm, dir, "token"), 0);
	assert_non_null(model_secret(w.model, "t9"));
	assert_int_equal(look_up(dir, "env", other, NULL), 0);
	/* Another's rmdir; one that PlanetScale refuses; one that it does. */
	for (int i = 0; i < 3; i++) {
		pid_t pid = i == 0 ? other : rm;
		r = (struct reply){0};
		ASK(&r, .kind = OP_RMDIR, .node = tokens, .name = "new", .pid = pid);
		world_turn(&w);
		if (i ==
		    2) /* the refusal made it doubtful what is there; the list has the grants */
			answer(TOKENS, 200, LIST(TOKEN("t9", "new", "")));
		else
			answer(GET_TOKEN("t9"), 200, TOKEN("t9", "new", ""));
		if (i > 0)
			answer(DELETE("t9"), i == 1 ? 403 : 204, i == 1 ? "{}" : "");
		assert_int_equal(result(&r), results[i]);
		assert_int_equal(model_secret(w.model, "t9") != NULL, i < 2);
	}
	assert_int_equal(fs->n_emptying, 0);
	end_process(rm);
	end_process(other);
	fs_finish();
}

/* By name: the directory was not read, or nothing else was removed. */
static void a_secret_that_is_named_goes_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		pid_t rm = stopped_process(0);
		fs_start();
		uint64_t dir = make_token();
		if (i == 1)
			read_directory(dir, rm);
		if (i == 2)
			assert_int_equal(unlink_by(rm, dir, "id"), 0);
		assert_int_equal(unlink_by(rm, dir, "token"), 0);
		assert_null(model_secret(w.model, "t9"));
		end_process(rm);
		fs_finish();
	}
}

/* --- sweeps ----------------------------------------------------------------------------------- */

static void who_came_down_from_above_removes_nothing_of_a_token(void **state)
{
	struct reply r = {0};
	pid_t sweeper = stopped_process(0), other = stopped_process(0);

	(void)state;
	fs_start();
	uint64_t tokens = walk("acme/service-tokens"), dir = walk(SHOP);
	read_directory(tokens, sweeper);
	read_directory(dir, sweeper);
	read_directory(dir, other);
	NOW(&r, .kind = OP_UNLINK, .node = dir, .name = "permissions", .pid = sweeper);
	assert_int_equal(result(&r), -EPERM);
	/* And once refused, it does not even remove a token that it names. */
	NOW(&r, .kind = OP_RMDIR, .node = tokens, .name = "ci", .pid = sweeper);
	assert_int_equal(result(&r), -EPERM);
	ASK(&r, .kind = OP_RMDIR, .node = tokens, .name = "ci", .pid = other);
	world_turn(&w);
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	answer(DELETE("t1"), 204, "");
	assert_int_equal(result(&r), 0);
	end_process(sweeper);
	end_process(other);
	fs_finish();
}

static void who_read_above_may_remove_what_it_was_told(void **state)
{
	struct reply r = {0};
	pid_t python = stopped_process(0);

	(void)state;
	fs_start();
	uint64_t tokens = walk("acme/service-tokens"), token = walk("acme/service-tokens/ci");
	read_directory(tokens, python);
	NOW(&r, .kind = OP_UNLINK, .node = token, .name = "id", .pid = python);
	assert_int_equal(result(&r), 0);
	read_directory(token, python);
	NOW(&r, .kind = OP_UNLINK, .node = token, .name = "id", .pid = python);
	assert_int_equal(result(&r), -EPERM);
	end_process(python);
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_a_directory_teaches_nothing),
		cmocka_unit_test(the_secret_goes_with_the_token_of_rm_r),
		cmocka_unit_test(a_secret_that_is_named_goes_at_once),
		cmocka_unit_test(who_came_down_from_above_removes_nothing_of_a_token),
		cmocka_unit_test(who_read_above_may_remove_what_it_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
