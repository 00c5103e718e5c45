/* SPDX-License-Identifier: MIT */
/*
 * process: what /proc tells of a caller: its thread group, its age, its name, whether a signal is
 * ending it.
 *
 * FUSE names the calling thread. While its request is open the thread waits in the kernel, so what
 * is read here is true now. Answers "unknown" (0, empty, false) where /proc does not tell.
 */
#ifndef PSCALEFS_PROCESS_H
#define PSCALEFS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t tgid;          /* thread group; 0: unknown */
	uint64_t start_time; /* of the group, in clock ticks since boot: tells a pid that is used
				again */
	char command[17];    /* cleaned */
	uint64_t program;    /* which executable it runs; 0: unknown */
};

/* 0, or -ESRCH where there is no such thread (any more). */
int process_read(pid_t tid, struct process *p);
/* Only the thread group; 0 if unknown. */
pid_t process_group(pid_t tid);
enum process_end {
	PROCESS_LIVES,     /* or ends by itself, or is unknown */
	PROCESS_KILLED,    /* a signal is ending it */
	PROCESS_END_UNSEEN /* it ends, by itself or by a signal: /proc does not tell this user */
};

/* Another process that answers in this one's place; see helper.h. */
struct process_delegate {
	int (*read)(pid_t tid, struct process *p);
	pid_t (*group)(pid_t tid);
	enum process_end (*end)(pid_t tid);
};
/* From now on; borrowed. NULL: this process reads /proc itself, as at first. */
void process_delegate(const struct process_delegate *d);

/*
 * Is a signal ending this thread? One that ends processes is pending for it or its group, and not
 * ignored, caught or blocked; or its process was killed, and the kernel closes its files. A program
 * that ends by itself is not ended by a signal, though its other threads be: exit_group(2) kills
 * them. Those two are not told apart (PROCESS_END_UNSEEN) of a process that this user may not
 * trace: it makes no core dump, or has more capabilities.
 */
enum process_end process_end(pid_t tid);
/* The same; what is not seen is taken for a signal, which takes nobody's access away. */
bool process_ending(pid_t tid);

#endif
