/* SPDX-License-Identifier: MIT */
#include "ops_planetscale.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops_input.h"
#include "ops_rules.h"

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

#define TOKENS_MAX 8
#define LEVELS     3

/* --- what there is ---------------------------------------------------------------------------- */

static const struct {
	const char *type, *id, *name;
} levels[LEVELS] = {
	{"Organization", "o1", "acme"},
	{"Database", "d1", "shop"},
	{"Database", "d2", "blog"},
};

static const char *const scopes[] = {
	"read_branch",    "write_x",       "delete_branch",
	"connect_branch", "create_branch", "read_databases",
};

static struct {
	char id[8];
	char *name; /* owned; a JSON string, quotes included */
	bool alive;
	unsigned granted[LEVELS]; /* bits of `scopes` */
} token[TOKENS_MAX];
static size_t n_tokens;
static struct http *http;
static unsigned habits;
static struct buf body;

static void add_token(const char *name)
{
	snprintf(token[n_tokens].id, sizeof(token[0].id), "t%zu", n_tokens + 1);
	token[n_tokens].name = xstrdup(name);
	token[n_tokens].alive = true;
	memset(token[n_tokens].granted, 0, sizeof(token[0].granted));
	n_tokens++;
}

void planetscale_begin(struct http *h, unsigned with_habits)
{
	http = h;
	habits = with_habits;
	add_token("\"ci\"");
	token[0].granted[0] = 1 << 5;
	token[0].granted[1] = 1 << 0;
	add_token("\"web\"");
}

void planetscale_end(void)
{
	while (n_tokens > 0)
		free(token[--n_tokens].name);
	buf_finish(&body);
}

void planetscale_meddle(void)
{
	unsigned what = take(), t = (what >> 2) % (unsigned)n_tokens;

	if (what % 4 == 0)
		token[t].alive = !token[t].alive;
	else if (what % 4 == 1 && n_tokens < TOKENS_MAX)
		add_token(token[t].name);
	else
		token[t].granted[take() % LEVELS] ^= 1u << take() % ARRAY_LEN(scopes);
}

/* --- how it says so --------------------------------------------------------------------------- */

static void say(const char *const *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_adds(&body, parts[i]);
}
#define SAY(...)                                                                                   \
	say((const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

static void say_accesses(size_t t, size_t level, const char **comma)
{
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		if ((token[t].granted[level] >> i & 1) == 0)
			continue;
		SAY(*comma, "{\"access\":\"", scopes[i], "\",\"resource_type\":\"",
		    levels[level].type, "\",\"resource_id\":\"", levels[level].id,
		    "\",\"resource_name\":\"", levels[level].name, "\"}");
		*comma = ",";
	}
}

static void say_all_accesses(size_t t)
{
	const char *comma = "";

	for (size_t level = 0; level < LEVELS; level++)
		say_accesses(t, level, &comma);
}

static void say_token(size_t t)
{
	SAY("{\"id\":\"", token[t].id, "\",\"name\":", token[t].name,
	    ",\"created_at\":\"2026-01-01T00:00:00Z\"");
	if ((habits & PLANETSCALE_BARE) == 0) {
		SAY(",\"service_token_accesses\":[");
		say_all_accesses(t);
		SAY("]");
	}
}

#define LIST_HEAD "{\"type\":\"list\",\"next_page\":null,\"data\":["
#define LIST_TAIL "]}"

static int say_tokens(const char *query)
{
	const char *page = strstr(query, "page="), *comma = "";
	size_t nth = 0, alive = 0, only = page != NULL ? (size_t)atoi(page + 5) : 1;
	char text[64];

	for (size_t t = 0; t < n_tokens; t++)
		alive += token[t].alive;
	if ((habits & PLANETSCALE_PAGED) == 0)
		only = 0;
	snprintf(text, sizeof(text), only != 0 && only < alive ? "%zu" : "null", only + 1);
	SAY("{\"next_page\":", text);
	snprintf(text, sizeof(text), ",\"total_count\":%zu,\"data\":[", alive);
	SAY(text);
	for (size_t t = 0; t < n_tokens; t++) {
		if (!token[t].alive || (++nth != only && only != 0))
			continue;
		SAY(comma);
		say_token(t);
		SAY("}");
		comma = ",";
	}
	SAY(LIST_TAIL);
	return 200;
}

static int refuse(int status, const char *code)
{
	SAY("{\"code\":\"", code, "\",\"message\":\"no\"}");
	return status;
}

/* --- what it does ----------------------------------------------------------------------------- */

bool next_string(const char **at, const char **string, size_t *len)
{
	const char *open = strchr(*at, '"'), *close = open != NULL ? strchr(open + 1, '"') : NULL;

	if (close == NULL)
		return false;
	*string = open + 1;
	*len = (size_t)(close - open) - 1;
	*at = close + 1;
	return true;
}

static bool is(const char *string, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(string, word, len) == 0;
}

/* {"database":"shop","access":["a","b"]} */
static int change(size_t t, const char *asked, bool grant)
{
	unsigned bits = 0;
	const char *s, *comma = "";
	size_t len, level = 0;

	if (!next_string(&asked, &s, &len) || !next_string(&asked, &s, &len))
		return refuse(400, "bad_request");
	if (len > 0)
		for (level = 1; level < LEVELS && !is(s, len, levels[level].name);)
			level++;
	if (level == LEVELS)
		return refuse(404, "not_found");
	next_string(&asked, &s, &len);
	while (next_string(&asked, &s, &len)) {
		size_t i = 0;
		while (i < ARRAY_LEN(scopes) && !is(s, len, scopes[i]))
			i++;
		if (i == ARRAY_LEN(scopes))
			return refuse(422, "invalid_params");
		bits |= 1u << i;
	}
	if (!grant) {
		token[t].granted[level] &= ~bits;
		return 204;
	}
	token[t].granted[level] |= bits;
	SAY(LIST_HEAD);
	say_accesses(t, level, &comma);
	SAY(LIST_TAIL);
	return 200;
}

/* {"name":"ci","ttl":60} */
static int create(const char *asked)
{
	const char *name = strchr(asked, ':'), *end = strstr(asked, ",\"ttl\":");

	if (name == NULL || n_tokens == TOKENS_MAX)
		return refuse(422, "invalid_params");
	name++;
	cleanup(free_ptr) char *copy =
		xstrndup(name, end != NULL ? (size_t)(end - name) : strlen(name) - 1);
	add_token(copy);
	say_token(n_tokens - 1);
	SAY(",\"token\":\"pscale_tkn_", token[n_tokens - 1].id, "\"}");
	return 200;
}

/* Of one token: "", "/grants?page=1" or "/access" */
static int about_token(size_t t, const char *rest, const struct http_call *c)
{
	if (str_eq(rest, "/access"))
		return change(t, c->r.body, str_eq(c->r.method, "POST"));
	if (str_eq(c->r.method, "DELETE")) {
		token[t].alive = false;
		return 204;
	}
	if (rest[0] == '\0') {
		say_token(t);
		SAY("}");
		return 200;
	}
	SAY(LIST_HEAD);
	say_all_accesses(t);
	SAY(LIST_TAIL);
	return 200;
}

/* As PlanetScale would: the status, and the body in `body`. */
static int obey(const struct http_call *c)
{
	const char *rest = c->r.path + strlen("/v1/organizations");

	if (rest[0] == '?') {
		SAY(LIST_HEAD "{\"id\":\"o1\",\"name\":\"acme\"}" LIST_TAIL);
		return 200;
	}
	if (str_starts(rest, "/acme/databases?")) {
		SAY(LIST_HEAD "{\"id\":\"d1\",\"name\":\"shop\"},"
			      "{\"id\":\"d2\",\"name\":\"blog\"}" LIST_TAIL);
		return 200;
	}
	if (!str_starts(rest, "/acme/service-tokens"))
		return refuse(404, "not_found");
	rest += strlen("/acme/service-tokens");
	if (rest[0] == '?')
		return say_tokens(rest);
	if (rest[0] == '\0')
		return create(c->r.body);
	size_t len = strcspn(++rest, "/?");
	for (size_t t = 0; t < n_tokens; t++)
		if (token[t].alive && is(rest, len, token[t].id))
			return about_token(t, rest + len, c);
	return refuse(404, "not_found");
}

/* --- answers ---------------------------------------------------------------------------------- */

static void end(struct http_call *c, struct http_result *result, const char *text, size_t len)
{
	result->attempts = 1 + (int)(len % 2);
	rules_answered(c, result, text);
	fake_end(c, result, text, len);
}

void planetscale_answer_well(struct http_call *c)
{
	struct http_result result = {.fate = HTTP_ANSWERED};

	c->sent = true;
	buf_clear(&body);
	result.status = obey(c);
	end(c, &result, buf_str(&body), body.len);
}

static void break_connection(struct http_call *c)
{
	static const int errs[] = {ECONNREFUSED, EHOSTUNREACH, EPROTO, ETIMEDOUT,
				   EAGAIN,       EREMOTEIO,    ENOMEM, ECONNREFUSED};
	unsigned how = take();
	struct http_result result = {.fate = how % 2 == 0 ? HTTP_NOT_SENT : HTTP_UNKNOWN};

	if (how % 4 == 3) {
		buf_clear(&body);
		obey(c);
	}
	error_set(&result.error, errs[take() % ARRAY_LEN(errs)], "the connection broke");
	end(c, &result, "", 0);
}

#define THING(id, name, more)                                                                      \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"created_at\":\"2026-01-01T00:00:00Z\"" more "}"
#define ACCESS(scope, type, id, name)                                                              \
	"{\"access\":\"" scope "\",\"resource_type\":\"" type "\",\"resource_id\":\"" id           \
	"\",\"resource_name\":\"" name "\"}"
#define GRANTED(grants) ",\"service_token_accesses\":[" grants "]"
#define ON_SHOP         ACCESS("read_branch", "Database", "d1", "shop")
#define ON_ACME         ACCESS("read_databases", "Organization", "o1", "acme")
#define CI              THING("t1", "ci", GRANTED(ON_SHOP "," ON_ACME))
#define LIST(items)     LIST_HEAD items LIST_TAIL

/* Nonsense, or true of another day. */
static const char *const untrue[] = {
	"",
	"{}",
	LIST(CI),
	LIST(CI "," THING("t3", "ci", GRANTED(ON_ACME))),
	"{\"next_page\":2,\"data\":[" CI "]}",
	LIST(ON_SHOP),
	LIST(""),
	LIST(ON_SHOP "," ACCESS("write_x", "Database", "d9", "gone")),
	LIST(THING("o1", "acme", "") "," THING("o2", "other", "")),
	LIST(THING("o1", "renamed", "")),
	LIST(THING("d1", "shop", "") "," THING("d2", "shop", "")),
	LIST(THING("d2", "shop", "")),
	CI,
	THING("t9", "new", ",\"token\":\"pscale_tkn_new\"" GRANTED("")),
	"{\"code\":\"not_found\",\"message\":\"Not Found\"}",
	"{\"code\":\"invalid_params\",\"message\":\"access write_x is not valid\"}",
};

static struct http_call *some_call(unsigned nth)
{
	unsigned n = 0;

	list_for_each(pos, &http->calls)
		n++;
	if (n == 0)
		return NULL;
	nth %= n;
	list_for_each(pos, &http->calls) {
		if (nth-- == 0)
			return container_of(pos, struct http_call, link);
	}
	return NULL;
}

void planetscale_answer(void)
{
	static const int statuses[] = {200, 201, 204, 400, 401, 403, 404, 409,
				       410, 422, 429, 500, 503, 302, 100, 999};
	struct http_result result = {.fate = HTTP_ANSWERED};
	unsigned how = take();
	struct http_call *c = some_call(how >> 4);
	const char *text;
	size_t len;

	if (c == NULL)
		return;
	c->sent = true;
	if ((how & 15) < 10) {
		planetscale_answer_well(c);
	} else if ((how & 15) == 10) {
		break_connection(c);
	} else if ((how & 15) < 14) {
		unsigned which = take();
		result.status = statuses[which >> 4];
		text = untrue[which & 15];
		end(c, &result, text, strlen(text));
	} else {
		result.status = (int)(take() * 4);
		len = take_bytes(200, &text);
		buf_clear(&body);
		buf_add(&body, text, len);
		end(c, &result, body.data, len);
	}
}
