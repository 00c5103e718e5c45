/* SPDX-License-Identifier: MIT */
/*
 * fake_keyring: implements keyring.h in place of keyring.c: a reader with answers that the test
 * sets. Linked before the archive, so that keyring.o is not linked.
 */
#ifndef PSCALEFS_TEST_FAKE_KEYRING_H
#define PSCALEFS_TEST_FAKE_KEYRING_H

#include <stdbool.h>

#include "unit.h"

#include "auth/keyring.h"

void fake_keyring_reset(void);  /* fails the test if a reader is left */
int fake_keyring_readers(void); /* how many were started */
/* The reader has an answer: the login `token`, or an error for keyring_answer() to return. */
void fake_keyring_holds(const char *token);
void fake_keyring_fails(int err);
/* No reader can be started from now on. */
void fake_keyring_vanishes(void);
/* A reader that was ended is not gone at once. */
void fake_keyring_lingers(bool lingers);

#endif
