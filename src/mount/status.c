/* SPDX-License-Identifier: MIT */
#include "mount/status.h"

#include "base/clock.h"
#include "base/macros.h"
#include "system/sandbox.h"

/* The permissions that a service token needs to manage tokens. (A login has those of its user.) */
static void print_rights(const struct store *store, struct buf *out)
{
	static const char *const permissions[] = {API_READ_DATABASES, API_READ_SERVICE_TOKENS,
						  "write_service_tokens", "delete_service_tokens"};
	static const struct {
		enum api_right right;
		const char *words;
	} lines[] = {
		{API_RIGHT_LACKING, "lacks"},
		{API_RIGHT_UNKNOWN, "unknown until used"},
	};

	for (size_t l = 0; l < ARRAY_LEN(lines); l++) {
		const char *before = ": ";
		buf_adds(out, lines[l].words);
		for (size_t i = 0; i < ARRAY_LEN(permissions); i++) {
			if (store_right(store, permissions[i]) != lines[l].right)
				continue;
			buf_addf(out, "%s%s", before, permissions[i]);
			before = " ";
		}
		buf_adds(out, *before == ':' ? ": nothing\n" : "\n");
	}
	if (store_right(store, API_READ_DATABASES) == API_RIGHT_DOUBTFUL)
		buf_adds(out, "shows no database, may lack: " API_READ_DATABASES "\n");
}

static const char *last_try(const struct resource *r)
{
	if (r->failure == NULL)
		return "";
	return resource_unreachable(&r->failure->error) ? ", PlanetScale cannot be reached"
							: ", the last request was refused";
}

static void print_requests(const struct status *status, struct buf *out)
{
	struct http_stats s = http_stats(status->http);
	int rate_per_minute = status->config->rate_per_minute;

	buf_addf(out, "requests sent: %10llu\n", (unsigned long long)s.sent);
	buf_addf(out, "requests failed: %10llu\n", (unsigned long long)s.failed);
	buf_addf(out, "requests running: %5u\n", s.running);
	buf_addf(out, "requests waiting: %5u\n", s.waiting);
	if (rate_per_minute > 0) {
		buf_addf(out, "requests left at once: %5d of %d a minute\n", s.rate_limit_left,
			 rate_per_minute);
		buf_addf(out, "rate in force: %5d a minute, reduced by %5d\n", s.rate_per_minute,
			 rate_per_minute - s.rate_per_minute);
	}
	buf_addf(out, "paused for: %6lld ms\n", (long long)s.paused_ms);
}

/* Numbers that change have a fixed width, so that the size that stat(2) shows is the size read. */
void status_print(void *ctx, struct buf *out)
{
	const struct status *status = ctx;
	const struct config *config = status->config;
	const struct credential *c = api_credential(status->api);
	struct model *model = store_model(status->store);

	buf_addf(out, "version: %s\n", PSCALEFS_VERSION);
	buf_addf(out, "api: %s\n", config->api_url);
	buf_addf(out, "credential: %s%s%s\n",
		 c->kind == CREDENTIAL_SERVICE_TOKEN ? "service token" : "login",
		 c->token_id != NULL ? " " : "", c->token_id != NULL ? c->token_id : "");
	buf_addf(out, "credential from: %s: %s\n", credential_source_name(c->source), c->origin);
	if (c->kind == CREDENTIAL_SERVICE_TOKEN)
		print_rights(status->store, out);
	buf_addf(out, "organization: %s\n", config->org != NULL ? config->org : "all");
	print_requests(status, out);
	buf_addf(out, "cache: %lld s%s\n", (long long)config->cache_ms / 1000,
		 config->offline ? ", older when PlanetScale cannot be reached" : "");
	if (model->organizations.has_data)
		buf_addf(
			out, "organizations known for: %10lld s%s\n",
			(long long)(clock_real_ms(status->clock) - model->organizations.landed_ms) /
				1000,
			last_try(&model->organizations));
	buf_addf(out, "secrets kept: %5zu\n", model->n_kept);
	if (model_unlocked(model) > 0)
		buf_addf(out, "secrets that may be swapped out: %5zu\n", model_unlocked(model));
	sandbox_print(out);
}
