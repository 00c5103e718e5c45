/* SPDX-License-Identifier: MIT */
/* fs_let_go, fs_release_all: the mount was unmounted, and what the kernel did not say any more. */
#include "open_file_fixture.h"

#define PERMISSIONS "acme/service-tokens/ci/databases/shop/permissions"

static void setup(int flags)
{
	fs_start();
	file_flags = flags;
	node = walk(PERMISSIONS);
	file = open_at(PERMISSIONS, flags);
}

static void unmount(void)
{
	fs_let_go(fs, ENODEV);
	fs_release_all(fs);
	world_turn(&w);
}

static void a_lost_release_is_made_up_for(void **state)
{
	struct reply r = {0};

	(void)state;
	setup(O_WRONLY | O_TRUNC);
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
	setup(O_WRONLY | O_APPEND);
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
		cmocka_unit_test(a_lost_release_is_made_up_for),
		cmocka_unit_test(what_was_released_is_not_released_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
