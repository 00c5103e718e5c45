/* SPDX-License-Identifier: MIT */
/*
 * grammar: the text of a `permissions` file and of `create-token`, read into what it asks for.
 *
 *     line  = [ word { (blank | ",") word } ] [ "#" comment ]
 *     word  = scope | "+" scope | "-" scope          scope = [a-z0-9_]+
 *
 * Pure; sends nothing and knows no token. A blank is a space, a tab, or a carriage return (editors
 * on other systems end lines with one).
 */
#ifndef PSCALEFS_GRAMMAR_H
#define PSCALEFS_GRAMMAR_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "planetscale/scopes.h"

/* What a piece of text asks for. The last word about a scope wins: "a -a" revokes a. */
struct edit {
	struct scopes grant;  /* named plainly or with "+" */
	struct scopes revoke; /* named with "-" */
	bool plain;           /* some scope stood without a sign */
	bool sign;            /* some scope stood with "+" or "-": an edit, not the whole content */
};

/* Words of one text and scopes gathered before it; more is no permissions file. */
#define GRAMMAR_WORDS_MAX 16384

/* clang-format off */
#define EDIT_INIT {SCOPES_INIT, SCOPES_INIT, false, false}
/* clang-format on */

void edit_finish(struct edit *e); /* frees; usable again */
/*
 * Add the words of `text` (any number of lines) to `e`. 0, or -EINVAL with a sentence that quotes
 * the first impossible word (cleaned, shortened) and its line number, `e` then unchanged. NUL bytes
 * are impossible words. Commas and blanks may repeat; a "#" needs no blank before it.
 */
int grammar_parse(const char *text, size_t len, struct edit *e, struct error *err);

/* "NAME [ttl=90d]" for create-token. */
struct token_request {
	char *name;    /* owned; not empty */
	int64_t ttl_s; /* 0: does not expire */
};

/*
 * One line, trailing newline optional; a name may hold blanks when quoted with "…", and has no
 * escapes. It is the name itself, not a file name: "team/ci" needs no encoding. -EINVAL with a
 * sentence otherwise (*out then unchanged): the ttl must come after the name, which is valid UTF-8
 * without control characters and at most FILE_NAME_MAX bytes.
 */
int grammar_token_request(const char *text, size_t len, struct token_request *out,
			  struct error *err);
/*
 * "90d", "3600", "12h", "30m", "2w", "45s": seconds, > 0 and at most 100 years; -EINVAL otherwise.
 * A bare number is seconds.
 */
int grammar_duration(const char *text, int64_t *out_s);

#endif
