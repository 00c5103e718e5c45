/* SPDX-License-Identifier: MIT */
/*
 * store: the whole state as JSON: for GET /state and for the file that
 * outlives a run.
 */
#ifndef EMULATOR_STORE_H
#define EMULATOR_STORE_H

#include "state.h"

#include <cjson/cJSON.h>

/* The caller frees it. */
cJSON *store_json(const struct state *state, bool with_secrets);

/* Fills an empty state. Returns whether the JSON was understood. */
bool store_load(struct state *state, const cJSON *json);

/* Both return 0 or a negative errno; a missing file is -ENOENT, a broken one -EINVAL. */
int store_save_file(const struct state *state, const char *path);
int store_load_file(struct state *state, const char *path);

#endif
