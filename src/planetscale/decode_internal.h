/* SPDX-License-Identifier: MIT */
/*
 * decode_internal: what the files of decode share; no other file includes it.
 *
 * decode.c reads one object, decode_list.c pages of them.
 */
#ifndef PSCALEFS_DECODE_INTERNAL_H
#define PSCALEFS_DECODE_INTERNAL_H

#include <stddef.h>

#include "base/json.h"
#include "planetscale/decode.h"

/* The position in the answer, for messages: data[3].resource.id */
struct at {
	const struct at *up;
	const char *key; /* NULL: an element of an array */
	size_t index;
};

extern const struct at decode_at_data;

int decode_fail(const struct at *at, const char *what, struct error *e); /* -EREMOTEIO */

/* One object, which is at `at`. That of a token is changed: see token_record_read(). */
int decode_organization_at(struct cJSON *object, const struct at *at,
			   struct organization_record *out, struct error *e);
int decode_database_at(struct cJSON *object, const struct at *at, struct database_record *out,
		       struct error *e);
int decode_token_at(struct cJSON *object, const struct at *at, struct token_record *out,
		    struct error *e);
/* What is beside "data", which must be an array, and "next_page" a page. */
int decode_page_of(const struct cJSON *root, struct decode_page *page, struct error *e);

#endif
