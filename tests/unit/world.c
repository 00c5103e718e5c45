/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "world.h"

#include "base/macros.h"
#include "base/xmalloc.h"

void world_start(struct world *w)
{
	static const char header[] = "id0:pscale_tkn_secret";

	*w = (struct world){.clock = {.mono_ms = 1000000, .wall_s = 1700000000}};
	w->config = (struct config){
		.api_url = xstrdup("https://api.example"),
		.cache_ms = 30000,
		.timeout_ms = 30000,
		.credential = {.kind = CREDENTIAL_SERVICE_TOKEN,
			       .source = SOURCE_SERVICE_TOKEN_ENV,
			       .origin = xstrdup("the environment"),
			       .token_id = xstrdup("id0"),
			       .header = secret_new(header, strlen(header))},
	};
	cache_init(&w->cache, &w->clock, w->config.cache_ms, false);
	w->http = fake_http_new();
	w->credential_refresh = credential_refresh_new(&w->config.credential, "the program",
						       w->config.timeout_ms, &w->clock);
	w->api = api_new(w->http, w->credential_refresh);
	w->store = store_new(w->api, &w->cache);
	w->model = store_model(w->store);
}

void world_finish(struct world *w)
{
	store_free(w->store);
	api_free(w->api);
	credential_refresh_free(w->credential_refresh);
	fake_http_free();
	config_finish(&w->config);
}

void world_turn(struct world *w)
{
	for (int i = 0; cache_run_ready(&w->cache); i++)
		assert_true(i < 100);
}

void world_settle(struct world *w)
{
	world_turn(w);
	while (fake_open() == 0 && cache_sleep_ms(&w->cache) >= 0) {
		w->clock.mono_ms += cache_sleep_ms(&w->cache);
		world_turn(w);
	}
}

static void needy_run(struct waiter *waiter)
{
	struct needy *n = container_of(waiter, struct needy, waiter);

	n->result = resource_need(n->r, waiter);
}

void needy_need(struct needy *n, struct world *w, struct resource *r)
{
	*n = (struct needy){.r = r};
	waiter_init(&n->waiter, &w->cache, needy_run);
	n->result = resource_need(r, &n->waiter);
}

static void fetch(struct world *w, struct resource *r, const char *request, const char *body)
{
	struct needy n;

	needy_need(&n, w, r);
	assert_int_equal(n.result, WAIT);
	fake_answer(request, 200, body);
	world_turn(w);
	assert_int_equal(n.result, 0);
}

struct organization *world_acme(struct world *w, const char *tokens)
{
	fetch(w, &w->model->organizations, ORGANIZATIONS, LIST(ORGANIZATION("o1", "acme")));
	struct organization *o = model_organization(w->model, "o1");
	if (tokens != NULL) {
		fetch(w, &o->tokens, TOKENS, tokens);
		fetch(w, &o->databases, DATABASES,
		      LIST(DATABASE("d1", "shop") "," DATABASE("d2", "blog")));
	}
	fake_forget();
	return o;
}

struct token *world_token(struct world *w, const char *id)
{
	return model_token(model_organization(w->model, "o1"), id);
}
