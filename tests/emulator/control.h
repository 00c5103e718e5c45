/* SPDX-License-Identifier: MIT */
/*
 * control: the second port, for tests: the request log, the history of
 * grants, faults, switches, the data behind the client's back, waiting, the
 * end. Plain HTTP and JSON, loopback only, no credentials.
 */
#ifndef EMULATOR_CONTROL_H
#define EMULATOR_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct MHD_Connection;
struct control_call;
struct server;

struct control_call *control_call_new(struct server *server, struct MHD_Connection *connection,
				      const char *target);
void control_call_free(struct control_call *call);

/* As exchange_feed. */
bool control_call_feed(struct control_call *call, const char *method, const char *data,
		       size_t *size);

/* Looks again at the calls that wait for requests. */
void control_log_grew(struct server *server);
void control_wake_all(struct server *server);

void control_print_help(FILE *out);

#endif
