/* SPDX-License-Identifier: MIT */
/* fs_name: removing, renaming, scratch files; mkdir. */
#include "fs_world.h"

#include "base/buf.h"
#include "base/macros.h"

#define CI          "acme/service-tokens/ci"
#define SHOP        CI "/databases/shop"
#define PERMISSIONS SHOP "/permissions"
#define READ        ON_SHOP("read_branch")
#define WRITE       ON_SHOP("write_x")
#define ON_BRANCH                                                                                  \
	"{\"access\":\"x\",\"resource_type\":\"Branch\",\"resource_id\":\"b1\",\"resource_name\":" \
	"\"main\"}"

static uint64_t make_scratch(uint64_t dir, const char *name, const char *text)
{
	struct reply r = {0}, written = {0};

	NOW(&r, .kind = OP_CREATE, .node = dir, .name = name, .flags = O_WRONLY, .mode = 0600);
	assert_int_equal(r.kind, R_CREATE);
	NOW(&written, .kind = OP_WRITE, .node = r.entry.node, .file = r.file, .data = text);
	assert_int_equal(written.kind, R_WRITTEN);
	NOW(&written, .kind = OP_FLUSH, .node = r.entry.node, .file = r.file);
	fs_release(fs, r.file);
	return r.entry.node;
}

/* --- what may be made and removed where ------------------------------------------------------- */

static void what_this_file_system_does_not_do_is_eperm(void **state)
{
	static const struct {
		enum op_kind kind;
		const char *path, *name, *new_name;
		int err;
	} cases[] = {
		{OP_MKDIR, "", "x", NULL, EPERM},
		{OP_MKDIR, "acme", "x", NULL, EPERM},
		{OP_MKDIR, "acme/databases", "x", NULL, EPERM},
		{OP_MKDIR, CI "/databases", "x", NULL, EPERM},
		{OP_MKDIR, "acme/service-tokens", ".git", NULL, EINVAL},
		{OP_MKDIR, "acme/service-tokens", "a%41", NULL, EINVAL},
		{OP_RMDIR, "", "acme", NULL, EPERM},
		{OP_RMDIR, "acme", "databases", NULL, EPERM},
		{OP_RMDIR, "acme/databases", "shop", NULL, EPERM},
		{OP_RMDIR, "", ".pscalefs", NULL, EPERM},
		{OP_UNLINK, "acme", "info.json", NULL, EPERM},
		{OP_UNLINK, "acme/by-id", "t1", NULL, EPERM},
		{OP_CREATE, "acme", "x", NULL, EPERM},
		{OP_CREATE, "acme", "permissions", NULL, EPERM},
		{OP_CREATE, CI, "permisions", NULL, EPERM},
		{OP_CREATE, CI, "id", NULL, EEXIST},
		{OP_MKNOD, CI, "permissions", NULL, EPERM},
		{OP_SYMLINK, CI, "x", "target", EPERM},
		{OP_SYMLINK, "acme", ".#permissions", "target", EPERM},
		{OP_LINK, CI, "x", NULL, EPERM},
		{OP_RENAME, "acme/service-tokens", "ci", "ci2", EPERM},
		{OP_RENAME, CI, "id", "x", EPERM},
		{OP_RENAME, CI, "permissions", "x", EPERM},
		{OP_RENAME, CI, "nothing", "permissions", ENOENT},
		{OP_LOOKUP, "acme/service-tokens", ".hidden", NULL, ENOENT},
		{OP_LOOKUP, "acme/service-tokens", "nobody", NULL, ENOENT},
		{OP_LOOKUP, CI, "token", NULL, ENOENT}, /* its secret is not known here */
	};

	(void)state;
	fs_start();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reply r = {0};
		/* A refused removal is remembered of its process: take another each time. */
		pid_t pid = cases[i].kind == OP_RMDIR || cases[i].kind == OP_UNLINK
				    ? stopped_process(0)
				    : getpid();
		uint64_t node = cases[i].path[0] != '\0' ? walk(cases[i].path) : NODE_ROOT;
		NOW(&r, .kind = cases[i].kind, .node = node, .new_node = node,
		    .name = cases[i].name, .new_name = cases[i].new_name, .pid = pid);
		assert_int_equal(result(&r), -cases[i].err);
		if (pid != getpid())
			end_process(pid);
	}
	assert_int_equal(fake_count(), 0);
	fs_finish();
}

static void a_refused_name_says_what_was_probably_meant(void **state)
{
	static const struct {
		enum op_kind kind;
		const char *path, *name;
		bool near;
	} cases[] = {
		{OP_CREATE, CI, "permisions", true},
		{OP_CREATE, CI "/databases/shop", "permissions1", true},
		{OP_CREATE, CI "/databases/shop", "notes", false},
		{OP_RENAME, CI, "mypermissions", true},
		{OP_RENAME, CI, "tmpx", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reply r = {0};
		cleanup(buf_finish) struct buf text = BUF_INIT;
		fs_start();
		uint64_t node = walk(cases[i].path);
		NOW(&r, .kind = cases[i].kind, .node = node, .new_node = node,
		    .name = cases[i].kind == OP_RENAME ? "permissions" : cases[i].name,
		    .new_name = cases[i].name, .flags = O_WRONLY | O_CREAT);
		assert_int_equal(result(&r), -EPERM);
		error_log_print(&fs->error_log, &text);
		assert_non_null(
			strstr(buf_str(&text), cases[i].near ? "next: Did you mean \"permissions\"?"
							     : "next: Only permissions and"));
		fs_finish();
	}
}

static void a_name_too_long_is_refused(void **state)
{
	struct reply r = {0};
	char name[257];

	(void)state;
	memset(name, 'a', 256);
	name[256] = '\0';
	fs_start();
	NOW(&r, .kind = OP_LOOKUP, .node = walk(CI), .name = name);
	assert_int_equal(result(&r), -ENAMETOOLONG);
	fs_finish();
}

/* --- mkdir, rmdir ----------------------------------------------------------------------------- */

static void mkdir_checks_a_fresh_list_and_makes_one_token(void **state)
{
	struct reply r = {0};
	uint64_t dir;

	(void)state;
	fs_start();
	dir = walk("acme/service-tokens");
	ASK(&r, .kind = OP_MKDIR, .node = dir, .name = "ci");
	answer_well();
	assert_int_equal(result(&r), -EEXIST);
	ASK(&r, .kind = OP_MKDIR, .node = dir, .name = "team%2Fci");
	answer_well();
	answer(CREATE "\"name\":\"team/ci\"}", 200, MADE("t9", "team/ci"));
	assert_int_equal(r.kind, R_ENTRY);
	assert_true(r.entry.attr_timeout_s == 0);
	assert_int_equal(fake_count(), 3);
	uint64_t made = r.entry.node, found;
	assert_int_equal(look_up(dir, "team%2Fci", 0, &found), 0);
	assert_true(made == found);
	NOW(&r, .kind = OP_OPEN, .node = walk("acme/service-tokens/team%2Fci/header"));
	uint64_t file = r.file;
	NOW(&r, .kind = OP_READ, .file = file, .size = 100);
	assert_string_equal(r.text, "Authorization: t9:pscale_tkn_t9\n");
	fs_release(fs, file);
	fs_finish();
}

static void rm_of_the_secret_forgets_it(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	ASK(&r, .kind = OP_MKDIR, .node = walk("acme/service-tokens"), .name = "new");
	answer_well();
	answer_well();
	uint64_t dir = r.entry.node;
	assert_int_equal(look_up(dir, "env", 0, NULL), 0);
	NOW(&r, .kind = OP_UNLINK, .node = dir, .name = "token");
	assert_int_equal(result(&r), 0);
	assert_null(model_secret(w.model, "t9"));
	assert_int_equal(look_up(dir, "env", 0, NULL), -ENOENT);
	fs_finish();
}

static void rmdir_deletes_an_empty_token_and_its_scratch_files(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	make_scratch(walk(CI), "permissions~", "old\n");
	uint64_t dir = walk("acme/service-tokens");
	ASK(&r, .kind = OP_RMDIR, .node = dir, .name = "ci");
	world_turn(&w);
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	answer(DELETE("t1"), 204, "");
	assert_int_equal(result(&r), 0);
	assert_int_equal(fs->scratches.n, 0);
	assert_int_equal(look_up(dir, "ci", 0, NULL), -ENOENT);
	assert_int_equal(fake_count(), 2);
	fs_finish();
}

/* Somebody has revoked all, or the answer lags: another one decides, when none can lag. */
static void rmdir_spares_a_token_that_was_seen_used(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	for (int i = 0; i < 2; i++) {
		ASK(&r, .kind = OP_RMDIR, .node = walk("acme/service-tokens"), .name = "ci");
		world_turn(&w);
		answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", READ));
		assert_int_equal(result(&r), -ENOTEMPTY);
		ASK(&r, .kind = OP_RMDIR, .node = walk("acme/service-tokens"), .name = "ci");
		world_turn(&w);
		answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
		assert_int_equal(result(&r), -ENOTEMPTY);
	}
	w.clock.mono_ms += RECENT_MS;
	ASK(&r, .kind = OP_RMDIR, .node = walk("acme/service-tokens"), .name = "ci");
	world_turn(&w);
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	answer(DELETE("t1"), 204, "");
	assert_int_equal(result(&r), 0);
	fs_finish();
}

static void a_failed_rmdir_leaves_scratch_files_alone(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	make_scratch(walk(CI), "permissions~", "old\n");
	make_scratch(walk(SHOP), "permissions~", "old\n");
	ASK(&r, .kind = OP_RMDIR, .node = walk(CI "/databases"), .name = "shop");
	world_turn(&w);
	answer(GET_TOKEN("t1"), 500, "{}");
	assert_int_equal(result(&r), -EREMOTEIO);
	ASK(&r, .kind = OP_RMDIR, .node = walk("acme/service-tokens"), .name = "ci");
	world_turn(&w);
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	answer(DELETE("t1"), 403, "{}");
	assert_int_equal(result(&r), -EACCES);
	assert_int_equal(fs->scratches.n, 2);
	fs_finish();
}

static void what_is_granted_afresh_is_in_the_directory(void **state)
{
	static const struct {
		const char *parent, *name, *grants;
		int result;
	} cases[] = {
		{"acme/service-tokens", "ci", READ, -ENOTEMPTY},
		{"acme/service-tokens", "ci", ON_ACME("read_organization"), -ENOTEMPTY},
		{"acme/service-tokens", "ci", ON_BRANCH, -ENOTEMPTY},
		{CI "/databases", "shop", READ, -ENOTEMPTY},
		{CI "/databases", "shop", ON_DATABASE("x", "d2", "blog"), 0},
		{CI "/databases", "shop", "", 0},
		{CI, "databases", READ, -ENOTEMPTY},
		{CI, "databases", ON_ACME("read_organization"), 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reply r = {0};
		char body[512];
		fs_start();
		snprintf(body, sizeof(body), TOKEN("t1", "ci", "%s"), cases[i].grants);
		ASK(&r, .kind = OP_RMDIR, .node = walk(cases[i].parent), .name = cases[i].name);
		world_turn(&w);
		answer(GET_TOKEN("t1"), 200, body);
		assert_int_equal(result(&r), cases[i].result);
		assert_int_equal(fake_open(), 0);
		fs_finish();
	}
}

static void a_directory_is_not_unlinked_nor_a_file_rmdired(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	NOW(&r, .kind = OP_UNLINK, .node = walk("acme/service-tokens"), .name = "ci");
	assert_int_equal(result(&r), -EISDIR);
	NOW(&r, .kind = OP_RMDIR, .node = walk(CI), .name = "id");
	assert_int_equal(result(&r), -ENOTDIR);
	fs_finish();
}

/* --- removing permissions --------------------------------------------------------------------- */

static void revoke_all(void)
{
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", READ));
	answer(REVOKE("t1"), 204, "");
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
}

static void removed_permissions_are_gone_for_who_removed_them_until_made_again(void **state)
{
	struct reply r = {0};
	uint64_t before, after;

	(void)state;
	fs_start();
	uint64_t dir = walk(SHOP);
	look_up(dir, "permissions", 0, &before);
	ASK(&r, .kind = OP_UNLINK, .node = dir, .name = "permissions");
	world_turn(&w);
	revoke_all();
	assert_int_equal(result(&r), 0);
	assert_int_equal(look_up(dir, "permissions", 0, NULL), -ENOENT);
	NOW(&r, .kind = OP_UNLINK, .node = dir, .name = "permissions");
	assert_int_equal(result(&r), -ENOENT);
	NOW(&r, .kind = OP_CREATE, .node = dir, .name = "permissions", .flags = O_WRONLY | O_EXCL);
	assert_int_equal(r.kind, R_CREATE);
	assert_int_not_equal(r.entry.node, before);
	fs_release(fs, r.file);
	assert_int_equal(look_up(dir, "permissions", 0, &after), 0);
	assert_int_not_equal(after, before);
	fs_finish();
}

static void removed_permissions_are_there_for_others_and_then_for_all(void **state)
{
	struct reply r = {0};
	pid_t other = stopped_process(0);

	(void)state;
	fs_start();
	uint64_t dir = walk(SHOP);
	ASK(&r, .kind = OP_UNLINK, .node = dir, .name = "permissions");
	world_turn(&w);
	revoke_all();
	assert_int_equal(look_up(dir, "permissions", 0, NULL), -ENOENT);
	assert_int_equal(look_up(dir, "permissions", other, NULL), 0);
	assert_int_equal(look_up(dir, "permissions", 0, NULL), 0);
	end_process(other);
	fs_finish();
}

static void an_unlink_that_fails_leaves_permissions_there(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t dir = walk(SHOP);
	ASK(&r, .kind = OP_UNLINK, .node = dir, .name = "permissions");
	world_turn(&w);
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", READ));
	answer(REVOKE("t1"), 204, "");
	for (int i = 0; i < 5; i++) {
		answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", READ));
		world_settle(&w);
	}
	assert_int_equal(result(&r), -EREMOTEIO);
	assert_int_equal(look_up(dir, "permissions", 0, NULL), 0);
	fs_finish();
}

/* --- rename ----------------------------------------------------------------------------------- */

static void a_scratch_file_renamed_onto_permissions_commits_its_text(void **state)
{
	struct reply r = {0}, written = {0};
	uint64_t now;

	(void)state;
	fs_start();
	uint64_t dir = walk(SHOP), old;
	look_up(dir, "permissions", 0, &old);
	uint64_t scratch = make_scratch(dir, "sedAbCdEf", "write_x\n");
	uint64_t reader = open_at(SHOP "/sedAbCdEf", O_RDONLY);
	ASK(&r, .kind = OP_RENAME, .node = dir, .new_node = dir, .name = "sedAbCdEf",
	    .new_name = "permissions");
	world_turn(&w);
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", READ));
	answer(GRANT("t1"), 200, LIST(READ "," WRITE));
	answer(REVOKE("t1"), 204, "");
	answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", WRITE));
	assert_int_equal(result(&r), 0);
	look_up(dir, "permissions", 0, &now);
	assert_true(now == scratch); /* the kernel has moved it */
	/* A handle that was opened to read it reads what is granted. */
	uint64_t writer = open_at(PERMISSIONS, O_WRONLY | O_APPEND);
	ASK(&written, .kind = OP_WRITE, .node = scratch, .file = writer, .data = "read_z\n",
	    .flags = O_APPEND);
	world_turn(&w);
	answer(GRANT("t1"), 200, LIST(WRITE "," ON_SHOP("read_z")));
	assert_int_equal(written.kind, R_WRITTEN);
	r = (struct reply){0};
	NOW(&r, .kind = OP_READ, .node = scratch, .file = reader, .size = 100);
	assert_string_equal(r.text, "read_z\nwrite_x\n");
	fs_release(fs, reader);
	fs_release(fs, writer);
	assert_int_equal(look_up(dir, "sedAbCdEf", 0, NULL), -ENOENT);
	NOW(&r, .kind = OP_GETATTR, .node = old);
	assert_int_equal(r.kind, R_ATTR); /* replaced, but open files may have it */
	fs_finish();
}

/* mv would print nonsense for EINVAL. */
static void a_rename_that_is_refused_is_ebadmsg_and_changes_nothing(void **state)
{
	static const char *const texts[] = {"bogus\n", "No Way\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct reply r = {0};
		fs_start();
		uint64_t dir = walk(SHOP);
		make_scratch(dir, "permissions.tmp", texts[i]);
		ASK(&r, .kind = OP_RENAME, .node = dir, .new_node = dir, .name = "permissions.tmp",
		    .new_name = "permissions");
		world_turn(&w);
		if (i == 0) {
			answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", READ));
			answer(GRANT("t1"), 422, "{}");
			answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", READ));
		}
		assert_int_equal(result(&r), -EBADMSG);
		assert_int_equal(look_up(dir, "permissions.tmp", 0, NULL), 0);
		fs_finish();
	}
}

static void renaming_permissions_to_a_backup_copies_it_and_leaves_the_grants(void **state)
{
	struct reply r = {0};
	uint64_t moved, fresh;

	(void)state;
	fs_start();
	uint64_t dir = walk(SHOP), old;
	look_up(dir, "permissions", 0, &old);
	NOW(&r, .kind = OP_RENAME, .node = dir, .new_node = dir, .name = "permissions",
	    .new_name = "permissions~");
	assert_int_equal(result(&r), 0);
	look_up(dir, "permissions~", 0, &moved);
	look_up(dir, "permissions", 0, &fresh);
	assert_true(moved != old);
	assert_true(fresh != old);
	/* What the kernel knew went with the name: who opens it must look again. */
	NOW(&r, .kind = OP_OPEN, .node = old, .flags = O_WRONLY);
	assert_int_equal(result(&r), -ESTALE);
	NOW(&r, .kind = OP_OPEN, .node = moved);
	uint64_t file = r.file;
	NOW(&r, .kind = OP_READ, .node = moved, .file = file, .size = 100);
	assert_string_equal(r.text, "read_branch\n");
	fs_release(fs, file);
	NOW(&r, .kind = OP_RENAME, .node = dir, .new_node = dir, .name = "permissions~",
	    .new_name = "permissions.bak");
	assert_int_equal(result(&r), 0);
	assert_int_equal(look_up(dir, "permissions~", 0, NULL), -ENOENT);
	NOW(&r, .kind = OP_UNLINK, .node = dir, .name = "permissions.bak");
	assert_int_equal(result(&r), 0);
	assert_int_equal(fs->scratches.n, 0);
	assert_int_equal(fake_count(), 0);
	fs_finish();
}

static void renames_respect_their_flags_and_directories(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t dir = walk(SHOP), other = walk(CI);
	make_scratch(dir, "permissions.tmp", "write_x\n");
	NOW(&r, .kind = OP_RENAME, .node = dir, .new_node = dir, .name = "permissions.tmp",
	    .new_name = "permissions", .flags = RENAME_NOREPLACE);
	assert_int_equal(result(&r), -EEXIST);
	NOW(&r, .kind = OP_RENAME, .node = dir, .new_node = dir, .name = "permissions.tmp",
	    .new_name = "permissions", .flags = RENAME_EXCHANGE);
	assert_int_equal(result(&r), -EPERM);
	NOW(&r, .kind = OP_RENAME, .node = dir, .new_node = other, .name = "permissions.tmp",
	    .new_name = "permissions");
	assert_int_equal(result(&r), -EPERM);
	NOW(&r, .kind = OP_RENAME, .node = dir, .new_node = dir, .name = "permissions.tmp",
	    .new_name = "whatever");
	assert_int_equal(result(&r), -EPERM);
	fs_finish();
}

static void a_lock_of_emacs_is_a_link_that_points_nowhere(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	uint64_t dir = walk(SHOP);
	NOW(&r, .kind = OP_SYMLINK, .node = dir, .name = ".#permissions", .new_name = "me@here:1");
	assert_int_equal(r.kind, R_ENTRY);
	assert_true(S_ISLNK(r.entry.st.st_mode));
	uint64_t node = r.entry.node;
	NOW(&r, .kind = OP_READLINK, .node = node);
	assert_string_equal(r.text, "me@here:1");
	NOW(&r, .kind = OP_SYMLINK, .node = dir, .name = ".#permissions", .new_name = "you");
	assert_int_equal(result(&r), -EEXIST);
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_this_file_system_does_not_do_is_eperm),
		cmocka_unit_test(a_refused_name_says_what_was_probably_meant),
		cmocka_unit_test(a_name_too_long_is_refused),
		cmocka_unit_test(mkdir_checks_a_fresh_list_and_makes_one_token),
		cmocka_unit_test(rm_of_the_secret_forgets_it),
		cmocka_unit_test(rmdir_deletes_an_empty_token_and_its_scratch_files),
		cmocka_unit_test(what_is_granted_afresh_is_in_the_directory),
		cmocka_unit_test(rmdir_spares_a_token_that_was_seen_used),
		cmocka_unit_test(a_failed_rmdir_leaves_scratch_files_alone),
		cmocka_unit_test(a_directory_is_not_unlinked_nor_a_file_rmdired),
		cmocka_unit_test(
			removed_permissions_are_gone_for_who_removed_them_until_made_again),
		cmocka_unit_test(removed_permissions_are_there_for_others_and_then_for_all),
		cmocka_unit_test(an_unlink_that_fails_leaves_permissions_there),
		cmocka_unit_test(a_scratch_file_renamed_onto_permissions_commits_its_text),
		cmocka_unit_test(a_rename_that_is_refused_is_ebadmsg_and_changes_nothing),
		cmocka_unit_test(renaming_permissions_to_a_backup_copies_it_and_leaves_the_grants),
		cmocka_unit_test(renames_respect_their_flags_and_directories),
		cmocka_unit_test(a_lock_of_emacs_is_a_link_that_points_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
