/* SPDX-License-Identifier: MIT */
#include "fake_calls.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"

/* Whatever NDEBUG says. */
#define DEMAND(claim)                                                                              \
	do {                                                                                       \
		if (!(claim)) {                                                                    \
			fprintf(stderr, "fake_calls: not true: %s\n", #claim);                     \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* --- http.h ----------------------------------------------------------------------------------- */

struct http_call *http_send(struct http *h, const struct http_request *request)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	DEMAND(str_starts(request->path, "/v1/"));
	DEMAND(request->body == NULL || !str_eq(request->method, "GET"));
	DEMAND(request->body == NULL || request->body[0] == '{');
	DEMAND(request->authorization != NULL && request->done != NULL);
	c->r = *request;
	c->r.path = xstrdup(request->path);
	c->r.body = xstrdup(request->body);
	c->sent = !h->hold;
	c->number = ++h->sent;
	list_append(&h->calls, &c->link);
	if (h->on_send != NULL)
		h->on_send(h->ctx, c);
	return c;
}

bool http_sent(const struct http_call *call)
{
	return call->sent;
}

static void call_free(struct http_call *c)
{
	list_remove(&c->link);
	free((char *)(uintptr_t)c->r.path);
	free((char *)(uintptr_t)c->r.body);
	free(c);
}

void http_cancel(struct http *h, struct http_call *call)
{
	h->cancelled++;
	call_free(call);
}

void http_promote(struct http_call *call)
{
	call->promoted = true;
}

unsigned http_prefetch_room(const struct http *h)
{
	return h->room;
}

void http_reconnect(struct http *h)
{
	h->reconnected++;
}

struct http_stats http_stats(const struct http *h)
{
	return (struct http_stats){.sent = h->sent, .rate_limit_left = -1};
}

/* --- for whoever answers ---------------------------------------------------------------------- */

void fake_calls_init(struct http *h)
{
	*h = (struct http){.hold = false, .room = UINT_MAX};
	list_init(&h->calls);
}

char *fake_line(const struct http_call *c)
{
	return xasprintf("%s %s%s%s", c->r.method, c->r.path, c->r.body != NULL ? " " : "",
			 c->r.body != NULL ? c->r.body : "");
}

void fake_end(struct http_call *c, const struct http_result *result, const char *body, size_t len)
{
	struct http_result copy = *result;
	struct http_request r = c->r;
	char *text = xstrndup(body, len); /* borrowed for the callback: gone afterwards */

	copy.body = text;
	copy.body_len = len;
	call_free(c);
	r.done(r.ctx, &copy);
	free(text);
}
