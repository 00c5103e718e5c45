/* SPDX-License-Identifier: MIT */
/*
 * decode: bytes of an answer to records, strictly; what is wrong is said with its JSON path.
 *
 * Pure, fuzzed, and with decode_json the only user of cJSON. Requires only what the file system
 * cannot do without ("data", "id", a name in a path); every other key may be absent, null or of
 * another type, and is then left out. Unknown keys are ignored. What a thing's text may be is not
 * judged here, but a string with a NUL fails, and so does an id that is not 1 to 64 bytes of
 * [A-Za-z0-9_-], or an organization called "", "." or "..", which no URL can carry.
 *
 * Strict where leaving out would mislead: "next_page" that is no page, an access without its name,
 * a grant without its accesses fail; a permission name may be any printable ASCII text without
 * blank, ',' and '#' that does not start with a sign, known to the grammar or not. An access that
 * does not say on what kind of resource it is ("resource_type") belongs in no file: a token's
 * accesses then count as absent, and grants fail.
 *
 * cJSON's memory is wiped before it is given back, whatever happened: an answer may hold a secret.
 *
 * Every function: 0, or -EREMOTEIO with a sentence such as `data[3].id: a string expected` and the
 * outputs untouched.
 */
#ifndef PSCALEFS_DECODE_H
#define PSCALEFS_DECODE_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"
#include "planetscale/record.h"

#define DECODE_DEPTH_MAX 64
#define DECODE_ITEMS_MAX 100000 /* of one list, all pages: more is nobody's organization */
/* Of these fewer: they are looked through one by one, while everybody waits. */
#define DECODE_ORGANIZATIONS_MAX 1000
#define DECODE_DATABASES_MAX     10000
#define DECODE_RESOURCES_MAX     10000 /* that one token may touch */
#define DECODE_SCOPES_MAX        1000  /* on one of them */

/*
 * Lists: an object with "data", whatever else of the wrapper is there. The first of several items
 * with one id is taken. The page's items are appended to `out`; *next_page is "next_page", or 0
 * where it is null or absent.
 */
int decode_organizations(const char *body, size_t len, struct organization_records *out,
			 int64_t *next_page, struct error *e);
int decode_databases(const char *body, size_t len, struct database_records *out, int64_t *next_page,
		     struct error *e);
int decode_tokens(const char *body, size_t len, struct token_records *out, int64_t *next_page,
		  struct error *e);

/* How many things the whole list has ("total_count"), as its last page says; -1 if it does not. */
int64_t decode_total(const char *body, size_t len);

int decode_organization(const char *body, size_t len, struct organization_record *out,
			struct error *e);
int decode_database(const char *body, size_t len, struct database_record *out, struct error *e);
int decode_token(const char *body, size_t len, struct token_record *out, struct error *e);
/*
 * The answer to the creation of a token: `token` must be there; *secret is the caller's to free.
 * Nothing else but a bad "id" fails here, for the secret would be lost: accesses that cannot be
 * read leave has_grants false.
 */
int decode_created_token(const char *body, size_t len, struct token_record *out,
			 struct secret **secret, struct error *e);

/* Is it what its name says, by its outermost keys? Such an answer comes from PlanetScale itself. */
bool decode_is_list(const char *body, size_t len);
bool decode_is_new_token(const char *body, size_t len); /* with its secret */

/*
 * GET …/grants: one element a resource, {"resource_type", …, "accesses": [{"access"}]}. Merged into
 * `out`.
 */
int decode_grants(const char *body, size_t len, struct grants *out, int64_t *next_page,
		  struct error *e);
/*
 * POST and GET …/access: one element an access, {"access", "resource": {…}} or with resource_* keys
 * beside. Merged into `out`, but for those without a type, which confirm nothing.
 */
int decode_accesses(const char *body, size_t len, struct grants *out, int64_t *next_page,
		    struct error *e);

/*
 * The body of a refusal, any of the shapes seen ({"code","message"}, {"error","error_description"},
 * {"errors":…}): its code and its words, cleaned and cut to size. Leaves both empty for HTML, "{}",
 * nothing or nonsense; never fails.
 */
void decode_refusal(const char *body, size_t len, char *code, size_t code_size, char *message,
		    size_t message_size);

#endif
