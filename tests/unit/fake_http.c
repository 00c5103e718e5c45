/* SPDX-License-Identifier: MIT */
#include "fake_http.h"

#include "fake_calls.h"

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

#define REQUESTS_MAX 512

static struct http *the_http;
static char *requests[REQUESTS_MAX]; /* owned */
static unsigned count;

static void on_send(void *ctx, struct http_call *c)
{
	(void)ctx;
	assert_true(count < REQUESTS_MAX);
	requests[count++] = fake_line(c);
}

struct http *fake_http_new(void)
{
	assert_null(the_http);
	the_http = xmalloc(sizeof(*the_http));
	fake_calls_init(the_http);
	the_http->on_send = on_send;
	return the_http;
}

void fake_forget(void)
{
	while (count > 0)
		free(requests[--count]);
	the_http->cancelled = 0;
}

void fake_http_free(void)
{
	assert_true(list_empty(&the_http->calls));
	fake_forget();
	free(the_http);
	the_http = NULL;
}

unsigned fake_count(void)
{
	return count;
}

const char *fake_request(unsigned n)
{
	assert_true(n < count);
	return requests[n];
}

unsigned fake_open(void)
{
	unsigned n = 0;

	list_for_each(pos, &the_http->calls)
		n++;
	return n;
}

unsigned fake_cancelled(void)
{
	return the_http->cancelled;
}

static struct http_call *find(const char *prefix)
{
	list_for_each(pos, &the_http->calls) {
		struct http_call *c = container_of(pos, struct http_call, link);
		cleanup(free_ptr) char *line = fake_line(c);
		if (str_starts(line, prefix))
			return c;
	}
	return NULL;
}

static struct http_call *get(const char *prefix)
{
	struct http_call *c = find(prefix);

	if (c != NULL)
		return c;
	fprintf(stderr, "no open request begins with: %s\n", prefix);
	for (unsigned i = 0; i < count; i++)
		fprintf(stderr, "  sent: %s\n", requests[i]);
	fail();
	abort(); /* fail() does not return, but does not say so to the compiler */
}

bool fake_has(const char *prefix)
{
	return find(prefix) != NULL;
}

void fake_room(unsigned n)
{
	the_http->room = n;
}

void fake_hold(bool unsent)
{
	the_http->hold = unsent;
}

void fake_sent(const char *prefix)
{
	get(prefix)->sent = true;
}

bool fake_was_promoted(const char *prefix)
{
	return get(prefix)->promoted;
}

const char *fake_authorization(const char *prefix)
{
	return secret_expose(get(prefix)->r.authorization);
}

void fake_answer_attempts(const char *prefix, int status, const char *body, int attempts)
{
	struct http_result result = {
		.fate = HTTP_ANSWERED,
		.status = status,
		.request_id = "req-1",
		.attempts = attempts,
	};

	fake_end(get(prefix), &result, body, strlen(body));
}

void fake_answer(const char *prefix, int status, const char *body)
{
	fake_answer_attempts(prefix, status, body, 1);
}

void fake_fail(const char *prefix, enum http_fate fate, int err)
{
	struct http_result result = {.fate = fate, .attempts = 1};

	error_set(&result.error, err, "the connection broke");
	fake_end(get(prefix), &result, "", 0);
}
