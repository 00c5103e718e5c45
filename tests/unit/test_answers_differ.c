/* SPDX-License-Identifier: MIT */
/* store_change, model_permissions: answers that differ, when one of them may lag. */
#include "change_fixture.h"

#include "base/xmalloc.h"

#define HELD ON_SHOP("read_branch")

static void read_grants(const char *accesses)
{
	cleanup(free_ptr) char *body = xasprintf(TOKEN("t1", "ci", "%s"), accesses);
	struct resource *grants = &world_token(&w, "t1")->grants;
	struct needy n;

	resource_expire(grants);
	needy_need(&n, &w, grants);
	assert_int_equal(n.result, WAIT);
	fake_answer(GET_TOKEN("t1"), 200, body);
	world_turn(&w);
	assert_int_equal(n.result, 0);
}

static void begin(struct outcome *o, const char *grant, bool exact)
{
	change(o, "t1", "d1", grant, "", exact, "");
	world_turn(&w);
}

static void see(const char *accesses)
{
	cleanup(free_ptr) char *body = xasprintf(TOKEN("t1", "ci", "%s"), accesses);

	fake_answer(GET_TOKEN("t1"), 200, body);
	world_settle(&w);
}

static void assert_done(const struct outcome *o)
{
	assert_int_equal(o->done, 1);
	assert_int_equal(o->error.err, 0);
	assert_int_equal(fake_open(), 0);
}

/* rm, of what a fresh answer shows. */
static void revoke_held(struct outcome *o)
{
	begin(o, "", true);
	see(HELD);
	fake_answer(GONE("\"read_branch\""), 204, "");
	world_settle(&w);
	see("");
	assert_done(o);
}

/* rm finds nothing, somebody having revoked it; a replica has not heard of that. */
static void what_appears_is_granted_again(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	begin(&o, "", true);
	see("");
	assert_done(&o);
	w.clock.mono_ms += RECENT_MS - 1;
	begin(&o, "read_branch", false);
	fake_answer(BODY("\"read_branch\""), 200, LIST(HELD));
	world_settle(&w);
	assert_done(&o);
	world_finish(&w);
}

/* The stale answer comes to this command, or to a read before it. */
static void what_appears_in_a_fresh_answer_is_granted_too(void **state)
{
	(void)state;
	for (int before = 0; before < 2; before++) {
		struct outcome o;
		setup();
		begin(&o, "", true);
		see("");
		assert_done(&o);
		if (before)
			read_grants(HELD);
		begin(&o, "read_branch", true);
		see(HELD);
		assert_int_equal(o.done, 0);
		fake_answer(BODY("\"read_branch\""), 200, "[]");
		world_settle(&w);
		see("");
		assert_int_equal(o.done, 0);
		see(HELD);
		assert_done(&o);
		world_finish(&w);
	}
}

/* Somebody else has granted stray, which was seen; a replica has not heard of it. */
static void what_vanishes_is_revoked(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	read_grants(HELD "," ON_SHOP("stray"));
	begin(&o, "read_branch", true);
	see(HELD);
	assert_int_equal(o.done, 0);
	fake_answer(GONE("\"stray\""), 204, "");
	world_settle(&w);
	see(HELD "," ON_SHOP("stray"));
	assert_int_equal(o.done, 0);
	see(HELD);
	assert_done(&o);
	/* And now it is known. */
	begin(&o, "read_branch", true);
	see(HELD "," ON_SHOP("stray"));
	fake_answer(GONE("\"stray\""), 204, "");
	world_settle(&w);
	see(HELD);
	assert_done(&o);
	world_finish(&w);
}

/* A refusal that only says that nothing is granted is none. */
static void what_vanished_truly_costs_one_request(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	read_grants(HELD "," ON_SHOP("stray"));
	begin(&o, "", true);
	see("");
	fake_answer(GONE("\"read_branch\",\"stray\""), 404, "{}");
	world_settle(&w);
	see("");
	assert_done(&o);
	begin(&o, "", true);
	see("");
	assert_done(&o);
	world_finish(&w);
}

/* It was granted a moment ago. The revocation was cut off and repeated, and a gateway answers 404; and a replica
 * has not heard of the grant. */
static void what_was_refused_and_vanished_is_revoked_again(void **state)
{
	struct outcome o;

	(void)state;
	for (int named = 0; named < 2; named++) {
		setup();
		read_grants(HELD);
		begin(&o, "stray", false);
		fake_answer(BODY("\"stray\""), 200, LIST(ON_SHOP("stray")));
		world_settle(&w);
		assert_done(&o);
		change(&o, "t1", "d1", "", named ? "stray" : "", !named, "");
		world_turn(&w);
		if (!named)
			see(HELD "," ON_SHOP("stray"));
		const char *deletion =
			named ? GONE("\"stray\"") : GONE("\"read_branch\",\"stray\"");
		fake_answer_attempts(deletion, 404, "{}", 2);
		world_settle(&w);
		see(named ? HELD : "");
		assert_int_equal(o.done, 0);
		fake_answer(deletion, 204, "");
		world_settle(&w);
		see(named ? HELD : "");
		assert_done(&o);
		world_finish(&w);
	}
}

/* The same for a grant, refused because the database was not found. */
static void what_was_refused_and_appeared_is_granted_again(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	revoke_held(&o);
	begin(&o, "read_branch", true);
	see("");
	fake_answer_attempts(BODY("\"read_branch\""), 404, "{}", 2);
	world_settle(&w);
	see(HELD);
	assert_int_equal(o.done, 0);
	fake_answer(BODY("\"read_branch\""), 200, LIST(HELD));
	world_settle(&w);
	assert_done(&o);
	world_finish(&w);
}

/* An answer that is older than any replica lags is history. */
static void what_differs_from_an_old_answer_is_believed(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	begin(&o, "write_x", true);
	see(ON_SHOP("write_x"));
	assert_done(&o);
	world_finish(&w);
}

/* What this mount did itself is known: its own change does not cast doubt. */
static void a_change_of_our_own_is_no_difference(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	read_grants(HELD);
	revoke_held(&o);
	assert_int_equal(model_turned(world_token(&w, "t1"), "d1")->vanished.n, 0);
	begin(&o, "", true);
	see("");
	assert_done(&o);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_appears_is_granted_again),
		cmocka_unit_test(what_appears_in_a_fresh_answer_is_granted_too),
		cmocka_unit_test(what_vanishes_is_revoked),
		cmocka_unit_test(what_vanished_truly_costs_one_request),
		cmocka_unit_test(what_was_refused_and_vanished_is_revoked_again),
		cmocka_unit_test(what_was_refused_and_appeared_is_granted_again),
		cmocka_unit_test(what_differs_from_an_old_answer_is_believed),
		cmocka_unit_test(a_change_of_our_own_is_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
