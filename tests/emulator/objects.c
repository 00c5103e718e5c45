/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include "clock.h"
#include "emulator.h"
#include "request.h"
#include "scopes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

static bool on(const struct emulator *emulator, enum switch_id id)
{
	return switches_is(&emulator->switches, id, "on");
}

/*
 * Keys are always literals here and need no copy, which is a third of the work
 * of a page of tokens.
 */
static void add(cJSON *json, const char *key, cJSON *item)
{
	cJSON_AddItemToObjectCS(json, key, item);
}

static void add_text(cJSON *json, const char *key, const char *text)
{
	add(json, key, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

/* For text that outlives the JSON: literals and tables. */
static void add_constant(cJSON *json, const char *key, const char *text)
{
	add(json, key, cJSON_CreateStringReference(text));
}

/* Opens an object with its id and type. */
static cJSON *begin(const struct emulator *emulator, const char *type, const char *id)
{
	cJSON *json = cJSON_CreateObject();

	if (id)
		add_text(json, "id", id);
	if (!on(emulator, SWITCH_OMIT_TYPE))
		add_text(json, "type", type);
	if (on(emulator, SWITCH_UNKNOWN_KEYS)) {
		cJSON_AddStringToObject(json, "neki_preview", "soon");
		add(json, "extensions", cJSON_CreateObject());
	}
	return json;
}

/* 0 is null. */
static void add_time(cJSON *json, const char *key, int64_t wall_ms)
{
	char text[TIMESTAMP_SIZE];

	timestamp_format(wall_ms, text);
	add_text(json, key, wall_ms ? text : NULL);
}

struct constant {
	const char *key;
	enum {
		IS_FALSE,
		IS_TRUE,
		IS_ZERO,
		IS_NULL
	} value;
};

static void add_constants(cJSON *json, const struct constant *constants, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *key = constants[i].key;

		switch (constants[i].value) {
		case IS_FALSE:
			add(json, key, cJSON_CreateFalse());
			break;
		case IS_TRUE:
			add(json, key, cJSON_CreateTrue());
			break;
		case IS_ZERO:
			add(json, key, cJSON_CreateNumber(0));
			break;
		case IS_NULL:
			add(json, key, cJSON_CreateNull());
			break;
		}
	}
}

cJSON *organization_json(const struct emulator *emulator, const struct organization *organization)
{
	static const struct constant constants[] = {
		{"sso", IS_FALSE},
		{"sso_directory", IS_FALSE},
		{"single_tenancy", IS_FALSE},
		{"managed_tenancy", IS_FALSE},
		{"has_past_due_invoices", IS_NULL},
		{"sso_portal_url", IS_NULL},
		{"payment_info_required", IS_FALSE},
		{"has_card", IS_TRUE},
		{"valid_billing_info", IS_TRUE},
	};
	cJSON *json = begin(emulator, "Organization", organization->id);
	char budget[32];

	snprintf(budget, sizeof(budget), "%.1f", organization->invoice_budget);
	add_text(json, "name", organization->name);
	add_text(json, "billing_email", organization->billing_email);
	add_time(json, "created_at", organization->created_ms);
	add_time(json, "updated_at", organization->updated_ms);
	add_text(json, "plan", organization->plan);
	add_constants(json, constants, ARRAY_LEN(constants));
	cJSON_AddNumberToObject(json, "database_count", (double)organization->databases.count);
	add(json, "features", cJSON_CreateObject());
	cJSON_AddBoolToObject(json, "idp_managed_roles", organization->idp_managed_roles);
	add_text(json, "invoice_budget_amount", budget);
	cJSON_AddNumberToObject(json, "keyspace_shard_limit", 100);
	cJSON_AddNumberToObject(json, "free_databases_remaining", 0);
	return json;
}

static cJSON *region_json(const struct emulator *emulator, const char *slug)
{
	static const char *const addresses[] = {"192.0.2.10", "192.0.2.11"};
	char id[ID_LENGTH + 1];
	cJSON *json;
	char *text;

	derived_id(slug, id);
	json = begin(emulator, "Region", id);
	text = xasprintf("AWS %s", slug);
	add_text(json, "provider", "AWS");
	cJSON_AddTrueToObject(json, "enabled");
	add(json, "public_ip_addresses", cJSON_CreateStringArray(addresses, ARRAY_LEN(addresses)));
	add_text(json, "display_name", text);
	add_text(json, "location", "Northern Virginia");
	add_text(json, "slug", slug);
	cJSON_AddBoolToObject(json, "current_default", !strcmp(slug, "us-east"));
	cJSON_AddTrueToObject(json, "mysql_supported");
	cJSON_AddTrueToObject(json, "postgresql_supported");
	free(text);
	return json;
}

/* The keys of a database that real answers sometimes lack. */
static void add_database_extras(cJSON *json, const struct database *database)
{
	static const struct constant constants[] = {
		{"open_schema_recommendations_count", IS_ZERO},
		{"development_branches_count", IS_ZERO},
		{"issues_count", IS_ZERO},
		{"at_backup_restore_branches_limit", IS_FALSE},
		{"at_development_branch_usage_limit", IS_FALSE},
		{"data_import", IS_NULL},
		{"sharded", IS_FALSE},
		{"default_branch_shard_count", IS_ZERO},
		{"default_branch_read_only_regions_count", IS_ZERO},
		{"default_branch_table_count", IS_ZERO},
		{"resizing", IS_FALSE},
		{"resize_queued", IS_FALSE},
		{"config_changing", IS_FALSE},
		{"config_change_queued", IS_FALSE},
		{"prefer_instant", IS_FALSE},
		{"insights_enabled", IS_TRUE},
		{"schema_last_updated_at", IS_NULL},
	};
	const struct database_settings *settings = &database->settings;

	add_constants(json, constants, ARRAY_LEN(constants));
	cJSON_AddNumberToObject(json, "branches_count", 1);
	cJSON_AddNumberToObject(json, "production_branches_count", 1);
	cJSON_AddBoolToObject(json, "multiple_admins_required_for_deletion",
			      database->needs_second_admin);
	add_text(json, "default_branch", settings->default_branch);
	cJSON_AddBoolToObject(json, "require_approval_for_deploy",
			      settings->require_approval_for_deploy);
	cJSON_AddBoolToObject(json, "deletion_protected", settings->deletion_protected);
	cJSON_AddBoolToObject(json, "allow_data_branching", settings->allow_data_branching);
	cJSON_AddBoolToObject(json, "foreign_keys_enabled", settings->foreign_keys_enabled);
	cJSON_AddBoolToObject(json, "automatic_migrations", settings->automatic_migrations);
	cJSON_AddBoolToObject(json, "restrict_branch_region", settings->restrict_branch_region);
	cJSON_AddBoolToObject(json, "insights_raw_queries", settings->insights_raw_queries);
	cJSON_AddBoolToObject(json, "production_branch_web_console",
			      settings->production_branch_web_console);
	add_text(json, "migration_table_name", settings->migration_table_name);
	add_text(json, "migration_framework", settings->migration_framework);
	add_text(json, "plan", database->plan);
	add_text(json, "notes", database->notes);
}

/* New databases take a while, when the switch says so. */
static const char *database_state(const struct emulator *emulator, const struct database *database)
{
	int64_t age_ms = state_now_ms(&emulator->state) - database->created_ms;

	if (!strcmp(database->state, "pending") &&
	    age_ms >= switches_number(&emulator->switches, SWITCH_DB_PENDING_MS))
		return "ready";
	return database->state;
}

cJSON *database_json(const struct emulator *emulator, const struct database *database)
{
	const char *organization = database->organization->name;
	const char *state = database_state(emulator, database);
	cJSON *json = begin(emulator, "Database", database->id);
	char *url = xasprintf("https://api.planetscale.com/v1/organizations/%s/databases/%s",
			      organization, database->name);
	char *branches = xasprintf("%s/branches", url);
	char *html = xasprintf("https://app.planetscale.com/%s/%s", organization, database->name);

	add_text(json, "url", url);
	add_text(json, "branches_url", branches);
	add_text(json, "html_url", html);
	add_text(json, "name", database->name);
	add_text(json, "kind", database->kind);
	add_text(json, "state", state);
	cJSON_AddBoolToObject(json, "ready", !strcmp(state, "ready"));
	add(json, "region", region_json(emulator, database->region));
	add_time(json, "created_at", database->created_ms);
	add_time(json, "updated_at", database->updated_ms);
	if (switches_is(&emulator->switches, SWITCH_DATABASE_EXTRAS, "present"))
		add_database_extras(json, database);
	free(url);
	free(branches);
	free(html);
	return json;
}

cJSON *user_json(const struct emulator *emulator, const struct bearer *bearer)
{
	static const struct constant constants[] = {
		{"two_factor_auth_configured", IS_TRUE},
		{"default_organization", IS_NULL},
		{"sso", IS_FALSE},
		{"managed", IS_FALSE},
		{"directory_managed", IS_FALSE},
		{"email_verified", IS_TRUE},
	};
	cJSON *json = begin(emulator, "User", bearer->user_id);

	add_text(json, "display_name", bearer->name);
	add_text(json, "name", bearer->name);
	add_text(json, "email", "ada@acme.test");
	add_constant(json, "avatar_url", "https://app.planetscale.com/gravatar-fallback.png");
	add_time(json, "created_at", 1577836800000);
	add_time(json, "updated_at", 1577836800000);
	add_constants(json, constants, ARRAY_LEN(constants));
	return json;
}

/* Accesses and grants */

cJSON *access_json(const struct emulator *emulator, const struct shown_access *access)
{
	bool old = switches_is(&emulator->switches, SWITCH_ACCESS_KEYS, "old");
	cJSON *json = begin(emulator, old ? "DatabaseAccess" : "ServiceTokenAccess", access->id);
	cJSON *resource;

	add_text(json, "access", access->name);
	if (!old) {
		add_text(json, "description", scope_describe(access->name));
		add_text(json, "resource_name", access->resource_name);
		add_text(json, "resource_id", access->resource_id);
		add_text(json, "resource_type", access->resource_type);
	}
	resource = begin(emulator, access->resource_type, access->resource_id);
	add_text(resource, "name", access->resource_name);
	add_time(resource, "created_at", access->created_ms);
	add_time(resource, "updated_at", access->created_ms);
	if (!old)
		add_time(resource, "deleted_at", access->deleted_ms);
	add(json, "resource", resource);
	return json;
}

/* The array with room for one more, the new one cleared. */
static struct shown_grant *one_more(struct shown_grant **shown, size_t *count,
				    const struct token *token)
{
	*shown = xgrow(*shown, *count, sizeof(**shown));
	(*shown)[*count] = (struct shown_grant){.token = token};
	return &(*shown)[(*count)++];
}

/* One row for each database: the bulk scopes and its own. */
static void show_bulk_rows(const struct token *token, const struct grant *bulk,
			   struct shown_grant **shown, size_t *count)
{
	const struct ordered *databases = &token->organization->databases;

	for (size_t i = 0; i < databases->count; i++) {
		struct grant_target target = {GRANT_DATABASE, databases->items[i], NULL, NULL,
					      NULL};
		struct shown_grant *row = one_more(shown, count, token);

		row->database = target.database;
		row->bulk = bulk;
		row->own = grants_find(token, &target);
	}
}

struct shown_grant *shown_grants(const struct emulator *emulator, const struct token *token,
				 size_t *count)
{
	const struct switches *switches = &emulator->switches;
	struct grant_target all = {.kind = GRANT_BULK};
	const struct grant *bulk = grants_find(token, &all);
	struct shown_grant *shown = NULL, *row = NULL;
	bool rows = bulk && switches_is(switches, SWITCH_BULK_SHOWN_AS, "rows");

	*count = 0;
	for (size_t i = 0; i < token->grant_count; i++) {
		const struct grant *grant = token->grants[i];

		if (grant->kind == GRANT_BULK ||
		    (rows && grant->kind == GRANT_DATABASE && !grant->database->deleted_ms))
			continue;
		row = one_more(&shown, count, token);
		row->own = grant;
		row->database = grant->database;
		if (bulk && grant->kind == GRANT_ORGANIZATION &&
		    switches_is(switches, SWITCH_BULK_SHOWN_AS, "organization")) {
			row->bulk = bulk;
			bulk = NULL;
		}
	}
	if (rows) {
		show_bulk_rows(token, bulk, &shown, count);
	} else if (bulk && !switches_is(switches, SWITCH_BULK_SHOWN_AS, "hidden")) {
		row = one_more(&shown, count, token);
		row->bulk = bulk;
		row->other = switches_is(switches, SWITCH_BULK_SHOWN_AS, "other");
	}
	return shown;
}

static void show_resource(const struct shown_grant *grant, struct shown_access *access)
{
	if (grant->database) {
		access->resource_type = "Database";
		access->resource_id = grant->database->id;
		access->resource_name = grant->database->name;
		access->created_ms = grant->database->created_ms;
		access->deleted_ms = grant->database->deleted_ms;
		return;
	}
	if (grant->own) {
		access->resource_type = grants_resource_type(grant->own);
		access->resource_id = grants_resource_id(grant->own);
		access->resource_name = grants_resource_name(grant->own);
	} else {
		access->resource_type =
			grant->other ? grants_resource_type(grant->bulk) : "Organization";
		access->resource_id = grant->token->organization->id;
		access->resource_name = grant->token->organization->name;
	}
	access->created_ms = grant->token->organization->created_ms;
}

void shown_accesses(const struct shown_grant *grant,
		    void (*each)(void *context, const struct shown_access *access), void *context)
{
	struct shown_access access = {0};

	show_resource(grant, &access);
	for (size_t i = 0; grant->own && i < grant->own->access_count; i++) {
		access.id = grant->own->accesses[i].id;
		access.name = grant->own->accesses[i].name;
		each(context, &access);
	}
	for (size_t i = 0; grant->bulk && i < grant->bulk->access_count; i++) {
		char id[ID_LENGTH + 1];
		char *text;

		access.name = grant->bulk->accesses[i].name;
		if (grants_find_access(grant->own, access.name))
			continue;
		text = xasprintf("%s%s", grant->bulk->accesses[i].id, access.resource_id);
		derived_id(text, id);
		free(text);
		access.id = id;
		each(context, &access);
	}
}

static void add_grant_access(void *context, const struct shown_access *access)
{
	cJSON *item = cJSON_CreateObject();

	add_text(item, "access", access->name);
	add_text(item, "description", scope_describe(access->name));
	cJSON_AddItemToArray(context, item);
}

cJSON *grant_json(const struct emulator *emulator, const struct shown_grant *grant)
{
	struct shown_access resource = {0};
	cJSON *json, *accesses = cJSON_CreateArray();

	show_resource(grant, &resource);
	json = begin(emulator, "ServiceTokenGrant", resource.resource_id);
	add_text(json, "resource_name", resource.resource_name);
	if (switches_is(&emulator->switches, SWITCH_GRANT_TYPE, "present"))
		add_text(json, "resource_type", resource.resource_type);
	add_text(json, "resource_id", resource.resource_id);
	if (resource.deleted_ms)
		add_time(json, "deleted_at", resource.deleted_ms);
	shown_accesses(grant, add_grant_access, accesses);
	add(json, "accesses", accesses);
	return json;
}

/* Service tokens */

struct access_sink {
	const struct emulator *emulator;
	cJSON *list;
};

static void add_access(void *context, const struct shown_access *access)
{
	struct access_sink *sink = context;

	cJSON_AddItemToArray(sink->list, access_json(sink->emulator, access));
}

static void add_accesses(const struct emulator *emulator, cJSON *json, const struct token *token,
			 enum token_view view)
{
	static const enum switch_id by_view[] = {
		[TOKEN_IN_LIST] = SWITCH_LIST_ACCESSES,
		[TOKEN_ALONE] = SWITCH_GET_ACCESSES,
		[TOKEN_CREATED] = SWITCH_CREATE_ACCESSES,
	};
	struct access_sink sink = {emulator, NULL};
	struct shown_grant *shown;
	size_t count;

	if (switches_is(&emulator->switches, by_view[view], "absent"))
		return;
	if (switches_is(&emulator->switches, by_view[view], "null")) {
		cJSON_AddNullToObject(json, "service_token_accesses");
		return;
	}
	sink.list = cJSON_AddArrayToObject(json, "service_token_accesses");
	shown = shown_grants(emulator, token, &count);
	for (size_t i = 0; i < count; i++)
		shown_accesses(&shown[i], add_access, &sink);
	free(shown);
}

/* Tokens of OAuth applications carry their scopes in a second form. */
static void add_oauth_accesses(const struct emulator *emulator, cJSON *json,
			       const struct token *token)
{
	static const struct {
		const char *key, *list;
	} kinds[] = {{"database", "databases"},
		     {"organization", "organizations"},
		     {"branch", "branches"},
		     {"user", "users"}};
	cJSON *by_resource;

	if (!token->oauth) {
		if (switches_is(&emulator->switches, SWITCH_OAUTH_ACCESSES, "null"))
			cJSON_AddNullToObject(json, "oauth_accesses_by_resource");
		return;
	}
	by_resource = cJSON_AddObjectToObject(json, "oauth_accesses_by_resource");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		cJSON *kind = cJSON_AddObjectToObject(by_resource, kinds[i].key);

		cJSON_AddArrayToObject(kind, kinds[i].list);
		cJSON_AddArrayToObject(kind, "accesses");
	}
}

static void add_optional_time(const struct emulator *emulator, cJSON *json, const char *key,
			      int64_t wall_ms)
{
	if (wall_ms || switches_is(&emulator->switches, SWITCH_NULLABLE, "null"))
		add_time(json, key, wall_ms);
}

cJSON *token_json(const struct emulator *emulator, const struct token *token, enum token_view view)
{
	const struct switches *switches = &emulator->switches;
	cJSON *json = begin(emulator, "ServiceToken", token->id);
	const char *name = switches_is(switches, SWITCH_NAMES, "plain") ? token->name : NULL;

	if (!switches_is(switches, SWITCH_NAMES, "absent"))
		add_text(json, "name", name);
	add_text(json, "display_name", name && *name ? name : token->id);
	if (view == TOKEN_CREATED)
		add_text(json, "token", token->secret);
	else if (switches_is(switches, SWITCH_SECRET_FIELDS, "null"))
		add_text(json, "token", NULL);
	if (switches_is(switches, SWITCH_SECRET_FIELDS, "null"))
		add_text(json, "plain_text_refresh_token", NULL);
	add_constant(json, "avatar_url", "https://app.planetscale.com/gravatar-fallback.png");
	add_time(json, "created_at", token->created_ms);
	add_time(json, "updated_at", token->updated_ms);
	add_optional_time(emulator, json, "expires_at", token->expires_ms);
	add_optional_time(emulator, json, "last_used_at", token->last_used_ms);
	add_text(json, "actor_id", token->actor_id);
	add_text(json, "actor_display_name", token->actor_name);
	add_text(json, "actor_type", token->actor_type);
	add_accesses(emulator, json, token, view);
	add_oauth_accesses(emulator, json, token);
	return json;
}
