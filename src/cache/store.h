/* SPDX-License-Identifier: MIT */
/*
 * store: the only module that connects network and model. Fetches what a resource needs, sends the
 * changes that a handler commits, and updates the model by the answers.
 *
 * Reading: handlers need resources of the model (resource_need), which start fetches here.
 * Changing: a job, one of the functions below. Jobs of one token run in order, those of different
 * tokens side by side (rule 11 of src/README.md); each calls back exactly once. A job that begins
 * a change:
 *
 *     WAITING (its turn, a fresh read) ─▶ SENT (POST, DELETE) ─▶ WAITING … ─▶ done
 *
 * What a job reports as done was confirmed by an answer to a request sent after `since`. An answer
 * may lag: if one contradicts a change that PlanetScale has accepted, it is asked for again for
 * some seconds before the job fails; meanwhile the confirmed state counts (recent_changes.h).
 * Knows no files and no FUSE; the errno that it reports for a token that is gone is EIDRM.
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
/* How long one request may take. It is also the longest time for repeating reads that may lag. */
void store_set_timeout(struct store *s, int64_t timeout_ms);
struct model *store_model(struct store *s);
/* Make cached data expire; the next requests use new connections, to newly resolved addresses. */
void store_refresh(struct store *s);
/* May this mount's credential do what needs this permission? A login has the rights of its user:
 * API_RIGHT_HELD. A service token's rights are known from its entry in the list, or from
 * refusals. */
enum api_right store_right(const struct store *s, const char *permission);

/*
 * The grants of one token: 0, WAIT or -errno, as resource_need. If the process of `w` reads one
 * token after another, the grants of those that it will need next are fetched too (readahead.h),
 * unless the list of tokens brings them.
 */
int store_need_grants(struct store *s, struct waiter *w, struct token *t);
/* The grants of every token of `o`, fetched side by side: 0, WAIT or -errno, as resource_need. The
 * tokens must be there. */
int store_need_all_grants(struct store *s, struct waiter *w, struct organization *o);

struct store_job;
/* How a change ended; borrowed for the call. */
struct store_outcome {
	const struct error *error; /* NULL: the change is done */
	const char *made_id;       /* of a token that was made; else NULL */
};
typedef void store_done(void *ctx, const struct store_outcome *outcome);

/* What one command changes in one `permissions` file. The sets are copied. */
struct store_change {
	struct target target; /* borrowed; the database NULL: the organization's own */
	const struct scopes *grant;
	const struct scopes *revoke;
	/* Only `grant` and `keep` shall remain, decided by an answer sent after `since`. */
	bool exact;
	/* With `exact`: stays if it is granted, and is not granted if it is not; or NULL. */
	const struct scopes *keep;
	/* Needs no new confirmation if the file's `revocations` has not changed; or NULL. */
	const struct scopes *confirmed;
	unsigned revocations;
	uint64_t since; /* stamp of the command's arrival */
};

/*
 * Grant what is missing (one POST), then revoke what is too much (one DELETE); read again if an
 * answer leaves something open. EREMOTEIO if PlanetScale reports success but changes nothing,
 * EIDRM if the token is gone, else the errno of the API's refusal.
 */
struct store_job *store_change(struct store *s, const struct store_change *change, store_done *done,
			       void *ctx);

/*
 * One POST. EIO if the outcome is unknown: the error then names the token that appeared under this
 * name, if one did. On success the token is in the model and its secret is kept.
 */
struct store_job *store_create_token(struct store *s, const char *organization_id, const char *name,
				     int64_t ttl_s, store_done *done, void *ctx);
/* One DELETE. ENOENT if the token was already deleted elsewhere. */
struct store_job *store_delete_token(struct store *s, const char *organization_id,
				     const char *token_id, store_done *done, void *ctx);

/* Is a change of this token under way, its deletion or another one? */
bool store_changes_token(const struct store *s, const char *token_id);
/* Stop it if nothing was sent that changes anything: true, and the job is freed without calling
 * back. False: it goes on, and calls back. */
bool store_drop(struct store_job *job);
/* The mount ends: free the job without calling back, whatever was sent. */
void store_cancel(struct store_job *job);

#endif
