/* SPDX-License-Identifier: MIT */
#include "handlers.h"

#include "emulator.h"
#include "objects.h"
#include "request.h"
#include "scopes.h"
#include "util.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define NAME_MAX_BYTES 63

const struct field database_create_fields[] = {
	{"name", FIELD_STRING},
	{"cluster_size", FIELD_STRING},
	{"region", FIELD_STRING},
	{"replicas", FIELD_INTEGER},
	{"kind", FIELD_STRING},
	{"major_version", FIELD_STRING},
	{"storage", FIELD_OBJECT},
	/* Not documented, but sent by PlanetScale's own CLI. */
	{"Organization", FIELD_STRING},
	{"notes", FIELD_STRING},
	{"cloudflare_account_id", FIELD_STRING},
	{"cloudflare_timestamp", FIELD_STRING},
	{"cloudflare_signature", FIELD_STRING},
	{NULL, FIELD_STRING},
};

const struct field database_patch_fields[] = {
	{"new_name", FIELD_STRING},
	{"notes", FIELD_STRING},
	{"default_branch", FIELD_STRING},
	{"deletion_protected", FIELD_BOOLEAN},
	{"restrict_branch_region", FIELD_BOOLEAN},
	{"production_branch_web_console", FIELD_BOOLEAN},
	{"insights_raw_queries", FIELD_BOOLEAN},
	{"require_approval_for_deploy", FIELD_BOOLEAN},
	{"allow_data_branching", FIELD_BOOLEAN},
	{"allow_foreign_key_constraints", FIELD_BOOLEAN},
	{"automatic_migrations", FIELD_BOOLEAN},
	{"migration_framework", FIELD_STRING_OR_NULL},
	{"migration_table_name", FIELD_STRING_OR_NULL},
	{NULL, FIELD_STRING},
};

static void unprocessable(struct request *request, const char *message)
{
	reply_error(&request->reply, 422, "unprocessable", message);
}

/* Listing */

static bool opens_some(const struct token *token)
{
	const struct ordered *databases = &token->organization->databases;

	for (size_t i = 0; i < databases->count; i++) {
		if (grants_open_database(token, databases->items[i]))
			return true;
	}
	return false;
}

/* Whether every database may be seen, so that a page is a slice. */
static bool sees_all(const struct token *token, const char *search)
{
	struct grant_target all = {.kind = GRANT_BULK};
	const struct grant *bulk = token ? grants_find(token, &all) : NULL;

	if (search && *search)
		return false;
	return !token || bulk || grants_hold_organization(token, "read_databases");
}

static void list_matching(const struct emulator *emulator, const struct request *request,
			  const char *search, struct page *page)
{
	const struct ordered *databases = &request->organization->databases;
	const struct token *token = request->caller.token;

	for (size_t i = 0; i < databases->count; i++) {
		struct database *database = databases->items[i];

		if ((search && strcasestr(database->name, search) == NULL) ||
		    (token && !grants_open_database(token, database)))
			continue;
		if (page_holds(page, page->total++))
			cJSON_AddItemToArray(page->data, database_json(emulator, database));
	}
}

void databases_list(struct emulator *emulator, struct request *request)
{
	const struct switches *switches = &emulator->switches;
	const struct ordered *databases = &request->organization->databases;
	const struct token *token = request->caller.token;
	const char *search = request_query(request, "q");
	struct page page;

	if (token && switches_is(switches, SWITCH_DATABASES_WITHOUT_PERMISSION, "403") &&
	    !sees_all(token, NULL) && !opens_some(token)) {
		reply_default_error(&request->reply, 403);
		return;
	}
	if (!page_begin(emulator, request,
			(size_t)switches_number(switches, SWITCH_PER_PAGE_DEFAULT), &page))
		return;
	page.totals = true;
	if (sees_all(token, search)) {
		page.total = databases->count;
		for (size_t i = page.first; i < page.total && page_holds(&page, i); i++)
			cJSON_AddItemToArray(page.data,
					     database_json(emulator, databases->items[i]));
	} else {
		list_matching(emulator, request, search, &page);
	}
	page_finish(emulator, request, &page, 200);
}

void databases_get(struct emulator *emulator, struct request *request)
{
	reply_json(&request->reply, 200, database_json(emulator, request->database));
}

/* Creating */

/* What is wrong with a database name, or NULL. */
static const char *check_name(const struct organization *organization, const char *name)
{
	if (!name || !*name)
		return "Name can't be blank";
	if (strlen(name) > NAME_MAX_BYTES)
		return "Name is too long (maximum is 63 characters)";
	for (const char *at = name; *at; at++) {
		if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-' &&
		    *at != '_')
			return "Name can only contain lowercase letters, numbers, dashes and "
			       "underscores";
	}
	if (state_find_database(organization, name))
		return "Name has already been taken";
	return NULL;
}

/* What is wrong with the values of a creation, or NULL. */
static const char *check_creation(const struct request *request)
{
	const char *kind = request_text(request, "kind");
	const char *size = request_text(request, "cluster_size");
	const char *wrong = check_name(request->organization, request_text(request, "name"));

	if (wrong)
		return wrong;
	if (!size || (strncmp(size, "PS_", 3) != 0 && strncmp(size, "PS-", 3) != 0))
		return "Cluster size is not available";
	if (kind && !list_contains("mysql|postgresql", '|', kind))
		return "Kind is not included in the list";
	return NULL;
}

/* Who creates a database with a token may do everything with it. */
static void grant_everything(struct state *state, struct token *token, struct database *database)
{
	struct grant_target target = {.kind = GRANT_DATABASE, .database = database};
	const char **names = xcalloc(1, scope_count * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < scope_count; i++) {
		if (scope_table[i].level == SCOPE_DATABASE)
			names[count++] = scope_table[i].name;
	}
	grants_add(state, token, &target, names, count);
	free(names);
}

void databases_create(struct emulator *emulator, struct request *request)
{
	struct state *state = &emulator->state;
	const char *wrong = check_creation(request);
	const char *kind = request_text(request, "kind");
	const char *region = request_text(request, "region");
	const char *notes = request_text(request, "notes");
	struct database *database;

	if (wrong) {
		unprocessable(request, wrong);
		return;
	}
	database = state_add_database(state, request->organization, request_text(request, "name"),
				      state_now_ms(state));
	if (kind)
		replace_string(&database->kind, kind);
	if (region)
		replace_string(&database->region, region);
	if (notes)
		replace_string(&database->notes, notes);
	if (switches_number(&emulator->switches, SWITCH_DB_PENDING_MS))
		replace_string(&database->state, "pending");
	if (request->caller.token)
		grant_everything(state, request->caller.token, database);
	request->changed = true;
	reply_json(&request->reply, 201, database_json(emulator, database));
}

/* Changing */

static void patch_flag(const struct request *request, const char *key, bool *flag)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(request->json, key);

	if (item)
		*flag = cJSON_IsTrue(item);
}

static void patch_text(const struct request *request, const char *key, char **text)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(request->json, key);

	if (item)
		replace_string(text, cJSON_GetStringValue(item));
}

static void patch_settings(const struct request *request, struct database_settings *settings)
{
	patch_text(request, "default_branch", &settings->default_branch);
	patch_text(request, "migration_framework", &settings->migration_framework);
	patch_text(request, "migration_table_name", &settings->migration_table_name);
	patch_flag(request, "deletion_protected", &settings->deletion_protected);
	patch_flag(request, "restrict_branch_region", &settings->restrict_branch_region);
	patch_flag(request, "production_branch_web_console",
		   &settings->production_branch_web_console);
	patch_flag(request, "insights_raw_queries", &settings->insights_raw_queries);
	patch_flag(request, "require_approval_for_deploy", &settings->require_approval_for_deploy);
	patch_flag(request, "allow_data_branching", &settings->allow_data_branching);
	patch_flag(request, "allow_foreign_key_constraints", &settings->foreign_keys_enabled);
	patch_flag(request, "automatic_migrations", &settings->automatic_migrations);
}

void databases_patch(struct emulator *emulator, struct request *request)
{
	struct database *database = request->database;
	const struct token *token = request->caller.token;
	const char *name = request_text(request, "new_name");
	const char *wrong = NULL;

	if (token && !grants_hold_database(token, database, "write_database")) {
		reply_default_error(&request->reply, 404);
		return;
	}
	if (name && strcmp(name, database->name) != 0)
		wrong = check_name(request->organization, name);
	if (wrong) {
		unprocessable(request, wrong);
		return;
	}
	if (name && strcmp(name, database->name) != 0)
		state_rename_database(database, name);
	patch_text(request, "notes", &database->notes);
	patch_settings(request, &database->settings);
	database->updated_ms = state_now_ms(&emulator->state);
	request->changed = true;
	reply_json(&request->reply, 200, database_json(emulator, database));
}

/* Deleting */

static void ask_second_admin(struct emulator *emulator, struct request *request)
{
	char id[ID_LENGTH + 1];
	cJSON *json = cJSON_CreateObject();
	cJSON *actor = cJSON_AddObjectToObject(json, "actor");

	random_id(&emulator->state.random, id);
	cJSON_AddStringToObject(json, "id", id);
	derived_id("actor", id);
	cJSON_AddStringToObject(actor, "id", id);
	cJSON_AddStringToObject(actor, "type", "User");
	cJSON_AddStringToObject(actor, "display_name", "Ada");
	reply_json(&request->reply, 202, json);
}

void databases_delete(struct emulator *emulator, struct request *request)
{
	struct database *database = request->database;
	const struct token *token = request->caller.token;

	if (token && !grants_hold_database(token, database, "delete_database") &&
	    !grants_hold_organization(token, "delete_databases")) {
		reply_default_error(&request->reply, 404);
		return;
	}
	if (database->settings.deletion_protected) {
		unprocessable(request, "Database is protected from deletion");
		return;
	}
	if (database->needs_second_admin ||
	    switches_is(&emulator->switches, SWITCH_DB_DELETE, "202")) {
		ask_second_admin(emulator, request);
		return;
	}
	state_delete_database(&emulator->state, database);
	request->changed = true;
	reply_empty(&request->reply, 204);
}
