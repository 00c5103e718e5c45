/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include "grants.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xmalloc.h"

/* Requests */

static void add_body(struct buf *out, const char *body)
{
	cJSON *json = cJSON_Parse(body);

	/* A string stands for a body that is not shown. */
	buf_addf(out, " %s", cJSON_IsString(json) ? json->valuestring : body);
	cJSON_Delete(json);
}

static void add_request(struct buf *out, const struct log_entry *entry)
{
	buf_addf(out, "%s %.*s", entry->method, (int)strcspn(entry->target, "?"), entry->target);
}

char *lines_requests(const struct log *log, const struct log_filter *filter)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < log->count; i++) {
		if (!log_matches(&log->entries[i], filter))
			continue;
		add_request(&out, &log->entries[i]);
		buf_addc(&out, '\n');
	}
	return buf_take(&out);
}

char *lines_asked(const struct log *log, const struct log_filter *filter)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < log->count; i++) {
		const struct log_entry *entry = &log->entries[i];

		if (!strcmp(entry->method, "GET") || !log_matches(entry, filter))
			continue;
		add_request(&out, entry);
		if (entry->body)
			add_body(&out, entry->body);
		buf_addc(&out, '\n');
	}
	return buf_take(&out);
}

/* Tokens */

/* The first token of that name from the `skip`th on, in the order of GET /state. */
static struct token *find_token(const struct state *state, const char *name, size_t skip)
{
	for (size_t i = 0; i < state->organizations.count; i++) {
		const struct organization *organization = state->organizations.items[i];
		size_t listed = organization->tokens.count;

		for (size_t j = 0; j < listed + organization->unlisted_count; j++) {
			struct token *token = j < listed ? organization->tokens.items[j]
							 : organization->unlisted[j - listed];

			if (token->name && !strcmp(token->name, name) && skip-- == 0)
				return token;
		}
	}
	return NULL;
}

char *lines_token_id(const struct state *state, const char *name)
{
	const struct token *token = find_token(state, name, 0);

	return token && !find_token(state, name, 1) ? xstrdup(token->id) : NULL;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_on(const struct grant *grant, const char *database)
{
	if (!*database)
		return grant->kind == GRANT_ORGANIZATION;
	return grant->kind == GRANT_DATABASE && !strcmp(grants_resource_name(grant), database);
}

char *lines_scopes(const struct state *state, const char *name, const char *database)
{
	const struct token *token = find_token(state, name, 0);
	const char **names = NULL;
	struct buf out = BUF_INIT;
	size_t count = 0;

	if (!token)
		return NULL;
	for (size_t i = 0; i < token->grant_count; i++) {
		const struct grant *grant = token->grants[i];

		for (size_t j = 0; is_on(grant, database) && j < grant->access_count; j++) {
			names = xgrow(names, count, sizeof(*names));
			names[count++] = grant->accesses[j].name;
		}
	}
	if (count)
		qsort(names, count, sizeof(*names), compare_texts);
	for (size_t i = 0; i < count; i++)
		buf_addf(&out, "%s%s", i ? " " : "", names[i]);
	free(names);
	return buf_take(&out);
}

/* Holdings */

/* Moves the item to another object. */
static void move(cJSON *to, cJSON *from, const char *key)
{
	cJSON_AddItemToObject(to, key, cJSON_DetachItemFromObject(from, key));
}

static cJSON *held_by(cJSON *organization)
{
	cJSON *held = cJSON_CreateObject(), *one;
	cJSON *databases, *tokens;

	move(held, organization, "name");
	databases = cJSON_AddArrayToObject(held, "databases");
	cJSON_ArrayForEach(one, cJSON_GetObjectItem(organization, "databases"))
		cJSON_AddItemToArray(databases, cJSON_DetachItemFromObject(one, "name"));
	tokens = cJSON_AddArrayToObject(held, "tokens");
	cJSON_ArrayForEach(one, cJSON_GetObjectItem(organization, "tokens"))
	{
		cJSON *token = cJSON_CreateObject();

		move(token, one, "id");
		move(token, one, "name");
		move(token, one, "expires_at");
		move(token, one, "grants");
		cJSON_AddItemToArray(tokens, token);
	}
	return held;
}

char *lines_holdings(const struct state *state)
{
	cJSON *json = store_json(state, false), *held = cJSON_CreateArray(), *organization;
	char *text;

	cJSON_ArrayForEach(organization, cJSON_GetObjectItem(json, "organizations"))
		cJSON_AddItemToArray(held, held_by(organization));
	text = cJSON_Print(held);
	cJSON_Delete(held);
	cJSON_Delete(json);
	return text;
}
