/* SPDX-License-Identifier: MIT */
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/text.h"

static const struct process_delegate *delegate;

static struct {
	pid_t tid;   /* 0: none */
	pid_t group; /* 0: not known yet */
	bool known;
	struct process process;
} handled;

void process_handle(pid_t tid)
{
	handled.tid = tid;
	handled.group = 0;
	handled.known = false;
}

void process_delegate(const struct process_delegate *d)
{
	delegate = d;
}

/* Reading /proc never blocks: the kernel makes the text during the read. */
static bool read_proc(pid_t pid, const char *file, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The number after "Name:" in /proc/PID/status. */
static uint64_t field(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);

	return at == NULL ? 0 : strtoull(at + strlen(name), NULL, base);
}

static pid_t group_in(const char *status)
{
	return (pid_t)field(status, "\nTgid:", 10);
}

static pid_t read_group(pid_t tid)
{
	char status[4096];

	if (tid <= 0 || !read_proc(tid, "status", status, sizeof(status)))
		return 0;
	return group_in(status);
}

static pid_t remember_group(pid_t tid, pid_t group)
{
	if (tid == handled.tid && tid != 0)
		handled.group = group;
	return group;
}

pid_t process_group(pid_t tid)
{
	if (tid == handled.tid && handled.group != 0)
		return handled.group;
	return remember_group(tid, delegate != NULL ? delegate->group(tid) : read_group(tid));
}

/* A hash of the path of the executable, also if that file was replaced while it runs. */
static uint64_t program(pid_t tgid)
{
	static const char replaced[] = " (deleted)";
	char path[64], exe[4096];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)tgid);
	ssize_t n = readlink(path, exe, sizeof(exe));
	if (n <= 0)
		return 0;
	size_t len = (size_t)n, suffix = sizeof(replaced) - 1;
	if (len > suffix && memcmp(exe + len - suffix, replaced, suffix) == 0)
		len -= suffix;
	return hash_bytes(HASH_INIT, exe, len);
}

/* Number in field `n` of /proc/PID/stat. Field 2 is the command in parentheses, which may contain
 * blanks and parentheses. */
static uint64_t stat_field(const char *stat, int n)
{
	const char *at = strrchr(stat, ')');

	for (int i = 2; i < n && at != NULL; i++)
		at = strchr(at + 1, ' ');
	return at == NULL ? 0 : strtoull(at, NULL, 10);
}

static int read_process(pid_t tid, struct process *p)
{
	char text[4096];

	*p = (struct process){.tgid = process_group(tid)};
	if (p->tgid == 0 || !read_proc(p->tgid, "stat", text, sizeof(text)))
		return -ESRCH;
	char *open = strchr(text, '('), *end = strrchr(text, ')');
	if (open == NULL || end == NULL || end < open)
		return -ESRCH;
	text_clean(p->command, sizeof(p->command), open + 1, (size_t)(end - open - 1));
	p->start_time = stat_field(text, 22);
	p->program = program(p->tgid);
	return 0;
}

int process_read(pid_t tid, struct process *p)
{
	bool remember = tid == handled.tid && tid != 0;

	if (remember && handled.known) {
		*p = handled.process;
		return 0;
	}
	int r = delegate != NULL ? delegate->read(tid, p) : read_process(tid, p);
	/* Without a result the thread may be seen, though the rest of it is not: ask again. */
	if (remember && r == 0) {
		handled.known = true;
		handled.process = *p;
		remember_group(tid, p->tgid);
	}
	return r;
}

static uint64_t bit(int signal)
{
	return 1ull << (signal - 1);
}

/* Signals that by default do not end a process: signal(7). */
static uint64_t harmless(void)
{
	return bit(SIGCHLD) | bit(SIGCONT) | bit(SIGURG) | bit(SIGWINCH) | bit(SIGSTOP) |
	       bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
}

/* Is a signal pending that ends processes and is neither blocked, ignored nor caught? A SIGKILL
 * pending for the thread alone (SigPnd) proves nothing: see end_of(). */
static bool fatal_signal_pending(const char *status)
{
	uint64_t own = field(status, "\nSigPnd:", 16) & ~bit(SIGKILL);
	uint64_t shared = field(status, "\nShdPnd:", 16);
	uint64_t held = field(status, "\nSigBlk:", 16) | field(status, "\nSigIgn:", 16) |
			field(status, "\nSigCgt:", 16);

	return (shared & bit(SIGKILL)) != 0 || ((own | shared) & ~held & ~harmless()) != 0;
}

/* /proc shows the exit code only to users who may trace the process, and 0 to all others. Reading
 * the link /proc/PID/exe needs the same right. */
static bool shows_exit_code(pid_t tid)
{
	char path[64], exe[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)tid);
	return readlink(path, exe, sizeof(exe)) >= 0 || errno != EACCES;
}

/*
 * The kernel ends each thread of a killed process with SIGKILL; but when a program ends by itself,
 * its other threads are ended in the same way. The exit code tells the difference: its low seven
 * bits are the signal's number, or 0.
 */
static enum process_end end_of(pid_t tid, const char *status)
{
	/* Of the kernel's <linux/sched.h>. */
	const uint64_t pf_exiting = 0x4, pf_signaled = 0x400;
	char stat[4096];

	if (!read_proc(tid, "stat", stat, sizeof(stat)))
		return PROCESS_LIVES;
	uint64_t flags = stat_field(stat, 9);
	bool killed =
		(flags & pf_signaled) != 0 || (field(status, "\nSigPnd:", 16) & bit(SIGKILL)) != 0;
	if (!killed && (flags & pf_exiting) == 0)
		return PROCESS_LIVES;
	if ((stat_field(stat, 52) & 0x7f) != 0)
		return PROCESS_KILLED;
	return killed && !shows_exit_code(tid) ? PROCESS_END_UNSEEN : PROCESS_LIVES;
}

static enum process_end read_end(pid_t tid, pid_t *group)
{
	char status[4096];

	*group = 0;
	if (tid <= 0 || !read_proc(tid, "status", status, sizeof(status)))
		return PROCESS_LIVES;
	*group = group_in(status);
	return fatal_signal_pending(status) ? PROCESS_KILLED : end_of(tid, status);
}

enum process_end process_end(pid_t tid)
{
	pid_t group;
	enum process_end end =
		delegate != NULL ? delegate->end(tid, &group) : read_end(tid, &group);

	remember_group(tid, group);
	return end;
}

bool process_ending(pid_t tid)
{
	return process_end(tid) != PROCESS_LIVES;
}
