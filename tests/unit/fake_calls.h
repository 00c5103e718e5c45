/* SPDX-License-Identifier: MIT */
/*
 * fake_calls: http.h in place of http.c: a list of open calls, which somebody else answers.
 *
 * Linked before the archive, so that http.o is not pulled in. Holds its callers to the contract of
 * http.h, and itself too: a call is over, and its memory gone, before its callback runs. Knows no
 * cmocka: the unit tests (fake_http) and the fuzzers stand on it.
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
	bool hold;         /* requests from now on wait in the queue: http_sent() is false */
	uint64_t sent;     /* requests, ever */
	unsigned cancelled;
	unsigned reconnected;
	/* Sees each request once it is in the list. May be NULL. */
	void (*on_send)(void *ctx, struct http_call *c);
	void *ctx; /* borrowed; for on_send */
};

struct http_call {
	struct list link;
	struct http_request r; /* path and body: owned copies */
	uint64_t number;       /* the n-th request, from 1 */
	bool sent, promoted;
	void *mark; /* borrowed; for whoever looks on */
};

void fake_calls_init(struct http *h);
/* "POST /v1/… {body}"; to be freed. */
char *fake_line(const struct http_call *c);
/* The call ends so; `body` is copied for the callback, the rest of the result is as given. */
void fake_end(struct http_call *c, const struct http_result *result, const char *body, size_t len);

#endif
