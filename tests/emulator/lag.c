/* SPDX-License-Identifier: MIT */
#include "lag.h"

#include "auth.h"
#include "clock.h"
#include "emulator.h"
#include "request.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

static void forget_past(struct lag *lag)
{
	if (lag->past_number)
		state_finish(&lag->past);
	lag->past_number = 0;
}

static void drop_moments(struct lag *lag, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cJSON_Delete(lag->moments[i].json);
	lag->count -= count;
	memmove(lag->moments, lag->moments + count, lag->count * sizeof(*lag->moments));
}

void lag_finish(struct lag *lag)
{
	if (lag->count)
		drop_moments(lag, lag->count);
	free(lag->moments);
	forget_past(lag);
	*lag = (struct lag){0};
}

static long long lag_ms(const struct emulator *emulator)
{
	return switches_number(&emulator->switches, SWITCH_READ_LAG_MS);
}

/* What it was like at that time: the last moment that had begun by then. */
static size_t moment_at(const struct lag *lag, int64_t at_ms)
{
	size_t at = 0;

	while (at + 1 < lag->count && lag->moments[at + 1].since_ms <= at_ms)
		at++;
	return at;
}

void lag_note(struct emulator *emulator)
{
	struct lag *lag = &emulator->lag;
	int64_t now_ms = clock_monotonic_ms();
	size_t old;

	if (!lag_ms(emulator))
		return;
	if (lag->count && (old = moment_at(lag, now_ms - lag_ms(emulator))))
		drop_moments(lag, old);
	lag->moments = xgrow(lag->moments, lag->count, sizeof(*lag->moments));
	lag->moments[lag->count++] =
		(struct moment){now_ms, ++lag->next_number, store_json(&emulator->state, true)};
}

void lag_prepare(struct emulator *emulator)
{
	struct lag *lag = &emulator->lag;

	if (!lag_ms(emulator) && lag->count)
		drop_moments(lag, lag->count);
	else if (!lag->count)
		lag_note(emulator);
}

static void exchange_states(struct emulator *emulator)
{
	struct state present = emulator->state;

	emulator->state = emulator->lag.past;
	emulator->lag.past = present;
}

static void make_past(struct emulator *emulator, const struct moment *moment)
{
	struct lag *lag = &emulator->lag;

	if (lag->past_number == moment->number)
		return;
	forget_past(lag);
	state_init(&lag->past, &emulator->switches, moment->number);
	store_load(&lag->past, moment->json);
	lag->past_number = moment->number;
}

/* Whether the replica whose turn it is lags: the first of several does not. */
static bool lags(struct emulator *emulator)
{
	long long replicas = switches_number(&emulator->switches, SWITCH_REPLICAS);
	uint64_t read = emulator->lag.reads++;

	return lag_ms(emulator) && emulator->lag.count &&
	       (replicas < 2 || read % (uint64_t)replicas != 0);
}

bool lag_begin(struct emulator *emulator, struct request *request)
{
	struct lag *lag = &emulator->lag;
	size_t at;

	if (strcmp(request->method, "GET") != 0 || request->segment_count < 2 ||
	    strcmp(request->segments[1], "organizations") != 0 || !lags(emulator))
		return false;
	at = moment_at(lag, clock_monotonic_ms() - lag_ms(emulator));
	if (at + 1 == lag->count)
		return false;
	make_past(emulator, &lag->moments[at]);
	exchange_states(emulator);
	auth_identify(emulator, request);
	if (request->caller.kind == CALLER_TOKEN || request->caller.kind == CALLER_BEARER)
		return true;
	exchange_states(emulator);
	auth_identify(emulator, request);
	return false;
}

void lag_end(struct emulator *emulator, struct request *request)
{
	exchange_states(emulator);
	request->organization = NULL;
	request->token = NULL;
	request->database = NULL;
	request->caller.token = NULL;
	request->caller.bearer = NULL;
}
