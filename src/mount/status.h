/* SPDX-License-Identifier: MIT */
/*
 * status: the text of .pscalefs/status: API, credential and its permissions, requests, cache,
 * secrets kept in memory, sandbox.
 *
 * Only prints what other modules know. Never shows a secret.
 */
#ifndef PSCALEFS_STATUS_H
#define PSCALEFS_STATUS_H

#include "base/buf.h"
#include "cache/store.h"
#include "mount/config.h"

/* All borrowed. */
struct status {
	const struct config *config;
	const struct clock *clock;
	struct http *http;
	struct api *api;
	struct store *store;
};

/* `ctx` is a struct status; see struct fs_parts. */
void status_print(void *ctx, struct buf *out);

#endif
