/* SPDX-License-Identifier: MIT */
#include "auth.h"

#include "emulator.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

static bool looks_like_id(const char *text, size_t length)
{
	if (length != ID_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789", text[i]))
			return false;
	}
	return true;
}

static void identify_bearer(const struct emulator *emulator, struct caller *caller,
			    const char *token)
{
	const struct bearer *bearer = state_find_bearer(&emulator->state, token);
	bool valid = bearer &&
		     (!bearer->expires_ms || bearer->expires_ms > state_now_ms(&emulator->state));

	caller->kind = valid ? CALLER_BEARER : CALLER_BAD_BEARER;
	caller->bearer = valid ? bearer : NULL;
	caller->shown_id = valid ? xstrdup(bearer->name) : NULL;
}

static void identify_token(const struct emulator *emulator, struct caller *caller,
			   const char *credential, const char *colon)
{
	size_t length = (size_t)(colon - credential);
	char id[ID_LENGTH + 1] = "";
	struct token *token;

	caller->kind = CALLER_BAD_TOKEN;
	if (!looks_like_id(credential, length))
		return;
	memcpy(id, credential, ID_LENGTH);
	caller->shown_id = xstrdup(id);
	token = state_find_token(&emulator->state, id);
	if (!token || strcmp(token->secret, colon + 1) != 0)
		return;
	caller->token = token;
	caller->kind =
		state_token_expired(&emulator->state, token) ? CALLER_EXPIRED_TOKEN : CALLER_TOKEN;
}

void auth_identify(const struct emulator *emulator, struct request *request)
{
	const char *value = request->headers.authorization;
	struct caller *caller = &request->caller;
	const char *colon = value ? strchr(value, ':') : NULL;

	free(caller->shown_id);
	*caller = (struct caller){.kind = CALLER_NONE};
	if (!value)
		return;
	if (!strncmp(value, "Bearer ", 7))
		identify_bearer(emulator, caller, value + 7);
	else if (colon)
		identify_token(emulator, caller, value, colon);
	else
		caller->kind = CALLER_BAD_TOKEN;
}

static void refuse_bearer(struct request *request)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "error", "invalid_token");
	cJSON_AddStringToObject(json, "error_description", "The access token is invalid");
	cJSON_AddStringToObject(json, "state", "unauthorized");
	reply_json(&request->reply, 401, json);
	reply_header(&request->reply, "WWW-Authenticate",
		     "Bearer realm=\"Doorkeeper\", error=\"invalid_token\"");
}

void auth_refuse(const struct emulator *emulator, struct request *request)
{
	enum caller_kind kind = request->caller.kind;
	bool below_organization =
		request->segment_count > 2 && !strcmp(request->segments[1], "organizations");
	int status = 401;

	if (kind == CALLER_BAD_BEARER) {
		refuse_bearer(request);
		return;
	}
	if (kind == CALLER_EXPIRED_TOKEN &&
	    switches_is(&emulator->switches, SWITCH_EXPIRED_STATUS, "as-bad"))
		kind = CALLER_BAD_TOKEN;
	if (kind == CALLER_BAD_TOKEN && below_organization)
		status = (int)switches_number(&emulator->switches, SWITCH_BAD_TOKEN_STATUS);
	reply_default_error(&request->reply, status);
}
