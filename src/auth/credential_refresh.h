/* SPDX-License-Identifier: MIT */
/*
 * credential_refresh: the credential in use, and reading it again while mounted, from the source
 * of the first one.
 *
 * A file is read at once. The keyring may need time for its answer; the loop polls for it:
 *
 *               begin                  answered, or 30 s have passed
 *     RESTING ─────────▶ ASKING ─────────────────────────────────────▶ RESTING
 *                          │ after `patience_ms` the waiting calls fail, but the question
 *                          └ goes on: a user may still be typing the keyring's password
 *
 * After an attempt without success the keyring is not asked for some seconds, because a mount
 * whose login has ended may be used a lot. Owns all credentials but the first, and the question in
 * progress. Knows nothing of requests: their sender stores the generation of the credential they
 * use.
 */
#ifndef PSCALEFS_CREDENTIAL_REFRESH_H
#define PSCALEFS_CREDENTIAL_REFRESH_H

#include <stdint.h>

#include "auth/credential.h"

struct clock;
struct credential_refresh;

/*
 * `first` and `clock` are borrowed. `program`, borrowed, is executed to ask the keyring
 * (credential_find()). `patience_ms`: how long callers wait for it.
 */
struct credential_refresh *credential_refresh_new(const struct credential *first,
						  const char *program, int64_t patience_ms,
						  struct clock *clock);
void credential_refresh_free(struct credential_refresh *r); /* takes NULL; ends a question */
/* Call `over` when a question that was answered with WAIT has ended. Its `e` is NULL if the
 * credential in use is now the one that the source holds. */
void credential_refresh_listen(struct credential_refresh *r,
			       void (*over)(void *ctx, const struct error *e), void *ctx);

const struct credential *credential_refresh_credential(const struct credential_refresh *r);
/* The number of credentials before the one in use. */
unsigned credential_refresh_generation(const struct credential_refresh *r);
/* Wipe the older ones: no request uses them any more. */
void credential_refresh_drop_old(struct credential_refresh *r);

/*
 * Check for a new credential. 0: the credential in use is the one that the source holds. WAIT: the
 * source is being asked. -errno with a sentence: the old one stays in use; -ENOTSUP: the source
 * cannot be read again.
 */
int credential_refresh_begin(struct credential_refresh *r, struct error *e);
/* The same at a user's request (SIGHUP): immediately, and failures go to the log. */
void credential_refresh_now(struct credential_refresh *r);

/* For the loop. */
int credential_refresh_fd(const struct credential_refresh *r); /* to poll for input; -1: none */
/* How long the loop may sleep at most; -1: no limit. */
int64_t credential_refresh_sleep_ms(const struct credential_refresh *r);
void credential_refresh_turn(struct credential_refresh *r);

#endif
