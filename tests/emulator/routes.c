/* SPDX-License-Identifier: MIT */
#include "routes.h"

#include "auth.h"
#include "clock.h"
#include "emulator.h"
#include "grants.h"
#include "handlers.h"
#include "request.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"

#define ORGANIZATION "/v1/organizations/{organization}"
#define DATABASE     ORGANIZATION "/databases/{database}"
#define TOKEN        ORGANIZATION "/service-tokens/{token}"

/* clang-format off */
static const struct route table[] = {
	{"GET", "/v1/organizations", organizations_list,
	 ACCESS_ANYONE, NULL, "page per_page", NULL, false},
	{"GET", ORGANIZATION, organizations_get,
	 ACCESS_ORGANIZATION, "read_organization", "", NULL, false},
	{"PATCH", ORGANIZATION, organizations_patch,
	 ACCESS_ORGANIZATION_USER, NULL, "", organization_patch_fields, false},
	{"GET", ORGANIZATION "/databases", databases_list,
	 ACCESS_ORGANIZATION, NULL, "q page per_page", NULL, false},
	{"POST", ORGANIZATION "/databases", databases_create,
	 ACCESS_ORGANIZATION, "create_databases", "", database_create_fields, false},
	{"GET", DATABASE, databases_get,
	 ACCESS_ORGANIZATION, NULL, "", NULL, false},
	{"PATCH", DATABASE, databases_patch,
	 ACCESS_ORGANIZATION, NULL, "", database_patch_fields, false},
	{"DELETE", DATABASE, databases_delete,
	 ACCESS_ORGANIZATION, NULL, "", NULL, false},
	{"GET", ORGANIZATION "/service-tokens", tokens_list,
	 ACCESS_TOKENS, "read_service_tokens", "page per_page", NULL, false},
	{"POST", ORGANIZATION "/service-tokens", tokens_create,
	 ACCESS_TOKENS, "write_service_tokens", "", token_create_fields, false},
	{"GET", TOKEN, tokens_get,
	 ACCESS_TOKENS, "read_service_tokens", "", NULL, false},
	{"DELETE", TOKEN, tokens_delete,
	 ACCESS_TOKENS, "delete_service_tokens", "", NULL, false},
	{"GET", TOKEN "/access", accesses_list,
	 ACCESS_TOKEN_SCOPES, "read_service_tokens", "page per_page", NULL, false},
	{"POST", TOKEN "/access", accesses_add,
	 ACCESS_TOKEN_SCOPES, "write_service_tokens", "", access_fields, false},
	{"DELETE", TOKEN "/access", accesses_delete,
	 ACCESS_TOKEN_SCOPES, "write_service_tokens", "", access_fields, false},
	{"GET", TOKEN "/grants", accesses_grants,
	 ACCESS_TOKEN_SCOPES, "read_service_tokens", "page per_page", NULL, false},
	{"GET", ORGANIZATION "/audit-log", audit_list,
	 ACCESS_AUDIT_LOG, "read_audit_logs", "starting_after ending_before limit", NULL, false},
	{"GET", "/v1/user", user_get,
	 ACCESS_USER, NULL, "", NULL, false},
	{"POST", "/oauth/authorize_device", oauth_authorize_device,
	 ACCESS_PUBLIC, NULL, "", NULL, true},
	{"POST", "/oauth/token", oauth_token,
	 ACCESS_PUBLIC, NULL, "", NULL, true},
	{"POST", "/oauth/revoke", oauth_revoke,
	 ACCESS_PUBLIC, NULL, "", NULL, true},
	{"GET", "/oauth/token/info", oauth_token_info,
	 ACCESS_USER, NULL, "", NULL, false},
};
/* clang-format on */

static bool segment_matches(const char *pattern, size_t length, const char *segment)
{
	return *pattern == '{' || (strlen(segment) == length && !strncmp(pattern, segment, length));
}

static bool path_matches(const struct request *request, const char *pattern)
{
	for (size_t i = 0; i < request->segment_count; i++) {
		size_t length;

		if (*pattern++ != '/')
			return false;
		length = strcspn(pattern, "/");
		if (!segment_matches(pattern, length, request->segments[i]))
			return false;
		pattern += length;
	}
	return *pattern == '\0' && request->segment_count > 0;
}

const struct route *routes_find(struct request *request)
{
	bool path_known = false;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (!path_matches(request, table[i].pattern))
			continue;
		if (!strcmp(table[i].method, request->method))
			return &table[i];
		path_known = true;
	}
	request_violate(request, path_known ? "no %s on this path" : "unknown path, with %s",
			request->method);
	return NULL;
}

/* Steps of a call. Each returns whether the next may be taken; if not, the reply is set. */

static bool check_form(struct emulator *emulator, struct request *request)
{
	bool strict = switches_is(&emulator->switches, SWITCH_STRICT, "on");

	if (!request->violation || request->anonymous)
		return true;
	if (strict || (request->route && request->route->fields && !request->json)) {
		reply_error(&request->reply, 400, "bad_request", request->violation);
		return false;
	}
	if (!request->route) {
		reply_default_error(&request->reply, 404);
		return false;
	}
	return true;
}

static void add_retry_after(struct emulator *emulator, struct request *request, int64_t wait_ms)
{
	const char *form = switches_get(&emulator->switches, SWITCH_RETRY_AFTER);
	char text[64];

	if (!strcmp(form, "absent"))
		return;
	if (!strcmp(form, "date")) {
		time_t at = (time_t)((clock_wall_ms() + wait_ms + 999) / 1000);
		struct tm parts;

		gmtime_r(&at, &parts);
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	} else if (!strcmp(form, "decimal")) {
		snprintf(text, sizeof(text), "%.3f", (double)wait_ms / 1000);
	} else {
		snprintf(text, sizeof(text), "%lld", (long long)(wait_ms + 999) / 1000);
	}
	reply_header(&request->reply, "Retry-After", text);
}

static bool check_rate(struct emulator *emulator, struct request *request)
{
	long long limit = switches_number(&emulator->switches, SWITCH_RATE_LIMIT);
	int64_t window_ms = switches_number(&emulator->switches, SWITCH_RATE_WINDOW_MS);
	int64_t now_ms = clock_monotonic_ms();

	if (!limit)
		return true;
	if (now_ms - emulator->window_start_ms >= window_ms) {
		emulator->window_start_ms = now_ms;
		emulator->window_requests = 0;
	}
	if (++emulator->window_requests <= limit)
		return true;
	reply_default_error(&request->reply, 429);
	add_retry_after(emulator, request, emulator->window_start_ms + window_ms - now_ms);
	return false;
}

static bool check_credentials(struct emulator *emulator, struct request *request)
{
	struct caller *caller = &request->caller;

	auth_identify(emulator, request);
	if (request->route->access == ACCESS_PUBLIC)
		return true;
	if (caller->kind != CALLER_TOKEN && caller->kind != CALLER_BEARER) {
		auth_refuse(emulator, request);
		return false;
	}
	if (caller->token && switches_is(&emulator->switches, SWITCH_LAST_USED, "on"))
		caller->token->last_used_ms = state_now_ms(&emulator->state);
	if (request->route->access == ACCESS_USER && caller->token) {
		reply_default_error(&request->reply, 401);
		return false;
	}
	return true;
}

static bool below_organization(const struct request *request)
{
	return request->segment_count > 2 && !strcmp(request->segments[1], "organizations");
}

static bool check_membership(struct emulator *emulator, struct request *request)
{
	const struct token *token = request->caller.token;

	if (!below_organization(request))
		return true;
	request->organization = state_find_organization(&emulator->state, request->segments[2]);
	if (request->organization && (!token || token->organization == request->organization))
		return true;
	reply_default_error(&request->reply, 404);
	return false;
}

static bool reads_audit_log(const struct switches *switches, const struct token *token)
{
	return token ? grants_hold_organization(token, "read_audit_logs")
		     : switches_is(switches, SWITCH_BEARER_ROLE, "admin");
}

static bool check_permission(struct emulator *emulator, struct request *request)
{
	const struct switches *switches = &emulator->switches;
	const struct route *route = request->route;
	const struct token *token = request->caller.token;
	bool required = route->access != ACCESS_TOKEN_SCOPES ||
			switches_is(switches, SWITCH_REQUIRE_ACCESS_PERMISSION, "on");
	bool about_tokens = route->access == ACCESS_TOKENS || route->access == ACCESS_TOKEN_SCOPES;

	if (route->access == ACCESS_AUDIT_LOG && !reads_audit_log(switches, token)) {
		reply_default_error(&request->reply,
				    (int)switches_number(switches, SWITCH_AUDIT_DENIED));
		return false;
	}
	if (!token)
		return true;
	if (about_tokens && !switches_is(switches, SWITCH_SERVICE_TOKEN_ADMIN, "allowed")) {
		reply_default_error(&request->reply,
				    (int)switches_number(switches, SWITCH_SERVICE_TOKEN_ADMIN));
		return false;
	}
	if (route->access == ACCESS_ORGANIZATION_USER ||
	    (route->permission && required &&
	     !grants_hold_organization(token, route->permission))) {
		reply_default_error(&request->reply, 403);
		return false;
	}
	return true;
}

/* Whether the token may be asked for by its id: the unlisted ones do not exist. */
static bool token_visible(const struct emulator *emulator, const struct token *token,
			  const struct organization *organization)
{
	const struct switches *switches = &emulator->switches;

	if (token->organization != organization)
		return false;
	if (token->oauth && switches_is(switches, SWITCH_OAUTH_TOKENS, "hidden"))
		return false;
	if (token->admin && switches_is(switches, SWITCH_ADMIN_TOKEN, "hidden"))
		return false;
	return !state_token_expired(&emulator->state, token) ||
	       switches_is(switches, SWITCH_EXPIRED_TOKENS, "listed");
}

static bool find_objects(struct emulator *emulator, struct request *request)
{
	const struct token *caller = request->caller.token;
	bool found = true;

	if (!below_organization(request) || request->segment_count < 5)
		return true;
	if (!strcmp(request->segments[3], "service-tokens")) {
		request->token = state_find_token(&emulator->state, request->segments[4]);
		found = request->token &&
			token_visible(emulator, request->token, request->organization);
	} else {
		request->database =
			state_find_database(request->organization, request->segments[4]);
		found = request->database &&
			(!caller || grants_open_database(caller, request->database));
	}
	if (!found)
		reply_default_error(&request->reply, 404);
	return found;
}

/* Whether something else answers this change, and with what. */
static bool answered_elsewhere(const struct emulator *emulator, const struct request *request,
			       bool *undone)
{
	const char *how = switches_get(&emulator->switches, SWITCH_CHANGES_ANSWERED);

	*undone = strstr(how, "undone") != NULL;
	return (request->route->access == ACCESS_TOKENS ||
		request->route->access == ACCESS_TOKEN_SCOPES) &&
	       strcmp(request->method, "GET") != 0 && strcmp(how, "really") != 0;
}

static void answer_elsewhere(const struct emulator *emulator, struct reply *reply)
{
	static const char page[] = "<html><body>Please log in to the network</body></html>";
	const char *how = switches_get(&emulator->switches, SWITCH_CHANGES_ANSWERED);

	if (!strncmp(how, "202", 3)) {
		reply_empty(reply, 202);
		return;
	}
	reply_bytes(reply, 200, page, strlen(page));
	reply_header(reply, "Content-Type", "text/html");
}

/* Against the present state, or the one a lagging replica knows. */
static void run_in_state(struct emulator *emulator, struct request *request)
{
	static bool (*const steps[])(struct emulator *, struct request *) = {
		check_membership,
		check_permission,
		find_objects,
	};
	bool undone = false, elsewhere;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (!steps[i](emulator, request))
			return;
	}
	elsewhere = answered_elsewhere(emulator, request, &undone);
	if (!elsewhere || !undone) {
		emulator->audit.request = request;
		emulator->state.current_request = request->number;
		request->route->handle(emulator, request);
		emulator->state.current_request = 0;
		emulator->audit.request = NULL;
	}
	if (elsewhere && request->reply.status < 300)
		answer_elsewhere(emulator, &request->reply);
}

void routes_run(struct emulator *emulator, struct request *request)
{
	bool past;

	others_act(emulator);
	lag_prepare(emulator);
	if (!check_form(emulator, request) || !check_rate(emulator, request) ||
	    !check_credentials(emulator, request))
		return;
	past = lag_begin(emulator, request);
	run_in_state(emulator, request);
	if (past)
		lag_end(emulator, request);
	if (request->changed)
		lag_note(emulator);
}
