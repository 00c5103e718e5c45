/* SPDX-License-Identifier: MIT */
#include "mount/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/credential.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "system/mountpoint.h"
#include "system/namespace.h"

#define DIRECTORY_VARIABLE "PSCALEFS"

struct run {
	struct config *config; /* borrowed */
	struct daemon *daemon; /* borrowed */
	char *directory;       /* owned; NULL: not made yet, or removed */
	sigset_t mask;         /* as COMMAND shall have it */
	struct sigaction on_child;
	int signal_fd;
	pid_t mounter;                      /* the child that mounts; 0: it has ended */
	pid_t command;                      /* 0: not started yet, or ended */
	int mounter_status, command_status; /* of waitpid(2) */
	int stopped_by;                     /* a signal that came while there is no COMMAND; or 0 */
};

/* --- the directory ---------------------------------------------------------------------------- */

static char *make_below(const char *parent)
{
	if (parent == NULL || parent[0] != '/')
		return NULL;
	cleanup(free_ptr) char *path = xasprintf("%s/pscalefs.XXXXXX", parent);
	return mkdtemp(path) == NULL ? NULL : realpath(path, NULL);
}

static int make_directory(struct run *r, struct error *e)
{
	const char *const parents[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};

	for (size_t i = 0; r->directory == NULL && i < ARRAY_LEN(parents); i++)
		r->directory = make_below(parents[i]);
	if (r->directory == NULL)
		return error_set(e, errno, "cannot make a temporary directory in /tmp: %s",
				 strerror(errno));
	return 0;
}

/* The child has unmounted and removed it, unless it was killed. */
static void remove_directory(struct run *r)
{
	struct error e;

	if (r->directory == NULL)
		return;
	if (rmdir(r->directory) != 0 && errno != ENOENT) {
		mountpoint_detach(r->directory, &e);
		if (rmdir(r->directory) != 0 && errno != ENOENT)
			fprintf(stderr, "pscalefs: cannot remove %s: %s\n", r->directory,
				strerror(errno));
	}
	free(r->directory);
	r->directory = NULL;
}

/* --- signals ---------------------------------------------------------------------------------- */

/*
 * Signals that are passed on to COMMAND. It is in the runner's process group, so what the terminal
 * sends reaches it anyway; but the kernel tells of a lost line to the leader of a session alone.
 */
static const struct {
	int signal;
	bool also_by_kernel;
	bool ends; /* while there is no COMMAND, it ends the mount */
} passed[] = {
	{SIGHUP, true, true},    {SIGINT, false, true},    {SIGQUIT, false, true},
	{SIGTERM, true, true},   {SIGUSR1, false, false},  {SIGUSR2, false, false},
	{SIGTSTP, false, false}, {SIGWINCH, false, false},
};

/* Blocked signals of other reasons: children; a terminal that stops who writes to it; a pipe that
 * nobody reads. */
static const int held[] = {SIGCHLD, SIGTTIN, SIGTTOU, SIGPIPE};

static int block_signals(struct run *r, struct error *e)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t blocked, received;

	sigemptyset(&received);
	for (size_t i = 0; i < ARRAY_LEN(passed); i++)
		sigaddset(&received, passed[i].signal);
	sigaddset(&received, SIGCHLD);
	blocked = received;
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		sigaddset(&blocked, held[i]);
	/* If SIGCHLD is ignored, waitpid(2) does not tell how a child has ended. */
	sigaction(SIGCHLD, &usual, &r->on_child);
	sigprocmask(SIG_BLOCK, &blocked, &r->mask);
	r->signal_fd = signalfd(-1, &received, SFD_NONBLOCK | SFD_CLOEXEC);
	return r->signal_fd >= 0 ? 0 : error_set(e, errno, "cannot receive signals");
}

/* As the runner found them. */
static void restore_signals(const struct run *r)
{
	sigaction(SIGCHLD, &r->on_child, NULL);
	sigprocmask(SIG_SETMASK, &r->mask, NULL);
}

static bool is_ignored(int signal)
{
	struct sigaction now;

	return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void pass_on_signal(struct run *r, int signal, bool by_kernel)
{
	size_t i = 0;

	while (passed[i].signal != signal)
		i++;
	if (r->command > 0) {
		if (!by_kernel || passed[i].also_by_kernel)
			kill(r->command, signal);
	} else if (passed[i].ends && !is_ignored(signal)) {
		r->stopped_by = signal;
		if (r->mounter > 0)
			kill(r->mounter, SIGTERM);
	}
}

/* COMMAND was stopped: stop as well, so that the shell sees it, and continue together. */
static void stop_too(const struct run *r, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	raise(signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* it stops here */
	if (signal != SIGSTOP)
		sigprocmask(SIG_BLOCK, &set, NULL);
	kill(r->command, SIGCONT);
}

static void reap_children(struct run *r)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (WIFSTOPPED(status)) {
			if (pid == r->command)
				stop_too(r, WSTOPSIG(status));
		} else if (pid == r->command) {
			r->command = 0;
			r->command_status = status;
		} else if (pid == r->mounter) {
			r->mounter = 0;
			r->mounter_status = status;
		}
	}
}

/* Wait for a signal, or for the child to report (`fd`; -1: not), and act on it. */
static void wait_once(struct run *r, int fd)
{
	struct pollfd fds[] = {{.fd = r->signal_fd, .events = POLLIN},
			       {.fd = fd, .events = POLLIN}};
	struct signalfd_siginfo info;

	poll(fds, ARRAY_LEN(fds), -1);
	if (fd >= 0 && fds[1].revents != 0)
		return;
	while (read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap_children(r);
		else
			pass_on_signal(r, (int)info.ssi_signo, info.ssi_code == SI_KERNEL);
	}
}

/* --- the mount -------------------------------------------------------------------------------- */

static int prepare_mount(struct run *r, struct error *e)
{
	int result = block_signals(r, e);

	if (result == 0)
		result = make_directory(r, e);
	if (result != 0)
		return result;
	r->config->namespace =
		r->config->no_namespace ? NAMESPACE_NONE : namespace_find(r->directory);
	return namespace_enter(r->config->namespace, e);
}

/* In the child. */
static int become_mounter(struct run *r)
{
	r->config->mountpoint = r->directory;
	restore_signals(r);
	close(r->signal_fd);
	return RUN_MOUNT;
}

/* 0, or the exit status. */
static int await_mount(struct run *r)
{
	const struct daemon *d = r->daemon;
	struct pollfd report = {.fd = d->report_fd, .events = POLLIN};
	struct error e = {0};

	/* If the child ends, do not reap it here: daemon_await() needs its status. */
	while (poll(&report, 1, 0) == 0) {
		struct pollfd fds[] = {report, {.fd = r->signal_fd, .events = POLLIN}};
		struct signalfd_siginfo info;
		if (poll(fds, 2, -1) <= 0 || fds[1].revents == 0)
			continue;
		if (read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
		    info.ssi_signo != SIGCHLD)
			pass_on_signal(r, (int)info.ssi_signo, false);
	}
	int status = daemon_await(r->daemon, &e);
	if (status != 0)
		r->mounter = 0;
	if (r->stopped_by != 0)
		return EXIT_SIGNAL_FIRST + r->stopped_by;
	if (e.err != 0)
		fprintf(stderr, "pscalefs: %s\n", e.text);
	return status;
}

static void end_mount(struct run *r)
{
	daemon_finish(r->daemon); /* it unmounts, and finishes what was begun */
	while (r->mounter > 0)
		wait_once(r, -1);
}

/* --- COMMAND ---------------------------------------------------------------------------------- */

_Noreturn static void execute(const struct run *r, pid_t runner)
{
	char **command = r->config->command;

	setenv(DIRECTORY_VARIABLE, r->directory, 1);
	restore_signals(r);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != runner) /* it ended before prctl(2) took effect */
		_exit(EXIT_CANNOT_RUN);
	execvp(command[0], command);
	int err = errno;
	fprintf(stderr, "pscalefs: cannot run %s: %s\n", command[0], strerror(err));
	_exit(err == ENOENT ? EXIT_NO_COMMAND : EXIT_CANNOT_RUN);
}

/* Returns the exit status as shells have it. */
static int run_until_end(struct run *r)
{
	pid_t runner = getpid();

	fflush(NULL);
	r->command = fork();
	if (r->command == 0)
		execute(r, runner);
	if (r->command < 0) {
		fprintf(stderr, "pscalefs: cannot run %s: %s\n", r->config->command[0],
			strerror(errno));
		return EXIT_CANNOT_RUN;
	}
	while (r->command > 0)
		wait_once(r, -1);
	return WIFSIGNALED(r->command_status) ? EXIT_SIGNAL_FIRST + WTERMSIG(r->command_status)
					      : WEXITSTATUS(r->command_status);
}

/* COMMAND's status, unless that says success and the mount's does not. */
static int final_status(const struct run *r, int status)
{
	int mount = r->mounter_status;

	if (WIFSIGNALED(mount))
		fprintf(stderr,
			"pscalefs: the mount ended by signal %d (%s): changes may not be done\n",
			WTERMSIG(mount), strsignal(WTERMSIG(mount)));
	return status == EXIT_OK && mount != 0 ? EXIT_UNDONE : status;
}

int run_command(struct config *c, struct daemon *d)
{
	struct run r = {.config = c, .daemon = d, .signal_fd = -1};
	struct error e = {0};
	int status = EXIT_MOUNT, result = prepare_mount(&r, &e);

	if (result == 0)
		result = daemon_start(d, &e);
	if (result == 0)
		return become_mounter(&r);
	if (result == DAEMON_PARENT) {
		r.mounter = d->child;
		credential_forget_environment();
		status = await_mount(&r);
		if (status == EXIT_OK) {
			status = run_until_end(&r);
			end_mount(&r);
			status = final_status(&r, status);
		} else {
			end_mount(&r);
		}
	} else {
		fprintf(stderr, "pscalefs: %s\n", e.text);
	}
	remove_directory(&r);
	close(r.signal_fd);
	return status;
}
