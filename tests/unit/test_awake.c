/* SPDX-License-Identifier: MIT */
/* awake: when the loop stays awake for the next request, and for how long. */
#include "unit.h"

#include <sched.h>

#include "mount/awake.h"

#define US 1000

static struct awake a;

static void sleeps_at_first(void **state)
{
	(void)state;
	awake_init(&a);
	assert_false(awake_stays(&a));
}

static void stays_awake_where_to_wake_takes_long(void **state)
{
	static const struct {
		int64_t slept_ns;
		bool stays;
	} cases[] = {
		{5 * US, false}, /* the processors are busy: they wake each other at once */
		{60 * US, true},
		{AWAKE_NS, true},
		{AWAKE_NS + US, false}, /* the caller had something else to do */
		{INT64_C(5000000000), false},
	};

	(void)state;
	awake_init(&a);
	a.never = false; /* however many processors there are */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		awake_slept(&a, 60 * US);
		awake_slept(&a, cases[i].slept_ns);
		assert_int_equal(awake_stays(&a), cases[i].stays);
	}
}

static void sleeps_now_and_then_to_measure(void **state)
{
	unsigned n = 0;

	(void)state;
	awake_init(&a);
	a.never = false;
	for (awake_slept(&a, 60 * US); awake_stays(&a); n++)
		awake_stayed(&a, true);
	assert_in_range(n, 16, 1024);
}

static void does_not_stay_awake_twice_in_vain(void **state)
{
	(void)state;
	awake_init(&a);
	a.never = false;
	awake_slept(&a, 60 * US);
	awake_stayed(&a, true);
	assert_true(awake_stays(&a));
	awake_stayed(&a, false);
	assert_false(awake_stays(&a));
}

static void never_takes_the_only_processor(void **state)
{
	cpu_set_t all, one;
	int first = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	awake_init(&a);
	awake_slept(&a, 60 * US);
	assert_false(awake_stays(&a));
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleeps_at_first),
		cmocka_unit_test(stays_awake_where_to_wake_takes_long),
		cmocka_unit_test(sleeps_now_and_then_to_measure),
		cmocka_unit_test(does_not_stay_awake_twice_in_vain),
		cmocka_unit_test(never_takes_the_only_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
