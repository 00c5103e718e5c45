/* SPDX-License-Identifier: MIT */
/*
 * handlers: the work behind each route, once routes.c has let it through.
 * A handler validates values, changes the state and fills in the reply.
 */
#ifndef EMULATOR_HANDLERS_H
#define EMULATOR_HANDLERS_H

#include "routes.h"

extern const struct field organization_patch_fields[];
extern const struct field database_create_fields[];
extern const struct field database_patch_fields[];
extern const struct field token_create_fields[];
extern const struct field access_fields[];

route_handler organizations_list, organizations_get, organizations_patch;
route_handler databases_list, databases_create, databases_get, databases_patch, databases_delete;
route_handler tokens_list, tokens_create, tokens_get, tokens_delete;
route_handler accesses_list, accesses_add, accesses_delete, accesses_grants;
route_handler audit_list;
route_handler user_get;

#endif
