/* SPDX-License-Identifier: MIT */
/*
 * token_list: applies a list of tokens to the model, a slice at a time, because 50,000 of them take
 * hundreds of milliseconds.
 *
 *     SORTING (by id) ─▶ MERGING (with those that are known) ─▶ NAMING ─▶ applied
 *
 * Which tokens an organization has, and what they are called, changes in the last slice, all at once:
 * before that the model shows the list that it had. Only what is known of a token that stays, and stays
 * called so, is renewed one token after the other while the list is merged. It is as new as the rest of
 * the list, and remains true if the list is given up half way.
 *
 * The last slice costs what has changed in the list, not how long that is. What it leaves to be freed is
 * freed in slices, too.
 */
#ifndef PSCALEFS_TOKEN_LIST_H
#define PSCALEFS_TOKEN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/model.h"

/* Steps of one slice: comparisons, or tokens looked at. One takes about 0.1 µs, renewing a token 5 µs. */
#define TOKEN_LIST_SLICE 10000

struct token_list;

/* The records are moved out of `list`. */
struct token_list *token_list_new(struct token_records *list);
void token_list_free(struct token_list *l); /* takes NULL; applied or not */
/* A slice of what token_list_free() has to do for a list that was applied. True: done, and it is freed. */
bool token_list_bury(struct token_list *l);
/* The first part, which does not look at the model. True: done; else call it again. */
bool token_list_sort(struct token_list *l);
/* How many different tokens the list has; only after sorting. */
size_t token_list_different(const struct token_list *l);
/*
 * The rest. True: the list is applied, and the caller must call resource_landed(); else call it again,
 * unless the list has become outdated: whatever changes which tokens there are makes it so (see
 * resource_current()). `o` and `started` must be the same each time.
 */
bool token_list_apply(struct token_list *l, struct organization *o, uint64_t started);
/* Did it contradict what was just confirmed, and was corrected? Only after it was applied. */
bool token_list_contradicted(const struct token_list *l);

#endif
