/* SPDX-License-Identifier: MIT */
/* resource: when those that wait are run. */
#include "resource_fixture.h"

/* Rule 9: a pass runs those who were ready when it began. */
static void who_becomes_ready_in_a_pass_runs_in_the_next(void **state)
{
	struct reader a, b;

	(void)state;
	setup(0, false);
	arrive(&a);
	arrive(&b);
	a.again = b.again = false;
	a.then = &b;
	b.then = &a;
	waiter_wake(&a.waiter);
	for (int i = 1; i <= 3; i++) {
		assert_true(cache_run_ready(&cache));
		assert_int_equal(a.runs + b.runs, i);
	}
	b.then = a.then = NULL;
	assert_true(cache_run_ready(&cache));
	assert_false(cache_run_ready(&cache));
	teardown();
}

static void who_leaves_while_listed_is_not_run(void **state)
{
	struct reader a, b;

	(void)state;
	setup(0, false);
	arrive(&a);
	arrive(&b);
	a.drop = &b;
	need(&a);
	need(&b);
	land();
	cache_run_ready(&cache);
	assert_int_equal(a.runs, 1);
	assert_int_equal(b.runs, 0);
	waiter_leave(&b.waiter);
	assert_int_equal(need(&b), 0);
	teardown();
}

static void waking_twice_runs_once(void **state)
{
	struct reader a;

	(void)state;
	setup(0, false);
	arrive(&a);
	need(&a);
	waiter_wake(&a.waiter);
	waiter_wake(&a.waiter);
	assert_true(list_empty(&thing.waiters));
	cache_run_ready(&cache);
	assert_int_equal(a.runs, 1);
	assert_int_equal(a.result, WAIT); /* and waits on, for the same fetch */
	assert_int_equal(starts, 1);
	teardown();
	cache_run_ready(&cache);
}

static void who_sleeps_is_run_when_the_time_has_come(void **state)
{
	struct reader a, b, c;

	(void)state;
	setup(0, false);
	arrive(&a);
	arrive(&b);
	arrive(&c);
	a.again = b.again = c.again = false;
	assert_int_equal(cache_sleep_ms(&cache), -1);
	waiter_sleep(&a.waiter, 300);
	waiter_sleep(&b.waiter, 100);
	waiter_sleep(&c.waiter, 200);
	assert_int_equal(cache_sleep_ms(&cache), 100);
	assert_false(cache_run_ready(&cache));
	hands.mono_ms += 200;
	assert_int_equal(cache_sleep_ms(&cache), 0);
	b.drop = &c;
	assert_true(cache_run_ready(&cache));
	assert_int_equal(b.runs, 1);
	assert_int_equal(c.runs, 0);
	assert_int_equal(a.runs, 0);
	waiter_wake(&a.waiter); /* before its time */
	assert_true(cache_run_ready(&cache));
	assert_int_equal(a.runs, 1);
	hands.mono_ms += 1000;
	assert_false(cache_run_ready(&cache));
	teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_becomes_ready_in_a_pass_runs_in_the_next),
		cmocka_unit_test(who_leaves_while_listed_is_not_run),
		cmocka_unit_test(waking_twice_runs_once),
		cmocka_unit_test(who_sleeps_is_run_when_the_time_has_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
