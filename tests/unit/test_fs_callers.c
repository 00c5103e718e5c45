/* SPDX-License-Identifier: MIT */
/* What the file system asks about the processes that call it: see process.h. To ask takes longer
 * than all else of most requests, so nothing is asked that the answer does not depend on. */
#include "fs_world.h"

#include "system/process.h"

#define SHOP        "acme/service-tokens/ci/databases/shop"
#define PERMISSIONS SHOP "/permissions"

/* A thread of another pid namespace. */
#define UNSEEN 4000001

static unsigned groups, reads;

static pid_t group(pid_t tid)
{
	groups++;
	return tid == UNSEEN ? 0 : tid;
}

static int read_one(pid_t tid, struct process *p)
{
	reads++;
	*p = (struct process){.tgid = tid, .start_time = 1, .program = 1};
	return 0;
}

static enum process_end lives(pid_t tid, pid_t *of)
{
	reads++;
	*of = tid;
	return PROCESS_LIVES;
}

static void start(void)
{
	static const struct process_delegate counting = {
		.read = read_one, .group = group, .end = lives};

	fs_start();
	process_delegate(&counting);
	groups = reads = 0;
}

static void finish(void)
{
	process_delegate(NULL);
	fs_finish();
}

static void nothing_about_who_only_reads(void **state)
{
	struct reply r = {0};

	(void)state;
	start();
	uint64_t node = walk(PERMISSIONS);
	uint64_t file = open_at(PERMISSIONS, O_RDONLY), another = open_at(PERMISSIONS, O_RDONLY);
	NOW(&r, .kind = OP_GETATTR, .node = node);
	assert_int_equal(r.st.st_size, strlen("read_branch\n"));
	NOW(&r, .kind = OP_READ, .node = node, .file = file, .size = 100);
	assert_string_equal(r.text, "read_branch\n");
	fs_release(fs, file);
	fs_release(fs, another);
	assert_int_equal(groups + reads, 0);
	finish();
}

/* As in `sort <f >f`, where both are open before anything is written. */
static void a_reader_who_then_writes_sees_the_size_of_what_it_reads(void **state)
{
	struct reply r = {0};

	(void)state;
	start();
	uint64_t node = walk(PERMISSIONS);
	uint64_t reader = open_at(PERMISSIONS, O_RDONLY);
	uint64_t writer = open_at(PERMISSIONS, O_WRONLY | O_TRUNC);
	NOW(&r, .kind = OP_GETATTR, .node = node);
	assert_int_equal(r.st.st_size, strlen("read_branch\n"));
	fs_release(fs, reader);
	NOW(&r, .kind = OP_GETATTR, .node = node);
	assert_int_equal(r.st.st_size, 0);
	fs_release(fs, writer); /* never closed: its writer was killed */
	assert_int_equal(fake_count(), 0);
	finish();
}

/* Its group is unknown, as is that of who has written through a handle by which nobody has. */
static void who_cannot_be_seen_sees_the_size_of_what_is_granted(void **state)
{
	struct reply r = {0};

	(void)state;
	start();
	uint64_t node = walk(PERMISSIONS);
	uint64_t file = open_at(PERMISSIONS, O_WRONLY | O_APPEND);
	uint64_t unused = open_at(PERMISSIONS, O_WRONLY | O_APPEND);
	NOW(&r, .kind = OP_WRITE, .node = node, .file = file, .data = "write", .offset = 12,
	    .flags = O_WRONLY | O_APPEND);
	assert_int_equal(r.kind, R_WRITTEN);
	NOW(&r, .kind = OP_GETATTR, .node = node, .pid = UNSEEN);
	assert_int_equal(r.st.st_size, strlen("read_branch\n"));
	NOW(&r, .kind = OP_GETATTR, .node = node);
	assert_int_equal(r.st.st_size, strlen("read_branch\nwrite"));
	fs_release(fs, file);
	fs_release(fs, unused);
	finish();
}

static void once_at_each_step_of_a_write(void **state)
{
	struct reply r = {0};

	(void)state;
	start();
	uint64_t node = walk(PERMISSIONS);
	uint64_t file = open_at(PERMISSIONS, O_WRONLY | O_APPEND);
	assert_int_equal(groups + reads, 1);
	ASK(&r, .kind = OP_WRITE, .node = node, .file = file, .data = "write_x\n", .offset = 12,
	    .flags = O_WRONLY | O_APPEND);
	world_turn(&w);
	answer(GRANT("t1"), 200, LIST(ON_SHOP("write_x")));
	assert_int_equal(r.kind, R_WRITTEN);
	groups = reads = 0;
	NOW(&r, .kind = OP_FLUSH, .node = node, .file = file);
	assert_int_equal(result(&r), 0);
	assert_int_equal(groups + reads, 1);
	fs_release(fs, file);
	finish();
}

static void once_who_lists_a_directory_of_a_token(void **state)
{
	struct reply opened = {0}, r = {0};

	(void)state;
	start();
	uint64_t node = walk(SHOP);
	NOW(&opened, .kind = OP_OPENDIR, .node = node);
	NOW(&r, .kind = OP_READDIR, .node = node, .file = opened.file, .size = 4096);
	assert_string_equal(r.text, ". .. permissions ");
	NOW(&r, .kind = OP_READDIR, .node = node, .file = opened.file, .size = 4096, .offset = 3);
	fs_release(fs, opened.file);
	assert_int_equal(reads, 1);
	assert_int_equal(groups, 0);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_about_who_only_reads),
		cmocka_unit_test(a_reader_who_then_writes_sees_the_size_of_what_it_reads),
		cmocka_unit_test(who_cannot_be_seen_sees_the_size_of_what_is_granted),
		cmocka_unit_test(once_at_each_step_of_a_write),
		cmocka_unit_test(once_who_lists_a_directory_of_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
