/* SPDX-License-Identifier: MIT */
/*
 * seed: data to start with: a believable organization for people to look
 * at, or as many of everything as a test wants. The same seed gives the same.
 */
#ifndef EMULATOR_SEED_H
#define EMULATOR_SEED_H

#include "state.h"

struct seed_sizes {
	unsigned organizations; /* named acme, then acme-2, … */
	unsigned databases;     /* of each organization */
	unsigned tokens;        /* of each organization */
	unsigned grants;        /* resources each token has scopes on */
};

/* Reads "orgs=1,databases=4,tokens=10,grants=2"; what is not named stays. */
bool seed_parse(const char *text, struct seed_sizes *sizes);

void seed_sizes(struct state *state, const struct seed_sizes *sizes);
void seed_sample(struct state *state);

/* The fixed credentials: a token with all rights in the first organization, and a user. */
void seed_admin(struct state *state, const char *id, const char *secret);

#endif
