/* SPDX-License-Identifier: MIT */
#include "http/http.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "http/rate_limit.h"
#include "http/transfer.h"

#define TIMEOUT_DEFAULT_MS  30000
#define CONCURRENCY_DEFAULT 32
#define BODY_MAX_DEFAULT    ((size_t)32 << 20)
#define TIMEOUTS_AT_MOST    4     /* for a call in all, however much progress it makes */
#define ROOM_MAX_MS         1000  /* a repeat with less time left is not worth it */
#define PAUSE_MIN_MS        500   /* after a 429 */
#define QUICK_REPEATS       2     /* of errors that rarely go away soon: refused, no address */
#define QUICK_MS            500   /* and only if the attempt failed this fast */
#define SUSPENDED_MIN_MS    1000  /* after this, connections are assumed to be dead */
#define POLL_MAX_MS         60000 /* so that sums fit an int; the loop then wakes without need */
#define DELIVER_BYTES       65536 /* after so much, reading other answers waits a turn */

enum call_state {
	QUEUED,
	RUNNING,
	FINISHED
};

struct http_call {
	struct list link;  /* in queue[priority], running or finished */
	struct http *http; /* borrowed */
	enum call_state state;
	enum http_priority priority;
	bool repeatable;
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;  /* borrowed */
	char *path; /* owned */
	char *body; /* owned, wiped; NULL: none */
	struct transfer transfer;
	int attempts;
	int quick_repeats;
	int64_t waiting_ms;    /* when a caller began to wait */
	int64_t not_before_ms; /* QUEUED: backoff */
	int64_t started_ms;    /* of the attempt */
};

struct http {
	struct clock *clock;         /* borrowed */
	struct transfers *transfers; /* owned */
	int64_t timeout_ms;
	unsigned concurrency;
	struct rate_limit rate_limit;
	int64_t suspended_ms; /* the clock's, when connections were last known to be good */
	struct list queue[2]; /* by priority: first come, first served; repeats before others */
	struct list running;
	struct list finished; /* to be called back */
	unsigned running_count;
	uint64_t sent;
	uint64_t failed;
};

/* --- Deadlines -------------------------------------------------------------------------------- */

/* A prefetch that no caller waits for, until it is started or promoted. */
static bool idle_prefetch(const struct http_call *call)
{
	return call->state == QUEUED && call->priority == HTTP_PREFETCH && call->attempts == 0;
}

/* The call ends by this time, even if bytes still arrive. */
static int64_t end_ms(const struct http_call *call)
{
	return call->waiting_ms + TIMEOUTS_AT_MOST * call->http->timeout_ms;
}

/* All repeats together have one timeout, which begins when the call was first sent. */
static int64_t repeat_until_ms(const struct http_call *call)
{
	int64_t since = call->transfer.sent ? call->transfer.sent_ms : call->waiting_ms;

	return MIN(since + call->http->timeout_ms, end_ms(call));
}

static int64_t deadline_ms(const struct http_call *call)
{
	if (idle_prefetch(call))
		return end_ms(call);
	if (call->state != RUNNING || call->transfer.received_ms == 0)
		return repeat_until_ms(call);
	int64_t progress = call->transfer.received_ms + call->http->timeout_ms;
	return MIN(MAX(progress, repeat_until_ms(call)), end_ms(call));
}

/* --- The end of a call ------------------------------------------------------------------------ */

static void call_free(struct http_call *call)
{
	list_remove(&call->link);
	transfer_finish(&call->transfer);
	if (call->body != NULL)
		secret_wipe(call->body, strlen(call->body));
	free(call->body);
	free(call->path);
	free(call);
}

static void call_move(struct http_call *call, enum call_state state, struct list *to)
{
	struct http *h = call->http;

	h->running_count += (unsigned)(state == RUNNING) - (unsigned)(call->state == RUNNING);
	list_remove(&call->link);
	list_append(to, &call->link);
	call->state = state;
}

static void call_finish(struct http_call *call)
{
	struct http *h = call->http;
	int status = call->transfer.status;

	h->failed += status == 0 || status >= 400;
	call_move(call, FINISHED, &h->finished);
}

static enum http_fate call_fate(const struct http_call *call)
{
	if (call->transfer.status != 0)
		return HTTP_ANSWERED;
	return call->transfer.sent ? HTTP_UNKNOWN : HTTP_NOT_SENT;
}

/* A callback may send and cancel other calls, so take the finished ones one by one. */
static void deliver(struct http *h)
{
	for (size_t bytes = 0; !list_empty(&h->finished) && bytes < DELIVER_BYTES;) {
		struct http_call *call = container_of(h->finished.next, struct http_call, link);
		const struct transfer *t = &call->transfer;
		struct http_result result = {
			.fate = call_fate(call),
			.status = t->status,
			.body = "",
			.error = t->error,
			.attempts = call->attempts + (int)t->resent,
		};

		if (result.fate == HTTP_ANSWERED && t->answer != NULL) {
			result.body = t->answer;
			bytes += result.body_len = t->answer_len;
		}
		memcpy(result.request_id, t->request_id, sizeof(result.request_id));
		list_remove(&call->link);
		call->done(call->ctx, &result);
		call_free(call);
	}
}

/* --- Attempts --------------------------------------------------------------------------------- */

static void log_attempt(const struct http_call *call, const char *outcome)
{
	const struct transfer *t = &call->transfer;
	char status[16];

	snprintf(status, sizeof(status), "%d", t->status);
	log_detail("%s %s: %s, %lld ms, %zu bytes, attempt %d", t->method, call->path,
		   outcome != NULL  ? outcome
		   : t->status != 0 ? status
				    : t->error.text,
		   (long long)(call->http->clock->mono_ms - call->started_ms), t->answer_len,
		   call->attempts);
}

static bool repeatable_status(int status)
{
	static const int statuses[] = {429, 502, 503, 504};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i] == status)
			return true;
	return false;
}

/* Can another attempt help, and is it allowed? */
static bool worth_repeating(struct http_call *call)
{
	const struct transfer *t = &call->transfer;

	if (t->status != 0)
		return call->repeatable && repeatable_status(t->status);
	if ((t->sent && !call->repeatable) || t->repeat == REPEAT_NEVER)
		return false;
	if (t->repeat == REPEAT_LATER)
		return true;
	return call->quick_repeats++ < QUICK_REPEATS &&
	       call->http->clock->mono_ms - call->started_ms <= QUICK_MS;
}

/* Is there time enough for an attempt that begins at `at_ms`? */
static bool time_for_repeat(const struct http_call *call, int64_t at_ms)
{
	int64_t room_ms = MIN(call->http->timeout_ms / 10, ROOM_MAX_MS);

	return at_ms + room_ms <= repeat_until_ms(call);
}

/* Queue it before all others, to be sent not before that time. */
static void queue_again(struct http_call *call, int64_t not_before_ms)
{
	call->not_before_ms = not_before_ms;
	call_move(call, QUEUED, call->http->queue[call->priority].next);
}

/* An attempt has ended: send it again later, or finish the call with its result. */
static void attempt_ended(struct http_call *call)
{
	struct http *h = call->http;
	const struct transfer *t = &call->transfer;
	int64_t wait_ms = rate_limit_backoff_ms(&h->rate_limit, (unsigned)call->attempts - 1);

	log_attempt(call, NULL);
	if (t->status != 0)
		wait_ms = MAX(wait_ms, t->retry_after_ms);
	if (t->status == 429) {
		wait_ms = MAX(wait_ms, PAUSE_MIN_MS);
		rate_limit_refused(&h->rate_limit, h->clock->mono_ms - call->started_ms, wait_ms);
	}
	int64_t next_ms = h->clock->mono_ms + wait_ms;
	if (worth_repeating(call) && time_for_repeat(call, next_ms))
		queue_again(call, next_ms);
	else
		call_finish(call);
}

static void attempt_start(struct http_call *call)
{
	struct http *h = call->http;

	if (idle_prefetch(call))
		call->waiting_ms = h->clock->mono_ms;
	call->attempts++;
	call->started_ms = h->clock->mono_ms;
	h->sent++;
	rate_limit_take(&h->rate_limit);
	call_move(call, RUNNING, &h->running);
	if (!transfer_start(h->transfers, &call->transfer))
		call_finish(call);
}

/* The next call to start, interactive ones first; NULL: none may start now. */
static struct http_call *next_to_start(struct http *h)
{
	/* Prefetches leave a quarter of the places to calls that a caller waits for. */
	const unsigned places[] = {h->concurrency, h->concurrency - h->concurrency / 4};

	for (int p = HTTP_INTERACTIVE; p <= HTTP_PREFETCH; p++) {
		if (h->running_count >= places[p] ||
		    rate_limit_wait_ms(&h->rate_limit, p == HTTP_INTERACTIVE) > 0)
			continue;
		list_for_each(pos, &h->queue[p]) {
			struct http_call *call = container_of(pos, struct http_call, link);
			if (call->not_before_ms <= h->clock->mono_ms)
				return call;
		}
	}
	return NULL;
}

/* --- Giving up -------------------------------------------------------------------------------- */

static void seconds(char *out, size_t size, int64_t ms)
{
	snprintf(out, size, "%g s", (double)ms / 1000);
}

/* A queued call that will not be sent in time. If it had an attempt, its result is reported. */
static void give_up_queued(struct http_call *call)
{
	struct http *h = call->http;
	struct error *e = &call->transfer.error;
	char wait[32];

	if (call->attempts > 0) {
		call_finish(call);
		return;
	}
	if (rate_limit_paused_ms(&h->rate_limit) > 0) {
		seconds(wait, sizeof(wait), rate_limit_paused_ms(&h->rate_limit));
		error_set(e, EAGAIN, "%s allows no requests for another %s (rate limit)",
			  transfers_host(h->transfers), wait);
	} else if (rate_limit_wait_ms(&h->rate_limit, call->priority == HTTP_INTERACTIVE) > 0) {
		error_set(e, EAGAIN, "too many other requests were waiting for the rate limit");
	} else {
		error_set(e, ETIMEDOUT,
			  "the request could not be sent in time: %u others are under way",
			  h->running_count);
	}
	call_finish(call);
}

static void give_up_running(struct http_call *call)
{
	struct http *h = call->http;
	struct transfer *t = &call->transfer;
	const char *host = transfers_host(h->transfers);
	bool silent = t->received_ms == 0 || h->clock->mono_ms < end_ms(call);
	char time[32];

	transfer_cut(t);
	t->status = 0;
	seconds(time, sizeof(time), silent ? h->timeout_ms : TIMEOUTS_AT_MOST * h->timeout_ms);
	error_set(&t->error, ETIMEDOUT,
		  silent ? "no answer from %s within %s" : "the answer from %s took more than %s",
		  host, time);
	log_attempt(call, NULL);
	if (silent)
		transfers_renew(h->transfers); /* its connection may be dead */
	call_finish(call);
}

static void expire_queued(struct http *h)
{
	int64_t now = h->clock->mono_ms, open = now + rate_limit_paused_ms(&h->rate_limit);

	for (size_t p = 0; p < ARRAY_LEN(h->queue); p++) {
		list_for_each(pos, &h->queue[p]) {
			struct http_call *call = container_of(pos, struct http_call, link);
			if (open >= deadline_ms(call))
				give_up_queued(call);
		}
	}
}

static void expire_running(struct http *h)
{
	list_for_each(pos, &h->running) {
		struct http_call *call = container_of(pos, struct http_call, link);
		if (h->clock->mono_ms >= deadline_ms(call))
			give_up_running(call);
	}
}

/* --- After suspension ------------------------------------------------------------------------- */

/* Send again what ran over connections that are now dead, if it is repeatable and has time left. */
static void repeat_running(struct http *h)
{
	/* From last to first, because each is put before the first of the queue. */
	for (struct list *pos = h->running.prev, *prev = pos->prev; pos != &h->running;
	     pos = prev, prev = pos->prev) {
		struct http_call *call = container_of(pos, struct http_call, link);
		struct transfer *t = &call->transfer;

		if (!call->repeatable || !time_for_repeat(call, h->clock->mono_ms))
			continue;
		transfer_cut(t);
		t->status = 0;
		error_set(&t->error, ETIMEDOUT,
			  "no answer from %s before the machine was suspended",
			  transfers_host(h->transfers));
		log_attempt(call, NULL);
		queue_again(call, 0);
	}
}

static void notice_suspension(struct http *h)
{
	int64_t slept_ms = h->clock->suspended_ms - h->suspended_ms;

	h->suspended_ms = h->clock->suspended_ms;
	if (slept_ms < SUSPENDED_MIN_MS)
		return;
	log_notice("suspended for %lld s: connecting anew", (long long)slept_ms / 1000);
	transfers_renew(h->transfers);
	repeat_running(h);
}

/* --- Turning ---------------------------------------------------------------------------------- */

/*
 * Queued calls that are out of time end before any call starts, so that none is sent just to be
 * cut. Running calls that are out of time end only after arrived data was read, because this
 * process may have been stopped for a while.
 */
void http_turn(struct http *h)
{
	struct http_call *call;
	struct transfer *t;

	notice_suspension(h);
	expire_queued(h);
	while ((call = next_to_start(h)) != NULL)
		attempt_start(call);
	transfers_perform(h->transfers);
	while ((t = transfers_ended(h->transfers)) != NULL)
		attempt_ended(container_of(t, struct http_call, transfer));
	expire_running(h);
	deliver(h);
}

/* When http_turn() must run again, apart from network events. */
static int64_t next_turn_ms(struct http *h)
{
	int64_t now = h->clock->mono_ms, next = now + POLL_MAX_MS;

	if (!list_empty(&h->finished) || next_to_start(h) != NULL)
		return now;
	for (size_t p = 0; p < ARRAY_LEN(h->queue); p++) {
		int64_t open = now + rate_limit_wait_ms(&h->rate_limit, p == HTTP_INTERACTIVE);

		list_for_each(pos, &h->queue[p]) {
			struct http_call *call = container_of(pos, struct http_call, link);
			int64_t start = MAX(open, call->not_before_ms);
			/* It may start, but has to wait for another call to end. */
			if (start > now)
				next = MIN(next, start);
			next = MIN(next, deadline_ms(call));
		}
	}
	list_for_each(pos, &h->running)
		next = MIN(next, deadline_ms(container_of(pos, struct http_call, link)));
	return next;
}

void http_poll(struct http *h, struct pollfd *fds, unsigned n, int64_t timeout_ms)
{
	int64_t wait_ms = MAX(next_turn_ms(h) - h->clock->mono_ms, 0);

	if (timeout_ms >= 0)
		wait_ms = MIN(wait_ms, timeout_ms);
	transfers_poll(h->transfers, fds, n, (int)wait_ms);
	clock_tick(h->clock);
}

/* --- What callers do -------------------------------------------------------------------------- */

struct http_call *http_send(struct http *h, const struct http_request *request)
{
	struct http_call *call = xcalloc(1, sizeof(*call));

	list_init(&call->link);
	call->http = h;
	call->priority = request->priority;
	call->repeatable = request->repeatable;
	call->done = request->done;
	call->ctx = request->ctx;
	call->path = xstrdup(request->path);
	call->body = xstrdup(request->body);
	call->waiting_ms = h->clock->mono_ms;
	call->transfer = (struct transfer){
		.method = request->method,
		.path = call->path,
		.body = call->body,
		.authorization = request->authorization,
		.alone = !request->repeatable,
	};
	call_move(call, QUEUED, &h->queue[call->priority]);
	return call;
}

bool http_sent(const struct http_call *call)
{
	return call->transfer.sent;
}

void http_cancel(struct http *h, struct http_call *call)
{
	if (call->state == RUNNING) {
		transfer_cut(&call->transfer);
		log_attempt(call, "cancelled");
		h->running_count--;
	}
	call_free(call);
}

void http_promote(struct http_call *call)
{
	struct http *h = call->http;

	if (call->priority == HTTP_INTERACTIVE)
		return;
	if (idle_prefetch(call))
		call->waiting_ms = h->clock->mono_ms;
	call->priority = HTTP_INTERACTIVE;
	if (call->state == QUEUED)
		call_move(call, QUEUED, &h->queue[HTTP_INTERACTIVE]);
}

static unsigned queued(const struct http *h)
{
	return list_length(&h->queue[HTTP_INTERACTIVE]) + list_length(&h->queue[HTTP_PREFETCH]);
}

unsigned http_prefetch_room(const struct http *h)
{
	int spare = rate_limit_spare(&h->rate_limit);
	unsigned n = queued(h);

	if (spare < 0)
		return UINT_MAX;
	return (unsigned)spare > n ? (unsigned)spare - n : 0;
}

void http_reconnect(struct http *h)
{
	transfers_renew(h->transfers);
}

void http_refresh(struct http *h)
{
	rate_limit_resume(&h->rate_limit);
	for (size_t p = 0; p < ARRAY_LEN(h->queue); p++)
		list_for_each(pos, &h->queue[p])
			container_of(pos, struct http_call, link)->not_before_ms = 0;
	http_reconnect(h);
}

struct http_stats http_stats(const struct http *h)
{
	return (struct http_stats){
		.sent = h->sent,
		.failed = h->failed,
		.waiting = queued(h),
		.running = h->running_count,
		.rate_limit_left = rate_limit_left(&h->rate_limit),
		.rate_per_minute = rate_limit_rate(&h->rate_limit),
		.paused_ms = rate_limit_paused_ms(&h->rate_limit),
	};
}

const char *http_version(void)
{
	return transfers_version();
}

struct http *http_new(const struct http_options *options, struct clock *clock, struct error *e)
{
	struct http *h = xcalloc(1, sizeof(*h));
	uint64_t seed = (uint64_t)clock->mono_ms;

	h->clock = clock;
	h->suspended_ms = clock->suspended_ms;
	h->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
	h->concurrency =
		options->concurrency > 0 ? (unsigned)options->concurrency : CONCURRENCY_DEFAULT;
	for (size_t p = 0; p < ARRAY_LEN(h->queue); p++)
		list_init(&h->queue[p]);
	list_init(&h->running);
	list_init(&h->finished);
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		log_detail("no random numbers for the backoff: using the clock instead");
	rate_limit_init(&h->rate_limit, clock, options->rate_per_minute, seed);
	struct transfers_options to = {
		.base_url = options->base_url,
		.ca_file = options->ca_file,
		.user_agent = options->user_agent,
		.timeout_ms = h->timeout_ms,
		.body_max_bytes =
			options->body_max_bytes > 0 ? options->body_max_bytes : BODY_MAX_DEFAULT,
		.spare_handles = h->concurrency,
	};
	h->transfers = transfers_new(&to, clock, e);
	if (h->transfers != NULL)
		return h;
	free(h);
	return NULL;
}

static void drop_all(struct list *calls)
{
	list_for_each(pos, calls) {
		struct http_call *call = container_of(pos, struct http_call, link);

		if (call->state == RUNNING)
			transfer_cut(&call->transfer);
		call_free(call);
	}
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	for (size_t p = 0; p < ARRAY_LEN(h->queue); p++)
		drop_all(&h->queue[p]);
	drop_all(&h->running);
	drop_all(&h->finished);
	transfers_free(h->transfers);
	free(h);
}
