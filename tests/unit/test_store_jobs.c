/* SPDX-License-Identifier: MIT */
/* store: changes of permissions side by side, in order, and dropped. */
#include "change_fixture.h"

static void the_organization_is_the_empty_database(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	change(&o, "t1", NULL, "read_invoices", "", false, "");
	world_turn(&w);
	fake_answer(GRANT("t1") " {\"database\":\"\",\"access\":[\"read_invoices\"]}", 200,
		    LIST(ON_ACME("read_invoices")));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
	assert_true(scopes_has(&model_grant(world_token(&w, "t1"), NULL)->scopes, "read_invoices"));
	world_finish(&w);
}

static void a_database_that_nobody_knows_is_not_asked_for(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	change(&o, "t1", "d9", "a", "", false, "");
	world_turn(&w);
	assert_int_equal(o.error.err, ENOENT);
	assert_int_equal(fake_count(), 0);
	world_finish(&w);
}

/* --- several at once -------------------------------------------------------------------------- */

/* Rule 11: changes of one token are sent in order, those of different tokens side by side. */
static void changes_of_one_token_go_in_order_others_in_parallel(void **state)
{
	struct outcome a, b, c;

	(void)state;
	setup();
	change(&a, "t1", "d1", "a", "", false, "");
	change(&b, "t1", "d1", "b", "", false, "");
	change(&c, "t2", "d1", "c", "", false, "");
	world_turn(&w);
	assert_int_equal(fake_open(), 2);
	assert_true(fake_has(GRANT("t2")));
	fake_answer(BODY("\"a\""), 200, LIST(ON_SHOP("a")));
	world_turn(&w);
	assert_int_equal(a.done, 1);
	assert_int_equal(b.done, 0);
	fake_answer(BODY("\"b\""), 200, LIST(ON_SHOP("b")));
	fake_answer(GRANT("t2"), 200, LIST(ON_SHOP("c")));
	world_turn(&w);
	assert_int_equal(b.done + c.done, 2);
	assert_held("a b read_branch");
	world_finish(&w);
}

static void a_failed_change_lets_the_next_go(void **state)
{
	struct outcome a, b;

	(void)state;
	setup();
	change(&a, "t1", "d1", "a", "", false, "");
	change(&b, "t1", "d1", "", "", true, "");
	world_turn(&w);
	fake_fail(BODY("\"a\""), HTTP_UNKNOWN, ETIMEDOUT);
	world_turn(&w);
	assert_int_equal(a.error.err, ETIMEDOUT);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(b.done, 1);
	assert_int_equal(b.error.err, 0);
	world_finish(&w);
}

/* Its request may have had its effect after the answer that the second was queued behind. */
static void an_unknown_outcome_makes_a_queued_change_read_afresh(void **state)
{
	struct outcome a, b;

	(void)state;
	setup();
	change(&a, "t1", "d1", "a", "", true, "");
	change(&b, "t1", "d1", "", "", true, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", "")); /* after b's command, too */
	world_turn(&w);
	fake_fail(BODY("\"a\""), HTTP_UNKNOWN, ETIMEDOUT);
	world_turn(&w);
	assert_int_equal(a.done, 1);
	assert_int_equal(b.done, 0);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ON_SHOP("a")));
	world_turn(&w);
	fake_answer(GONE("\"a\""), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(b.error.err, 0);
	assert_int_equal(b.done, 1);
	world_finish(&w);
}

static void a_change_of_a_token_that_vanished_is_eidrm(void **state)
{
	struct outcome a, b;

	(void)state;
	setup();
	change(&a, "t1", "d1", "a", "", false, "");
	change(&b, "t1", "d1", "b", "", false, "");
	world_turn(&w);
	model_remove_token(world_token(&w, "t1"));
	fake_answer(BODY("\"a\""), 200, LIST(ON_SHOP("a")));
	world_turn(&w);
	assert_int_equal(a.error.err, EIDRM);
	assert_int_equal(b.error.err, EIDRM);
	assert_int_equal(fake_count(), 1);
	world_finish(&w);
}

static void a_token_deleted_elsewhere_is_eidrm(void **state)
{
	struct outcome a;

	(void)state;
	setup();
	change(&a, "t1", "d1", "a", "", false, "");
	world_turn(&w);
	fake_answer(BODY("\"a\""), 404, "{}");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 404, "{}");
	fake_answer(TOKENS, 200, LIST(""));
	world_turn(&w);
	assert_int_equal(a.error.err, EIDRM);
	world_finish(&w);
}

/* --- dropping: rule 7 ------------------------------------------------------------------------- */

static void a_change_that_was_not_sent_can_be_dropped(void **state)
{
	struct outcome a, b;
	struct store_job *job;

	(void)state;
	setup();
	job = change(&a, "t1", "d1", "a", "", false, "");
	assert_true(store_drop(job)); /* before its first step */
	world_turn(&w);
	assert_int_equal(fake_count(), 0);
	fake_hold(true);
	job = change(&a, "t1", "d1", "a", "", false, "");
	change(&b, "t1", "d1", "b", "", false, "");
	world_turn(&w);
	assert_int_equal(fake_count(), 1);
	assert_true(store_drop(job)); /* in http's queue */
	assert_int_equal(fake_cancelled(), 1);
	world_turn(&w);
	fake_answer(BODY("\"b\""), 200, LIST(ON_SHOP("b")));
	world_turn(&w);
	assert_int_equal(a.done, 0);
	assert_int_equal(b.done, 1);
	job = change(&a, "t1", "d1", "", "", true, "");
	world_turn(&w);
	assert_true(fake_has(GET_TOKEN("t1")));
	assert_true(store_drop(job)); /* while it reads */
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(a.done, 0);
	world_finish(&w);
}

static void a_change_that_was_sent_goes_on(void **state)
{
	struct outcome a;

	(void)state;
	setup();
	struct store_job *job = change(&a, "t1", "d1", "a", "", false, "");
	world_turn(&w);
	assert_false(store_drop(job));
	fake_answer(BODY("\"a\""), 204, "");
	world_turn(&w);
	assert_false(store_drop(job)); /* something was changed: it is read to the end */
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ON_SHOP("a")));
	world_turn(&w);
	assert_int_equal(a.done, 1);
	assert_int_equal(a.error.err, 0);
	world_finish(&w);
}

static void what_is_in_flight_at_the_end_is_dropped(void **state)
{
	struct outcome a, b;

	(void)state;
	setup();
	change(&a, "t1", "d1", "a", "", false, "");
	change(&b, "t2", "d1", "", "", true, "");
	world_turn(&w);
	assert_int_equal(fake_open(), 2);
	world_finish(&w);
	assert_int_equal(a.done + b.done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_organization_is_the_empty_database),
		cmocka_unit_test(a_database_that_nobody_knows_is_not_asked_for),
		cmocka_unit_test(changes_of_one_token_go_in_order_others_in_parallel),
		cmocka_unit_test(a_failed_change_lets_the_next_go),
		cmocka_unit_test(an_unknown_outcome_makes_a_queued_change_read_afresh),
		cmocka_unit_test(a_change_of_a_token_that_vanished_is_eidrm),
		cmocka_unit_test(a_token_deleted_elsewhere_is_eidrm),
		cmocka_unit_test(a_change_that_was_not_sent_can_be_dropped),
		cmocka_unit_test(a_change_that_was_sent_goes_on),
		cmocka_unit_test(what_is_in_flight_at_the_end_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
