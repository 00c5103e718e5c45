/* SPDX-License-Identifier: MIT */
#include "mount/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "system/descriptors.h"

#define STATUS_FAILED 32   /* mount(8): mount failure */
#define FILES_WANTED  4096 /* for connections, and files that libraries open */

/* 0 when the child has reported, 1 if it has ended. */
static int await_report(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : 1;
}

/* The exit status of a child that ended before it was ready. */
static int status_of_ended(pid_t child, struct error *e)
{
	int status = 0;
	pid_t r;

	do
		r = waitpid(child, &status, 0);
	while (r < 0 && errno == EINTR);
	if (r == child && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	if (r == child && WIFSIGNALED(status))
		error_set(e, ECHILD, "died before it was ready (signal %d, %s)", WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	else
		error_set(e, ECHILD, "ended before it was ready");
	return STATUS_FAILED;
}

static int become_child(struct daemon *d, pid_t parent, int fd, struct error *e)
{
	d->report_fd = fd;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it ended before prctl(2) took effect */
		return error_set(e, EPIPE, "the starting process was ended");
	return 0;
}

static int start_child(struct daemon *d, struct error *e)
{
	pid_t parent = getpid();
	int fds[2];

	/* Sockets instead of a pipe, because MSG_NOSIGNAL avoids SIGPIPE in the child. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return error_set(e, errno, "cannot start in the background: %s", strerror(errno));
	fflush(NULL);
	pid_t child = fork();
	if (child < 0) {
		error_set(e, errno, "cannot start in the background: %s", strerror(errno));
		close(fds[0]);
		close(fds[1]);
		return -e->err;
	}
	close(fds[child == 0 ? 0 : 1]);
	if (child == 0)
		return become_child(d, parent, fds[1], e);
	d->child = child;
	d->report_fd = fds[0];
	return DAEMON_PARENT;
}

int daemon_fork(struct daemon *d, bool foreground, struct error *e)
{
	memset(e, 0, sizeof(*e));
	*d = DAEMON_INIT;
	if (foreground)
		return 0;
	int r = start_child(d, e);
	if (r == DAEMON_PARENT) {
		d->status = daemon_await(d, e);
		daemon_finish(d);
	}
	return r;
}

int daemon_start(struct daemon *d, struct error *e)
{
	memset(e, 0, sizeof(*e));
	*d = DAEMON_INIT;
	d->owned = true;
	return start_child(d, e);
}

int daemon_await(struct daemon *d, struct error *e)
{
	return await_report(d->report_fd) == 0 ? 0 : status_of_ended(d->child, e);
}

void daemon_let_go(const struct daemon *d)
{
	if (d->report_fd >= 0)
		close_above(STDERR_FILENO, d->report_fd);
}

static int leave_terminal(bool keep_stderr)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || chdir("/") != 0 || setsid() < 0)
		return null < 0 ? -errno : (close(null), -errno);
	fflush(NULL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd != STDERR_FILENO || !keep_stderr)
			dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

int daemon_ready(struct daemon *d, struct error *e)
{
	if (d->report_fd < 0)
		return 0;
	if (d->owned)
		d->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int r = leave_terminal(d->debug);
	if (r != 0)
		return error_set(e, -r, "cannot go into the background: %s", strerror(-r));
	if (!d->debug)
		log_to_syslog();
	prctl(PR_SET_PDEATHSIG, 0);
	r = send(d->report_fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
	if (!d->owned)
		daemon_finish(d);
	if (r != 0)
		return error_set(e, EPIPE, "the starting process was ended");
	return 0;
}

void daemon_finish(struct daemon *d)
{
	if (d->report_fd >= 0)
		close(d->report_fd);
	if (d->stderr_fd >= 0)
		close(d->stderr_fd);
	d->report_fd = d->stderr_fd = -1;
}

static void raise_limit(__rlimit_resource_t which, rlim_t wanted)
{
	struct rlimit limit;

	/* Raise the hard limit too if that is allowed (to root). */
	if (getrlimit(which, &limit) != 0 ||
	    (limit.rlim_max < wanted && setrlimit(which, &(struct rlimit){wanted, wanted}) == 0))
		return;
	rlim_t value = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (limit.rlim_cur < value) {
		limit.rlim_cur = value;
		setrlimit(which, &limit);
	}
}

/* If descriptor 0, 1 or 2 is closed, open /dev/null there: otherwise another file would get it. */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void daemon_harden(void)
{
	fill_standard_streams();
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	umask(077);
	raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	raise_limit(RLIMIT_NOFILE, FILES_WANTED);
	/* libcurl would write keys to that file which decrypt its connections, and the
	 * credential. */
	unsetenv("SSLKEYLOGFILE");
}
