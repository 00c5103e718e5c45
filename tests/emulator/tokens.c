/* SPDX-License-Identifier: MIT */
#include "handlers.h"

#include "emulator.h"
#include "objects.h"
#include "request.h"
#include "util.h"

#include <string.h>

/* Keeps expires_at within four-digit years. */
#define LONGEST_TTL_S 1e11

const struct field token_create_fields[] = {
	{"name", FIELD_STRING_OR_NULL},
	{"ttl", FIELD_INTEGER},
	{NULL, FIELD_STRING},
};

static void list_unexpired(const struct emulator *emulator, const struct ordered *tokens,
			   struct page *page)
{
	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = tokens->items[i];

		if (state_token_expired(&emulator->state, token))
			continue;
		if (page_holds(page, page->total++))
			cJSON_AddItemToArray(page->data,
					     token_json(emulator, token, TOKEN_IN_LIST));
	}
}

void tokens_list(struct emulator *emulator, struct request *request)
{
	const struct switches *switches = &emulator->switches;
	const struct ordered *tokens = &request->organization->tokens;
	struct page page;

	if (!page_begin(emulator, request,
			(size_t)switches_number(switches, SWITCH_PER_PAGE_DEFAULT), &page))
		return;
	page.totals = true;
	if (switches_is(switches, SWITCH_EXPIRED_TOKENS, "hidden")) {
		list_unexpired(emulator, tokens, &page);
	} else {
		page.total = tokens->count;
		for (size_t i = page.first; i < page.total && page_holds(&page, i); i++)
			cJSON_AddItemToArray(page.data,
					     token_json(emulator, tokens->items[i], TOKEN_IN_LIST));
	}
	page_finish(emulator, request, &page, 200);
}

void tokens_get(struct emulator *emulator, struct request *request)
{
	reply_json(&request->reply, 200, token_json(emulator, request->token, TOKEN_ALONE));
}

/* What is wrong with the name of a new token, or NULL. @status may change from 422. */
static const char *check_name(const struct emulator *emulator, const struct request *request,
			      const char *name, int *status)
{
	const struct switches *switches = &emulator->switches;
	long long most = switches_number(switches, SWITCH_NAME_MAX_LENGTH);

	if (!name)
		return NULL;
	if (!*name)
		return switches_is(switches, SWITCH_EMPTY_NAME, "422") ? "Name can't be blank"
								       : NULL;
	if (most && strlen(name) > (size_t)most)
		return "Name is too long";
	if (!switches_is(switches, SWITCH_DUPLICATE_NAMES, "allowed") &&
	    state_token_name_taken(&emulator->state, request->organization, name)) {
		*status = (int)switches_number(switches, SWITCH_DUPLICATE_NAMES);
		return "Name has already been taken";
	}
	return NULL;
}

static const char *check_ttl(const struct switches *switches, const cJSON *ttl)
{
	long long least = switches_number(switches, SWITCH_TTL_MIN);
	long long most = switches_number(switches, SWITCH_TTL_MAX);

	if (!ttl)
		return NULL;
	if (ttl->valuedouble < (double)least || ttl->valuedouble < 1)
		return "Ttl is too short";
	if (ttl->valuedouble > LONGEST_TTL_S || (most && ttl->valuedouble > (double)most))
		return "Ttl is too long";
	return NULL;
}

static void set_actor(struct token *token, const struct caller *caller)
{
	const char *id = caller->token ? caller->token->id : caller->bearer->user_id;
	const char *name = caller->bearer ? caller->bearer->name : caller->token->name;

	replace_string(&token->actor_id, id);
	replace_string(&token->actor_name, name ? name : id);
	replace_string(&token->actor_type, caller->token ? "ServiceToken" : "User");
}

void tokens_create(struct emulator *emulator, struct request *request)
{
	struct state *state = &emulator->state;
	const char *name = request_text(request, "name");
	const cJSON *ttl = cJSON_GetObjectItemCaseSensitive(request->json, "ttl");
	int status = 422;
	const char *wrong = check_name(emulator, request, name, &status);
	struct token *token;

	if (!wrong)
		wrong = check_ttl(&emulator->switches, ttl);
	if (wrong) {
		reply_error(&request->reply, status, status == 409 ? "conflict" : "unprocessable",
			    wrong);
		return;
	}
	if (name && !*name && switches_is(&emulator->switches, SWITCH_EMPTY_NAME, "null"))
		name = NULL;
	token = state_add_token(state, request->organization, name, state_now_ms(state), NULL,
				NULL);
	if (ttl)
		token->expires_ms = token->created_ms + (int64_t)(ttl->valuedouble * 1000);
	set_actor(token, &request->caller);
	request->changed = true;
	reply_json(&request->reply, 200, token_json(emulator, token, TOKEN_CREATED));
}

void tokens_delete(struct emulator *emulator, struct request *request)
{
	if (request->caller.token == request->token)
		request->caller.token = NULL;
	state_delete_token(&emulator->state, request->token);
	request->token = NULL;
	request->changed = true;
	reply_empty(&request->reply, 204);
}
