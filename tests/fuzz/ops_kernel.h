/* SPDX-License-Identifier: MIT */
/*
 * ops_kernel: the kernel's side of fuzz_ops: its requests, the replies, and the callers.
 *
 * Keeps the kernel's rules: it uses only nodes and files that it got in replies, as their kind
 * allows; a file is released and a node forgotten once, when no op uses it. Checks here whether a
 * reply is allowed at all; ops_rules checks whether it agrees with PlanetScale.
 */
#ifndef PSCALEFS_FUZZ_OPS_KERNEL_H
#define PSCALEFS_FUZZ_OPS_KERNEL_H

#include <stdint.h>
#include <stdbool.h>

#include "fs/fs_internal.h"

#define PROCESSES 4 /* threads: two processes of two threads each, which run two programs */

/* One request. Kept until the end, because a change that it caused may go on after its reply. */
struct asked {
	struct op *op; /* borrowed; NULL once it has its reply */
	enum op_kind kind;
	pid_t pid;
	uint64_t node, new_node, file;
	int flags, replies;
	bool unwanted; /* the caller dies before the reply reaches it */
	/* for ops_rules */
	uint64_t began;         /* number of requests sent before it */
	bool caused, succeeded; /* it caused a change at PlanetScale; that has succeeded */
	bool must_change;
	char made[68]; /* the id of the token that it created */
};

void kernel_begin(struct fs *fs);
/* Do one of these, as the input says. */
void kernel_ask(void);
void kernel_interrupt(void);
void kernel_release(void);
void kernel_forget(void);

/* Is a signal ending the thread? */
bool kernel_ending(pid_t pid);
bool kernel_all_replied(void);
/* For the unmount, in this order, when all requests have replies. */
void kernel_release_all(void);
void kernel_forget_all(void);

extern const struct op_sink kernel_sink;

#endif
