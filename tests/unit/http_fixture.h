/* SPDX-License-Identifier: MIT */
/*
 * http_fixture: a client, a server that misbehaves on purpose, and the results that callers got.
 */
#ifndef PSCALEFS_HTTP_FIXTURE_H
#define PSCALEFS_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "http/http.h"
#include "script_server.h"

#define PATIENCE_MS 10000 /* valgrind is slow */

struct fixture {
	struct server server;
	struct clock clock;
	struct http *http;
	bool stopped;
};

struct outcome {
	int done; /* how often the callback ran */
	struct http_result result;
	char body[4096];
	int order;
	struct fixture *fixture;
	struct http_call **cancel; /* a call to cancel from the callback */
	struct outcome *then;      /* a call to send from the callback */
};

static int order;

static inline void start(struct fixture *f, const struct http_options *options,
			 const struct step *steps, size_t n)
{
	struct http_options o = {0};
	char url[64];
	struct error e;

	memset(f, 0, sizeof(*f));
	server_start(&f->server, steps, n);
	if (options != NULL)
		o = *options;
	bool tls = str_eq(o.base_url, "https");
	snprintf(url, sizeof(url), "%s://127.0.0.1:%d", tls ? "https" : "http", f->server.port);
	o.base_url = o.base_url == NULL || tls ? url : o.base_url;
	o.user_agent = "pscalefs-test";
	o.timeout_ms = o.timeout_ms == 0 ? PATIENCE_MS : o.timeout_ms;
	clock_tick(&f->clock);
	f->http = http_new(&o, &f->clock, &e);
	assert_non_null(f->http);
	order = 0;
}
#define START(f, options, ...)                                                                     \
	static const struct step steps[] = {__VA_ARGS__};                                          \
	start(f, options, steps, ARRAY_LEN(steps))

/* Also ends the server's thread: its log may be read afterwards. */
static inline void stop(struct fixture *f)
{
	http_free(f->http);
	f->http = NULL;
	server_stop(&f->server);
}

static inline void on_done(void *ctx, const struct http_result *result);

static inline struct http_call *request(struct fixture *f, struct outcome *o, struct http_request r)
{
	memset(o->body, 0, sizeof(o->body));
	o->fixture = f;
	r.path = r.path == NULL ? "/v1/x" : r.path;
	r.done = on_done;
	r.ctx = o;
	return http_send(f->http, &r);
}
#define GET(...)  ((struct http_request){.method = "GET", .repeatable = true, __VA_ARGS__})
#define POST(...) ((struct http_request){.method = "POST", .body = "{}", __VA_ARGS__})

static inline void on_done(void *ctx, const struct http_result *result)
{
	struct outcome *o = ctx;

	o->done++;
	o->order = ++order;
	o->result = *result;
	assert_int_equal(strlen(result->body), result->body_len);
	snprintf(o->body, sizeof(o->body), "%s", result->body);
	o->result.body = NULL;
	if (o->cancel != NULL)
		http_cancel(o->fixture->http, *o->cancel);
	if (o->then != NULL)
		request(o->fixture, o->then, GET());
}

static inline bool turn_until(struct fixture *f, int64_t ms, const int *flag,
			      const atomic_int *count, int value)
{
	int64_t end = server_now_ms() + ms;

	while (server_now_ms() < end) {
		http_turn(f->http);
		if ((flag != NULL && *flag >= value) ||
		    (count != NULL && atomic_load(count) >= value))
			return true;
		http_poll(f->http, NULL, 0, 5);
	}
	return false;
}

static inline void await(struct fixture *f, const struct outcome *o)
{
	assert_true(turn_until(f, PATIENCE_MS, &o->done, NULL, 1));
	assert_int_equal(o->done, 1);
}

static inline void await_requests(struct fixture *f, int n)
{
	assert_true(turn_until(f, PATIENCE_MS, NULL, &f->server.requests, n));
}

static inline int requests_with(const struct fixture *f, const char *text)
{
	int n = 0;

	for (int i = 0; i < f->server.requests && i < REQUESTS_MAX; i++)
		n += strstr(f->server.log[i].text, text) != NULL;
	return n;
}

static inline void assert_answered(const struct outcome *o, int status, const char *body)
{
	assert_int_equal(o->result.fate, HTTP_ANSWERED);
	assert_int_equal(o->result.status, status);
	assert_int_equal(o->result.error.err, 0);
	assert_string_equal(o->body, body);
}

static inline void assert_failed(const struct outcome *o, int err, enum http_fate fate)
{
	assert_int_equal(o->result.error.err, err);
	assert_int_equal(o->result.fate, fate);
	assert_int_equal(o->result.status, 0);
	assert_string_equal(o->body, "");
	assert_true(strlen(o->result.error.text) > 10);
	assert_null(strstr(o->result.error.text, "http://"));
}

#endif
