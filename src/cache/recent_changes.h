/* SPDX-License-Identifier: MIT */
/*
 * recent_changes: changes that PlanetScale has just confirmed to this mount, to correct answers
 * that contradict them.
 *
 * PlanetScale may answer a read from a replica that lags. So a scope that was granted or revoked,
 * and a token that was made or deleted, is treated so for RECENT_MS whatever a read says. Only the
 * model uses this, wherever it applies an answer.
 *
 * An entry stores whether the last answer contradicted it. If so, a change that depends on it
 * trusts neither of the two (store_change.c), and the data of that answer is fetched again soon.
 *
 * Does not know the model or which caller made a change, and sends nothing.
 */
#ifndef PSCALEFS_RECENT_CHANGES_H
#define PSCALEFS_RECENT_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "planetscale/record.h"

#define RECENT_MS 5000 /* longer than a replica lags */

struct recent_change;

struct recent_changes {
	struct clock *clock;     /* borrowed */
	struct recent_change *v; /* owned */
	size_t n;
};

void recent_init(struct recent_changes *rc, struct clock *clock);
void recent_finish(struct recent_changes *rc);

/* --- changes that were confirmed -------------------------------------------------------------- */

/* The scopes `which` were granted to the token, or revoked, on the resource that `on` names by its
 * type, id and name. */
void recent_scopes(struct recent_changes *rc, const char *token_id, const struct granted_on *on,
		   const struct scopes *which, bool granted);
/* The scopes `which` may have been granted (or revoked), but that is not confirmed: entries that
 * say the opposite are removed. `database_id` as from grant_database_id(); NULL: the
 * organization's. */
void recent_scopes_unknown(struct recent_changes *rc, const char *token_id, const char *database_id,
			   const struct scopes *which, bool granting);
void recent_token(struct recent_changes *rc, const char *token_id, bool made);
/* Remove what is known of the token: enough answers contradict it. */
void recent_token_unknown(struct recent_changes *rc, const char *token_id);

/* --- answers that are applied ----------------------------------------------------------------- */

/*
 * Correct what an answer says a token may do by what was confirmed. `whole`: the answer has all
 * that the token may do; else, what it lacks proves nothing. True if the answer contradicted.
 */
bool recent_correct(struct recent_changes *rc, const char *token_id, struct grants *answer,
		    bool whole);
/* A list has this token. Was it deleted, so that the list is wrong and the token left out? */
bool recent_hides_token(struct recent_changes *rc, const char *token_id);
/* A list lacks this token. Was it made, so that the list is wrong and the token kept? */
bool recent_keeps_token(struct recent_changes *rc, const char *token_id);

/* --- questions -------------------------------------------------------------------------------- */

bool recent_made(const struct recent_changes *rc, const char *token_id);
/* Was it made, and did the last list lack it? */
bool recent_made_unlisted(const struct recent_changes *rc, const char *token_id);
/* Add to `out` the scopes that were granted (or revoked), while the last answer says otherwise. */
void recent_contradicted(const struct recent_changes *rc, const char *token_id,
			 const char *database_id, bool granted, struct scopes *out);

#endif
