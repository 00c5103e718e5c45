/* SPDX-License-Identifier: MIT */
/*
 * ops_planetscale: PlanetScale's side of fuzz_ops: the organization acme (o1) with the databases
 * shop (d1) and blog (d2), and service tokens that are made, granted, revoked and deleted as it is
 * asked; at the start ci (t1) and web (t2). It answers well, or with the troubles the input orders.
 */
#ifndef PSCALEFS_FUZZ_OPS_PLANETSCALE_H
#define PSCALEFS_FUZZ_OPS_PLANETSCALE_H

#include <stdbool.h>
#include <stddef.h>

#include "fake_calls.h"

enum planetscale_habits {
	PLANETSCALE_BARE = 1,  /* lists and tokens come without their accesses: there is /grants */
	PLANETSCALE_PAGED = 2, /* a token a page */
};

void planetscale_begin(struct http *h, unsigned habits);
void planetscale_end(void);
/* Answer one of the open calls as the input says, and all well with it or not. */
void planetscale_answer(void);
/* Answer this call as PlanetScale would. */
void planetscale_answer_well(struct http_call *c);
/* Somebody else changes something. */
void planetscale_meddle(void);

/* The next string of a JSON text without escapes: true, and *at is behind it. */
bool next_string(const char **at, const char **string, size_t *len);

#endif
