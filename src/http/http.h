/* SPDX-License-Identifier: MIT */
/*
 * http: send a request, call back once.
 *
 * Owns the calls: their order, how many run at once, the rate limit, deadlines, and repeats with
 * backoff. Does the one poll of the loop. Knows nothing of PlanetScale: takes a URL and an
 * Authorization value, returns a status and a body. transfer.c handles the connections.
 *
 * When a call ends. A caller that waits gets a result within `timeout_ms` of the last progress.
 * Progress is the first sending of the call, or a byte received by the current attempt. Waiting in
 * the queue is no progress, and after four timeouts the call ends even if bytes still arrive. A
 * prefetch that no caller waits for may stay in the queue for four timeouts; http_promote() starts
 * its timeout.
 *
 * When it is repeated. `repeatable` calls after connection errors, 429, 502, 503 and 504; others
 * only if no byte of them can have left. Each repeat waits for a backoff or Retry-After, whichever
 * is longer, and is made only if that fits into one timeout from the first sending; else the last
 * answer or error is returned at once. Errors that rarely go away soon (refused, no address, no
 * route) are returned after two quick repeats. A 429 delays every call until its time has passed;
 * calls whose deadline is earlier fail at once with EAGAIN. It also reduces the rate (rate_limit.h).
 *
 * After the machine was suspended (clock), the server has dropped our connections without notice.
 * None of them is used again, and running `repeatable` calls are sent once more immediately. Time
 * in suspension does not count for deadlines. If only this process was stopped, it reads the data
 * that has arrived before it ends any call.
 *
 * Callbacks run from http_turn(), never from within curl or from http_send(). They may send,
 * cancel and promote other calls. Their own call has ended, and its pointer must not be used
 * again.
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
	HTTP_INTERACTIVE, /* a caller waits for it */
	HTTP_PREFETCH, /* no caller waits; leaves the last tenth of the rate limit and a quarter of
			     `concurrency` */
};

enum http_fate {
	HTTP_ANSWERED, /* `status` and `body` are the server's */
	HTTP_NOT_SENT, /* failed before a byte of it left (queue, resolver, connect, TLS): certainly
			  without effect */
	HTTP_UNKNOWN,  /* failed after it left: may have had an effect */
};

struct http_result {
	enum http_fate fate;
	int status;       /* HTTP_ANSWERED only */
	const char *body; /* borrowed for the callback; NUL-terminated; never NULL */
	size_t body_len;
	char request_id[64]; /* "x-request-id", cleaned; may be empty */
	/*
	 * HTTP_ANSWERED: err is 0. Otherwise a sentence and ECONNREFUSED, EHOSTUNREACH (no route,
	 * no address), EPROTO (TLS), ETIMEDOUT, EAGAIN (not sent because of the rate limit),
	 * EREMOTEIO (no HTTP, too large, cut off) or ENOMEM.
	 */
	struct error error;
	int attempts; /* how often at most it was sent */
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
 * NULL with a sentence: libcurl has no asynchronous resolver, the CA file cannot be read, or the
 * URL is invalid. Initialises libcurl (so call it after the last fork) and ignores SIGPIPE for the
 * process.
 */
struct http *http_new(const struct http_options *options, struct clock *clock, struct error *e);
void http_free(struct http *h); /* takes NULL; drops what is in flight without calling back */

/* Queue a request. Never fails and never calls back at once: errors come through `done`. */
struct http_call *http_send(struct http *h, const struct http_request *request);
/* May a byte of it have left? Then its effect can no longer be prevented. */
bool http_sent(const struct http_call *call);
/* Forget it without calling back: removes it from the queue, or closes its connection. */
void http_cancel(struct http *h, struct http_call *call);
/* A caller waits for it now: HTTP_PREFETCH becomes HTTP_INTERACTIVE. */
void http_promote(struct http_call *call);
/* How many prefetches may be sent now without taking from others: half of what is left of the rate
 * limit, less what is queued already. UINT_MAX: any number, because there is no rate limit. */
unsigned http_prefetch_room(const struct http *h);
/* From now on send over new connections, with the name resolved again. */
void http_reconnect(struct http *h);
/* For SIGHUP: the same, and end the pause after a 429. */
void http_refresh(struct http *h);

/* Start queued calls that may start, run curl, call back for finished calls; not for all of them
 * if their answers are long: the next turn goes on. Never blocks. */
void http_turn(struct http *h);

struct pollfd;
/*
 * Wait for the network, `fds` (8 at most), http's own timers or `timeout_ms` (-1: none), whichever
 * comes first; reads the clock afterwards. `revents` are those of poll(2), with POLLERR and
 * POLLHUP.
 */
void http_poll(struct http *h, struct pollfd *fds, unsigned n, int64_t timeout_ms);

struct http_stats {
	uint64_t sent;    /* attempts, repeats included */
	uint64_t failed;  /* calls that ended without an answer or with one of 400 and more */
	unsigned waiting; /* queued */
	unsigned running;
	int rate_limit_left; /* requests that may go at once; -1: no rate limit */
	int rate_per_minute; /* in force: less than configured after a 429; 0: no rate limit */
	int64_t paused_ms;   /* how long a 429 still delays all calls; 0: not */
};
struct http_stats http_stats(const struct http *h);
/* "libcurl/7.88.1 OpenSSL/3.0.11 …" for -V. */
const char *http_version(void);

#endif
