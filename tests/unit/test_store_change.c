/* store_change: every way in which a permissions file comes to say what a command asked for. */
#include "world.h"

static struct world w;

struct outcome {
	int done;
	struct error error;
	int order;
	char made[16];
};
static int ended;

static void on_done(void *ctx, const struct error *e, const char *made_id)
{
	struct outcome *o = ctx;

	o->done++;
	o->order = ++ended;
	o->error = e != NULL ? *e : (struct error){0};
	snprintf(o->made, sizeof(o->made), "%s", made_id != NULL ? made_id : "");
}

static struct scopes set(const char *words)
{
	struct scopes s = SCOPES_INIT;
	char *copy = xstrdup(words), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			scopes_add(&s, word);
	free(copy);
	return s;
}

static struct store_job *change(struct outcome *o, const char *token, const char *database,
				const char *grant, const char *revoke, bool exact,
				const char *confirmed)
{
	struct scopes g = set(grant), r = set(revoke), c = set(confirmed);
	const struct store_change what = {
		.organization_id = "o1",
		.token_id = token,
		.database_id = database,
		.grant = &g,
		.revoke = &r,
		.exact = exact,
		.confirmed = &c,
		.since = clock_stamp(&w.clock),
	};

	*o = (struct outcome){0};
	struct store_job *job = store_change(w.store, &what, on_done, o);
	scopes_finish(&g);
	scopes_finish(&r);
	scopes_finish(&c);
	return job;
}

/* A world whose tokens ci and web may read_branch on shop. */
static void setup(void)
{
	world_start(&w);
	world_acme(&w, LIST(TOKEN("t1", "ci", ON_SHOP("read_branch")) "," TOKEN(
			       "t2", "web", ON_SHOP("read_branch"))));
}

static void assert_held(const char *scopes)
{
	struct scopes expected = set(scopes);
	static const struct scopes none = SCOPES_INIT;
	const struct grant *g = model_grant(world_token(&w, "t1"), "d1");

	assert_true(scopes_equal(g != NULL ? &g->scopes : &none, &expected));
	scopes_finish(&expected);
}

/*
 * One change of ci's permissions on shop, where read_branch is granted: what is sent, how it is
 * answered, how it ends. "-" for a body: the connection is closed instead.
 */
struct exchange {
	const char *request; /* its beginning */
	int status;          /* 0: closed after it was sent */
	const char *body;
};
#define HELD(...)                                                                                  \
	{                                                                                          \
		GET_TOKEN("t1"), 200, TOKEN("t1", "ci", __VA_ARGS__)                               \
	}
#define BODY(scopes) GRANT("t1") " {\"database\":\"shop\",\"access\":[" scopes "]}"
#define GONE(scopes) REVOKE("t1") " {\"database\":\"shop\",\"access\":[" scopes "]}"
#define READ         ON_SHOP("read_branch")
#define WRITE        ON_SHOP("write_x")
#define BOTH         READ "," WRITE

static const struct flow {
	const char *name;
	const char *grant, *revoke;
	bool exact;
	const char *confirmed;
	struct exchange v[6];
	int err;
	const char *says; /* of the error */
	const char *held; /* afterwards, as the model knows; NULL: forgotten */
} flows[] = {
	{"the POST's full answer confirms",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, LIST(BOTH)}},
	 0,
	 "",
	 "read_branch write_x"},
	{"and so does one with what was added",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 201, LIST(WRITE)}},
	 0,
	 "",
	 "read_branch write_x"},
	{"an empty list confirms nothing: a fresh answer does",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, LIST("")}, HELD(BOTH)},
	 0,
	 "",
	 "read_branch write_x"},
	{"nor does 204",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 204, ""}, HELD(BOTH)},
	 0,
	 "",
	 "read_branch write_x"},
	{"nor nonsense",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, "<html>"}, HELD(BOTH)},
	 0,
	 "",
	 "read_branch write_x"},
	{"nor a grant on something else",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, LIST(ON_ACME("write_x"))}, HELD(READ)},
	 EREMOTEIO,
	 "write_x is not granted",
	 "read_branch"},
	{"yes, and it is not so",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, LIST(READ)}, HELD(READ)},
	 EREMOTEIO,
	 "accepted the grant, but write_x is not granted",
	 "read_branch"},
	{"held in the cache: a fresh answer confirms, nothing is sent",
	 "read_branch",
	 "",
	 false,
	 "",
	 {HELD(READ)},
	 0,
	 "",
	 "read_branch"},
	{"held in the cache only: it is sent after all",
	 "read_branch",
	 "",
	 false,
	 "",
	 {HELD(""), {BODY("\"read_branch\""), 200, LIST(READ)}},
	 0,
	 "",
	 "read_branch"},
	{"confirmed through the open file: no request",
	 "read_branch",
	 "",
	 false,
	 "read_branch",
	 {{0}},
	 0,
	 "",
	 "read_branch"},
	{"nothing asked for: no request", "", "", false, "", {{0}}, 0, "", "read_branch"},
	{"one POST for several, in one body",
	 "write_x write_y",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\",\"write_y\""), 200, LIST(ON_SHOP("write_x") "," ON_SHOP("write_y"))}},
	 0,
	 "",
	 "read_branch write_x write_y"},
	{"a refusal is what it says if it is so",
	 "bogus",
	 "",
	 false,
	 "",
	 {{BODY("\"bogus\""), 422, "{\"message\":\"no such access\"}"}, HELD(READ)},
	 EINVAL,
	 "no such access",
	 "read_branch"},
	{"a refusal is none if it is held",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 422, "{}"}, HELD(BOTH)},
	 0,
	 "",
	 "read_branch write_x"},
	{"409 likewise",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 409, "{}"}, HELD(BOTH)},
	 0,
	 "",
	 "read_branch write_x"},
	{"404 is a missing right",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 404, "{}"}, HELD(READ)},
	 EACCES,
	 "404",
	 "read_branch"},
	{"403 ends it at once",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 403, "{}"}},
	 EACCES,
	 "403",
	 NULL},
	{"500 ends it, and what is known is forgotten",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 500, "{}"}},
	 EREMOTEIO,
	 "500",
	 NULL},
	{"so does a closed connection",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 0, ""}},
	 EREMOTEIO,
	 "the connection broke",
	 NULL},
	{"one DELETE, then one fresh answer",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 204, ""}, HELD("")},
	 0,
	 "",
	 ""},
	{"still there",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 204, ""}, HELD(READ)},
	 EREMOTEIO,
	 "read_branch is still granted",
	 "read_branch"},
	{"the DELETE of what is missing is no error",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 404, "{}"}, HELD("")},
	 0,
	 "",
	 ""},
	{"a DELETE that is refused",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 404, "{}"}, HELD(READ)},
	 EACCES,
	 "404",
	 "read_branch"},
	{"a closed connection at the DELETE",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 0, ""}},
	 EREMOTEIO,
	 "the connection broke",
	 NULL},
	{"not held: a fresh answer says so",
	 "",
	 "other",
	 false,
	 "",
	 {HELD(READ)},
	 0,
	 "",
	 "read_branch"},
	{"held meanwhile: it is revoked",
	 "",
	 "write_x",
	 false,
	 "",
	 {HELD(BOTH), {GONE("\"write_x\""), 204, ""}, HELD(READ)},
	 0,
	 "",
	 "read_branch"},
	{"grants before revocations",
	 "write_x",
	 "read_branch",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, LIST(BOTH)}, {GONE("\"read_branch\""), 204, ""}, HELD(WRITE)},
	 0,
	 "",
	 "write_x"},
	{"a refused grant revokes nothing",
	 "bogus",
	 "read_branch",
	 false,
	 "",
	 {{BODY("\"bogus\""), 422, "{}"}, HELD(READ)},
	 EINVAL,
	 "422",
	 "read_branch"},
	{"exact: against a fresh answer",
	 "write_x",
	 "",
	 true,
	 "",
	 {HELD(READ "," ON_SHOP("stray")),
	  {BODY("\"write_x\""), 200, LIST(BOTH "," ON_SHOP("stray"))},
	  {GONE("\"read_branch\",\"stray\""), 204, ""},
	  HELD(WRITE)},
	 0,
	 "",
	 "write_x"},
	{"exact, and the POST's answer is not the whole: read again",
	 "write_x",
	 "",
	 true,
	 "",
	 {HELD(READ),
	  {BODY("\"write_x\""), 200, LIST(WRITE)},
	  HELD(BOTH),
	  {GONE("\"read_branch\""), 204, ""},
	  HELD(WRITE)},
	 0,
	 "",
	 "write_x"},
	{"exact and so already: one request",
	 "read_branch",
	 "",
	 true,
	 "",
	 {HELD(READ)},
	 0,
	 "",
	 "read_branch"},
	{"exact, with what was confirmed: it still must be there",
	 "read_branch",
	 "",
	 true,
	 "read_branch",
	 {HELD(""), {BODY("\"read_branch\""), 200, LIST(READ)}},
	 0,
	 "",
	 "read_branch"},
	{"exactly nothing",
	 "",
	 "",
	 true,
	 "",
	 {HELD(READ), {GONE("\"read_branch\""), 200, "{}"}, HELD("")},
	 0,
	 "",
	 ""},
	{"exact, the fresh answer fails: nothing is revoked",
	 "",
	 "",
	 true,
	 "",
	 {{GET_TOKEN("t1"), 500, "{}"}},
	 EREMOTEIO,
	 "500",
	 "read_branch"},
};

static void play(const struct flow *f)
{
	struct outcome o;
	size_t n = 0;

	setup();
	change(&o, "t1", "d1", f->grant, f->revoke, f->exact, f->confirmed);
	world_turn(&w);
	for (; n < ARRAY_LEN(f->v) && f->v[n].request != NULL; n++) {
		const struct exchange *x = &f->v[n];
		assert_int_equal(o.done, 0);
		assert_int_equal(fake_open(), 1);
		if (x->status == 0)
			fake_fail(x->request, HTTP_UNKNOWN, EREMOTEIO);
		else
			fake_answer(x->request, x->status, x->body);
		world_turn(&w);
	}
	assert_int_equal(fake_count(), n);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, f->err);
	assert_non_null(strstr(o.error.text, f->says));
	if (f->held != NULL)
		assert_held(f->held);
	else
		assert_false(resource_fresh(&world_token(&w, "t1")->grants));
	world_finish(&w);
}

static void every_flow_ends_as_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		print_message("    %s\n", flows[i].name);
		play(&flows[i]);
	}
}

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

/* --- several at once
 * -------------------------------------------------------------------------------- */

/* The rule "changes of one token are sent in order; different tokens go in parallel". */
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
	fake_answer(ORGANIZATIONS, 200, LIST(ORGANIZATION("o1", "acme")));
	world_turn(&w);
	assert_int_equal(a.error.err, EIDRM);
	world_finish(&w);
}

/* --- dropping: the rule "an interrupted mutation"
 * ----------------------------------------------------- */

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
		cmocka_unit_test(every_flow_ends_as_it_should),
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
