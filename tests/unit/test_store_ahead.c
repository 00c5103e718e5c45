/* SPDX-License-Identifier: MIT */
/* store: grants that are fetched before they are needed. */
#include <unistd.h>

#include "world.h"

#include "base/buf.h"
#include "base/macros.h"

static struct world w;

/* A waiter of this process that needs the grants of a token. */
struct reader {
	struct waiter waiter; /* first */
	struct token *token;
	int result;
};

static void reader_run(struct waiter *waiter)
{
	struct reader *n = container_of(waiter, struct reader, waiter);

	n->result = store_need_grants(w.store, waiter, n->token);
}

static void need_grants(struct reader *n, const char *id)
{
	*n = (struct reader){.token = world_token(&w, id)};
	waiter_init(&n->waiter, &w.cache, reader_run);
	n->waiter.tid = getpid();
	n->result = store_need_grants(w.store, &n->waiter, n->token);
}

/* An organization with the tokens t00 to t39, which the list gives with or without accesses. */
static void start_world(bool accesses)
{
	struct buf body = BUF_INIT;

	world_start(&w);
	buf_adds(&body, "{\"next_page\":null,\"data\":[");
	for (int i = 0; i < 40; i++)
		buf_addf(&body, "%s{\"id\":\"t%02d\",\"name\":\"t%02d\"%s}", i > 0 ? "," : "", i, i,
			 accesses ? ",\"service_token_accesses\":[]" : "");
	buf_adds(&body, "]}");
	world_acme(&w, buf_str(&body));
	buf_finish(&body);
}

#define ANSWER(id) fake_answer(GET_TOKEN(id), 200, TOKEN(id, id, ON_SHOP("read_branch")))

/* Two tokens in order: the next ones, from t07 on, are under way then. */
static void read_two(struct reader *n)
{
	need_grants(n, "t05");
	ANSWER("t05");
	need_grants(n, "t06");
	ANSWER("t06");
	world_turn(&w);
}

static void one_token_is_one_request(void **state)
{
	struct reader n;

	(void)state;
	start_world(false);
	need_grants(&n, "t05");
	ANSWER("t05");
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_int_equal(fake_count(), 1);
	world_finish(&w);
}

static void the_next_ones_are_fetched_and_serve(void **state)
{
	struct reader n;

	(void)state;
	start_world(false);
	need_grants(&n, "t05");
	ANSWER("t05");
	need_grants(&n, "t06");
	assert_int_equal(fake_count(), 6);
	assert_true(fake_has(GET_TOKEN("t10")));
	ANSWER("t07");
	ANSWER("t06");
	world_turn(&w);
	assert_int_equal(n.result, 0);
	need_grants(&n, "t07");
	assert_int_equal(n.result, 0);
	assert_int_equal(fake_count(), 14);
	/* What is under way goes before other prefetches once it is needed. */
	assert_false(fake_was_promoted(GET_TOKEN("t08")));
	need_grants(&n, "t08");
	assert_int_equal(n.result, WAIT);
	assert_true(fake_was_promoted(GET_TOKEN("t08")));
	waiter_leave(&n.waiter);
	world_finish(&w);
}

static void there_must_be_room(void **state)
{
	struct reader n;

	(void)state;
	start_world(false);
	fake_room(2);
	need_grants(&n, "t05");
	ANSWER("t05");
	need_grants(&n, "t06");
	assert_int_equal(fake_count(), 4);
	waiter_leave(&n.waiter);
	world_finish(&w);
}

static void a_list_with_accesses_leaves_nothing_to_fetch(void **state)
{
	struct reader n;

	(void)state;
	start_world(true);
	need_grants(&n, "t05");
	need_grants(&n, "t06");
	assert_int_equal(n.result, 0);
	/* And what is fetched alone for another reason is no sign of an order. */
	resource_expire(&world_token(&w, "t07")->grants);
	resource_expire(&world_token(&w, "t08")->grants);
	need_grants(&n, "t07");
	ANSWER("t07");
	need_grants(&n, "t08");
	ANSWER("t08");
	world_turn(&w);
	assert_int_equal(fake_count(), 2);
	world_finish(&w);
}

static void a_failure_is_nobodys(void **state)
{
	static const struct {
		int status; /* 0: no answer */
	} cases[] = {{0}, {404}, {403}, {500}};
	struct reader n, early;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		start_world(false);
		/* An operation that began before, and will need the token later. */
		waiter_init(&early.waiter, &w.cache, reader_run);
		early.token = world_token(&w, "t07");
		early.waiter.tid = 0;
		read_two(&n);
		if (cases[i].status == 0)
			fake_fail(GET_TOKEN("t07"), HTTP_UNKNOWN, ETIMEDOUT);
		else
			fake_answer(GET_TOKEN("t07"), cases[i].status, "{}");
		world_turn(&w);
		assert_int_equal(fake_count(), 6); /* a 404 is not explained to nobody */
		assert_null(early.token->grants.failure);
		reader_run(&early.waiter);
		assert_int_equal(early.result, WAIT);
		ANSWER("t07");
		world_turn(&w);
		assert_int_equal(early.result, 0);
		world_finish(&w);
	}
}

static void a_failure_is_the_readers_who_waits_for_it(void **state)
{
	struct reader n;

	(void)state;
	start_world(false);
	read_two(&n);
	need_grants(&n, "t07");
	fake_answer(GET_TOKEN("t07"), 500, "{}");
	world_turn(&w);
	assert_int_equal(n.result, -EREMOTEIO);
	world_finish(&w);
}

/* Rule 5. */
static void a_change_makes_it_void(void **state)
{
	struct reader n;

	(void)state;
	start_world(false);
	read_two(&n);
	resource_invalidate_fetches(&world_token(&w, "t07")->grants);
	ANSWER("t07");
	world_turn(&w);
	assert_false(world_token(&w, "t07")->grants.has_data);
	need_grants(&n, "t07");
	assert_int_equal(n.result, WAIT);
	ANSWER("t07");
	world_turn(&w);
	assert_int_equal(n.result, 0);
	world_finish(&w);
}

static void a_token_that_is_gone_is_gone(void **state)
{
	struct reader n;

	(void)state;
	start_world(false);
	read_two(&n);
	model_remove_token(world_token(&w, "t07"));
	ANSWER("t07");
	world_turn(&w);
	assert_null(world_token(&w, "t07"));
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_token_is_one_request),
		cmocka_unit_test(the_next_ones_are_fetched_and_serve),
		cmocka_unit_test(there_must_be_room),
		cmocka_unit_test(a_list_with_accesses_leaves_nothing_to_fetch),
		cmocka_unit_test(a_failure_is_nobodys),
		cmocka_unit_test(a_failure_is_the_readers_who_waits_for_it),
		cmocka_unit_test(a_change_makes_it_void),
		cmocka_unit_test(a_token_that_is_gone_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
