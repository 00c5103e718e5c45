/* SPDX-License-Identifier: MIT */
/*
 * ops_planetscale: PlanetScale's side of fuzz_ops: the organization acme (o1) with the databases
 * shop (d1) and blog (d2), and at the start the service tokens ci (t1) and web (t2). It creates
 * and deletes tokens, grants and revokes as requested; it answers correctly, or with the faults
 * that the input chooses.
 */
#ifndef PSCALEFS_FUZZ_OPS_PLANETSCALE_H
#define PSCALEFS_FUZZ_OPS_PLANETSCALE_H

#include <stdbool.h>
#include <stddef.h>

#include "fake_calls.h"

enum planetscale_habits {
	PLANETSCALE_BARE = 1,  /* lists and tokens have no accesses: they are in /grants */
	PLANETSCALE_PAGED = 2, /* one token per page */
};

void planetscale_begin(struct http *h, unsigned habits);
void planetscale_end(void);
/* Answer one of the open calls, correctly or with a fault, as the input says. */
void planetscale_answer(void);
/* Answer this call correctly. */
void planetscale_answer_well(struct http_call *c);
/* Make a change as another user would. */
void planetscale_meddle(void);

/* Find the next string of a JSON text without escapes: true, and *at is after it. */
bool next_string(const char **at, const char **string, size_t *len);

#endif
