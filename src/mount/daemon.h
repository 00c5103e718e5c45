/* SPDX-License-Identifier: MIT */
/*
 * daemon: goes to the background in two steps, so that the command can report success or failure.
 *
 * daemon_fork() is called first, before any thread or connection exists. The child then does
 * everything that may fail, and prints errors to standard error, which it still shares with the
 * parent. The parent waits. When the child can serve, daemon_ready() leaves the terminal and
 * reports to the parent, which exits with 0. If the child ends before that, the parent exits with
 * the child's status.
 *
 * Until it is ready the child stays in the parent's process group and session, so ^C ends both; it
 * gets SIGTERM if the parent ends in another way. Owns one end of a socket pair. Knows nothing of
 * FUSE.
 */
#ifndef PSCALEFS_DAEMON_H
#define PSCALEFS_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* What daemon_fork() returns in the parent, once the child is ready or gone. */
#define DAEMON_PARENT 1

struct daemon {
	int report_fd; /* this end of the socket pair; -1: nothing to report (any more) */
	int status;    /* daemon_fork(), DAEMON_PARENT only: the exit status */
	pid_t child;   /* DAEMON_PARENT only */
	bool owned;    /* made by daemon_start() */
	bool debug;    /* owned child: go on logging to standard error */
	int stderr_fd; /* owned; from daemon_ready() on the standard error of an owned child; or -1 */
};
#define DAEMON_INIT ((struct daemon){.report_fd = -1, .stderr_fd = -1})

/*
 * Fork, unless `foreground`. 0 in the process that continues (the child, or the only one);
 * DAEMON_PARENT in the parent, which only prints the sentence if e->err is not 0 (a child that was
 * killed could not print it) and exits with d->status; -errno with a sentence if there is no
 * child, or no parent any more. Call it before signals are blocked. The child does not inherit
 * memory locks: see credential_relock().
 */
int daemon_fork(struct daemon *d, bool foreground, struct error *e);
/*
 * The same for a child that its parent owns: the parent does not wait but goes on, with d->child and
 * its end of the socket pair in d->report_fd. That end becomes readable when the child is ready or
 * gone; then daemon_await() does not block. The child keeps its end open until daemon_finish(), and
 * sees there that the parent has closed the other or has ended.
 */
int daemon_start(struct daemon *d, struct error *e);
/* In the parent: 0 once the child is ready; else its exit status, with a sentence if it was
 * killed. The child was waited for then. */
int daemon_await(struct daemon *d, struct error *e);
/*
 * For the child, before it opens anything: close the descriptors that it inherited, such as the
 * lock file of flock(1) or a pipe, which a daemon must not keep open. Does nothing in the
 * foreground.
 */
void daemon_let_go(const struct daemon *d);
/*
 * For the child, when it can serve: start a new session, change to /, connect the standard streams
 * to /dev/null, log to syslog, report to the parent. Does nothing in the foreground. 0 or -errno
 * with a sentence; -EPIPE: the parent was ended in the meantime, so the mount is not wanted any
 * more.
 */
int daemon_ready(struct daemon *d, struct error *e);
void daemon_finish(struct daemon *d);

/*
 * Call it first, before a secret is read. Opens /dev/null for standard streams that are closed;
 * forbids core dumps and ptrace(2) by other processes of the user; makes new files accessible to
 * the owner only; raises the limits of locked memory and of file descriptors; and removes the
 * variable that makes libcurl write TLS keys to a file. A step that fails is skipped.
 *
 * The process is then not "dumpable" (prctl(2)): its files in /proc belong to root. It can still
 * open its own mountinfo, status and fd (proc_pid_fd(5): a process's own threads always may). The
 * status of other processes is readable for all users. fusermount3 opens /dev/fuse in another
 * process, which execve(2) makes dumpable again. /proc/self/environ, maps and mem do not work any
 * more.
 */
void daemon_harden(void);

#endif
