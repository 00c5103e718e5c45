/* SPDX-License-Identifier: MIT */
/* fs_directory: what the kernel is given beside the names of a directory. */
#include "fs_world.h"

#include "base/macros.h"
#include "base/xmalloc.h"

#define CI   "acme/service-tokens/ci"
#define SHOP CI "/databases/shop"

static void forget(void *ctx, uint64_t node)
{
	(void)ctx;
	(void)node;
}

static void start_keeping(void)
{
	fs_start();
	fs_let_keep(fs, forget, NULL);
}

/* As the kernel reads it: all of it, or `size` bytes from `offset` on. */
static void read_plus(struct reply *r, const char *path, uint64_t offset, size_t size)
{
	uint64_t node = path[0] == '\0' ? NODE_ROOT : walk(path);
	struct reply opened = {0};

	NOW(&opened, .kind = OP_OPENDIR, .node = node);
	NOW(r, .kind = OP_READDIR, .node = node, .file = opened.file, .plus = true,
	    .offset = offset, .size = size);
	fs_release(fs, opened.file);
}

/* The index of a name in the reply. */
static size_t index_of(const struct reply *r, const char *name)
{
	char *copy = xstrdup(r->text), *rest = copy, *word;
	size_t i = 0;

	while ((word = strsep(&rest, " ")) != NULL && strcmp(word, name) != 0)
		i++;
	assert_non_null(word);
	free(copy);
	return i;
}

static void drop_entries(const struct reply *r)
{
	for (size_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].node != 0)
			fs_forget(fs, r->entries[i].node, 1);
}

static void expect_same(const struct op_entry *a, const struct op_entry *b)
{
	assert_int_equal(a->node, b->node);
	assert_int_equal(a->st.st_ino, b->st.st_ino);
	assert_int_equal(a->st.st_mode, b->st.st_mode);
	assert_int_equal(a->st.st_size, b->st.st_size);
	assert_int_equal(a->st.st_mtim.tv_sec, b->st.st_mtim.tv_sec);
	assert_true(a->attr_timeout_s == b->attr_timeout_s);
	assert_true(a->entry_timeout_s == b->entry_timeout_s);
}

static void a_token_is_read_with_what_lookups_would_say(void **state)
{
	static const struct {
		const char *directory, *name;
	} cases[] = {
		{CI, "id"},        {CI, "info.json"},         {CI, "permissions"},
		{CI, "databases"}, {CI "/databases", "shop"}, {SHOP, "permissions"},
	};

	(void)state;
	start_keeping();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reply all = {0}, one = {0};
		size_t before = fs->nodes.all.n;
		read_plus(&all, cases[i].directory, 0, 4096);
		const struct op_entry *e = &all.entries[index_of(&all, cases[i].name)];
		assert_true(e->node != 0 && e->entry_timeout_s > 0);
		NOW(&one, .kind = OP_LOOKUP, .node = walk(cases[i].directory),
		    .name = cases[i].name);
		expect_same(e, &one.entry);
		assert_int_equal(all.entries[0].node, 0); /* . */
		assert_int_equal(all.entries[1].node, 0);
		uint64_t number = e->node;
		assert_int_equal(node_find(&fs->nodes, number)->lookups, 2);
		fs_forget(fs, number, 1);
		drop_entries(&all);
		assert_null(node_find(&fs->nodes, number));
		assert_true(fs->nodes.all.n >= before);
	}
	fs_finish();
}

/* The kernel has what fits, if it takes the reply; no node stays for the rest. */
static void entries_that_were_not_sent_are_forgotten(void **state)
{
	struct reply r = {0};

	(void)state;
	start_keeping();
	uint64_t node = walk(CI);
	size_t before = fs->nodes.all.n;
	read_plus(&r, CI, 2, 3 * DIRENT_PLUS_MIN + 10);
	assert_int_equal(r.n_entries, 3);
	assert_int_equal(fs->nodes.all.n, before + 3);
	drop_entries(&r);
	assert_int_equal(fs->nodes.all.n, before);
	r.unwanted = true;
	struct reply opened = {0};
	NOW(&opened, .kind = OP_OPENDIR, .node = node);
	NOW(&r, .kind = OP_READDIR, .node = node, .file = opened.file, .plus = true, .size = 4096);
	assert_int_equal(fs->nodes.all.n, before);
	fs_release(fs, opened.file);
	fs_finish();
}

static size_t known_entries(const char *path, uint64_t offset)
{
	struct reply r = {0};
	size_t n = 0;

	read_plus(&r, path, offset, 4096);
	for (size_t i = 0; i < r.n_entries; i++)
		n += r.entries[i].node != 0;
	drop_entries(&r);
	return n;
}

/* Names alone must not cost what names and attributes cost. */
static void nothing_is_asked_for_that_names_do_not_need(void **state)
{
	struct reply opened = {0}, r = {0};

	(void)state;
	start_keeping();
	assert_true(known_entries(CI, 0) > 5);
	assert_int_equal(known_entries("acme/service-tokens", 0), 0);
	assert_int_equal(known_entries("acme/service-tokens", 2), 2);
	assert_int_equal(known_entries("acme", 0), 0);
	assert_int_equal(known_entries("", 0), 0);
	uint64_t node = walk(CI);
	NOW(&opened, .kind = OP_OPENDIR, .node = node);
	resource_expire(&model_organization(w.model, "o1")->tokens);
	NOW(&r, .kind = OP_READDIR, .node = node, .file = opened.file, .plus = true, .size = 4096);
	for (size_t i = 0; i < r.n_entries; i++)
		assert_int_equal(r.entries[i].node, 0);
	fs_release(fs, opened.file);
	fs_finish();
}

/* Reading names is no use of one; and to know it, a lookup is needed. */
static void a_name_that_changed_hands_is_looked_up(void **state)
{
	(void)state;
	start_keeping();
	uint64_t tokens = walk("acme/service-tokens");
	world_token(&w, "t1")->withheld_ms = WITHHELD;
	assert_int_equal(known_entries("acme/service-tokens", 2), 1);
	assert_int_equal(look_up(tokens, "ci", 0, NULL), -ENOENT);
	assert_int_equal(known_entries("acme/service-tokens", 2), 1);
	w.clock.mono_ms += WITHHELD_MS;
	assert_int_equal(look_up(tokens, "ci", 0, NULL), 0);
	assert_int_equal(known_entries("acme/service-tokens", 2), 2);
	fs_finish();
}

/* Answers may still tell of the one that was deleted. */
static void a_database_that_was_made_again_is_listed_once(void **state)
{
	struct reply r = {0};
	uint64_t shop;

	(void)state;
	fs_start_with(LIST(
		TOKEN("t1", "ci",
		      ON_DATABASE("read_branch", "d0", "shop") "," ON_SHOP(
			      "delete_branch") "," ON_DATABASE("read_branch", "d9", "unseen"))));
	fs_let_keep(fs, forget, NULL);
	read_plus(&r, CI "/databases", 0, 4096);
	assert_string_equal(r.text, ". .. shop unseen ");
	drop_entries(&r);
	assert_int_equal(look_up(walk(CI "/databases"), "shop", 0, &shop), 0);
	assert_string_equal(fs_key(fs, node_find(&fs->nodes, shop)).target.database_id, "d1");
	fs_finish();
}

/* The process that removed `permissions` may not find it; who edits it has another text. */
static void permissions_in_use_are_looked_up(void **state)
{
	struct reply r = {0};

	(void)state;
	start_keeping();
	uint64_t file = open_at(SHOP "/permissions", O_WRONLY);
	read_plus(&r, SHOP, 0, 4096);
	assert_int_equal(r.entries[index_of(&r, "permissions")].node, 0);
	fs_release(fs, file);
	world_turn(&w);
	fs_finish();
}

static void a_reader_of_entries_is_remembered_as_one_of_names(void **state)
{
	struct reply r = {0};

	(void)state;
	start_keeping();
	read_plus(&r, "acme/service-tokens", 0, 4096);
	drop_entries(&r);
	assert_int_equal(fs->removal_guard.n, 1);
	assert_true(fs->removal_guard.v[0].read_above);
	read_plus(&r, CI, 0, 4096);
	drop_entries(&r);
	assert_int_equal(fs->removal_guard.v[0].n_inside, 1);
	fs_finish();
}

/* --- what the kernel keeps ---------------------------------------------------------------------- */

/* Opens the directory, and reads it if the kernel has to ask: `how` it may keep the names, and the handle. */
static unsigned list(const char *path, uint64_t *file)
{
	struct reply r = {0}, names = {0};
	uint64_t node = walk(path);

	NOW(&r, .kind = OP_OPENDIR, .node = node);
	*file = r.file;
	if ((r.how & OPEN_KEEP) == 0)
		NOW(&names, .kind = OP_READDIR, .node = node, .file = r.file, .size = 4096);
	return r.how;
}

static unsigned list_once(const char *path)
{
	uint64_t file;
	unsigned how = list(path, &file);

	fs_release(fs, file);
	return how;
}

#define NAMES "acme/service-tokens"

static void the_kernel_keeps_names_for_those_that_the_guard_knows(void **state)
{
	(void)state;
	fs_start();
	assert_int_equal(list_once(NAMES), 0); /* nothing is known of this process yet */
	assert_int_equal(list_once(NAMES), OPEN_LIST);
	assert_int_equal(list_once(NAMES), OPEN_LIST | OPEN_KEEP);
	assert_int_equal(list_once("acme/by-id"),
			 OPEN_LIST); /* one directory at a time is kept here */
	assert_int_equal(list_once("acme/by-id"), OPEN_LIST | OPEN_KEEP);
	assert_int_equal(list_once(NAMES), OPEN_LIST);
	assert_int_equal(list_once(NAMES), OPEN_LIST | OPEN_KEEP);
	/* Who reads what is in a token has to be known each time. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(list_once(CI) | list_once(SHOP), 0);
	/* Another process. */
	pid_t other = stopped_process(0);
	struct reply r = {0};
	NOW(&r, .kind = OP_OPENDIR, .node = walk(NAMES), .pid = other);
	assert_int_equal(r.how, 0);
	fs_release(fs, r.file);
	end_process(other);
	fs_finish();
}

static void the_kernel_never_mixes_the_names_of_two_lists(void **state)
{
	uint64_t old, new;

	(void)state;
	fs_start();
	list_once(NAMES);
	assert_int_equal(list(NAMES, &old), OPEN_LIST);
	model_remove_token(world_token(&w, "t2"));
	/* What the kernel has may come to be by the old handle. */
	assert_int_equal(list(NAMES, &new), 0);
	fs_release(fs, old);
	assert_int_equal(list_once(NAMES), OPEN_LIST);
	assert_int_equal(list_once(NAMES), OPEN_LIST | OPEN_KEEP);
	fs_release(fs, new);
	assert_int_equal(list_once(NAMES), OPEN_LIST | OPEN_KEEP);
	fs_finish();
}

static void without_a_cache_the_kernel_keeps_no_names(void **state)
{
	(void)state;
	fs_start();
	list_once(NAMES);
	uint64_t node = walk(NAMES);
	fs->cache->cache_ms = 0;
	for (int i = 0; i < 3; i++) {
		struct reply r = {0};
		ASK(&r, .kind = OP_OPENDIR, .node = node);
		while (r.count == 0)
			answer_well();
		assert_int_equal(r.how, 0);
		fs_release(fs, r.file);
	}
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_read_with_what_lookups_would_say),
		cmocka_unit_test(entries_that_were_not_sent_are_forgotten),
		cmocka_unit_test(nothing_is_asked_for_that_names_do_not_need),
		cmocka_unit_test(a_name_that_changed_hands_is_looked_up),
		cmocka_unit_test(a_database_that_was_made_again_is_listed_once),
		cmocka_unit_test(permissions_in_use_are_looked_up),
		cmocka_unit_test(a_reader_of_entries_is_remembered_as_one_of_names),
		cmocka_unit_test(the_kernel_keeps_names_for_those_that_the_guard_knows),
		cmocka_unit_test(the_kernel_never_mixes_the_names_of_two_lists),
		cmocka_unit_test(without_a_cache_the_kernel_keeps_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
