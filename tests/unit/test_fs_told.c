/* SPDX-License-Identifier: MIT */
/*
 * fs_kept, op: what this mount changes is told to the kernel before the caller: until the kernel has
 * forgotten what it kept, no op runs, and none that has ended replies (rule 14).
 */
#include "fs_world.h"

#define CI          "acme/service-tokens/ci"
#define PERMISSIONS CI "/databases/shop/permissions"
#define WRITE       ON_SHOP("write_x")

static size_t to_forget;
static uint64_t access_node; /* of the database, whose attributes the kernel keeps */

static void forget(void *ctx, uint64_t number)
{
	(void)ctx;
	(void)number;
	to_forget++;
}

/* The kernel has forgotten all that it was told to. */
static void told(void)
{
	size_t n = to_forget;

	assert_true(n > 0);
	to_forget = 0;
	fs_told(fs, n);
	world_turn(&w);
}

static void start(void)
{
	fs_start();
	to_forget = 0;
	fs_let_keep(fs, forget, NULL);
}

/* The kernel keeps the attributes of this. */
static uint64_t keep(const char *path)
{
	struct reply r = {0};
	uint64_t n = walk(path);

	NOW(&r, .kind = OP_GETATTR, .node = n);
	assert_int_equal(r.kind, R_ATTR);
	assert_true(r.timeout_s > 0);
	return n;
}

/* A write through *file. */
static struct op *write_text(struct reply *r, uint64_t *file, const char *text, pid_t pid)
{
	start();
	uint64_t node = walk(PERMISSIONS);
	*file = open_at(PERMISSIONS, O_WRONLY | O_APPEND);
	access_node = keep("acme/databases/shop/access");
	struct op *op = ASK(r, .kind = OP_WRITE, .node = node, .file = *file, .data = text,
			    .offset = 12, .flags = O_WRONLY | O_APPEND, .pid = pid);
	world_turn(&w);
	return op;
}

/* A write of write_x, which PlanetScale has confirmed. */
static struct op *grant(struct reply *r, uint64_t *file, pid_t pid)
{
	struct op *op = write_text(r, file, "write_x\n", pid);

	answer(GRANT("t1"), 200, LIST(WRITE));
	return op;
}

static void release(uint64_t file)
{
	fs_release(fs, file);
	world_turn(&w);
	fs_finish();
}

static void a_grant_is_reported_when_the_kernel_has_forgotten(void **state)
{
	struct reply r = {0}, looked = {0};
	uint64_t file;

	(void)state;
	grant(&r, &file, 0);
	assert_int_equal(to_forget, 1);
	assert_int_equal(r.count, 0);
	/* Nor does anybody else see the new state before. */
	ASK(&looked, .kind = OP_GETATTR, .node = access_node);
	world_turn(&w);
	assert_int_equal(looked.count, 0);
	told();
	assert_int_equal(r.kind, R_WRITTEN);
	assert_int_equal(r.size, 8);
	while (fake_open() > 0)
		answer_well(); /* what was known before the change is asked for again */
	assert_int_equal(looked.kind, R_ATTR);
	release(file);
}

static void half_of_it_is_not_enough(void **state)
{
	struct reply r = {0};
	uint64_t file;

	(void)state;
	start();
	uint64_t node = walk(PERMISSIONS);
	file = open_at(PERMISSIONS, O_WRONLY | O_APPEND);
	keep(CI "/info.json");
	keep("acme/databases/shop/access");
	ASK(&r, .kind = OP_WRITE, .node = node, .file = file, .data = "write_x\n", .offset = 12,
	    .flags = O_WRONLY | O_APPEND);
	world_turn(&w);
	answer(GRANT("t1"), 200, LIST(WRITE));
	assert_int_equal(to_forget, 2);
	fs_told(fs, 1);
	world_turn(&w);
	assert_int_equal(r.count, 0);
	fs_told(fs, 1);
	world_turn(&w);
	assert_int_equal(r.kind, R_WRITTEN);
	release(file);
}

static void an_open_to_write_waits_too(void **state)
{
	struct reply r = {0};

	(void)state;
	start();
	uint64_t node = keep(PERMISSIONS);
	ASK(&r, .kind = OP_OPEN, .node = node, .flags = O_WRONLY | O_APPEND);
	world_turn(&w);
	assert_int_equal(r.count, 0);
	told();
	assert_int_equal(r.kind, R_OPEN);
	release(r.file);
}

static void a_new_token_is_reported_with_its_id(void **state)
{
	struct reply r = {0};

	(void)state;
	start();
	uint64_t tokens = keep("acme/service-tokens");
	ASK(&r, .kind = OP_MKDIR, .node = tokens, .name = "new");
	answer_well(); /* the fresh list */
	answer(CREATE, 200, MADE("t3", "new"));
	assert_int_equal(r.count, 0);
	told();
	assert_int_equal(r.kind, R_ENTRY);
	assert_int_equal(r.entry.node, walk("acme/service-tokens/new"));
	fs_finish();
}

static void a_failure_is_reported_then_too(void **state)
{
	struct reply r = {0};
	uint64_t file;

	(void)state;
	write_text(&r, &file, "bogus\n", 0);
	answer(GRANT("t1"), 422, "{\"message\":\"no such access\"}");
	/* What it has shows that somebody else has granted write_x. */
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ON_SHOP("read_branch") "," WRITE));
	assert_int_equal(r.count, 0);
	told();
	assert_int_equal(result(&r), -EINVAL);
	release(file);
}

static void a_caller_that_is_killed_does_not_wait(void **state)
{
	struct reply r = {0};
	uint64_t file;
	pid_t pid = stopped_process(SIGTERM);

	(void)state;
	struct op *op = grant(&r, &file, pid);
	assert_int_equal(r.count, 0);
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(r.count, 1); /* and the grant is there */
	assert_true(scopes_has(&model_grant(world_token(&w, "t1"), "d1")->scopes, "write_x"));
	told();
	end_process(pid);
	release(file);
}

/* The end of the mount: nobody is told any more, and what was confirmed is reported as that. */
static void the_end_of_the_mount_waits_for_no_one(void **state)
{
	struct reply r = {0};
	uint64_t file;

	(void)state;
	grant(&r, &file, 0);
	assert_int_equal(r.count, 0);
	fs_let_go(fs, ENODEV);
	assert_int_equal(r.kind, R_WRITTEN);
	release(file);
}

/* One of its two descriptors was closed before. That the last close is that of a killed process is known only
 * from this request, which a signal may interrupt before it was looked at. */
static void who_is_killed_is_known_by_a_close_that_has_to_wait(void **state)
{
	struct reply opened = {0}, first = {0}, last = {0};
	pid_t pid = stopped_process(0);

	(void)state;
	start();
	uint64_t node = walk(PERMISSIONS);
	NOW(&opened, .kind = OP_OPEN, .node = node, .flags = O_WRONLY | O_TRUNC, .pid = pid);
	NOW(&first, .kind = OP_FLUSH, .node = node, .file = opened.file, .pid = pid);
	keep("acme/databases/shop/access");
	fs_tell_all(fs);
	kill(pid, SIGTERM);
	struct op *op = ASK(&last, .kind = OP_FLUSH, .node = node, .file = opened.file, .pid = pid);
	assert_int_equal(last.count, 0);
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(last.count, 1);
	told();
	fs_release(fs, opened.file);
	world_turn(&w);
	assert_int_equal(fake_count(), 0); /* nothing is asked for, nor revoked */
	end_process(pid);
	fs_finish();
}

/* rmdir(2) holds the directory's lock, until a signal ends it. A lookup after that is answered before the token
 * is gone, and may reach the kernel when it was told to forget what it does not know yet. */
static void nothing_lasts_of_a_token_that_is_about_to_be_deleted(void **state)
{
	struct reply r = {0}, found = {0}, attr = {0}, other = {0};

	(void)state;
	start();
	uint64_t tokens = walk("acme/service-tokens");
	pid_t pid = stopped_process(SIGTERM);
	struct op *op = ASK(&r, .kind = OP_RMDIR, .node = tokens, .name = "web", .pid = pid);
	world_turn(&w);
	answer(GET_TOKEN("t2"), 200, TOKEN("t2", "web", ""));
	op_interrupt(op);
	world_turn(&w);
	assert_int_equal(result(&r), -EINTR);
	assert_true(store_changes_token(fs->store, "t2"));
	NOW(&found, .kind = OP_LOOKUP, .node = tokens, .name = "web");
	assert_true(found.entry.attr_timeout_s == 0);
	NOW(&attr, .kind = OP_GETATTR, .node = found.entry.node);
	assert_true(attr.timeout_s == 0);
	NOW(&other, .kind = OP_LOOKUP, .node = tokens, .name = "ci");
	assert_true(other.entry.attr_timeout_s > 0);
	answer(DELETE("t2"), 204, "");
	told();
	assert_int_equal(look_up(tokens, "web", 0, NULL), -ENOENT);
	end_process(pid);
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_is_reported_when_the_kernel_has_forgotten),
		cmocka_unit_test(half_of_it_is_not_enough),
		cmocka_unit_test(an_open_to_write_waits_too),
		cmocka_unit_test(a_new_token_is_reported_with_its_id),
		cmocka_unit_test(a_failure_is_reported_then_too),
		cmocka_unit_test(a_caller_that_is_killed_does_not_wait),
		cmocka_unit_test(the_end_of_the_mount_waits_for_no_one),
		cmocka_unit_test(who_is_killed_is_known_by_a_close_that_has_to_wait),
		cmocka_unit_test(nothing_lasts_of_a_token_that_is_about_to_be_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
