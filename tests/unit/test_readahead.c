/* SPDX-License-Identifier: MIT */
/* readahead: what is fetched in advance for a process that reads one item after another. */
#include <limits.h>
#include <stdbool.h>

#include "unit.h"

#include "cache/readahead.h"

#define ITEMS 1000

static struct readahead readahead;
static bool fetched[ITEMS];
static size_t fetches;
static const int directory, other_directory;

static void begin(void)
{
	readahead = (struct readahead){0};
	memset(fetched, 0, sizeof(fetched));
	fetches = 0;
}

/* A need of `item` that fetches what is decided; returns how many items that is. */
static size_t need_in(pid_t process, const void *in, size_t item, size_t n, size_t room)
{
	enum readahead_result result = fetched[item] ? READAHEAD_HIT : READAHEAD_MISS;
	struct readahead_range range =
		readahead_need(&readahead, process, in, item, n, result, room);

	fetches += !fetched[item];
	fetched[item] = true;
	if (range.n == 0)
		return 0;
	assert_true(range.first + range.n <= n);
	assert_true(item < range.first || item >= range.first + range.n);
	for (size_t i = range.first; i < range.first + range.n; i++) {
		fetches += !fetched[i];
		fetched[i] = true;
	}
	return range.n;
}

static size_t need(size_t item)
{
	return need_in(1, &directory, item, ITEMS, SIZE_MAX);
}

static void one_item_needs_no_other(void **state)
{
	(void)state;
	begin();
	assert_int_equal(need(500), 0);
	assert_int_equal(need(500), 0); /* once more is not the next */
	assert_int_equal(fetches, 1);
}

static void the_window_doubles_while_it_hits(void **state)
{
	static const struct {
		size_t item, ahead;
	} steps[] = {{10, 0},  {11, 4}, {12, 8},  {13, 0},  {15, 0},
		     {16, 16}, {23, 0}, {24, 32}, {40, 32}, {72, 32}};

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(need(steps[i].item), steps[i].ahead);
}

static void all_are_fetched_once_forwards_and_backwards(void **state)
{
	(void)state;
	begin();
	for (size_t i = 0; i < ITEMS; i++)
		need(i);
	assert_int_equal(fetches, ITEMS);
	begin();
	assert_int_equal(need(ITEMS - 1), 0);
	assert_int_equal(need(ITEMS - 2), 4);
	assert_true(fetched[ITEMS - 6] && !fetched[ITEMS - 7]);
	for (size_t i = ITEMS - 2; i-- > 0;)
		need(i);
	assert_int_equal(fetches, ITEMS);
}

/* As a shell sorts: capital letters among the others, and small permutations. */
static void the_order_need_not_be_exact(void **state)
{
	size_t waits = 0;

	(void)state;
	begin();
	for (size_t i = 0; i < 200; i++) {
		size_t item = (i / 2 ^ 1) + (i % 2) * 500;
		waits += !fetched[item];
		need(item);
	}
	assert_in_range(waits, 2, 12);
	assert_in_range(fetches, 200, 200 + 4 * READAHEAD_MOST);
}

static void needs_without_an_order_fetch_little(void **state)
{
	size_t item = 7;

	(void)state;
	begin();
	for (size_t i = 0; i < 200; i++) {
		item = (item * 421 + 89) % ITEMS;
		need(item);
	}
	assert_in_range(fetches, 1, 220);
}

static void what_goes_elsewhere_ends_it(void **state)
{
	(void)state;
	begin();
	need(10);
	assert_int_equal(need(11), 4);
	assert_int_equal(need(12), 8);
	assert_int_equal(need(600), 0);
	assert_int_equal(need(601), 0); /* it takes more to begin again, at either place */
	assert_int_equal(need(602), 4);
	assert_int_equal(need(13), 0);
	assert_int_equal(need(14), 4);
}

static void what_turns_has_to_show_it_first(void **state)
{
	(void)state;
	begin();
	need(100);
	assert_int_equal(need(101), 4);
	assert_int_equal(need(99), 0);
	assert_int_equal(need(98), 4);
	assert_true(fetched[94]);
}

/* Fetches that fail or are too old when they are needed: fewer and fewer are begun. */
static void what_does_not_serve_ends_it_for_longer_each_time(void **state)
{
	size_t ahead = 0;

	(void)state;
	begin();
	for (size_t i = 0, lost = 0; i < 900; i++) {
		struct readahead_range range =
			readahead_need(&readahead, 1, &directory, i, ITEMS,
				       lost > 0 ? READAHEAD_LOST : READAHEAD_MISS, SIZE_MAX);
		lost = range.n > 0 ? range.n : lost > 0 ? lost - 1 : 0;
		ahead += range.n;
	}
	assert_in_range(ahead, 4, 100);
}

static void the_room_bounds_it_and_the_end_of_the_directory(void **state)
{
	(void)state;
	begin();
	need_in(1, &directory, 10, ITEMS, 0);
	assert_int_equal(need_in(1, &directory, 11, ITEMS, 0), 0);
	assert_int_equal(need_in(1, &directory, 12, ITEMS, 3), 3);
	assert_int_equal(need_in(1, &directory, 13, ITEMS, 3), 3);
	begin();
	need_in(1, &directory, 0, 3, SIZE_MAX);
	assert_int_equal(need_in(1, &directory, 1, 3, SIZE_MAX), 1);
	assert_int_equal(need_in(1, &directory, 2, 3, SIZE_MAX), 0);
}

static void processes_and_directories_are_apart(void **state)
{
	(void)state;
	begin();
	for (pid_t process = 1; process <= 50; process++)
		assert_int_equal(need_in(process, &directory, (size_t)process, ITEMS, SIZE_MAX), 0);
	begin();
	need_in(1, &directory, 10, ITEMS, SIZE_MAX);
	assert_int_equal(need_in(1, &other_directory, 11, ITEMS, SIZE_MAX), 0);
}

static void a_directory_that_changes_meanwhile_does_no_harm(void **state)
{
	(void)state;
	begin();
	for (size_t i = ITEMS; i-- > 0;)
		need_in(1, &directory, i, i + 1, SIZE_MAX);
	for (size_t n = 1; n < ITEMS; n++)
		need_in(1, &directory, n * 7 % n, n, SIZE_MAX);
	assert_int_equal(fetches, ITEMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_item_needs_no_other),
		cmocka_unit_test(the_window_doubles_while_it_hits),
		cmocka_unit_test(all_are_fetched_once_forwards_and_backwards),
		cmocka_unit_test(the_order_need_not_be_exact),
		cmocka_unit_test(needs_without_an_order_fetch_little),
		cmocka_unit_test(what_goes_elsewhere_ends_it),
		cmocka_unit_test(what_turns_has_to_show_it_first),
		cmocka_unit_test(what_does_not_serve_ends_it_for_longer_each_time),
		cmocka_unit_test(the_room_bounds_it_and_the_end_of_the_directory),
		cmocka_unit_test(processes_and_directories_are_apart),
		cmocka_unit_test(a_directory_that_changes_meanwhile_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
