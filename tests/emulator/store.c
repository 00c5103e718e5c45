/* SPDX-License-Identifier: MIT */
#include "store.h"

#include "clock.h"
#include "grants.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Saving */

static void save_text(cJSON *json, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(json, key, text);
	else
		cJSON_AddNullToObject(json, key);
}

static void save_time(cJSON *json, const char *key, int64_t wall_ms)
{
	char text[TIMESTAMP_SIZE];

	timestamp_format(wall_ms, text);
	save_text(json, key, wall_ms ? text : NULL);
}

static cJSON *save_grant(const struct grant *grant)
{
	static const char *const kinds[] = {
		[GRANT_DATABASE] = "database",
		[GRANT_ORGANIZATION] = "organization",
		[GRANT_OTHER] = "other",
		[GRANT_BULK] = "bulk",
	};
	cJSON *json = cJSON_CreateObject();
	cJSON *accesses;

	save_text(json, "kind", kinds[grant->kind]);
	save_text(json, "resource_type", grants_resource_type(grant));
	save_text(json, "resource_id", grants_resource_id(grant));
	save_text(json, "resource_name", grants_resource_name(grant));
	if (grant->database && grant->database->deleted_ms)
		save_time(json, "deleted_at", grant->database->deleted_ms);
	accesses = cJSON_AddArrayToObject(json, "accesses");
	for (size_t i = 0; i < grant->access_count; i++)
		cJSON_AddItemToArray(accesses, cJSON_CreateString(grant->accesses[i].name));
	return json;
}

static cJSON *save_token(const struct token *token, bool with_secrets)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *grants;

	save_text(json, "id", token->id);
	if (with_secrets)
		save_text(json, "secret", token->secret);
	save_text(json, "name", token->name);
	save_time(json, "created_at", token->created_ms);
	save_time(json, "updated_at", token->updated_ms);
	save_time(json, "expires_at", token->expires_ms);
	save_time(json, "last_used_at", token->last_used_ms);
	save_text(json, "actor_id", token->actor_id);
	save_text(json, "actor_display_name", token->actor_name);
	save_text(json, "actor_type", token->actor_type);
	cJSON_AddBoolToObject(json, "oauth", token->oauth);
	cJSON_AddBoolToObject(json, "admin", token->admin);
	grants = cJSON_AddArrayToObject(json, "grants");
	for (size_t i = 0; i < token->grant_count; i++)
		cJSON_AddItemToArray(grants, save_grant(token->grants[i]));
	return json;
}

static cJSON *save_database(const struct database *database)
{
	cJSON *json = cJSON_CreateObject();

	save_text(json, "id", database->id);
	save_text(json, "name", database->name);
	save_text(json, "kind", database->kind);
	save_text(json, "state", database->state);
	save_text(json, "region", database->region);
	save_text(json, "notes", database->notes);
	save_time(json, "created_at", database->created_ms);
	save_time(json, "updated_at", database->updated_ms);
	cJSON_AddBoolToObject(json, "needs_second_admin", database->needs_second_admin);
	cJSON_AddBoolToObject(json, "deletion_protected", database->settings.deletion_protected);
	return json;
}

static cJSON *save_organization(const struct organization *organization, bool with_secrets)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *databases, *tokens;

	save_text(json, "id", organization->id);
	save_text(json, "name", organization->name);
	save_text(json, "billing_email", organization->billing_email);
	save_time(json, "created_at", organization->created_ms);
	save_time(json, "updated_at", organization->updated_ms);
	databases = cJSON_AddArrayToObject(json, "databases");
	for (size_t i = 0; i < organization->databases.count; i++)
		cJSON_AddItemToArray(databases, save_database(organization->databases.items[i]));
	tokens = cJSON_AddArrayToObject(json, "tokens");
	for (size_t i = 0; i < organization->tokens.count; i++)
		cJSON_AddItemToArray(tokens,
				     save_token(organization->tokens.items[i], with_secrets));
	for (size_t i = 0; i < organization->unlisted_count; i++)
		cJSON_AddItemToArray(tokens, save_token(organization->unlisted[i], with_secrets));
	return json;
}

cJSON *store_json(const struct state *state, bool with_secrets)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *organizations = cJSON_AddArrayToObject(json, "organizations");
	cJSON *bearers = cJSON_AddArrayToObject(json, "bearers");

	for (size_t i = 0; i < state->organizations.count; i++)
		cJSON_AddItemToArray(organizations, save_organization(state->organizations.items[i],
								      with_secrets));
	for (size_t i = 0; i < state->bearer_count; i++) {
		const struct bearer *bearer = state->bearer_list[i];
		cJSON *one = cJSON_CreateObject();

		save_text(one, "name", bearer->name);
		if (with_secrets)
			save_text(one, "token", bearer->token);
		save_time(one, "expires_at", bearer->expires_ms);
		cJSON_AddItemToArray(bearers, one);
	}
	return json;
}

/* Loading */

static const cJSON *find(const cJSON *json, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(json, key);
}

static const char *load_text(const cJSON *json, const char *key)
{
	return cJSON_GetStringValue(find(json, key));
}

static int64_t load_time(const cJSON *json, const char *key)
{
	const char *text = load_text(json, key);
	int64_t wall_ms = 0;

	return text && timestamp_parse(text, &wall_ms) ? wall_ms : 0;
}

static void load_id(const cJSON *json, char id[ID_LENGTH + 1])
{
	const char *text = load_text(json, "id");

	if (text && strlen(text) == ID_LENGTH)
		memcpy(id, text, ID_LENGTH);
}

static bool load_target(const struct token *token, const cJSON *json, struct grant_target *target)
{
	const char *kind = load_text(json, "kind");

	target->resource_type = load_text(json, "resource_type");
	target->resource_id = load_text(json, "resource_id");
	target->resource_name = load_text(json, "resource_name");
	if (!kind || !target->resource_type || !target->resource_id || !target->resource_name)
		return false;
	if (!strcmp(kind, "database")) {
		target->kind = GRANT_DATABASE;
		target->database = state_find_database(token->organization, target->resource_name);
		return target->database != NULL;
	}
	target->kind = !strcmp(kind, "bulk")    ? GRANT_BULK
		       : !strcmp(kind, "other") ? GRANT_OTHER
						: GRANT_ORGANIZATION;
	return true;
}

static void load_grant(struct state *state, struct token *token, const cJSON *json)
{
	const cJSON *accesses = find(json, "accesses"), *access;
	struct grant_target target = {0};

	if (!load_target(token, json, &target))
		return;
	cJSON_ArrayForEach(access, accesses)
	{
		const char *name = cJSON_GetStringValue(access);

		if (name)
			grants_add(state, token, &target, &name, 1);
	}
}

static void load_token(struct state *state, struct organization *organization, const cJSON *json)
{
	const char *id = load_text(json, "id");
	const cJSON *grants = find(json, "grants"), *grant;
	struct token *token;

	if (!id || strlen(id) != ID_LENGTH || state_find_token(state, id))
		return;
	token = state_add_token(state, organization, load_text(json, "name"),
				load_time(json, "created_at"), id, load_text(json, "secret"));
	state_take_token(token);
	token->expires_ms = load_time(json, "expires_at");
	token->last_used_ms = load_time(json, "last_used_at");
	token->oauth = cJSON_IsTrue(find(json, "oauth"));
	token->admin = cJSON_IsTrue(find(json, "admin"));
	replace_string(&token->actor_id, load_text(json, "actor_id"));
	replace_string(&token->actor_name, load_text(json, "actor_display_name"));
	replace_string(&token->actor_type, load_text(json, "actor_type"));
	state_return_token(state, token);
	cJSON_ArrayForEach(grant, grants)
	{
		load_grant(state, token, grant);
	}
	token->updated_ms = load_time(json, "updated_at");
}

static void load_slot(const cJSON *json, const char *key, char **slot)
{
	if (load_text(json, key))
		replace_string(slot, load_text(json, key));
}

static void load_database(struct state *state, struct organization *organization, const cJSON *json)
{
	const char *name = load_text(json, "name");
	struct database *database;

	if (!name || state_find_database(organization, name))
		return;
	database = state_add_database(state, organization, name, load_time(json, "created_at"));
	load_id(json, database->id);
	load_slot(json, "kind", &database->kind);
	load_slot(json, "state", &database->state);
	load_slot(json, "region", &database->region);
	load_slot(json, "notes", &database->notes);
	database->updated_ms = load_time(json, "updated_at");
	database->needs_second_admin = cJSON_IsTrue(find(json, "needs_second_admin"));
	database->settings.deletion_protected = cJSON_IsTrue(find(json, "deletion_protected"));
}

static void load_organization(struct state *state, const cJSON *json)
{
	const char *name = load_text(json, "name");
	const cJSON *databases = find(json, "databases"), *tokens = find(json, "tokens"), *one;
	struct organization *organization;

	if (!name || state_find_organization(state, name))
		return;
	organization = state_add_organization(state, name);
	load_id(json, organization->id);
	load_slot(json, "billing_email", &organization->billing_email);
	ordered_remove(&state->organizations, organization);
	organization->created_ms = load_time(json, "created_at");
	organization->updated_ms = load_time(json, "updated_at");
	ordered_add(&state->organizations, organization);
	cJSON_ArrayForEach(one, databases)
	{
		load_database(state, organization, one);
	}
	cJSON_ArrayForEach(one, tokens)
	{
		load_token(state, organization, one);
	}
}

bool store_load(struct state *state, const cJSON *json)
{
	const cJSON *organizations = find(json, "organizations"), *bearers = find(json, "bearers");
	const cJSON *one;

	if (!cJSON_IsArray(organizations))
		return false;
	cJSON_ArrayForEach(one, organizations)
	{
		load_organization(state, one);
	}
	cJSON_ArrayForEach(one, bearers)
	{
		const char *token = load_text(one, "token"), *name = load_text(one, "name");

		if (token)
			state_add_bearer(state, token, name ? name : "Ada",
					 load_time(one, "expires_at"));
	}
	return true;
}

int store_save_file(const struct state *state, const char *path)
{
	cJSON *json = store_json(state, true);
	char *text = cJSON_Print(json);
	int error = write_file_atomically(path, text, strlen(text), 0600);

	free(text);
	cJSON_Delete(json);
	return error;
}

int store_load_file(struct state *state, const char *path)
{
	size_t size = 0;
	char *text = read_file(path, &size);
	int error = text ? 0 : -errno;
	cJSON *json = text ? cJSON_ParseWithLength(text, size) : NULL;

	if (!error && !store_load(state, json))
		error = -EINVAL;
	cJSON_Delete(json);
	free(text);
	return error;
}
