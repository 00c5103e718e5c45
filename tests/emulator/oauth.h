/* SPDX-License-Identifier: MIT */
/*
 * oauth: the device login of the CLI, on the same port as the API: it hands
 * out OAuth tokens that the API then accepts. The switches decide whether a
 * login succeeds; there is no user to ask and no browser.
 */
#ifndef EMULATOR_OAUTH_H
#define EMULATOR_OAUTH_H

#include "map.h"

#include <stddef.h>

struct emulator;
struct request;

struct device_login {
	char *code; /* owned */
	long long polls;
	struct device_login *next;
};

struct device_logins {
	struct device_login *list; /* owned */
};

void oauth_finish(struct device_logins *logins);

void oauth_authorize_device(struct emulator *emulator, struct request *request);
void oauth_token(struct emulator *emulator, struct request *request);
void oauth_revoke(struct emulator *emulator, struct request *request);
void oauth_token_info(struct emulator *emulator, struct request *request);

#endif
