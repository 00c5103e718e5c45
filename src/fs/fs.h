/* SPDX-License-Identifier: MIT */
/*
 * fs: what each operation on the tree means. One handler an operation, straight-line code over
 * tree and store, run again from the top when what it waited for has landed.
 *
 * Owns nodes, open files, the texts of `permissions`, scratch files and the memory of sweeps. Knows
 * no FUSE: ops come in, replies go to a sink, so all of it runs in a test without a kernel.
 */
#ifndef PSCALEFS_FS_H
#define PSCALEFS_FS_H

#include <stdint.h>
#include <stdbool.h>

#include "base/buf.h"
#include "fs/op.h"
#include "tree/tree.h"

struct fs;

struct fs_parts {
	const char *organization; /* the only one that is shown; NULL: all */
	int64_t timeout_ms;       /* of one request to PlanetScale */
	int64_t ttl_s;            /* of tokens that are made; 0: they do not expire */
	struct cache *cache;
	struct store *store;
	const struct op_sink *sink;
	void (*status)(void *ctx, struct buf *out); /* the text of .pscalefs/status; NULL: none */
	void *status_ctx;
};

/* The parts are borrowed. */
struct fs *fs_new(const struct fs_parts *parts);
void fs_free(struct fs *fs); /* takes NULL */

/* For session: make an op here, fill its arguments, then op_start it. */
struct op *fs_op(struct fs *fs, enum op_kind kind, void *req, pid_t tid, uint64_t node);
/* These never wait and are never answered with an error. */
void fs_forget(struct fs *fs, uint64_t node, uint64_t lookups);
void fs_release(struct fs *fs, uint64_t file);

/* Forget what is cached. */
void fs_refresh(struct fs *fs);
/* Ops that were interrupted wait for a second, fatal signal without being told of it: look. True:
 * look again soon. */
bool fs_poll_interrupted(struct fs *fs);
/* The mount ends: answer every open op with `err`. Changes that were sent go on. */
void fs_let_go(struct fs *fs, int err);
/* The process ends: so do they. */
void fs_stop(struct fs *fs, int err);
/* Are there changes that were accepted and have not ended? */
bool fs_busy(const struct fs *fs);

#endif
