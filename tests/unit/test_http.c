/* SPDX-License-Identifier: MIT */
/* http and transfer: exchanges, who goes first, what is no answer. */
#include "http_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"

/* --- Plain exchanges -------------------------------------------------------------------------- */

static void an_answer_is_handed_over_with_its_request_id(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("8", "{\"a\": 1}")});
	request(&f, &o, GET(.path = "/v1/a%20b/../c?page=1"));
	assert_int_equal(o.done, 0);
	await(&f, &o);
	assert_answered(&o, 200, "{\"a\": 1}");
	assert_string_equal(o.result.request_id, "req-1");
	assert_int_equal(o.result.attempts, 1);
	stop(&f);
	const char *got = f.server.log[0].text;
	assert_true(str_starts(got, "GET /v1/a%20b/../c?page=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(got, "\r\nUser-Agent: pscalefs-test\r\n"));
	assert_non_null(strstr(got, "\r\nAccept: application/json\r\n"));
	assert_non_null(strcasestr(got, "\r\nAccept-Encoding: "));
	assert_null(strcasestr(got, "Content-Type"));
	assert_null(strcasestr(got, "Authorization"));
}

static void connections_are_kept_and_used_again(void **state)
{
	struct fixture f;
	struct outcome o[3] = {0};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("2", "{}")});
	for (size_t i = 0; i < ARRAY_LEN(o); i++) {
		request(&f, &o[i], GET());
		await(&f, &o[i]);
	}
	assert_int_equal(f.server.accepted, 1);
	http_refresh(f.http);
	o[0].done = 0;
	request(&f, &o[0], GET());
	await(&f, &o[0]);
	assert_int_equal(f.server.accepted, 2);
	stop(&f);
}

static void every_status_is_an_answer(void **state)
{
	static const int statuses[] = {200, 201, 204, 400, 401, 403, 404, 409, 422, 500, 501};
	struct fixture f;

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("200", "")}, {.reply = STATUS_REPLY("201", "")},
	      {.reply = "HTTP/1.1 204 x\r\n\r\n"}, {.reply = STATUS_REPLY("400", "")},
	      {.reply = STATUS_REPLY("401", "")}, {.reply = STATUS_REPLY("403", "")},
	      {.reply = STATUS_REPLY("404", "")}, {.reply = STATUS_REPLY("409", "")},
	      {.reply = STATUS_REPLY("422", "")}, {.reply = STATUS_REPLY("500", "")},
	      {.reply = STATUS_REPLY("501", "")});
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct outcome o = {0};
		request(&f, &o, GET());
		await(&f, &o);
		assert_answered(&o, statuses[i], statuses[i] == 204 ? "" : "body");
		assert_int_equal(o.result.attempts, 1);
	}
	assert_int_equal(http_stats(f.http).failed, 8);
	assert_int_equal(http_stats(f.http).sent, ARRAY_LEN(statuses));
	stop(&f);
}

static void a_redirect_is_not_followed(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("302", "Location: /elsewhere\r\n")});
	request(&f, &o, GET());
	await(&f, &o);
	assert_answered(&o, 302, "body");
	stop(&f);
	assert_int_equal(f.server.requests, 1);
}

static void a_compressed_answer_is_unpacked(void **state)
{
	static const char reply[] =
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 31\r\n\r\n"
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\xaf\x52\xb2\x2a\x29\x2a\x4d"
		"\xad"
		"\x05\x00\x3d\xcc\x1d\xac\x0b\x00\x00\x00";
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, NULL, {.reply = reply, .reply_len = sizeof(reply) - 1});
	request(&f, &o, GET());
	await(&f, &o);
	assert_answered(&o, 200, "{\"gz\":true}");
	stop(&f);
}

static void delete_carries_a_body(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("2", "{}")});
	request(&f, &o, (struct http_request){.method = "DELETE", .body = "{\"access\":[]}"});
	await(&f, &o);
	stop(&f);
	const char *got = f.server.log[0].text;
	assert_true(str_starts(got, "DELETE /v1/x HTTP/1.1\r\n"));
	assert_non_null(strstr(got, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(got, "\r\nContent-Length: 13\r\n"));
	assert_null(strcasestr(got, "Expect:"));
	assert_true(str_ends(got, "\r\n\r\n{\"access\":[]}"));
}

static void the_credential_is_sent_but_never_logged(void **state)
{
	struct secret *credential = secret_new("ID:pscale_tkn_hush", 18);
	struct fixture f;
	struct outcome o = {0};
	char log[4096];
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("503", "")},
	      {.reply = "HTTP/1.1 201 x\r\nContent-Length: 15\r\n\r\n{\"token\":\"hush\"}"});
	dup2(fileno(file), STDERR_FILENO);
	log_set_level(LEVEL_DETAIL);
	request(&f, &o,
		(struct http_request){.method = "POST",
				      .repeatable = true,
				      .body = "{\"name\":\"hush\"}",
				      .authorization = credential});
	await(&f, &o);
	log_set_level(LEVEL_NOTICE);
	dup2(saved, STDERR_FILENO);
	close(saved);
	stop(&f);
	assert_int_equal(requests_with(&f, "\r\nAuthorization: ID:pscale_tkn_hush\r\n"), 2);
	rewind(file);
	log[fread(log, 1, sizeof(log) - 1, file)] = '\0';
	assert_non_null(strstr(log, "POST /v1/x: 503, "));
	assert_non_null(strstr(log, "POST /v1/x: 201, "));
	assert_non_null(strstr(log, " 15 bytes, attempt 2"));
	assert_null(strstr(log, "hush"));
	fclose(file);
	secret_free(credential);
}

/* --- Answers that are none -------------------------------------------------------------------- */

static void what_is_no_http_is_a_remote_error(void **state)
{
	struct fixture f;

	(void)state;
	START(&f, NULL, {.reply = "SSH-2.0-OpenSSH_9.2\r\n", .then = CLOSE},
	      {.reply = "HTTP/1.1 abc\r\n\r\n", .then = CLOSE},
	      {.reply = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", .then = CLOSE},
	      {.reply = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
	       .then = CLOSE});
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct outcome o = {0};
		request(&f, &o, GET());
		await(&f, &o);
		assert_failed(&o, EREMOTEIO, HTTP_UNKNOWN);
		assert_int_equal(o.result.attempts, 1);
	}
	stop(&f);
}

static void an_answer_that_is_too_large_is_refused(void **state)
{
	struct fixture f;
	struct outcome fits = {0}, large = {0}, endless = {0};

	(void)state;
	START(&f, &(struct http_options){.body_max_bytes = 4}, {.reply = OK_REPLY("4", "1234")},
	      {.reply = OK_REPLY("5", "12345")},
	      {.reply = "HTTP/1.1 200 OK\r\n\r\n", .then = TRICKLE});
	request(&f, &fits, GET());
	await(&f, &fits);
	assert_answered(&fits, 200, "1234");
	request(&f, &large, GET());
	await(&f, &large);
	assert_failed(&large, EREMOTEIO, HTTP_UNKNOWN);
	assert_non_null(strstr(large.result.error.text, "larger than 4 bytes"));
	request(&f, &endless, GET());
	await(&f, &endless);
	assert_failed(&endless, EREMOTEIO, HTTP_UNKNOWN);
	stop(&f);
}

static void endless_headers_are_refused(void **state)
{
	static char reply[400000] = "HTTP/1.1 200 OK\r\n";
	struct step steps[] = {{.reply = reply}};
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	while (strlen(reply) < sizeof(reply) - 2000)
		sprintf(reply + strlen(reply), "X-Long: %01000d\r\n", 0);
	start(&f, NULL, steps, 1);
	request(&f, &o, GET());
	await(&f, &o);
	assert_failed(&o, EREMOTEIO, HTTP_UNKNOWN);
	stop(&f);
}

/* libcurl takes 100 KiB in a line, and calls more than that a lack of memory. */
static void an_endless_header_line_is_refused(void **state)
{
	static const size_t sizes[] = {90000, 120000, 250000, 300000};
	static char reply[400000];
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct step steps[] = {{.reply = reply}};
		struct outcome o = {0};
		sprintf(reply, "HTTP/1.1 200 OK\r\nX-Long: %0*d\r\nContent-Length: 2\r\n\r\n{}",
			(int)sizes[i], 0);
		start(&f, NULL, steps, 1);
		request(&f, &o, GET());
		await(&f, &o);
		if (sizes[i] < 100000) {
			assert_answered(&o, 200, "{}");
		} else {
			assert_failed(&o, EREMOTEIO, HTTP_UNKNOWN);
			assert_int_equal(o.result.attempts, 1);
			assert_non_null(strstr(o.result.error.text, "header line"));
		}
		stop(&f);
	}
}

static void a_server_without_tls_is_a_protocol_error(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, &(struct http_options){.base_url = "https"}, {.reply = STATUS_REPLY("400", "")});
	request(&f, &o, GET());
	await(&f, &o);
	assert_failed(&o, EPROTO, HTTP_NOT_SENT);
	stop(&f);
}

/* --- Who goes, who stays ---------------------------------------------------------------------- */

static void no_more_than_the_allowed_number_run_at_once(void **state)
{
	struct fixture f;
	struct outcome o[9] = {0};

	(void)state;
	START(&f, &(struct http_options){.concurrency = 3},
	      {.reply = OK_REPLY("2", "{}"), .delay_ms = 20});
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		request(&f, &o[i], GET());
	assert_int_equal(http_stats(f.http).waiting, 9);
	assert_true(turn_until(&f, PATIENCE_MS, &order, NULL, 9));
	assert_int_equal(http_stats(f.http).waiting + http_stats(f.http).running, 0);
	stop(&f);
	assert_int_equal(f.server.most_at_once, 3);
}

static void a_silent_request_holds_no_other_back(void **state)
{
	struct fixture f;
	struct outcome silent = {0}, o = {0};

	(void)state;
	START(&f, NULL, {0}, {.reply = OK_REPLY("2", "{}")});
	request(&f, &silent, GET());
	await_requests(&f, 1);
	request(&f, &o, GET());
	await(&f, &o);
	assert_answered(&o, 200, "{}");
	assert_int_equal(silent.done, 0);
	stop(&f);
}

static void who_waits_goes_first_in_the_order_they_came(void **state)
{
	static const char *const expect[] = {"GET /busy ", "GET /a ", "GET /b ", "GET /promoted ",
					     "GET /prefetch "};
	struct fixture f;
	struct outcome o[5] = {0};

	(void)state;
	START(&f, &(struct http_options){.concurrency = 1},
	      {.reply = OK_REPLY("2", "{}"), .delay_ms = 20});
	request(&f, &o[0], GET(.path = "/busy"));
	await_requests(&f, 1);
	request(&f, &o[1], GET(.path = "/prefetch", .priority = HTTP_PREFETCH));
	struct http_call *call =
		request(&f, &o[2], GET(.path = "/promoted", .priority = HTTP_PREFETCH));
	request(&f, &o[3], GET(.path = "/a"));
	request(&f, &o[4], GET(.path = "/b"));
	http_promote(call);
	assert_true(turn_until(&f, PATIENCE_MS, &order, NULL, 5));
	stop(&f);
	for (size_t i = 0; i < ARRAY_LEN(expect); i++)
		assert_true(str_starts(f.server.log[i].text, expect[i]));
}

static void prefetching_leaves_places_free(void **state)
{
	struct fixture f;
	struct outcome o[6] = {0};

	(void)state;
	START(&f, &(struct http_options){.concurrency = 4},
	      {.reply = OK_REPLY("2", "{}"), .delay_ms = 20});
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		request(&f, &o[i], GET(.priority = HTTP_PREFETCH));
	assert_true(turn_until(&f, PATIENCE_MS, &order, NULL, 6));
	stop(&f);
	assert_int_equal(f.server.most_at_once, 3);
}

static void a_call_cancelled_in_the_queue_is_never_sent(void **state)
{
	struct fixture f;
	struct outcome o = {0}, other = {0};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("2", "{}")});
	struct http_call *call = request(&f, &o, GET(.path = "/cancelled"));
	assert_false(http_sent(call));
	http_cancel(f.http, call);
	request(&f, &other, GET());
	await(&f, &other);
	stop(&f);
	assert_int_equal(o.done, 0);
	assert_int_equal(requests_with(&f, "/cancelled"), 0);
}

static void a_call_cancelled_under_way_is_cut_and_frees_its_place(void **state)
{
	struct fixture f;
	struct outcome o = {0}, other = {0};

	(void)state;
	START(&f, &(struct http_options){.concurrency = 1}, {0}, {.reply = OK_REPLY("2", "{}")});
	struct http_call *call = request(&f, &o, GET());
	await_requests(&f, 1);
	assert_true(http_sent(call));
	http_cancel(f.http, call);
	request(&f, &other, GET());
	await(&f, &other);
	assert_int_equal(o.done, 0);
	stop(&f);
}

static void a_callback_may_send_and_cancel(void **state)
{
	struct fixture f;
	struct http_call *victim;
	struct outcome next = {0}, cancelled = {0};
	struct outcome o = {.cancel = &victim, .then = &next};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("2", "{}"), .delay_ms = 30}, {0},
	      {.reply = OK_REPLY("2", "{}")});
	request(&f, &o, GET());
	await_requests(&f, 1);
	victim = request(&f, &cancelled, GET());
	await(&f, &next);
	assert_int_equal(o.done, 1);
	assert_int_equal(cancelled.done, 0);
	stop(&f);
}

/* Both fail in the same turn, so the other is done but not yet called back. */
static void a_callback_may_cancel_what_is_done_as_well(void **state)
{
	struct fixture f;
	struct http_call *calls[2];
	struct outcome o[2] = {{.cancel = &calls[1]}, {.cancel = &calls[0]}};

	(void)state;
	START(&f, &(struct http_options){.timeout_ms = 50}, {0});
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		calls[i] = request(&f, &o[i], GET());
	assert_false(turn_until(&f, 120, &order, NULL, 2));
	assert_int_equal(o[0].done + o[1].done, 1);
	stop(&f);
}

static void freeing_drops_everything_without_calling_back(void **state)
{
	struct secret *credential = secret_new("ID:x", 4);
	struct fixture f;
	struct outcome o[6] = {0};

	(void)state;
	START(&f, &(struct http_options){.concurrency = 2},
	      {.reply = "HTTP/1.1 200 OK\r\n\r\npart", .then = TRICKLE});
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		request(&f, &o[i], POST(.authorization = credential, .priority = i % 2));
	await_requests(&f, 2);
	stop(&f);
	secret_free(credential);
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		assert_int_equal(o[i].done, 0);
	http_free(NULL);
}

/* --- The loop's poll, and starting ------------------------------------------------------------ */

static void poll_wakes_for_other_descriptors_and_tells_hangups(void **state)
{
	struct fixture f;
	int fds[2], quiet[2];

	(void)state;
	START(&f, NULL, {0});
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(quiet), 0);
	struct pollfd p[] = {{.fd = quiet[0], .events = POLLIN}, {.fd = fds[0], .events = POLLIN}};
	int64_t before = f.clock.mono_ms;
	http_poll(f.http, p, 2, 30);
	assert_true(f.clock.mono_ms - before >= 29);
	assert_int_equal(p[0].revents | p[1].revents, 0);
	close(fds[1]);
	http_poll(f.http, p, 2, -1);
	assert_int_equal(p[0].revents, 0);
	assert_int_equal(p[1].revents, POLLHUP);
	close(fds[0]);
	close(quiet[0]);
	close(quiet[1]);
	stop(&f);
}

static void what_cannot_work_is_told_at_the_start(void **state)
{
	static const struct {
		const char *url, *ca_file;
		int err;
	} cases[] = {
		{"api.planetscale.com", NULL, EINVAL},
		{"ftp://api.planetscale.com", NULL, EINVAL},
		{"https://user:hush@api.planetscale.com", NULL, EINVAL},
		{"https://api.planetscale.com", "/nonexistent.pem", ENOENT},
	};
	struct clock clock = {0};
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_options o = {.base_url = cases[i].url, .ca_file = cases[i].ca_file};
		assert_null(http_new(&o, &clock, &e));
		assert_int_equal(e.err, cases[i].err);
		assert_null(strstr(e.text, "hush"));
	}
	assert_true(str_starts(http_version(), "libcurl/"));
}

#define LONG_BYTES 200000

static void long_answers_are_handed_over_one_a_turn(void **state)
{
	static char reply[LONG_BYTES + 200];
	struct fixture f;
	struct outcome o[8] = {0};
	int head =
		snprintf(reply, 200, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LONG_BYTES);
	const struct step steps[] = {{.reply = reply}};

	(void)state;
	memset(reply + head, 'x', LONG_BYTES);
	start(&f, NULL, steps, ARRAY_LEN(steps));
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		request(&f, &o[i], GET());
	int64_t end = server_now_ms() + PATIENCE_MS;
	while (order < (int)ARRAY_LEN(o) && server_now_ms() < end) {
		int before = order;
		http_turn(f.http);
		assert_true(order <= before + 1);
		if (order < (int)ARRAY_LEN(o)) /* does not sleep while some are left */
			http_poll(f.http, NULL, 0, -1);
	}
	for (size_t i = 0; i < ARRAY_LEN(o); i++) {
		assert_int_equal(o[i].done, 1);
		assert_int_equal(o[i].result.body_len, LONG_BYTES);
	}
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_handed_over_with_its_request_id),
		cmocka_unit_test(connections_are_kept_and_used_again),
		cmocka_unit_test(every_status_is_an_answer),
		cmocka_unit_test(a_redirect_is_not_followed),
		cmocka_unit_test(a_compressed_answer_is_unpacked),
		cmocka_unit_test(delete_carries_a_body),
		cmocka_unit_test(the_credential_is_sent_but_never_logged),
		cmocka_unit_test(what_is_no_http_is_a_remote_error),
		cmocka_unit_test(an_answer_that_is_too_large_is_refused),
		cmocka_unit_test(endless_headers_are_refused),
		cmocka_unit_test(an_endless_header_line_is_refused),
		cmocka_unit_test(a_server_without_tls_is_a_protocol_error),
		cmocka_unit_test(no_more_than_the_allowed_number_run_at_once),
		cmocka_unit_test(a_silent_request_holds_no_other_back),
		cmocka_unit_test(who_waits_goes_first_in_the_order_they_came),
		cmocka_unit_test(prefetching_leaves_places_free),
		cmocka_unit_test(a_call_cancelled_in_the_queue_is_never_sent),
		cmocka_unit_test(a_call_cancelled_under_way_is_cut_and_frees_its_place),
		cmocka_unit_test(a_callback_may_send_and_cancel),
		cmocka_unit_test(a_callback_may_cancel_what_is_done_as_well),
		cmocka_unit_test(freeing_drops_everything_without_calling_back),
		cmocka_unit_test(poll_wakes_for_other_descriptors_and_tells_hangups),
		cmocka_unit_test(long_answers_are_handed_over_one_a_turn),
		cmocka_unit_test(what_cannot_work_is_told_at_the_start),
	};

	setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
