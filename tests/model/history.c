/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define FOR_EVER INT64_MAX

struct token *history_tokens;
size_t history_token_count;
struct event *history_events;
size_t history_event_count;

static const char *text_of(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));

	return text != NULL ? text : "";
}

struct token *history_token(const char *id)
{
	for (size_t i = 0; i < history_token_count; i++)
		if (strcmp(history_tokens[i].id, id) == 0)
			return &history_tokens[i];
	return NULL;
}

static struct token *add_token(const char *id, const char *name)
{
	struct token *t = history_token(id);

	if (t != NULL)
		return t;
	history_tokens = xgrow(history_tokens, history_token_count, sizeof(*t));
	t = &history_tokens[history_token_count++];
	*t = (struct token){.name = name_index(name)};
	snprintf(t->id, sizeof(t->id), "%s", id);
	t->spans = xgrow(NULL, 0, sizeof(*t->spans));
	t->spans[0] = (struct span){.from = INT64_MIN, .to = FOR_EVER};
	t->count = 1;
	return t;
}

static uint32_t scopes_in(const cJSON *list)
{
	uint32_t set = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		const char *name = cJSON_GetStringValue(item);
		set |= name != NULL ? scope_bit(name, strlen(name)) : 0;
	}
	return set;
}

static void load_token(const cJSON *json)
{
	struct token *t = add_token(text_of(json, "id"), text_of(json, "name"));
	struct span *s = &t->spans[0];
	const cJSON *grant;

	s->alive = true;
	if (t->secret == NULL && text_of(json, "secret")[0] != '\0')
		t->secret = xstrdup(text_of(json, "secret"));
	if (s->from != INT64_MIN)
		return;
	cJSON_ArrayForEach(grant, cJSON_GetObjectItemCaseSensitive(json, "grants"))
	{
		const char *kind = text_of(grant, "kind");
		uint32_t set = scopes_in(cJSON_GetObjectItemCaseSensitive(grant, "accesses"));
		int level = strcmp(kind, "organization") == 0 ? ORGANIZATION
			    : strcmp(kind, "bulk") == 0
				    ? BULK
				    : database_index(text_of(grant, "resource_name"));
		if (level >= 0)
			s->scopes[level] = set;
	}
}

/* Also gives the secrets of tokens that appeared since the last time. */
static void load_state(bool anew)
{
	cJSON *state = ask("GET", "/state?secrets=1", NULL);
	const cJSON *organization, *token;

	cJSON_ArrayForEach(organization, cJSON_GetObjectItem(state, "organizations"))
	{
		cJSON_ArrayForEach(token, cJSON_GetObjectItem(organization, "tokens"))
		{
			struct token *t = history_token(text_of(token, "id"));
			if (anew)
				load_token(token);
			else if (t != NULL && t->secret == NULL)
				t->secret = xstrdup(text_of(token, "secret"));
		}
	}
	cJSON_Delete(state);
}

static void forget(void)
{
	for (size_t i = 0; i < history_token_count; i++) {
		free(history_tokens[i].secret);
		free(history_tokens[i].spans);
	}
	free(history_tokens);
	free(history_events);
	history_tokens = NULL;
	history_events = NULL;
	history_token_count = history_event_count = 0;
}

void history_begin(void)
{
	forget();
	cJSON_Delete(ask("DELETE", "/events", NULL));
	cJSON_Delete(ask("DELETE", "/log", NULL));
	load_state(true);
}

static int level_of(const char *resource)
{
	const char *slash = strchr(resource, '/');

	if (strncmp(resource, "Database/", 9) == 0)
		return database_index(slash + 1);
	if (strncmp(resource, "OrganizationDatabases/", 22) == 0)
		return BULK;
	return strncmp(resource, "Organization/", 13) == 0 ? ORGANIZATION : -1;
}

/* The clock is in whole milliseconds: a span may have lasted to the end of its last one. */
static void apply(struct token *t, const struct event *e)
{
	struct span *last = &t->spans[t->count - 1], next = *last;

	last->to = e->at + 999;
	next.from = e->at;
	if (e->made || e->deleted)
		next.alive = e->made;
	else
		next.scopes[e->level] = (next.scopes[e->level] | e->added) & ~e->removed;
	t->spans = xgrow(t->spans, t->count, sizeof(*t->spans));
	t->spans[t->count++] = next;
}

static void load_event(const cJSON *json)
{
	const char *resource = text_of(json, "resource");
	bool itself = strncmp(resource, "ServiceToken/", 13) == 0;
	struct token *t = itself ? add_token(text_of(json, "token"), resource + 13)
				 : history_token(text_of(json, "token"));
	const cJSON *added = cJSON_GetObjectItem(json, "added");
	const cJSON *removed = cJSON_GetObjectItem(json, "removed");
	struct event e = {
		.at = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "clock")) * 1000,
		.request = (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "request")),
		.level = level_of(resource),
		.added = scopes_in(added),
		.removed = scopes_in(removed),
		.made = itself && cJSON_GetArraySize(added) > 0,
		.deleted = itself && cJSON_GetArraySize(removed) > 0,
	};

	if (t == NULL || (!itself && e.level < 0))
		return;
	e.token = (size_t)(t - history_tokens);
	apply(t, &e);
	history_events = xgrow(history_events, history_event_count, sizeof(e));
	history_events[history_event_count++] = e;
}

void history_end(void)
{
	cJSON *events = ask("GET", "/events?tokens=1", NULL);
	const cJSON *event;

	cJSON_ArrayForEach(event, events) load_event(event);
	cJSON_Delete(events);
	load_state(false);
	memory_note();
}

uint32_t effective(const struct span *s, int resource)
{
	if (!s->alive)
		return 0;
	return s->scopes[resource] | (resource != ORGANIZATION ? s->scopes[BULK] : 0);
}
