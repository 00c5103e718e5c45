/* SPDX-License-Identifier: MIT */
#include "http/probe.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "http/transfer.h"

#define CONTENT_MAX_BYTES ((size_t)64 << 20)

/* Until it has ended, or the time is over. */
static void wait_for_end(struct transfers *ts, struct transfer *t, struct clock *clock,
			 int64_t timeout_ms)
{
	int64_t end_ms = clock->mono_ms + timeout_ms;

	transfers_perform(ts);
	while (transfers_ended(ts) == NULL) {
		clock_tick(clock);
		if (clock->mono_ms >= end_ms) {
			error_set(&t->error, ETIMEDOUT, "no connection to %s could be made in time",
				  transfers_host(ts));
			transfer_cut(t);
			return;
		}
		transfers_poll(ts, NULL, 0, (int)(end_ms - clock->mono_ms));
		transfers_perform(ts);
	}
}

void probe_run(const char *base_url, const char *path, const char *ca_file, int64_t timeout_ms,
	       struct probe *out)
{
	const struct transfers_options options = {
		.base_url = base_url,
		.ca_file = ca_file,
		.user_agent = "pscalefs/" PSCALEFS_VERSION,
		.timeout_ms = 3 * timeout_ms, /* nothing is repeated: connecting may take it all */
		.body_max_bytes = CONTENT_MAX_BYTES,
	};
	struct transfer_steps steps = {0};
	struct transfer t = {.method = "GET", .path = path, .steps = &steps};
	struct clock clock = {0};

	*out = (struct probe){.date_s = -1};
	clock_tick(&clock);
	struct transfers *ts = transfers_new(&options, &clock, &out->error);
	if (ts == NULL)
		return;
	if (transfer_start(ts, &t))
		wait_for_end(ts, &t, &clock, timeout_ms);
	out->error = t.error;
	out->done[PROBE_NAME] = steps.name;
	out->done[PROBE_CONNECT] = steps.connection;
	out->done[PROBE_TLS] = steps.tls;
	out->done[PROBE_HTTP] = t.status != 0;
	memcpy(out->address, steps.address, sizeof(out->address));
	out->date_s = steps.date_s > 0 ? steps.date_s : -1;
	out->local_s = (int64_t)time(NULL);
	transfer_finish(&t);
	transfers_free(ts);
}
