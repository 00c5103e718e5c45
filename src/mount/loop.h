/* SPDX-License-Identifier: MIT */
/*
 * loop: the thread that does everything but notify the kernel. Each turn: network, waiters that are ready, wait, requests
 * of the kernel.
 *
 * Nothing in a turn blocks: after start no files are opened but the credential's and those in
 * /proc, no names are resolved, nothing is locked. Each part of a turn handles only what was there
 * when it began, so that no part starves another (rule 13 of src/README.md). Owns the signal
 * descriptor.
 */
#ifndef PSCALEFS_LOOP_H
#define PSCALEFS_LOOP_H

#include <stdint.h>
#include <stdbool.h>

#include "fs/fs.h"
#include "http/http.h"
#include "mount/awake.h"
#include "mount/session.h"
#include "system/notify.h"

struct loop {
	struct clock *clock;                           /* borrowed */
	struct http *http;                             /* borrowed */
	struct cache *cache;                           /* borrowed */
	struct credential_refresh *credential_refresh; /* borrowed */
	struct fs *fs;                                 /* borrowed; NULL until it is mounted */
	struct session *session;     /* borrowed; NULL until it is mounted, and after the unmount */
	const struct notify *notify; /* borrowed */
	struct awake awake;
	int signal_fd;
	int owner_fd; /* borrowed; when its other end is closed, stop as after SIGTERM; -1: none */
	bool reloading; /* SIGHUP has arrived, and the credential's source is still being asked */
	bool stop;      /* SIGTERM or SIGINT has arrived */
	bool ending;    /* a turn does not wait if the file system is not busy */
};

/*
 * Blocks TERM, INT, HUP and CHLD and reads them from a descriptor instead; ignores USR1 and USR2. 0 or
 * -errno with a sentence.
 */
int loop_init(struct loop *l, struct clock *clock, struct http *http,
	      struct credential_refresh *credential_refresh, struct cache *cache,
	      const struct notify *notify, struct error *e);
void loop_finish(struct loop *l);

/* Run until `done(ctx)`, a signal to stop, or the end of the session. */
void loop_run(struct loop *l, bool (*done)(void *ctx), void *ctx);
/* After a signal to stop: run until all commits have ended, but at most for `patience_ms`. */
void loop_drain(struct loop *l, int64_t patience_ms);
/* After the unmount: run until all commits have ended, each by its own deadline, or until a signal
 * to stop. */
void loop_complete(struct loop *l);

#endif
