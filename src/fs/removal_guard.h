/* SPDX-License-Identifier: MIT */
/*
 * removal_guard: a recursive removal that starts above a token must not delete it or its grants.
 *
 * A program that walks down learns the names by reading directories: one above the token, and the
 * one inside it whose entry it removes. A program that was given the name reads at most one of these:
 * Python lists its working directory to import a module, rm -r lists what it is to remove.
 *
 * Remembers, for a bounded number of processes, which of them read a directory above a token, which
 * directories inside tokens they read, and which were refused a removal. A process is its thread
 * group, start time and executable, so neither threads nor a reused pid mislead, and a shell that
 * lists and then becomes `rm` has named what it found; one that has ended is forgotten. Decides
 * nothing about paths: fs says what was read and what is to be removed.
 */
#ifndef PSCALEFS_REMOVAL_GUARD_H
#define PSCALEFS_REMOVAL_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "system/process.h"

#define REMOVAL_GUARD_PROCESSES 1024
/* Inside tokens, of one process; who has read more is taken to have read all. */
#define REMOVAL_GUARD_DIRECTORIES 64

struct remover {
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

struct removal_guard {
	struct remover *v; /* owned */
	size_t n;
	uint64_t uses;
};

void removal_guard_init(struct removal_guard *s);
void removal_guard_finish(struct removal_guard *s);
/* The process of thread `tid` was shown the entries of a directory above a token. */
void removal_guard_read_above(struct removal_guard *s, pid_t tid);
/* It was shown those of a directory inside a token, or a token's own. `directory`: any number but 0
 * that is this directory's; two that share one are taken for the same. */
void removal_guard_read_inside(struct removal_guard *s, pid_t tid, uint64_t directory);
/* Was it? Also true if it read too many to know. */
bool removal_guard_has_read(struct removal_guard *s, pid_t tid, uint64_t directory);
/* It was refused a removal: it removes nothing more. True: for the first time. */
bool removal_guard_refused(struct removal_guard *s, pid_t tid);
/* May it remove an entry of this directory inside a token (as above)? 0: a token's own. */
bool removal_guard_allows(struct removal_guard *s, pid_t tid, uint64_t directory);

#endif
