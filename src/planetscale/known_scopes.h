/* SPDX-License-Identifier: MIT */
/*
 * known_scopes: the permission names that PlanetScale documents, for hints and .pscalefs/scopes.
 *
 * Never used to refuse a name: PlanetScale may add permissions at any time, so only its answer
 * decides. Source: the API reference "Service tokens" and the endpoints' own pages.
 */
#ifndef PSCALEFS_KNOWN_SCOPES_H
#define PSCALEFS_KNOWN_SCOPES_H

#include "base/buf.h"

enum scope_level {
	SCOPE_ORGANIZATION,
	SCOPE_DATABASE
};

struct known_scope {
	const char *name;
	const char *description;
};

/* The table of one level, sorted by name; NULL-terminated by name. */
const struct known_scope *known_scopes_table(enum scope_level level);
const struct known_scope *known_scopes_find(enum scope_level level, const char *name);
/*
 * The known name of that level with the fewest edits to `name`, if few enough for a typing error
 * (2, or a quarter of its length); else NULL.
 */
const char *known_scopes_nearest(enum scope_level level, const char *name);
/*
 * One sentence of help for a name that was refused at `level`: that it belongs to the other level,
 * which known name is similar, or where the list is. Never empty.
 */
void known_scopes_advise(enum scope_level level, const char *name, struct buf *out);
/* The text of .pscalefs/scopes/<level>: "name<TAB>what it allows", one a line. */
void known_scopes_print(enum scope_level level, struct buf *out);

#endif
