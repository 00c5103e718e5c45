#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* /proc never blocks: its text is made by the kernel while it is read. */
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

/* The number behind "Name:" in /proc/PID/status. */
static uint64_t field(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);

	return at == NULL ? 0 : strtoull(at + strlen(name), NULL, base);
}

pid_t process_group(pid_t tid)
{
	char status[4096];

	if (tid <= 0 || !read_proc(tid, "status", status, sizeof(status)))
		return 0;
	return (pid_t)field(status, "\nTgid:", 10);
}

/* A hash of its path, also when the file was replaced while it runs. */
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

/* Field `n` of /proc/PID/stat, a number; field 2 is the command in parentheses, which may hold
 * anything. */
static uint64_t stat_field(const char *stat, int n)
{
	const char *at = strrchr(stat, ')');

	for (int i = 2; i < n && at != NULL; i++)
		at = strchr(at + 1, ' ');
	return at == NULL ? 0 : strtoull(at, NULL, 10);
}

int process_read(pid_t tid, struct process *p)
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

static uint64_t bit(int signal)
{
	return 1ull << (signal - 1);
}

/* Signals that do not end who neither catches nor ignores them: signal(7). */
static uint64_t harmless(void)
{
	return bit(SIGCHLD) | bit(SIGCONT) | bit(SIGURG) | bit(SIGWINCH) | bit(SIGSTOP) |
	       bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
}

/* A signal is about to end it. */
static bool doomed(pid_t tid)
{
	char status[4096];

	if (!read_proc(tid, "status", status, sizeof(status)))
		return false;
	uint64_t pending = field(status, "\nSigPnd:", 16) | field(status, "\nShdPnd:", 16);
	uint64_t held = field(status, "\nSigBlk:", 16) | field(status, "\nSigIgn:", 16) |
			field(status, "\nSigCgt:", 16);

	return (pending & bit(SIGKILL)) != 0 || (pending & ~held & ~harmless()) != 0;
}

/* A signal is ending it, and is pending no more: PF_SIGNALED of the kernel's <linux/sched.h>. */
static bool signaled(pid_t tid)
{
	char text[4096];

	return read_proc(tid, "stat", text, sizeof(text)) && (stat_field(text, 9) & 0x400) != 0;
}

bool process_ending(pid_t tid)
{
	return tid > 0 && (doomed(tid) || signaled(tid));
}
