/* SPDX-License-Identifier: MIT */
/*
 * target: what something is about: an organization, one of its service tokens, one of its databases.
 *
 * By id, which outlives a wait where a pointer into the model does not. Each may be NULL: not
 * needed. A target with neither token nor database is the organization; with both, what the token
 * may do on the database; with the token alone, the token, or what it may do on the organization.
 */
#ifndef PSCALEFS_TARGET_H
#define PSCALEFS_TARGET_H

#include <stdbool.h>

/* The strings are borrowed, or owned by what says so: made by target_copy(), freed by
 * target_finish(). */
struct target {
	const char *organization_id;
	const char *token_id;
	const char *database_id;
};

struct target target_copy(const struct target *t);
void target_finish(struct target *t); /* usable again, and names nothing */
bool target_equal(const struct target *a, const struct target *b);

#endif
