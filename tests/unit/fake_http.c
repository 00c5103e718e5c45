#include "fake_http.h"

#include "list.h"

#define REQUESTS_MAX 512

struct http {
	struct list open;
	char *log[REQUESTS_MAX]; /* owned */
	unsigned count;
	unsigned cancelled;
	uint64_t sent;
	bool hold;
};

struct http_call {
	struct list link;
	struct http_request r;
	char *line; /* owned */
	bool sent;
	bool promoted;
};

static struct http *the_http;

/* --- http.h ------------------------------------------------------------------------------------
 */

struct http_call *http_send(struct http *h, const struct http_request *request)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	assert_ptr_equal(h, the_http);
	assert_true(str_starts(request->path, "/v1/"));
	assert_true(request->body == NULL || !str_eq(request->method, "GET"));
	assert_true(request->body == NULL || request->body[0] == '{');
	assert_non_null(request->authorization);
	assert_non_null(request->done);
	c->r = *request;
	c->line = xasprintf("%s %s%s%s", request->method, request->path,
			    request->body != NULL ? " " : "",
			    request->body != NULL ? request->body : "");
	c->r.path = c->r.body = NULL; /* copied, says the contract: the caller's may go */
	c->sent = !h->hold;
	list_append(&h->open, &c->link);
	assert_true(h->count < REQUESTS_MAX);
	h->log[h->count++] = xstrdup(c->line);
	h->sent++;
	return c;
}

bool http_sent(const struct http_call *call)
{
	return call->sent;
}

static void call_free(struct http_call *c)
{
	list_remove(&c->link);
	free(c->line);
	free(c);
}

void http_cancel(struct http *h, struct http_call *call)
{
	assert_ptr_equal(h, the_http);
	h->cancelled++;
	call_free(call);
}

void http_promote(struct http_call *call)
{
	call->promoted = true;
}

struct http_stats http_stats(const struct http *h)
{
	return (struct http_stats){.sent = h->sent, .budget_left = -1};
}

/* --- for tests ---------------------------------------------------------------------------------
 */

struct http *fake_http_new(void)
{
	assert_null(the_http);
	the_http = xcalloc(1, sizeof(*the_http));
	list_init(&the_http->open);
	return the_http;
}

void fake_forget(void)
{
	for (unsigned i = 0; i < the_http->count; i++)
		free(the_http->log[i]);
	the_http->count = 0;
	the_http->cancelled = 0;
}

void fake_http_free(void)
{
	assert_true(list_empty(&the_http->open));
	fake_forget();
	free(the_http);
	the_http = NULL;
}

unsigned fake_count(void)
{
	return the_http->count;
}

const char *fake_request(unsigned n)
{
	assert_true(n < the_http->count);
	return the_http->log[n];
}

unsigned fake_open(void)
{
	unsigned n = 0;

	list_for_each(pos, &the_http->open) n++;
	return n;
}

unsigned fake_cancelled(void)
{
	return the_http->cancelled;
}

static struct http_call *find(const char *prefix)
{
	list_for_each(pos, &the_http->open)
	{
		struct http_call *c = container_of(pos, struct http_call, link);
		if (str_starts(c->line, prefix))
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
	for (unsigned i = 0; i < the_http->count; i++)
		fprintf(stderr, "  sent: %s\n", the_http->log[i]);
	fail();
	abort(); /* fail() does not return, but does not say so to the compiler */
}

bool fake_has(const char *prefix)
{
	return find(prefix) != NULL;
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

/* The call is over before its callback runs, and its memory goes: as http.c does it. */
static void end(struct http_call *c, const struct http_result *result)
{
	struct http_request r = c->r;

	call_free(c);
	r.done(r.ctx, result);
}

void fake_answer_attempts(const char *prefix, int status, const char *body, int attempts)
{
	char *copy = xstrdup(body); /* borrowed for the callback: gone afterwards */
	struct http_result result = {
		.fate = HTTP_ANSWERED,
		.status = status,
		.body = copy,
		.body_len = strlen(copy),
		.request_id = "req-1",
		.attempts = attempts,
	};

	end(get(prefix), &result);
	free(copy);
}

void fake_answer(const char *prefix, int status, const char *body)
{
	fake_answer_attempts(prefix, status, body, 1);
}

void fake_fail(const char *prefix, enum http_fate fate, int err)
{
	struct http_result result = {.fate = fate, .body = "", .attempts = 1};

	error_set(&result.error, err, "the connection broke");
	end(get(prefix), &result);
}
