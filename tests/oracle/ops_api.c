/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ops.h"

#include "base/buf.h"
#include "base/text.h"

enum {
	CHANGES_MAX = 1024
};

static scopes granted;
static struct change changes[CHANGES_MAX];
static size_t n_changes;
static int64_t now;
static struct buf body;

int64_t api_now(void)
{
	return ++now;
}

void api_begin(scopes set)
{
	granted = set;
	n_changes = 0;
}

scopes api_granted(void)
{
	return granted;
}

const struct change *api_changes(size_t *n)
{
	*n = n_changes;
	return changes;
}

static void change(scopes added, scopes removed)
{
	scopes more = added & ~granted, less = removed & granted;

	granted = (granted | more) & ~less;
	if ((more | less) != 0 && n_changes < CHANGES_MAX)
		changes[n_changes++] = (struct change){api_now(), more, less};
}

/* --- how it says so --------------------------------------------------------------------------- */

static void say_accesses(void)
{
	const char *comma = "";

	for (unsigned i = 0; i < scope_word_count; i++) {
		if ((granted >> i & 1) == 0)
			continue;
		buf_addf(&body,
			 "%s{\"access\":\"%s\",\"resource_type\":\"Database\","
			 "\"resource_id\":\"d1\",\"resource_name\":\"shop\"}",
			 comma, scope_words[i]);
		comma = ",";
	}
}

static void say_token(void)
{
	buf_adds(&body, "{\"id\":\"t1\",\"name\":\"ci\",\"created_at\":\"2026-01-01T00:00:00Z\","
			"\"service_token_accesses\":[");
	say_accesses();
	buf_adds(&body, "]}");
}

#define LIST_HEAD "{\"type\":\"list\",\"next_page\":null,\"data\":["
#define LIST_TAIL "]}"

static int refuse(int status, const char *code)
{
	buf_addf(&body, "{\"code\":\"%s\",\"message\":\"no\"}", code);
	return status;
}

/* {"database":"shop","access":["a","b"]}: all of them or none. */
static int access_changed(const char *asked, bool grant)
{
	const char *at = strstr(asked, "\"access\":[");
	scopes set = 0;

	if (at == NULL)
		return refuse(400, "bad_request");
	for (at += strlen("\"access\":["); *at == '"' || *at == ',';) {
		if (*at++ == ',')
			continue;
		size_t len = strcspn(at, "\"");
		scopes bit = scope_bit(at, len);
		if (bit == 0 && grant)
			return refuse(422, "invalid_params");
		set |= bit;
		at += len + 1;
	}
	change(grant ? set : 0, grant ? 0 : set);
	if (!grant)
		return 204;
	buf_adds(&body, LIST_HEAD);
	say_accesses();
	buf_adds(&body, LIST_TAIL);
	return 200;
}

static int obey(const struct http_request *r)
{
	const char *rest = r->path + strlen("/v1/organizations");

	if (rest[0] == '?') {
		buf_adds(&body, LIST_HEAD "{\"id\":\"o1\",\"name\":\"acme\"}" LIST_TAIL);
		return 200;
	}
	if (str_starts(rest, "/acme/databases?")) {
		buf_adds(&body, LIST_HEAD "{\"id\":\"d1\",\"name\":\"shop\"}" LIST_TAIL);
		return 200;
	}
	if (str_starts(rest, "/acme/service-tokens?")) {
		buf_adds(&body, LIST_HEAD);
		say_token();
		buf_adds(&body, LIST_TAIL);
		return 200;
	}
	if (str_eq(rest, "/acme/service-tokens/t1/access"))
		return access_changed(r->body, str_eq(r->method, "POST"));
	if (!str_eq(rest, "/acme/service-tokens/t1"))
		return refuse(404, "not_found");
	say_token();
	return 200;
}

void api_answer(struct http_call *c)
{
	struct http_result result = {.fate = HTTP_ANSWERED, .attempts = 1};

	c->sent = true;
	buf_clear(&body);
	result.status = obey(&c->r);
	fake_end(c, &result, buf_str(&body), body.len);
}
