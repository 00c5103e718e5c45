/* SPDX-License-Identifier: MIT */
/*
 * transfer: one HTTP exchange with one server, by libcurl. The only module that uses curl.h.
 *
 * Owns connections, TLS, the easy handles and what arrives. Says how an exchange ended and whether
 * another try can help; does not queue, wait, repeat or give up: that is http.c.
 *
 * libcurl repeats by itself a request that a reused connection dropped without an answer. What
 * must be sent once goes `alone`: on a connection of its own, and cut when curl would send it again.
 *
 * An HTTP/2 exchange that was cut before the head had ended is repeated over HTTP/1.1: libcurl and
 * nghttp2 cut what exceeds limits of their own there.
 *
 * The credential is copied into a header line that is wiped when the exchange ends; so are bodies.
 * What libcurl and OpenSSL allocate is wiped when they give it back (wiping_alloc.h), and a handle that
 * received a token's secret is not kept.
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
	int64_t timeout_ms; /* connecting may take a third of it, so that repeats fit in */
	size_t body_max_bytes;
	unsigned spare_handles;
};

enum transfer_repeat {
	REPEAT_NEVER,   /* the next try would end alike */
	REPEAT_QUICKLY, /* nor does it get better soon: refused, no address */
	REPEAT_LATER,
};

/* Zeroed by the caller, who fills the first part before every start. */
struct transfer {
	/* To send; borrowed until the transfer ended. */
	const char *method;
	const char *path;
	const char *body;                   /* NULL: none */
	const struct secret *authorization; /* NULL: none */
	bool alone;

	/* What came of it; from the start of the transfer until the next one. */
	int status; /* 0: no answer, see `error` */
	struct error error;
	enum transfer_repeat repeat; /* with an error */
	char request_id[64];
	int64_t retry_after_ms; /* -1: not said */
	int64_t received_ms;    /* when bytes came last; 0: none */
	char *answer;           /* owned: transfer_finish(); NULL or NUL-terminated */
	size_t answer_len;

	/* A byte of it may have left: in this attempt or, as it is not reset, an earlier one. */
	bool sent;
	/* Within attempts, curl sent it again by itself so often. libcurl >= 7.80 tells. */
	unsigned resent;
	bool ready;      /* in this attempt, for resent */
	int64_t sent_ms; /* for the first time */
	/* The last attempt failed in a way that HTTP/2 has alone: the next one speaks HTTP/1.1. */
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
/* "api.planetscale.com" or "localhost:8080": for people; borrowed. */
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

/* Trust no connection made until now: new transfers make their own, the old close when all are
 * idle. */
void transfers_renew(struct transfers *ts);
const char *transfers_version(void);

#endif
