/* SPDX-License-Identifier: MIT */
/* budget: when a request may leave, on a clock set by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "http/rate_limit.h"

static const int rates[] = {1, 2, 3, 5, 6, 7, 11, 60, 100, 599, 600, 3000};

static int drain(struct rate_limit *b, bool last_tenth)
{
	int n = 0;

	for (; rate_limit_wait_ms(b, last_tenth) == 0; n++)
		rate_limit_take(b);
	return n;
}

static void no_window_of_a_minute_holds_more_than_the_rate(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct clock clock = {.mono_ms = 123456};
		struct rate_limit b;
		int in_minute[180] = {0}; /* by second */

		rate_limit_init(&b, &clock, rates[i], 1);
		for (int s = 0; s < 180; s++)
			for (int ms = 0; ms < 1000; ms += 20, clock.mono_ms += 20)
				in_minute[s] += drain(&b, true);
		for (int from = 0; from <= 120; from++) {
			int sum = 0;
			for (int s = from; s < from + 60; s++)
				sum += in_minute[s];
			assert_in_range(sum, 1, rates[i]);
		}
	}
}

static void a_full_bucket_lets_a_sixth_go_at_once(void **state)
{
	struct clock clock = {.mono_ms = 5};
	struct rate_limit b;

	(void)state;
	rate_limit_init(&b, &clock, 600, 1);
	assert_int_equal(rate_limit_left(&b), 100);
	assert_int_equal(drain(&b, true), 100);
	assert_int_equal(rate_limit_left(&b), 0);
	assert_int_equal(rate_limit_wait_ms(&b, true), 120);
	clock.mono_ms += 119;
	assert_int_equal(rate_limit_wait_ms(&b, true), 1);
	clock.mono_ms += 1;
	assert_int_equal(rate_limit_wait_ms(&b, true), 0);
	clock.mono_ms += 3600 * 1000;
	assert_int_equal(rate_limit_left(&b), 100);
}

static void prefetching_leaves_the_last_tenth(void **state)
{
	struct clock clock = {.mono_ms = 5};
	struct rate_limit b;

	(void)state;
	rate_limit_init(&b, &clock, 600, 1);
	assert_int_equal(drain(&b, false), 90);
	assert_int_equal(rate_limit_wait_ms(&b, false), 120);
	assert_int_equal(drain(&b, true), 10);
	/* A bucket of one has no tenth: prefetching must not starve for ever. */
	rate_limit_init(&b, &clock, 6, 1);
	assert_int_equal(drain(&b, false), 1);
}

static void half_is_spare_but_not_the_last_tenth(void **state)
{
	static const struct {
		int taken, spare;
	} cases[] = {{0, 50}, {50, 25}, {78, 11}, {80, 10}, {85, 5}, {90, 0}, {100, 0}};
	struct clock clock = {.mono_ms = 5};
	struct rate_limit b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rate_limit_init(&b, &clock, 600, 1);
		for (int n = 0; n < cases[i].taken; n++)
			rate_limit_take(&b);
		assert_int_equal(rate_limit_spare(&b), cases[i].spare);
	}
	rate_limit_init(&b, &clock, 600, 1);
	rate_limit_pause(&b, 1000);
	assert_int_equal(rate_limit_spare(&b), 0);
	rate_limit_init(&b, &clock, 0, 1);
	assert_int_equal(rate_limit_spare(&b), -1);
}

static void without_a_rate_only_pauses_hold_back(void **state)
{
	struct clock clock = {.mono_ms = 5};
	struct rate_limit b;

	(void)state;
	rate_limit_init(&b, &clock, 0, 1);
	for (int i = 0; i < 10000; i++)
		rate_limit_take(&b);
	assert_int_equal(rate_limit_left(&b), -1);
	assert_int_equal(rate_limit_wait_ms(&b, false), 0);
	rate_limit_pause(&b, 700);
	assert_int_equal(rate_limit_wait_ms(&b, true), 700);
}

static void a_pause_holds_all_back_until_it_is_over_or_lifted(void **state)
{
	struct clock clock = {.mono_ms = 5};
	struct rate_limit b;

	(void)state;
	rate_limit_init(&b, &clock, 600, 1);
	rate_limit_pause(&b, 2000);
	rate_limit_pause(&b, 500); /* the longer one stands */
	assert_int_equal(rate_limit_paused_ms(&b), 2000);
	assert_int_equal(rate_limit_wait_ms(&b, true), 2000);
	clock.mono_ms += 1999;
	assert_int_equal(rate_limit_wait_ms(&b, true), 1);
	clock.mono_ms += 1;
	assert_int_equal(rate_limit_wait_ms(&b, true), 0);
	assert_int_equal(rate_limit_paused_ms(&b), 0);
	rate_limit_pause(&b, INT64_MAX);
	assert_int_equal(rate_limit_paused_ms(&b), 3600 * 1000);
	rate_limit_resume(&b);
	assert_int_equal(rate_limit_wait_ms(&b, true), 0);
}

static void a_pause_leaves_one_request_in_the_bucket(void **state)
{
	struct clock clock = {.mono_ms = 5};
	struct rate_limit b;

	(void)state;
	rate_limit_init(&b, &clock, 600, 1);
	rate_limit_pause(&b, 0);
	assert_int_equal(rate_limit_left(&b), 1);
}

static void a_429_halves_the_rate_and_minutes_give_it_back(void **state)
{
	static const struct {
		int after_s, age_ms; /* a 429 to a request sent so long before; -1: none */
		int rate;
	} steps[] = {
		{0, 0, 300},   {0, 200, 300},   {5, 0, 300},   {14, 20000, 300}, {1, 0, 150},
		{59, -1, 150}, {1, -1, 210},    {60, -1, 270}, {600, 0, 300},    {20, 0, 150},
		{20, 0, 75},   {20, 0, 60},     {20, 0, 60},   {60, -1, 120},    {479, -1, 540},
		{1, -1, 600},  {6000, -1, 600}, {0, 0, 300},
	};
	struct clock clock = {.mono_ms = 5};
	struct rate_limit b;

	(void)state;
	rate_limit_init(&b, &clock, 600, 1);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		clock.mono_ms += steps[i].after_s * 1000;
		if (steps[i].age_ms >= 0)
			rate_limit_refused(&b, steps[i].age_ms, 500);
		assert_int_equal(rate_limit_rate(&b), steps[i].rate);
	}
	rate_limit_init(&b, &clock, 0, 1);
	rate_limit_refused(&b, 0, 500);
	assert_int_equal(rate_limit_rate(&b), 0);
	assert_int_equal(rate_limit_wait_ms(&b, true), 500);
}

static void a_reduced_rate_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct clock clock = {.mono_ms = 123456};
		struct rate_limit b;
		int sent = 0;

		rate_limit_init(&b, &clock, rates[i], 1);
		drain(&b, true);
		rate_limit_refused(&b, 0, 0);
		int rate = rate_limit_rate(&b);
		for (int ms = 0; ms < 59900; ms += 20, clock.mono_ms += 20)
			sent += drain(&b, true);
		assert_in_range(sent, rate / 3, rate);
	}
}

/* Two that share one limit of 600 a minute, counted in minutes that begin when the first does. */
static void two_come_to_share_a_limit(void **state)
{
	struct clock clock = {.mono_ms = 60000};
	struct rate_limit b[2];
	int sent[2] = {0}, refused = 0, in_minute = 0;

	(void)state;
	for (int who = 0; who < 2; who++)
		rate_limit_init(&b[who], &clock, 600, 1);
	for (int minute = 0; minute < 60; minute++, in_minute = 0) {
		for (int ms = 0; ms < 60000; ms += 20, clock.mono_ms += 20) {
			for (int who = 0; who < 2; who++) {
				while (rate_limit_wait_ms(&b[who], true) == 0) {
					rate_limit_take(&b[who]);
					if (++in_minute <= 600) {
						sent[who]++;
						continue;
					}
					refused++;
					rate_limit_refused(&b[who], 0, 1000);
				}
			}
		}
	}
	assert_in_range(sent[0] + sent[1], 60 * 400, 60 * 600);
	assert_in_range(sent[0], 60 * 150, 60 * 450);
	assert_in_range(sent[1], 60 * 150, 60 * 450);
	assert_in_range(refused, 1, (sent[0] + sent[1]) / 20);
}

static void backoff_doubles_to_five_seconds_and_is_spread(void **state)
{
	static const int whole[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
	struct clock clock = {0};
	struct rate_limit b;

	(void)state;
	rate_limit_init(&b, &clock, 0, 42);
	for (unsigned n = 0; n < ARRAY_LEN(whole); n++) {
		int64_t least = INT64_MAX, most = 0;
		for (int i = 0; i < 200; i++) {
			int64_t ms = rate_limit_backoff_ms(&b, n);
			assert_in_range(ms, whole[n] / 2, whole[n]);
			least = ms < least ? ms : least;
			most = ms > most ? ms : most;
		}
		assert_true(most - least > whole[n] / 4);
	}
	assert_in_range(rate_limit_backoff_ms(&b, 4000000000u), 2500, 5000);
}

static void retry_after_takes_seconds_and_dates_and_nothing_else(void **state)
{
	/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110. */
	static const int64_t then_s = 784111777;
	static const struct {
		const char *value;
		int64_t ms;
	} cases[] = {
		{"0", 0},
		{"2", 2000},
		{" 120 ", 120000},
		{"1.5", 1500},
		{"0.25", 250},
		{"0.0009", 0},
		{"3.", 3000},
		{"99999999999999999999999", 24ll * 3600 * 1000},
		{"Sun, 06 Nov 1994 08:49:37 GMT", 10000},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 10000},
		{"Sun Nov  6 08:49:37 1994", 10000},
		{"Sun, 06 Nov 1994 08:49:17 GMT", 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", 24ll * 3600 * 1000},
		{"", -1},
		{"-1", -1},
		{".5", -1},
		{"1e3", -1},
		{"1 2", -1},
		{"soon", -1},
		{"Sun, 06 Nov 1994 08:49:37 CET", -1},
		{"1994-11-06T08:49:37Z", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(retry_after_ms(cases[i].value, then_s - 10), cases[i].ms);
}

static void years_fill_the_bucket_and_no_more(void **state)
{
	static const int64_t starts_ms[] = {0, 1, 3600000, 10ll * 365 * 24 * 3600 * 1000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts_ms); i++) {
		for (size_t rate = 0; rate < ARRAY_LEN(rates); rate++) {
			struct clock clock = {.mono_ms = starts_ms[i]};
			struct rate_limit b;

			rate_limit_init(&b, &clock, rates[rate], 1);
			int full = drain(&b, true);
			assert_int_equal(full, rates[rate] >= 6 ? rates[rate] / 6 : 1);
			rate_limit_pause(&b, 600 * 1000);
			clock.suspended_ms += 10ll * 365 * 24 * 3600 * 1000; /* awake or not */
			assert_int_equal(rate_limit_paused_ms(&b), 0);
			assert_int_equal(drain(&b, true), full);
			clock.mono_ms += 10ll * 365 * 24 * 3600 * 1000;
			assert_int_equal(drain(&b, true), full);
			assert_in_range(rate_limit_wait_ms(&b, true), 1, 60000);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_of_a_minute_holds_more_than_the_rate),
		cmocka_unit_test(a_full_bucket_lets_a_sixth_go_at_once),
		cmocka_unit_test(prefetching_leaves_the_last_tenth),
		cmocka_unit_test(half_is_spare_but_not_the_last_tenth),
		cmocka_unit_test(without_a_rate_only_pauses_hold_back),
		cmocka_unit_test(a_pause_holds_all_back_until_it_is_over_or_lifted),
		cmocka_unit_test(a_pause_leaves_one_request_in_the_bucket),
		cmocka_unit_test(a_429_halves_the_rate_and_minutes_give_it_back),
		cmocka_unit_test(a_reduced_rate_is_kept),
		cmocka_unit_test(two_come_to_share_a_limit),
		cmocka_unit_test(backoff_doubles_to_five_seconds_and_is_spread),
		cmocka_unit_test(retry_after_takes_seconds_and_dates_and_nothing_else),
		cmocka_unit_test(years_fill_the_bucket_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
