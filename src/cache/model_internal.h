/* SPDX-License-Identifier: MIT */
/*
 * model_internal: what the files of the model share; no other file includes it.
 *
 * model_tokens.c has the tokens of an organization and their order, model_permissions.c what they may
 * do; token_list.c applies a list of tokens.
 */
#ifndef PSCALEFS_MODEL_INTERNAL_H
#define PSCALEFS_MODEL_INTERNAL_H

#include <stdint.h>

#include "cache/model.h"

/* Frees what is known of the files of a token. */
void model_finish_permissions(struct token *t);

/* A new token brings its grants, if it has them, as its first data. It is not among the organization's
 * tokens yet. The record is moved in. */
struct token *model_token_adopt(struct organization *o, struct token_record *r, uint64_t started);
void model_token_free(struct token *t);
/* New data about a known token, moved in. Its grants are used only if no change of ours came in between. */
void model_token_update(struct token *t, struct token_record *r, uint64_t started);
/* Until now, `file_name` was that of `from`, which may be gone: see model_withheld(). */
void model_name_changed_hands(struct organization *o, const char *file_name,
			      const struct token *from);
/* The organization has other tokens than before. */
void model_tokens_changed(struct organization *o);

#endif
