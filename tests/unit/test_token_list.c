/* SPDX-License-Identifier: MIT */
/* token_list and model_tokens: long lists in slices, and what one token more or less changes. */
#include "unit.h"

#include "base/clock.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "cache/names.h"
#include "cache/token_list.h"

#define MANY 3000

static struct clock hands;
static struct cache cache;
static struct model m;
static unsigned renamed;

static void no_fetch(struct resource *r, void *ctx)
{
	(void)r;
	(void)ctx;
}

static void changed(void *ctx, enum model_change what, const struct organization *o,
		    const char *token_id, const char *database_id)
{
	(void)ctx;
	(void)o;
	(void)token_id;
	(void)database_id;
	renamed += what == MODEL_TOKEN_RENAMED;
}

static struct organization *setup(void)
{
	static const struct model_sources sources = {no_fetch, no_fetch, no_fetch,
						     no_fetch, no_fetch, NULL};
	struct organization_records l = {NULL, 0};
	struct organization_record r = {.id = xstrdup("o1"), .name = xstrdup("acme")};

	hands = (struct clock){.mono_ms = 1000000, .wall_s = 1800000000};
	cache_init(&cache, &hands, 30000, false);
	model_init(&m, &cache, &sources);
	m.changed = changed;
	renamed = 0;
	organization_records_append(&l, &r);
	model_apply_organizations(&m, &l);
	return model_organization(&m, "o1");
}

static void add_record(struct token_records *l, const char *id, const char *name, const char *info)
{
	struct token_record r;

	token_record_init(&r,
			  (const char *const[TOKEN_TEXTS]){id, name, [TOKEN_CREATED_BY] = info});
	r.has_grants = true;
	scopes_add(&grants_at(&r.grants, "Database", "d1", "shop")->scopes, info);
	token_records_append(l, &r);
}

/* Tokens `from` to `to`, in no order, each in the list twice in a row of pages that overlap. */
static struct token_list *list(int from, int to, const char *name, const char *info)
{
	struct token_records l = {NULL, 0};

	for (int i = from; i < to; i++) {
		int number = from + (i - from) * 7919 % (to - from);
		cleanup(free_ptr) char *id = xasprintf("t%05d", number);
		cleanup(free_ptr) char *whole = xasprintf("%s%d", name, number);
		add_record(&l, id, whole, info);
		if (i % 10 == 0)
			add_record(&l, id, "twice", "twice");
	}
	return token_list_new(&l);
}

static void begin_fetch(struct organization *o)
{
	o->tokens.state = RESOURCE_FETCHING;
	o->tokens.started = clock_stamp(&hands);
}

static void sort(struct token_list *l)
{
	unsigned slices = 1;

	while (!token_list_sort(l))
		slices++;
	assert_true(slices > 2);
}

/* All of it; returns in how many slices. */
static unsigned apply(struct token_list *l, struct organization *o)
{
	unsigned slices = 1;

	begin_fetch(o);
	sort(l);
	while (!token_list_apply(l, o, o->tokens.started))
		slices++;
	token_list_free(l);
	resource_landed(&o->tokens);
	return slices;
}

static void expect_tokens(const struct organization *o, int from, int to, const char *name)
{
	assert_int_equal(o->n_tokens, to - from);
	for (int i = from; i < to; i++) {
		cleanup(free_ptr) char *id = xasprintf("t%05d", i);
		cleanup(free_ptr) char *whole = xasprintf("%s%d", name, i);
		struct token *t = model_token(o, id);
		assert_non_null(t);
		assert_string_equal(t->file_name, whole);
		assert_string_equal(t->r.name, whole);
		assert_ptr_equal(model_token_named(o, whole), t);
	}
}

static void a_list_is_shown_when_all_of_it_is_applied(void **state)
{
	struct organization *o = setup();
	unsigned slices = 0;

	(void)state;
	struct token_list *l = list(0, MANY, "a", "read_branch");
	begin_fetch(o);
	sort(l);
	assert_int_equal(token_list_different(l), MANY);
	for (; !token_list_apply(l, o, o->tokens.started); slices++)
		assert_int_equal(o->n_tokens, 0);
	token_list_free(l);
	resource_landed(&o->tokens);
	assert_true(slices > 10);
	expect_tokens(o, 0, MANY, "a");

	/* Some go, some come, and all are called something else. */
	l = list(MANY / 2, 2 * MANY, "b", "read_branch");
	begin_fetch(o);
	sort(l);
	for (slices = 0; !token_list_apply(l, o, o->tokens.started); slices++)
		if (slices % 20 == 0)
			expect_tokens(o, 0, MANY, "a");
	token_list_free(l);
	resource_landed(&o->tokens);
	assert_true(slices > 20);
	expect_tokens(o, MANY / 2, 2 * MANY, "b");
	assert_int_equal(renamed, MANY / 2);
	model_finish(&m);
}

static void wake(struct waiter *w)
{
	(void)w;
}

/* Who waits for one of them learns that it is gone when the list is applied, not when it is freed. */
static void tokens_that_are_gone_are_freed_in_slices(void **state)
{
	struct organization *o = setup();
	struct token_records none = {NULL, 0};
	struct waiter w;
	unsigned slices = 1;

	(void)state;
	apply(list(0, MANY, "a", "read_branch"), o);
	waiter_init(&w, &cache, wake);
	waiters_park(&model_token(o, "t00100")->grants.waiters, &w);
	struct token_list *l = token_list_new(&none);
	begin_fetch(o);
	while (!token_list_sort(l))
		;
	while (!token_list_apply(l, o, o->tokens.started))
		assert_false(cache_run_ready(&cache));
	resource_landed(&o->tokens);
	assert_int_equal(o->n_tokens, 0);
	assert_true(cache_run_ready(&cache));
	while (!token_list_bury(l))
		slices++;
	assert_int_equal(slices, MANY / 500);
	model_finish(&m);
}

static void a_list_that_is_given_up_changes_no_names(void **state)
{
	struct organization *o = setup();

	(void)state;
	apply(list(0, MANY, "a", "read_branch"), o);
	for (unsigned slices = 0; slices < 16; slices++) {
		struct token_list *l = list(100, MANY + 100, "b", "read_branch");
		begin_fetch(o);
		sort(l);
		for (unsigned i = 0; i < slices; i++)
			assert_false(token_list_apply(l, o, o->tokens.started));
		token_list_free(l);
		expect_tokens(o, 0, MANY, "a");
	}
	apply(list(100, MANY + 100, "b", "read_branch"), o);
	expect_tokens(o, 100, MANY + 100, "b");
	model_finish(&m);
}

static void what_is_known_of_a_token_is_renewed(void **state)
{
	struct organization *o = setup();

	(void)state;
	apply(list(0, MANY, "a", "read_branch"), o);
	struct token *t = model_token(o, "t00100");
	apply(list(0, MANY, "a", "delete_branch"), o);
	assert_ptr_equal(model_token(o, "t00100"), t);
	for (size_t i = 0; i < o->n_tokens; i++) {
		assert_string_equal(token_record_text(&o->token[i]->r, TOKEN_CREATED_BY),
				    "delete_branch");
		assert_true(scopes_has(&model_grant(o->token[i], "d1")->scopes, "delete_branch"));
	}
	assert_int_equal(renamed, 0);
	model_finish(&m);
}

/* --- one token more or less ------------------------------------------------------------------- */

#define CROWD 12

/* Every token is called what a list of all of them would call it, and found so. */
static void expect_names_of_a_list(const struct organization *o)
{
	struct named *v = xcalloc(o->n_tokens, sizeof(*v));

	for (size_t i = 0; i < o->n_tokens; i++)
		v[i] = (struct named){o->token[i]->r.id, o->token[i]->r.name, NULL};
	names_assign(v, o->n_tokens);
	for (size_t i = 0; i < o->n_tokens; i++) {
		assert_string_equal(o->token[i]->file_name, v[i].file_name);
		assert_ptr_equal(model_token_named(o, v[i].file_name), o->token[i]);
		assert_ptr_equal(model_token(o, v[i].id), o->token[i]);
		assert_int_equal(model_token_number(o->token[i]), i);
		free(v[i].file_name);
	}
	free(v);
}

static char *nasty_name(void)
{
	static const char *const pieces[] = {"", "a", "b", "@i1", "@i2", "@", "i3", "/", "@i11"};
	char longest[200];

	memset(longest, 'l', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	return xasprintf("%s%s%s", rand() % 10 == 0 ? longest : "",
			 pieces[(size_t)rand() % ARRAY_LEN(pieces)],
			 pieces[(size_t)rand() % ARRAY_LEN(pieces)]);
}

static void one_token_more_or_less_names_all_as_a_list_would(void **state)
{
	(void)state;
	srand(4);
	for (int round = 0; round < 200; round++) {
		struct organization *o = setup();
		for (int i = 0; i < 100; i++) {
			char id[8];
			snprintf(id, sizeof(id), "i%d", rand() % CROWD);
			struct token *t = model_token(o, id);
			cleanup(free_ptr) char *name = nasty_name();
			struct token_record r;
			token_record_init(&r, (const char *const[TOKEN_TEXTS]){id, name});
			unsigned was = renamed;
			if (t == NULL)
				model_add_token(o, &r);
			else
				model_remove_token(t);
			token_record_finish(&r);
			expect_names_of_a_list(o);
			assert_true(renamed - was <= CROWD);
		}
		model_finish(&m);
	}
}

static void only_who_is_called_like_it_gets_another_name(void **state)
{
	struct organization *o = setup();
	struct token_record r;

	(void)state;
	token_record_init(&r, (const char *const[TOKEN_TEXTS]){"new", "a7"});
	apply(list(0, MANY, "a", "read_branch"), o);
	struct token *t = model_add_token(o, &r);
	assert_int_equal(renamed, 1);
	assert_string_equal(t->file_name, "a7@new");
	assert_string_equal(model_token(o, "t00007")->file_name, "a7@t00007");
	model_remove_token(t);
	assert_int_equal(renamed, 2);
	expect_tokens(o, 0, MANY, "a");
	model_finish(&m);
}

static void a_list_that_is_fetched_is_outdated_by_a_token_of_ours(void **state)
{
	struct organization *o = setup();
	struct token_record r;

	(void)state;
	token_record_init(&r, (const char *const[TOKEN_TEXTS]){"new", "new"});
	begin_fetch(o);
	assert_true(resource_current(&o->tokens, o->tokens.started));
	struct token *t = model_add_token(o, &r);
	assert_false(resource_current(&o->tokens, o->tokens.started));
	begin_fetch(o);
	model_remove_token(t);
	assert_false(resource_current(&o->tokens, o->tokens.started));
	model_finish(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_shown_when_all_of_it_is_applied),
		cmocka_unit_test(tokens_that_are_gone_are_freed_in_slices),
		cmocka_unit_test(a_list_that_is_given_up_changes_no_names),
		cmocka_unit_test(what_is_known_of_a_token_is_renewed),
		cmocka_unit_test(one_token_more_or_less_names_all_as_a_list_would),
		cmocka_unit_test(only_who_is_called_like_it_gets_another_name),
		cmocka_unit_test(a_list_that_is_fetched_is_outdated_by_a_token_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
