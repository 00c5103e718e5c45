/* SPDX-License-Identifier: MIT */
/*
 * transfer: one HTTP exchange with one server, by libcurl. The only module that uses curl.h.
 *
 * Owns connections, TLS, the easy handles and received data. Reports how an exchange ended and
 * whether another attempt can help; does not queue, wait, repeat or give up: http.c does.
 *
 * libcurl by itself repeats a request if a reused connection was closed without an answer. A
 * request that must be sent once is sent `alone`: on a connection of its own, and cut if curl
 * would repeat it.
 *
 * An HTTP/2 exchange that failed before the end of the head is repeated over HTTP/1.1: libcurl and
 * nghttp2 have limits for the head there, and end exchanges that exceed them.
 *
 * The credential is copied into a header line that is wiped when the exchange ends; so are bodies.
 * Memory of libcurl and OpenSSL is wiped when they free it (wiping_alloc.h). A handle that
 * received a token's secret is not used again, and its connection leaves no TLS session.
 */
#ifndef PSCALEFS_TRANSFER_H
#define PSCALEFS_TRANSFER_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"

struct clock;
struct transfers; /* all exchanges with one server */

struct transfers_options {
	const char *base_url;
	const char *ca_file; /* NULL: the system's */
	const char *user_agent;
	int64_t timeout_ms; /* connecting may take a third of it, to leave time for repeats */
	size_t body_max_bytes;
	unsigned spare_handles;
};

enum transfer_repeat {
	REPEAT_NEVER,   /* the next attempt would fail in the same way */
	REPEAT_QUICKLY, /* rarely goes away soon: refused, no address */
	REPEAT_LATER,
};

/* How far an exchange came, with what was seen on the way; zeroed by the caller. */
struct transfer_steps {
	bool name;        /* an address was found (the proxy's, if there is one) */
	bool connection;  /* over TCP */
	bool tls;         /* https only: the certificate is trusted */
	char address[64]; /* after `connection` */
	int64_t date_s;   /* of the answer's Date header, since 1970; 0: none */
};

/* Zeroed by the caller, who fills in the first part before every start. */
struct transfer {
	/* To send; borrowed until the transfer ended. */
	const char *method;
	const char *path;
	const char *body;                   /* NULL: none */
	const struct secret *authorization; /* NULL: none */
	bool alone;
	struct transfer_steps *steps; /* borrowed; filled in when it ends; NULL: not wanted */

	/* The result; valid until the next start of this transfer. */
	int status; /* 0: no answer, see `error` */
	struct error error;
	enum transfer_repeat repeat; /* with an error */
	char request_id[64];
	int64_t retry_after_ms; /* -1: no Retry-After */
	int64_t received_ms;    /* when bytes came last; 0: none */
	char *answer;           /* owned: transfer_finish(); NULL or NUL-terminated */
	size_t answer_len;

	/* May a byte of it have left, in this or an earlier attempt? Never reset. */
	bool sent;
	/* How often curl repeated it by itself within attempts. Needs libcurl >= 7.80. */
	unsigned resent;
	bool ready;      /* in this attempt, for resent */
	int64_t sent_ms; /* for the first time */
	/* The last attempt failed in a way specific to HTTP/2: the next one uses HTTP/1.1. */
	bool http1;

	/* transfer.c's own. */
	struct transfers *owner; /* borrowed; NULL unless under way */
	void *easy;              /* owned: CURL */
	void *headers;           /* owned: struct curl_slist; holds the credential */
	char *detail;            /* owned: curl's words on an error */
	size_t answer_cap;
	size_t header_bytes;
	bool head_ended;
	int64_t body_bytes; /* as they came, still compressed */
	bool overflow;      /* the answer was larger than allowed */
};

struct transfers *transfers_new(const struct transfers_options *options, const struct clock *clock,
				struct error *e);
void transfers_free(struct transfers *ts); /* takes NULL; none may be under way */
/* "api.planetscale.com" or "localhost:8080", for messages; borrowed. */
const char *transfers_host(const struct transfers *ts);

/* False with t->error if there is no memory for it. */
bool transfer_start(struct transfers *ts, struct transfer *t);
/* End one that is under way: its connection is closed, or its stream reset. */
void transfer_cut(struct transfer *t);
/* Wipe and free what it received. */
void transfer_finish(struct transfer *t);

void transfers_perform(struct transfers *ts);
/* One that has ended since the last call, no longer under way; NULL: no more. */
struct transfer *transfers_ended(struct transfers *ts);

struct pollfd;
/* Wait for the network, curl's timers, `fds` or `timeout_ms` (>= 0). */
void transfers_poll(struct transfers *ts, struct pollfd *fds, unsigned n, int timeout_ms);

/* New transfers use no existing connection; these close when no transfer is running. */
void transfers_renew(struct transfers *ts);
const char *transfers_version(void);

#endif
