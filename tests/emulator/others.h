/* SPDX-License-Identifier: MIT */
/*
 * others: somebody else who uses PlanetScale at the same time and undoes
 * what was changed (switches undo_every and undo_ms).
 *
 * Nobody sees the state but by a request, so it is done when the next one
 * comes in.
 */
#ifndef EMULATOR_OTHERS_H
#define EMULATOR_OTHERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emulator;
struct token;
struct database;

struct undoing {
	int64_t due_ms; /* monotonic */
	char *token;    /* owned: its id */
	char *database; /* owned: its name; NULL for the organization */
	char **names;   /* owned, with owned strings */
	size_t count;
	bool granted; /* what is to be undone */
};

struct others {
	struct undoing *list; /* owned, in order */
	size_t count;
	uint64_t changes; /* seen so far */
};

void others_finish(struct others *others);

/* The scopes were granted to the token, or revoked, by a request. */
void others_notice(struct emulator *emulator, const struct token *token,
		   const struct database *database, const char *const *names, size_t count,
		   bool granted);

/* Does what is due. */
void others_act(struct emulator *emulator);

#endif
