/* SPDX-License-Identifier: MIT */
/*
 * error: why something failed, as a value: an errno for the program, a sentence for the user.
 *
 * Filled in where the cause is known, given context by the callers (error_wrap), recorded once
 * where the reply is made. Text from outside is made printable here, so its readers need not do
 * that.
 */
#ifndef PSCALEFS_ERROR_H
#define PSCALEFS_ERROR_H

#include "base/macros.h"

struct error {
	int err;             /* positive errno; 0: no error */
	int http_status;     /* 0: no HTTP answer */
	char code[48];       /* the API's "code"; may be empty */
	char request_id[64]; /* the API's x-request-id; may be empty */
	char text[400];      /* one sentence, without newline; never a secret */
	char hint[240];      /* what to do next; may be empty */
};

/* Set errno and sentence, clearing the rest; returns -err, so `return error_set(…)`. */
int error_set(struct error *e, int err, const char *fmt, ...) printf_like(3, 4);
void error_hint(struct error *e, const char *fmt, ...) printf_like(2, 3);
/* Put "context: " before the sentence. */
void error_wrap(struct error *e, const char *fmt, ...) printf_like(2, 3);

#endif
