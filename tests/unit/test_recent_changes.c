/* SPDX-License-Identifier: MIT */
/* recent_changes: what was confirmed stays known for a while, whatever a replica says. */
#include <stdint.h>

#include "change_fixture.h"

#include "base/clock.h"
#include "base/macros.h"
#include "base/xmalloc.h"

static struct organization *acme(void)
{
	return model_organization(w.model, "o1");
}

/* Fetch something again, as soon as nothing cached serves, and answer with `body`. */
static void read_again(struct resource *r, const char *request, const char *body)
{
	struct needy n;

	resource_expire(r);
	needy_need(&n, &w, r);
	assert_int_equal(n.result, WAIT);
	fake_answer(request, 200, body);
	world_turn(&w);
	assert_int_equal(n.result, 0);
}

static void read_grants(const char *accesses)
{
	cleanup(free_ptr) char *body = xasprintf(TOKEN("t1", "ci", "%s"), accesses);

	read_again(&world_token(&w, "t1")->grants, GET_TOKEN("t1"), body);
}

static void granted(const char *scope, const char *answer)
{
	struct outcome o;

	change(&o, "t1", "d1", scope, "", false, "");
	world_turn(&w);
	fake_answer(GRANT("t1"), 200, answer);
	world_turn(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
}

static void revoked(const char *scope, const char *after)
{
	struct outcome o;

	change(&o, "t1", "d1", "", scope, false, "");
	world_turn(&w);
	fake_answer(REVOKE("t1"), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, after);
	world_turn(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
}

#define BEFORE ON_SHOP("read_branch")
#define AFTER  ON_SHOP("write_x")

static void what_was_granted_stays_known_for_five_seconds(void **state)
{
	(void)state;
	setup();
	granted("write_x", LIST(BEFORE "," AFTER));
	read_grants(BEFORE);
	assert_held("read_branch write_x");
	w.clock.mono_ms += RECENT_MS - 1;
	read_grants(BEFORE);
	assert_held("read_branch write_x");
	w.clock.mono_ms += 1;
	read_grants(BEFORE);
	assert_held("read_branch");
	world_finish(&w);
}

static void what_was_revoked_stays_known_likewise(void **state)
{
	(void)state;
	setup();
	revoked("read_branch", TOKEN("t1", "ci", ""));
	read_grants(BEFORE);
	assert_held("");
	w.clock.suspended_ms += RECENT_MS; /* replicas do not sleep */
	read_grants(BEFORE);
	assert_held("read_branch");
	world_finish(&w);
}

/* One mechanism, wherever an answer is applied. */
static void lists_and_grants_and_posts_are_corrected_alike(void **state)
{
	(void)state;
	setup();
	granted("write_x", LIST(BEFORE "," AFTER));
	revoked("read_branch", TOKEN("t1", "ci", AFTER));
	read_again(&acme()->tokens, TOKENS, LIST(TOKEN("t1", "ci", BEFORE)));
	assert_held("write_x");
	granted("write_y", LIST(BEFORE "," ON_SHOP("write_y")));
	assert_held("write_x write_y");
	resource_expire(&world_token(&w, "t1")->grants);
	struct needy n;
	needy_need(&n, &w, &world_token(&w, "t1")->grants);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN_BARE("t1", "ci"));
	fake_answer(GRANTS("t1"), 200,
		    LIST("{\"resource_type\":\"Database\",\"resource_id\":\"d1\",\"resource_name\":"
			 "\"shop\",\"accesses\":[{\"access\":\"read_branch\"}]}"));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_held("write_x write_y");
	world_finish(&w);
}

static void a_resource_that_an_answer_lacks_is_told_by_name(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	change(&o, "t1", NULL, "read_databases", "", false, "");
	world_turn(&w);
	fake_answer(GRANT("t1"), 200, LIST(ON_ACME("read_databases")));
	world_turn(&w);
	assert_int_equal(o.error.err, 0);
	read_grants("");
	const struct grant *g = model_grant(world_token(&w, "t1"), NULL);
	assert_non_null(g);
	assert_true(scopes_has(&g->scopes, "read_databases"));
	assert_string_equal(g->on->name, "acme");
	world_finish(&w);
}

/* What contradicted is asked for again soon, not served for the whole cache time. */
static void a_contradicted_answer_serves_five_seconds_only(void **state)
{
	(void)state;
	setup();
	granted("write_x", LIST(BEFORE "," AFTER));
	read_grants(BEFORE);
	assert_true(resource_fresh(&world_token(&w, "t1")->grants));
	w.clock.mono_ms += 5000;
	assert_false(resource_fresh(&world_token(&w, "t1")->grants));
	read_grants(BEFORE "," AFTER);
	w.clock.mono_ms += 29999;
	assert_true(resource_fresh(&world_token(&w, "t1")->grants));
	world_finish(&w);
}

/* "echo delete_branch >> f && echo read_branch > f": the answer before the close is a second old. */
static void own_grants_count_when_the_rest_is_revoked(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	granted("write_x", LIST(BEFORE "," AFTER));
	change(&o, "t1", "d1", "read_branch", "", true, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	fake_answer(GONE("\"write_x\""), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
	assert_held("read_branch");
	read_grants(BEFORE "," AFTER); /* now the replica has heard of the POST, but of no more */
	assert_held("read_branch");
	world_finish(&w);
}

/* Somebody else may have revoked it since: no command takes a memory for an answer. */
static void what_is_only_remembered_is_granted_anew(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	granted("write_x", LIST(BEFORE "," AFTER));
	change(&o, "t1", "d1", "write_x", "", false, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	assert_int_equal(o.done, 0);
	fake_answer(BODY("\"write_x\""), 200, LIST(BEFORE "," AFTER));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
	world_finish(&w);
}

/* Somebody else may have granted it since, and exactly this shall remain. */
static void what_is_only_remembered_as_revoked_is_revoked_anew(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	revoked("read_branch", TOKEN("t1", "ci", ""));
	change(&o, "t1", "d1", "", "", true, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	fake_answer(GONE("\"read_branch\""), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	world_finish(&w);
}

/* A POST may answer what it added, and no more: that says nothing of what the read before it saw. */
static void what_a_grant_answers_settles_nothing_else(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	revoked("read_branch", TOKEN("t1", "ci", ""));
	change(&o, "t1", "d1", "write_x", "", true, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	fake_answer(GRANT("t1"), 200, LIST(AFTER));
	world_turn(&w);
	assert_int_equal(o.done, 0);
	fake_answer(GONE("\"read_branch\""), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", AFTER));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
	world_finish(&w);
}

/* What a command wants and an answer shows is confirmed, though there was nothing to send. */
static void what_was_there_already_stays_known_when_it_was_asked_for(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	change(&o, "t1", "d1", "read_branch", "", false, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	change(&o, "t1", "d1", "", "", true, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	fake_answer(GONE("\"read_branch\""), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	world_finish(&w);
}

/* A revocation under way grants nothing, whatever becomes of it. */
static void what_is_revoked_once_more_stays_revoked_meanwhile(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	revoked("read_branch", TOKEN("t1", "ci", ""));
	change(&o, "t1", "d1", "", "read_branch", false, "");
	world_turn(&w);
	fake_answer(GONE("\"read_branch\""), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	assert_held("");
	assert_int_equal(o.done, 0); /* it is asked again */
	world_finish(&w);
}

static void what_is_granted_once_more_stays_granted_meanwhile(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	granted("write_x", LIST(BEFORE "," AFTER));
	read_grants(BEFORE);
	change(&o, "t1", "d1", "write_x", "", true, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	fake_answer(GRANT("t1"), 200, LIST(""));
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	assert_held("read_branch write_x");
	world_finish(&w);
}

static void a_change_that_may_have_been_undone_is_not_known_any_more(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	granted("write_x", LIST(BEFORE "," AFTER));
	change(&o, "t1", "d1", "", "write_x", false, "");
	world_turn(&w);
	fake_fail(REVOKE("t1"), HTTP_UNKNOWN, ETIMEDOUT);
	world_turn(&w);
	assert_int_equal(o.error.err, ETIMEDOUT);
	read_grants(BEFORE);
	assert_held("read_branch");
	granted("write_x", LIST(BEFORE "," AFTER));
	change(&o, "t1", "d1", "", "write_x", false, "");
	world_turn(&w);
	fake_answer(REVOKE("t1"), 403, "{}"); /* nothing came of it */
	world_turn(&w);
	read_grants(BEFORE);
	assert_held("read_branch write_x");
	world_finish(&w);
}

/* --- tokens ----------------------------------------------------------------------------------- */

static void make(const char *id)
{
	struct outcome o = {0};
	cleanup(free_ptr) char *body = xasprintf(MADE("%s", "new"), id, id);

	store_create_token(w.store, "o1", "new", 0, on_done, &o);
	world_turn(&w);
	fake_answer(CREATE, 200, body);
	world_turn(&w);
	assert_string_equal(o.made, id);
}

#define CI_AND_WEB TOKEN("t1", "ci", BEFORE) "," TOKEN("t2", "web", BEFORE)

static void tokens_that_were_made_or_deleted_stay_so(void **state)
{
	struct outcome o = {0};

	(void)state;
	setup();
	make("t8");
	store_delete_token(w.store, "o1", "t2", on_done, &o);
	world_turn(&w);
	fake_answer(DELETE("t2"), 204, "");
	world_turn(&w);
	const struct token *made = world_token(&w, "t8");
	w.clock.mono_ms += RECENT_MS - 1;
	read_again(&acme()->tokens, TOKENS, LIST(CI_AND_WEB));
	assert_ptr_equal(world_token(&w, "t8"), made);
	assert_null(world_token(&w, "t2"));
	assert_int_equal(acme()->n_tokens, 2);
	w.clock.mono_ms += 1;
	read_again(&acme()->tokens, TOKENS, LIST(CI_AND_WEB));
	assert_null(world_token(&w, "t8"));
	assert_non_null(world_token(&w, "t2"));
	world_finish(&w);
}

/* A DELETE that was answered 404, repeated or not, and a list that has not heard of the token yet. */
static void a_list_without_a_new_token_does_not_prove_its_deletion(void **state)
{
	(void)state;
	for (int attempts = 1; attempts <= 2; attempts++) {
		struct outcome o = {0};
		setup();
		make("t8");
		store_delete_token(w.store, "o1", "t8", on_done, &o);
		world_turn(&w);
		fake_answer_attempts(DELETE("t8"), 404, "{}", attempts);
		world_turn(&w);
		for (int i = 0; i < 4; i++) {
			fake_answer(TOKENS, 200, LIST(CI_AND_WEB));
			world_settle(&w);
			assert_int_equal(o.done, 0);
			assert_non_null(model_secret(w.model, "t8"));
		}
		fake_answer(TOKENS, 200, LIST(CI_AND_WEB "," TOKEN("t8", "new", "")));
		world_settle(&w);
		assert_int_equal(o.done, 1);
		assert_int_equal(o.error.err, EACCES);
		assert_non_null(model_secret(w.model, "t8"));
		assert_non_null(world_token(&w, "t8"));
		world_finish(&w);
	}
}

static void but_in_the_end_it_does(void **state)
{
	struct outcome o = {0};

	(void)state;
	setup();
	make("t8");
	store_delete_token(w.store, "o1", "t8", on_done, &o);
	world_turn(&w);
	fake_answer_attempts(DELETE("t8"), 404, "{}", 2);
	world_turn(&w);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(o.done, 0);
		fake_answer(TOKENS, 200, LIST(CI_AND_WEB));
		world_settle(&w);
	}
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
	assert_null(model_secret(w.model, "t8"));
	assert_null(world_token(&w, "t8"));
	world_finish(&w);
}

/* Its grants are asked of a replica that answers 404. */
static void a_new_token_is_asked_for_again(void **state)
{
	struct needy n;

	(void)state;
	setup();
	make("t8");
	resource_expire(&world_token(&w, "t8")->grants);
	needy_need(&n, &w, &world_token(&w, "t8")->grants);
	fake_answer(GET_TOKEN("t8"), 404, "{}");
	world_settle(&w);
	fake_answer(GET_TOKEN("t8"), 404, "{}");
	world_settle(&w);
	fake_answer(GET_TOKEN("t8"), 200, TOKEN("t8", "new", BEFORE));
	world_settle(&w);
	assert_int_equal(n.result, 0);
	assert_false(fake_has(TOKENS));
	world_finish(&w);
}

/* Somebody else has deleted it at once: it is not in the way for longer than it takes to be sure. */
static void a_new_token_that_all_answers_lack_is_gone(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	make("t8");
	change(&o, "t8", "d1", "read_branch", "", true, "");
	world_turn(&w);
	for (int i = 0; i < 5; i++) {
		assert_non_null(world_token(&w, "t8"));
		fake_answer(GET_TOKEN("t8"), 404, "{}");
		world_settle(&w);
	}
	assert_int_equal(o.done, 0);
	fake_answer(TOKENS, 200, LIST(CI_AND_WEB));
	world_settle(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, EIDRM);
	assert_null(world_token(&w, "t8"));
	world_finish(&w);
}

/* --- not too often ---------------------------------------------------------------------------- */

static void asking_again_ends_by_number_and_by_time(void **state)
{
	struct outcome o;

	(void)state;
	for (int slow = 0; slow < 2; slow++) {
		setup();
		change(&o, "t1", "d1", "", "read_branch", false, "");
		world_turn(&w);
		fake_answer(REVOKE("t1"), 204, "");
		int64_t began_ms = w.clock.mono_ms;
		world_turn(&w);
		unsigned gets = 0;
		for (; o.done == 0; gets++) {
			assert_true(gets < 10);
			w.clock.mono_ms += slow * 2000;
			fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
			world_settle(&w);
		}
		assert_int_equal(o.error.err, EREMOTEIO);
		assert_int_equal(gets, slow ? 3 : 5);
		assert_true(w.clock.mono_ms - began_ms >= 3000);
		assert_true(w.clock.mono_ms - began_ms <= (slow ? 8000 : 4000));
		world_finish(&w);
	}
}

static void nothing_is_asked_for_longer_than_a_request_may_take(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	store_set_timeout(w.store, 500);
	change(&o, "t1", "d1", "", "read_branch", false, "");
	world_turn(&w);
	fake_answer(REVOKE("t1"), 204, "");
	int64_t began_ms = w.clock.mono_ms;
	world_turn(&w);
	while (o.done == 0) {
		fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
		world_settle(&w);
	}
	assert_int_equal(o.error.err, EREMOTEIO);
	assert_true(w.clock.mono_ms - began_ms <= 500);
	world_finish(&w);
}

/* While one change waits for an answer that agrees, others are served. */
static void readers_do_not_wait_for_a_change_that_asks_again(void **state)
{
	struct outcome o;
	struct needy n;

	(void)state;
	setup();
	change(&o, "t1", "d1", "", "read_branch", false, "");
	world_turn(&w);
	fake_answer(REVOKE("t1"), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BEFORE));
	world_turn(&w);
	assert_int_equal(o.done, 0);
	assert_int_equal(fake_open(), 0);
	needy_need(&n, &w, &world_token(&w, "t1")->grants);
	assert_int_equal(n.result, 0);
	world_settle(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_settle(&w);
	assert_int_equal(o.done, 1);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_granted_stays_known_for_five_seconds),
		cmocka_unit_test(what_was_revoked_stays_known_likewise),
		cmocka_unit_test(lists_and_grants_and_posts_are_corrected_alike),
		cmocka_unit_test(a_resource_that_an_answer_lacks_is_told_by_name),
		cmocka_unit_test(a_contradicted_answer_serves_five_seconds_only),
		cmocka_unit_test(own_grants_count_when_the_rest_is_revoked),
		cmocka_unit_test(what_is_only_remembered_is_granted_anew),
		cmocka_unit_test(what_is_only_remembered_as_revoked_is_revoked_anew),
		cmocka_unit_test(what_a_grant_answers_settles_nothing_else),
		cmocka_unit_test(what_was_there_already_stays_known_when_it_was_asked_for),
		cmocka_unit_test(what_is_revoked_once_more_stays_revoked_meanwhile),
		cmocka_unit_test(what_is_granted_once_more_stays_granted_meanwhile),
		cmocka_unit_test(a_change_that_may_have_been_undone_is_not_known_any_more),
		cmocka_unit_test(tokens_that_were_made_or_deleted_stay_so),
		cmocka_unit_test(a_list_without_a_new_token_does_not_prove_its_deletion),
		cmocka_unit_test(but_in_the_end_it_does),
		cmocka_unit_test(a_new_token_is_asked_for_again),
		cmocka_unit_test(a_new_token_that_all_answers_lack_is_gone),
		cmocka_unit_test(asking_again_ends_by_number_and_by_time),
		cmocka_unit_test(nothing_is_asked_for_longer_than_a_request_may_take),
		cmocka_unit_test(readers_do_not_wait_for_a_change_that_asks_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
