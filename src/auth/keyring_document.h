/* SPDX-License-Identifier: MIT */
/*
 * keyring_document: the JSON text that `pscale auth login` stores in the keyring.
 *
 * Pure, fuzzed; does not ask the keyring (keyring.h does). Source: the pscale CLI, which stores it
 * with the Go library 99designs/keyring.
 */
#ifndef PSCALEFS_KEYRING_DOCUMENT_H
#define PSCALEFS_KEYRING_DOCUMENT_H

#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"

/*
 * {"Key": …, "Data": "<base64 of the token>", …}: *token is the caller's to free. 0, or -EREMOTEIO
 * with a sentence such as `Data: a string expected` and *token untouched.
 */
int keyring_document_read(const char *body, size_t len, struct secret **token, struct error *e);

#endif
