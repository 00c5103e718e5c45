/* SPDX-License-Identifier: MIT */
/*
 * The input is what a kernel, callers and PlanetScale do, one after the other: the file system
 * without a kernel, over an HTTP that answers what the input says.
 *
 * Who does what is in ops_kernel and ops_planetscale, what has to be true in ops_rules. In the end
 * either the mount ends at once, or PlanetScale answers all that is open: then each op has ended,
 * and once the kernel has let go of everything nothing is left.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "fuzz.h"
#include "mount/config.h"
#include "ops_input.h"
#include "ops_kernel.h"
#include "ops_planetscale.h"
#include "ops_rules.h"

#define STEPS_MAX 400
/* More answers than this in the end, and something asks for ever. */
#define ANSWERS_MAX 2000

enum setting {
	NO_CACHE = 1,
	OFFLINE = 2,
	END_AT_ONCE = 4,
	BARE = 8,
	PAGED = 16,
	TTL = 32,
};

struct mount {
	struct clock clock;
	struct cache cache;
	struct http http;
	struct config config;
	struct credential_refresh *credential_refresh;
	struct api *api;
	struct store *store;
	struct fs *fs;
};

static void run_ready(struct mount *m)
{
	for (int i = 0; cache_run_ready(&m->cache); i++)
		CHECK(i < 1000);
}

static void step(struct mount *m)
{
	unsigned what = take();

	if (what < 110)
		kernel_ask();
	else if (what < 190)
		planetscale_answer();
	else if (what < 205)
		kernel_interrupt();
	else if (what < 220)
		kernel_release();
	else if (what < 228)
		kernel_forget();
	else if (what < 236)
		m->clock.mono_ms += (int64_t)take() * 1000;
	else if (what < 240)
		m->http.hold = !m->http.hold;
	else if (what < 243)
		fs_refresh(m->fs);
	else if (what < 246)
		(void)fs_poll_interrupted(m->fs);
	else if (what < 251)
		planetscale_meddle();
	/* Sometimes more comes in before anybody runs. */
	if (what % 4 != 3)
		run_ready(m);
}

/* The same each time: to lock and unlock memory takes longer than most executions. */
static struct secret *credential_header(void)
{
	static const char text[] = "id0:pscale_tkn_secret";
	static struct secret *header;

	if (header == NULL)
		header = secret_new(text, strlen(text));
	return header;
}

static void begin(struct mount *m, unsigned settings)
{
	*m = (struct mount){.clock = {.mono_ms = 1000000, .wall_s = 1700000000}};
	m->config = (struct config){
		.api_url = xstrdup("https://api.example"),
		.cache_ms = settings & NO_CACHE ? 0 : 30000,
		.timeout_ms = 30000,
		.offline = (settings & OFFLINE) != 0,
		.ttl_s = settings & TTL ? 3600 : 0,
		.credential = {.kind = CREDENTIAL_SERVICE_TOKEN,
			       .source = SOURCE_SERVICE_TOKEN_ENV,
			       .origin = xstrdup("the environment"),
			       .token_id = xstrdup("id0"),
			       .header = credential_header()},
	};
	log_set_level(getenv("PSCALEFS_FUZZ_DEBUG") != NULL ? LEVEL_DETAIL : LEVEL_ERROR);
	fake_calls_init(&m->http);
	cache_init(&m->cache, &m->clock, m->config.cache_ms, m->config.offline);
	m->credential_refresh = credential_refresh_new(&m->config.credential, NULL,
						       m->config.timeout_ms, &m->clock);
	m->api = api_new(&m->http, m->credential_refresh);
	m->store = store_new(m->api, &m->cache);
	const struct fs_parts parts = {.organization = m->config.org,
				       .timeout_ms = m->config.timeout_ms,
				       .ttl_s = m->config.ttl_s,
				       .cache = &m->cache,
				       .store = m->store,
				       .sink = &kernel_sink};
	m->fs = fs_new(&parts);
	kernel_begin(m->fs);
	planetscale_begin(&m->http, (settings & BARE ? PLANETSCALE_BARE : 0) |
					    (settings & PAGED ? PLANETSCALE_PAGED : 0));
	rules_begin(m->fs, &m->http);
}

/* Who sleeps is run, unless there is something to answer first. */
static void let_time_pass(struct mount *m)
{
	while (list_empty(&m->http.calls) && cache_sleep_ms(&m->cache) >= 0) {
		m->clock.mono_ms += cache_sleep_ms(&m->cache);
		run_ready(m);
	}
}

/* PlanetScale answers all, and that comes to an end. */
static void answer_all(struct mount *m)
{
	run_ready(m);
	let_time_pass(m);
	for (int i = 0; !list_empty(&m->http.calls); i++) {
		CHECK(i < ANSWERS_MAX);
		planetscale_answer_well(container_of(m->http.calls.next, struct http_call, link));
		run_ready(m);
		let_time_pass(m);
	}
}

static void unmount_slowly(struct mount *m)
{
	answer_all(m);
	m->clock.mono_ms += m->config.timeout_ms;
	run_ready(m);
	CHECK(kernel_all_replied());
	kernel_release_all();
	answer_all(m);
	CHECK(!fs_busy(m->fs) && list_empty(&m->fs->ops.live) && list_empty(&m->fs->files));
	list_for_each(pos, &m->fs->permissions.all) {
		const struct permissions_file *f = container_of(pos, struct permissions_file, link);
		/* What was due is committed: nobody stands in its way. */
		CHECK(f->text == NULL && f->committing == 0 && list_empty(&f->waiters));
	}
	kernel_forget_all();
	CHECK(m->fs->nodes.all.n == 1);
}

static void end(struct mount *m)
{
	fs_stop(m->fs, ENODEV);
	CHECK(kernel_all_replied());
	store_free(m->store);
	fs_free(m->fs);
	api_free(m->api);
	credential_refresh_free(m->credential_refresh);
	CHECK(list_empty(&m->http.calls));
	m->config.credential.header = NULL;
	config_finish(&m->config);
	rules_end();
	planetscale_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mount m;

	input_begin(data, size);
	unsigned settings = take();
	begin(&m, settings);
	for (int i = 0; i < STEPS_MAX && input_left() > 0; i++)
		step(&m);
	if ((settings & END_AT_ONCE) == 0)
		unmount_slowly(&m);
	end(&m);
	return 0;
}
