/*
 * sweep: a recursive removal that comes down from above must not delete a token or its grants.
 *
 * What walks down learns the names by reading directories: one above the token, and the one inside
 * it whose entry it removes. What was given the name reads at most one of these: Python lists its
 * working directory to import a module, rm -r lists what it is to remove.
 *
 * Remembers, for a bounded number of processes, which of them read a directory above a token, which
 * directories inside tokens they read, and which were refused a removal. A process is its thread
 * group, start time and executable, so neither threads nor a reused pid mislead, and a shell that
 * lists and then becomes `rm` has named what it found; one that has ended is forgotten. Decides
 * nothing about paths: fs says what was read and what is to be removed.
 */
#ifndef PSCALEFS_REMOVAL_GUARD_H
#define PSCALEFS_REMOVAL_GUARD_H

#include <sys/types.h>

#include "system/process.h"

#define SWEEP_PROCESSES 1024
/* Inside tokens, of one process; who has read more is taken to have read all. */
#define SWEEP_DIRECTORIES 64

struct sweep_process {
	pid_t tgid;
	uint64_t start_time;
	uint64_t program;
	uint64_t used;    /* larger: more recently */
	uint64_t *inside; /* owned: directories inside tokens that it read */
	size_t n_inside;
	bool read_many; /* more of them than are kept */
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
/* It was shown those of a directory inside a token, or a token's own. `directory`: any number but 0
 * that is this directory's; two that share one are taken for the same. */
void sweep_read_inside(struct sweep *s, pid_t tid, uint64_t directory);
/* Was it? Also true if it read too many to know. */
bool sweep_has_read(struct sweep *s, pid_t tid, uint64_t directory);
/* It was refused a removal: it removes nothing more. True: for the first time. */
bool sweep_refused(struct sweep *s, pid_t tid);
/* May it remove an entry of this directory inside a token (as above)? 0: a token's own. */
bool sweep_allows(struct sweep *s, pid_t tid, uint64_t directory);

#endif
