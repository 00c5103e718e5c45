/* SPDX-License-Identifier: MIT */
/*
 * ops_kernel: the kernel's side of fuzz_ops: what it asks, what it was told, and the callers.
 *
 * Keeps the kernel's rules: only nodes and files it was told of, by their kind; a file is released
 * and a node forgotten once, when nothing is under way there. What may be replied at all is claimed
 * here, what a reply claims of PlanetScale in ops_rules.
 */
#ifndef PSCALEFS_FUZZ_OPS_KERNEL_H
#define PSCALEFS_FUZZ_OPS_KERNEL_H

#include <stdint.h>
#include <stdbool.h>

#include "fs/fs_internal.h"

#define PROCESSES 4 /* threads; two and two are a process, of two programs */

/* One request. Kept until the end: what it caused may outlive its reply. */
struct asked {
	struct op *op; /* borrowed; NULL once it has its reply */
	enum op_kind kind;
	pid_t pid;
	uint64_t node, new_node, file;
	int flags, replies;
	bool unwanted; /* the caller dies before the reply reaches it */
	/* ops_rules' own */
	uint64_t began;         /* requests sent before it */
	bool caused, succeeded; /* a change of PlanetScale's; and that is done */
	bool must_change;
	char made[68]; /* the id of the token it made */
};

void kernel_begin(struct fs *fs);
/* What the input says. */
void kernel_ask(void);
void kernel_interrupt(void);
void kernel_release(void);
void kernel_forget(void);

/* Is a signal ending it? */
bool kernel_ending(pid_t pid);
bool kernel_all_replied(void);
/* Unmounting, in order: once all have their replies. */
void kernel_release_all(void);
void kernel_forget_all(void);

extern const struct op_sink kernel_sink;

#endif
