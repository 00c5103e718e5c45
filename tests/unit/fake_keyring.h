/* SPDX-License-Identifier: MIT */
/*
 * fake_keyring: keyring.h for tests, in place of keyring.c: an reader that says what it is told to.
 * Linked before the archive, so that keyring.o is not pulled in.
 */
#ifndef PSCALEFS_TEST_FAKE_KEYRING_H
#define PSCALEFS_TEST_FAKE_KEYRING_H

#include <stdbool.h>

#include "unit.h"

#include "auth/keyring.h"

void fake_keyring_reset(void);  /* fails the test if an reader is left */
int fake_keyring_readers(void); /* started so far */
/* The reader has its answer: the login `token`, or what keyring_answer() shall return. */
void fake_keyring_holds(const char *token);
void fake_keyring_fails(int err);
/* No reader can be started from now on. */
void fake_keyring_vanishes(void);
/* An reader that was ended takes its time to go. */
void fake_keyring_lingers(bool lingers);

#endif
