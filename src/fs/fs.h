/* SPDX-License-Identifier: MIT */
/*
 * fs: carries out the operations on the tree. There is one handler for each kind of operation:
 * straight-line code over tree and store, which runs again from the top when its data has arrived.
 *
 * Owns nodes, open files, the texts of `permissions`, scratch files and the removal guard. Knows
 * nothing of FUSE: it gets ops and replies to a sink, so that tests can run it without a kernel.
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
	int64_t ttl_s;            /* of new tokens; 0: they do not expire */
	struct cache *cache;
	struct store *store;
	const struct op_sink *sink;
	void (*status)(void *ctx, struct buf *out); /* the text of .pscalefs/status; NULL: none */
	void *status_ctx;
};

/* The parts are borrowed. */
struct fs *fs_new(const struct fs_parts *parts);
void fs_free(struct fs *fs); /* takes NULL */

/* For session: create an op here, set its arguments, then call op_start(). */
struct op *fs_op(struct fs *fs, enum op_kind kind, void *req, pid_t tid, uint64_t node);
/* These never wait and never fail. */
void fs_forget(struct fs *fs, uint64_t node, uint64_t lookups);
void fs_release(struct fs *fs, uint64_t file);
/* The same for all that are open. At an unmount the kernel drops what it has not reported yet: by
 * then every file is closed. */
void fs_release_all(struct fs *fs);

/* Forget what is cached. */
void fs_refresh(struct fs *fs);
/*
 * From now on the kernel may keep copies. `forget` makes it forget the attributes of a node, later
 * and without waiting; call fs_told() when it has, once for each. Without this it keeps nothing.
 */
void fs_let_keep(struct fs *fs, void (*forget)(void *ctx, uint64_t node), void *ctx);
void fs_told(struct fs *fs, size_t n);
/* An op that was interrupted by a harmless signal goes on, and the kernel does not report a second
 * signal, which may end the caller: check for that. True: call again soon. */
bool fs_poll_interrupted(struct fs *fs);
/* The mount ends: reply `err` to every op. Committed changes go on. */
void fs_let_go(struct fs *fs, int err);
/* The process ends: cancel them. */
void fs_stop(struct fs *fs, int err);
/*
 * Call `found` for each `permissions` file whose last change failed when it was closed, or later,
 * unless an fsync has reported that: programs often ignore the result of close(2). `path` is below
 * the mount point, "/acme/…".
 */
typedef void fs_failed_close(void *ctx, const char *path, const struct error *e);
void fs_each_failed_close(struct fs *fs, fs_failed_close *found, void *ctx);
/* Are there committed changes that have not ended? */
bool fs_busy(const struct fs *fs);

#endif
