/* SPDX-License-Identifier: MIT */
/*
 * grants: the scopes tokens hold, and the history of their changes.
 *
 * Every change of a scope goes through here and leaves an event, so that a
 * test can prove that a scope was never gone in between. Nothing here decides
 * whether a change is allowed.
 */
#ifndef EMULATOR_GRANTS_H
#define EMULATOR_GRANTS_H

#include "state.h"

#include <cjson/cJSON.h>

/* What a grant is on. */
struct grant_target {
	enum grant_kind kind;
	struct database *database;                               /* for GRANT_DATABASE */
	const char *resource_type, *resource_id, *resource_name; /* for GRANT_OTHER */
};

struct grant *grants_find(const struct token *token, const struct grant_target *target);
struct access *grants_find_access(const struct grant *grant, const char *name);

/* Whether the token holds the scope on the organization, or on this database. */
bool grants_hold_organization(const struct token *token, const char *name);
bool grants_hold_database(const struct token *token, struct database *database, const char *name);

/* Whether the token may list and get the database. */
bool grants_open_database(const struct token *token, struct database *database);

/* Adds those of `names` that are not held. Returns how many were added. */
size_t grants_add(struct state *state, struct token *token, const struct grant_target *target,
		  const char *const *names, size_t count);

/* Removes those of `names` that are held. Returns how many were removed. */
size_t grants_remove(struct state *state, struct token *token, const struct grant_target *target,
		     const char *const *names, size_t count);

/* Removes a grant with all its scopes. */
void grants_drop(struct state *state, struct grant *grant);

const char *grants_resource_type(const struct grant *grant);
const char *grants_resource_id(const struct grant *grant);
const char *grants_resource_name(const struct grant *grant);

/* The history as JSON, which the caller frees; of one token, or (NULL) of all. */
/* Events of tokens themselves, made or deleted, only on demand. */
cJSON *grants_events_json(const struct state *state, bool with_tokens, const char *token);
void grants_note_token(struct state *state, const struct token *token, bool made);
void grants_clear_events(struct state *state, const char *token);

#endif
