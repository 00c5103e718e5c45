/* SPDX-License-Identifier: MIT */
/*
 * What was true when, by the emulator's events, and what can have been seen of it by a mount that
 * keeps answers for a while, and is given old ones.
 *
 * Times are as everywhere in the model; `from` and `to` belong to what is asked about.
 */
#ifndef MODEL_TRUTH_H
#define MODEL_TRUTH_H

#include "model.h"

/* Was there such a token at some time between, or all the time? */
bool alive_within(const struct token *t, int64_t from, int64_t to);
bool alive_throughout(const struct token *t, int64_t from, int64_t to);
/* Did no other operation write, or change, the same file meanwhile? */
bool alone(const struct record *r);
bool alone_until(const struct record *r, int64_t to); /* … and until then */
/* Can the scopes of `mask` have been seen as `set` has them, by r and for all that this mount knows
 * better? `was` the same of all of them, at one time unless answers are old. */
bool was_mixed(const struct token *t, int resource, const struct record *r, uint32_t set,
	       uint32_t mask);
bool was(const struct token *t, int resource, int64_t from, const struct record *r, uint32_t set);
/* Was it so? An old answer may be what it rests on, unless this mount knew better. */
bool kept_claim(const struct record *r, const struct token *t, const struct claim *c);
/* May a path have meant this token, for an operation that looked at `from` or later? */
bool meant(const struct token *t, int name, int64_t from, int64_t to);
/* From when on a read must be true that began at r->seen_from. */
int64_t since(const struct record *r, int name, int resource);
/* From when on a token of the name can have been seen, for this mount removed it. */
int64_t since_removed(const struct record *r, int name);
/* From when on the token must be seen, for this mount made it. */
int64_t made_before(const struct record *r, const struct token *t);
bool overlaps(const struct span *s, int64_t from, int64_t to);

#endif
