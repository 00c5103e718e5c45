/* SPDX-License-Identifier: MIT */
/* slices: long work, one slice in each turn of the loop. */
#include "unit.h"

#include "base/clock.h"
#include "cache/slices.h"

static struct clock hands;
static struct cache cache;
static struct slices slices;

struct job {
	struct sliced sliced;
	int left;
	int done;
	struct job *adds; /* when it ends; or NULL */
};

static bool one_slice(struct sliced *work)
{
	struct job *j = container_of(work, struct job, sliced);

	j->done++;
	if (--j->left > 0)
		return false;
	if (j->adds != NULL)
		slices_add(&slices, &j->adds->sliced);
	return true;
}

static void setup(struct job *jobs, size_t n)
{
	cache_init(&cache, &hands, 30000, false);
	slices_init(&slices, &cache);
	for (size_t i = 0; i < n; i++) {
		jobs[i] = (struct job){.left = 3};
		sliced_init(&jobs[i].sliced, one_slice);
	}
}

static void each_turn_has_one_slice_and_the_first_work_goes_first(void **state)
{
	struct job jobs[3];

	(void)state;
	setup(jobs, 3);
	for (int i = 0; i < 3; i++)
		slices_add(&slices, &jobs[i].sliced);
	for (int turn = 0; turn < 9; turn++) {
		assert_true(cache_run_ready(&cache));
		for (int i = 0; i < 3; i++) {
			int due = turn + 1 - 3 * i;
			assert_int_equal(jobs[i].done, due < 0 ? 0 : due > 3 ? 3 : due);
		}
	}
	assert_false(cache_run_ready(&cache));
	slices_finish(&slices);
}

static void work_may_be_dropped_and_may_add_other_work(void **state)
{
	struct job jobs[3];

	(void)state;
	setup(jobs, 3);
	jobs[0].adds = &jobs[2];
	slices_add(&slices, &jobs[0].sliced);
	slices_add(&slices, &jobs[1].sliced);
	cache_run_ready(&cache);
	sliced_drop(&jobs[1].sliced);
	sliced_drop(&jobs[1].sliced);
	while (cache_run_ready(&cache))
		;
	assert_int_equal(jobs[0].done, 3);
	assert_int_equal(jobs[1].done, 0);
	assert_int_equal(jobs[2].done, 3);
	jobs[1].left = 3;
	slices_add(&slices, &jobs[1].sliced);
	cache_run_ready(&cache);
	slices_finish(&slices);
	assert_false(cache_run_ready(&cache));
	assert_int_equal(jobs[1].done, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_turn_has_one_slice_and_the_first_work_goes_first),
		cmocka_unit_test(work_may_be_dropped_and_may_add_other_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
