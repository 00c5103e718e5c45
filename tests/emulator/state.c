/* SPDX-License-Identifier: MIT */
#include "state.h"

#include "clock.h"
#include "grants.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

/* Orders */

#define COMPARE_NUMBERS(a, b) ((a) < (b) ? -1 : (a) > (b))

#define DEFINE_ORDERS(type)                                                                        \
	static int type##_by_created_asc(const void *a, const void *b)                             \
	{                                                                                          \
		const struct type *x = a, *y = b;                                                  \
		int order = COMPARE_NUMBERS(x->created_ms, y->created_ms);                         \
                                                                                                   \
		return order ? order : COMPARE_NUMBERS(x->number, y->number);                      \
	}                                                                                          \
	static int type##_by_created_desc(const void *a, const void *b)                            \
	{                                                                                          \
		return type##_by_created_asc(b, a);                                                \
	}                                                                                          \
	static int type##_by_name(const void *a, const void *b)                                    \
	{                                                                                          \
		const struct type *x = a, *y = b;                                                  \
		int order = strcmp(x->name ? x->name : "", y->name ? y->name : "");                \
                                                                                                   \
		return order ? order : COMPARE_NUMBERS(x->number, y->number);                      \
	}                                                                                          \
	static int type##_by_shuffle(const void *a, const void *b)                                 \
	{                                                                                          \
		const struct type *x = a, *y = b;                                                  \
		int order = COMPARE_NUMBERS(x->shuffle, y->shuffle);                               \
                                                                                                   \
		return order ? order : COMPARE_NUMBERS(x->number, y->number);                      \
	}                                                                                          \
	static ordered_compare *type##_order(const struct switches *switches, enum switch_id id)   \
	{                                                                                          \
		static const struct {                                                              \
			const char *value;                                                         \
			ordered_compare *compare;                                                  \
		} orders[] = {                                                                     \
			{"created_asc", type##_by_created_asc},                                    \
			{"created_desc", type##_by_created_desc},                                  \
			{"name", type##_by_name},                                                  \
			{"shuffled", type##_by_shuffle},                                           \
		};                                                                                 \
                                                                                                   \
		for (size_t i = 0; i < ARRAY_LEN(orders); i++) {                                   \
			if (switches_is(switches, id, orders[i].value))                            \
				return orders[i].compare;                                          \
		}                                                                                  \
		return type##_by_name;                                                             \
	}

DEFINE_ORDERS(organization)
DEFINE_ORDERS(database)
DEFINE_ORDERS(token)

/* Whether a token is among those the service lists, apart from expiry. */
static bool token_listed(const struct state *state, const struct token *token)
{
	if (token->admin)
		return switches_is(state->switches, SWITCH_ADMIN_TOKEN, "listed");
	if (token->oauth)
		return switches_is(state->switches, SWITCH_OAUTH_TOKENS, "listed");
	return true;
}

void state_take_token(struct token *token)
{
	struct organization *organization = token->organization;

	ordered_remove(&organization->tokens, token);
	for (size_t i = 0; i < organization->unlisted_count; i++) {
		if (organization->unlisted[i] == token) {
			organization->unlisted[i] =
				organization->unlisted[--organization->unlisted_count];
			break;
		}
	}
}

void state_return_token(struct state *state, struct token *token)
{
	struct organization *organization = token->organization;

	if (token_listed(state, token)) {
		ordered_add(&organization->tokens, token);
		return;
	}
	organization->unlisted = xgrow(organization->unlisted, organization->unlisted_count,
				       sizeof(*organization->unlisted));
	organization->unlisted[organization->unlisted_count++] = token;
}

void state_take_database(struct database *database)
{
	ordered_remove(&database->organization->databases, database);
	map_remove(&database->organization->databases_by_name, database->name);
}

void state_return_database(struct database *database)
{
	ordered_add(&database->organization->databases, database);
	map_put(&database->organization->databases_by_name, database->name, database);
}

/* Puts the special tokens among the listed ones or takes them from there. */
static void sort_special_tokens(struct state *state, struct organization *organization)
{
	struct token **special = NULL;
	size_t count = 0;

	for (size_t i = 0; i < organization->tokens.count; i++) {
		struct token *token = organization->tokens.items[i];

		if (token_listed(state, token))
			continue;
		special = xgrow(special, count, sizeof(struct token *));
		special[count++] = token;
	}
	for (size_t i = 0; i < organization->unlisted_count; i++) {
		if (!token_listed(state, organization->unlisted[i]))
			continue;
		special = xgrow(special, count, sizeof(struct token *));
		special[count++] = organization->unlisted[i];
	}
	for (size_t i = 0; i < count; i++) {
		state_take_token(special[i]);
		state_return_token(state, special[i]);
	}
	free(special);
}

void state_reorder(struct state *state)
{
	const struct switches *switches = state->switches;

	ordered_reorder(&state->organizations,
			organization_order(switches, SWITCH_ORGANIZATION_ORDER));
	for (size_t i = 0; i < state->organizations.count; i++) {
		struct organization *organization = state->organizations.items[i];

		ordered_reorder(&organization->databases,
				database_order(switches, SWITCH_DATABASE_ORDER));
		ordered_reorder(&organization->tokens, token_order(switches, SWITCH_TOKEN_ORDER));
		sort_special_tokens(state, organization);
	}
}

/* Life of the whole */

void state_init(struct state *state, const struct switches *switches, uint64_t seed)
{
	*state = (struct state){
		.switches = switches,
		.next_number = 1,
		.next_event = 1,
		.started_ms = clock_monotonic_ms(),
	};
	random_init(&state->random, seed);
	ordered_init(&state->organizations,
		     organization_order(switches, SWITCH_ORGANIZATION_ORDER));
}

static void free_database(struct database *database)
{
	free(database->name);
	free(database->kind);
	free(database->state);
	free(database->region);
	free(database->plan);
	free(database->notes);
	free(database->settings.default_branch);
	free(database->settings.migration_framework);
	free(database->settings.migration_table_name);
	free(database);
}

void state_finish(struct state *state)
{
	state->recording = false;
	state->audit = NULL;
	while (state->organizations.count)
		state_delete_organization(state, state->organizations.items[0]);
	ordered_finish(&state->organizations);
	while (state->bearer_count)
		state_delete_bearer(state, state->bearer_list[0]->token);
	free(state->bearer_list);
	grants_clear_events(state, NULL);
	free(state->events);
	for (size_t i = 0; i < state->graveyard_count; i++)
		free_database(state->graveyard[i]);
	free(state->graveyard);
	map_finish(&state->organizations_by_name);
	map_finish(&state->tokens_by_id);
	map_finish(&state->token_names);
	map_finish(&state->bearers);
}

int64_t state_now_ms(const struct state *state)
{
	return clock_wall_ms() + switches_number(state->switches, SWITCH_CLOCK_OFFSET_S) * 1000;
}

/* Organizations */

struct organization *state_add_organization(struct state *state, const char *name)
{
	struct organization *organization = xcalloc(1, sizeof(*organization));

	random_id(&state->random, organization->id);
	organization->name = xstrdup(name);
	organization->billing_email = xasprintf("billing@%s.test", name);
	organization->plan = xstrdup("scaler_pro");
	organization->created_ms = organization->updated_ms = state_now_ms(state);
	organization->shuffle = random_below(&state->random, 1u << 31);
	organization->number = state->next_number++;
	ordered_init(&organization->databases,
		     database_order(state->switches, SWITCH_DATABASE_ORDER));
	ordered_init(&organization->tokens, token_order(state->switches, SWITCH_TOKEN_ORDER));
	ordered_add(&state->organizations, organization);
	map_put(&state->organizations_by_name, organization->name, organization);
	return organization;
}

void state_rename_organization(struct state *state, struct organization *organization,
			       const char *name)
{
	ordered_remove(&state->organizations, organization);
	map_remove(&state->organizations_by_name, organization->name);
	replace_string(&organization->name, name);
	organization->updated_ms = state_now_ms(state);
	ordered_add(&state->organizations, organization);
	map_put(&state->organizations_by_name, organization->name, organization);
}

void state_delete_organization(struct state *state, struct organization *organization)
{
	while (organization->tokens.count)
		state_delete_token(state,
				   organization->tokens.items[organization->tokens.count - 1]);
	while (organization->unlisted_count)
		state_delete_token(state, organization->unlisted[0]);
	while (organization->databases.count)
		state_delete_database(
			state, organization->databases.items[organization->databases.count - 1]);
	ordered_remove(&state->organizations, organization);
	map_remove(&state->organizations_by_name, organization->name);
	map_finish(&organization->databases_by_name);
	ordered_finish(&organization->databases);
	ordered_finish(&organization->tokens);
	free(organization->unlisted);
	free(organization->name);
	free(organization->billing_email);
	free(organization->plan);
	free(organization);
}

struct organization *state_find_organization(const struct state *state, const char *name)
{
	return map_find(&state->organizations_by_name, name);
}

/* Databases */

struct database *state_add_database(struct state *state, struct organization *organization,
				    const char *name, int64_t created_ms)
{
	struct database *database = xcalloc(1, sizeof(*database));

	random_id(&state->random, database->id);
	database->name = xstrdup(name);
	database->kind = xstrdup("mysql");
	database->state = xstrdup("ready");
	database->region = xstrdup("us-east");
	database->plan = xstrdup("scaler_pro");
	database->notes = xstrdup("");
	database->settings.default_branch = xstrdup("main");
	database->created_ms = database->updated_ms = created_ms;
	database->shuffle = random_below(&state->random, 1u << 31);
	database->number = state->next_number++;
	database->organization = organization;
	state_return_database(database);
	audit_note_database(state, database, "created");
	return database;
}

void state_rename_database(struct database *database, const char *name)
{
	state_take_database(database);
	replace_string(&database->name, name);
	state_return_database(database);
}

void state_delete_database(struct state *state, struct database *database)
{
	bool kept = switches_is(state->switches, SWITCH_GRANTS_OF_DELETED, "kept");

	audit_note_database(state, database, "deleted");
	state_take_database(database);
	database->deleted_ms = state_now_ms(state);
	while (!kept && database->grants)
		grants_drop(state, database->grants);
	if (!database->grants) {
		free_database(database);
		return;
	}
	state->graveyard =
		xgrow(state->graveyard, state->graveyard_count, sizeof(*state->graveyard));
	state->graveyard[state->graveyard_count++] = database;
}

struct database *state_find_database(const struct organization *organization, const char *name)
{
	return map_find(&organization->databases_by_name, name);
}

/* Tokens */

/* Counts how often a name is used, so that asking is one look-up. */
static void count_name(struct state *state, const struct token *token, int step)
{
	char *key;
	char *stored;
	size_t *uses;

	if (!token->name)
		return;
	key = xasprintf("%s/%s", token->organization->id, token->name);
	uses = map_find(&state->token_names, key);
	if (!uses) {
		/* The counter and its key share one allocation. */
		uses = xcalloc(1, sizeof(*uses) + strlen(key) + 1);
		stored = (char *)(uses + 1);
		strcpy(stored, key);
		map_put(&state->token_names, stored, uses);
	}
	*uses += (size_t)step;
	if (*uses == 0) {
		map_remove(&state->token_names, key);
		free(uses);
	}
	free(key);
}

struct token *state_add_token(struct state *state, struct organization *organization,
			      const char *name, int64_t created_ms, const char *id,
			      const char *secret)
{
	struct token *token = xcalloc(1, sizeof(*token));

	do {
		random_id(&state->random, token->id);
	} while (state_find_token(state, token->id));
	if (id)
		memcpy(token->id, id, ID_LENGTH);
	token->secret = secret ? xstrdup(secret) : random_secret(&state->random, "pscale_tkn_");
	token->name = xstrdup(name);
	token->created_ms = token->updated_ms = created_ms;
	token->shuffle = random_below(&state->random, 1u << 31);
	token->number = state->next_number++;
	token->organization = organization;
	map_put(&state->tokens_by_id, token->id, token);
	count_name(state, token, 1);
	state_return_token(state, token);
	grants_note_token(state, token, true);
	audit_note_token(state, token, "created");
	return token;
}

void state_rename_token(struct state *state, struct token *token, const char *name)
{
	count_name(state, token, -1);
	replace_string(&token->name, name);
	count_name(state, token, 1);
}

void state_delete_token(struct state *state, struct token *token)
{
	state_take_token(token);
	count_name(state, token, -1);
	map_remove(&state->tokens_by_id, token->id);
	while (token->grant_count)
		grants_drop(state, token->grants[token->grant_count - 1]);
	grants_note_token(state, token, false);
	audit_note_token(state, token, "deleted");
	free(token->grants);
	free(token->secret);
	free(token->name);
	free(token->actor_id);
	free(token->actor_name);
	free(token->actor_type);
	free(token);
}

struct token *state_find_token(const struct state *state, const char *id)
{
	return map_find(&state->tokens_by_id, id);
}

bool state_token_name_taken(const struct state *state, const struct organization *organization,
			    const char *name)
{
	char *key = xasprintf("%s/%s", organization->id, name);
	bool taken = map_find(&state->token_names, key) != NULL;

	free(key);
	return taken;
}

bool state_token_expired(const struct state *state, const struct token *token)
{
	return token->expires_ms && token->expires_ms <= state_now_ms(state);
}

/* Bearers */

struct bearer *state_add_bearer(struct state *state, const char *token, const char *name,
				int64_t expires_ms)
{
	struct bearer *bearer = xcalloc(1, sizeof(*bearer));

	state_delete_bearer(state, token);
	bearer->token = xstrdup(token);
	bearer->name = xstrdup(name);
	bearer->expires_ms = expires_ms;
	derived_id(name, bearer->user_id);
	map_put(&state->bearers, bearer->token, bearer);
	state->bearer_list =
		xgrow(state->bearer_list, state->bearer_count, sizeof(*state->bearer_list));
	state->bearer_list[state->bearer_count++] = bearer;
	return bearer;
}

void state_delete_bearer(struct state *state, const char *token)
{
	struct bearer *bearer = map_find(&state->bearers, token);

	if (!bearer)
		return;
	for (size_t i = 0; i < state->bearer_count; i++) {
		if (state->bearer_list[i] == bearer) {
			state->bearer_list[i] = state->bearer_list[--state->bearer_count];
			break;
		}
	}
	map_remove(&state->bearers, bearer->token);
	free(bearer->token);
	free(bearer->name);
	free(bearer);
}

struct bearer *state_find_bearer(const struct state *state, const char *token)
{
	return map_find(&state->bearers, token);
}
