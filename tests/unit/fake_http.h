/* SPDX-License-Identifier: MIT */
/*
 * fake_http: fake_calls for unit tests: records requests, answers them when the test says so, and
 * fails the test if it names a request that does not exist. One http at a time.
 */
#ifndef PSCALEFS_TEST_FAKE_HTTP_H
#define PSCALEFS_TEST_FAKE_HTTP_H

#include <stdbool.h>

#include "unit.h"

#include "http/http.h"

struct http *fake_http_new(void);
void fake_http_free(void); /* fails the test if a call is still open */

/* Requests sent so far, open or not, since the last fake_forget(). */
unsigned fake_count(void);
/* "POST /v1/… {body}" of the n-th request, from 0; fails the test if there is none. */
const char *fake_request(unsigned n);
void fake_forget(void);
unsigned fake_open(void); /* not answered or cancelled yet */
unsigned fake_cancelled(void);

/* `prefix` names the oldest open request that begins with it ("GET /v1/organizations?"). All
 * functions but fake_has() fail the test if there is none. */
bool fake_has(const char *prefix);
void fake_room(unsigned n);         /* what http_prefetch_room() returns from now on */
void fake_hold(bool unsent);        /* true: new requests wait in the queue, http_sent() is false */
void fake_sent(const char *prefix); /* http_sent() is true from now on */
bool fake_was_promoted(const char *prefix);

/* Answer it, as http_turn() would. */
void fake_answer(const char *prefix, int status, const char *body);
void fake_answer_attempts(const char *prefix, int status, const char *body, int attempts);
/* End it without an answer. */
void fake_fail(const char *prefix, enum http_fate fate, int err);

/* The credential that the oldest open request carries. */
const char *fake_authorization(const char *prefix);

#endif
