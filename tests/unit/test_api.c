/* SPDX-License-Identifier: MIT */
/*
 * The credential of calls: which one a call was sent with, and what follows when it is refused.
 */
#include "fake_keyring.h"
#include "world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/xmalloc.h"

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
	assert_int_equal(credential_find(path, NULL, &w.config.credential, &org, &e), 0);
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

	(void)state;
	start_with_file();
	ask_tokens(&o);
	write_credential("b");
	credential_refresh_now(w.credential_refresh);
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

	(void)state;
	start_with_file();
	ask_tokens(&a);
	write_credential("b");
	credential_refresh_now(w.credential_refresh);
	struct api_call *second = ask_databases(&b);
	write_credential("c");
	credential_refresh_now(w.credential_refresh);
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

	(void)state;
	start_with_file();
	ask_tokens(&o);
	fake_answer(TOKENS, 403, REFUSED);
	assert_int_equal(api_right(w.api, "read_service_tokens"), API_RIGHT_LACKING);
	ask_tokens(&o);
	write_credential("b");
	credential_refresh_now(w.credential_refresh);
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

/* In every shape of a refusal that PlanetScale and the layers before it have. */
static void expired_is_not_the_same_as_rejected(void **state)
{
	static const struct {
		const char *body;
		int err;
	} cases[] = {
		{"{\"error\":\"invalid_token\",\"error_description\":\"The access token expired\","
		 "\"state\":\"unauthorized\"}",
		 EKEYEXPIRED},
		{"{\"error\":\"invalid_token\",\"error_description\":\"The access token is "
		 "invalid\",\"state\":\"unauthorized\"}",
		 EKEYREJECTED},
		{"{\"error\":\"invalid_token\",\"error_description\":\"The access token was "
		 "revoked\"}",
		 EKEYREJECTED},
		{"{\"code\":\"unauthorized\",\"message\":\"This token has expired\"}", EKEYEXPIRED},
		{"{\"code\":\"unauthorized\",\"message\":\"Invalid token: it has expired\"}",
		 EKEYEXPIRED},
		{"{\"code\":\"unauthorized\",\"message\":\"Invalid or expired token\"}",
		 EKEYREJECTED},
		{"{\"message\":\"The token is expired, revoked or invalid\"}", EKEYREJECTED},
		{"{\"code\":\"token_expired\",\"message\":\"Unauthorized\"}", EKEYEXPIRED},
		{"{\"error\":\"expired_token\"}", EKEYEXPIRED},
		{"{\"error\":\"Signature has expired\"}", EKEYEXPIRED},
		{"{\"errors\":[\"Token Expired\"]}", EKEYEXPIRED},
		{"{\"error\":\"expired_token\",\"error_description\":\"The token is invalid or "
		 "expired\"}",
		 EKEYEXPIRED},
		{"{}", EKEYREJECTED},
		{"", EKEYREJECTED},
		{"<html>expired</html>", EKEYREJECTED},
	};
	struct outcome o;

	(void)state;
	start_with_file();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ask_tokens(&o);
		fake_answer(TOKENS, 401, cases[i].body);
		if (o.error.err != cases[i].err)
			fail_msg("%s: %s", cases[i].body, strerror(o.error.err));
	}
	finish_with_file();
}

/* --- a login from the keyring ----------------------------------------------------------------- */

/* A world whose credential is the login "old" of the keyring. */
static void start_with_keyring(void)
{
	static const char header[] = "Bearer old";

	fake_keyring_reset();
	world_start(&w);
	struct credential *c = &w.config.credential;
	credential_finish(c);
	*c = (struct credential){.kind = CREDENTIAL_LOGIN,
				 .source = SOURCE_KEYRING,
				 .origin = xstrdup("pscale, access-token"),
				 .header = secret_new(header, strlen(header))};
}

static void those_who_were_refused_wait_for_the_keyring(void **state)
{
	struct outcome tokens, databases;

	(void)state;
	start_with_keyring();
	assert_int_equal(credential_refresh_fd(w.credential_refresh), -1);
	assert_int_equal(credential_refresh_sleep_ms(w.credential_refresh), -1);
	struct api_call *first = ask_tokens(&tokens);
	ask_databases(&databases);
	fake_answer(TOKENS, 401, REFUSED);
	fake_answer(DATABASES, 401, REFUSED);
	assert_false(api_sent(first));
	assert_int_equal(fake_keyring_readers(), 1);
	assert_int_equal(credential_refresh_fd(w.credential_refresh), 77);
	assert_int_equal(credential_refresh_sleep_ms(w.credential_refresh), 30000);
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(fake_open(), 0);
	assert_int_equal(tokens.calls + databases.calls, 0);

	fake_keyring_holds("renew!");
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(credential_refresh_fd(w.credential_refresh), -1);
	assert_string_equal(fake_authorization(TOKENS), "Bearer renew!");
	assert_string_equal(fake_authorization(DATABASES), "Bearer renew!");
	assert_int_equal(api_credential(w.api)->source, SOURCE_KEYRING);
	fake_answer(TOKENS, 200, NOTHING);
	fake_answer(DATABASES, 401, REFUSED); /* once is enough */
	assert_int_equal(tokens.error.err, 0);
	assert_int_equal(databases.error.err, EKEYREJECTED);
	assert_int_equal(fake_keyring_readers(), 1);
	world_finish(&w);
}

static void refused_again(struct outcome *o, int readers)
{
	ask_tokens(o);
	fake_answer(TOKENS, 401, REFUSED);
	assert_int_equal(o->calls, readers == fake_keyring_readers() ? 1 : 0);
}

static void a_keyring_asked_in_vain_is_left_in_peace_for_a_while(void **state)
{
	struct outcome o;

	(void)state;
	start_with_keyring();
	refused_again(&o, 0);
	fake_keyring_holds("old");
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(o.error.err, EKEYREJECTED);
	assert_int_equal(o.error.http_status, 401);
	refused_again(&o, 1);
	assert_int_equal(o.error.err, EKEYREJECTED);

	w.clock.mono_ms += 4999;
	refused_again(&o, 1);
	w.clock.mono_ms += 1;
	refused_again(&o, 1);
	assert_int_equal(fake_keyring_readers(), 2);
	fake_keyring_fails(ENOENT);
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(o.error.err, EKEYREJECTED);
	refused_again(&o, 2);

	/* A person who asks is not told to wait. */
	credential_refresh_now(w.credential_refresh);
	assert_int_equal(fake_keyring_readers(), 3);
	credential_refresh_now(w.credential_refresh);
	fake_keyring_holds("newest");
	credential_refresh_turn(w.credential_refresh);
	assert_string_equal(secret_expose(api_credential(w.api)->header), "Bearer newest");
	assert_int_equal(fake_keyring_readers(), 3);
	world_finish(&w);
}

static void nobody_waits_longer_than_the_mount_allows(void **state)
{
	struct outcome o;

	(void)state;
	start_with_keyring();
	credential_refresh_free(w.credential_refresh);
	api_free(w.api);
	w.credential_refresh =
		credential_refresh_new(&w.config.credential, "the program", 2000, &w.clock);
	w.api = api_new(w.http, w.credential_refresh);
	refused_again(&o, 0);
	w.clock.mono_ms += 1999;
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(o.calls, 0);
	assert_int_equal(credential_refresh_sleep_ms(w.credential_refresh), 1);
	w.clock.mono_ms += 1;
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(o.error.err, EKEYREJECTED);
	refused_again(&o, 1);
	assert_int_equal(o.error.err, EKEYREJECTED);

	/* Who types a password meanwhile has done so for the next one. */
	w.clock.mono_ms += 20000;
	assert_int_equal(credential_refresh_sleep_ms(w.credential_refresh), 8000);
	fake_keyring_holds("newest");
	credential_refresh_turn(w.credential_refresh);
	ask_tokens(&o);
	assert_string_equal(fake_authorization(TOKENS), "Bearer newest");
	fake_answer(TOKENS, 200, NOTHING);
	world_finish(&w);
}

static void a_keyring_that_hangs_is_left(void **state)
{
	struct outcome o;

	(void)state;
	start_with_keyring();
	refused_again(&o, 0);
	w.clock.mono_ms += 30000;
	fake_keyring_lingers(true);
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(o.error.err, EKEYREJECTED);
	assert_int_equal(credential_refresh_fd(w.credential_refresh), -1);

	/* There is never a second reader before the first is gone. */
	credential_refresh_now(w.credential_refresh);
	assert_int_equal(fake_keyring_readers(), 1);
	fake_keyring_lingers(false);
	credential_refresh_turn(w.credential_refresh);
	credential_refresh_now(w.credential_refresh);
	assert_int_equal(fake_keyring_readers(), 2);
	world_finish(&w);
	fake_keyring_reset();
}

static void what_is_wrong_with_the_keyring_is_the_next_step(void **state)
{
	struct outcome o;

	(void)state;
	start_with_keyring();
	refused_again(&o, 0);
	fake_keyring_fails(EACCES);
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(o.error.err, EKEYREJECTED);
	assert_string_equal(o.error.hint, "unlock it");

	w.clock.mono_ms += 60000;
	fake_keyring_vanishes();
	refused_again(&o, 1);
	assert_int_equal(o.error.err, EKEYREJECTED);
	world_finish(&w);
}

/* One callback cancels another call that waits, as happens when an op ends; and the mount ends. */
static struct api_call *doomed;

static void cancel_the_other(void *ctx, const struct api_answer *answer)
{
	note(ctx, answer);
	api_cancel(doomed);
}

static void who_waits_may_be_cancelled(void **state)
{
	struct outcome a = {0}, b = {0};
	const struct api_target t = {.done = cancel_the_other, .ctx = &a};

	(void)state;
	start_with_keyring();
	api_list_organizations(w.api, &t, 1);
	doomed = ask_tokens(&b);
	fake_answer(ORGANIZATIONS, 401, REFUSED);
	fake_answer(TOKENS, 401, REFUSED);
	fake_keyring_holds("old");
	credential_refresh_turn(w.credential_refresh);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);

	credential_refresh_now(w.credential_refresh);
	ask_tokens(&b);
	fake_answer(TOKENS, 401, REFUSED);
	world_finish(&w);
	assert_int_equal(b.calls, 0);
	fake_keyring_reset();
}

/* A mutation that was refused had no effect, so an interrupt may drop it; it is sent once more. */
static void a_change_waits_like_any_call(void **state)
{
	struct outcome o = {0};
	const struct api_target t = {.organization = "acme", .done = note, .ctx = &o};

	(void)state;
	start_with_keyring();
	struct api_call *c = api_create_token(w.api, &t, "new", 0);
	assert_true(api_sent(c));
	fake_answer(CREATE, 401, REFUSED);
	assert_false(api_sent(c));
	fake_keyring_holds("newest");
	credential_refresh_turn(w.credential_refresh);
	fake_answer(CREATE, 200, MADE("t9", "new"));
	assert_int_equal(o.error.err, 0);
	assert_int_equal(o.attempts, 1);
	assert_int_equal(fake_count(), 2);
	world_finish(&w);
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
		cmocka_unit_test(expired_is_not_the_same_as_rejected),
		cmocka_unit_test(those_who_were_refused_wait_for_the_keyring),
		cmocka_unit_test(a_keyring_asked_in_vain_is_left_in_peace_for_a_while),
		cmocka_unit_test(nobody_waits_longer_than_the_mount_allows),
		cmocka_unit_test(a_keyring_that_hangs_is_left),
		cmocka_unit_test(what_is_wrong_with_the_keyring_is_the_next_step),
		cmocka_unit_test(who_waits_may_be_cancelled),
		cmocka_unit_test(a_change_waits_like_any_call),
	};

	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
