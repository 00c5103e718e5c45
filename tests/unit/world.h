/* SPDX-License-Identifier: MIT */
/*
 * world: a store on top of fake_http, with one organization, and bodies for answers.
 *
 * The organization is acme (id o1); its databases shop (d1) and blog (d2); its tokens ci (t1) and
 * web (t2), whose grants come with the list unless a test leaves them out.
 */
#ifndef PSCALEFS_TEST_WORLD_H
#define PSCALEFS_TEST_WORLD_H

#include "fake_http.h"

#include "base/clock.h"
#include "cache/store.h"
#include "mount/config.h"

#define ORGANIZATIONS "GET /v1/organizations?page=1"
#define DATABASES     "GET /v1/organizations/acme/databases?page=1"
#define TOKENS        "GET /v1/organizations/acme/service-tokens?page=1"
#define GET_TOKEN(id) "GET /v1/organizations/acme/service-tokens/" id
#define GRANTS(id)    "GET /v1/organizations/acme/service-tokens/" id "/grants?page=1"
#define CREATE        "POST /v1/organizations/acme/service-tokens {"
#define DELETE(id)    "DELETE /v1/organizations/acme/service-tokens/" id
#define GRANT(id)     "POST /v1/organizations/acme/service-tokens/" id "/access"
#define REVOKE(id)    "DELETE /v1/organizations/acme/service-tokens/" id "/access"

#define LIST(items)       "{\"type\":\"list\",\"current_page\":1,\"next_page\":null,\"data\":[" items "]}"
#define PAGE(next, items) "{\"next_page\":" next ",\"data\":[" items "]}"
#define ORGANIZATION(id, name)                                                                     \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"created_at\":\"2026-01-01T00:00:00.000Z\"}"
#define DATABASE(id, name) "{\"id\":\"" id "\",\"name\":\"" name "\",\"kind\":\"mysql\"}"
#define ON_DATABASE(scope, id, name)                                                               \
	"{\"access\":\"" scope "\",\"resource_type\":\"Database\",\"resource_id\":\"" id           \
	"\",\"resource_name\":\"" name "\"}"
#define ON_SHOP(scope) ON_DATABASE(scope, "d1", "shop")
#define ON_ACME(scope)                                                                             \
	"{\"access\":\"" scope "\",\"resource_type\":\"Organization\",\"resource_id\":\"o1\","     \
	"\"resource_name\":\"acme\"}"
#define TOKEN_BARE(id, name)                                                                       \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"created_at\":\"2026-01-14T10:19:23.000Z\"}"
#define TOKEN(id, name, accesses)                                                                  \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"created_at\":\"2026-01-14T10:19:23.000Z\","    \
	"\"service_token_accesses\":[" accesses "]}"
#define MADE(id, name)                                                                             \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"token\":\"pscale_tkn_" id                      \
	"\",\"service_token_accesses\":[]}"

struct world {
	struct clock clock;
	struct cache cache;
	struct config config;
	struct http *http;
	struct credential_refresh *credential_refresh;
	struct api *api;
	struct store *store;
	struct model *model;
};

void world_start(struct world *w);
void world_finish(struct world *w); /* drops what is still under way */
/* Run waiters until none is ready. */
void world_turn(struct world *w);
/* The same; and let time pass while no request is open and a waiter sleeps. */
void world_settle(struct world *w);
/* Fetch the list of organizations and return the organization. If `tokens` is not NULL, also fetch
 * its databases, and its tokens with this body. The requests for this are not counted. */
struct organization *world_acme(struct world *w, const char *tokens);
struct token *world_token(struct world *w, const char *id);

/* A waiter that needs a resource. */
struct needy {
	struct waiter waiter; /* first */
	struct resource *r;
	int result;
};
void needy_need(struct needy *n, struct world *w, struct resource *r);

#endif
