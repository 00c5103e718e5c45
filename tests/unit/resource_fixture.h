/* SPDX-License-Identifier: MIT */
/*
 * resource_fixture: one resource, and readers that wait for it.
 */
#ifndef PSCALEFS_TEST_RESOURCE_FIXTURE_H
#define PSCALEFS_TEST_RESOURCE_FIXTURE_H

#include "unit.h"

#include "base/clock.h"
#include "base/macros.h"
#include "cache/resource.h"

static struct clock hands;
static struct cache cache;
static struct resource thing;
static int starts; /* fetches begun */

struct reader {
	struct waiter waiter; /* first */
	int runs;
	int result;
	uint64_t since;      /* not 0: need_since */
	bool again;          /* calls need() again whenever it is run */
	struct reader *then; /* its run wakes this one */
	struct reader *drop; /* its run makes this one leave */
};

static inline void begin_fetch(struct resource *r, void *ctx)
{
	assert_ptr_equal(ctx, &starts);
	assert_int_equal(r->state, RESOURCE_FETCHING);
	starts++;
}

static const struct resource_kind kind = {&cache, begin_fetch, &starts};

static inline int need(struct reader *r)
{
	r->result = r->since != 0 ? resource_need_since(&thing, &r->waiter, r->since)
				  : resource_need(&thing, &r->waiter);
	return r->result;
}

static inline void run_reader(struct waiter *w)
{
	struct reader *r = container_of(w, struct reader, waiter);

	r->runs++;
	if (r->again)
		need(r);
	if (r->then != NULL)
		waiter_wake(&r->then->waiter);
	if (r->drop != NULL)
		waiter_leave(&r->drop->waiter);
}

static inline struct reader reader_new(void)
{
	struct reader r = {.result = -1, .again = true};

	return r;
}

static inline void arrive(struct reader *r)
{
	*r = reader_new();
	waiter_init(&r->waiter, &cache, run_reader);
}

static inline void setup(int64_t cache_ms, bool offline)
{
	hands = (struct clock){.mono_ms = 1000000, .wall_s = 1700000000};
	cache_init(&cache, &hands, cache_ms, offline);
	resource_init(&thing, &kind);
	starts = 0;
}

static inline void teardown(void)
{
	resource_finish(&thing);
}

static inline void land(void)
{
	assert_true(resource_current(&thing, thing.started));
	resource_landed(&thing);
}

static inline void fail_with(int err, int http_status)
{
	struct error e;

	error_set(&e, err, "it failed");
	e.http_status = http_status;
	resource_failed(&thing, &e);
}

#endif
