/* SPDX-License-Identifier: MIT */
/* store: fetching: pages, failures, what a 404 means, where grants come from. */
#include "world.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"

static struct world w;

static const char two_tokens[] =
	LIST(TOKEN("t1", "ci", ON_SHOP("read_branch")) "," TOKEN("t2", "web", ""));
static const char bare_tokens[] = LIST(TOKEN_BARE("t1", "ci") "," TOKEN_BARE("t2", "web"));

static void a_list_is_all_its_pages(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	needy_need(&n, &w, &o->tokens);
	fake_answer(TOKENS, 200, PAGE("2", TOKEN("t2", "web", "")));
	world_turn(&w);
	assert_int_equal(n.result, WAIT);
	assert_int_equal(o->n_tokens, 0); /* half a list is never shown */
	fake_answer("GET /v1/organizations/acme/service-tokens?page=2", 200,
		    PAGE("4", TOKEN("t1", "ci", "") "," TOKEN("t2", "web", "")));
	fake_answer("GET /v1/organizations/acme/service-tokens?page=4", 200, PAGE("null", ""));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_int_equal(o->n_tokens, 2);
	assert_int_equal(fake_count(), 3);
	assert_non_null(strstr(fake_request(2), "per_page=100"));
	world_finish(&w);
}

static void a_later_page_that_fails_fails_the_list(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, two_tokens);
	w.clock.mono_ms += 30000;
	needy_need(&n, &w, &o->tokens);
	fake_answer(TOKENS, 200, PAGE("2", TOKEN("t3", "new", "")));
	fake_fail("GET /v1/organizations/acme/service-tokens?page=2", HTTP_UNKNOWN, ETIMEDOUT);
	world_turn(&w);
	assert_int_equal(n.result, -ETIMEDOUT);
	assert_int_equal(o->n_tokens, 2);
	assert_null(world_token(&w, "t3"));
	world_finish(&w);
}

static void a_list_that_does_not_end_fails(void **state)
{
	static const char *const nexts[] = {PAGE("1", ""), PAGE("2", "")};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nexts); i++) {
		world_start(&w);
		struct organization *o = world_acme(&w, NULL);
		needy_need(&n, &w, &o->tokens);
		fake_answer(TOKENS, 200, nexts[i]);
		if (i == 1)
			fake_answer("GET", 200, PAGE("2", ""));
		world_turn(&w);
		assert_int_equal(n.result, -EREMOTEIO);
		assert_non_null(strstr(n.waiter.error.text, "does not end"));
		world_finish(&w);
	}
}

static void empty_pages_without_end_end(void **state)
{
	struct needy n;
	char body[64];
	int pages = 1;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	needy_need(&n, &w, &o->tokens);
	for (; fake_open() > 0 && pages < 5000; pages++) {
		snprintf(body, sizeof(body), "{\"next_page\":%d,\"data\":[]}", pages + 1);
		fake_answer("GET", 200, body);
		fake_forget();
	}
	world_turn(&w);
	assert_int_equal(n.result, -EREMOTEIO);
	assert_int_equal(pages - 1, 2000);
	assert_non_null(strstr(n.waiter.error.text, "does not end"));
	world_finish(&w);
}

static void pages_that_are_too_large_together_end(void **state)
{
	const size_t size = (size_t)16 << 20;
	struct needy n;
	struct buf body = BUF_INIT;
	int pages = 1;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	needy_need(&n, &w, &o->tokens);
	for (; fake_open() > 0 && pages < 100; pages++) {
		buf_clear(&body);
		buf_addf(&body, "{\"next_page\":%d,\"data\":[]}", pages + 1);
		size_t len = body.len;
		buf_resize(&body, size);
		memset(body.data + len, ' ', size - len);
		fake_answer("GET", 200, buf_str(&body));
		fake_forget();
		world_turn(&w);
	}
	assert_int_equal(n.result, -EREMOTEIO);
	assert_int_equal(pages - 1, 512 / 16 + 1);
	assert_non_null(strstr(n.waiter.error.text, "larger than 512 MiB"));
	buf_finish(&body);
	world_finish(&w);
}

static void nonsense_is_an_error_that_says_where(void **state)
{
	static const char *const bodies[] = {"",
					     "<html>",
					     "{}",
					     "[]",
					     "{\"data\":{}}",
					     LIST("{\"name\":\"x\"}"),
					     LIST("{\"id\":\"../x\"}")};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		world_start(&w);
		struct organization *o = world_acme(&w, NULL);
		needy_need(&n, &w, &o->tokens);
		fake_answer(TOKENS, 200, bodies[i]);
		world_turn(&w);
		assert_int_equal(n.result, -EREMOTEIO);
		assert_non_null(strstr(n.waiter.error.text, "makes no sense"));
		assert_string_equal(n.waiter.error.request_id, "req-1");
		world_finish(&w);
	}
}

/* Such a name would make a URL of something else. */
static void an_organization_without_a_usable_name_fails_the_list(void **state)
{
	static const char *const bodies[] = {LIST(ORGANIZATION("o1", "")),
					     LIST(ORGANIZATION("o1", ".")),
					     LIST(ORGANIZATION("o1", ".."))};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		world_start(&w);
		needy_need(&n, &w, &w.model->organizations);
		fake_answer(ORGANIZATIONS, 200, bodies[i]);
		world_turn(&w);
		assert_int_equal(n.result, -EREMOTEIO);
		world_finish(&w);
	}
}

static void a_name_is_encoded_in_the_path(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	needy_need(&n, &w, &w.model->organizations);
	fake_answer(ORGANIZATIONS, 200, LIST(ORGANIZATION("o1", "a/../b?c")));
	world_turn(&w);
	needy_need(&n, &w, &model_organization(w.model, "o1")->databases);
	fake_fail("GET /v1/organizations/a%2F..%2Fb%3Fc/databases?page=1", HTTP_NOT_SENT,
		  ECONNREFUSED);
	world_turn(&w);
	assert_int_equal(n.result, -ECONNREFUSED);
	world_finish(&w);
}

/* A 404 may mean a bad credential, a missing right or a missing thing. */
static void what_a_404_means_the_organizations_tell(void **state)
{
	static const struct {
		int probe_status;
		const char *probe_body;
		int result;
	} cases[] = {
		{401, "{}", -EKEYREJECTED},
		{200, LIST(ORGANIZATION("o1", "acme")), -EACCES},
		{503, "{}", -EREMOTEIO},
	};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		world_start(&w);
		struct organization *o = world_acme(&w, bare_tokens);
		w.clock.mono_ms += 30000;
		needy_need(&n, &w, &o->tokens);
		fake_answer("GET", 404, "{\"code\":\"not_found\",\"message\":\"Not Found\"}");
		assert_true(fake_has(ORGANIZATIONS));
		fake_answer(ORGANIZATIONS, cases[i].probe_status, cases[i].probe_body);
		world_turn(&w);
		assert_int_equal(n.result, cases[i].result);
		assert_int_equal(fake_count(), 2);
		world_finish(&w);
	}
}

/* Of a token, its list does; and of the list the organizations. */
static void what_a_404_of_a_token_means_its_list_tells(void **state)
{
	static const struct {
		int list_status;
		const char *list_body;
		int result;
	} cases[] = {
		{401, "{}", -EKEYREJECTED},
		{200, LIST(TOKEN_BARE("t1", "ci")), -EACCES}, /* it is there still */
		{200, LIST(TOKEN("t1", "ci", "")), 0},        /* and this says what it may do */
		{503, "{}", -EREMOTEIO},
		{404, "{}", -EKEYREJECTED},
	};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		world_start(&w);
		world_acme(&w, bare_tokens);
		needy_need(&n, &w, &world_token(&w, "t1")->grants);
		fake_answer(GET_TOKEN("t1"), 404, "{}");
		fake_answer(TOKENS, cases[i].list_status, cases[i].list_body);
		if (cases[i].list_status == 404)
			fake_answer(ORGANIZATIONS, 401, "{}");
		world_turn(&w);
		assert_int_equal(n.result, cases[i].result);
		assert_int_equal(fake_open(), 0);
		world_finish(&w);
	}
}

static void a_404_in_an_organization_that_is_gone_wakes_who_waits(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	needy_need(&n, &w, &o->tokens);
	n.r = &w.model->organizations; /* the handler would look the organization up again */
	fake_answer(TOKENS, 404, "{}");
	fake_answer(ORGANIZATIONS, 200, LIST(""));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_int_equal(w.model->n_organizations, 0);
	world_finish(&w);
}

static void refusals_are_errnos_with_their_words(void **state)
{
	static const struct {
		int status;
		const char *body;
		int err;
	} cases[] = {
		{400, "{}", EINVAL},
		{401, "{\"code\":\"unauthorized\",\"message\":\"Bad token\"}", EKEYREJECTED},
		{401, "{\"message\":\"The access token expired\"}", EKEYEXPIRED},
		{403, "{\"code\":\"forbidden\",\"message\":\"No\"}", EACCES},
		{409, "{}", EEXIST},
		{422, "{}", EINVAL},
		{429, "{}", EAGAIN},
		{500, "<html>", EREMOTEIO},
		{302, "", EREMOTEIO},
	};
	struct needy n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		world_start(&w);
		struct organization *o = world_acme(&w, NULL);
		needy_need(&n, &w, &o->databases);
		fake_answer(DATABASES, cases[i].status, cases[i].body);
		world_turn(&w);
		assert_int_equal(n.result, -cases[i].err);
		assert_int_equal(n.waiter.error.http_status, cases[i].status);
		assert_non_null(strstr(n.waiter.error.text, "cannot list databases"));
		world_finish(&w);
	}
}

static void grants_come_with_the_list_where_it_has_them(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	world_acme(&w, two_tokens);
	needy_need(&n, &w, &world_token(&w, "t1")->grants);
	assert_int_equal(n.result, 0);
	assert_true(scopes_has(&model_grant(world_token(&w, "t1"), "d1")->scopes, "read_branch"));
	assert_int_equal(fake_count(), 0);
	world_finish(&w);
}

static void else_the_token_is_asked_and_else_its_grants(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	world_acme(&w, bare_tokens);
	needy_need(&n, &w, &world_token(&w, "t1")->grants);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ON_SHOP("read_branch")));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_true(scopes_has(&model_grant(world_token(&w, "t1"), "d1")->scopes, "read_branch"));
	w.clock.mono_ms += 30000;
	needy_need(&n, &w, &world_token(&w, "t1")->grants);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN_BARE("t1", "ci"));
	world_turn(&w);
	assert_int_equal(n.result, WAIT);
	fake_answer(GRANTS("t1"), 200,
		    PAGE("2",
			 "{\"id\":\"d1\",\"resource_type\":\"Database\",\"resource_id\":\"d1\","
			 "\"resource_name\":\"shop\",\"accesses\":[{\"access\":\"a\"}]}"));
	fake_answer("GET /v1/organizations/acme/service-tokens/t1/grants?page=2", 200,
		    PAGE("null",
			 "{\"id\":\"d1\",\"resource_type\":\"Database\",\"resource_id\":\"d1\","
			 "\"resource_name\":\"shop\",\"accesses\":[{\"access\":\"b\"}]}"));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_int_equal(model_grant(world_token(&w, "t1"), "d1")->scopes.n, 2);
	/* It was seen to lack them: from now on /grants is asked at once. */
	needy_need(&n, &w, &world_token(&w, "t2")->grants);
	assert_true(fake_has(GRANTS("t2")));
	fake_answer(GRANTS("t2"), 200, LIST(""));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	world_finish(&w);
}

/* Rules 4 and 5, through the store. */
static void a_list_that_a_change_overtook_is_asked_for_again(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	needy_need(&n, &w, &o->tokens);
	resource_invalidate_fetches(&o->tokens);
	fake_answer(TOKENS, 200, LIST(TOKEN("t9", "old", "")));
	world_turn(&w);
	assert_int_equal(o->n_tokens, 0);
	assert_int_equal(n.result, WAIT);
	fake_answer(TOKENS, 200, two_tokens);
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_int_equal(o->n_tokens, 2);
	assert_int_equal(fake_count(), 2);
	world_finish(&w);
}

static void an_answer_for_a_token_that_is_gone_is_dropped(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, bare_tokens);
	needy_need(&n, &w, &world_token(&w, "t1")->grants);
	n.r = &o->databases;
	model_remove_token(world_token(&w, "t1"));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(o->n_tokens, 1);
	world_finish(&w);
}

/* --- the grants of all tokens ----------------------------------------------------------------- */

struct wants_all {
	struct waiter waiter; /* first */
	int runs;
	int result;
};

static void run_all(struct waiter *waiter)
{
	struct wants_all *a = container_of(waiter, struct wants_all, waiter);

	a->runs++;
	a->result = store_need_all_grants(w.store, waiter, model_organization(w.model, "o1"));
}

static void want_all(struct wants_all *a)
{
	*a = (struct wants_all){.runs = 0};
	waiter_init(&a->waiter, &w.cache, run_all);
	run_all(&a->waiter);
}

static void the_grants_of_all_tokens_are_fetched_side_by_side_once(void **state)
{
	struct wants_all a;

	(void)state;
	world_start(&w);
	world_acme(&w, bare_tokens);
	w.cache.cache_ms = 0;
	want_all(&a);
	assert_int_equal(fake_open(), 2);
	fake_answer(GET_TOKEN("t2"), 200, TOKEN("t2", "web", ""));
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(a.result, 0);
	assert_int_equal(fake_count(), 2);
	world_finish(&w);
}

static void one_token_that_fails_fails_the_whole_and_is_not_asked_again(void **state)
{
	struct wants_all a;

	(void)state;
	world_start(&w);
	world_acme(&w, bare_tokens);
	want_all(&a);
	fake_answer(GET_TOKEN("t2"), 500, "{}");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	assert_int_equal(a.result, -EREMOTEIO);
	assert_int_equal(fake_count(), 2);
	world_finish(&w);
}

/* Fetch the grants of `n` tokens that are answered in another order than asked: how many steps that
 * takes, where a step is a run, or a token that is asked for or found to serve. */
static size_t steps_for(int n)
{
	struct wants_all a = {.runs = 0};
	struct buf list = BUF_INIT;
	char id[16], answer[200];
	size_t steps = 0;
	unsigned most = 0;

	buf_adds(&list, "{\"data\":[");
	for (int i = 0; i < n; i++)
		buf_addf(&list, "%s{\"id\":\"t%05d\",\"name\":\"t%05d\"}", i > 0 ? "," : "", i, i);
	buf_adds(&list, "]}");
	world_start(&w);
	struct organization *o = world_acme(&w, buf_str(&list));
	waiter_init(&a.waiter, &w.cache, run_all);
	run_all(&a.waiter);
	steps += a.waiter.walk.served + a.waiter.walk.asked;
	for (int i = 0; i < n; i++) {
		struct walk before = a.waiter.walk;
		int runs = a.runs;
		most = fake_open() > most ? fake_open() : most;
		/* The second before the first, the fourth before the third … */
		snprintf(id, sizeof(id), "t%05d", i ^ 1);
		snprintf(answer, sizeof(answer),
			 "{\"id\":\"%s\",\"name\":\"%s\",\"service_token_accesses\":[]}", id, id);
		char request[100];
		snprintf(request, sizeof(request), GET_TOKEN("%s"), id);
		fake_answer(request, 200, answer);
		fake_forget();
		world_turn(&w);
		steps += a.waiter.walk.served - before.served + a.waiter.walk.asked - before.asked;
		steps += (size_t)(a.runs - runs);
	}
	assert_int_equal(a.result, 0);
	assert_int_equal(o->n_tokens, (size_t)n);
	assert_true(most <= 256);
	buf_finish(&list);
	world_finish(&w);
	return steps;
}

static void the_work_for_all_tokens_grows_as_their_number(void **state)
{
	(void)state;
	size_t few = steps_for(300), many = steps_for(3000);

	assert_true(many >= 9 * few && many <= 11 * few);
}

static void tokens_that_come_or_go_meanwhile_are_not_missed(void **state)
{
	struct wants_all a;

	(void)state;
	world_start(&w);
	struct organization *o = world_acme(&w, bare_tokens);
	want_all(&a);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	struct token_record first;
	token_record_init(&first, (const char *const[TOKEN_TEXTS]){"t0", "alpha"});
	model_add_token(o, &first);
	fake_answer(GET_TOKEN("t2"), 200, TOKEN("t2", "web", ""));
	world_turn(&w);
	assert_int_equal(a.result, WAIT);
	fake_answer(GET_TOKEN("t0"), 200, TOKEN("t0", "alpha", ""));
	world_turn(&w);
	assert_int_equal(a.result, 0);
	assert_int_equal(fake_count(), 3);
	world_finish(&w);
}

/* What was found to serve in an earlier run limits how long the whole may be kept. */
static void all_are_fresh_as_long_as_the_oldest(void **state)
{
	struct wants_all a;

	(void)state;
	world_start(&w);
	world_acme(&w, bare_tokens);
	w.cache.cache_ms = 30000;
	want_all(&a);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", ""));
	world_turn(&w);
	w.clock.mono_ms += 10000;
	fake_answer(GET_TOKEN("t2"), 200, TOKEN("t2", "web", ""));
	world_turn(&w);
	assert_int_equal(a.result, 0);
	assert_int_equal(a.waiter.fresh_ms, 20000);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_all_its_pages),
		cmocka_unit_test(a_later_page_that_fails_fails_the_list),
		cmocka_unit_test(a_list_that_does_not_end_fails),
		cmocka_unit_test(empty_pages_without_end_end),
		cmocka_unit_test(pages_that_are_too_large_together_end),
		cmocka_unit_test(nonsense_is_an_error_that_says_where),
		cmocka_unit_test(an_organization_without_a_usable_name_fails_the_list),
		cmocka_unit_test(a_name_is_encoded_in_the_path),
		cmocka_unit_test(what_a_404_means_the_organizations_tell),
		cmocka_unit_test(what_a_404_of_a_token_means_its_list_tells),
		cmocka_unit_test(a_404_in_an_organization_that_is_gone_wakes_who_waits),
		cmocka_unit_test(refusals_are_errnos_with_their_words),
		cmocka_unit_test(grants_come_with_the_list_where_it_has_them),
		cmocka_unit_test(else_the_token_is_asked_and_else_its_grants),
		cmocka_unit_test(a_list_that_a_change_overtook_is_asked_for_again),
		cmocka_unit_test(an_answer_for_a_token_that_is_gone_is_dropped),
		cmocka_unit_test(the_grants_of_all_tokens_are_fetched_side_by_side_once),
		cmocka_unit_test(one_token_that_fails_fails_the_whole_and_is_not_asked_again),
		cmocka_unit_test(the_work_for_all_tokens_grows_as_their_number),
		cmocka_unit_test(tokens_that_come_or_go_meanwhile_are_not_missed),
		cmocka_unit_test(all_are_fresh_as_long_as_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
