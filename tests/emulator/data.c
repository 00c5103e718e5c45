/* SPDX-License-Identifier: MIT */
#include "data.h"

#include "clock.h"
#include "emulator.h"
#include "objects.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

/* One operation as it runs. */
struct operation {
	struct emulator *emulator;
	const cJSON *json;
	struct organization *organization; /* the one named, or the first */
	char *error;                       /* owned */
	cJSON *result;                     /* owned */
};

static const char *text(const struct operation *operation, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(operation->json, key));
}

static const cJSON *item(const struct operation *operation, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(operation->json, key);
}

static void fail(struct operation *operation, const char *what)
{
	if (!operation->error)
		operation->error = xstrdup(what);
}

/* A time: text, milliseconds since 1970, or null for none. */
static void read_time(struct operation *operation, const char *key, int64_t *wall_ms)
{
	const cJSON *value = item(operation, key);

	if (!value)
		return;
	if (cJSON_IsNull(value))
		*wall_ms = 0;
	else if (cJSON_IsNumber(value))
		*wall_ms = (int64_t)value->valuedouble;
	else if (!cJSON_IsString(value) || !timestamp_parse(value->valuestring, wall_ms))
		fail(operation, "a time is text, milliseconds or null");
}

static void read_text(struct operation *operation, const char *key, char **slot)
{
	const cJSON *value = item(operation, key);

	if (value)
		replace_string(slot, cJSON_GetStringValue(value));
}

/* For members that are never NULL. */
static void read_required(struct operation *operation, const char *key, char **slot)
{
	if (text(operation, key))
		replace_string(slot, text(operation, key));
}

/* Organizations */

static void organization_add(struct operation *operation)
{
	struct state *state = &operation->emulator->state;
	const char *name = text(operation, "name");

	if (!name || state_find_organization(state, name)) {
		fail(operation, "the organization needs a name of its own");
		return;
	}
	operation->result =
		organization_json(operation->emulator, state_add_organization(state, name));
}

static void organization_update(struct operation *operation)
{
	struct state *state = &operation->emulator->state;
	const char *name = text(operation, "new_name");

	if (!text(operation, "name")) {
		fail(operation, "name says which organization");
		return;
	}
	if (name && state_find_organization(state, name)) {
		fail(operation, "that name is taken");
		return;
	}
	if (name)
		state_rename_organization(state, operation->organization, name);
	operation->result = organization_json(operation->emulator, operation->organization);
}

static void organization_delete(struct operation *operation)
{
	if (!text(operation, "name"))
		fail(operation, "name says which organization");
	else
		state_delete_organization(&operation->emulator->state, operation->organization);
}

/* Databases */

static struct database *named_database(struct operation *operation, const char *key)
{
	const char *name = text(operation, key);
	struct database *database =
		name ? state_find_database(operation->organization, name) : NULL;

	if (!database)
		fail(operation, "there is no such database");
	return database;
}

static void update_database(struct operation *operation, struct database *database)
{
	const cJSON *second = item(operation, "needs_second_admin");
	const cJSON *protected = item(operation, "deletion_protected");

	state_take_database(database);
	read_required(operation, "new_name", &database->name);
	read_time(operation, "created_at", &database->created_ms);
	read_time(operation, "updated_at", &database->updated_ms);
	state_return_database(database);
	read_required(operation, "kind", &database->kind);
	read_required(operation, "state", &database->state);
	read_required(operation, "region", &database->region);
	read_required(operation, "notes", &database->notes);
	if (second)
		database->needs_second_admin = cJSON_IsTrue(second);
	if (protected)
		database->settings.deletion_protected = cJSON_IsTrue(protected);
	operation->result = database_json(operation->emulator, database);
}

static void database_add(struct operation *operation)
{
	struct state *state = &operation->emulator->state;
	const char *name = text(operation, "name");

	if (!name || state_find_database(operation->organization, name)) {
		fail(operation, "the database needs a name of its own");
		return;
	}
	update_database(operation, state_add_database(state, operation->organization, name,
						      state_now_ms(state)));
}

static void database_update(struct operation *operation)
{
	struct database *database = named_database(operation, "name");
	const char *name = text(operation, "new_name");

	if (!database)
		return;
	if (name && state_find_database(operation->organization, name))
		fail(operation, "that name is taken");
	else
		update_database(operation, database);
}

static void database_delete(struct operation *operation)
{
	struct database *database = named_database(operation, "name");

	if (database)
		state_delete_database(&operation->emulator->state, database);
}

/* Tokens */

/* By id, or by name where that is unique enough for a test. */
static struct token *named_token(struct operation *operation, const char *key)
{
	const char *id = text(operation, key);
	const char *name = text(operation, "name");
	struct ordered *tokens = &operation->organization->tokens;

	if (id && state_find_token(&operation->emulator->state, id))
		return state_find_token(&operation->emulator->state, id);
	for (size_t i = 0; i < tokens->count; i++) {
		struct token *token = tokens->items[i];

		if (token->name && ((id && !strcmp(token->name, id)) ||
				    (!id && name && !strcmp(token->name, name))))
			return token;
	}
	fail(operation, "there is no such token");
	return NULL;
}

static void update_token(struct operation *operation, struct token *token, bool created)
{
	struct state *state = &operation->emulator->state;
	const cJSON *ttl = item(operation, "ttl");

	state_take_token(token);
	if (item(operation, "new_name"))
		state_rename_token(state, token, text(operation, "new_name"));
	read_time(operation, "created_at", &token->created_ms);
	read_time(operation, "updated_at", &token->updated_ms);
	read_time(operation, "expires_at", &token->expires_ms);
	read_time(operation, "last_used_at", &token->last_used_ms);
	if (cJSON_IsNumber(ttl))
		token->expires_ms = token->created_ms + (int64_t)(ttl->valuedouble * 1000);
	if (item(operation, "oauth"))
		token->oauth = cJSON_IsTrue(item(operation, "oauth"));
	read_text(operation, "actor_id", &token->actor_id);
	read_text(operation, "actor_display_name", &token->actor_name);
	read_text(operation, "actor_type", &token->actor_type);
	read_required(operation, "secret", &token->secret);
	state_return_token(state, token);
	operation->result =
		token_json(operation->emulator, token, created ? TOKEN_CREATED : TOKEN_ALONE);
}

static void token_add(struct operation *operation)
{
	struct state *state = &operation->emulator->state;
	const char *id = text(operation, "id");

	if (id && (strlen(id) != ID_LENGTH || state_find_token(state, id))) {
		fail(operation, "a token id is 12 characters and not in use");
		return;
	}
	update_token(operation,
		     state_add_token(state, operation->organization, text(operation, "name"),
				     state_now_ms(state), id, text(operation, "secret")),
		     true);
}

static void token_update(struct operation *operation)
{
	struct token *token = named_token(operation, "id");

	if (token)
		update_token(operation, token, false);
}

static void token_delete(struct operation *operation)
{
	struct token *token = named_token(operation, "id");

	if (token)
		state_delete_token(&operation->emulator->state, token);
}

/* Scopes */

static bool read_target(struct operation *operation, struct grant_target *target)
{
	const char *type = text(operation, "resource_type");

	if (cJSON_IsTrue(item(operation, "bulk"))) {
		target->kind = GRANT_BULK;
	} else if (type) {
		target->kind = GRANT_OTHER;
		target->resource_type = type;
		target->resource_id = text(operation, "resource_id");
		target->resource_name = text(operation, "resource_name");
		if (!target->resource_id)
			target->resource_id = "000000000000";
		if (!target->resource_name)
			target->resource_name = type;
	} else if (text(operation, "database") && *text(operation, "database")) {
		target->kind = GRANT_DATABASE;
		target->database = named_database(operation, "database");
		return target->database != NULL;
	} else {
		target->kind = GRANT_ORGANIZATION;
	}
	return true;
}

typedef size_t change_scopes(struct state *state, struct token *token,
			     const struct grant_target *target, const char *const *names,
			     size_t count);

static void run_change(struct operation *operation, change_scopes *change)
{
	const cJSON *list = item(operation, "access"), *element;
	struct token *token = named_token(operation, "token");
	struct grant_target target = {.kind = GRANT_ORGANIZATION};
	const char **names;
	size_t count = 0;

	if (!token || !cJSON_IsArray(list)) {
		fail(operation, "token and access are needed");
		return;
	}
	operation->organization = token->organization;
	if (!read_target(operation, &target))
		return;
	names = xcalloc(1, (size_t)cJSON_GetArraySize(list) * sizeof(*names));
	cJSON_ArrayForEach(element, list)
	{
		if (cJSON_IsString(element))
			names[count++] = element->valuestring;
	}
	change(&operation->emulator->state, token, &target, names, count);
	free(names);
	operation->result = token_json(operation->emulator, token, TOKEN_ALONE);
}

static void access_grant(struct operation *operation)
{
	run_change(operation, grants_add);
}

static void access_revoke(struct operation *operation)
{
	run_change(operation, grants_remove);
}

/* Events of the audit log: `count` of them, with these members. */
static void event_add(struct operation *operation)
{
	struct emulator *emulator = operation->emulator;
	cJSON *members = cJSON_Duplicate(operation->json, true);
	const cJSON *count = item(operation, "count");
	int many = cJSON_IsNumber(count) ? count->valueint : 1;

	cJSON_DeleteItemFromObjectCaseSensitive(members, "op");
	cJSON_DeleteItemFromObjectCaseSensitive(members, "count");
	cJSON_DeleteItemFromObjectCaseSensitive(members, "organization");
	for (int i = 0; i < many; i++)
		audit_add(&emulator->state, operation->organization, members);
	cJSON_Delete(members);
}

static void event_drop(struct operation *operation)
{
	const cJSON *count = item(operation, "count");

	audit_drop(&operation->emulator->audit,
		   cJSON_IsNumber(count) ? (size_t)count->valueint : 1);
}

/* OAuth tokens of users */

static void bearer_add(struct operation *operation)
{
	const char *token = text(operation, "token");
	const char *name = text(operation, "name");
	int64_t expires_ms = 0;

	read_time(operation, "expires_at", &expires_ms);
	if (!token)
		fail(operation, "token is needed");
	else
		state_add_bearer(&operation->emulator->state, token, name ? name : "Ada",
				 expires_ms);
}

static void bearer_delete(struct operation *operation)
{
	if (text(operation, "token"))
		state_delete_bearer(&operation->emulator->state, text(operation, "token"));
}

static const struct {
	const char *name;
	void (*run)(struct operation *operation);
} table[] = {
	{"add-organization", organization_add},
	{"update-organization", organization_update},
	{"delete-organization", organization_delete},
	{"add-database", database_add},
	{"update-database", database_update},
	{"delete-database", database_delete},
	{"add-token", token_add},
	{"update-token", token_update},
	{"delete-token", token_delete},
	{"grant", access_grant},
	{"revoke", access_revoke},
	{"add-event", event_add},
	{"drop-events", event_drop},
	{"add-bearer", bearer_add},
	{"delete-bearer", bearer_delete},
};

/* Operations on organizations name them; all others say where they happen. */
static void find_organization(struct operation *operation)
{
	const struct state *state = &operation->emulator->state;
	const char *op = text(operation, "op");
	const char *name = text(operation, strstr(op, "-organization") ? "name" : "organization");

	if (!strcmp(op, "add-organization"))
		return;
	if (name)
		operation->organization = state_find_organization(state, name);
	else if (state->organizations.count)
		operation->organization = state->organizations.items[0];
	if (!operation->organization)
		fail(operation, "there is no such organization");
}

static char *run_one(struct emulator *emulator, const cJSON *json, cJSON **result)
{
	struct operation operation = {.emulator = emulator, .json = json};
	const char *op = text(&operation, "op");

	if (!op)
		return xstrdup("op is missing");
	find_organization(&operation);
	for (size_t i = 0; i < ARRAY_LEN(table) && !operation.error; i++) {
		if (strcmp(table[i].name, op) != 0)
			continue;
		table[i].run(&operation);
		*result = operation.result ? operation.result : cJSON_CreateObject();
		if (operation.error) {
			cJSON_Delete(*result);
			*result = NULL;
		}
		return operation.error;
	}
	return operation.error ? operation.error : xasprintf("there is no op \"%s\"", op);
}

/* One operation, which a lagging replica hears of later. */
static char *run_and_note(struct emulator *emulator, const cJSON *operation, cJSON **result)
{
	char *error;

	lag_prepare(emulator);
	error = run_one(emulator, operation, result);
	lag_note(emulator);
	return error;
}

char *data_run(struct emulator *emulator, const cJSON *operations, cJSON **result)
{
	const cJSON *one;

	*result = NULL;
	if (cJSON_IsObject(operations))
		return run_and_note(emulator, operations, result);
	if (!cJSON_IsArray(operations))
		return xstrdup("an operation is an object, several are an array");
	*result = cJSON_CreateArray();
	cJSON_ArrayForEach(one, operations)
	{
		cJSON *part = NULL;
		char *error = run_and_note(emulator, one, &part);

		if (error) {
			cJSON_Delete(*result);
			*result = NULL;
			return error;
		}
		cJSON_AddItemToArray(*result, part);
	}
	return NULL;
}

void data_run_quietly(struct emulator *emulator, const cJSON *operations)
{
	cJSON *result;
	char *error = data_run(emulator, operations, &result);

	if (error)
		fprintf(stderr, "pscale-emulator: data of a fault: %s\n", error);
	free(error);
	cJSON_Delete(result);
}
