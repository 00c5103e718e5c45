/* SPDX-License-Identifier: MIT */
/*
 * decode: bytes of an answer to records, strictly; an error names the JSON path of what is wrong.
 *
 * Pure, fuzzed. Requires only what the file system cannot work without ("data", "id", a name in a
 * path); every other key may be absent, null or of another type, and is then left out. Unknown
 * keys are ignored. The text of a value is not checked, except that these fail: a string with a
 * NUL; an id that is not 1 to 64 bytes of [A-Za-z0-9_-]; an organization called "", "." or "..",
 * which cannot be in a URL.
 *
 * Strict where leaving out would give a wrong picture: a "next_page" that is not a page, an access
 * without its name, and a grant without its accesses fail. A permission name may be any printable
 * ASCII text without blank, ',' and '#' that does not start with a sign, known to the grammar or
 * not. An access that does not give its kind of resource ("resource_type") cannot be put in any
 * file: a token's accesses then count as absent, and grants fail.
 *
 * A list is parsed item by item, so no more than one of them takes memory as a tree (json_list).
 * cJSON's memory is wiped before it is freed in every case, because an answer may hold a secret.
 *
 * Every function: 0, or -EREMOTEIO with a sentence such as `data[3].id: a string expected` and the
 * outputs unchanged.
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
#define DECODE_ITEMS_MAX 100000 /* of one list, all pages; no real organization has more */
/* Fewer of these: they are searched one by one, and all callers wait meanwhile. */
#define DECODE_ORGANIZATIONS_MAX 1000
#define DECODE_DATABASES_MAX     10000
#define DECODE_RESOURCES_MAX     10000 /* that one token may touch */
#define DECODE_SCOPES_MAX        1000  /* on one of them */

/* What a page says of the list that it is part of. */
struct decode_page {
	int64_t next;  /* "next_page"; 0 if it is null or absent: this is the last one */
	int64_t total; /* "total_count", how many items the whole list has; -1 if not given */
	int64_t pages; /* "total_pages", how many pages; -1 if not given */
};

/*
 * Lists: an object with "data"; other keys beside it are ignored. Of several items with one id the
 * first counts, but each must be one. The page's items are appended to `out`.
 */
int decode_organizations(const char *body, size_t len, struct organization_records *out,
			 struct decode_page *page, struct error *e);
int decode_databases(const char *body, size_t len, struct database_records *out,
		     struct decode_page *page, struct error *e);
int decode_tokens(const char *body, size_t len, struct token_records *out, struct decode_page *page,
		  struct error *e);

/*
 * A page of the audit log: a list that is paged by cursors. `after` is the cursor by which the page
 * was asked for; NULL: the first page. *cursor, owned by the caller, asks for the next page; NULL
 * after the last. "has_next" must be there, and a next page must have another cursor. An item that
 * `after` names is left out: it may be the last of the page before. Each item needs an id, a
 * "created_at" and an action ("audit_action" or "action").
 */
int decode_audit_log(const char *body, size_t len, const char *after, struct audit_records *out,
		     char **cursor, struct error *e);

/* The same for a page of tokens, in slices: 100 of them on ten databases take 8 ms. */
struct decode_tokens;
#define DECODE_TOKENS_SLICE 20 /* tokens */
/* The pages before had `had` tokens. NULL, and the reason: it cannot be decoded. */
struct decode_tokens *decode_tokens_open(const char *body, size_t len, size_t had, struct error *e);
int decode_tokens_slice(struct decode_tokens *d, bool *done, struct error *e);
/* When it is done: append them to `out`. */
void decode_tokens_take(struct decode_tokens *d, struct token_records *out,
			struct decode_page *page);
void decode_tokens_free(struct decode_tokens *d); /* takes NULL; at any time */

int decode_organization(const char *body, size_t len, struct organization_record *out,
			struct error *e);
int decode_database(const char *body, size_t len, struct database_record *out, struct error *e);
int decode_token(const char *body, size_t len, struct token_record *out, struct error *e);
/*
 * The answer to the creation of a token: `token` must be there; *secret is owned by the caller.
 * Apart from that only a bad "id" fails, because the secret would be lost with a failure: if
 * accesses cannot be read, has_grants is false.
 */
int decode_created_token(const char *body, size_t len, struct token_record *out,
			 struct secret **secret, struct error *e);

/* Do the outermost keys show a list, or a new token? Then it comes from PlanetScale. */
bool decode_is_list(const char *body, size_t len);
bool decode_is_new_token(const char *body, size_t len); /* with its secret */

/*
 * GET …/grants: one element for each resource, {"resource_type", …, "accesses": [{"access"}]}.
 * Merged into `out`.
 */
int decode_grants(const char *body, size_t len, struct grants *out, struct decode_page *page,
		  struct error *e);
/*
 * POST and GET …/access: one element for each access, {"access", "resource": {…}} or with
 * resource_* keys beside it. Merged into `out`, except those without a type, which confirm
 * nothing.
 */
int decode_accesses(const char *body, size_t len, struct grants *out, struct decode_page *page,
		    struct error *e);

/*
 * The body of a refusal, in any of the shapes seen ({"code","message"}, {"error",
 * "error_description"}, {"errors":…}): its code and its text, cleaned and cut to size. Both are
 * empty for HTML, "{}", an empty body or invalid JSON; never fails.
 */
void decode_refusal(const char *body, size_t len, char *code, size_t code_size, char *message,
		    size_t message_size);

#endif
