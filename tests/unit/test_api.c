/*
 * The credential of calls: which one a call was sent with, and what follows when it is refused.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define REFUSED "{\"code\":\"unauthorized\",\"message\":\"Unauthorized\"}"
#define NOTHING LIST("")

static struct world w;
static char path[64];

/* What came of a call. */
struct outcome {
	int calls;
	struct error error;
	int attempts;
};

static void note(void *ctx, const struct api_answer *answer)
{
	struct outcome *o = ctx;

	o->calls++;
	o->error = answer->error;
	o->attempts = answer->attempts;
	assert_non_null(answer->body);
}

static struct api_call *ask_tokens(struct outcome *o)
{
	const struct api_target t = {.organization = "acme", .done = note, .ctx = o};

	*o = (struct outcome){0};
	return api_list_tokens(w.api, &t, 1);
}

static struct api_call *ask_databases(struct outcome *o)
{
	const struct api_target t = {.organization = "acme", .done = note, .ctx = o};

	*o = (struct outcome){0};
	return api_list_databases(w.api, &t, 1);
}

static void write_credential(const char *id)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "PLANETSCALE_SERVICE_TOKEN_ID=%s\nPLANETSCALE_SERVICE_TOKEN=pscale_tkn_x\n", id);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* A world whose credential is in a file, and there has id "a". */
static void start_with_file(void)
{
	struct error e;
	char *org;

	world_start(&w);
	snprintf(path, sizeof(path), "/tmp/pscalefs-test-api.XXXXXX");
	close(mkstemp(path));
	write_credential("a");
	credential_finish(&w.config.credential);
	assert_int_equal(credential_find(path, &w.config.credential, &org, &e), 0);
}

static void finish_with_file(void)
{
	unlink(path);
	world_finish(&w);
}

static void a_credential_that_was_renewed_meanwhile_serves_unread(void **state)
{
	struct outcome tokens, databases;

	(void)state;
	start_with_file();
	ask_tokens(&tokens);
	ask_databases(&databases);
	write_credential("b");
	fake_answer(TOKENS, 401, REFUSED);
	assert_string_equal(fake_authorization(TOKENS), "b:pscale_tkn_x");

	/* The other was sent with "a" too. There is nothing to read any more. */
	unlink(path);
	assert_string_equal(fake_authorization(DATABASES), "a:pscale_tkn_x");
	fake_answer(DATABASES, 401, REFUSED);
	assert_int_equal(databases.calls, 0);
	assert_string_equal(fake_authorization(DATABASES), "b:pscale_tkn_x");
	fake_answer(TOKENS, 200, NOTHING);
	fake_answer(DATABASES, 200, NOTHING);
	assert_int_equal(tokens.calls, 1);
	assert_int_equal(tokens.error.err, 0);
	assert_int_equal(databases.calls, 1);
	assert_int_equal(databases.error.err, 0);
	finish_with_file();
}

static void so_does_one_that_a_signal_has_renewed(void **state)
{
	struct outcome o;
	struct error e;

	(void)state;
	start_with_file();
	ask_tokens(&o);
	write_credential("b");
	assert_int_equal(api_reload(w.api, &e), 0);
	unlink(path);
	fake_answer(TOKENS, 401, REFUSED);
	assert_string_equal(fake_authorization(TOKENS), "b:pscale_tkn_x");
	fake_answer(TOKENS, 200, NOTHING);
	assert_int_equal(o.error.err, 0);
	finish_with_file();
}

/* As PlanetScale answers a service token that is gone. */
static void a_404_may_mean_that_the_service_token_ended(void **state)
{
	struct outcome o;

	(void)state;
	start_with_file();
	ask_tokens(&o);
	fake_answer(TOKENS, 404, REFUSED);
	assert_int_equal(o.error.err, ENOENT);
	ask_tokens(&o);
	write_credential("b");
	fake_answer(TOKENS, 404, REFUSED);
	assert_string_equal(fake_authorization(TOKENS), "b:pscale_tkn_x");
	fake_answer(TOKENS, 404, REFUSED);
	assert_int_equal(o.error.err, ENOENT);
	assert_int_equal(fake_count(), 3);
	finish_with_file();
}

static void a_call_is_sent_again_once(void **state)
{
	struct outcome o;

	(void)state;
	start_with_file();
	ask_tokens(&o);
	write_credential("b");
	fake_answer(TOKENS, 401, REFUSED);
	write_credential("c");
	fake_answer(TOKENS, 401, REFUSED);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.error.err, EKEYREJECTED);
	assert_int_equal(fake_count(), 2);

	/* The next one finds what is there now; a file that holds the same is no reason to repeat.
	 */
	ask_tokens(&o);
	fake_answer(TOKENS, 401, REFUSED);
	assert_string_equal(fake_authorization(TOKENS), "c:pscale_tkn_x");
	fake_answer(TOKENS, 200, NOTHING);
	ask_tokens(&o);
	fake_answer(TOKENS, 401, REFUSED);
	assert_int_equal(o.error.err, EKEYREJECTED);
	finish_with_file();
}

/* The sanitizers see to it that none of these headers is gone. */
static void a_header_lives_as_long_as_a_call_that_was_sent_with_it(void **state)
{
	struct outcome a, b, c;
	struct error e;

	(void)state;
	start_with_file();
	ask_tokens(&a);
	write_credential("b");
	assert_int_equal(api_reload(w.api, &e), 0);
	struct api_call *second = ask_databases(&b);
	write_credential("c");
	assert_int_equal(api_reload(w.api, &e), 0);
	const struct api_target t = {.done = note, .ctx = &c};
	c = (struct outcome){0};
	api_list_organizations(w.api, &t, 1);
	assert_string_equal(fake_authorization(TOKENS), "a:pscale_tkn_x");
	fake_answer(TOKENS, 200, NOTHING);
	assert_string_equal(fake_authorization(DATABASES), "b:pscale_tkn_x");
	assert_string_equal(fake_authorization(ORGANIZATIONS), "c:pscale_tkn_x");
	api_cancel(second);
	fake_answer(ORGANIZATIONS, 200, NOTHING);
	assert_int_equal(a.calls + b.calls + c.calls, 2);
	finish_with_file();
}

static void what_the_old_credential_may_is_not_said_of_the_new_one(void **state)
{
	struct outcome o;
	struct error e;

	(void)state;
	start_with_file();
	ask_tokens(&o);
	fake_answer(TOKENS, 403, REFUSED);
	assert_int_equal(api_right(w.api, "read_service_tokens"), API_RIGHT_LACKING);
	ask_tokens(&o);
	write_credential("b");
	assert_int_equal(api_reload(w.api, &e), 0);
	assert_string_equal(api_credential(w.api)->token_id, "b");
	assert_int_equal(api_right(w.api, "read_service_tokens"), API_RIGHT_UNKNOWN);
	fake_answer(TOKENS, 403, REFUSED); /* sent with the old one */
	assert_int_equal(api_right(w.api, "read_service_tokens"), API_RIGHT_UNKNOWN);
	ask_tokens(&o);
	fake_answer(TOKENS, 200, NOTHING);
	assert_int_equal(api_right(w.api, "read_service_tokens"), API_RIGHT_HELD);
	finish_with_file();
}

/* A repeat that was refused had no effect; the attempt before it may have had one. */
static void attempts_that_may_have_had_an_effect_are_counted(void **state)
{
	struct outcome o = {0};
	const struct api_target t = {
		.organization = "acme", .token_id = "t1", .done = note, .ctx = &o};

	(void)state;
	start_with_file();
	api_delete_token(w.api, &t);
	write_credential("b");
	fake_answer_attempts(DELETE("t1"), 401, REFUSED, 2);
	fake_answer(DELETE("t1"), 404, REFUSED);
	assert_int_equal(o.attempts, 2);
	finish_with_file();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_credential_that_was_renewed_meanwhile_serves_unread),
		cmocka_unit_test(so_does_one_that_a_signal_has_renewed),
		cmocka_unit_test(a_404_may_mean_that_the_service_token_ended),
		cmocka_unit_test(a_call_is_sent_again_once),
		cmocka_unit_test(a_header_lives_as_long_as_a_call_that_was_sent_with_it),
		cmocka_unit_test(what_the_old_credential_may_is_not_said_of_the_new_one),
		cmocka_unit_test(attempts_that_may_have_had_an_effect_are_counted),
	};

	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
