/* SPDX-License-Identifier: MIT */
/*
 * store: the only place where network and model meet. Fetches what a resource asks for, changes
 * what a handler commits to, and keeps the model true to the answers.
 *
 * Reading: handlers need resources of the model (resource_need), which start fetches here.
 * Changing: a job, one of the functions below. Jobs of one token run in order, those of different
 * tokens side by side (rule 11 of src/README.md); each calls back exactly once. A job that begins a change:
 *
 *     WAITING (its turn, a fresh read) ─▶ SENT (POST, DELETE) ─▶ WAITING … ─▶ done
 *
 * What a job reports as done was confirmed by an answer to a request sent after `since`. An answer
 * may lag behind: one that contradicts a change that PlanetScale has accepted is asked for again for
 * some seconds before the job fails, and what was confirmed stays known (recent_changes.h).
 * Knows no file and no FUSE; the errno it reports for a token that is gone is EIDRM.
 */
#ifndef PSCALEFS_STORE_H
#define PSCALEFS_STORE_H

#include <stdint.h>
#include <stdbool.h>

#include "cache/model.h"
#include "planetscale/api.h"
#include "planetscale/target.h"

struct store;

struct store *store_new(struct api *api, struct cache *cache);
void store_free(struct store *s); /* takes NULL; drops jobs and fetches without calling back */
/* How long one request may take. What may lag is not asked for again for longer than that. */
void store_set_timeout(struct store *s, int64_t timeout_ms);
struct model *store_model(struct store *s);
/* Forget what is cached; the next requests make new connections, to addresses resolved anew. */
void store_refresh(struct store *s);
/* May this mount's credential do what needs this permission? A login may whatever its user may:
 * API_RIGHT_HELD. Of a service token its own entry in the list tells, or what was refused. */
enum api_right store_right(const struct store *s, const char *permission);

/* The grants of every token of `o`, fetched side by side: 0, WAIT or -errno, as resource_need. The
 * tokens must be there. */
int store_need_all_grants(struct store *s, struct waiter *w, struct organization *o);

struct store_job;
/* How a change ended; borrowed for the call. */
struct store_outcome {
	const struct error *error; /* NULL: it is as it was to be */
	const char *made_id;       /* of a token that was made; else NULL */
};
typedef void store_done(void *ctx, const struct store_outcome *outcome);

/* What one command asks of one `permissions` file. The sets are copied. */
struct store_change {
	struct target target; /* borrowed; the database NULL: the organization's own */
	const struct scopes *grant;
	const struct scopes *revoke;
	/* Nothing but `grant` and `keep` shall remain; against an answer sent after `since`. */
	bool exact;
	/* When exact: may remain where it is granted, and is not granted where it is not; or NULL.
	 */
	const struct scopes *keep;
	/* What need not be confirmed again if the file's `revocations` are still so many; or
	 * NULL. */
	const struct scopes *confirmed;
	unsigned revocations;
	uint64_t since; /* stamp of the command's arrival */
};

/*
 * Grant what is missing (one POST), then revoke what is too much (one DELETE), reading afresh where
 * an answer does not say it all. EREMOTEIO if PlanetScale says yes and does nothing, EIDRM if the
 * token is gone, else what the API's refusal means.
 */
struct store_job *store_change(struct store *s, const struct store_change *change, store_done *done,
			       void *ctx);

/*
 * One POST. EIO if the outcome is unknown: the error then names the token that appeared under this
 * name, if one did. On success the token is in the model and its secret is kept.
 */
struct store_job *store_create_token(struct store *s, const char *organization_id, const char *name,
				     int64_t ttl_s, store_done *done, void *ctx);
/* One DELETE. ENOENT if someone else was faster. */
struct store_job *store_delete_token(struct store *s, const char *organization_id,
				     const char *token_id, store_done *done, void *ctx);

/* Stop it if nothing that changes anything was sent: true, and it is gone without calling back.
 * False: it goes on, and calls back. */
bool store_drop(struct store_job *job);
/* The mount ends: it is gone without calling back, whatever was sent. */
void store_cancel(struct store_job *job);

#endif
