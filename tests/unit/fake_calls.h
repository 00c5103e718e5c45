/* SPDX-License-Identifier: MIT */
/*
 * fake_calls: implements http.h in place of http.c: a list of open calls, which the test answers.
 *
 * Linked before the archive, so that http.o is not linked. Checks that its callers keep the
 * contract of http.h, and keeps it itself: a call has ended, and is freed, before its callback
 * runs. Does not use cmocka, because the unit tests (by fake_http) and the fuzzers use it.
 */
#ifndef PSCALEFS_TEST_FAKE_CALLS_H
#define PSCALEFS_TEST_FAKE_CALLS_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "http/http.h"

struct http {
	struct list calls; /* open, the oldest first */
	bool hold;         /* new requests wait in the queue: http_sent() is false */
	uint64_t sent;     /* requests since the start */
	unsigned room;     /* what http_prefetch_room() returns */
	unsigned cancelled;
	unsigned reconnected;
	/* Called with each request when it is in the list. May be NULL. */
	void (*on_send)(void *ctx, struct http_call *c);
	void *ctx; /* borrowed; for on_send */
};

struct http_call {
	struct list link;
	struct http_request r; /* path and body: owned copies */
	uint64_t number;       /* the n-th request, from 1 */
	bool sent, promoted;
	void *mark; /* borrowed; for the user of this module */
};

void fake_calls_init(struct http *h);
/* "POST /v1/… {body}"; the caller frees it. */
char *fake_line(const struct http_call *c);
/* End the call with this result and a copy of `body`. */
void fake_end(struct http_call *c, const struct http_result *result, const char *body, size_t len);

#endif
