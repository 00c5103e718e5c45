/* SPDX-License-Identifier: MIT */
/*
 * process: what /proc says about a caller: its thread group, start time and name, and whether a
 * signal is ending it.
 *
 * FUSE gives the id of the calling thread. That thread waits in the kernel while its request is
 * open, so what is read here is still true. Returns "unknown" (0, empty, false) where /proc says
 * nothing.
 */
#ifndef PSCALEFS_PROCESS_H
#define PSCALEFS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t tgid;          /* thread group; 0: unknown */
	uint64_t start_time; /* of the group, in clock ticks since boot: differs if a pid is
				used again */
	char command[17];    /* cleaned */
	uint64_t program;    /* which executable it runs; 0: unknown */
};

/* 0, or -ESRCH if there is no such thread (any more). */
int process_read(pid_t tid, struct process *p);
/* Only the thread group; 0 if unknown. */
pid_t process_group(pid_t tid);
enum process_end {
	PROCESS_LIVES,     /* also if it ends by itself, or is unknown */
	PROCESS_KILLED,    /* a signal is ending it */
	PROCESS_END_UNSEEN /* it ends; /proc does not show this user whether by a signal */
};

/* Another process that answers these questions for this one; see helper.h. */
struct process_delegate {
	int (*read)(pid_t tid, struct process *p);
	pid_t (*group)(pid_t tid);
	enum process_end (*end)(pid_t tid, pid_t *group);
};
/* Use `d`, borrowed, from now on. NULL, as at first: this process reads /proc itself. */
void process_delegate(const struct process_delegate *d);

/*
 * The request of this thread is being handled; 0: no more. Meanwhile what is read of it, or its group,
 * is read once: it waits in the kernel, so nothing of it changes. Only whether it ends may change;
 * who asks that first need not ask for the group.
 */
void process_handle(pid_t tid);

/*
 * Is a signal ending this thread? Yes if a signal that ends processes is pending for it or its
 * group, not ignored, caught or blocked; or if its process was killed and the kernel is closing
 * its files. No if the program ends by itself, although exit_group(2) kills its other threads. The
 * last two cases look the same (PROCESS_END_UNSEEN) if this user may not trace the process: it
 * makes no core dump, or has more capabilities.
 */
enum process_end process_end(pid_t tid);
/* The same, but PROCESS_END_UNSEEN counts as ended by a signal, which denies no access. */
bool process_ending(pid_t tid);

#endif
