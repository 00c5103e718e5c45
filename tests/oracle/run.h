/* SPDX-License-Identifier: MIT */
/* run: runs one sequence on a mount and on a regular file; finds a smaller one that also fails. */
#ifndef ORACLE_RUN_H
#define ORACLE_RUN_H

#include "judge.h"

/* What was granted and revoked at one time (of clock()). */
struct change {
	int64_t at;
	scopes added, removed;
};

/* The pscalefs under test, with or without a kernel. */
struct subject {
	void *ctx;
	const struct mirror *mirror; /* may be NULL */
	/* Set up: `start` is granted, there are no scratch files, the processes of `alive` live and
	 * have nothing open. False: this failed, and so does the test. */
	bool (*begin)(void *ctx, scopes start, const bool alive[PROCESSES]);
	/* False: it hangs. */
	bool (*call)(void *ctx, const struct call *c, struct result *out);
	/* What is granted once nothing is under way. */
	scopes (*granted)(void *ctx);
	bool looks; /* granted() opens the file */
	int64_t (*clock)(void *ctx);
	/* All changes since begin(), the oldest first. Borrowed. */
	const struct change *(*history)(void *ctx, size_t *n);
};

/* A failure: the call after which it was found (n: at the end), and the reason. */
struct failure {
	unsigned call;
	char why[512];
};

struct counts {
	uint64_t sequences, calls, used[DIFFERENCES];
	/* Sequences that were given up because the state was unknown; their files are still
	 * open. */
	uint64_t lost;
};

bool run_sequence(const struct subject *on, const struct sequence *s, struct failure *f,
		  struct counts *counts);
/* Removes calls as long as the sequence still fails; false if it does not fail again at all. */
bool minimize(const struct subject *on, struct sequence *s, struct failure *f);
/* How much was run, and how often each difference occurred. */
void counts_print(FILE *out, const struct counts *c);
void failure_print(FILE *out, const struct sequence *s, const struct failure *f);

#endif
