/* SPDX-License-Identifier: MIT */
/*
 * auth: who is calling: reads the Authorization header and looks the
 * credential up. What the caller may do is decided in routes.c.
 */
#ifndef EMULATOR_AUTH_H
#define EMULATOR_AUTH_H

struct emulator;
struct request;

/* Fills request->caller. */
void auth_identify(const struct emulator *emulator, struct request *request);

/* Answers a call whose credential is none, wrong or expired. */
void auth_refuse(const struct emulator *emulator, struct request *request);

#endif
