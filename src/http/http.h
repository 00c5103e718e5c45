/* SPDX-License-Identifier: MIT */
/*
 * http: send a request, call back once.
 *
 * Owns the calls: who goes first, how many at once, the rate budget, deadlines, repeats with
 * backoff. Turns the loop's one poll. Knows no PlanetScale: a URL and an Authorization value in, a
 * status and a body out. What happens on a connection is transfer.c's.
 *
 * When a call ends. Whoever waits is told within `timeout_ms` of the last progress: of the call's
 * being sent for the first time, or of the last byte received by the attempt under way. Waiting in
 * the queue is no progress, and four timeouts are the end even for an answer that trickles in. A
 * prefetch nobody waits for may queue for four timeouts; http_promote() starts its clock.
 *
 * When it is repeated. `repeatable` calls after connection errors, 429, 502, 503 and 504, others
 * only while no byte of them can have left. Each after a backoff or Retry-After, whichever is
 * longer, and only if that fits into one timeout from the first sending; else the last answer or
 * error is handed over at once. What mends slowly (refused, no address, no route) is told after
 * two quick repeats. A 429 keeps every call back until its time has passed; calls whose deadline
 * comes first fail at once with EAGAIN.
 *
 * When the machine was suspended (clock), the other end has long forgotten our connections and does
 * not say so. None of them is used again, and `repeatable` calls under way are sent once more at
 * once. The time asleep counts for no deadline. A process that was merely stopped reads what has
 * arrived meanwhile before it gives anything up.
 *
 * Callbacks run from http_turn(), never from within curl or from http_send(). They may send, and
 * cancel and promote other calls; theirs is over, and its pointer must not be used again.
 */
#ifndef PSCALEFS_HTTP_H
#define PSCALEFS_HTTP_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"

struct clock;
struct http;
struct http_call;

struct http_options {
	const char *base_url; /* "https://api.planetscale.com", without a trailing slash */
	const char *ca_file;  /* PEM; NULL: the system's */
	const char *user_agent;
	int64_t timeout_ms;    /* see above; 0: a default of 30 s */
	int rate_per_minute;   /* token bucket; 0: none */
	int concurrency;       /* requests under way at once; 0: a default of 32 */
	size_t body_max_bytes; /* a longer answer is an error; 0: a default of 32 MiB */
};

enum http_priority {
	HTTP_INTERACTIVE, /* somebody waits */
	HTTP_PREFETCH,    /* nobody does; leaves the last tenth of the budget and a quarter of
			     `concurrency` */
};

enum http_fate {
	HTTP_ANSWERED, /* `status` and `body` are the server's */
	HTTP_NOT_SENT, /* failed before a byte of it left (queue, resolver, connect, TLS): surely
			  without effect */
	HTTP_UNKNOWN,  /* failed after it left: may have had its effect */
};

struct http_result {
	enum http_fate fate;
	int status;       /* HTTP_ANSWERED only */
	const char *body; /* borrowed for the callback; NUL-terminated; never NULL */
	size_t body_len;
	char request_id[64]; /* "x-request-id", cleaned; may be empty */
	/*
	 * HTTP_ANSWERED: err is 0. Otherwise a sentence and ECONNREFUSED, EHOSTUNREACH (no route,
	 * no address), EPROTO (TLS), ETIMEDOUT, EAGAIN (never sent for the rate limit's sake),
	 * EREMOTEIO (no HTTP, too large, cut off) or ENOMEM.
	 */
	struct error error;
	int attempts; /* how often it may have been sent */
};

struct http_request {
	const char *method; /* "GET", "POST", "DELETE"; a literal */
	const char *path;   /* copied: "/v1/organizations?page=1", percent-encoded by the caller */
	const char *body;   /* copied; NULL: none; wiped after use; sent as application/json */
	const struct secret *authorization; /* the header's value; borrowed until done or cancelled;
					       NULL: none */
	bool repeatable; /* may be sent again after connection errors, 429, 502, 503, 504 */
	enum http_priority priority;
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;
};

/*
 * NULL with a sentence: no asynchronous resolver in libcurl, a CA file that cannot be read, a URL
 * that is none. Initialises libcurl (so: after the last fork) and ignores SIGPIPE for the process.
 */
struct http *http_new(const struct http_options *options, struct clock *clock, struct error *e);
void http_free(struct http *h); /* takes NULL; drops what is in flight without calling back */

/* Queue a request. Never fails, never calls back at once: what is wrong comes through `done`. */
struct http_call *http_send(struct http *h, const struct http_request *request);
/* May a byte of it have left? (Then its effect can no longer be prevented.) */
bool http_sent(const struct http_call *call);
/* Forget it without calling back: drops it from the queue, or cuts its connection. */
void http_cancel(struct http *h, struct http_call *call);
/* Someone waits for it now: HTTP_PREFETCH becomes HTTP_INTERACTIVE. */
void http_promote(struct http_call *call);
/* What is sent from now on goes over new connections, to the address that the name has then. */
void http_reconnect(struct http *h);
/* SIGHUP: the same, and forget pauses. */
void http_refresh(struct http *h);

/* Start what may start, drive curl, call back what is done. Never blocks. */
void http_turn(struct http *h);

struct pollfd;
/*
 * Wait for the network, `fds` (8 at most), http's own timers or `timeout_ms` (-1: none), whichever
 * is first; reads the clock afterwards. `revents` are poll(2)'s, POLLERR and POLLHUP included.
 */
void http_poll(struct http *h, struct pollfd *fds, unsigned n, int64_t timeout_ms);

struct http_stats {
	uint64_t sent;    /* attempts, repeats included */
	uint64_t failed;  /* calls that ended without an answer or with one of 400 and more */
	unsigned waiting; /* queued */
	unsigned running;
	int rate_limit_left; /* requests that may go at once; -1: no budget kept */
	int64_t paused_ms;   /* how long a 429 still stops all; 0: not */
};
struct http_stats http_stats(const struct http *h);
/* "libcurl/7.88.1 OpenSSL/3.0.11 …" for -V. */
const char *http_version(void);

#endif
