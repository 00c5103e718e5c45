/* SPDX-License-Identifier: MIT */
#include "system/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "system/capability.h"

#define NOBODY          65534 /* the user that owns no files */
#define THREADS_WAIT_MS 2000

static struct {
	bool entered;
	bool no_new_privs;
	bool seccomp;
	struct sandbox_landlock landlock;
} now;

static unsigned threads(void)
{
	DIR *all = opendir("/proc/self/task");
	unsigned n = 0;

	for (struct dirent *t; all != NULL && (t = readdir(all)) != NULL;)
		n += t->d_name[0] != '.';
	if (all != NULL)
		closedir(all);
	return n;
}

/* A libcurl thread may still be in a name lookup that was given up: the sandbox would miss it. */
static void await_threads(void)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	int waited_ms = 0;

	for (; threads() > 1 && waited_ms < THREADS_WAIT_MS; waited_ms += 10)
		nanosleep(&pause, NULL);
	if (waited_ms >= THREADS_WAIT_MS)
		log_warning("a thread that still looks up a name is not in the sandbox");
}

/*
 * As root, read files as the user `nobody`: many files can be read by root only, and below /etc
 * landlock allows more than the resolver's files. `nobody` can only read what all users may read.
 */
static void read_as_nobody(void)
{
	if (geteuid() != 0)
		return;
	setgroups(0, NULL);
	setfsgid(NOBODY);
	setfsuid(NOBODY);
}

void sandbox_enter(const struct sandbox_rules *rules)
{
	await_threads();
	now.entered = true;
	now.no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	now.landlock = sandbox_landlock(rules);
	read_as_nobody();
	if (!capability_keep(0))
		log_warning("cannot give up capabilities: %s", strerror(errno));
	/* Last, because it forbids most of the system calls used above. */
	now.seccomp = sandbox_seccomp();
	if (!now.seccomp || !now.landlock.files)
		log_detail("the sandbox is not complete: see .pscalefs/status");
}

void sandbox_available(bool *files, bool *ports, bool *filter)
{
	long version = sandbox_landlock_version();

	*files = version >= 1;
	*ports = version >= SANDBOX_LANDLOCK_TCP;
	*filter = sandbox_seccomp_available();
}

static void print_words(struct buf *out, const char *name, bool wanted)
{
	const struct {
		const char *word;
		bool on;
	} parts[] = {
		{"no-new-privs", now.no_new_privs},
		{"landlock-files", now.landlock.files},
		{"landlock-tcp", now.landlock.ports},
		{"landlock-scope", now.landlock.scoped},
		{"seccomp", now.seccomp},
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].on == wanted)
			buf_addf(out, "%s %s", n++ == 0 ? name : "", parts[i].word);
	if (n > 0)
		buf_addc(out, '\n');
}

void sandbox_print(struct buf *out)
{
	uint64_t kept = capability_permitted();

	if (now.entered) {
		print_words(out, "sandbox:", true);
		print_words(out, "sandbox lacks:", false);
	} else {
		buf_adds(out, "sandbox: off\n");
	}
	if (kept == 0)
		buf_adds(out, "capabilities: none\n");
	else
		buf_addf(out, "capabilities: %016llx\n", (unsigned long long)kept);
}
