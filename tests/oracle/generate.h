/* SPDX-License-Identifier: MIT */
/* generate: what generate.c and programs.c share. */
#ifndef ORACLE_GENERATE_H
#define ORACLE_GENERATE_H

#include "oracle.h"

/* The calls of one program: by one process and maybe a child that it forks, in its slots 0 to 3. */
struct program {
	unsigned n, at;
	struct call call[16];
};
/* `child`: the process that it may fork; PROCESSES: none. */
void program(struct program *p, struct choices *c, enum mode mode, unsigned process,
	     unsigned child);

void some_text(struct choices *c, struct call *call, enum mode mode);
scopes some_start(struct choices *c);
int some_flags(struct choices *c);
enum name some_name(struct choices *c);
void some_call(struct choices *c, struct call *call, enum mode mode, unsigned processes);

#endif
