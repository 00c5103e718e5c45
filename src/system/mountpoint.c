/* SPDX-License-Identifier: MIT */
#include "system/mountpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

extern char **environ;

#define MOUNTINFO      "/proc/self/mountinfo"
#define MOUNT_FIELD    5 /* proc_pid_mountinfo(5): (5) mount point, … */
#define UNMOUNT_HELPER "fusermount3"

/* mountinfo writes blank, tab, newline and backslash as \ooo. In place. */
static void unescape(char *s)
{
	char *to = s;

	for (const char *p = s; *p != '\0'; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
		    p[3] >= '0' && p[3] <= '7') {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

/* The file system type in this line if it is about `path`, else NULL; changes the line. */
static char *line_type(char *line, const char *path)
{
	char *save = NULL, *field = strtok_r(line, " ", &save);

	for (int i = 1; field != NULL && i < MOUNT_FIELD; i++)
		field = strtok_r(NULL, " ", &save);
	if (field == NULL)
		return NULL;
	unescape(field);
	if (!str_eq(field, path))
		return NULL;
	while (field != NULL && !str_eq(field, "-")) /* it ends the optional fields */
		field = strtok_r(NULL, " ", &save);
	return field == NULL ? NULL : strtok_r(NULL, " ", &save);
}

char *mountpoint_type(const char *mountinfo, const char *path)
{
	char *type = NULL;

	while (*mountinfo != '\0') {
		size_t len = strcspn(mountinfo, "\n");
		cleanup(free_ptr) char *line = xstrndup(mountinfo, len);
		const char *found = line_type(line, path);
		if (found != NULL) { /* the later mount is on top */
			free(type);
			type = xstrdup(found);
		}
		mountinfo += len + (mountinfo[len] == '\n');
	}
	return type;
}

/* Is it a pscalefs with that device? proc_pid_mountinfo(5): (3) major:minor … (8) "-", (9) type */
static bool line_is_device(const char *line, unsigned major, unsigned minor)
{
	const char *type = strstr(line, " - " MOUNTPOINT_TYPE " ");
	unsigned found_major, found_minor;

	return type != NULL && sscanf(line, "%*u %*u %u:%u ", &found_major, &found_minor) == 2 &&
	       found_major == major && found_minor == minor;
}

bool mountpoint_device_ours(const char *mountinfo, unsigned major, unsigned minor)
{
	while (*mountinfo != '\0') {
		size_t len = strcspn(mountinfo, "\n");
		cleanup(free_ptr) char *line = xstrndup(mountinfo, len);
		if (line_is_device(line, major, minor))
			return true;
		mountinfo += len + (mountinfo[len] == '\n');
	}
	return false;
}

/* 0 or -errno. */
static int read_list(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int mountpoint_read(struct buf *out, struct error *e)
{
	int fd = mountpoint_list();

	if (fd < 0)
		return error_set(e, -fd, "cannot open " MOUNTINFO ": %s", strerror(-fd));
	int r = read_list(fd, out);
	close(fd);
	if (r != 0)
		return error_set(e, -r, "cannot read " MOUNTINFO ": %s", strerror(-r));
	return 0;
}

int mountpoint_list(void)
{
	int fd = open(MOUNTINFO, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}

bool mountpoint_listed(int list, dev_t device)
{
	cleanup(buf_finish) struct buf text = BUF_INIT;

	return lseek(list, 0, SEEK_SET) != 0 || read_list(list, &text) != 0 ||
	       mountpoint_device_ours(buf_str(&text), major(device), minor(device));
}

int mountpoint_look(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_TYPE, &st) != 0)
		return -errno;
	return S_ISDIR(st.stx_mode) ? 0 : -ENOTDIR;
}

dev_t mountpoint_device(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) != 0)
		return 0;
	return makedev(st.stx_dev_major, st.stx_dev_minor);
}

/* Users may not call umount(2); the fusermount3 program, which is setuid root, does it for them. */
static int run_helper(const char *path, struct error *e)
{
	char *argv[] = {xstrdup(UNMOUNT_HELPER), xstrdup("-u"), xstrdup("-z"),
			xstrdup("--"),           xstrdup(path), NULL};
	int status = -1;
	pid_t pid;
	int r = posix_spawnp(&pid, UNMOUNT_HELPER, NULL, NULL, argv, environ);

	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	while (r == 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(e, errno, "lost " UNMOUNT_HELPER ": %s", strerror(errno));
	if (r == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		r = ENOENT; /* posix_spawn(3): a child that cannot execute it may exit so */
	if (r != 0)
		return error_set(e, r, "cannot run " UNMOUNT_HELPER ": %s", strerror(r));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(e, EBUSY, UNMOUNT_HELPER " could not detach it");
	return 0;
}

int mountpoint_detach(const char *path, struct error *e)
{
	/* Other users than root may do it in a mount namespace of their own. */
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno == EPERM && geteuid() != 0)
		return run_helper(path, e);
	return error_set(e, errno, "%s", strerror(errno));
}

/* Is `path` inside a mounted pscalefs? A mount there would hide what the outer one shows. */
static bool inside_ours(const char *mountinfo, const char *path)
{
	cleanup(free_ptr) char *parent = xstrdup(path);
	char *slash;

	while ((slash = strrchr(parent, '/')) != NULL && slash != parent) {
		*slash = '\0';
		cleanup(free_ptr) char *type = mountpoint_type(mountinfo, parent);
		if (str_eq(type, MOUNTPOINT_TYPE))
			return true;
	}
	return false;
}

int mountpoint_detach_dead(const char *path, struct error *e)
{
	cleanup(buf_finish) struct buf mountinfo = BUF_INIT;
	int r = mountpoint_read(&mountinfo, e);

	if (r != 0)
		return r;
	if (inside_ours(buf_str(&mountinfo), path))
		return error_set(e, EBUSY, "%s is inside a mounted pscalefs", path);
	cleanup(free_ptr) char *type = mountpoint_type(buf_str(&mountinfo), path);
	int state = mountpoint_look(path);
	bool ours = str_eq(type, MOUNTPOINT_TYPE);
	if (ours && state != -ENOTCONN) {
		error_set(e, EBUSY, "already mounted at %s", path);
		error_hint(e, "unmount it with `fusermount3 -u %s`", path);
		return -EBUSY;
	}
	if (state == 0)
		return 0;
	if (!ours)
		return error_set(e, -state, "cannot mount on %s: %s%s%s", path, strerror(-state),
				 type == NULL ? "" : ", mounted there is ",
				 type == NULL ? "" : type);
	r = mountpoint_detach(path, e);
	if (r == 0 && (state = mountpoint_look(path)) != 0)
		r = error_set(e, -state, "%s", strerror(-state));
	if (r != 0) {
		error_wrap(e, "cannot detach the dead pscalefs at %s", path);
		error_hint(e, "try `fusermount3 -u -z %s`", path);
	}
	return r;
}
