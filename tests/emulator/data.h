/* SPDX-License-Identifier: MIT */
/*
 * data: changes of the data that no client asked for: what a test does
 * behind the client's back. Nothing is validated but what would break the
 * state itself, so that unlikely data can be made.
 */
#ifndef EMULATOR_DATA_H
#define EMULATOR_DATA_H

#include <cjson/cJSON.h>

struct emulator;

/*
 * Runs one operation or an array of them. Returns what is wrong, which the
 * caller frees, or NULL; then *`result` describes the object it was about, or
 * is an array of such, owned by the caller.
 */
char *data_run(struct emulator *emulator, const cJSON *operations, cJSON **result);

/* The same for a fault; trouble goes to stderr. */
void data_run_quietly(struct emulator *emulator, const cJSON *operations);

#endif
