/* SPDX-License-Identifier: MIT */
/* fs_let_go, fs_release_all, fs_stop: the mount ends, with what is under way and what the kernel does not say any
 * more. */
#include "open_file_fixture.h"

#define PERMISSIONS "acme/service-tokens/ci/databases/shop/permissions"

static void unmount(void)
{
	fs_let_go(fs, ENODEV);
	fs_release_all(fs);
	world_turn(&w);
}

static void whatever_is_under_way_is_answered_when_the_mount_ends(void **state)
{
	struct reply r[4] = {0};

	(void)state;
	start_with(PERMISSIONS, O_WRONLY | O_TRUNC);
	uint64_t tokens = walk("acme/service-tokens");
	uint64_t other = open_at(PERMISSIONS, O_WRONLY | O_TRUNC);
	ASK(&r[0], .kind = OP_WRITE, .node = node, .file = file, .data = "write_x\n");
	ASK(&r[1], .kind = OP_MKDIR, .node = tokens, .name = "new");
	ASK(&r[2], .kind = OP_OPEN, .node = node); /* waits for the write */
	world_turn(&w);
	ASK(&r[3], .kind = OP_FLUSH, .node = node, .file = other);
	fs_release(fs, other); /* revokes all, and has to wait */
	world_turn(&w);
	assert_true(fs_busy(fs));
	fs_finish();
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(result(&r[i]), -ENODEV);
}

static void a_lost_release_is_made_up_for(void **state)
{
	struct reply r = {0};

	(void)state;
	start_with(PERMISSIONS, O_WRONLY | O_TRUNC);
	flush(&r, 0);
	assert_int_equal(result(&r), 0);
	unmount();
	assert_true(list_empty(&fs->files));
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ON_SHOP("read_branch")));
	answer(REVOKE("t1"), 204, "");
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	assert_false(fs_busy(fs));
	fs_finish();
}

/* Its op is still under way, and holds the file. */
static void what_was_released_is_not_released_again(void **state)
{
	struct reply r = {0};
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	start_with(PERMISSIONS, O_WRONLY | O_APPEND);
	struct op *op = ASK(&r, .kind = OP_WRITE, .node = node, .file = file, .data = "write_x\n",
			    .offset = 12, .flags = file_flags, .pid = pid);
	world_turn(&w);
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(result(&r), -EINTR);
	flush(&r, pid);
	fs_release(fs, file);
	assert_false(list_empty(&fs->files));
	unmount();
	assert_false(list_empty(&fs->files));
	answer(GRANT("t1"), 200, LIST(ON_SHOP("write_x")));
	assert_true(list_empty(&fs->files));
	assert_false(fs_busy(fs));
	end_process(pid);
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_under_way_is_answered_when_the_mount_ends),
		cmocka_unit_test(a_lost_release_is_made_up_for),
		cmocka_unit_test(what_was_released_is_not_released_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
