/* SPDX-License-Identifier: MIT */
/* store: the later pages of a list, side by side. */
#include <limits.h>

#include "world.h"

#include "base/buf.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "planetscale/decode.h"

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

/* --- pages that are decoded in slices ---------------------------------------------------------- */

#define MANY 600 /* tokens, which take more than the 128 KiB that are decoded at once */

/* A page of them; the one with the number `broken` has no id. */
static char *long_page(const char *name, int broken)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "{\"data\":[");
	for (int i = 0; i < MANY; i++) {
		buf_adds(&b, i > 0 ? "," : "");
		buf_addf(&b,
			 "{\"%s\":\"t%d\",\"name\":\"%s%d\",\"filler\":\"%0200d\","
			 "\"service_token_accesses\":[" ON_SHOP("read_branch") "]}",
			 i == broken ? "no_id" : "id", i, name, i, 0);
	}
	buf_adds(&b, "],\"next_page\":null}");
	return buf_take(&b);
}

static struct organization *ask_for_tokens(struct needy *n)
{
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	needy_need(n, &w, &o->tokens);
	return o;
}

static void a_long_page_is_decoded_in_slices(void **state)
{
	cleanup(free_ptr) char *page = long_page("n", -1);
	struct needy n;
	unsigned turns = 0;

	(void)state;
	struct organization *o = ask_for_tokens(&n);
	fake_answer(TOKENS, 200, page);
	for (; o->n_tokens == 0; turns++)
		assert_true(cache_run_ready(&w.cache));
	assert_int_equal(o->n_tokens, MANY);
	assert_int_equal(n.result, WAIT);
	world_turn(&w);
	assert_true(turns > MANY / DECODE_TOKENS_SLICE);
	assert_int_equal(n.result, 0);
	assert_non_null(model_token_named(o, "n599"));
	world_finish(&w);
}

static void a_fault_late_in_a_long_page_fails_the_list(void **state)
{
	cleanup(free_ptr) char *page = long_page("n", 555);
	struct needy n;

	(void)state;
	struct organization *o = ask_for_tokens(&n);
	fake_answer(TOKENS, 200, page);
	world_turn(&w);
	assert_int_equal(n.result, -EREMOTEIO);
	assert_string_equal(n.waiter.error.text,
			    "PlanetScale's answer makes no sense: data[555].id: a string expected");
	assert_int_equal(n.waiter.error.http_status, 200);
	assert_string_equal(n.waiter.error.request_id, "req-1");
	assert_int_equal(o->n_tokens, 0);
	world_finish(&w);
}

/* Rule 5, at whatever slice the change comes. */
static void a_change_in_between_makes_a_long_page_void(void **state)
{
	cleanup(free_ptr) char *page = long_page("n", -1);

	(void)state;
	for (unsigned slices = 0; slices < 50; slices++) {
		struct needy n;
		struct organization *o = ask_for_tokens(&n);
		fake_forget();
		fake_answer(TOKENS, 200, page);
		for (unsigned i = 0; i < slices && n.result == WAIT; i++)
			cache_run_ready(&w.cache);
		resource_invalidate_fetches(&o->tokens);
		unsigned asked = n.result == WAIT && o->tokens.state == RESOURCE_FETCHING;
		world_turn(&w);
		assert_int_equal(fake_count(), asked);
		assert_int_equal(o->n_tokens, asked ? 0 : MANY);
		waiter_leave(&n.waiter);
		world_finish(&w);
	}
}

/* Within the slices that free the tokens that are gone, too. */
static void a_mount_may_end_after_a_list_that_lost_many(void **state)
{
	cleanup(free_ptr) char *page = long_page("n", -1);

	(void)state;
	for (unsigned turns = 0; turns < 6; turns++) {
		struct needy n;
		struct organization *o = ask_for_tokens(&n);
		fake_answer(TOKENS, 200, page);
		world_turn(&w);
		assert_int_equal(o->n_tokens, MANY);
		resource_expire(&o->tokens);
		needy_need(&n, &w, &o->tokens);
		fake_answer(TOKENS, 200, LIST(TOKEN("t7", "n7", "")));
		for (unsigned i = 0; i < turns; i++)
			cache_run_ready(&w.cache);
		waiter_leave(&n.waiter);
		world_finish(&w);
	}
}

static void a_mount_may_end_within_a_long_page(void **state)
{
	cleanup(free_ptr) char *page = long_page("n", -1);

	(void)state;
	for (unsigned slices = 0; slices < 50; slices += 7) {
		struct needy n;
		ask_for_tokens(&n);
		fake_answer(TOKENS, 200, page);
		for (unsigned i = 0; i < slices; i++)
			cache_run_ready(&w.cache);
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
		cmocka_unit_test(a_long_page_is_decoded_in_slices),
		cmocka_unit_test(a_fault_late_in_a_long_page_fails_the_list),
		cmocka_unit_test(a_change_in_between_makes_a_long_page_void),
		cmocka_unit_test(a_mount_may_end_within_a_long_page),
		cmocka_unit_test(a_mount_may_end_after_a_list_that_lost_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
