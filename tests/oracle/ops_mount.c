/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "auth/credential_refresh.h"
#include "mount/config.h"
#include "ops.h"

static struct mount {
	struct clock clock;
	struct cache cache;
	struct http http;
	struct config config;
	struct credential_refresh *credential_refresh;
	struct api *api;
	struct store *store;
	struct fs *fs;
	struct choices pace; /* whether PlanetScale is slow */
	bool alive;
} mount;
static uint64_t pace_seed;
static unsigned generation;

void mount_pace(uint64_t seed)
{
	pace_seed = seed;
}

static void run_ready(void)
{
	while (cache_run_ready(&mount.cache))
		continue;
}

/* Who sleeps is run, unless there is something to answer first. */
static void let_time_pass(void)
{
	while (list_empty(&mount.http.calls) && cache_sleep_ms(&mount.cache) >= 0) {
		mount.clock.mono_ms += cache_sleep_ms(&mount.cache);
		run_ready();
	}
}

static void answer_one(void)
{
	api_answer(container_of(mount.http.calls.next, struct http_call, link));
	run_ready();
}

static void settle(void)
{
	run_ready();
	let_time_pass();
	for (int i = 0; i < 1000 && !list_empty(&mount.http.calls); i++) {
		answer_one();
		let_time_pass();
	}
}

/* Until the caller has its reply, and sometimes no longer. */
static void run_until(const bool *replied)
{
	run_ready();
	for (int i = 0; i < 1000 && !*replied; i++) {
		let_time_pass();
		if (!*replied && !list_empty(&mount.http.calls))
			answer_one();
	}
	if (!chance(&mount.pace, 20))
		settle();
}

static struct secret *credential_header(void)
{
	static const char text[] = "id0:pscale_tkn_secret";
	static struct secret *header;

	if (header == NULL)
		header = secret_new(text, strlen(text));
	return header;
}

void mount_end(void)
{
	if (!mount.alive)
		return;
	vfs_end();
	settle();
	fs_stop(mount.fs, ENODEV);
	store_free(mount.store);
	fs_free(mount.fs);
	api_free(mount.api);
	credential_refresh_free(mount.credential_refresh);
	mount.config.credential.header = NULL;
	config_finish(&mount.config);
	mount.alive = false;
}

static bool on_begin(void *ctx, scopes start, const bool alive[PROCESSES])
{
	(void)ctx;
	(void)alive;
	mount_end();
	mount = (struct mount){.clock = {.mono_ms = 1000000, .wall_s = 1700000000}, .alive = true};
	mount.config = (struct config){
		.api_url = xstrdup("https://api.example"),
		.cache_ms = 30000,
		.timeout_ms = 30000,
		.credential = {.kind = CREDENTIAL_SERVICE_TOKEN,
			       .source = SOURCE_SERVICE_TOKEN_ENV,
			       .origin = xstrdup("the environment"),
			       .token_id = xstrdup("id0"),
			       .header = credential_header()},
	};
	fake_calls_init(&mount.http);
	cache_init(&mount.cache, &mount.clock, mount.config.cache_ms, false);
	mount.credential_refresh = credential_refresh_new(&mount.config.credential, NULL,
							  mount.config.timeout_ms, &mount.clock);
	mount.api = api_new(&mount.http, mount.credential_refresh);
	mount.store = store_new(mount.api, &mount.cache);
	const struct fs_parts parts = {.organization = mount.config.org,
				       .timeout_ms = mount.config.timeout_ms,
				       .ttl_s = mount.config.ttl_s,
				       .cache = &mount.cache,
				       .store = mount.store,
				       .sink = &vfs_sink};
	mount.fs = fs_new(&parts);
	choices_seed(&mount.pace, pace_seed);
	api_begin(start);
	vfs_begin(mount.fs, run_until, ++generation);
	return vfs_open_directory();
}

static bool on_call(void *ctx, const struct call *c, struct result *out)
{
	(void)ctx;
	vfs_call(c, out);
	return out->err != ETIMEDOUT;
}

static scopes on_granted(void *ctx)
{
	(void)ctx;
	settle();
	return api_granted();
}

static int64_t on_clock(void *ctx)
{
	(void)ctx;
	return api_now();
}

static const struct change *on_history(void *ctx, size_t *n)
{
	(void)ctx;
	return api_changes(n);
}

const struct subject mount_subject = {.begin = on_begin,
				      .call = on_call,
				      .granted = on_granted,
				      .clock = on_clock,
				      .history = on_history};
