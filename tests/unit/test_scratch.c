/* SPDX-License-Identifier: MIT */
/* scratch: temporary files beside permissions, in memory and bounded. */
#include "unit.h"

#include "base/buf.h"
#include "tree/scratch.h"

static struct scratches all;
static struct error e;

static struct inode_key at(const char *token, const char *database, const char *name)
{
	return (struct inode_key){.target.organization_id = "o1",
				  .target.token_id = token,
				  .target.database_id = database,
				  .name = name};
}

static struct scratch *add(const char *token, const char *database, const char *name)
{
	struct inode_key p = at(token, database, name);
	struct scratch *f = NULL;

	assert_int_equal(scratch_add(&all, &p, S_IFREG | 0600, NULL, 5, &f, &e), 0);
	return f;
}

static struct scratch *find(const char *token, const char *database, const char *name)
{
	struct inode_key p = at(token, database, name);

	return scratch_find(&all, &p);
}

static void a_file_is_known_by_directory_and_name(void **state)
{
	(void)state;
	scratches_init(&all);
	struct scratch *a = add("t1", NULL, "x"), *b = add("t1", "d1", "x"),
		       *c = add("t2", NULL, "x");
	assert_ptr_equal(find("t1", NULL, "x"), a);
	assert_ptr_equal(find("t1", "d1", "x"), b);
	assert_ptr_equal(find("t2", NULL, "x"), c);
	assert_null(find("t1", "d2", "x"));
	assert_null(find("t1", NULL, "y"));
	scratches_finish(&all);
}

static void no_more_than_64_files_and_room_again_after_one_went(void **state)
{
	struct inode_key p = at("t1", NULL, "one-more");
	struct scratch *f = NULL;
	char name[16];

	(void)state;
	scratches_init(&all);
	for (int i = 0; i < SCRATCH_MAX_FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		add("t1", NULL, name);
	}
	assert_int_equal(scratch_add(&all, &p, S_IFREG, NULL, 0, &f, &e), -ENOSPC);
	assert_null(f);
	scratch_unlink(&all, find("t1", NULL, "f7"));
	assert_int_equal(scratch_add(&all, &p, S_IFREG, NULL, 0, &f, &e), 0);
	scratches_finish(&all);
	assert_int_equal(all.n, 0);
}

static void no_more_than_a_mebibyte_and_a_refused_write_changes_nothing(void **state)
{
	static char large[SCRATCH_MAX_BYTES + 1];
	struct scratch *f;

	(void)state;
	scratches_init(&all);
	f = add("t1", NULL, "x");
	assert_int_equal(scratch_write(f, 0, large, SCRATCH_MAX_BYTES + 1, 9, &e), -EFBIG);
	assert_int_equal(scratch_write(f, SCRATCH_MAX_BYTES, large, 1, 9, &e), -EFBIG);
	assert_int_equal(scratch_write(f, UINT64_MAX, large, 1, 9, &e), -EFBIG);
	assert_int_equal(scratch_truncate(f, SCRATCH_MAX_BYTES + 1, 9, &e), -EFBIG);
	assert_int_equal(f->text.len, 0);
	assert_true(f->mtime_ns == 5);
	assert_int_equal(scratch_write(f, 0, large, SCRATCH_MAX_BYTES, 9, &e), 0);
	assert_true(f->mtime_ns == 9);
	assert_int_equal(scratch_truncate(f, 0, 9, &e), 0);
	scratches_finish(&all);
}

static void writes_may_come_in_any_order(void **state)
{
	struct scratch *f;

	(void)state;
	scratches_init(&all);
	f = add("t1", NULL, "x");
	scratch_write(f, 2, "cd", 2, 6, &e);
	assert_memory_equal(f->text.data, "\0\0cd", 4);
	scratch_write(f, 0, "ab", 2, 6, &e);
	scratch_write(f, 4, NULL, 0, 6, &e);
	assert_string_equal(buf_str(&f->text), "abcd");
	scratch_truncate(f, 3, 7, &e);
	assert_string_equal(buf_str(&f->text), "abc");
	scratches_finish(&all);
}

static void renaming_takes_the_place_of_another(void **state)
{
	(void)state;
	scratches_init(&all);
	struct scratch *a = add("t1", NULL, "a");
	add("t1", NULL, "b");
	add("t2", NULL, "b");
	scratch_rename(&all, a, "b");
	assert_ptr_equal(find("t1", NULL, "b"), a);
	assert_null(find("t1", NULL, "a"));
	assert_int_equal(all.n, 2);
	scratch_rename(&all, a, "b");
	assert_ptr_equal(find("t1", NULL, "b"), a);
	scratches_finish(&all);
}

static void an_unlinked_file_lives_while_it_is_open(void **state)
{
	(void)state;
	scratches_init(&all);
	struct scratch *f = add("t1", NULL, "a");
	scratch_hold(f);
	scratch_unlink(&all, f);
	scratch_unlink(&all, f);
	assert_null(find("t1", NULL, "a"));
	assert_int_equal(all.n, 0);
	scratch_write(f, 0, "x", 1, 1, &e);
	assert_string_equal(buf_str(&f->text), "x");
	scratch_release(f);
	scratches_finish(&all);
}

static void a_directory_takes_its_files_along(void **state)
{
	(void)state;
	scratches_init(&all);
	add("t1", NULL, "a");
	add("t1", "d1", "b");
	add("t1", "d2", "c");
	add("t2", NULL, "d");
	scratch_unlink_all(&all, "t1", "d1");
	assert_null(find("t1", "d1", "b"));
	assert_int_equal(all.n, 3);
	scratch_unlink_all(&all, "t1", NULL);
	assert_int_equal(all.n, 1);
	assert_non_null(find("t2", NULL, "d"));
	scratches_finish(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_known_by_directory_and_name),
		cmocka_unit_test(no_more_than_64_files_and_room_again_after_one_went),
		cmocka_unit_test(no_more_than_a_mebibyte_and_a_refused_write_changes_nothing),
		cmocka_unit_test(writes_may_come_in_any_order),
		cmocka_unit_test(renaming_takes_the_place_of_another),
		cmocka_unit_test(an_unlinked_file_lives_while_it_is_open),
		cmocka_unit_test(a_directory_takes_its_files_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
