/* mountpoint: reading mountinfo, and leaving alone what is no dead pscalefs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mountpoint.h"

/* As Linux 6.1 writes it; (7) are optional fields, any number of them. */
static const char mountinfo[] = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
				"30 22 0:26 / /proc rw,nosuid - proc proc rw\n"
				"64 22 0:39 / /home/a/pscale rw,nosuid,nodev shared:2 master:1 - "
				"fuse.pscalefs pscalefs rw\n"
				"65 22 0:40 / /home/a/my\\040files\\134x rw - fuse.sshfs host: rw\n"
				"66 22 0:41 / /twice rw - fuse.pscalefs pscalefs rw\n"
				"67 22 0:42 / /twice rw - tmpfs tmpfs rw\n"
				"68 22 0:43 / /odd rw shared:1\n"
				"69 22 0:44 / /no-type rw -\n"
				"70 22\n"
				"\n"
				"71 22 0:45 / /last rw - fuse.pscalefs pscalefs rw";

static void the_topmost_mount_right_at_the_path_counts(void **state)
{
	static const struct {
		const char *path, *type;
	} cases[] = {
		{"/", "ext4"},
		{"/proc", "proc"},
		{"/home/a/pscale", "fuse.pscalefs"},
		{"/home/a/pscale/acme", NULL},
		{"/home/a", NULL},
		{"/home/a/my files\\x", "fuse.sshfs"},
		{"/home/a/my\\040files\\134x", NULL},
		{"/twice", "tmpfs"},
		{"/odd", NULL},
		{"/no-type", NULL},
		{"/last", "fuse.pscalefs"},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup(free_ptr) char *type = mountpoint_type(mountinfo, cases[i].path);
		assert_true(str_eq(type, cases[i].type));
	}
	assert_null(mountpoint_type("", "/"));
}

static void a_path_is_looked_at(void **state)
{
	(void)state;
	assert_int_equal(mountpoint_look("/"), 0);
	assert_int_equal(mountpoint_look("/dev/null"), -ENOTDIR);
	assert_int_equal(mountpoint_look("/nonexistent"), -ENOENT);
}

static void an_ordinary_directory_is_left_alone(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(mountpoint_detach_dead("/", &e), 0);
	assert_int_equal(mountpoint_detach_dead("/proc", &e), 0);
	assert_int_equal(mountpoint_detach_dead("/usr", &e), 0);
	assert_int_equal(e.err, 0);
}

static void what_is_no_directory_is_said(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(mountpoint_detach_dead("/nonexistent", &e), -ENOENT);
	assert_string_equal(e.text, "cannot mount on /nonexistent: No such file or directory");
	assert_int_equal(mountpoint_detach_dead("/proc/version", &e), -ENOTDIR);
	assert_string_equal(e.text, "cannot mount on /proc/version: Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_topmost_mount_right_at_the_path_counts),
		cmocka_unit_test(a_path_is_looked_at),
		cmocka_unit_test(an_ordinary_directory_is_left_alone),
		cmocka_unit_test(what_is_no_directory_is_said),
	};

	return cmocka_run_group_tests_name("mountpoint", tests, NULL, NULL);
}
