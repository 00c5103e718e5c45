/* SPDX-License-Identifier: MIT */
#include "system/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

/* user_namespaces(7): a map must be written by one write(2). 0 or -errno. */
static int write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int r = n == (ssize_t)strlen(text) ? 0 : -errno;

	if (fd >= 0)
		close(fd);
	return r;
}

/* The user and the group outside have the same numbers inside; all others have none. */
static int map_ids(uid_t uid, gid_t gid)
{
	char text[64];

	/* A user may map the group only after giving up setgroups(2). Kernels before 3.19 do not
	 * have the file. */
	int r = write_proc("/proc/self/setgroups", "deny");
	if (r != 0 && r != -ENOENT)
		return r;
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)gid, (unsigned)gid);
	r = write_proc("/proc/self/gid_map", text);
	if (r != 0)
		return r;
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)uid, (unsigned)uid);
	return write_proc("/proc/self/uid_map", text);
}

static int enter_kind(enum namespace_kind kind)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int flags = kind == NAMESPACE_USER ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS;

	if (unshare(flags) != 0)
		return -errno;
	int r = kind == NAMESPACE_USER ? map_ids(uid, gid) : 0;
	if (r != 0)
		return r;
	/* Mounts outside still appear inside, but none of ours appears outside. */
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 ? 0 : -errno;
}

int namespace_enter(enum namespace_kind kind, struct error *e)
{
	int r = kind == NAMESPACE_NONE ? 0 : enter_kind(kind);

	return r == 0 ? 0 : error_set(e, -r, "cannot enter a mount namespace: %s", strerror(-r));
}

/* As libfuse mounts. It disappears with this process, which is the only one in the namespace. */
static bool can_mount(const char *directory)
{
	char options[96];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", fd,
		 (unsigned)geteuid(), (unsigned)getegid());
	return mount("pscalefs", directory, "fuse", MS_NOSUID | MS_NODEV, options) == 0;
}

static bool works(enum namespace_kind kind, const char *directory)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(enter_kind(kind) == 0 && can_mount(directory) ? 0 : 1);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum namespace_kind namespace_find(const char *directory)
{
	static const enum namespace_kind kinds[] = {NAMESPACE_MOUNT, NAMESPACE_USER};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (works(kinds[i], directory))
			return kinds[i];
	return NAMESPACE_NONE;
}
