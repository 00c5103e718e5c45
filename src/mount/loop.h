/* SPDX-License-Identifier: MIT */
/*
 * loop: one thread, one turn after another: the network, who is ready, the kernel, wait.
 *
 * Nothing in a turn blocks: no file is opened after start but in /proc and the credential's,
 * nothing is looked up by name, nothing is locked. Each part of a turn is bounded by what there was
 * when it began, so none starves another (rule 13 of src/README.md). Owns the signal descriptor.
 */
#ifndef PSCALEFS_LOOP_H
#define PSCALEFS_LOOP_H

#include <stdint.h>
#include <stdbool.h>

#include "fs/fs.h"
#include "http/http.h"
#include "mount/session.h"

struct loop {
	struct clock *clock;                           /* borrowed */
	struct http *http;                             /* borrowed */
	struct cache *cache;                           /* borrowed */
	struct credential_refresh *credential_refresh; /* borrowed */
	struct fs *fs;           /* borrowed; NULL until there is something to serve */
	struct session *session; /* borrowed; NULL likewise */
	int signal_fd;
	bool stop;   /* SIGTERM or SIGINT came */
	bool ending; /* a turn waits only while the file system is busy */
};

/*
 * Blocks TERM, INT, HUP and CHLD and reads them from a descriptor instead. 0 or -errno with a
 * sentence.
 */
int loop_init(struct loop *l, struct clock *clock, struct http *http,
	      struct credential_refresh *credential_refresh, struct cache *cache, struct error *e);
void loop_finish(struct loop *l);

/* Until `done(ctx)`, a signal to stop, or the end of the session. */
void loop_run(struct loop *l, bool (*done)(void *ctx), void *ctx);
/* When told to stop: answer those that wait for a commit, for at most `patience_ms`. */
void loop_drain(struct loop *l, int64_t patience_ms);
/* The mount is gone: let the changes that were accepted end, each by its own deadline, or until a
 * signal to stop. */
void loop_complete(struct loop *l);

#endif
