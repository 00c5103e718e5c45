/* SPDX-License-Identifier: MIT */
/*
 * recent_changes: what PlanetScale has confirmed to this mount a moment ago, against answers that
 * contradict it.
 *
 * PlanetScale may answer a read from a replica that lags behind. So a scope that was granted or
 * revoked, and a token that was made or deleted, stays so for RECENT_MS whatever a read says
 * meanwhile. The model asks here wherever it applies an answer; nothing else may.
 *
 * An entry remembers whether the last answer contradicted it: then a change that depends on it
 * trusts neither (store_change.c), and what the answer brought is asked for again soon.
 *
 * Knows neither the model nor who made a change, and sends nothing.
 */
#ifndef PSCALEFS_RECENT_CHANGES_H
#define PSCALEFS_RECENT_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "planetscale/record.h"

#define RECENT_MS 5000 /* more than a replica lags behind */

struct recent_change;

struct recent_changes {
	struct clock *clock;     /* borrowed */
	struct recent_change *v; /* owned */
	size_t n;
};

void recent_init(struct recent_changes *rc, struct clock *clock);
void recent_finish(struct recent_changes *rc);

/* --- changes that were confirmed -------------------------------------------------------------- */

/* `which` were granted to the token, or revoked, on the resource that `on` names (by its type, id
 * and name; its scopes do not matter). */
void recent_scopes(struct recent_changes *rc, const char *token_id, const struct grant *on,
		   const struct scopes *which, bool granted);
/* `which` may have been granted (or revoked), and that is not known yet: what was known to the
 * contrary does not hold any more. `database_id` as grant_database_id() has it; NULL: the
 * organization's. */
void recent_scopes_unknown(struct recent_changes *rc, const char *token_id, const char *database_id,
			   const struct scopes *which, bool granting);
void recent_token(struct recent_changes *rc, const char *token_id, bool made);
/* What was known of it is refuted: enough answers say otherwise. */
void recent_token_unknown(struct recent_changes *rc, const char *token_id);

/* --- answers that are applied ----------------------------------------------------------------- */

/*
 * Make what an answer says a token may do agree with what was confirmed. `whole`: it tells of all
 * that the token may do; else what it lacks is left out. True if it contradicted.
 */
bool recent_correct(struct recent_changes *rc, const char *token_id, struct grants *answer,
		    bool whole);
/* A list has this token: is it one that was deleted, and to be left out? */
bool recent_hides_token(struct recent_changes *rc, const char *token_id);
/* A list lacks this token: is it one that was made, and to be kept? */
bool recent_keeps_token(struct recent_changes *rc, const char *token_id);

/* --- questions -------------------------------------------------------------------------------- */

bool recent_made(const struct recent_changes *rc, const char *token_id);
/* Was it made, and did the last list lack it? */
bool recent_made_unlisted(const struct recent_changes *rc, const char *token_id);
/* Add to `out` the scopes that were granted (or revoked), while the last answer says otherwise. */
void recent_contradicted(const struct recent_changes *rc, const char *token_id,
			 const char *database_id, bool granted, struct scopes *out);

#endif
