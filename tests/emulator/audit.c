/* SPDX-License-Identifier: MIT */
#include "audit.h"

#include "clock.h"
#include "emulator.h"
#include "handlers.h"
#include "request.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define LIMIT_PRESET 25
#define LIMIT_MAX    100

void audit_finish(struct audit *audit)
{
	for (size_t i = 0; i < audit->count; i++) {
		free(audit->events[i].organization);
		cJSON_Delete(audit->events[i].json);
	}
	free(audit->events);
	*audit = (struct audit){0};
}

void audit_drop(struct audit *audit, size_t count)
{
	while (count-- && audit->count) {
		free(audit->events[--audit->count].organization);
		cJSON_Delete(audit->events[audit->count].json);
	}
}

/* Making events */

static void set(cJSON *json, const char *key, const char *text)
{
	cJSON_DeleteItemFromObjectCaseSensitive(json, key);
	cJSON_AddItemToObject(json, key, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static void set_actor(cJSON *json, const struct audit *audit)
{
	const struct caller *caller = audit->request ? &audit->request->caller : NULL;
	const struct token *token = caller ? caller->token : NULL;
	const struct bearer *bearer = caller ? caller->bearer : NULL;

	set(json, "actor_id", token ? token->id : bearer ? bearer->user_id : "gr4ce0000001");
	set(json, "actor_type", token ? "ServiceToken" : "User");
	set(json, "actor_display_name",
	    token    ? (token->name ? token->name : token->id)
	    : bearer ? bearer->name
		     : "Grace");
	set(json, "remote_ip", "192.0.2.7");
	set(json, "location", NULL);
}

static void set_action(cJSON *json, const char *kind, const char *verb)
{
	char *action = xasprintf("%s.%s", kind, verb);

	set(json, "audit_action", action);
	set(json, "action", verb);
	free(action);
}

static void set_target(cJSON *json, const char *type, const char *id, const char *name)
{
	set(json, "target_type", type);
	set(json, "target_id", id);
	set(json, "target_display_name", name);
}

/* A new event in the organization; NULL when there is no audit log. */
static cJSON *begin(struct state *state, const struct organization *organization)
{
	struct audit *audit = state->audit;
	struct audit_event *event;
	char id[ID_LENGTH + 1], now[TIMESTAMP_SIZE];

	if (!audit)
		return NULL;
	audit->events = xgrow(audit->events, audit->count, sizeof(*audit->events));
	event = &audit->events[audit->count];
	/* Not from the state's random numbers, so that its ids stay the same. */
	snprintf(id, sizeof(id), "ev%010zu", audit->count++ % 10000000000);
	timestamp_format(state_now_ms(state), now);
	event->organization = xstrdup(organization->id);
	event->json = cJSON_CreateObject();
	set(event->json, "id", id);
	set(event->json, "type", "AuditLogEvent");
	set_actor(event->json, audit);
	set(event->json, "auditable_id", organization->id);
	set(event->json, "auditable_type", "Organization");
	set(event->json, "auditable_display_name", organization->name);
	set_target(event->json, NULL, NULL, NULL);
	set_action(event->json, "organization", "updated");
	set(event->json, "created_at", now);
	set(event->json, "updated_at", now);
	cJSON_AddObjectToObject(event->json, "metadata");
	return event->json;
}

void audit_note_token(struct state *state, const struct token *token, const char *verb)
{
	cJSON *json = begin(state, token->organization);

	if (!json)
		return;
	set_target(json, "ServiceToken", token->id, token->name);
	set_action(json, "service_token", verb);
}

void audit_note_access(struct state *state, const struct token *token, const char *resource,
		       const char *verb, const char *const *names, size_t count)
{
	cJSON *json = begin(state, token->organization), *metadata, *access;

	if (!json)
		return;
	set_target(json, "ServiceToken", token->id, token->name);
	set_action(json, "service_token", verb);
	metadata = cJSON_GetObjectItemCaseSensitive(json, "metadata");
	set(metadata, "resource", resource);
	access = cJSON_AddArrayToObject(metadata, "access");
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(access, cJSON_CreateString(names[i]));
}

void audit_note_database(struct state *state, const struct database *database, const char *verb)
{
	cJSON *json = begin(state, database->organization);

	if (!json)
		return;
	set(json, "auditable_type", "Database");
	set(json, "auditable_id", database->id);
	set(json, "auditable_display_name", database->name);
	set_action(json, "database", verb);
}

void audit_add(struct state *state, const struct organization *organization, const cJSON *members)
{
	cJSON *json = begin(state, organization);
	const cJSON *member;

	cJSON_ArrayForEach(member, members)
	{
		cJSON_DeleteItemFromObjectCaseSensitive(json, member->string);
		cJSON_AddItemToObject(json, member->string, cJSON_Duplicate(member, true));
	}
}

/* Listing */

/* One request: where its page begins and ends, in the order of the switch. */
struct audit_page {
	const struct switches *switches;
	const struct audit *audit;
	size_t *shown; /* owned: positions of the organization's events, in order */
	size_t count;
	size_t first, end;
};

static void find_events(struct audit_page *page, const char *organization)
{
	const struct audit *audit = page->audit;
	bool newest = switches_is(page->switches, SWITCH_AUDIT_ORDER, "newest_first");

	page->shown = xcalloc(audit->count + 1, sizeof(*page->shown));
	for (size_t i = 0; i < audit->count; i++) {
		size_t at = newest ? audit->count - 1 - i : i;

		if (!strcmp(audit->events[at].organization, organization))
			page->shown[page->count++] = at;
	}
}

static const char *event_id(const struct audit_page *page, size_t i)
{
	return cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(page->audit->events[page->shown[i]].json, "id"));
}

/* The cursor of an event; the caller frees it. */
static char *cursor_of(const struct audit_page *page, size_t i)
{
	bool opaque = switches_is(page->switches, SWITCH_AUDIT_CURSOR, "opaque");

	return xasprintf(opaque ? "c+/%s==" : "%s", event_id(page, i));
}

/* False if there is no such event. */
static bool find_cursor(struct audit_page *page, const char *cursor)
{
	for (size_t i = 0; i < page->count; i++) {
		char *own = cursor_of(page, i);
		bool found = !strcmp(own, cursor);

		free(own);
		if (!found)
			continue;
		page->first =
			switches_is(page->switches, SWITCH_AUDIT_AFTER, "exclusive") ? i + 1 : i;
		return true;
	}
	return false;
}

static cJSON *event_json(const struct audit_page *page, size_t i)
{
	cJSON *json = cJSON_Duplicate(page->audit->events[page->shown[i]].json, true);

	if (switches_is(page->switches, SWITCH_OMIT_TYPE, "on"))
		cJSON_DeleteItemFromObjectCaseSensitive(json, "type");
	if (switches_is(page->switches, SWITCH_AUDIT_NAMES, "null")) {
		set(json, "actor_display_name", NULL);
		set(json, "auditable_display_name", NULL);
		set(json, "target_display_name", NULL);
	}
	if (switches_is(page->switches, SWITCH_AUDIT_ACTION, "action"))
		cJSON_DeleteItemFromObjectCaseSensitive(json, "audit_action");
	if (switches_is(page->switches, SWITCH_UNKNOWN_KEYS, "on"))
		cJSON_AddStringToObject(json, "neki_preview", "soon");
	return json;
}

static void add_cursor(cJSON *json, const struct audit_page *page, const char *key, size_t i)
{
	char *cursor = NULL;

	if (page->end > page->first && !switches_is(page->switches, SWITCH_AUDIT_CURSOR, "null"))
		cursor = cursor_of(page, i);
	set(json, key, cursor);
	free(cursor);
}

static void answer_page(struct request *request, const struct audit_page *page)
{
	cJSON *json = cJSON_CreateObject(), *data;

	set(json, "type", "list");
	cJSON_AddBoolToObject(json, "has_next", page->end < page->count);
	cJSON_AddBoolToObject(json, "has_prev", page->first > 0);
	add_cursor(json, page, "cursor_start", page->first);
	add_cursor(json, page, "cursor_end", page->end - 1);
	data = cJSON_AddArrayToObject(json, "data");
	for (size_t i = page->first; i < page->end; i++)
		cJSON_AddItemToArray(data, event_json(page, i));
	reply_json(&request->reply, 200, json);
}

void audit_list(struct emulator *emulator, struct request *request)
{
	struct audit_page page = {.switches = &emulator->switches, .audit = &emulator->audit};
	const char *after = request_query(request, "starting_after");
	const char *limit_text = request_query(request, "limit");
	long long limit;

	if (!limit_text || !parse_number(limit_text, 1, LIMIT_MAX, &limit))
		limit = limit_text ? LIMIT_MAX : LIMIT_PRESET;
	find_events(&page, request->organization->id);
	if (after && !find_cursor(&page, after)) {
		reply_error(&request->reply, 400, "bad_request", "there is no such cursor");
	} else {
		page.end = page.first + (size_t)limit < page.count ? page.first + (size_t)limit
								   : page.count;
		answer_page(request, &page);
	}
	free(page.shown);
}
