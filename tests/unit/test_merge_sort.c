/* SPDX-License-Identifier: MIT */
/* merge_sort: the order, whatever the parts it is made in. */
#include "unit.h"

#include "base/merge_sort.h"

struct thing {
	int key;
	size_t place;
};

static int by_key(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static struct merge_sort sort_of(struct thing *things, size_t n, int keys)
{
	struct merge_sort s;

	for (size_t i = 0; i < n; i++)
		things[i] = (struct thing){keys > 0 ? rand() % keys : (int)i, i};
	merge_sort_init(&s, things, n, sizeof(*things), by_key);
	return s;
}

static void expect_sorted(void **v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct thing *a = v[i - 1], *b = v[i];
		assert_true(a->key < b->key || (a->key == b->key && a->place < b->place));
	}
}

static void any_array_is_sorted_in_any_parts(void **state)
{
	static struct thing things[200];

	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		size_t n = (size_t)rand() % 200, parts = 0;
		struct merge_sort s = sort_of(things, n, 1 + rand() % 100);
		size_t most = 1 + (size_t)rand() % 50;
		for (size_t budget = most; !merge_sort_step(&s, &budget); budget = most)
			assert_true(parts++ < 20000);
		expect_sorted(s.v, n);
		merge_sort_finish(&s);
	}
}

static void a_part_compares_no_more_than_it_may(void **state)
{
	static struct thing things[1000];
	size_t parts = 0;

	(void)state;
	srand(2);
	struct merge_sort s = sort_of(things, 1000, 1000000);
	for (size_t budget = 100; !merge_sort_step(&s, &budget); budget = 100)
		parts++;
	/* n log n comparisons, less what is in order by chance. */
	assert_in_range(parts, 70, 110);
	merge_sort_finish(&s);
}

static void what_is_in_order_takes_little(void **state)
{
	static struct thing things[1000];
	size_t budget = 2000;

	(void)state;
	struct merge_sort s = sort_of(things, 1000, 0);
	assert_true(merge_sort_step(&s, &budget));
	expect_sorted(s.v, 1000);
	merge_sort_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_array_is_sorted_in_any_parts),
		cmocka_unit_test(a_part_compares_no_more_than_it_may),
		cmocka_unit_test(what_is_in_order_takes_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
