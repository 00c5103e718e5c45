/* SPDX-License-Identifier: MIT */
/* mountpoint: reading mountinfo, and leaving alone what is no dead pscalefs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "system/mountpoint.h"

/*
 * The kernel's part, where a test plays it (the linker's --wrap): what is mounted, how the path
 * answers now and after an unmount, and who we are.
 */
static struct {
	bool on;
	int before, after; /* what statx(2) says; 0: a directory */
	int umount_errno;
	uid_t euid;
	int umounts;
} kernel;
static char dir[] = "/tmp/pscalefs-test-XXXXXX";
static char played_mountinfo[64], helper[64], helper_ran[64];

int __real_open(const char *path, int flags, ...);
int __real_statx(int at, const char *path, int flags, unsigned mask, struct statx *st);
uid_t __real_geteuid(void);
int __wrap_open(const char *path, int flags);
int __wrap_open64(const char *path, int flags);
int __wrap_statx(int at, const char *path, int flags, unsigned mask, struct statx *st);
int __wrap_umount2(const char *path, int flags);
uid_t __wrap_geteuid(void);

int __wrap_open(const char *path, int flags)
{
	return __real_open(kernel.on ? played_mountinfo : path, flags);
}

int __wrap_open64(const char *path, int flags)
{
	return __wrap_open(path, flags);
}

int __wrap_statx(int at, const char *path, int flags, unsigned mask, struct statx *st)
{
	bool unmounted = kernel.umounts > 0 || access(helper_ran, F_OK) == 0;

	if (!kernel.on)
		return __real_statx(at, path, flags, mask, st);
	assert_true((flags & AT_STATX_FORCE_SYNC) != 0);
	errno = unmounted ? kernel.after : kernel.before;
	st->stx_mode = S_IFDIR;
	return errno == 0 ? 0 : -1;
}

int __wrap_umount2(const char *path, int flags)
{
	assert_string_equal(path, "/mnt/a b");
	assert_int_equal(flags, MNT_DETACH | UMOUNT_NOFOLLOW);
	kernel.umounts += kernel.euid == 0;
	/* Users other than root are not allowed to: umount(2). */
	errno = kernel.euid != 0 ? EPERM : kernel.umount_errno;
	return errno == 0 ? 0 : -1;
}

uid_t __wrap_geteuid(void)
{
	return kernel.on ? kernel.euid : __real_geteuid();
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	unlink(path);
	int fd = __real_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

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

static void a_device_is_ours_by_its_mount(void **state)
{
	(void)state;
	assert_true(mountpoint_device_ours(mountinfo, 0, 39));
	assert_true(mountpoint_device_ours(mountinfo, 0, 41)); /* though another mount covers it */
	assert_true(mountpoint_device_ours(mountinfo, 0, 45));
	assert_false(mountpoint_device_ours(mountinfo, 0, 40)); /* sshfs */
	assert_false(mountpoint_device_ours(mountinfo, 0, 4));
	assert_false(mountpoint_device_ours(mountinfo, 39, 0));
	assert_false(mountpoint_device_ours(mountinfo, 254, 0));
	assert_false(mountpoint_device_ours("", 0, 39));
}

static void a_path_is_looked_at(void **state)
{
	(void)state;
	assert_int_equal(mountpoint_look("/"), 0);
	assert_int_equal(mountpoint_look("/dev/null"), -ENOTDIR);
	assert_int_equal(mountpoint_look("/nonexistent"), -ENOENT);
}

static void other_file_systems_are_not_listed(void **state)
{
	struct stat st;
	int list = mountpoint_list();

	(void)state;
	assert_true(list >= 0);
	assert_int_equal(stat("/proc", &st), 0);
	assert_true(mountpoint_device("/proc") == st.st_dev);
	assert_true(mountpoint_device("/nonexistent") == 0);
	assert_false(mountpoint_listed(list, st.st_dev));
	assert_false(mountpoint_listed(list, st.st_dev)); /* each time from its begin */
	close(list);
	assert_true(mountpoint_listed(list, st.st_dev)); /* what cannot be read may list it */
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

static void only_a_dead_pscalefs_is_detached(void **state)
{
#define DEAD "cannot detach the dead pscalefs at /mnt/a b: "
	static const struct {
		const char *type, *script;
		int before, after, umount_errno, result;
		const char *why;
	} cases[] = {
		/* as root: without a helper */
		{"fuse.pscalefs", NULL, ENOTCONN, 0, 0, 0, NULL},
		{"fuse.pscalefs", NULL, ENOTCONN, 0, EBUSY, -EBUSY, DEAD "Device or resource busy"},
		{"fuse.pscalefs", NULL, ENOTCONN, ENOTCONN, 0, -ENOTCONN,
		 DEAD "Transport endpoint"},
		{"fuse.pscalefs", NULL, 0, 0, 0, -EBUSY, "already mounted at /mnt/a b"},
		{"fuse.pscalefs", NULL, EACCES, 0, 0, -EBUSY, "already mounted at /mnt/a b"},
		{"fuse.sshfs", NULL, ENOTCONN, 0, 0, -ENOTCONN, "mounted there is fuse.sshfs"},
		{"fuse.sshfs", NULL, 0, 0, 0, 0, NULL},
		{NULL, NULL, ENOTCONN, 0, 0, -ENOTCONN, "cannot mount on /mnt/a b: Transport"},
		/* as a user */
		{"fuse.pscalefs", "exit 0", ENOTCONN, 0, 0, 0, NULL},
		{"fuse.pscalefs", "exit 1", ENOTCONN, 0, 0, -EBUSY, DEAD "fusermount3 could not"},
		{"fuse.pscalefs", "kill -9 $$", ENOTCONN, 0, 0, -EBUSY, "fusermount3 could not"},
		{"fuse.pscalefs", "", ENOTCONN, 0, 0, -ENOENT, "cannot run fusermount3: No such"},
	};
	char text[512];
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *script = cases[i].script;

		snprintf(text, sizeof(text), "64 22 0:39 / /mnt/a\\040b rw - %s x rw\n",
			 cases[i].type == NULL ? "" : cases[i].type);
		write_file(played_mountinfo, cases[i].type == NULL ? "" : text, 0600);
		snprintf(text, sizeof(text), "#!/bin/sh\necho \"$@\" > %s\n%s\n", helper_ran,
			 script == NULL ? "" : script);
		if (script != NULL && script[0] != '\0')
			write_file(helper, text, 0700);
		memset(&e, 0, sizeof(e));
		kernel.on = true;
		kernel.before = cases[i].before;
		kernel.after = cases[i].after;
		kernel.umount_errno = cases[i].umount_errno;
		kernel.euid = script == NULL ? 0 : 1000;
		kernel.umounts = 0;
		int r = mountpoint_detach_dead("/mnt/a b", &e);
		kernel.on = false;
		unlink(helper);
		unlink(helper_ran);
		if (r != cases[i].result || (r != 0 && strstr(e.text, cases[i].why) == NULL))
			fail_msg("case %zu: %d '%s'", i, r, e.text);
	}
}

static void the_helper_is_given_the_path_as_it_is(void **state)
{
	char text[256], got[64] = "";
	struct error e;

	(void)state;
	write_file(played_mountinfo, "64 22 0:39 / /mnt/a\\040b rw - fuse.pscalefs x rw\n", 0600);
	snprintf(text, sizeof(text), "#!/bin/sh\nprintf '<%%s>' \"$@\" > %s\n", helper_ran);
	write_file(helper, text, 0700);
	memset(&kernel, 0, sizeof(kernel));
	kernel.on = true;
	kernel.euid = 1000;
	kernel.before = ENOTCONN;
	int r = mountpoint_detach_dead("/mnt/a b", &e);
	kernel.on = false;
	assert_int_equal(r, 0);
	int fd = __real_open(helper_ran, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, got, sizeof(got) - 1) > 0);
	close(fd);
	assert_string_equal(got, "<-u><-z><--></mnt/a b>");
	unlink(helper);
	unlink(helper_ran);
}

static void without_mountinfo_nothing_is_touched(void **state)
{
	struct error e;

	(void)state;
	unlink(played_mountinfo);
	memset(&kernel, 0, sizeof(kernel));
	kernel.on = true;
	int r = mountpoint_detach_dead("/mnt/a b", &e);
	kernel.on = false;
	assert_int_equal(r, -ENOENT);
	assert_string_equal(e.text, "cannot open /proc/self/mountinfo: No such file or directory");
}

static int make_directory(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(played_mountinfo, sizeof(played_mountinfo), "%s/mountinfo", dir);
	snprintf(helper, sizeof(helper), "%s/fusermount3", dir);
	snprintf(helper_ran, sizeof(helper_ran), "%s/ran", dir);
	return setenv("PATH", dir, 1);
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(played_mountinfo);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_topmost_mount_right_at_the_path_counts),
		cmocka_unit_test(a_device_is_ours_by_its_mount),
		cmocka_unit_test(a_path_is_looked_at),
		cmocka_unit_test(other_file_systems_are_not_listed),
		cmocka_unit_test(an_ordinary_directory_is_left_alone),
		cmocka_unit_test(what_is_no_directory_is_said),
		cmocka_unit_test(only_a_dead_pscalefs_is_detached),
		cmocka_unit_test(the_helper_is_given_the_path_as_it_is),
		cmocka_unit_test(without_mountinfo_nothing_is_touched),
	};

	return cmocka_run_group_tests_name("mountpoint", tests, make_directory, remove_directory);
}
