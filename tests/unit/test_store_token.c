/* SPDX-License-Identifier: MIT */
/* store_token: making and deleting tokens. */
#include <stdint.h>
#include <stdbool.h>

#include "world.h"

#include "base/clock.h"
#include "base/macros.h"

static struct world w;

struct outcome {
	int done;
	struct error error;
	char made[16];
};

static void on_done(void *ctx, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	const char *made_id = outcome->made_id;
	struct outcome *o = ctx;

	o->done++;
	o->error = e != NULL ? *e : (struct error){0};
	snprintf(o->made, sizeof(o->made), "%s", made_id != NULL ? made_id : "");
}

static void setup(void)
{
	world_start(&w);
	world_acme(&w, LIST(TOKEN("t1", "ci", ON_SHOP("read_branch"))));
}

static struct store_job *create(struct outcome *o, const char *name, int64_t ttl_s)
{
	*o = (struct outcome){0};
	struct store_job *job = store_create_token(w.store, "o1", name, ttl_s, on_done, o);
	world_turn(&w);
	return job;
}

static struct store_job *begin_deletion(struct outcome *o, const char *id)
{
	*o = (struct outcome){0};
	struct store_job *job = store_delete_token(w.store, "o1", id, on_done, o);
	world_turn(&w);
	return job;
}

static void a_new_token_is_in_the_model_with_its_secret(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	create(&o, "new \"one\"", 0);
	assert_string_equal(fake_request(0), CREATE "\"name\":\"new \\\"one\\\"\"}");
	fake_answer(CREATE, 200, MADE("t9", "new"));
	assert_int_equal(o.done, 1);
	assert_string_equal(o.made, "t9");
	assert_non_null(world_token(&w, "t9"));
	assert_string_equal(secret_expose(model_secret(w.model, "t9")), "pscale_tkn_t9");
	assert_true(resource_fresh(&world_token(&w, "t9")->grants));
	world_finish(&w);
}

static void a_token_that_expires_says_so(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	create(&o, "new", 3600);
	fake_answer(CREATE "\"name\":\"new\",\"ttl\":3600}", 200, MADE("t9", "new"));
	assert_int_equal(o.error.err, 0);
	world_finish(&w);
}

/* Answer with a list as often as it is asked for; "": refuse it. How often that was. */
static int answer_lists(const char *list, int times)
{
	int n = 0;

	for (; n < times; n++) {
		fake_answer(TOKENS, list[0] != '\0' ? 200 : 503, list);
		world_settle(&w);
	}
	assert_int_equal(fake_open(), 0);
	return n;
}

/* What comes of a POST, then maybe of the list, whatever order the world is in. */
static void the_outcome_of_a_creation_is_told(void **state)
{
	enum {
		REFUSED = -1,
		LOST = 0
	};
	static const struct {
		int status; /* of the POST; 0: closed after it was sent; -1: never sent */
		const char *body;
		const char *list; /* NULL: is not asked for; "": fails */
		int lists;        /* how often it is asked for */
		int err;
		const char *says;
		unsigned kept; /* secrets */
	} cases[] = {
		{422, "{\"message\":\"too many\"}", NULL, 0, EINVAL, "too many", 0},
		{403, "{}", NULL, 0, EACCES, "403", 0},
		{404, "{}", NULL, 0, EACCES, "404", 0},
		{REFUSED, "", NULL, 0, ECONNREFUSED, "broke", 0},
		{LOST, "", LIST(TOKEN("t9", "new", "")), 1, EIO, "id t9", 0},
		{LOST, "", LIST(TOKEN("t9", "new", "") "," TOKEN("t8", "new", "")), 1, EIO, "t8 t9",
		 0},
		{LOST, "", LIST(TOKEN("t1", "ci", "")), 5, EIO, "no token new appeared", 0},
		{LOST, "", "", 1, EIO, "broke", 0},
		{500, "{}", LIST(TOKEN("t9", "new", "")), 1, EIO, "id t9", 0},
		{502, "{}", LIST(""), 5, EREMOTEIO, "no token new appeared", 0},
		{500, "{}", "", 1, EIO, "500", 0},
		{200, "<html>", LIST(TOKEN("t9", "new", "")), 1, EIO, "id t9", 0},
		{200, "<html>", LIST(""), 5, EIO, "no token new appeared", 0},
		{202, "", LIST(TOKEN("t9", "new", "")), 1, EIO, "id t9", 0},
		{201, "{\"id\":\"t9\"}", LIST(TOKEN("t9", "new", "")), 1, EIO, "id t9", 0},
		/* All that a success has but its status: the list decides. */
		{201, MADE("t9", "new"), LIST(TOKEN("t9", "new", "")), 1, 0, "", 1},
		{203, MADE("t9", "new"), LIST(TOKEN("t8", "new", "")), 5, EIO, "(id t9) appeared",
		 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome o;
		setup();
		create(&o, "new", 0);
		if (cases[i].status > 0)
			fake_answer(CREATE, cases[i].status, cases[i].body);
		else if (cases[i].status == REFUSED)
			fake_fail(CREATE, HTTP_NOT_SENT, ECONNREFUSED);
		else
			fake_fail(CREATE, HTTP_UNKNOWN, EREMOTEIO);
		world_turn(&w);
		assert_int_equal(o.done, cases[i].list == NULL);
		int lists = answer_lists(cases[i].list, cases[i].lists);
		assert_int_equal(o.done, 1);
		assert_int_equal(o.error.err, cases[i].err);
		assert_non_null(strstr(o.error.text, cases[i].says));
		assert_int_equal(fake_count(), 1 + lists); /* never a 2nd POST */
		assert_int_equal(w.model->n_kept, cases[i].kept);
		world_finish(&w);
	}
}

static void a_deleted_token_is_gone_with_its_secret(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	create(&o, "new", 0);
	fake_answer(CREATE, 200, MADE("t9", "new"));
	begin_deletion(&o, "t9");
	fake_answer(DELETE("t9"), 204, "");
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
	assert_null(world_token(&w, "t9"));
	assert_null(model_secret(w.model, "t9"));
	assert_non_null(world_token(&w, "t1"));
	world_finish(&w);
}

static void the_outcome_of_a_deletion_is_told(void **state)
{
	static const struct {
		int status, attempts;
		const char *body;
		const char *list; /* as above */
		int lists;
		int err;
		bool gone;
		bool young; /* just listed for the first time: a list that lags may lack it */
		bool hasty; /* timeout=0.8: no time to see whether one does */
	} cases[] = {
		{204, 1, "", NULL, 0, 0, true},
		{403, 1, "{}", NULL, 0, EACCES, false},
		{500, 1, "{}", NULL, 0, EREMOTEIO, false},
		{0, 1, "", NULL, 0, ETIMEDOUT, false},
		{404, 1, "{}", LIST(""), 1, ENOENT, true},
		/* The first, whose answer was lost, did it; or did not. */
		{404, 2, "{}", LIST(""), 1, 0, true},
		{404, 2, "{}", LIST(TOKEN("t1", "ci", "")), 5, EACCES, false},
		{404, 1, "{}", LIST(TOKEN("t1", "ci", "")), 1, EACCES, false},
		/* Nobody knows: not that it does not exist. */
		{404, 1, "{}", "", 1, EREMOTEIO, false},
		/* No documented success. */
		{200, 1, "<html>", LIST(TOKEN("t1", "ci", "")), 5, EREMOTEIO, false},
		{202, 1, "", LIST(TOKEN("t1", "ci", "")), 5, EREMOTEIO, false},
		{204, 1, "x", LIST(TOKEN("t1", "ci", "")), 5, EREMOTEIO, false},
		{200, 1, "{}", LIST(""), 1, 0, true},
		{202, 1, "", "", 1, EREMOTEIO, false},
		{404, 2, "{}", LIST(""), 5, 0, true, .young = true},
		{404, 1, "{}", LIST(""), 5, ENOENT, true, .young = true},
		{200, 1, "{}", LIST(""), 5, 0, true, .young = true},
		{404, 2, "{}", LIST(""), 5, EIO, false, .young = true, .hasty = true},
		{404, 1, "{}", LIST(""), 5, EIO, false, .young = true, .hasty = true},
		{200, 1, "{}", LIST(""), 5, EIO, false, .young = true, .hasty = true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome o;
		setup();
		w.clock.mono_ms += cases[i].young ? 0 : 10000;
		store_set_timeout(w.store, cases[i].hasty ? 800 : 30000);
		model_keep_secret(w.model, "t1", secret_new("pscale_tkn_x", 12));
		begin_deletion(&o, "t1");
		if (cases[i].status == 0)
			fake_fail(DELETE("t1"), HTTP_UNKNOWN, ETIMEDOUT);
		else
			fake_answer_attempts(DELETE("t1"), cases[i].status, cases[i].body,
					     cases[i].attempts);
		world_turn(&w);
		assert_int_equal(o.done, cases[i].list == NULL);
		answer_lists(cases[i].list, cases[i].lists);
		assert_int_equal(o.done, 1);
		assert_int_equal(o.error.err, cases[i].err);
		assert_int_equal(model_secret(w.model, "t1") == NULL, cases[i].gone);
		if (!cases[i].hasty)
			assert_int_equal(world_token(&w, "t1") == NULL, cases[i].gone);
		world_finish(&w);
	}
}

static void deleting_what_is_gone_asks_nobody(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	begin_deletion(&o, "t7");
	assert_int_equal(o.error.err, EIDRM);
	assert_int_equal(fake_count(), 0);
	world_finish(&w);
}

/* Rule 7: not sent, it is dropped; sent, its result is kept. */
static void a_creation_is_dropped_before_it_is_sent_and_never_after(void **state)
{
	struct outcome o;

	(void)state;
	setup();
	fake_hold(true);
	struct store_job *job = create(&o, "new", 0);
	assert_true(store_drop(job));
	assert_int_equal(fake_open(), 0);
	job = create(&o, "new", 0);
	fake_sent(CREATE);
	assert_false(store_drop(job));
	fake_answer(CREATE, 200, MADE("t9", "new"));
	assert_int_equal(o.done, 1);
	assert_non_null(model_secret(w.model, "t9"));
	world_finish(&w);
}

/* A list that was asked for before the POST lacks the token. */
static void a_list_under_way_does_not_hide_a_new_token(void **state)
{
	struct outcome o;
	struct needy n;

	(void)state;
	setup();
	w.clock.mono_ms += 30000;
	needy_need(&n, &w, &model_organization(w.model, "o1")->tokens);
	create(&o, "new", 0);
	fake_answer(CREATE, 200, MADE("t9", "new"));
	fake_answer(TOKENS, 200, LIST(TOKEN("t1", "ci", "")));
	world_turn(&w);
	assert_non_null(world_token(&w, "t9"));
	fake_answer(TOKENS, 200, LIST(TOKEN("t1", "ci", "") "," TOKEN("t9", "new", "")));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_non_null(world_token(&w, "t9"));
	world_finish(&w);
}

static void a_secret_survives_lists_that_lack_its_token(void **state)
{
	struct outcome o;
	struct needy n;

	(void)state;
	setup();
	create(&o, "new", 0);
	fake_answer(CREATE, 200, MADE("t9", "new"));
	w.clock.mono_ms += 30000;
	needy_need(&n, &w, &model_organization(w.model, "o1")->tokens);
	fake_answer(TOKENS, 200, LIST(""));
	world_turn(&w);
	assert_null(world_token(&w, "t9"));
	assert_non_null(model_secret(w.model, "t9"));
	world_finish(&w);
}

/* --- 401: the login may have been renewed ----------------------------------------------------- */

static void write_credential(const char *path, const char *secret)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fprintf(f, "PLANETSCALE_SERVICE_TOKEN_ID=id1\nPLANETSCALE_SERVICE_TOKEN=%s\n", secret);
	fclose(f);
}

static void after_a_401_the_credential_is_read_again_once(void **state)
{
	char path[] = "/tmp/pscalefs-test-XXXXXX";
	struct needy n;
	struct error e;
	char *org = NULL;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_credential(path, "pscale_tkn_old");
	world_start(&w);
	credential_finish(&w.config.credential);
	assert_int_equal(credential_find(path, NULL, &w.config.credential, &org, &e), 0);
	needy_need(&n, &w, &w.model->organizations);
	assert_string_equal(fake_authorization(ORGANIZATIONS), "id1:pscale_tkn_old");
	fake_answer(ORGANIZATIONS, 401, "{}"); /* the file says the same: not asked again */
	world_turn(&w);
	assert_int_equal(n.result, -EKEYREJECTED);
	needy_need(&n, &w, &w.model->organizations);
	write_credential(path, "pscale_tkn_new");
	fake_answer(ORGANIZATIONS, 401, "{}");
	assert_string_equal(fake_authorization(ORGANIZATIONS), "id1:pscale_tkn_new");
	write_credential(path, "pscale_tkn_newest");
	fake_answer(ORGANIZATIONS, 401, "{}");
	world_turn(&w);
	assert_int_equal(n.result, -EKEYREJECTED);
	assert_int_equal(fake_count(), 3);
	world_finish(&w);
	free(org);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_token_is_in_the_model_with_its_secret),
		cmocka_unit_test(a_token_that_expires_says_so),
		cmocka_unit_test(the_outcome_of_a_creation_is_told),
		cmocka_unit_test(a_deleted_token_is_gone_with_its_secret),
		cmocka_unit_test(the_outcome_of_a_deletion_is_told),
		cmocka_unit_test(deleting_what_is_gone_asks_nobody),
		cmocka_unit_test(a_creation_is_dropped_before_it_is_sent_and_never_after),
		cmocka_unit_test(a_list_under_way_does_not_hide_a_new_token),
		cmocka_unit_test(a_secret_survives_lists_that_lack_its_token),
		cmocka_unit_test(after_a_401_the_credential_is_read_again_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
