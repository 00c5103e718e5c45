/* SPDX-License-Identifier: MIT */
/*
 * ops_rules: the rules that fuzz_ops checks. Each change at PlanetScale has one request of the
 * kernel (or release) that asked for it, has the same target, and grants and revokes no more than
 * was written. If a reply reports success, PlanetScale has confirmed it after the request arrived.
 *
 * ops_expect compares a change with the kernel's request when fs calls store. ops_changes compares
 * the requests to PlanetScale with that change, and the result with the answers stored here.
 */
#ifndef PSCALEFS_FUZZ_OPS_RULES_H
#define PSCALEFS_FUZZ_OPS_RULES_H

#include <stdint.h>
#include <stdbool.h>

#include "fake_calls.h"
#include "ops_kernel.h"

void rules_begin(struct fs *fs, struct http *h);
void rules_end(void);

/* To be called before the op runs, with all its arguments set. */
void rules_asked(struct asked *a, const struct op *op);
void rules_replied(const struct asked *a, const struct op *op, int err); /* 0: success */
/* A file was opened or created, and the kernel accepted the reply. */
void rules_opened(const struct asked *a, uint64_t file);
/* Also releases the file. */
void rules_release(uint64_t file);
/* To be called before the callback of the call. */
void rules_answered(struct http_call *c, const struct http_result *r, const char *body);

/* Has a request that was sent after the first `sent` ones been answered: for a token's accesses, or
 * (NULL) for the list of tokens? With `scope`: does such an answer have it? */
bool rules_heard(const char *token_id, uint64_t sent, const char *scope, bool get);

#endif
