/* SPDX-License-Identifier: MIT */
/*
 * credential_refresh: the credential in use, and how another one is read while mounted, from where
 * the first came.
 *
 * A file is read at once. The keyring is asked, which may take its time; the loop polls for it:
 *
 *               begin                  answered, or 30 s have passed
 *     RESTING ─────────▶ ASKING ─────────────────────────────────────▶ RESTING
 *                          │ patience has passed: who waits is told to wait no longer,
 *                          └ while somebody may still be typing the keyring's password
 *
 * After it was asked in vain, it is left in peace for some seconds, for a mount whose login has
 * ended may be used a lot. Owns all credentials but the first, and what is under way. Knows nothing
 * of requests: whoever sends them remembers the generation of the credential that they carry.
 */
#ifndef PSCALEFS_CREDENTIAL_REFRESH_H
#define PSCALEFS_CREDENTIAL_REFRESH_H

#include <stdint.h>

#include "auth/credential.h"

struct clock;
struct credential_refresh;

/*
 * `first` and `clock` are borrowed. `program` asks the keyring (credential_find()), borrowed.
 * `patience_ms`: how long it makes sense to wait for it.
 */
struct credential_refresh *credential_refresh_new(const struct credential *first,
						  const char *program, int64_t patience_ms,
						  struct clock *clock);
void credential_refresh_free(struct credential_refresh *r); /* takes NULL; ends what is under way */
/* Tell when what was answered with WAIT is over: `e` is NULL if the credential in use is what the
 * source holds. */
void credential_refresh_listen(struct credential_refresh *r,
			       void (*over)(void *ctx, const struct error *e), void *ctx);

const struct credential *credential_refresh_credential(const struct credential_refresh *r);
/* How many there were before the one in use. */
unsigned credential_refresh_generation(const struct credential_refresh *r);
/* No request carries an older one any more: wipe them. */
void credential_refresh_drop_old(struct credential_refresh *r);

/*
 * See whether there is another. 0: the credential in use is what the source holds. WAIT: it is
 * being asked. -errno with a sentence: the old one stays; -ENOTSUP: there is nothing to ask.
 */
int credential_refresh_begin(struct credential_refresh *r, struct error *e);
/* The same, because a person wishes so (SIGHUP): at once, and failures go to the log. */
void credential_refresh_now(struct credential_refresh *r);

/* For the loop. */
int credential_refresh_fd(const struct credential_refresh *r); /* to poll for input; -1: none */
/* How long to sleep at most; -1: as long as you like. */
int64_t credential_refresh_sleep_ms(const struct credential_refresh *r);
void credential_refresh_turn(struct credential_refresh *r);

#endif
