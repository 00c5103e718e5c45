/*
 * sweep: a recursive removal that comes down from above must not delete a token or its grants.
 *
 * Remembers, for a bounded number of processes, which of them read a directory above a token and
 * which were refused a removal. A process is its thread group, start time and
 * executable, so neither threads nor a reused pid mislead, and a shell that lists and then becomes
 * `rm` has named what it found; one that has ended is forgotten. Decides nothing about paths: fs
 * says what was read and what is to be removed.
 */
#ifndef PSCALEFS_SWEEP_H
#define PSCALEFS_SWEEP_H

#include <sys/types.h>

#include "process.h"

#define SWEEP_PROCESSES 1024

struct sweep_process {
	pid_t tgid;
	uint64_t start_time;
	uint64_t program;
	uint64_t used; /* larger: more recently */
	bool read_above;
	bool refused;
};

struct sweep {
	struct sweep_process *v; /* owned */
	size_t n;
	uint64_t uses;
};

void sweep_init(struct sweep *s);
void sweep_finish(struct sweep *s);
/* The process of thread `tid` was shown the entries of a directory above a token. */
void sweep_read_above(struct sweep *s, pid_t tid);
/* It was refused a removal: it removes nothing more. True: for the first time. */
bool sweep_refused(struct sweep *s, pid_t tid);
/* May it remove? `inside`: something in a token's directory; else a token's directory itself. */
bool sweep_allows(struct sweep *s, pid_t tid, bool inside);

#endif
