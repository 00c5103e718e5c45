/* SPDX-License-Identifier: MIT */
/*
 * api: one function for each endpoint of PlanetScale: its URL and body, the permission that it
 * needs, and the meaning of an answer for the caller (errno and sentence).
 *
 * Owns the calls in flight. Does not decode bodies, store PlanetScale's objects, or decide what to
 * do next: store does.
 */
#ifndef PSCALEFS_API_H
#define PSCALEFS_API_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "auth/credential_refresh.h"
#include "http/http.h"
#include "planetscale/scopes.h"

#define API_PER_PAGE 100 /* the documented maximum */

/*
 * The result of a call. If a call changes something, `error.err` is 0 for any 2xx, but only a
 * documented success, by status and by the shape of its body, sets `done`; any other 2xx (a
 * proxy's page, a 202) proves nothing and has to be checked by a read. For a read it is an error.
 */
struct api_answer {
	struct error error;
	bool done;
	const char *body; /* borrowed for the callback; never NULL */
	size_t len;
	enum http_fate fate;
	int attempts; /* how often it was sent, without attempts refused with a 401 */
};

struct api;
struct api_call;
typedef void api_done(void *ctx, const struct api_answer *answer);

/* The target and the callback: what all functions below have in common. */
struct api_target {
	const char *organization; /* name; NULL where the path has none */
	const char *token_id;     /* NULL where the path has none */
	/* For a list that is paged by cursors: the page after this one; NULL: the first page. */
	const char *cursor;
	bool prefetch; /* no caller waits for it */
	api_done *done;
	void *ctx;
};

/*
 * `credential_refresh` is borrowed, and has the credential. If a call is refused with a 401, or
 * for a service token with a 404, it is asked for a new credential; if there is one, the call is
 * sent again, once.
 */
struct api *api_new(struct http *http, struct credential_refresh *credential_refresh);
void api_free(struct api *api); /* takes NULL; drops what is in flight without calling back */
/* The next calls make new connections: see http_reconnect(). */
void api_reconnect(struct api *api);
const struct credential *api_credential(const struct api *api);

/* What the answers so far prove about a permission that the endpoints here need. */
enum api_right {
	API_RIGHT_UNKNOWN, /* not used yet */
	API_RIGHT_HELD,
	API_RIGHT_LACKING,
	API_RIGHT_DOUBTFUL, /* used, and the answer was an empty list */
};
#define API_READ_DATABASES      "read_databases"
#define API_READ_SERVICE_TOKENS "read_service_tokens"
#define API_READ_AUDIT_LOGS     "read_audit_logs"
enum api_right api_right(const struct api *api, const char *permission);
/* For knowledge that is not in the status of an answer; `permission` is one of those above. */
void api_learn(struct api *api, const char *permission, enum api_right right);

struct api_call *api_list_organizations(struct api *api, const struct api_target *t, int64_t page);
struct api_call *api_list_databases(struct api *api, const struct api_target *t, int64_t page);
struct api_call *api_list_tokens(struct api *api, const struct api_target *t, int64_t page);
struct api_call *api_get_token(struct api *api, const struct api_target *t);
struct api_call *api_list_grants(struct api *api, const struct api_target *t, int64_t page);
/* The newest events first. The page is the one after t->cursor; `page` is not used. */
struct api_call *api_list_audit_log(struct api *api, const struct api_target *t, int64_t page);
/* Sent once. `ttl_s` 0: does not expire. */
struct api_call *api_create_token(struct api *api, const struct api_target *t, const char *name,
				  int64_t ttl_s);
struct api_call *api_delete_token(struct api *api, const struct api_target *t);
/* `database` is a name; NULL: the organization level. */
struct api_call *api_grant(struct api *api, const struct api_target *t, const char *database,
			   const struct scopes *scopes);
struct api_call *api_revoke(struct api *api, const struct api_target *t, const char *database,
			    const struct scopes *scopes);

bool api_sent(const struct api_call *call);
void api_cancel(struct api_call *call);
void api_promote(struct api_call *call);
/* How many prefetches may be sent now: see http_prefetch_room(). */
unsigned api_prefetch_room(const struct api *api);

#endif
