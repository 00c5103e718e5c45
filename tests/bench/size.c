/* SPDX-License-Identifier: MIT */
/*
 * size TOKENS DATABASES: how long the loop is held while a list of so many tokens is read, read again
 * with changes, and gains and loses a token. No network: the answers are there at once. Prints for each
 * the longest that one turn took, and all turns together; judges nothing.
 */
#include "world.h"

#include <time.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/xmalloc.h"

#define PER_PAGE 100
#define ACCESSES 16 /* of a token; about what gives the 6 KiB that a token of 10 databases takes */

/* Time of this process alone: what else the machine does is not its work. */
static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct {
	double longest_ms, all_ms;
	unsigned turns;
} held;

static void hold_begin(void)
{
	held.longest_ms = held.all_ms = 0;
	held.turns = 0;
}

static void note(double begin_ms)
{
	double ms = now_ms() - begin_ms;

	held.longest_ms = ms > held.longest_ms ? ms : held.longest_ms;
	held.all_ms += ms;
	held.turns++;
}

static void print(const char *what)
{
	printf("%-34s longest turn %8.2f ms, %6u turns, together %9.1f ms\n", what, held.longest_ms,
	       held.turns, held.all_ms);
	fflush(stdout);
}

static void run_turns(struct world *w)
{
	for (bool more = true; more;) {
		double begin_ms = now_ms();
		more = cache_run_ready(&w->cache);
		note(begin_ms);
	}
}

static void add_access(struct buf *b, size_t token, size_t i, size_t databases)
{
	static const char *const scopes[] = {"read_branch", "create_branch", "delete_branch"};
	size_t d = i % databases;

	buf_addf(b,
		 "%s{\"id\":\"a%05zu%06zu\",\"type\":\"ServiceTokenAccess\",\"access\":\"%s\","
		 "\"description\":\"Read database branch\",\"resource_name\":\"db-%zu\","
		 "\"resource_id\":\"database%04zu\",\"resource_type\":\"Database\",\"resource\":"
		 "{\"id\":\"database%04zu\",\"type\":\"Database\",\"name\":\"db-%zu\","
		 "\"created_at\":\"2025-01-06T00:00:00.000Z\","
		 "\"updated_at\":\"2025-01-06T00:00:00.000Z\",\"deleted_at\":null}}",
		 i > 0 ? "," : "", i, token, scopes[i / databases % ARRAY_LEN(scopes)], d, d, d, d);
}

static void add_token(struct buf *b, size_t token, size_t databases, unsigned reading)
{
	/* Each twentieth was used in between. */
	unsigned used = token % 20 == 0 ? reading : 0;

	buf_addf(b,
		 "{\"id\":\"t%011zu\",\"type\":\"ServiceToken\",\"name\":\"token-%zu\","
		 "\"display_name\":\"token-%zu\",\"token\":null,\"plain_text_refresh_token\":null,"
		 "\"avatar_url\":\"https://app.planetscale.com/gravatar-fallback.png\","
		 "\"created_at\":\"2025-01-01T01:40:00.000Z\","
		 "\"updated_at\":\"2025-01-01T01:40:00.000Z\",\"expires_at\":null,"
		 "\"last_used_at\":\"2025-01-0%uT01:40:00.000Z\",\"actor_id\":\"3qwdayjsyk0h\","
		 "\"actor_display_name\":\"Ada\",\"actor_type\":\"User\","
		 "\"service_token_accesses\":[",
		 token * 7919 % 1000003, token, token, 1 + used % 9);
	for (size_t i = 0; i < ACCESSES; i++)
		add_access(b, token, i, databases);
	buf_adds(b, "],\"oauth_accesses_by_resource\":null}");
}

static const char *page(struct buf *b, size_t number, size_t tokens, size_t databases,
			unsigned reading)
{
	size_t pages = (tokens + PER_PAGE - 1) / PER_PAGE;

	buf_clear(b);
	buf_addf(b,
		 "{\"type\":\"list\",\"current_page\":%zu,\"per_page\":%d,\"next_page\":", number,
		 PER_PAGE);
	if (number < pages)
		buf_addf(b, "%zu", number + 1);
	else
		buf_adds(b, "null");
	buf_addf(b, ",\"total_count\":%zu,\"total_pages\":%zu,\"data\":[", tokens, pages);
	for (size_t i = (number - 1) * PER_PAGE; i < number * PER_PAGE && i < tokens; i++) {
		if (i % PER_PAGE > 0)
			buf_addc(b, ',');
		add_token(b, i, databases, reading);
	}
	buf_adds(b, "]}");
	return buf_str(b);
}

static void read_list(struct world *w, struct resource *r, size_t tokens, size_t databases,
		      unsigned reading, const char *what)
{
	cleanup(buf_finish) struct buf b = BUF_INIT;
	size_t pages = (tokens + PER_PAGE - 1) / PER_PAGE;
	char name[80];
	struct needy n;

	needy_need(&n, w, r);
	assert_int_equal(n.result, WAIT);
	hold_begin();
	for (size_t i = 1; i <= pages; i++) {
		cleanup(free_ptr) char *request =
			xasprintf("%.*s%zu", (int)strlen(TOKENS) - 1, TOKENS, i);
		const char *body = page(&b, i, tokens, databases, reading);
		fake_forget();
		if (i == pages) {
			snprintf(name, sizeof(name), "%s: the pages", what);
			print(name);
			hold_begin();
		}
		double begin_ms = now_ms();
		fake_answer(request, 200, body);
		note(begin_ms);
		run_turns(w);
	}
	assert_int_equal(n.result, 0);
	snprintf(name, sizeof(name), "%s: the last, and all", what);
	print(name);
}

static void change_one(struct world *w, struct organization *o)
{
	struct token_record r;

	token_record_init(&r, (const char *const[TOKEN_TEXTS]){"tnew", "new"});
	r.has_grants = true;
	hold_begin();
	double begin_ms = now_ms();
	struct token *t = model_add_token(o, &r);
	note(begin_ms);
	print("a new token");
	hold_begin();
	begin_ms = now_ms();
	model_remove_token(t);
	note(begin_ms);
	run_turns(w);
	print("a deleted token");
}

int main(int argc, char **argv)
{
	size_t tokens = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	size_t databases = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct world w;

	if (tokens == 0 || databases == 0) {
		fprintf(stderr, "usage: size TOKENS DATABASES\n");
		return 2;
	}
	xmalloc_init();
	world_start(&w);
	struct organization *o = world_acme(&w, NULL);
	fake_room(32);
	read_list(&w, &o->tokens, tokens, databases, 0, "first");
	assert_int_equal(o->n_tokens, tokens);
	resource_expire(&o->tokens);
	read_list(&w, &o->tokens, tokens, databases, 1, "again");
	change_one(&w, o);
	resource_expire(&o->tokens);
	read_list(&w, &o->tokens, tokens - tokens / 10, databases, 1, "without a tenth");
	assert_int_equal(o->n_tokens, tokens - tokens / 10);
	world_finish(&w);
	return 0;
}
