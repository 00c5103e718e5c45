/* SPDX-License-Identifier: MIT */
/* run: one sequence on a mount and on a regular file at once; and a smaller one that fails as well. */
#ifndef ORACLE_RUN_H
#define ORACLE_RUN_H

#include "judge.h"

/* What was granted and revoked, and when by clock(). */
struct change {
	int64_t at;
	scopes added, removed;
};

/* pscalefs, however it is reached. */
struct subject {
	void *ctx;
	const struct mirror *mirror; /* may be NULL */
	/* `start` is granted, there are no scratch files, all processes of `alive` live and have
	 * nothing open. False: it cannot be brought about, which is a failure. */
	bool (*begin)(void *ctx, scopes start, const bool alive[PROCESSES]);
	/* False: it hangs. */
	bool (*call)(void *ctx, const struct call *c, struct result *out);
	/* What is granted once nothing is under way. */
	scopes (*granted)(void *ctx);
	bool looks; /* it opens the file for that */
	int64_t (*clock)(void *ctx);
	/* Since begin(), the oldest first. Borrowed. */
	const struct change *(*history)(void *ctx, size_t *n);
};

/* A failure: after which call (n: at the end), and why. */
struct failure {
	unsigned call;
	char why[512];
};

struct counts {
	uint64_t sequences, calls, used[DIFFERENCES];
	/* Given up before their end, as nothing more could be told: what they opened is open. */
	uint64_t lost;
};

bool run_sequence(const struct subject *on, const struct sequence *s, struct failure *f,
		  struct counts *counts);
/* Drops calls as long as it fails; false if it does not fail again in some tries. */
bool minimize(const struct subject *on, struct sequence *s, struct failure *f);
/* What was tried, and how often each difference was met. */
void counts_print(FILE *out, const struct counts *c);
void failure_print(FILE *out, const struct sequence *s, const struct failure *f);

#endif
