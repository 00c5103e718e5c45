/* SPDX-License-Identifier: MIT */
/*
 * scopes: the permissions a service token may hold: name, level, text.
 *
 * Source: PlanetScale's reference of service token permissions and the
 * permission lists of single API operations, as of August 2026. Knowing a
 * name is all this does; who holds what is state.h, who needs what routes.c.
 */
#ifndef EMULATOR_SCOPES_H
#define EMULATOR_SCOPES_H

#include <stdbool.h>
#include <stddef.h>

enum scope_level {
	SCOPE_ORGANIZATION,
	SCOPE_DATABASE,
};

struct scope {
	const char *name;
	enum scope_level level;
	bool opens_database; /* any one such permission lets a token list and get the database */
	bool admin_only;     /* only an administrator may grant it */
	const char *description;
};

extern const struct scope scope_table[];
extern const size_t scope_count;

/* NULL for a name PlanetScale does not document. */
const struct scope *scope_find(const char *name);

/* The documented text, or words made from the name. Valid until the next call. */
const char *scope_describe(const char *name);

#endif
