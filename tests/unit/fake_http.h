/* SPDX-License-Identifier: MIT */
/*
 * fake_http: fake_calls for unit tests: records what is sent, answers when told, and fails the test
 * that names a request which is not there. One http at a time.
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
/* "POST /v1/… {body}" of the n-th, from 0; fails the test if there is none. */
const char *fake_request(unsigned n);
void fake_forget(void);
unsigned fake_open(void); /* not answered or cancelled yet */
unsigned fake_cancelled(void);

/* The oldest open request that starts with `prefix` ("GET /v1/organizations?"); fails the test if
 * there is none. Same: has a byte of it left? All have, unless told otherwise. */
bool fake_has(const char *prefix);
void fake_hold(bool unsent); /* requests from now on wait in the queue: http_sent() is false */
void fake_sent(const char *prefix);
bool fake_was_promoted(const char *prefix);

/* Answer it, from "within http_turn". */
void fake_answer(const char *prefix, int status, const char *body);
void fake_answer_attempts(const char *prefix, int status, const char *body, int attempts);
/* It ended without an answer. */
void fake_fail(const char *prefix, enum http_fate fate, int err);

/* The credential that the oldest open request carries. */
const char *fake_authorization(const char *prefix);

#endif
