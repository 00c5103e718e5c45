/* SPDX-License-Identifier: MIT */
/*
 * fs_world: the file system without a kernel, on top of world: starts ops and records the replies.
 */
#ifndef PSCALEFS_TEST_FS_WORLD_H
#define PSCALEFS_TEST_FS_WORLD_H

#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/fs_internal.h"

extern struct world w;
extern struct fs *fs;

enum reply_kind {
	R_ERROR,
	R_ENTRY,
	R_ATTR,
	R_DATA,
	R_LINK,
	R_OPEN,
	R_CREATE,
	R_WRITTEN,
	R_DIRECTORY,
	R_STATFS
};

/* The reply to one request of the kernel. */
#define REPLY_ENTRIES 32

struct reply {
	int count;
	bool unwanted; /* set by the test: the kernel does not accept the reply */
	enum reply_kind kind;
	int err;
	struct op_entry entry;
	struct stat st;
	double timeout_s;
	uint64_t file;
	unsigned how; /* enum op_open */
	size_t size;
	struct op_entry entries[REPLY_ENTRIES]; /* beside the names of a directory */
	size_t n_entries;
	char text[2048]; /* data, link; or the names of a directory, each followed by a blank */
};

struct ask {
	enum op_kind kind;
	uint64_t node;
	const char *name, *new_name;
	uint64_t new_node;
	uint64_t file;
	const char *data;
	uint64_t offset;
	size_t size;
	int flags;
	mode_t mode;
	bool set_size, set_times, plus;
	pid_t pid; /* 0: this process */
};

/* Tokens ci (t1, with read_branch on shop) and web (t2); everything is in the cache. */
void fs_start(void);
void fs_start_with(const char *tokens);
void fs_finish(void);

/* Start an op as session does; it may be answered and freed when this returns. */
struct op *ask_op(struct reply *r, const struct ask *a);
#define ASK(r, ...) ask_op(r, &(const struct ask){__VA_ARGS__})
/* The same, but the op must end without the network, with exactly one reply. */
void ask_now(struct reply *r, const struct ask *a);
#define NOW(r, ...) ask_now(r, &(const struct ask){__VA_ARGS__})

uint64_t walk(const char *path); /* the node of a path such as "acme/service-tokens/ci" */
uint64_t open_at(const char *path, int flags);
/* The result of a reply: -errno, or 0. */
int result(const struct reply *r);

/* Answer the oldest open request as PlanetScale would; then run the waiters that are ready. */
void answer_well(void);

/* Answer the oldest open request that begins with `prefix`; then run the waiters that are ready. */
void answer(const char *prefix, int status, const char *body);
/* The result of a lookup by `pid` (0: this process); its node, if `node` is not NULL. */
int look_up(uint64_t dir, const char *name, pid_t pid, uint64_t *node);

/* Start a process that is stopped, with `signal` pending (0: none). */
pid_t stopped_process(int signal);
void end_process(pid_t pid);

#endif
