/* SPDX-License-Identifier: MIT */
/*
 * exchange: one request on its way: arrival, log, fault, the call itself,
 * delay, answer or the lack of one.
 */
#ifndef EMULATOR_EXCHANGE_H
#define EMULATOR_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;
struct exchange;
struct server;

/* A new exchange for a request whose target was just read. */
struct exchange *exchange_new(struct server *server, struct MHD_Connection *connection,
			      const char *target);
void exchange_free(struct exchange *exchange);

/*
 * Takes the next piece of the request; *`size` becomes 0. Called with 0 at the
 * end of the request and each time the exchange was woken. Returns whether the
 * connection lives on.
 */
bool exchange_feed(struct exchange *exchange, const char *method, const char *data, size_t *size);

/* Wakes all that is held by a fault which has ended, or everything. */
void exchange_wake_held(struct server *server, bool everything);

#endif
