/* SPDX-License-Identifier: MIT */
#include "system/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "system/mountpoint.h"

#define LINKS_MAX 40 /* path_resolution(7) */

struct walk {
	int at;                /* owned: where we are, by O_PATH; checked to be outside */
	char *left;            /* owned: the part of the path that is not followed yet */
	int links;             /* followed so far */
	const char *mountinfo; /* borrowed */
};

static void walk_finish(struct walk *w)
{
	if (w->at >= 0)
		close(w->at);
	free(w->left);
}

/* 0, or -errno. Compares only the device number, which the kernel knows without the file system. */
static int check_outside(const struct walk *w, int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &st) != 0)
		return -errno;
	return mountpoint_device_ours(w->mountinfo, st.stx_dev_major, st.stx_dev_minor) ? -EDEADLK
											: 0;
}

/* `fd` is taken. */
static int go_to(struct walk *w, int fd)
{
	int r = fd < 0 ? -errno : check_outside(w, fd);

	if (r != 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	if (w->at >= 0)
		close(w->at);
	w->at = fd;
	return 0;
}

/* Open one name, not following a link. Tries O_DIRECTORY first, which triggers automounts. */
static int open_name(const struct walk *w, const char *name)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(w->at, name, flags | O_DIRECTORY);

	return fd < 0 && errno == ENOTDIR ? openat(w->at, name, flags) : fd;
}

/* fs.protected_symlinks of proc_sys_fs(5): not applied by the kernel, as we follow the links. */
static bool may_follow(const struct walk *w, const struct stat *link)
{
	const mode_t shared = S_ISVTX | S_IWOTH;
	struct stat directory;

	if (fstat(w->at, &directory) != 0)
		return false;
	return (directory.st_mode & shared) != shared || link->st_uid == geteuid() ||
	       link->st_uid == directory.st_uid;
}

/* Links of /proc such as fd/3 lead to an object, not to a name; following asks no file system. */
static bool by_kernel(int link)
{
	struct statfs fs;

	return fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static int follow(struct walk *w, int link, const char *name)
{
	char target[PATH_MAX];

	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (by_kernel(link))
		return go_to(w, openat(w->at, name, O_PATH | O_CLOEXEC));
	ssize_t n = readlinkat(link, "", target, sizeof(target));
	if (n < 0)
		return -errno;
	if (n == 0 || n == (ssize_t)sizeof(target))
		return n == 0 ? -ENOENT : -ENAMETOOLONG;
	char *left = xasprintf("%.*s/%s", (int)n, target, w->left);
	free(w->left);
	w->left = left;
	return target[0] == '/' ? go_to(w, open("/", O_PATH | O_CLOEXEC)) : 0;
}

static int step(struct walk *w, const char *name)
{
	struct stat st;
	int fd = open_name(w, name);
	int r = fd < 0 ? -errno : check_outside(w, fd);

	if (r == 0 && fstat(fd, &st) != 0)
		r = -errno;
	if (r == 0 && !S_ISLNK(st.st_mode))
		return go_to(w, fd);
	if (r == 0)
		r = may_follow(w, &st) ? follow(w, fd, name) : -EACCES;
	if (fd >= 0)
		close(fd);
	return r;
}

/* Remove the first name from `left`, owned by the caller; NULL if there is none. */
static char *next_name(struct walk *w)
{
	const char *start = w->left + strspn(w->left, "/");
	size_t len = strcspn(start, "/");

	if (len == 0)
		return NULL;
	char *name = xstrndup(start, len);
	memmove(w->left, start + len, strlen(start + len) + 1);
	return name;
}

static int walk_to_end(struct walk *w)
{
	int r = go_to(w, open(w->left[0] == '/' ? "/" : ".", O_PATH | O_CLOEXEC));

	while (r == 0) {
		cleanup(free_ptr) char *name = next_name(w);
		if (name == NULL)
			return 0;
		r = step(w, name);
	}
	return r;
}

int outside_open(const char *path, int flags)
{
	cleanup(buf_finish) struct buf mountinfo = BUF_INIT;
	char again[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	struct error e = {0};
	int r = mountpoint_read(&mountinfo, &e);

	if (r != 0)
		return r;
	cleanup(walk_finish) struct walk w = {-1, xstrdup(path), 0, buf_str(&mountinfo)};
	r = path[0] == '\0' ? -ENOENT : walk_to_end(&w);
	if (r != 0)
		return r;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", w.at);
	int fd = open(again, flags);
	return fd >= 0 ? fd : -errno;
}
