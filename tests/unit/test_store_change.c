/* SPDX-License-Identifier: MIT */
/* store_change: every way in which a permissions file comes to say what a command asked for. */
#include "change_fixture.h"

#include "base/clock.h"
#include "base/macros.h"

/*
 * One change of ci's permissions on shop, where read_branch is granted: what is sent, how it is
 * answered, how it ends. "-" for a body: the connection is closed instead.
 */
struct exchange {
	const char *request; /* its beginning */
	int status;          /* 0: closed after it was sent */
	const char *body;
};
/* clang-format off */
#define HELD(...) {GET_TOKEN("t1"), 200, TOKEN("t1", "ci", __VA_ARGS__)}
/* clang-format on */

/* The same each time that it is asked for again. */
#define HELD_ALWAYS(...)                                                                           \
	HELD(__VA_ARGS__), HELD(__VA_ARGS__), HELD(__VA_ARGS__), HELD(__VA_ARGS__),                \
		HELD(__VA_ARGS__)
#define READ  ON_SHOP("read_branch")
#define WRITE ON_SHOP("write_x")
#define BOTH  READ "," WRITE

static const struct flow {
	const char *name;
	const char *grant, *revoke;
	bool exact;
	const char *confirmed;
	struct exchange v[8];
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
	 {{BODY("\"write_x\""), 200, LIST(ON_ACME("write_x"))}, HELD_ALWAYS(READ)},
	 EREMOTEIO,
	 "write_x is not granted",
	 "read_branch"},
	{"yes, and it is not so",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, LIST(READ)}, HELD_ALWAYS(READ)},
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
	 {{GONE("\"read_branch\""), 204, ""}, HELD_ALWAYS(READ)},
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
	{"not held as far as is known: it is sent, and a fresh answer says so",
	 "",
	 "other",
	 false,
	 "",
	 {{GONE("\"other\""), 204, ""}, HELD(READ)},
	 0,
	 "",
	 "read_branch"},
	{"not held, which is an error there: a fresh answer says so",
	 "",
	 "other",
	 false,
	 "",
	 {{GONE("\"other\""), 422, "{}"}, HELD(READ)},
	 0,
	 "",
	 "read_branch"},
	{"held meanwhile: it is revoked",
	 "",
	 "write_x",
	 false,
	 "",
	 {{GONE("\"write_x\""), 204, ""}, HELD(READ)},
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
	{"answers lag behind the DELETE",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 204, ""}, HELD(READ), HELD(READ), HELD(READ), HELD("")},
	 0,
	 "",
	 ""},
	{"answers lag behind a POST that confirms nothing",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 200, LIST("")}, HELD(READ), HELD(READ), HELD(BOTH)},
	 0,
	 "",
	 "read_branch write_x"},
	{"an answer that contradicts the POST's own: what it had confirmed counts",
	 "write_x",
	 "",
	 true,
	 "",
	 {HELD(READ),
	  {BODY("\"write_x\""), 200, LIST(WRITE)},
	  HELD(READ),
	  {GONE("\"read_branch\""), 204, ""},
	  HELD("")},
	 0,
	 "",
	 "write_x"},
	{"a proxy's page says nothing: a fresh answer does",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 200, "<html>"}, HELD("")},
	 0,
	 "",
	 ""},
	{"nor does 202",
	 "",
	 "read_branch",
	 false,
	 "",
	 {{GONE("\"read_branch\""), 202, ""}, HELD_ALWAYS(READ)},
	 EREMOTEIO,
	 "read_branch is still granted: PlanetScale's answer (202)",
	 "read_branch"},
	{"nor a page to the POST, nor a list with another status",
	 "write_x",
	 "",
	 false,
	 "",
	 {{BODY("\"write_x\""), 203, LIST(BOTH)}, HELD_ALWAYS(READ)},
	 EREMOTEIO,
	 "write_x is not granted: PlanetScale's answer (203)",
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
		world_settle(&w);
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

/* What the text says and was confirmed before: somebody else may have revoked it since. */
static void what_is_to_be_kept_is_neither_granted_nor_revoked(void **state)
{
	struct scopes grant = set("write_x"), keep = set("read_branch lost");
	static const struct scopes none = SCOPES_INIT;
	struct outcome o = {0};

	(void)state;
	setup();
	const struct store_change what = {
		.target.organization_id = "o1",
		.target.token_id = "t1",
		.target.database_id = "d1",
		.grant = &grant,
		.revoke = &none,
		.exact = true,
		.keep = &keep,
		.since = clock_stamp(&w.clock),
	};
	store_change(w.store, &what, on_done, &o);
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BOTH "," ON_SHOP("stray")));
	world_turn(&w);
	fake_answer(GONE("\"stray\""), 204, "");
	world_turn(&w);
	fake_answer(GET_TOKEN("t1"), 200, TOKEN("t1", "ci", BOTH));
	world_turn(&w);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.error.err, 0);
	assert_int_equal(fake_count(), 3);
	scopes_finish(&grant);
	scopes_finish(&keep);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flow_ends_as_it_should),
		cmocka_unit_test(what_is_to_be_kept_is_neither_granted_nor_revoked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
