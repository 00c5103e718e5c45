/* SPDX-License-Identifier: MIT */
/*
 * grammar: parses the text of a `permissions` file and the lines of `create-token`.
 *
 *     line  = [ word { (blank | ",") word } ] [ "#" comment ]
 *     word  = scope | "+" scope | "-" scope          scope = [a-z0-9_]+
 *
 * Has no side effects and knows no token. A blank is a space, a tab, or a carriage return (editors
 * on other systems end lines with one).
 */
#ifndef PSCALEFS_GRAMMAR_H
#define PSCALEFS_GRAMMAR_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "planetscale/scopes.h"

/* What a piece of text grants and revokes. The last word about a scope counts: "a -a" revokes a. */
struct edit {
	struct scopes grant;  /* named without a sign or with "+" */
	struct scopes revoke; /* named with "-" */
	bool plain;           /* a scope was named without a sign */
	bool sign; /* a scope was named with "+" or "-": an edit, not the whole content */
};

/* Limit for the words of a text plus the scopes that the struct edit already has. */
#define GRAMMAR_WORDS_MAX 16384

/* clang-format off */
#define EDIT_INIT {SCOPES_INIT, SCOPES_INIT, false, false}
/* clang-format on */

void edit_finish(struct edit *e); /* frees; usable again */
/*
 * Add the words of `text` (any number of lines) to `e`. 0; or -EINVAL, with `e` unchanged and a
 * sentence that has the line number of the first invalid word and quotes it (cleaned, shortened).
 * NUL bytes are invalid. Commas and blanks may repeat; a "#" needs no blank before it.
 */
int grammar_parse(const char *text, size_t len, struct edit *e, struct error *err);

/* "NAME [ttl=90d]" for create-token. */
struct token_request {
	char *name;    /* owned; not empty */
	int64_t ttl_s; /* 0: does not expire */
};

/*
 * Parse one line; its newline may be missing. A name with blanks must be in double quotes; there
 * are no escapes. It is the name itself, not a file name: "team/ci" needs no encoding. The ttl
 * comes after the name, which is valid UTF-8 without control characters and has at most
 * FILE_NAME_MAX bytes. Otherwise -EINVAL with a sentence, and *out is unchanged.
 */
int grammar_token_request(const char *text, size_t len, struct token_request *out,
			  struct error *err);
/*
 * "90d", "3600", "12h", "30m", "2w", "45s": seconds, > 0 and at most 100 years; -EINVAL otherwise.
 * A bare number is seconds.
 */
int grammar_duration(const char *text, int64_t *out_s);

#endif
