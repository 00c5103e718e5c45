/* SPDX-License-Identifier: MIT */
/*
 * random: one repeatable source of ids, secrets and orderings.
 *
 * The same seed gives the same ids in the same order of calls. It is not fit
 * for real secrets, and the emulator has none.
 */
#ifndef EMULATOR_RANDOM_H
#define EMULATOR_RANDOM_H

#include <stdint.h>

#define ID_LENGTH 12

struct random {
	uint64_t state;
};

void random_init(struct random *random, uint64_t seed);

uint64_t random_next(struct random *random);

/* A number below `limit`, which is not 0. */
unsigned random_below(struct random *random, unsigned limit);

/* Public id: 12 characters of a-z0-9. */
void random_id(struct random *random, char id[ID_LENGTH + 1]);

/* The same id each time for the same text. */
void derived_id(const char *text, char id[ID_LENGTH + 1]);

/* `prefix` and 43 characters of A-Za-z0-9_; the caller frees it. */
char *random_secret(struct random *random, const char *prefix);

#endif
