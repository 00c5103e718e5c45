/* SPDX-License-Identifier: MIT */
#include "oauth.h"

#include "emulator.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

#define MONTH_S 2592000

void oauth_finish(struct device_logins *logins)
{
	while (logins->list) {
		struct device_login *next = logins->list->next;

		free(logins->list->code);
		free(logins->list);
		logins->list = next;
	}
}

/* The value of a form field, which the caller frees, or NULL. */
static char *form_value(const struct request *request, const char *name)
{
	size_t length = strlen(name);
	const char *at = request->body_size ? request->body : NULL;

	while (at && *at) {
		const char *end = strchrnul(at, '&');

		if (!strncmp(at, name, length) && at[length] == '=') {
			size_t value_length = (size_t)(end - at) - length - 1;
			char *value = xcalloc(1, value_length + 1);

			if (percent_decode(at + length + 1, value_length, true, value))
				return value;
			free(value);
			return NULL;
		}
		at = *end ? end + 1 : end;
	}
	return NULL;
}

static void refuse(struct request *request, int status, const char *error, const char *description)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "error", error);
	cJSON_AddStringToObject(json, "error_description", description);
	reply_json(&request->reply, status, json);
}

void oauth_authorize_device(struct emulator *emulator, struct request *request)
{
	struct device_login *login;
	char *url, *complete;
	cJSON *json;

	login = xcalloc(1, sizeof(*login));
	login->code = random_secret(&emulator->state.random, "pscale_device_");
	login->next = emulator->device_logins.list;
	emulator->device_logins.list = login;

	url = xasprintf("%s/oauth/device", emulator->base_url);
	complete = xasprintf("%s?user_code=WXYZABCD", url);
	json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "device_code", login->code);
	cJSON_AddStringToObject(json, "user_code", "WXYZABCD");
	cJSON_AddStringToObject(json, "verification_uri", url);
	cJSON_AddStringToObject(json, "verification_uri_complete", complete);
	cJSON_AddNumberToObject(json, "expires_in", 1800);
	cJSON_AddNumberToObject(json, "interval", 1);
	free(url);
	free(complete);
	reply_json(&request->reply, 200, json);
}

static void hand_out(struct emulator *emulator, struct request *request)
{
	struct state *state = &emulator->state;
	char *token = random_secret(&state->random, "pscale_oauth_");
	char *refresh = random_secret(&state->random, "pscale_oauth_refresh_");
	cJSON *json = cJSON_CreateObject();

	state_add_bearer(state, token, "Ada", state_now_ms(state) + MONTH_S * 1000LL);
	cJSON_AddStringToObject(json, "access_token", token);
	cJSON_AddStringToObject(json, "token_type", "Bearer");
	cJSON_AddNumberToObject(json, "expires_in", MONTH_S);
	cJSON_AddStringToObject(json, "refresh_token", refresh);
	cJSON_AddStringToObject(json, "scope", "read_databases write_databases read_user");
	free(token);
	free(refresh);
	request->changed = true;
	reply_json(&request->reply, 200, json);
}

void oauth_token(struct emulator *emulator, struct request *request)
{
	static const struct {
		const char *value, *error, *description;
	} refusals[] = {
		{"denied", "access_denied", "The resource owner denied the request."},
		{"expired", "expired_token", "The device_code has expired."},
		{"slow_down", "slow_down", "Poll less often."},
	};
	char *code = form_value(request, "device_code");
	struct device_login *login = emulator->device_logins.list;
	const char *outcome = switches_get(&emulator->switches, SWITCH_DEVICE_LOGIN);

	while (login && (!code || strcmp(login->code, code) != 0))
		login = login->next;
	free(code);
	if (!login) {
		refuse(request, 400, "invalid_grant", "The device_code is not known.");
		return;
	}
	if (login->polls++ < switches_number(&emulator->switches, SWITCH_DEVICE_PENDING)) {
		refuse(request, 400, "authorization_pending", "The user has not answered yet.");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (!strcmp(refusals[i].value, outcome)) {
			refuse(request, 400, refusals[i].error, refusals[i].description);
			return;
		}
	}
	hand_out(emulator, request);
}

void oauth_revoke(struct emulator *emulator, struct request *request)
{
	char *token = form_value(request, "token");

	if (token)
		state_delete_bearer(&emulator->state, token);
	request->changed = token != NULL;
	free(token);
	reply_json(&request->reply, 200, cJSON_CreateObject());
}

void oauth_token_info(struct emulator *emulator, struct request *request)
{
	cJSON *json = cJSON_CreateObject();

	(void)emulator;
	cJSON_AddTrueToObject(json, "active");
	cJSON_AddStringToObject(json, "scope", "read_databases write_databases read_user");
	cJSON_AddStringToObject(json, "token_type", "Bearer");
	cJSON_AddStringToObject(json, "sub", request->caller.bearer->user_id);
	reply_json(&request->reply, 200, json);
}
