/* SPDX-License-Identifier: MIT */
/*
 * daemon: into the background in two phases, so that the command line waits for the outcome.
 *
 * daemon_fork() comes first, before any thread or connection exists. The child then does
 * everything that may fail, and says why on the standard error it still shares with the parent.
 * When it can serve, daemon_ready() lets go of the terminal and tells the parent, which until then
 * waits and afterwards exits 0; a child that ends without having said so gives the parent its exit
 * status.
 *
 * Until it is ready the child stays in the parent's process group and session, so ^C ends both; it
 * gets SIGTERM if the parent is ended in another way. Owns one end of a socket pair. Knows nothing
 * of FUSE.
 */
#ifndef PSCALEFS_DAEMON_H
#define PSCALEFS_DAEMON_H

#include <stdbool.h>

#include "base/error.h"

/* What daemon_fork() returns in the parent, once the child is ready or gone. */
#define DAEMON_PARENT 1

struct daemon {
	int report_fd; /* the child's end; -1: nothing to report any more */
	int status;    /* DAEMON_PARENT only: what to exit with */
};

/*
 * Fork, unless `foreground`. 0 in the process that goes on (the child, or the only one);
 * DAEMON_PARENT in the parent, which does nothing more than exit with d->status, and prints the
 * sentence if e->err is not 0 (a child that died had no chance to); -errno with a sentence if there
 * is no child, or no longer a parent. To be called before signals are blocked. Memory locks are not
 * inherited by the child: see credential_relock().
 */
int daemon_fork(struct daemon *d, bool foreground, struct error *e);
/*
 * In the child, before it opens anything: close what it was started with open, such as the file of
 * flock(1) or a pipe, which nobody wants held for days. In the foreground, nothing.
 */
void daemon_let_go(const struct daemon *d);
/*
 * In the child, when it can serve: a session of its own, working directory /, standard streams to
 * /dev/null, log to syslog, report. In the foreground, nothing. 0 or -errno with a sentence;
 * -EPIPE: the parent was ended meanwhile, so nobody wants this mount.
 */
int daemon_ready(struct daemon *d, struct error *e);
void daemon_finish(struct daemon *d);

/*
 * To be called first of all, before a secret is read. Standard streams that were closed are
 * /dev/null. No core dumps and no ptrace(2) by other processes of the user; new files for the owner
 * alone; as much locked memory as is allowed, and file descriptors enough for many connections; no
 * file of TLS keys. What is refused is left as it was.
 *
 * The process is then not "dumpable" (prctl(2)): its files in /proc belong to root. It can still
 * open its own mountinfo, status and fd (proc_pid_fd(5): a process's own threads always may), other
 * processes' status is open to all anyway, and fusermount3 opens /dev/fuse in a process of its own,
 * which execve(2) makes dumpable again. What no longer works is /proc/self/environ, maps and mem.
 */
void daemon_harden(void);

#endif
