/* SPDX-License-Identifier: MIT */
/*
 * status: the text of .pscalefs/status: how this mount reaches PlanetScale, with which credential,
 * what that may do, and what is kept.
 *
 * Only prints what the other parts know. Never shows a secret.
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
