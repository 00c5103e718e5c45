/*
 * http: send a request, call back once.
 *
 * Owns the curl multi handle and everything in flight: connections, deadline, retry with backoff,
 * the rate budget, how many run at once and who goes first. Turns the loop's one poll. Knows no
 * PlanetScale: a URL and an Authorization value in, a status and a body out. Only user of curl.h.
 *
 * Callbacks run from http_turn(), never from within curl or from http_send().
 */
#ifndef PSCALEFS_HTTP_H
#define PSCALEFS_HTTP_H

#include "error.h"
#include "secret.h"
#include "util.h"

struct http;
struct http_call;

struct http_options {
	const char *base_url;	 /* "https://api.planetscale.com", without a trailing slash */
	const char *ca_file;	 /* PEM; NULL: the system's */
	const char *user_agent;
	int64_t timeout_ms;	 /* a request ends this long after its last progress, repeats included */
	int rate_per_minute;	 /* token bucket; 0: none */
	int concurrency;	 /* requests under way at once; 0: a default of 32 */
	size_t body_max_bytes;	 /* a longer answer is an error; 0: a default of 32 MiB */
};

enum http_priority {
	HTTP_INTERACTIVE, /* somebody waits */
	HTTP_PREFETCH,	  /* nobody does; never takes the last tenth of the budget */
};

enum http_fate {
	HTTP_ANSWERED, /* `status` and `body` are the server's */
	HTTP_NOT_SENT, /* failed before a byte of the request left (resolve, connect, TLS, dropped from the queue): surely without effect */
	HTTP_UNKNOWN,  /* failed after it left: may have had its effect */
};

struct http_result {
	enum http_fate fate;
	int status;	       /* HTTP_ANSWERED only */
	const char *body;      /* borrowed for the callback; NUL-terminated; never NULL */
	size_t body_len;
	char request_id[64];   /* "x-request-id", cleaned; may be empty */
	/*
	 * Not HTTP_ANSWERED: the errno of semantics (ECONNREFUSED, EHOSTUNREACH, EPROTO, ETIMEDOUT, EREMOTEIO for what is no HTTP, too large or cut
	 * off …) and a sentence. HTTP_ANSWERED: err is 0.
	 */
	struct error error;
	int attempts;
};

struct http_request {
	const char *method;	      /* "GET", "POST", "DELETE"; a literal */
	const char *path;	      /* copied: "/v1/organizations?page=1", percent-encoded by the caller */
	const char *body;	      /* copied; NULL: none; wiped after use; sent as application/json */
	const struct secret *authorization; /* value of the header; borrowed until the call is done or cancelled; NULL: none */
	bool repeatable;	      /* may be sent again after connection errors, 429, 502, 503, 504 */
	enum http_priority priority;
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;
};

/* NULL with a sentence: no asynchronous resolver in libcurl, a CA file that cannot be read, … */
struct http *http_new(const struct http_options *options, struct clock *clock, struct error *e);
void http_free(struct http *h); /* takes NULL; drops what is in flight without calling back */

/* Queue a request. Never fails, never calls back at once: what is wrong comes through `done`. */
struct http_call *http_send(struct http *h, const struct http_request *request);
/* Has a byte of it left? (Then its effect can no longer be prevented.) */
bool http_sent(const struct http_call *call);
/* Forget it without calling back: drops it from the queue, or cuts its connection. */
void http_cancel(struct http *h, struct http_call *call);
/* Someone waits for it now: HTTP_PREFETCH becomes HTTP_INTERACTIVE. */
void http_promote(struct http_call *call);
/* SIGHUP: forget pauses and let go of idle connections. */
void http_refresh(struct http *h);

/* Start what may start, drive curl, call back what is done. Never blocks. */
void http_turn(struct http *h);

struct http_pollfd {
	int fd;
	short events;  /* POLLIN … */
	short revents; /* out */
};
/* Wait for the network, `fds`, http's own timers or `timeout_ms` (-1: none), whichever is first. Reads the clock afterwards. */
void http_poll(struct http *h, struct http_pollfd *fds, unsigned n, int64_t timeout_ms);

struct http_stats {
	uint64_t sent;	   /* attempts, repeats included */
	uint64_t failed;   /* calls that ended without an answer or with one of 400 and more */
	unsigned waiting;  /* queued */
	unsigned running;
	int budget_left;   /* requests that may go at once; -1: no budget kept */
	int64_t paused_ms; /* how long a 429 still stops all; 0: not */
};
struct http_stats http_stats(const struct http *h);
/* "libcurl/7.88.1 OpenSSL/3.0.11 …" for -V. */
const char *http_version(void);

#endif
