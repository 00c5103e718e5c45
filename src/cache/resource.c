/* SPDX-License-Identifier: MIT */
#include "cache/resource.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/xmalloc.h"

/* For this time after a fetch got no answer, the next one does not make callers wait. */
#define SILENCE_MS 30000
/* A fetch that failed after this time was repeated again and again: that counts as no answer. */
#define SLOW_MS 1000
/* For this time doubtful data serves. */
#define DOUBT_MS 5000

void cache_init(struct cache *cache, struct clock *clock, int64_t cache_ms, bool offline)
{
	cache->clock = clock;
	list_init(&cache->ready);
	list_init(&cache->asleep);
	cache->cache_ms = cache_ms;
	cache->offline = offline;
	cache->silent_ms = -1;
	cache->awaited = NULL;
	cache->ctx = NULL;
}

static struct waiter *first_asleep(const struct cache *cache)
{
	return list_empty(&cache->asleep) ? NULL
					  : container_of(cache->asleep.next, struct waiter, link);
}

int64_t cache_sleep_ms(const struct cache *cache)
{
	const struct waiter *w = first_asleep(cache);

	if (w == NULL)
		return -1;
	return w->wake_ms > cache->clock->mono_ms ? w->wake_ms - cache->clock->mono_ms : 0;
}

bool cache_run_ready(struct cache *cache)
{
	struct list now;
	struct waiter *sleeper;

	while ((sleeper = first_asleep(cache)) != NULL && sleeper->wake_ms <= cache->clock->mono_ms)
		waiter_wake(sleeper);
	list_init(&now);
	list_splice(&now, &cache->ready);
	if (list_empty(&now))
		return false;
	while (!list_empty(&now)) {
		struct waiter *w = container_of(now.next, struct waiter, link);
		list_remove(&w->link);
		w->run(w);
	}
	return true;
}

void waiter_init(struct waiter *w, struct cache *cache, void (*run)(struct waiter *w))
{
	list_init(&w->link);
	w->run = run;
	w->cache = cache;
	w->arrived = clock_stamp(cache->clock);
	w->tid = 0;
	w->fresh_ms = INT64_MAX;
	w->error = (struct error){0};
	w->walk = (struct walk){0};
}

void waiter_leave(struct waiter *w)
{
	list_remove(&w->link);
}

void waiter_wake(struct waiter *w)
{
	list_remove(&w->link);
	list_append(&w->cache->ready, &w->link);
}

void waiter_sleep(struct waiter *w, int64_t ms)
{
	struct list *after = w->cache->asleep.prev;

	list_remove(&w->link);
	w->wake_ms = w->cache->clock->mono_ms + ms;
	while (after != &w->cache->asleep &&
	       container_of(after, struct waiter, link)->wake_ms > w->wake_ms)
		after = after->prev;
	list_append(after->next, &w->link);
}

void waiters_park(struct list *queue, struct waiter *w)
{
	list_remove(&w->link);
	list_append(queue, &w->link);
}

void waiters_wake(struct list *queue)
{
	list_for_each(pos, queue)
		waiter_wake(container_of(pos, struct waiter, link));
}

void resource_init(struct resource *r, const struct resource_kind *kind)
{
	*r = (struct resource){.kind = kind};
	list_init(&r->waiters);
}

void resource_finish(struct resource *r)
{
	waiters_wake(&r->waiters);
	free(r->failure);
	r->failure = NULL;
}

int64_t resource_fresh_ms(const struct resource *r)
{
	if (!r->has_data || r->data_ms < 0)
		return 0;
	int64_t left_ms =
		r->data_ms + r->kind->cache->cache_ms - clock_real_ms(r->kind->cache->clock);
	return left_ms > 0 ? left_ms : 0;
}

bool resource_fresh(const struct resource *r)
{
	return resource_fresh_ms(r) > 0;
}

bool resource_sent_since(const struct resource *r, uint64_t since)
{
	return r->has_data && r->data_ms >= 0 && r->data_started > since;
}

bool resource_failed_since(const struct resource *r, uint64_t since)
{
	return r->failure != NULL && r->failure->landed > since;
}

bool resource_unreachable(const struct error *e)
{
	return e->http_status == 0 || e->http_status >= 500 || e->http_status == 429;
}

static void begin_fetch(struct resource *r)
{
	r->state = RESOURCE_FETCHING;
	r->started = clock_stamp(r->kind->cache->clock);
	r->started_ms = r->kind->cache->clock->mono_ms;
	r->kind->start(r, r->kind->ctx);
}

static int park(struct resource *r, struct waiter *w)
{
	bool first = list_empty(&r->waiters);

	waiters_park(&r->waiters, w);
	if (r->state != RESOURCE_FETCHING)
		begin_fetch(r);
	else if (first && r->kind->cache->awaited != NULL)
		r->kind->cache->awaited(r, r->kind->cache->ctx);
	return WAIT;
}

void resource_prefetch(struct resource *r)
{
	if (r->state != RESOURCE_FETCHING && !resource_fresh(r))
		begin_fetch(r);
}

static int fail_fetch(struct resource *r, struct waiter *w)
{
	w->error = r->failure->error;
	return -w->error.err;
}

/* Otherwise every resource of a path would wait its own timeout, and each operation again. */
static bool serves_silence(const struct resource *r)
{
	const struct cache *cache = r->kind->cache;

	return cache->offline && r->has_data && cache->silent_ms >= 0 &&
	       cache->clock->mono_ms - cache->silent_ms < SILENCE_MS;
}

/* The data serves `w`: note for how long it may be kept. */
static int serve_fresh(const struct resource *r, struct waiter *w)
{
	int64_t fresh_ms = resource_fresh_ms(r);

	if (fresh_ms < w->fresh_ms)
		w->fresh_ms = fresh_ms;
	return 0;
}

int resource_need(struct resource *r, struct waiter *w)
{
	if (resource_fresh(r) || (r->has_data && r->data_ms >= 0 && r->data_landed > w->arrived))
		return serve_fresh(r, w);
	if (resource_failed_since(r, w->arrived)) {
		if (r->kind->cache->offline && r->has_data &&
		    resource_unreachable(&r->failure->error))
			return serve_fresh(r, w);
		return fail_fetch(r, w);
	}
	if (serves_silence(r)) {
		resource_prefetch(r);
		return serve_fresh(r, w);
	}
	return park(r, w);
}

int resource_need_since(struct resource *r, struct waiter *w, uint64_t since)
{
	if (resource_sent_since(r, since))
		return serve_fresh(r, w);
	if (r->failure != NULL && r->failure->started > since)
		return fail_fetch(r, w);
	return park(r, w);
}

bool resource_current(const struct resource *r, uint64_t started)
{
	return r->state == RESOURCE_FETCHING && r->started == started && r->invalidated < started &&
	       r->data_started < started;
}

static void settle(struct resource *r, enum resource_state state)
{
	r->state = state;
	waiters_wake(&r->waiters);
}

static void note_data(struct resource *r, uint64_t started)
{
	r->has_data = true;
	r->data_started = started;
	r->data_landed = clock_stamp(r->kind->cache->clock);
	r->data_ms = clock_real_ms(r->kind->cache->clock);
	r->landed_ms = r->data_ms;
	r->kind->cache->silent_ms = -1;
	free(r->failure);
	r->failure = NULL;
}

void resource_landed(struct resource *r)
{
	note_data(r, r->started);
	settle(r, RESOURCE_READY);
}

void resource_failed(struct resource *r, const struct error *e)
{
	int64_t now_ms = r->kind->cache->clock->mono_ms;
	bool silence = e->http_status == 0 && e->err == ETIMEDOUT;
	bool slow = resource_unreachable(e) && now_ms - r->started_ms >= SLOW_MS;

	if (r->failure == NULL)
		r->failure = xmalloc(sizeof(*r->failure));
	*r->failure = (struct resource_failure){
		.started = r->started,
		.landed = clock_stamp(r->kind->cache->clock),
		.error = *e,
	};
	r->kind->cache->silent_ms = silence || slow ? now_ms : -1;
	settle(r, RESOURCE_FAILED);
}

void resource_fetch_discarded(struct resource *r)
{
	r->state = r->has_data ? RESOURCE_READY : RESOURCE_EMPTY;
	if (list_empty(&r->waiters))
		return;
	begin_fetch(r);
	waiters_wake(&r->waiters); /* they will wait again, unless they have waited too long */
}

bool resource_accepts(const struct resource *r, uint64_t started)
{
	return r->invalidated < started && r->data_started < started;
}

void resource_supply(struct resource *r, uint64_t started)
{
	note_data(r, started);
	if (r->state ==
	    RESOURCE_FETCHING) /* its own fetch goes on; this data may be enough for waiters */
		waiters_wake(&r->waiters);
	else
		r->state = RESOURCE_READY;
}

void resource_invalidate_fetches(struct resource *r)
{
	r->invalidated = clock_stamp(r->kind->cache->clock);
}

void resource_doubt(struct resource *r)
{
	int64_t until_ms =
		clock_real_ms(r->kind->cache->clock) - r->kind->cache->cache_ms + DOUBT_MS;

	if (r->data_ms >= 0 && until_ms < r->data_ms)
		r->data_ms = until_ms > 0 ? until_ms : 0;
}

void resource_expire(struct resource *r)
{
	resource_invalidate_fetches(r);
	r->data_ms = -1;
}
