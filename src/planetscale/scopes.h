/* SPDX-License-Identifier: MIT */
/*
 * scopes: a sorted set of permission names (PlanetScale calls one an access; its users, a scope).
 *
 * Plain value type, even where sets share memory: does not know which names exist (known_scopes) or
 * which token has them (record, model).
 */
#ifndef PSCALEFS_SCOPES_H
#define PSCALEFS_SCOPES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct scopes {
	const char **v; /* of interned names; sorted by strcmp, without duplicates */
	unsigned n;
	unsigned room; /* of `v`, which is owned; 0: `v` is shared with other sets, or NULL */
};

/* clang-format off */
#define SCOPES_INIT {NULL, 0, 0}
/* clang-format on */

void scopes_finish(struct scopes *s); /* frees; usable again */
bool scopes_has(const struct scopes *s, const char *name);
bool scopes_add(struct scopes *s, const char *name);              /* false if it was there */
bool scopes_addn(struct scopes *s, const char *name, size_t len); /* a name ends at a NUL */
bool scopes_remove(struct scopes *s, const char *name);           /* false if it was not there */
void scopes_copy(struct scopes *to, const struct scopes *from);   /* replaces */
/* For a set that is kept, and will hardly change: sets with the same names share one array. */
void scopes_share(struct scopes *s);
bool scopes_equal(const struct scopes *a, const struct scopes *b);
bool scopes_subset(const struct scopes *a, const struct scopes *b);  /* is all of a in b? */
void scopes_merge(struct scopes *to, const struct scopes *from);     /* to = to ∪ from */
void scopes_subtract(struct scopes *to, const struct scopes *from);  /* to = to − from */
void scopes_intersect(struct scopes *to, const struct scopes *with); /* to = to ∩ with */
/* Append each name, with `separator` after each (in the file's text: '\n'). */
void scopes_print(const struct scopes *s, char separator, struct buf *out);
/* "a, b and c", for sentences. */
void scopes_list(const struct scopes *s, struct buf *out);

/* Could this be a scope at all: one or more of [a-z0-9_], at most SCOPE_NAME_MAX bytes? */
#define SCOPE_NAME_MAX 128
bool scope_valid(const char *name, size_t len);

#endif
