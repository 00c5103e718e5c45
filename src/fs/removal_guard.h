/* SPDX-License-Identifier: MIT */
/*
 * removal_guard: a recursive removal that starts above a token must not delete it or its grants.
 *
 * A program that removes recursively gets the names by reading directories: one above the token,
 * and the one inside it whose entry it removes. A program that was given the token's name reads at
 * most one of them: Python lists its working directory to import a module, rm -r lists the
 * directory that it removes.
 *
 * Remembers, for a limited number of processes, which of them read a directory above a token,
 * which directories inside tokens they read, and which had a removal refused. A process is
 * identified by thread group, start time and executable. So threads count as one process and a
 * reused pid as another; and after exec() it counts as another one too, because a shell that lists
 * a directory and then becomes `rm` gives the names as arguments. Processes that have ended are
 * forgotten. Knows no paths: fs reports what was read and what is to be removed.
 */
#ifndef PSCALEFS_REMOVAL_GUARD_H
#define PSCALEFS_REMOVAL_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "system/process.h"

#define REMOVAL_GUARD_PROCESSES 1024
/* Directories inside tokens that are remembered for a process; if it reads more, it counts as
 * having read all. */
#define REMOVAL_GUARD_DIRECTORIES 64

struct remover {
	pid_t tgid;
	uint64_t start_time;
	uint64_t program;
	pid_t tid;        /* the thread that was seen last */
	uint64_t used;    /* when it was seen last; larger is later */
	uint64_t *inside; /* owned: directories inside tokens that it read */
	size_t n_inside;
	bool read_many; /* it read more of them than are remembered */
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
/* The process of thread `tid` has read a directory above a token. False: it cannot be identified. */
bool removal_guard_read_above(struct removal_guard *s, pid_t tid);
/* Has it, as far as is remembered? */
bool removal_guard_has_read_above(struct removal_guard *s, pid_t tid);
/* It has read a token's directory, or one inside it. `directory`: a number that identifies it, not
 * 0; two directories with the same number count as one. False: as above. */
bool removal_guard_read_inside(struct removal_guard *s, pid_t tid, uint64_t directory);
/* Has it? Also true if it read more directories than are remembered. */
bool removal_guard_has_read(struct removal_guard *s, pid_t tid, uint64_t directory);
/* A removal is refused to it; all later ones will be too. True: this is the first one. */
bool removal_guard_refused(struct removal_guard *s, pid_t tid);
/* May it remove an entry of this directory inside a token (a number as above)? 0: the token
 * itself. */
bool removal_guard_allows(struct removal_guard *s, pid_t tid, uint64_t directory);

#endif
