/* SPDX-License-Identifier: MIT */
/*
 * lag: reads that are answered by a replica which has not heard of the
 * latest changes (switches read_lag_ms and replicas).
 *
 * It keeps the state as JSON after every change and makes a state of the past
 * from it for the time of one read. What the JSON of store.h leaves out (ids
 * of accesses, settings of databases, grants on deleted databases) is not the
 * same in the past.
 */
#ifndef EMULATOR_LAG_H
#define EMULATOR_LAG_H

#include "state.h"

#include <cjson/cJSON.h>

struct emulator;
struct request;

struct moment {
	int64_t since_ms; /* monotonic: it was so from then on */
	uint64_t number;
	cJSON *json; /* owned */
};

struct lag {
	struct moment *moments; /* owned, oldest first; none while nothing lags */
	size_t count;
	uint64_t next_number;
	uint64_t reads;
	struct state past; /* made from the moment past_number; 0 for none */
	uint64_t past_number;
};

void lag_finish(struct lag *lag);

/* The state has changed, or may be about to for the first time. */
void lag_note(struct emulator *emulator);
void lag_prepare(struct emulator *emulator);

/* Puts the state of the past in place of the present one, if a lagging replica answers this read
 * and knows the caller; lag_end undoes that and what the request holds of it. */
bool lag_begin(struct emulator *emulator, struct request *request);
void lag_end(struct emulator *emulator, struct request *request);

#endif
