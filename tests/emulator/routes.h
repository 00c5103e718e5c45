/* SPDX-License-Identifier: MIT */
/*
 * routes: the table of everything the emulated API answers, and the order
 * in which a call is checked: form, credentials, membership, permission of the
 * organization, object. Validation and the work are the handlers'.
 */
#ifndef EMULATOR_ROUTES_H
#define EMULATOR_ROUTES_H

#include <cjson/cJSON.h>

#include <stdbool.h>

struct emulator;
struct request;

enum field_kind {
	FIELD_STRING,
	FIELD_STRING_OR_NULL,
	FIELD_INTEGER,
	FIELD_NUMBER_OR_NULL,
	FIELD_BOOLEAN,
	FIELD_STRINGS,
	FIELD_OBJECT,
};

/* One key a request body may have. A table ends with a NULL name. */
struct field {
	const char *name;
	enum field_kind kind;
};

enum route_access {
	ACCESS_PUBLIC,            /* no credentials */
	ACCESS_ANYONE,            /* any valid credential */
	ACCESS_USER,              /* an OAuth token; a service token gets 401 */
	ACCESS_ORGANIZATION,      /* a member of the organization, maybe with a permission */
	ACCESS_ORGANIZATION_USER, /* a user of the organization; a service token gets 403 */
	ACCESS_TOKENS,            /* the same, and service tokens may administer tokens */
	ACCESS_TOKEN_SCOPES,      /* the same, and the permission may not be required */
	ACCESS_AUDIT_LOG, /* the same as ACCESS_ORGANIZATION; users must be administrators */
};

typedef void route_handler(struct emulator *emulator, struct request *request);

struct route {
	const char *method;
	const char *pattern; /* {organization}, {database}, {token} bind a segment */
	route_handler *handle;
	enum route_access access;
	const char *permission;     /* of a service token on the organization, or NULL */
	const char *query;          /* keys the query may have, divided by spaces */
	const struct field *fields; /* keys the body may have; NULL when none is taken */
	bool form;                  /* the body is form-encoded, not JSON */
};

/* The route for method and path; notes a violation when there is none. */
const struct route *routes_find(struct request *request);

/* Checks and handles the request; afterwards its reply is complete. */
void routes_run(struct emulator *emulator, struct request *request);

#endif
