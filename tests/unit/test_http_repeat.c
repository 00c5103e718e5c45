/* SPDX-License-Identifier: MIT */
/* http and transfer: what is repeated, what never is, and when waiting ends. */
#include "http_fixture.h"

#include "base/clock.h"
#include "base/macros.h"

/* --- Repeats ---------------------------------------------------------------------------------- */

static void what_is_overloaded_is_asked_again(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("503", "")}, {.reply = STATUS_REPLY("502", "")},
	      {.reply = OK_REPLY("2", "{}")});
	request(&f, &o, GET());
	await(&f, &o);
	assert_answered(&o, 200, "{}");
	assert_int_equal(o.result.attempts, 3);
	stop(&f);
}

static void the_last_answer_is_handed_over_before_the_deadline(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, &(struct http_options){.timeout_ms = 500}, {.reply = STATUS_REPLY("504", "")});
	request(&f, &o, GET());
	await(&f, &o); /* not a timeout, although it is always overloaded */
	assert_answered(&o, 504, "body");
	assert_in_range(o.result.attempts, 2, 6);
	stop(&f);
}

static void a_429_holds_every_call_back(void **state)
{
	struct fixture f;
	struct outcome o[2] = {0};

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("429", "Retry-After: 0.6\r\n")},
	      {.reply = OK_REPLY("2", "{}")});
	int64_t from = server_now_ms();
	request(&f, &o[0], GET(.path = "/first"));
	await_requests(&f, 1);
	assert_false(turn_until(&f, 50, &o[0].done, NULL, 1));
	request(&f, &o[1], GET(.path = "/second"));
	assert_in_range(http_stats(f.http).paused_ms, 1, 600);
	await(&f, &o[1]);
	assert_true(server_now_ms() - from >= 600);
	await(&f, &o[0]);
	assert_answered(&o[0], 200, "{}");
	assert_int_equal(o[0].result.attempts, 2);
	stop(&f);
	assert_int_equal(requests_with(&f, "GET /first"), 2);
	assert_int_equal(requests_with(&f, "GET /second"), 1);
}

static void a_429_beyond_the_deadline_is_told_at_once_to_all(void **state)
{
	struct fixture f;
	struct outcome o[3] = {0};

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("429", "Retry-After: 60\r\n")},
	      {.reply = OK_REPLY("2", "{}")});
	request(&f, &o[0], GET());
	assert_true(turn_until(&f, PATIENCE_MS / 4, &o[0].done, NULL, 1));
	assert_answered(&o[0], 429, "body");
	request(&f, &o[1], GET());
	assert_true(turn_until(&f, PATIENCE_MS / 4, &o[1].done, NULL, 1));
	assert_failed(&o[1], EAGAIN, HTTP_NOT_SENT);
	http_refresh(f.http);
	request(&f, &o[2], GET());
	await(&f, &o[2]);
	assert_answered(&o[2], 200, "{}");
	stop(&f);
}

static void a_post_is_sent_once_whatever_the_answer(void **state)
{
	static const int statuses[] = {429, 502, 503, 504};
	struct fixture f;

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("429", "Retry-After: 0\r\n")},
	      {.reply = STATUS_REPLY("502", "")}, {.reply = STATUS_REPLY("503", "")},
	      {.reply = STATUS_REPLY("504", "")});
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct outcome o = {0};
		request(&f, &o, POST());
		await(&f, &o);
		assert_answered(&o, statuses[i], "body");
		assert_int_equal(o.result.attempts, 1);
		http_refresh(f.http);
	}
	stop(&f);
	assert_int_equal(f.server.requests, ARRAY_LEN(statuses));
}

static void a_get_survives_a_connection_that_dies(void **state)
{
	struct fixture f;

	(void)state;
	START(&f, NULL, {.then = CLOSE}, {.then = RESET},
	      {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", .then = CLOSE},
	      {.reply = OK_REPLY("2", "{}")});
	struct outcome o = {0};
	request(&f, &o, GET());
	await(&f, &o);
	assert_answered(&o, 200, "{}");
	assert_int_equal(o.result.attempts, 4);
	stop(&f);
}

static void a_post_whose_connection_dies_is_not_sent_again(void **state)
{
	static const enum then ways[] = {CLOSE, RESET, CLOSE};
	struct fixture f;

	(void)state;
	START(&f, NULL, {.then = CLOSE}, {.then = RESET},
	      {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", .then = CLOSE});
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct outcome o = {0};
		request(&f, &o, POST());
		await(&f, &o);
		assert_failed(&o, EREMOTEIO, HTTP_UNKNOWN);
	}
	stop(&f);
	assert_int_equal(f.server.requests, 3);
}

/* libcurl sends again by itself what a reused connection dropped: the GET shows that it would. */
static void a_post_is_sent_once_although_a_kept_connection_dies(void **state)
{
	struct fixture f;
	struct outcome o[4] = {0};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("2", "{}")}, {.then = CLOSE},
	      {.reply = OK_REPLY("2", "{}")}, {.then = CLOSE}, {.reply = OK_REPLY("2", "{}")});
	request(&f, &o[0], GET());
	await(&f, &o[0]);
	request(&f, &o[1], GET());
	await(&f, &o[1]);
	assert_answered(&o[1], 200, "{}");
	assert_int_equal(o[1].result.attempts, 2); /* curl did it, and it is told */
	request(&f, &o[2], POST());
	await(&f, &o[2]);
	assert_failed(&o[2], EREMOTEIO, HTTP_UNKNOWN);
	request(&f, &o[3], GET());
	await(&f, &o[3]);
	stop(&f);
	assert_int_equal(requests_with(&f, "POST "), 1);
	assert_int_equal(f.server.requests, 5);
	assert_int_not_equal(f.server.log[3].connection, f.server.log[2].connection);
}

static void a_refused_connection_is_told_within_a_second(void **state)
{
	struct fixture f;
	struct outcome get = {0}, post = {0};

	(void)state;
	START(&f, &(struct http_options){.base_url = "http://127.0.0.1:1"}, {0});
	request(&f, &get, GET());
	request(&f, &post, POST());
	assert_true(turn_until(&f, 900, &order, NULL, 2));
	assert_failed(&get, ECONNREFUSED, HTTP_NOT_SENT);
	assert_failed(&post, ECONNREFUSED, HTTP_NOT_SENT);
	assert_int_equal(get.result.attempts, 3);
	assert_non_null(strstr(get.result.error.text, "127.0.0.1:1: Connection refused"));
	stop(&f);
}

static void no_route_is_told_apart_from_refused(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, &(struct http_options){.base_url = "http://255.255.255.255:9"}, {0});
	request(&f, &o, GET());
	await(&f, &o);
	assert_failed(&o, EHOSTUNREACH, HTTP_NOT_SENT);
	stop(&f);
}

/* --- Deadlines -------------------------------------------------------------------------------- */

static void silence_ends_at_the_deadline(void **state)
{
	struct fixture f;
	struct outcome get = {0}, post = {0};

	(void)state;
	START(&f, &(struct http_options){.timeout_ms = 150}, {0});
	int64_t from = server_now_ms();
	request(&f, &get, GET());
	request(&f, &post, POST());
	assert_true(turn_until(&f, 1000, &order, NULL, 2));
	assert_in_range(server_now_ms() - from, 149, 1000);
	assert_failed(&get, ETIMEDOUT, HTTP_UNKNOWN);
	assert_failed(&post, ETIMEDOUT, HTTP_UNKNOWN);
	assert_non_null(strstr(get.result.error.text, "within 0.15 s"));
	stop(&f);
	assert_int_equal(f.server.requests, 2);
}

static void a_new_connection_is_made_after_silence(void **state)
{
	struct fixture f;
	struct outcome o[3] = {0};

	(void)state;
	START(&f, &(struct http_options){.timeout_ms = 300}, {.reply = OK_REPLY("2", "{}")}, {0},
	      {.reply = OK_REPLY("2", "{}")});
	for (size_t i = 0; i < ARRAY_LEN(o); i++) {
		request(&f, &o[i], GET());
		await(&f, &o[i]);
	}
	assert_failed(&o[1], ETIMEDOUT, HTTP_UNKNOWN);
	assert_answered(&o[2], 200, "{}");
	stop(&f);
	assert_int_not_equal(f.server.log[2].connection, f.server.log[1].connection);
}

static void progress_extends_the_deadline_but_not_for_ever(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, &(struct http_options){.timeout_ms = 100},
	      {.reply = "HTTP/1.1 200 OK\r\n\r\n", .then = TRICKLE});
	int64_t from = server_now_ms();
	request(&f, &o, GET());
	await(&f, &o);
	assert_in_range(server_now_ms() - from, 399, 1200);
	assert_failed(&o, ETIMEDOUT, HTTP_UNKNOWN);
	assert_non_null(strstr(o.result.error.text, "more than 0.4 s"));
	stop(&f);
}

static void an_answer_of_503_is_no_progress(void **state)
{
	struct fixture f;
	struct outcome o = {0};

	(void)state;
	START(&f, &(struct http_options){.timeout_ms = 400}, {.reply = STATUS_REPLY("503", "")},
	      {0});
	int64_t from = server_now_ms();
	request(&f, &o, GET());
	await(&f, &o);
	assert_in_range(server_now_ms() - from, 399, 1200);
	assert_failed(&o, ETIMEDOUT, HTTP_UNKNOWN);
	assert_int_equal(o.result.attempts, 2);
	stop(&f);
}

static void a_call_that_never_gets_a_place_ends_unsent(void **state)
{
	struct fixture f;
	struct outcome stuck[2] = {0}, o = {0};

	(void)state;
	START(&f, (&(struct http_options){.timeout_ms = 150, .concurrency = 2}),
	      {.reply = "HTTP/1.1 200 OK\r\n\r\n", .then = TRICKLE});
	request(&f, &stuck[0], GET());
	request(&f, &stuck[1], GET());
	struct http_call *call = request(&f, &o, POST());
	await_requests(&f, 2);
	assert_false(http_sent(call));
	await(&f, &o);
	assert_failed(&o, ETIMEDOUT, HTTP_NOT_SENT);
	assert_int_equal(o.result.attempts, 0);
	stop(&f);
}

static void a_call_the_budget_has_no_room_for_ends_unsent(void **state)
{
	struct fixture f;
	struct outcome first = {0}, second = {0};

	(void)state;
	START(&f, (&(struct http_options){.timeout_ms = 150, .rate_per_minute = 6}),
	      {.reply = OK_REPLY("2", "{}")});
	assert_int_equal(http_stats(f.http).rate_limit_left, 1);
	request(&f, &first, GET());
	request(&f, &second, GET());
	await(&f, &second);
	assert_answered(&first, 200, "{}");
	assert_failed(&second, EAGAIN, HTTP_NOT_SENT);
	assert_int_equal(http_stats(f.http).rate_limit_left, 0);
	stop(&f);
}

/* --- Stopped, or suspended -------------------------------------------------------------------- */

#define HOURS_MS (8ll * 3600 * 1000)

/* Wait, without looking at it, until the server has answered and the answer is here. */
static void let_the_answer_arrive(struct fixture *f, int64_t after_ms)
{
	int64_t end = server_now_ms() + after_ms;

	while (server_now_ms() < end)
		http_poll(f->http, NULL, 0, 5);
}

static void an_answer_that_came_while_we_were_stopped_counts(void **state)
{
	struct fixture f;
	struct outcome get = {0}, post = {0};

	(void)state;
	START(&f, &(struct http_options){.timeout_ms = 5000},
	      {.reply = OK_REPLY("2", "{}"), .delay_ms = 50});
	request(&f, &get, GET());
	request(&f, &post, POST());
	await_requests(&f, 2);
	let_the_answer_arrive(&f, 300);
	f.clock.mono_ms += HOURS_MS;
	http_turn(f.http);
	assert_int_equal(get.done + post.done, 2);
	assert_answered(&get, 200, "{}");
	assert_answered(&post, 200, "{}");
	stop(&f);
}

/* The connection is taken for dead: what is silent since, and may be repeated, is at once. */
static void after_suspension_a_get_is_sent_again_on_a_new_connection(void **state)
{
	struct fixture f;
	struct outcome first = {0}, silent = {0}, post = {0};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("2", "{}")}, {0}, {0}, {.reply = OK_REPLY("2", "{}")});
	request(&f, &first, GET());
	await(&f, &first);
	request(&f, &silent, GET());
	await_requests(&f, 2);
	request(&f, &post, POST());
	await_requests(&f, 3);
	f.clock.suspended_ms += HOURS_MS;
	int64_t from = server_now_ms();
	await(&f, &silent);
	assert_true(server_now_ms() - from < PATIENCE_MS / 2);
	assert_answered(&silent, 200, "{}");
	assert_int_equal(silent.result.attempts, 2);
	assert_int_equal(post.done, 0); /* its answer may come yet; it is never sent again */
	stop(&f);
	assert_int_equal(f.server.requests, 4);
	assert_int_not_equal(f.server.log[3].connection, f.server.log[1].connection);
}

static void after_suspension_no_idle_connection_is_used(void **state)
{
	struct fixture f;
	struct outcome o[3] = {0};

	(void)state;
	START(&f, NULL, {.reply = OK_REPLY("2", "{}")});
	request(&f, &o[0], GET());
	await(&f, &o[0]);
	f.clock.suspended_ms += 999; /* nobody sleeps this short: readings of two clocks differ */
	request(&f, &o[1], GET());
	await(&f, &o[1]);
	assert_int_equal(f.server.accepted, 1);
	f.clock.suspended_ms += HOURS_MS;
	request(&f, &o[2], GET());
	await(&f, &o[2]);
	assert_int_equal(f.server.accepted, 2);
	stop(&f);
}

static void the_time_asleep_counts_for_no_deadline_but_for_a_pause(void **state)
{
	struct fixture f;
	struct outcome o = {0}, held = {0};

	(void)state;
	START(&f, NULL, {.reply = STATUS_REPLY("429", "Retry-After: 5\r\n")},
	      {.reply = OK_REPLY("2", "{}")});
	request(&f, &o, GET());
	await_requests(&f, 1);
	assert_false(turn_until(&f, 50, &o.done, NULL, 1));
	assert_in_range(http_stats(f.http).paused_ms, 1, 5000);
	request(&f, &held, POST());
	f.clock.suspended_ms += HOURS_MS;
	assert_int_equal(http_stats(f.http).paused_ms, 0);
	await(&f, &held);
	await(&f, &o);
	assert_answered(&held, 200, "{}");
	assert_answered(&o, 200, "{}");
	stop(&f);
}

/* Stopped with calls in every state: all of them end, and none was sent for nothing. */
static void hours_of_standing_still_leave_nothing_hanging(void **state)
{
	struct fixture f;
	struct outcome o[4] = {0};

	(void)state;
	START(&f, (&(struct http_options){.timeout_ms = 5000, .concurrency = 2}), {0});
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		request(&f, &o[i], GET());
	await_requests(&f, 2);
	f.clock.mono_ms += HOURS_MS;
	http_turn(f.http);
	for (size_t i = 0; i < ARRAY_LEN(o); i++)
		assert_failed(&o[i], ETIMEDOUT, i < 2 ? HTTP_UNKNOWN : HTTP_NOT_SENT);
	stop(&f);
	assert_int_equal(f.server.requests, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_overloaded_is_asked_again),
		cmocka_unit_test(the_last_answer_is_handed_over_before_the_deadline),
		cmocka_unit_test(a_429_holds_every_call_back),
		cmocka_unit_test(a_429_beyond_the_deadline_is_told_at_once_to_all),
		cmocka_unit_test(a_post_is_sent_once_whatever_the_answer),
		cmocka_unit_test(a_get_survives_a_connection_that_dies),
		cmocka_unit_test(a_post_whose_connection_dies_is_not_sent_again),
		cmocka_unit_test(a_post_is_sent_once_although_a_kept_connection_dies),
		cmocka_unit_test(a_refused_connection_is_told_within_a_second),
		cmocka_unit_test(no_route_is_told_apart_from_refused),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(a_new_connection_is_made_after_silence),
		cmocka_unit_test(progress_extends_the_deadline_but_not_for_ever),
		cmocka_unit_test(an_answer_of_503_is_no_progress),
		cmocka_unit_test(a_call_that_never_gets_a_place_ends_unsent),
		cmocka_unit_test(a_call_the_budget_has_no_room_for_ends_unsent),
		cmocka_unit_test(an_answer_that_came_while_we_were_stopped_counts),
		cmocka_unit_test(after_suspension_a_get_is_sent_again_on_a_new_connection),
		cmocka_unit_test(after_suspension_no_idle_connection_is_used),
		cmocka_unit_test(the_time_asleep_counts_for_no_deadline_but_for_a_pause),
		cmocka_unit_test(hours_of_standing_still_leave_nothing_hanging),
	};

	setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
