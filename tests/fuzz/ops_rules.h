/* SPDX-License-Identifier: MIT */
/*
 * ops_rules: what fuzz_ops holds pscalefs to. Each change of PlanetScale's stands for one request of
 * the kernel (or a release) that asked for it, names what that named, and takes and gives no more
 * than was written; and what a reply reports as done, PlanetScale has said since it was asked.
 *
 * ops_expect holds a change against what the kernel asked, where fs hands it to store; ops_changes
 * what reaches PlanetScale against that, and what is reported against the answers kept here.
 */
#ifndef PSCALEFS_FUZZ_OPS_RULES_H
#define PSCALEFS_FUZZ_OPS_RULES_H

#include <stdint.h>
#include <stdbool.h>

#include "fake_calls.h"
#include "ops_kernel.h"

void rules_begin(struct fs *fs, struct http *h);
void rules_end(void);

/* Before it runs, with all its arguments. */
void rules_asked(struct asked *a, const struct op *op);
void rules_replied(const struct asked *a, const struct op *op, int err); /* 0: done */
/* Where a file was opened or made, and the kernel wants it. */
void rules_opened(const struct asked *a, uint64_t file);
/* Releases it, too. */
void rules_release(uint64_t file);
/* Before the callback. */
void rules_answered(struct http_call *c, const struct http_result *r, const char *body);

/* Is an answer there to a request sent after the first `sent` ones: of a token's accesses, or
 * (NULL) of the list of tokens? With `scope`, one that says it. */
bool rules_heard(const char *token_id, uint64_t sent, const char *scope, bool get);

#endif
