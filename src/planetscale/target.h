/* SPDX-License-Identifier: MIT */
/*
 * target: the object of a request: an organization, one of its service tokens, one of its
 * databases.
 *
 * Given by ids, which stay valid over a wait; a pointer into the model does not. Each may be NULL:
 * not needed. With neither token nor database it is the organization; with both, what the token
 * may do on the database; with the token alone, the token, or what it may do on the organization.
 */
#ifndef PSCALEFS_TARGET_H
#define PSCALEFS_TARGET_H

#include <stdbool.h>

/* The strings are borrowed. A field that is documented as owned has a copy, made by target_copy()
 * and freed by target_finish(). */
struct target {
	const char *organization_id;
	const char *token_id;
	const char *database_id;
};

struct target target_copy(const struct target *t);
void target_finish(struct target *t); /* usable again, and empty */
bool target_equal(const struct target *a, const struct target *b);

#endif
