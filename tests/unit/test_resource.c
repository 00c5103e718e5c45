/* SPDX-License-Identifier: MIT */
/* resource: one remote thing, how fresh it is, who waits for it. */
#include "resource_fixture.h"

/* Rule 3, progress: without its first clause a cache time of 0 fetches for ever. */
static void with_a_cache_time_of_0_one_fetch_serves_who_waited_for_it(void **state)
{
	struct reader a, b;

	(void)state;
	setup(0, false);
	arrive(&a);
	assert_int_equal(need(&a), WAIT);
	assert_int_equal(thing.state, RESOURCE_FETCHING);
	land();
	assert_true(cache_run_ready(&cache));
	assert_int_equal(a.result, 0);
	assert_int_equal(thing.state, RESOURCE_READY);
	assert_int_equal(need(&a), 0);
	arrive(&b);
	assert_int_equal(need(&b), WAIT);
	assert_int_equal(starts, 2);
	teardown();
	cache_run_ready(&cache);
}

static void within_the_cache_time_nothing_is_fetched_and_afterwards_it_is(void **state)
{
	struct reader a, b;

	(void)state;
	setup(30000, false);
	assert_false(resource_fresh(&thing));
	arrive(&a);
	need(&a);
	land();
	cache_run_ready(&cache);
	hands.mono_ms += 29999;
	assert_true(resource_fresh(&thing));
	arrive(&b);
	assert_int_equal(need(&b), 0);
	hands.mono_ms += 1;
	arrive(&b);
	assert_int_equal(need(&b), WAIT);
	assert_int_equal(starts, 2);
	teardown();
	cache_run_ready(&cache);
}

/* Rule 10, a failure is a result: the re-run answers its errno, and the next op tries anew. */
static void a_failure_is_told_once_to_each_who_waited_and_not_kept_for_others(void **state)
{
	struct reader a, b, c;

	(void)state;
	setup(30000, false);
	arrive(&a);
	arrive(&b);
	need(&a);
	need(&b);
	fail_with(EHOSTUNREACH, 0);
	assert_int_equal(thing.state, RESOURCE_FAILED);
	cache_run_ready(&cache);
	assert_int_equal(a.result, -EHOSTUNREACH);
	assert_int_equal(b.result, -EHOSTUNREACH);
	assert_string_equal(a.waiter.error.text, "it failed");
	assert_int_equal(starts, 1);
	arrive(&c);
	assert_int_equal(need(&c), WAIT);
	land();
	cache_run_ready(&cache);
	assert_int_equal(c.result, 0);
	assert_null(thing.failure);
	teardown();
}

/* Rule 10, a failed fetch is never absence: data that was known does not hide a failure. */
static void old_data_does_not_serve_when_its_renewal_failed(void **state)
{
	struct reader a, b;

	(void)state;
	setup(1000, false);
	arrive(&a);
	need(&a);
	land();
	cache_run_ready(&cache);
	hands.mono_ms += 1000;
	arrive(&b);
	need(&b);
	fail_with(EHOSTUNREACH, 0);
	cache_run_ready(&cache);
	assert_int_equal(b.result, -EHOSTUNREACH);
	teardown();
}

/* What was fetched once is too old for `a`. */
static void wait_for_renewal(struct reader *a)
{
	setup(1000, true);
	arrive(a);
	need(a);
	land();
	cache_run_ready(&cache);
	hands.mono_ms += 1000;
	arrive(a);
	assert_int_equal(need(a), WAIT);
}

/* Else every operation would wait a timeout out for each thing on its path. */
static void offline_who_comes_after_a_silence_does_not_wait(void **state)
{
	struct reader a, b;

	(void)state;
	wait_for_renewal(&a);
	fail_with(ETIMEDOUT, 0);
	cache_run_ready(&cache);
	assert_int_equal(a.result, 0);
	assert_int_equal(starts, 2);
	arrive(&b);
	assert_int_equal(need(&b), 0);
	assert_int_equal(starts, 3); /* it is asked for meanwhile, once */
	arrive(&b);
	assert_int_equal(need(&b), 0);
	assert_int_equal(starts, 3);
	b.since = b.waiter.arrived; /* what confirms a change waits */
	assert_int_equal(need(&b), WAIT);
	fail_with(ETIMEDOUT, 0);
	cache_run_ready(&cache);
	assert_int_equal(b.result, WAIT);
	fail_with(ECONNREFUSED, 0);
	cache_run_ready(&cache);
	assert_int_equal(b.result, -ECONNREFUSED);
	arrive(&a); /* a failure at once: the next waits for its own */
	assert_int_equal(need(&a), WAIT);
	fail_with(ETIMEDOUT, 0);
	cache_run_ready(&cache);
	hands.mono_ms += 30000;
	arrive(&a);
	assert_int_equal(need(&a), WAIT);
	land();
	cache_run_ready(&cache);
	teardown();
}

/* So it is if PlanetScale fails again and again, instead of saying nothing. */
static void offline_who_comes_after_a_long_failure_does_not_wait(void **state)
{
	static const struct {
		int err, status;
		int64_t lasted_ms;
		int next;
	} cases[] = {
		{EREMOTEIO, 503, 30000, 0},       {EREMOTEIO, 0, 30000, 0},
		{EAGAIN, 429, 1000, 0},           {ECONNREFUSED, 0, 30000, 0},
		{EREMOTEIO, 503, 999, WAIT},      {ECONNREFUSED, 0, 0, WAIT},
		{EKEYREJECTED, 401, 30000, WAIT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reader a;
		wait_for_renewal(&a);
		hands.mono_ms += cases[i].lasted_ms;
		fail_with(cases[i].err, cases[i].status);
		cache_run_ready(&cache);
		arrive(&a);
		assert_int_equal(need(&a), cases[i].next);
		assert_int_equal(starts, 3); /* it is asked for in either case */
		land();
		cache_run_ready(&cache);
		teardown();
	}
}

static void offline_old_data_serves_only_if_nobody_answered(void **state)
{
	static const struct {
		int err, status, result;
	} cases[] = {
		{EHOSTUNREACH, 0, 0},
		{ETIMEDOUT, 0, 0},
		{EREMOTEIO, 503, 0},
		{EAGAIN, 429, 0},
		{EKEYREJECTED, 401, -EKEYREJECTED},
		{EACCES, 403, -EACCES},
		{ENOENT, 404, -ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reader a, b;
		setup(1000, true);
		arrive(&a);
		need(&a);
		fail_with(cases[i].err, cases[i].status);
		cache_run_ready(&cache);
		assert_int_equal(a.result, -cases[i].err); /* there is nothing older */
		arrive(&a);
		need(&a);
		land();
		cache_run_ready(&cache);
		hands.mono_ms += 1000;
		arrive(&b);
		need(&b);
		fail_with(cases[i].err, cases[i].status);
		cache_run_ready(&cache);
		assert_int_equal(b.result, cases[i].result);
		teardown();
	}
}

/* Rule 4: one fetch a resource at a time. */
static void many_readers_cost_one_fetch_and_wake_in_the_order_of_their_coming(void **state)
{
	struct reader r[8];

	(void)state;
	setup(0, false);
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		arrive(&r[i]);
		assert_int_equal(need(&r[i]), WAIT);
	}
	resource_prefetch(&thing);
	assert_int_equal(starts, 1);
	land();
	struct list *at = cache.ready.next;
	for (size_t i = 0; i < ARRAY_LEN(r); i++, at = at->next)
		assert_ptr_equal(at, &r[i].waiter.link);
	cache_run_ready(&cache);
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		assert_int_equal(r[i].result, 0);
	assert_int_equal(starts, 1);
	teardown();
}

/* Rule 5: a fetch that a change has overtaken is void. */
static void an_overtaken_fetch_is_begun_again_if_someone_waits(void **state)
{
	struct reader a;

	(void)state;
	setup(30000, false);
	arrive(&a);
	need(&a);
	uint64_t first = thing.started;
	resource_invalidate_fetches(&thing);
	assert_false(resource_current(&thing, first));
	resource_fetch_discarded(&thing);
	assert_int_equal(starts, 2);
	assert_int_equal(thing.state, RESOURCE_FETCHING);
	assert_int_equal(a.runs, 0);
	cache_run_ready(&cache);
	assert_int_equal(a.runs, 1); /* so that it may lose patience */
	assert_int_equal(a.result, WAIT);
	assert_int_equal(starts, 2);
	assert_true(resource_current(&thing, thing.started));
	assert_false(resource_current(&thing, first));
	waiter_leave(&a.waiter);
	resource_invalidate_fetches(&thing);
	resource_fetch_discarded(&thing);
	assert_int_equal(starts, 2);
	assert_int_equal(thing.state, RESOURCE_EMPTY);
	teardown();
}

static void need_since_wants_an_answer_to_a_request_sent_afterwards(void **state)
{
	struct reader a, b;

	(void)state;
	setup(30000, false);
	arrive(&a);
	need(&a);
	land();
	cache_run_ready(&cache);
	arrive(&b);
	b.since = b.waiter.arrived;
	assert_false(resource_sent_since(&thing, b.since));
	assert_int_equal(need(&b), WAIT);
	land();
	cache_run_ready(&cache);
	assert_int_equal(b.result, 0);
	assert_int_equal(starts, 2);
	assert_true(resource_sent_since(&thing, b.since));
	teardown();
}

static void need_since_does_not_take_the_fetch_under_way_but_the_next(void **state)
{
	struct reader a, b;

	(void)state;
	setup(0, false);
	arrive(&a);
	need(&a);
	arrive(&b);
	b.since = b.waiter.arrived;
	assert_int_equal(need(&b), WAIT);
	assert_int_equal(starts, 1);
	land();
	cache_run_ready(&cache);
	assert_int_equal(a.result, 0);
	assert_int_equal(b.result, WAIT);
	assert_int_equal(starts, 2);
	fail_with(ETIMEDOUT, 0);
	cache_run_ready(&cache);
	assert_int_equal(b.result, -ETIMEDOUT);
	teardown();
}

static void an_older_failure_does_not_answer_need_since(void **state)
{
	struct reader a, b;

	(void)state;
	setup(0, false);
	arrive(&a);
	need(&a);
	fail_with(ETIMEDOUT, 0);
	cache_run_ready(&cache);
	arrive(&b);
	b.since = b.waiter.arrived;
	assert_int_equal(need(&b), WAIT);
	land();
	cache_run_ready(&cache);
	assert_int_equal(b.result, 0);
	teardown();
}

static void what_was_forgotten_serves_nobody(void **state)
{
	struct reader a, b;

	(void)state;
	setup(30000, true);
	arrive(&a);
	a.again = false;
	need(&a);
	land();
	cache_run_ready(&cache);
	resource_expire(&thing);
	assert_false(resource_fresh(&thing));
	assert_false(resource_sent_since(&thing, 1));
	assert_int_equal(need(&a), WAIT);
	a.since = a.waiter.arrived; /* it was sent since, but what came of it is forgotten */
	assert_int_equal(need(&a), WAIT);
	assert_int_equal(starts, 2);
	/* Forgotten, not gone: offline it is better than nothing. */
	a.since = 0;
	fail_with(EHOSTUNREACH, 0);
	cache_run_ready(&cache);
	assert_int_equal(need(&a), 0);
	arrive(&b);
	assert_int_equal(need(&b), WAIT);
	teardown();
	cache_run_ready(&cache);
}

static void a_fetch_under_way_when_all_is_forgotten_is_void(void **state)
{
	struct reader a;

	(void)state;
	setup(30000, false);
	arrive(&a);
	need(&a);
	resource_expire(&thing);
	assert_false(resource_current(&thing, thing.started));
	resource_fetch_discarded(&thing);
	land();
	cache_run_ready(&cache);
	assert_int_equal(a.result, 0);
	assert_int_equal(starts, 2);
	teardown();
}

static void data_that_comes_with_another_answer_serves(void **state)
{
	struct reader a, b;

	(void)state;
	setup(30000, false);
	arrive(&a);
	need(&a);
	uint64_t other = clock_stamp(&hands);
	assert_true(resource_accepts(&thing, other));
	resource_supply(&thing, other);
	assert_int_equal(thing.state, RESOURCE_FETCHING);
	cache_run_ready(&cache);
	assert_int_equal(a.result, 0);
	/* The answer to its own, older request would take it back in time. */
	assert_false(resource_current(&thing, thing.started));
	resource_fetch_discarded(&thing);
	assert_int_equal(thing.state, RESOURCE_READY);
	assert_int_equal(starts, 1);
	arrive(&b);
	assert_int_equal(need(&b), 0);
	teardown();
}

static void older_or_overtaken_data_is_not_accepted(void **state)
{
	struct reader a;

	(void)state;
	setup(30000, false);
	uint64_t early = clock_stamp(&hands);
	arrive(&a);
	need(&a);
	land();
	cache_run_ready(&cache);
	assert_false(resource_accepts(&thing, early));
	uint64_t late = clock_stamp(&hands);
	assert_true(resource_accepts(&thing, late));
	resource_invalidate_fetches(&thing);
	assert_false(resource_accepts(&thing, late));
	resource_supply(&thing, clock_stamp(&hands));
	assert_int_equal(thing.state, RESOURCE_READY);
	teardown();
}

static void a_resource_that_goes_wakes_who_waits(void **state)
{
	struct reader a;

	(void)state;
	setup(0, false);
	arrive(&a);
	a.again = false;
	need(&a);
	teardown();
	assert_true(cache_run_ready(&cache));
	assert_int_equal(a.runs, 1);
}

static void a_prefetch_begins_only_what_is_needed(void **state)
{
	(void)state;
	setup(1000, false);
	resource_prefetch(&thing);
	resource_prefetch(&thing);
	assert_int_equal(starts, 1);
	land();
	resource_prefetch(&thing);
	assert_int_equal(starts, 1);
	hands.mono_ms += 1000;
	resource_prefetch(&thing);
	assert_int_equal(starts, 2);
	teardown();
}

static void what_is_cached_gets_older_while_the_machine_sleeps(void **state)
{
	struct reader a, b;

	(void)state;
	setup(30000, false);
	arrive(&a);
	need(&a);
	land();
	cache_run_ready(&cache);
	hands.suspended_ms += 29999;
	assert_true(resource_fresh(&thing));
	hands.suspended_ms += 1;
	assert_false(resource_fresh(&thing));
	arrive(&b);
	assert_int_equal(need(&b), WAIT);
	land();
	/* Nor does the wall clock matter, which people set. */
	hands.wall_s -= 365 * 24 * 3600;
	assert_true(resource_fresh(&thing));
	hands.wall_s += 2 * 365 * 24 * 3600;
	assert_true(resource_fresh(&thing));
	cache_run_ready(&cache);
	assert_int_equal(b.result, 0);
	teardown();
}

static void what_is_in_doubt_serves_a_few_seconds(void **state)
{
	struct reader a;

	(void)state;
	setup(30000, false);
	arrive(&a);
	need(&a);
	land();
	resource_doubt(&thing);
	hands.mono_ms += 4999;
	assert_true(resource_fresh(&thing));
	hands.mono_ms += 1;
	assert_false(resource_fresh(&thing));
	resource_expire(&thing);
	resource_doubt(&thing); /* what is forgotten stays so */
	assert_false(resource_sent_since(&thing, 0));
	teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_a_cache_time_of_0_one_fetch_serves_who_waited_for_it),
		cmocka_unit_test(within_the_cache_time_nothing_is_fetched_and_afterwards_it_is),
		cmocka_unit_test(a_failure_is_told_once_to_each_who_waited_and_not_kept_for_others),
		cmocka_unit_test(old_data_does_not_serve_when_its_renewal_failed),
		cmocka_unit_test(offline_old_data_serves_only_if_nobody_answered),
		cmocka_unit_test(offline_who_comes_after_a_silence_does_not_wait),
		cmocka_unit_test(offline_who_comes_after_a_long_failure_does_not_wait),
		cmocka_unit_test(many_readers_cost_one_fetch_and_wake_in_the_order_of_their_coming),
		cmocka_unit_test(an_overtaken_fetch_is_begun_again_if_someone_waits),
		cmocka_unit_test(need_since_wants_an_answer_to_a_request_sent_afterwards),
		cmocka_unit_test(need_since_does_not_take_the_fetch_under_way_but_the_next),
		cmocka_unit_test(an_older_failure_does_not_answer_need_since),
		cmocka_unit_test(what_was_forgotten_serves_nobody),
		cmocka_unit_test(a_fetch_under_way_when_all_is_forgotten_is_void),
		cmocka_unit_test(data_that_comes_with_another_answer_serves),
		cmocka_unit_test(older_or_overtaken_data_is_not_accepted),
		cmocka_unit_test(a_resource_that_goes_wakes_who_waits),
		cmocka_unit_test(a_prefetch_begins_only_what_is_needed),
		cmocka_unit_test(what_is_in_doubt_serves_a_few_seconds),
		cmocka_unit_test(what_is_cached_gets_older_while_the_machine_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
