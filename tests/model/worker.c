/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

bool outside;

/* How often each is done, of the sum. */
static const struct {
	operation *run;
	const char *what;
	int weight;
	bool of_databases; /* never of the organization */
	bool volatile_only;
	bool child; /* a process of its own: who has read above a token may not remove in it */
} operations[] = {
	{read_permissions, "read permissions", 14, false, false, false},
	{stat_permissions, "stat permissions", 6, false, false, false},
	{list_tokens, "list service-tokens", 3, false, false, false},
	{list_ids, "list by-id", 1, false, false, false},
	{list_databases, "list the token's databases", 4, false, false, false},
	{list_links, "list the database's tokens", 2, true, false, false},
	{read_access, "read access", 3, true, false, false},
	{read_info, "read info.json", 3, false, false, false},
	{read_values, "read id or name", 3, false, false, false},
	{read_secrets, "read the secret", 3, false, false, false},
	{read_links, "follow a link", 2, true, false, false},
	{read_own, "read .pscalefs", 1, false, false, false},
	{read_organization, "read the organization", 1, true, false, false},
	{append, "append", 14, false, false, false},
	{replace, "replace", 9, false, false, false},
	{replace_in_pieces, "replace in pieces", 4, false, false, false},
	{empty_by_open, "empty by open", 3, false, false, false},
	{truncate_path, "truncate", 2, false, false, false},
	{overwrite, "overwrite", 3, false, false, false},
	{rename_over, "rename over", 4, false, false, true},
	{back_up, "back up and write", 2, false, false, true},
	{make_token, "mkdir", 6, false, true, false},
	{write_create_token, "create-token", 2, false, true, false},
	{refresh, "refresh", 2, false, false, false},
	{wrong_things, "wrong things", 2, true, false, true},
	{remove_permissions, "rm permissions", 3, false, false, true},
	{remove_database, "rm -r database", 3, true, false, true},
	{remove_token, "rmdir token", 3, false, true, true},
	{remove_all, "rm -r token", 3, false, true, true},
	{remove_and_create, "rm and create", 2, false, false, true},
	{sweep, "sweep", 1, true, false, true},
	{killed_writer, "killed writer", 2, false, false, false},
	{killed, "killed", 4, false, false, false},
	{threaded_writer, "threaded writer", 4, false, false, false},
	{process_tree, "process tree", 2, false, true, true},
	{take_back, "take back", 2, false, false, true},
	{close_unended, "create-token, not ended", 1, false, true, true},
	{empty_and_unmount, "empty and unmount", 1, false, false, false},
};

enum {
	OPERATIONS = ARRAY_LEN(operations)
};

void path_of(char *out, size_t size, const char *format, ...)
{
	int n = snprintf(out, size, "%s/", options.mount);
	va_list ap;

	va_start(ap, format);
	vsnprintf(out + n, size - (size_t)n, format, ap);
	va_end(ap);
}

void permissions_path(char *out, size_t size, const struct record *r)
{
	if (r->resource == ORGANIZATION)
		path_of(out, size, "acme/service-tokens/%s/permissions", names[r->name]);
	else
		path_of(out, size, "acme/service-tokens/%s/databases/%s/permissions",
			names[r->name], databases[r->resource]);
}

long call_result(struct record *r, long result)
{
	if (result >= 0)
		return result;
	r->result = -errno;
	return -errno;
}

void claim(struct record *r, int64_t from, uint32_t present, uint32_t absent)
{
	if (outside)
		complain(r, "a caller that cannot be seen changed something");
	if ((present | absent) != 0 && r->claim_count < CLAIMS_MAX)
		r->claims[r->claim_count++] =
			(struct claim){from, now_us(), present, absent, false};
}

void claim_text(struct record *r, int64_t from, uint32_t present, uint32_t absent)
{
	int before = r->claim_count;

	claim(r, from, present, absent);
	if (r->claim_count > before)
		r->claims[before].shared = true;
}

void complain(struct record *r, const char *format, ...)
{
	va_list ap;

	if (r->wrong)
		return;
	r->wrong = true;
	va_start(ap, format);
	vsnprintf(r->note, sizeof(r->note), format, ap);
	va_end(ap);
}

/* In a pid namespace of its own, below that of the daemon, which sees it as any process. */
static pid_t fork_nested(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);

	return pid < 0 && errno == EPERM ? fork() : pid;
}

void in_child(struct work *w, operation *do_it, int signal, int after_us)
{
	int status;
	bool nested = (signal == 0 || signal == SIGKILL) && chance(w->random, 10);
	pid_t pid = nested ? fork_nested() : fork();

	if (pid < 0) {
		complain(w->record, "fork: %s", strerror(errno));
		return;
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		do_it(w);
		while (signal != 0)
			pause();
		_exit(0);
	}
	if (signal != 0) {
		usleep((useconds_t)after_us);
		kill(pid, signal);
		w->record->loose = true;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (signal == 0 && status != 0)
		complain(w->record, "its process ended with %#x", (unsigned)status);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* Signals that do not end the caller must not disturb it: it never sees EINTR. */
static void alarm_every(int us)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval every = {{0, us}, {0, us}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

/* What it asked for was refused, but that a token be made, or must have been. */
static void judge_unseen(struct record *r)
{
	if (r->removed || r->left != 0)
		complain(r, "a caller that cannot be seen removed something");
	r->grant = r->revoke = 0;
	r->removes = r->removed = r->empties = r->writes = r->loose = false;
	r->claim_count = 0;
}

static void run_one(struct lane *lane, struct random *random)
{
	static int sum;
	struct record *r = &lane->records[lane->count];
	struct work w = {random, r};
	int at = 0;

	for (int i = 0; sum == 0 || i < OPERATIONS; i++) {
		if (i == OPERATIONS)
			break;
		at += operations[i].weight;
		if (i == OPERATIONS - 1)
			sum = at;
	}
	int pick = (int)below(random, (unsigned)sum), i = 0;
	while ((pick -= operations[i].weight) >= 0)
		i++;
	*r = (struct record){.what = operations[i].what, .step = "", .seen_from = 0};
	r->name = operations[i].volatile_only || chance(random, 30)
			  ? STABLE + (int)below(random, NAMES - STABLE)
			  : (int)below(random, QUIET);
	r->resource = operations[i].of_databases || !chance(random, 25)
			      ? 1 + (int)below(random, RESOURCES - 1)
			      : ORGANIZATION;
	bool alarms = !operations[i].child && chance(random, 5);
	r->mount = mount_number();
	r->begin = now_us();
	lane->current = r;
	__atomic_add_fetch(&lane->count, 1, __ATOMIC_SEQ_CST);
	if (alarms)
		alarm_every(1000 + (int)below(random, 5000));
	if (operations[i].child)
		in_child(&w, operations[i].run, 0, 0);
	else
		operations[i].run(&w);
	if (alarms)
		alarm_every(0);
	if (outside)
		judge_unseen(r);
	if (!same_mount(r))
		r->mount = MIXED;
	__atomic_store_n(&r->end, now_us(), __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&shared->done, 1, __ATOMIC_SEQ_CST);
}

void run_worker(int number)
{
	static const int deadly[] = {SIGINT, SIGTERM, SIGHUP};
	struct lane *lane = &shared->lanes[number];
	int round = 0;

	/* In the background of a script, or below nohup(1), some are ignored. */
	for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
		signal(deadly[i], SIG_DFL);
	for (;;) {
		int next;
		while ((next = __atomic_load_n(&shared->round, __ATOMIC_SEQ_CST)) == round)
			usleep(500);
		if (next < 0)
			return;
		round = next;
		struct random random = random_of(options.seed, (uint64_t)round, (uint64_t)number);
		for (int i = 0; i < options.round_size / options.workers; i++)
			run_one(lane, &random);
		__atomic_sub_fetch(&shared->running, 1, __ATOMIC_SEQ_CST);
	}
}
