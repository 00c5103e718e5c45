/* SPDX-License-Identifier: MIT */
/* api: which answers say that PlanetScale has done what was asked. */
#include "world.h"

#include <errno.h>
#include <stdbool.h>

#include "base/macros.h"

#define NOTHING LIST("")

static struct world w;

/* What came of a call. */
struct outcome {
	int calls;
	struct error error;
	bool done;
};

static void note(void *ctx, const struct api_answer *answer)
{
	struct outcome *o = ctx;

	o->calls++;
	o->error = answer->error;
	o->done = answer->done;
}

enum asked {
	READ,
	MAKE,
	REMOVE,
	ALLOW,
	FORBID,
};

static void ask(enum asked what, struct outcome *o)
{
	const struct api_target t = {
		.organization = "acme", .token_id = "t1", .done = note, .ctx = o};
	struct scopes scopes = SCOPES_INIT;

	*o = (struct outcome){0};
	scopes_add(&scopes, "read_branch");
	if (what == READ)
		api_list_tokens(w.api, &t, 1);
	else if (what == MAKE)
		api_create_token(w.api, &t, "new", 0);
	else if (what == REMOVE)
		api_delete_token(w.api, &t);
	else if (what == ALLOW)
		api_grant(w.api, &t, "shop", &scopes);
	else
		api_revoke(w.api, &t, "shop", &scopes);
	scopes_finish(&scopes);
}

/* Anything else that is a 2xx is no error of a change, and does not say that it was done. */
static void a_success_is_the_documented_status_and_shape(void **state)
{
	static const char page[] = "<html>Please log in</html>";
	static const struct {
		enum asked what;
		int status;
		const char *body;
		bool done;
	} cases[] = {
		{READ, 200, NOTHING, true},
		{READ, 202, NOTHING, false},
		{READ, 206, NOTHING, false},
		{MAKE, 200, MADE("t9", "new"), true},
		{MAKE, 201, MADE("t9", "new"), false},
		{MAKE, 200, "{\"id\":\"t9\",\"token\":null}", false},
		{MAKE, 200, "{\"token\":\"pscale_tkn_x\"}", false},
		{MAKE, 200, page, false},
		{MAKE, 202, "", false},
		{REMOVE, 204, "", true},
		{REMOVE, 204, " ", false},
		{REMOVE, 0, "", false},
		{REMOVE, 200, "", false},
		{REMOVE, 200, page, false},
		{REMOVE, 202, "{\"id\":\"x\"}", false},
		{ALLOW, 200, NOTHING, true},
		{ALLOW, 201, NOTHING, true},
		{ALLOW, 204, "", false},
		{ALLOW, 202, NOTHING, false},
		{ALLOW, 200, page, false},
		{ALLOW, 200, "{\"data\":{}}", false},
		{FORBID, 204, "", true},
		{FORBID, 200, NOTHING, true},
		{FORBID, 200, page, false},
		{FORBID, 202, "", false},
	};
	struct outcome o;

	(void)state;
	world_start(&w);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ask(cases[i].what, &o);
		fake_answer("", cases[i].status, cases[i].body);
		assert_int_equal(o.calls, 1);
		assert_int_equal(o.done, cases[i].done);
		assert_int_equal(o.error.err,
				 cases[i].done || (cases[i].what != READ && cases[i].status != 0)
					 ? 0
					 : EREMOTEIO);
	}
	ask(REMOVE, &o);
	fake_answer("", 404, "");
	assert_false(o.done);
	ask(REMOVE, &o);
	fake_fail("", HTTP_UNKNOWN, ETIMEDOUT);
	assert_false(o.done);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_success_is_the_documented_status_and_shape),
	};

	return cmocka_run_group_tests_name("api_success", tests, NULL, NULL);
}
