/* SPDX-License-Identifier: MIT */
#include "grants.h"

#include "clock.h"
#include "scopes.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

static bool grant_matches(const struct grant *grant, const struct grant_target *target)
{
	if (grant->kind != target->kind)
		return false;
	if (grant->kind == GRANT_DATABASE)
		return grant->database == target->database;
	if (grant->kind == GRANT_OTHER)
		return !strcmp(grant->resource_type, target->resource_type) &&
		       !strcmp(grant->resource_id, target->resource_id);
	return true;
}

struct grant *grants_find(const struct token *token, const struct grant_target *target)
{
	for (size_t i = 0; i < token->grant_count; i++) {
		if (grant_matches(token->grants[i], target))
			return token->grants[i];
	}
	return NULL;
}

struct access *grants_find_access(const struct grant *grant, const char *name)
{
	for (size_t i = 0; grant && i < grant->access_count; i++) {
		if (!strcmp(grant->accesses[i].name, name))
			return &grant->accesses[i];
	}
	return NULL;
}

bool grants_hold_organization(const struct token *token, const char *name)
{
	struct grant_target target = {.kind = GRANT_ORGANIZATION};

	return grants_find_access(grants_find(token, &target), name) != NULL;
}

bool grants_hold_database(const struct token *token, struct database *database, const char *name)
{
	struct grant_target one = {.kind = GRANT_DATABASE, .database = database};
	struct grant_target all = {.kind = GRANT_BULK};

	return grants_find_access(grants_find(token, &one), name) ||
	       grants_find_access(grants_find(token, &all), name);
}

static bool opens(const struct grant *grant)
{
	for (size_t i = 0; grant && i < grant->access_count; i++) {
		const struct scope *scope = scope_find(grant->accesses[i].name);

		if (scope && scope->opens_database)
			return true;
	}
	return false;
}

bool grants_open_database(const struct token *token, struct database *database)
{
	struct grant_target one = {.kind = GRANT_DATABASE, .database = database};
	struct grant_target all = {.kind = GRANT_BULK};

	return grants_hold_organization(token, "read_databases") ||
	       opens(grants_find(token, &one)) || opens(grants_find(token, &all));
}

const char *grants_resource_type(const struct grant *grant)
{
	static const char *const names[] = {
		[GRANT_DATABASE] = "Database",
		[GRANT_ORGANIZATION] = "Organization",
		[GRANT_BULK] = "OrganizationDatabases",
	};

	return grant->kind == GRANT_OTHER ? grant->resource_type : names[grant->kind];
}

const char *grants_resource_id(const struct grant *grant)
{
	if (grant->kind == GRANT_OTHER)
		return grant->resource_id;
	if (grant->kind == GRANT_DATABASE)
		return grant->database->id;
	return grant->token->organization->id;
}

const char *grants_resource_name(const struct grant *grant)
{
	if (grant->kind == GRANT_OTHER)
		return grant->resource_name;
	if (grant->kind == GRANT_DATABASE)
		return grant->database->name;
	return grant->token->organization->name;
}

/* History */

static const char token_type[] = "ServiceToken";

/* NULL while the state is being filled: seeding is not history. */
static struct grant_event *add_event_of(struct state *state, const struct token *token,
					const char *type, const char *name)
{
	struct grant_event *event;

	if (!state->recording)
		return NULL;
	state->events = xgrow(state->events, state->event_count, sizeof(*state->events));
	event = &state->events[state->event_count++];
	*event = (struct grant_event){
		.number = state->next_event++,
		.request = state->current_request,
		.at_ms = clock_monotonic_ms() - state->started_ms,
		.at_us = clock_monotonic_us(),
		.resource_type = xstrdup(type),
		.resource_name = xstrdup(name),
	};
	strcpy(event->token, token->id);
	return event;
}

static struct grant_event *add_event(struct state *state, const struct grant *grant)
{
	return add_event_of(state, grant->token, grants_resource_type(grant),
			    grants_resource_name(grant));
}

static void add_name(char ***names, size_t *count, const char *name)
{
	*names = xgrow(*names, *count, sizeof(**names));
	(*names)[(*count)++] = xstrdup(name);
}

static void free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

void grants_note_token(struct state *state, const struct token *token, bool made)
{
	struct grant_event *event =
		add_event_of(state, token, token_type, token->name ? token->name : "");

	if (event && made)
		add_name(&event->added, &event->added_count, "token");
	else if (event)
		add_name(&event->removed, &event->removed_count, "token");
}

void grants_clear_events(struct state *state, const char *token)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->event_count; i++) {
		struct grant_event *event = &state->events[i];

		if (token && strcmp(event->token, token) != 0) {
			state->events[kept++] = *event;
			continue;
		}
		free(event->resource_type);
		free(event->resource_name);
		free_names(event->added, event->added_count);
		free_names(event->removed, event->removed_count);
	}
	state->event_count = kept;
}

static void add_names(cJSON *json, const char *key, char *const *names, size_t count)
{
	cJSON *list = cJSON_AddArrayToObject(json, key);

	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(names[i]));
}

cJSON *grants_events_json(const struct state *state, bool with_tokens, const char *token)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < state->event_count; i++) {
		const struct grant_event *event = &state->events[i];
		cJSON *item;
		char *resource;

		if (!with_tokens && !strcmp(event->resource_type, token_type))
			continue;
		if (token && strcmp(event->token, token) != 0)
			continue;
		item = cJSON_CreateObject();
		resource = xasprintf("%s/%s", event->resource_type, event->resource_name);
		cJSON_AddNumberToObject(item, "seq", (double)event->number);
		cJSON_AddNumberToObject(item, "time", (double)event->at_ms);
		cJSON_AddNumberToObject(item, "clock", (double)(event->at_ms + state->started_ms));
		cJSON_AddNumberToObject(item, "clock_us", (double)event->at_us);
		cJSON_AddNumberToObject(item, "request", (double)event->request);
		cJSON_AddStringToObject(item, "token", event->token);
		cJSON_AddStringToObject(item, "resource", resource);
		add_names(item, "added", event->added, event->added_count);
		add_names(item, "removed", event->removed, event->removed_count);
		cJSON_AddItemToArray(list, item);
		free(resource);
	}
	return list;
}

/* Changes */

static struct grant *add_grant(struct token *token, const struct grant_target *target)
{
	struct grant *grant = xcalloc(1, sizeof(*grant));

	grant->kind = target->kind;
	grant->token = token;
	if (target->kind == GRANT_OTHER) {
		grant->resource_type = xstrdup(target->resource_type);
		grant->resource_id = xstrdup(target->resource_id);
		grant->resource_name = xstrdup(target->resource_name);
	}
	if (target->kind == GRANT_DATABASE) {
		grant->database = target->database;
		grant->next = target->database->grants;
		if (grant->next)
			grant->next->previous = grant;
		target->database->grants = grant;
	}
	token->grants = xgrow(token->grants, token->grant_count, sizeof(*token->grants));
	token->grants[token->grant_count++] = grant;
	return grant;
}

static void free_grant(struct grant *grant)
{
	if (grant->next)
		grant->next->previous = grant->previous;
	if (grant->previous)
		grant->previous->next = grant->next;
	else if (grant->database)
		grant->database->grants = grant->next;
	for (size_t i = 0; i < grant->access_count; i++)
		free(grant->accesses[i].name);
	free(grant->accesses);
	free(grant->resource_type);
	free(grant->resource_id);
	free(grant->resource_name);
	free(grant);
}

void grants_drop(struct state *state, struct grant *grant)
{
	struct token *token = grant->token;
	struct grant_event *event = NULL;
	size_t at = 0;

	if (grant->access_count)
		event = add_event(state, grant);
	for (size_t i = 0; event && i < grant->access_count; i++)
		add_name(&event->removed, &event->removed_count, grant->accesses[i].name);
	while (token->grants[at] != grant)
		at++;
	token->grant_count--;
	memmove(&token->grants[at], &token->grants[at + 1],
		(token->grant_count - at) * sizeof(*token->grants));
	free_grant(grant);
}

static void add_access(struct state *state, struct grant *grant, const char *name)
{
	struct access *access;

	grant->accesses = xgrow(grant->accesses, grant->access_count, sizeof(*grant->accesses));
	access = &grant->accesses[grant->access_count++];
	*access = (struct access){.name = xstrdup(name), .created_ms = state_now_ms(state)};
	random_id(&state->random, access->id);
}

size_t grants_add(struct state *state, struct token *token, const struct grant_target *target,
		  const char *const *names, size_t count)
{
	struct grant *grant = grants_find(token, target);
	struct grant_event *event = NULL;
	size_t added = 0;

	for (size_t i = 0; i < count; i++) {
		if (grants_find_access(grant, names[i]))
			continue;
		if (!grant)
			grant = add_grant(token, target);
		if (!added++)
			event = add_event(state, grant);
		add_access(state, grant, names[i]);
		if (event)
			add_name(&event->added, &event->added_count, names[i]);
	}
	if (!added)
		return 0;
	token->updated_ms = state_now_ms(state);
	audit_note_access(state, token, grants_resource_name(grant), "granted_access", names,
			  count);
	return added;
}

static void remove_access(struct grant *grant, struct access *access)
{
	size_t at = (size_t)(access - grant->accesses);

	free(access->name);
	grant->access_count--;
	memmove(access, access + 1, (grant->access_count - at) * sizeof(*access));
}

size_t grants_remove(struct state *state, struct token *token, const struct grant_target *target,
		     const char *const *names, size_t count)
{
	struct grant *grant = grants_find(token, target);
	struct grant_event *event = NULL;
	size_t removed = 0;

	for (size_t i = 0; grant && i < count; i++) {
		struct access *access = grants_find_access(grant, names[i]);

		if (!access)
			continue;
		if (!removed++)
			event = add_event(state, grant);
		if (event)
			add_name(&event->removed, &event->removed_count, names[i]);
		remove_access(grant, access);
	}
	if (!removed)
		return 0;
	token->updated_ms = state_now_ms(state);
	audit_note_access(state, token, grants_resource_name(grant), "revoked_access", names,
			  count);
	if (!grant->access_count && switches_is(state->switches, SWITCH_EMPTY_GRANTS, "hidden"))
		grants_drop(state, grant);
	return removed;
}
