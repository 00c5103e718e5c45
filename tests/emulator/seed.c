/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include "grants.h"
#include "scopes.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

#define DAY_MS    86400000LL
#define FIRST_MS  1735689600000LL /* 2025-01-01 */
#define MINUTE_MS 60000LL

/* By number */

bool seed_parse(const char *text, struct seed_sizes *sizes)
{
	const struct {
		const char *name;
		unsigned *slot;
	} fields[] = {
		{"orgs", &sizes->organizations},
		{"databases", &sizes->databases},
		{"tokens", &sizes->tokens},
		{"grants", &sizes->grants},
	};

	while (*text) {
		size_t length = strcspn(text, ","), i;

		for (i = 0; i < ARRAY_LEN(fields); i++) {
			size_t name = strlen(fields[i].name);

			if (!strncmp(text, fields[i].name, name) && text[name] == '=' &&
			    sscanf(text + name + 1, "%u", fields[i].slot) == 1)
				break;
		}
		if (i == ARRAY_LEN(fields))
			return false;
		text += length + (text[length] == ',');
	}
	return true;
}

/* Scopes number @from to @from + 2 of a level. */
static void grant_some(struct state *state, struct token *token, const struct grant_target *target,
		       unsigned from)
{
	enum scope_level level = target->database ? SCOPE_DATABASE : SCOPE_ORGANIZATION;
	const char *names[3];
	size_t count = 0;

	for (size_t i = 0; i < scope_count * 2 && count < 3; i++) {
		const struct scope *scope = &scope_table[(i + from) % scope_count];

		if (scope->level == level)
			names[count++] = scope->name;
	}
	grants_add(state, token, target, names, count);
}

static void add_grants(struct state *state, struct token *token, unsigned number, unsigned grants)
{
	const struct ordered *databases = &token->organization->databases;
	struct grant_target target = {.kind = GRANT_ORGANIZATION};

	for (unsigned i = 0; i < grants; i++) {
		if (i > 0 || number % 2) {
			if (!databases->count)
				return;
			target.kind = GRANT_DATABASE;
			target.database = databases->items[(number + i) % databases->count];
		}
		grant_some(state, token, &target, number + i);
	}
}

static void add_actor(struct token *token, const char *name)
{
	char id[ID_LENGTH + 1];

	derived_id(name, id);
	replace_string(&token->actor_id, id);
	replace_string(&token->actor_name, name);
	replace_string(&token->actor_type, "User");
}

static void add_contents(struct state *state, struct organization *organization,
			 const struct seed_sizes *sizes)
{
	for (unsigned i = 1; i <= sizes->databases; i++) {
		char *name = xasprintf("db-%u", i);

		state_add_database(state, organization, name, FIRST_MS + i * DAY_MS);
		free(name);
	}
	for (unsigned i = 1; i <= sizes->tokens; i++) {
		char *name = xasprintf("token-%u", i);
		struct token *token = state_add_token(state, organization, name,
						      FIRST_MS + i * MINUTE_MS, NULL, NULL);

		add_actor(token, "Ada");
		add_grants(state, token, i, sizes->grants);
		token->updated_ms = token->created_ms;
		free(name);
	}
}

static struct organization *add_organization(struct state *state, const char *name)
{
	struct organization *organization = state_add_organization(state, name);

	ordered_remove(&state->organizations, organization);
	organization->created_ms = organization->updated_ms = FIRST_MS;
	ordered_add(&state->organizations, organization);
	return organization;
}

void seed_sizes(struct state *state, const struct seed_sizes *sizes)
{
	for (unsigned i = 1; i <= sizes->organizations; i++) {
		char *name = i == 1 ? xstrdup("acme") : xasprintf("acme-%u", i);

		if (!state_find_organization(state, name))
			add_contents(state, add_organization(state, name), sizes);
		free(name);
	}
}

/* The sample */

static const struct {
	const char *name, *kind;
	int age_days;
} sample_databases[] = {
	{"shop", "mysql", 900},
	{"blog", "mysql", 620},
	{"analytics", "postgresql", 140},
	{"users", "mysql", 890},
};

/* Days from now; 0 means never for the last two. */
static const struct {
	const char *name, *actor;
	int age_days, used_days_ago, expires_in_days;
} sample_tokens[] = {
	{"ci-deploy", "Ada", 412, 1, 0},          {"terraform", "Grace", 365, 3, 0},
	{"grafana", "Ada", 210, 1, 90},           {"backup-check", "Linus", 96, 8, 30},
	{"billing-export", "Grace", 300, 41, 0},  {"data-team", "Ada", 60, 2, 0},
	{"data-team", "Linus", 12, 0, 0},         {NULL, "Ada", 780, 500, 0},
	{"old-jenkins", "Grace", 830, 640, -200},
};

/* Token by its place above, database or NULL for the organization, scopes. */
static const struct {
	size_t token;
	const char *database;
	const char *scopes;
} sample_grants[] = {
	{0, "shop",
	 "read_branch create_branch connect_branch create_deploy_request "
	 "read_deploy_request"},
	{0, "users", "read_branch create_deploy_request read_deploy_request"},
	{1, NULL,
	 "read_organization read_databases create_databases delete_databases "
	 "read_service_tokens write_service_tokens delete_service_tokens"},
	{1, "shop", "read_database write_database create_branch read_branch delete_branch"},
	{2, NULL, "read_organization read_metrics_endpoints"},
	{3, "shop", "read_backups restore_backup"},
	{3, "users", "read_backups"},
	{4, NULL, "read_organization read_invoices"},
	{5, "analytics", "read_database read_branch connect_branch"},
	{6, "analytics", "read_database read_branch connect_production_branch"},
	{7, "blog", "read_branch connect_branch connect_production_branch"},
	{8, "shop", "read_branch create_branch delete_branch connect_branch"},
};

static struct token *add_sample_token(struct state *state, struct organization *organization,
				      size_t number)
{
	int64_t now_ms = state_now_ms(state);
	int64_t created_ms = now_ms - sample_tokens[number].age_days * DAY_MS;
	struct token *token = state_add_token(state, organization, sample_tokens[number].name,
					      created_ms, NULL, NULL);

	add_actor(token, sample_tokens[number].actor);
	if (sample_tokens[number].used_days_ago)
		token->last_used_ms = now_ms - sample_tokens[number].used_days_ago * DAY_MS;
	if (sample_tokens[number].expires_in_days)
		token->expires_ms = now_ms + sample_tokens[number].expires_in_days * DAY_MS;
	return token;
}

static void add_sample_grant(struct state *state, struct token *token, const char *database,
			     const char *scopes)
{
	struct grant_target target = {.kind = GRANT_ORGANIZATION};
	char *words = xstrdup(scopes), *rest = words, *name;

	if (database) {
		target.kind = GRANT_DATABASE;
		target.database = state_find_database(token->organization, database);
	}
	while ((name = strsep(&rest, " "))) {
		const char *borrowed = name;

		grants_add(state, token, &target, &borrowed, 1);
	}
	free(words);
	token->updated_ms = token->created_ms;
}

void seed_sample(struct state *state)
{
	struct organization *organization = add_organization(state, "acme");
	struct token *tokens[ARRAY_LEN(sample_tokens)];

	for (size_t i = 0; i < ARRAY_LEN(sample_databases); i++) {
		struct database *database = state_add_database(
			state, organization, sample_databases[i].name,
			state_now_ms(state) - sample_databases[i].age_days * DAY_MS);

		replace_string(&database->kind, sample_databases[i].kind);
	}
	for (size_t i = 0; i < ARRAY_LEN(sample_tokens); i++)
		tokens[i] = add_sample_token(state, organization, i);
	for (size_t i = 0; i < ARRAY_LEN(sample_grants); i++)
		add_sample_grant(state, tokens[sample_grants[i].token], sample_grants[i].database,
				 sample_grants[i].scopes);
}

/* Fixed credentials */

void seed_admin(struct state *state, const char *id, const char *secret)
{
	struct grant_target everything = {.kind = GRANT_BULK};
	struct grant_target whole = {.kind = GRANT_ORGANIZATION};
	struct organization *organization;
	struct token *token;

	if (state_find_token(state, id))
		state_delete_token(state, state_find_token(state, id));
	organization = state_find_organization(state, "acme");
	if (!organization && state->organizations.count)
		organization = state->organizations.items[0];
	if (!organization)
		return;
	token = state_add_token(state, organization, "admin", FIRST_MS, id, secret);
	state_take_token(token);
	token->admin = true;
	state_return_token(state, token);
	add_actor(token, "Ada");
	for (size_t i = 0; i < scope_count; i++)
		grants_add(state, token,
			   scope_table[i].level == SCOPE_DATABASE ? &everything : &whole,
			   &scope_table[i].name, 1);
}
