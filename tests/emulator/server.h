/* SPDX-License-Identifier: MIT */
/*
 * server: the two listening ports and the one loop that serves them.
 *
 * Everything runs in one thread, so nothing needs a lock. A request that must
 * wait is suspended and woken by a timer, never slept on; five hundred waiting
 * requests cost five hundred structs.
 */
#ifndef EMULATOR_SERVER_H
#define EMULATOR_SERVER_H

#include "emulator.h"
#include "timers.h"

#include <stdbool.h>
#include <stdint.h>

struct MHD_Daemon;
struct exchange;
struct control_call;

struct server {
	struct emulator *emulator;  /* borrowed */
	struct MHD_Daemon *api;     /* owned */
	struct MHD_Daemon *control; /* owned */
	struct timers timers;
	struct exchange *exchanges;   /* borrowed from the connections, linked */
	struct control_call *waiting; /* the same: calls of GET /wait */
	uint64_t connection_count;
	bool quit;
	bool stopping; /* what is held now is dropped */
	bool resumed;  /* a connection was woken since the last round */
};

struct server_options {
	uint16_t port, control_port; /* 0 for any */
	const char *certificate_pem; /* NULL for plain HTTP */
	const char *key_pem;
};

/* Opens both ports. Returns 0 or a negative errno; then nothing is left open. */
int server_init(struct server *server, struct emulator *emulator,
		const struct server_options *options);
void server_finish(struct server *server);

uint16_t server_port(const struct server *server);
uint16_t server_control_port(const struct server *server);

/* Serves until POST /quit, SIGTERM or SIGINT, which the caller has blocked. */
void server_run(struct server *server);

#endif
