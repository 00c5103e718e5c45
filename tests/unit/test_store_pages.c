/* SPDX-License-Identifier: MIT */
/* store: the later pages of a list, side by side. */
#include <limits.h>

#include "world.h"

#include "base/macros.h"

static struct world w;

#define NTH_PAGE(n) "GET /v1/organizations/acme/service-tokens?page=" n
#define OF_PAGES(next, pages, items)                                                               \
	"{\"next_page\":" next ",\"total_pages\":" pages ",\"total_count\":" pages                 \
	",\"data\":[" items "]}"

/* The first of `pages` pages has come, so the others are asked for. */
static struct organization *read_first_page(struct needy *n, const char *pages, unsigned room)
{
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	fake_room(room);
	needy_need(n, &w, &o->tokens);
	fake_answer(TOKENS, 200, pages);
	return o;
}

static void later_pages_are_read_side_by_side(void **state)
{
	struct needy n;

	(void)state;
	struct organization *o =
		read_first_page(&n, OF_PAGES("2", "4", TOKEN("t1", "ci", "")), UINT_MAX);
	assert_int_equal(fake_count(), 4);
	fake_answer(NTH_PAGE("4"), 200, OF_PAGES("null", "4", TOKEN("t4", "d", "")));
	fake_answer(NTH_PAGE("2"), 200, OF_PAGES("3", "4", TOKEN("t2", "b", "")));
	world_turn(&w);
	assert_int_equal(n.result, WAIT);
	assert_int_equal(o->n_tokens, 0);
	fake_answer(NTH_PAGE("3"), 200, OF_PAGES("4", "4", TOKEN("t3", "c", "")));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_int_equal(o->n_tokens, 4);
	assert_int_equal(fake_count(), 4);
	world_finish(&w);
}

static void without_room_pages_are_read_one_by_one(void **state)
{
	struct needy n;

	(void)state;
	read_first_page(&n, OF_PAGES("2", "3", TOKEN("t1", "ci", "")), 0);
	assert_int_equal(fake_count(), 2);
	fake_answer(NTH_PAGE("2"), 200, OF_PAGES("3", "3", TOKEN("t2", "b", "")));
	assert_int_equal(fake_count(), 3);
	fake_answer(NTH_PAGE("3"), 200, OF_PAGES("null", "3", TOKEN("t3", "c", "")));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	world_finish(&w);
}

static void one_page_of_several_that_fails_fails_the_list(void **state)
{
	struct needy n;

	(void)state;
	struct organization *o =
		read_first_page(&n, OF_PAGES("2", "4", TOKEN("t1", "ci", "")), UINT_MAX);
	fake_fail(NTH_PAGE("3"), HTTP_UNKNOWN, ETIMEDOUT);
	world_turn(&w);
	assert_int_equal(n.result, -ETIMEDOUT);
	assert_int_equal(fake_cancelled(), 2);
	assert_int_equal(o->n_tokens, 0);
	world_finish(&w);
}

/* A total that is wrong, or a list that got longer or shorter: it is read again, page after page. */
static void pages_that_do_not_follow_as_promised_are_read_again(void **state)
{
	static const char *const seconds[] = {
		OF_PAGES("null", "3", TOKEN("t2", "b", "")),
		OF_PAGES("4", "3", TOKEN("t2", "b", "")),
	};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
		struct organization *o =
			read_first_page(&n, OF_PAGES("2", "3", TOKEN("t1", "ci", "")), UINT_MAX);
		assert_int_equal(fake_count(), 3);
		fake_answer(NTH_PAGE("2"), 200, seconds[i]);
		assert_int_equal(fake_cancelled(), 1);
		assert_int_equal(fake_count(), 4);
		fake_answer(TOKENS, 200, OF_PAGES("2", "2", TOKEN("t1", "ci", "")));
		assert_int_equal(fake_count(), 5);
		fake_answer(NTH_PAGE("2"), 200, OF_PAGES("null", "2", TOKEN("t2", "b", "")));
		world_turn(&w);
		assert_int_equal(n.result, 0);
		assert_int_equal(o->n_tokens, 2);
		world_finish(&w);
	}
}

/* An object moved from a page that was still to be read to one that had been. */
static void a_total_that_changes_on_one_of_several_pages_is_seen(void **state)
{
	struct needy n;

	(void)state;
	read_first_page(&n, OF_PAGES("2", "3", TOKEN("t1", "ci", "")), UINT_MAX);
	fake_answer(NTH_PAGE("3"), 200, OF_PAGES("null", "2", ""));
	fake_answer(NTH_PAGE("2"), 200, OF_PAGES("3", "3", TOKEN("t2", "b", "")));
	assert_true(fake_has(TOKENS)); /* again */
	world_finish(&w);
}

static void pages_of_a_prefetch_go_first_once_they_are_needed(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	resource_prefetch(&o->tokens);
	fake_answer(TOKENS, 200, OF_PAGES("2", "3", TOKEN("t1", "ci", "")));
	assert_false(fake_was_promoted(NTH_PAGE("2")));
	needy_need(&n, &w, &o->tokens);
	assert_true(fake_was_promoted(NTH_PAGE("2")));
	assert_true(fake_was_promoted(NTH_PAGE("3")));
	waiter_leave(&n.waiter);
	world_finish(&w);
}

static void a_promise_of_too_many_pages_is_not_believed(void **state)
{
	static const char *const firsts[] = {
		OF_PAGES("2", "2000", TOKEN("t1", "ci", "")),
		"{\"next_page\":2,\"total_pages\":50,\"total_count\":2,\"data\":[]}",
		"{\"next_page\":3,\"total_pages\":5,\"total_count\":100,\"data\":[]}",
		"{\"next_page\":2,\"total_pages\":5,\"data\":[]}",
	};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		read_first_page(&n, firsts[i], UINT_MAX);
		assert_int_equal(fake_count(), 2);
		waiter_leave(&n.waiter);
		world_finish(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_pages_are_read_side_by_side),
		cmocka_unit_test(without_room_pages_are_read_one_by_one),
		cmocka_unit_test(one_page_of_several_that_fails_fails_the_list),
		cmocka_unit_test(pages_that_do_not_follow_as_promised_are_read_again),
		cmocka_unit_test(a_total_that_changes_on_one_of_several_pages_is_seen),
		cmocka_unit_test(pages_of_a_prefetch_go_first_once_they_are_needed),
		cmocka_unit_test(a_promise_of_too_many_pages_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
