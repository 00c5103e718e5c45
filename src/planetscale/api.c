/* SPDX-License-Identifier: MIT */
#include "planetscale/api.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_text.h"
#include "base/list.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "planetscale/decode.h"

struct api {
	struct http *http;                             /* borrowed */
	struct credential_refresh *credential_refresh; /* borrowed */
	struct list calls;
	struct list refused; /* calls that wait for a new credential */
	struct {
		const char *permission; /* an endpoint's `needs`; NULL: free */
		enum api_right right;
	} rights[5];
	unsigned rights_generation; /* of the credential that has these rights */
};

enum endpoint_name {
	LIST_ORGANIZATIONS,
	LIST_DATABASES,
	LIST_TOKENS,
	GET_TOKEN,
	LIST_GRANTS,
	LIST_AUDIT_LOG,
	CREATE_TOKEN,
	DELETE_TOKEN,
	GRANT,
	REVOKE,
};

/* The expected body of a successful answer. */
enum answer_shape {
	SHAPE_READ, /* not empty: the caller decodes all of it */
	SHAPE_EMPTY,
	SHAPE_LIST,
	SHAPE_SECRET, /* a new token, with its secret */
};

/*
 * The endpoints, as PlanetScale's API reference and its command line tool use them. In a path, {o}
 * is the organization and {t} the token's id. `needs`: the permission that a service token must
 * have. `success`: the documented statuses; /access is not documented, its statuses are those that
 * the command line tool expects. `not_found`: what a 404 means; ENOENT: the caller finds out what
 * is missing.
 */
struct endpoint {
	const char *method;
	const char *path;
	struct {
		int status;
		enum answer_shape shape;
	} success[2];
	bool repeatable;
	const char *doing;
	const char *needs;
	int not_found;
	bool by_cursor; /* its pages are asked for by a cursor, not by their number */
};

#define READ                                                                                       \
	{                                                                                          \
		{                                                                                  \
			200, SHAPE_READ                                                            \
		}                                                                                  \
	}

static const struct endpoint endpoints[] = {
	[LIST_ORGANIZATIONS] = {"GET", "/v1/organizations", READ, true, "list organizations", NULL,
				EREMOTEIO}, /* exists for every user: the address is wrong */
	[LIST_DATABASES] = {"GET", "/v1/organizations/{o}/databases", READ, true, "list databases",
			    API_READ_DATABASES, ENOENT},
	[LIST_TOKENS] = {"GET", "/v1/organizations/{o}/service-tokens", READ, true,
			 "list service tokens", API_READ_SERVICE_TOKENS, ENOENT},
	[GET_TOKEN] = {"GET", "/v1/organizations/{o}/service-tokens/{t}", READ, true,
		       "read the service token", API_READ_SERVICE_TOKENS, ENOENT},
	[LIST_GRANTS] = {"GET", "/v1/organizations/{o}/service-tokens/{t}/grants", READ, true,
			 "read the token's grants", API_READ_SERVICE_TOKENS, ENOENT},
	[LIST_AUDIT_LOG] = {"GET", "/v1/organizations/{o}/audit-log", READ, true,
			    "read the audit log", API_READ_AUDIT_LOGS, ENOENT, .by_cursor = true},
	[CREATE_TOKEN] = {"POST",
			  "/v1/organizations/{o}/service-tokens",
			  {{200, SHAPE_SECRET}},
			  false,
			  "create a service token",
			  "write_service_tokens",
			  EACCES}, /* the list of tokens was just read */
	[DELETE_TOKEN] = {"DELETE",
			  "/v1/organizations/{o}/service-tokens/{t}",
			  {{204, SHAPE_EMPTY}},
			  true,
			  "delete the service token",
			  "delete_service_tokens",
			  ENOENT},
	[GRANT] = {"POST",
		   "/v1/organizations/{o}/service-tokens/{t}/access",
		   {{200, SHAPE_LIST}, {201, SHAPE_LIST}},
		   true,
		   "grant access",
		   "write_service_tokens",
		   ENOENT},
	[REVOKE] = {"DELETE",
		    "/v1/organizations/{o}/service-tokens/{t}/access",
		    {{204, SHAPE_EMPTY}, {200, SHAPE_LIST}},
		    true,
		    "revoke access",
		    "write_service_tokens",
		    ENOENT},
};

struct api_call {
	struct list link;
	struct api *api; /* borrowed */
	const struct endpoint *endpoint;
	struct http_call *http; /* borrowed; NULL between two attempts */
	char *path;             /* owned */
	char *body;             /* owned; may be NULL */
	unsigned generation;    /* of the credential that it was sent with */
	bool again;             /* it was refused, and sent again with a new credential */
	struct list refused;    /* in the api's list */
	struct error *refusal;  /* owned; while it waits there */
	bool prefetch;
	int attempts_before; /* with the old credential, if they may have had an effect */
	api_done *done;
	void *ctx;
};

void api_reconnect(struct api *api)
{
	http_reconnect(api->http);
}

const struct credential *api_credential(const struct api *api)
{
	return credential_refresh_credential(api->credential_refresh);
}

/* --- the meaning of an answer ----------------------------------------------------------------- */

static const struct {
	int status;
	int err;
	const char *hint;
} meanings[] = {
	{400, EINVAL, NULL},
	{401, EKEYREJECTED, "log in again with `pscale auth login`, or renew the service token"},
	{403, EACCES, NULL},
	{404, ENOENT, NULL},
	{409, EEXIST, NULL},
	{422, EINVAL, NULL},
	{429, EAGAIN, "PlanetScale allows 600 requests a minute; try again later"},
};

/* Does it say "expired" for certain? "invalid or expired" does not count. */
static bool says_expired(const char *text)
{
	return strcasestr(text, "expired") != NULL && strcasestr(text, " or ") == NULL;
}

static void explain_refusal(const struct endpoint *p, const struct http_result *r, struct error *e)
{
	char code[sizeof(e->code)], message[300];
	int err = EREMOTEIO;
	const char *hint = r->status >= 500  ? "PlanetScale has a problem; try again later"
			   : r->status < 300 ? "did PlanetScale answer, or a proxy in between?"
					     : NULL;

	decode_refusal(r->body, r->body_len, code, sizeof(code), message, sizeof(message));
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		if (meanings[i].status == r->status) {
			err = meanings[i].err;
			hint = meanings[i].hint;
		}
	}
	if (err == ENOENT)
		err = p->not_found;
	if (err == EREMOTEIO && r->status == 404)
		hint = "the API has no such address: is the API URL right?";
	if (err == EKEYREJECTED && (says_expired(message) || says_expired(code)))
		err = EKEYEXPIRED;
	error_set(e, err, "cannot %s: PlanetScale answered %d%s%s", p->doing, r->status,
		  message[0] != '\0' ? ": " : "", message);
	e->http_status = r->status;
	memcpy(e->code, code, sizeof(code));
	if (err == EACCES && p->needs != NULL)
		error_hint(e, "a service token needs %s for this; a person, to be a member",
			   p->needs);
	else if (hint != NULL)
		error_hint(e, "%s", hint);
}

/* Is it the documented success, by status and body? Only this function decides that. */
static bool succeeded(const struct endpoint *p, const struct http_result *r)
{
	if (r->fate != HTTP_ANSWERED)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(p->success) && p->success[i].status != 0; i++) {
		if (p->success[i].status != r->status)
			continue;
		switch (p->success[i].shape) {
		case SHAPE_READ:
			return true;
		case SHAPE_EMPTY:
			return r->body_len == 0;
		case SHAPE_LIST:
			return decode_is_list(r->body, r->body_len);
		case SHAPE_SECRET:
			return decode_is_new_token(r->body, r->body_len);
		}
	}
	return false;
}

static void explain(const struct endpoint *p, const struct http_result *r, struct error *e)
{
	bool changes = p->success[0].shape != SHAPE_READ;

	if (r->fate != HTTP_ANSWERED) {
		*e = r->error;
		error_wrap(e, "cannot %s", p->doing);
	} else if (r->status >= 200 && r->status < 300 && (changes || succeeded(p, r))) {
		*e = (struct error){.http_status = r->status};
	} else {
		explain_refusal(p, r, e);
	}
	memcpy(e->request_id, r->request_id, sizeof(e->request_id));
}

/* --- calls ------------------------------------------------------------------------------------ */

static void api_call_free(struct api_call *c)
{
	struct api *api = c->api;

	list_remove(&c->link);
	list_remove(&c->refused);
	free(c->path);
	free(c->body);
	free(c->refusal);
	free(c);
	if (list_empty(&api->calls))
		credential_refresh_drop_old(api->credential_refresh);
}

static void api_call_send(struct api_call *c);

/* Was it sent with the credential that is in use now? */
static bool current(const struct api_call *c)
{
	return c->generation == credential_refresh_generation(c->api->credential_refresh);
}

static void send_again(struct api_call *c)
{
	c->again = true;
	api_call_send(c);
}

/* PlanetScale answers 404 below the organization to a service token that has ended. */
static bool may_have_ended(const struct credential *c, int status)
{
	return status == 401 || (status == 404 && c->kind == CREDENTIAL_SERVICE_TOKEN);
}

/*
 * A credential that ended may have been renewed. If that happened after the call was sent, the
 * credential in use is good, and no source is asked. True: the call goes on.
 */
static bool ask_again(struct api_call *c, const struct http_result *r)
{
	struct error ignored;

	if (c->again || !may_have_ended(api_credential(c->api), r->status))
		return false;
	c->attempts_before = r->attempts - 1;
	if (current(c) && credential_refresh_begin(c->api->credential_refresh, &ignored) == WAIT) {
		c->refusal = xmalloc(sizeof(*c->refusal));
		explain(c->endpoint, r, c->refusal);
		list_append(&c->api->refused, &c->refused);
		return true;
	}
	if (current(c))
		return false;
	send_again(c);
	return true;
}

static void refuse_call(struct api_call *c, const struct error *why)
{
	struct api_answer a = {.error = *c->refusal,
			       .body = "",
			       .fate = HTTP_ANSWERED,
			       .attempts = c->attempts_before + 1};

	if (why != NULL && why->hint[0] != '\0')
		error_hint(&a.error, "%s", why->hint);
	c->done(c->ctx, &a);
	api_call_free(c);
}

/* The keyring has answered or is too late. A callback may cancel other calls in this list. */
static void renewal_over(void *ctx, const struct error *e)
{
	struct api *api = ctx;
	struct list waited;

	list_init(&waited);
	list_splice(&waited, &api->refused);
	while (!list_empty(&waited)) {
		struct api_call *c = container_of(waited.next, struct api_call, refused);
		list_remove(&c->refused);
		if (current(c))
			refuse_call(c, e);
		else
			send_again(c);
	}
}

void api_learn(struct api *api, const char *permission, enum api_right right)
{
	if (api->rights_generation != credential_refresh_generation(api->credential_refresh))
		memset(api->rights, 0, sizeof(api->rights));
	api->rights_generation = credential_refresh_generation(api->credential_refresh);
	for (size_t i = 0; i < ARRAY_LEN(api->rights); i++) {
		if (api->rights[i].permission != NULL &&
		    !str_eq(api->rights[i].permission, permission))
			continue;
		api->rights[i].permission = permission;
		api->rights[i].right = right;
		return;
	}
}

/*
 * A 403 to a grant may also mean that the credential lacks the permission to be granted. Only for
 * the other endpoints does it mean that the endpoint's own permission is missing.
 */
static void learn_right(struct api *api, const struct endpoint *p, int status, bool held)
{
	bool lacking = status == 403 && p != &endpoints[GRANT] && p != &endpoints[REVOKE];

	if (p->needs != NULL && (held || lacking))
		api_learn(api, p->needs, held ? API_RIGHT_HELD : API_RIGHT_LACKING);
}

enum api_right api_right(const struct api *api, const char *permission)
{
	if (api->rights_generation != credential_refresh_generation(api->credential_refresh))
		return API_RIGHT_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(api->rights); i++)
		if (str_eq(api->rights[i].permission, permission))
			return api->rights[i].right;
	return API_RIGHT_UNKNOWN;
}

static void call_done(void *ctx, const struct http_result *r)
{
	struct api_call *c = ctx;
	struct api_answer a = {.body = r->body,
			       .len = r->body_len,
			       .fate = r->fate,
			       .attempts = c->attempts_before + r->attempts};

	c->http = NULL;
	if (r->fate == HTTP_ANSWERED && ask_again(c, r))
		return;
	a.done = succeeded(c->endpoint, r);
	if (current(c))
		learn_right(c->api, c->endpoint, r->status, a.done);
	explain(c->endpoint, r, &a.error);
	c->done(c->ctx, &a);
	api_call_free(c);
}

static void api_call_send(struct api_call *c)
{
	struct http_request r = {
		.method = c->endpoint->method,
		.path = c->path,
		.body = c->body,
		.authorization = api_credential(c->api)->header,
		.repeatable = c->endpoint->repeatable,
		.priority = c->prefetch ? HTTP_PREFETCH : HTTP_INTERACTIVE,
		.done = call_done,
		.ctx = c,
	};
	c->generation = credential_refresh_generation(c->api->credential_refresh);
	c->http = http_send(c->api->http, &r);
}

/* decode has refused names and cursors that cannot be encoded. */
static void add_encoded(const char *value, struct buf *path)
{
	bool fits = url_segment(value, path);

	assert(fits);
	(void)fits;
}

/* The endpoint's path with {o} and {t} filled in, and which page is asked for. */
static char *expand(const struct endpoint *endpoint, const struct api_target *t, int64_t page)
{
	struct buf path = BUF_INIT;

	for (const char *p = endpoint->path; *p != '\0'; p++) {
		if (*p != '{') {
			buf_addc(&path, *p);
			continue;
		}
		add_encoded(p[1] == 'o' ? t->organization : t->token_id, &path);
		p += 2;
	}
	if (endpoint->by_cursor) {
		buf_addf(&path, "?limit=%d", API_PER_PAGE);
		if (t->cursor != NULL) {
			buf_adds(&path, "&starting_after=");
			add_encoded(t->cursor, &path);
		}
	} else if (page > 0) {
		buf_addf(&path, "?page=%lld&per_page=%d", (long long)page, API_PER_PAGE);
	}
	return buf_take(&path);
}

static struct api_call *call(struct api *api, enum endpoint_name name, const struct api_target *t,
			     int64_t page, struct buf *body)
{
	struct api_call *c = xcalloc(1, sizeof(*c));

	c->api = api;
	c->endpoint = &endpoints[name];
	c->path = expand(c->endpoint, t, page);
	c->body = body != NULL ? buf_take(body) : NULL;
	c->prefetch = t->prefetch;
	c->done = t->done;
	c->ctx = t->ctx;
	list_append(&api->calls, &c->link);
	list_init(&c->refused);
	api_call_send(c);
	return c;
}

struct api_call *api_list_organizations(struct api *api, const struct api_target *t, int64_t page)
{
	return call(api, LIST_ORGANIZATIONS, t, page, NULL);
}

struct api_call *api_list_databases(struct api *api, const struct api_target *t, int64_t page)
{
	return call(api, LIST_DATABASES, t, page, NULL);
}

struct api_call *api_list_tokens(struct api *api, const struct api_target *t, int64_t page)
{
	return call(api, LIST_TOKENS, t, page, NULL);
}

struct api_call *api_get_token(struct api *api, const struct api_target *t)
{
	return call(api, GET_TOKEN, t, 0, NULL);
}

struct api_call *api_list_grants(struct api *api, const struct api_target *t, int64_t page)
{
	return call(api, LIST_GRANTS, t, page, NULL);
}

struct api_call *api_list_audit_log(struct api *api, const struct api_target *t, int64_t page)
{
	return call(api, LIST_AUDIT_LOG, t, page, NULL);
}

struct api_call *api_create_token(struct api *api, const struct api_target *t, const char *name,
				  int64_t ttl_s)
{
	struct buf body = BUF_INIT;

	buf_adds(&body, "{\"name\":");
	buf_add_json(&body, name);
	if (ttl_s > 0)
		buf_addf(&body, ",\"ttl\":%lld", (long long)ttl_s);
	buf_adds(&body, "}");
	return call(api, CREATE_TOKEN, t, 0, &body);
}

struct api_call *api_delete_token(struct api *api, const struct api_target *t)
{
	return call(api, DELETE_TOKEN, t, 0, NULL);
}

/* The empty string means the organization; the command line tool always sends the key. */
static void access_body(struct buf *body, const char *database, const struct scopes *scopes)
{
	buf_adds(body, "{\"database\":");
	buf_add_json(body, database != NULL ? database : "");
	buf_adds(body, ",\"access\":[");
	for (size_t i = 0; i < scopes->n; i++) {
		if (i > 0)
			buf_addc(body, ',');
		buf_add_json(body, scopes->v[i]);
	}
	buf_adds(body, "]}");
}

struct api_call *api_grant(struct api *api, const struct api_target *t, const char *database,
			   const struct scopes *scopes)
{
	struct buf body = BUF_INIT;

	access_body(&body, database, scopes);
	return call(api, GRANT, t, 0, &body);
}

struct api_call *api_revoke(struct api *api, const struct api_target *t, const char *database,
			    const struct scopes *scopes)
{
	struct buf body = BUF_INIT;

	access_body(&body, database, scopes);
	return call(api, REVOKE, t, 0, &body);
}

bool api_sent(const struct api_call *call)
{
	return call->http != NULL && http_sent(call->http);
}

void api_cancel(struct api_call *call)
{
	if (call->http != NULL)
		http_cancel(call->api->http, call->http);
	api_call_free(call);
}

void api_promote(struct api_call *call)
{
	call->prefetch = false;
	if (call->http != NULL)
		http_promote(call->http);
}

unsigned api_prefetch_room(const struct api *api)
{
	return http_prefetch_room(api->http);
}

struct api *api_new(struct http *http, struct credential_refresh *credential_refresh)
{
	struct api *api = xcalloc(1, sizeof(*api));

	api->http = http;
	api->credential_refresh = credential_refresh;
	list_init(&api->calls);
	list_init(&api->refused);
	credential_refresh_listen(credential_refresh, renewal_over, api);
	return api;
}

void api_free(struct api *api)
{
	if (api == NULL)
		return;
	list_for_each(pos, &api->calls)
		api_cancel(container_of(pos, struct api_call, link));
	free(api);
}
