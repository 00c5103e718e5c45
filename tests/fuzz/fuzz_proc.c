/* SPDX-License-Identifier: MIT */
/*
 * What /proc says: any text is survived, and what the kernel writes is understood whatever a process
 * calls itself and wherever somebody mounts. The parts, with a form feed between: a process's status,
 * its stat, its command, a mount point, a mountinfo.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "system/mountpoint.h"
#include "system/process.h"

/* --- in place of /proc: --wrap ---------------------------------------------------------------- */

#define STATUS_FD 10001
#define STAT_FD   10002

static const char *status, *stat_text;
static bool traceable; /* by this user */

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *out, size_t size);
ssize_t __real_read(int fd, void *out, size_t size);
int __wrap_close(int fd);
int __real_close(int fd);
ssize_t __wrap_readlink(const char *path, char *out, size_t size);

int __wrap_open(const char *path, int flags, ...)
{
	if (str_starts(path, "/proc/") && str_ends(path, "/status"))
		return STATUS_FD;
	if (str_starts(path, "/proc/") && str_ends(path, "/stat"))
		return STAT_FD;
	return __real_open(path, flags, 0600);
}

int __wrap_open64(const char *path, int flags, ...)
{
	return __wrap_open(path, flags);
}

ssize_t __wrap_read(int fd, void *out, size_t size)
{
	if (fd != STATUS_FD && fd != STAT_FD)
		return __real_read(fd, out, size);
	const char *text = fd == STATUS_FD ? status : stat_text;
	size_t n = strlen(text) < size ? strlen(text) : size;
	memcpy(out, text, n);
	return (ssize_t)n;
}

int __wrap_close(int fd)
{
	return fd == STATUS_FD || fd == STAT_FD ? 0 : __real_close(fd);
}

ssize_t __wrap_readlink(const char *path, char *out, size_t size)
{
	size_t n = size < 6 ? size : 6;

	(void)path;
	if (!traceable) {
		errno = EACCES;
		return -1;
	}
	memcpy(out, "/bin/x", n);
	return (ssize_t)n;
}

/* --- processes -------------------------------------------------------------------------------- */

static void check_any(const char *a, const char *b)
{
	struct process p;

	status = a;
	stat_text = b;
	int r = process_read(7, &p);
	CHECK(r == 0 || (r == -ESRCH && p.command[0] == '\0'));
	CHECK(printable(p.command, strlen(p.command)));
	CHECK(process_ending(7) == (process_end(7) != PROCESS_LIVES));
}

/* What becomes of a thread with these. `code`: as wait(2) tells it; shown to whom may trace it. */
static enum process_end end_of(uint64_t own, uint64_t shared, uint64_t held, uint64_t flags,
			       unsigned code)
{
	uint64_t harmless = 1u << (SIGCHLD - 1) | 1u << (SIGCONT - 1) | 1u << (SIGURG - 1) |
			    1u << (SIGWINCH - 1) | 1u << (SIGSTOP - 1) | 1u << (SIGTSTP - 1) |
			    1u << (SIGTTIN - 1) | 1u << (SIGTTOU - 1);
	uint64_t kill = 1u << (SIGKILL - 1);
	bool killed = (own & kill) != 0 || (flags & 0x400) != 0;

	if ((shared & kill) != 0 || (((own & ~kill) | shared) & ~harmless & ~held) != 0)
		return PROCESS_KILLED;
	if (!killed && (flags & 4) == 0)
		return PROCESS_LIVES;
	if (!traceable)
		return killed ? PROCESS_END_UNSEEN : PROCESS_LIVES;
	return (code & 0x7f) != 0 ? PROCESS_KILLED : PROCESS_LIVES;
}

/* As fs/proc/array.c writes it, with nothing known but that the name is what it is. */
static void check_written(const char *name, uint64_t random)
{
	/* Few signals at a time: with many, one that ends is always among them. */
	uint64_t own = random & random >> 7 & random >> 17 & 0x7fffffff;
	uint64_t shared = random >> 32 & random >> 41 & random >> 23 & 0x7fffffff;
	uint64_t held = random >> 13 & 0x7fffffff & ~(1u << (SIGKILL - 1) | 1u << (SIGSTOP - 1));
	uint64_t flags = (random >> 5 & 0x404) | 0x400000;
	unsigned code = (random >> 3 & 1) != 0 ? (unsigned)(random >> 20 & 0xff) << 8
					       : (unsigned)(random >> 20 & 0x8f);
	uint64_t start = random % 1000003;
	struct process p;
	char cut[16], shown[17];

	snprintf(cut, sizeof(cut), "%s", name);
	/* status writes these as \n and \\. */
	if (strpbrk(cut, "\n\\") != NULL)
		return;
	traceable = (random >> 50 & 3) != 0;
	char *a = xasprintf("Name:\t%s\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4242\n"
			    "Pid:\t4243\nSigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n"
			    "SigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n",
			    cut, (unsigned long long)own, (unsigned long long)shared,
			    (unsigned long long)held);
	char *b = xasprintf(
		"4242 (%s) S 1 2 3 4 5 %llu 7 8 9 10 11 12 13 14 15 16 17 18 %llu 20 21 "
		"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 "
		"0 0 %u\n",
		cut, (unsigned long long)flags, (unsigned long long)start, traceable ? code : 0);
	status = a;
	stat_text = b;
	CHECK(process_read(4243, &p) == 0 && p.tgid == 4242 && process_group(4243) == 4242);
	text_clean(shown, sizeof(shown), cut, strlen(cut));
	CHECK(p.start_time == start && strcmp(p.command, shown) == 0);
	CHECK(process_end(4243) == end_of(own, shared, held, flags, code));
	free(a);
	free(b);
}

/* --- mounts ----------------------------------------------------------------------------------- */

/* As fs/proc_namespace.c does: mangle(" \t\n\\#"), the last of them since Linux 4.x. */
static void add_mangled(struct buf *out, const char *path)
{
	for (; *path != '\0'; path++) {
		if (strchr(" \t\n\\#", *path) != NULL)
			buf_addf(out, "\\%03o", (unsigned)(unsigned char)*path);
		else
			buf_addc(out, *path);
	}
}

static void check_mounts(const char *path, const char *before)
{
	struct buf text = BUF_INIT;
	char *at = xasprintf("/%s", path), *other = xasprintf("%s/below", at);

	free(mountpoint_type(before, path));
	buf_adds(&text, "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n30 22 0:40 / ");
	add_mangled(&text, at);
	buf_adds(&text, " rw,nosuid shared:2 master:3 - fuse.pscalefs pscalefs rw\n31 30 0:41 / ");
	add_mangled(&text, other);
	buf_adds(&text, " rw - tmpfs none rw\n");
	char *type = mountpoint_type(text.data, at);
	CHECK(str_eq(type, "fuse.pscalefs"));
	free(type);
	type = mountpoint_type(text.data, other);
	CHECK(str_eq(type, "tmpfs"));
	free(type);
	free(at);
	free(other);
	buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *rest = text;
	const char *part[5];

	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		char *next = i + 1 < ARRAY_LEN(part) ? strsep(&rest, "\f") : rest;
		part[i] = next != NULL ? next : "";
	}
	check_any(part[0], part[1]);
	check_written(part[2], hash_str(HASH_INIT, part[0]));
	check_mounts(part[3], part[4]);
	free(text);
	return 0;
}
