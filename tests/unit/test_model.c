/* SPDX-License-Identifier: MIT */
/* model: identities, names, times and grants over listings. */
#include "unit.h"

#include "base/clock.h"
#include "base/macros.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "cache/model.h"

static struct clock hands;
static struct cache cache;
static struct model m;

static void no_fetch(struct resource *r, void *ctx)
{
	(void)r;
	(void)ctx;
}

static void setup(void)
{
	static const struct model_sources sources = {no_fetch, no_fetch, no_fetch,
						     no_fetch, no_fetch, NULL};

	hands = (struct clock){.mono_ms = 1000000, .wall_s = 1800000000};
	cache_init(&cache, &hands, 30000, false);
	model_init(&m, &cache, &sources);
}

static void add_organization(struct organization_records *l, const char *id, const char *name)
{
	struct organization_record r = {.id = xstrdup(id), .name = xstrdup(name)};

	organization_records_append(l, &r);
}

static struct organization *acme(void)
{
	struct organization_records l = {NULL, 0};

	add_organization(&l, "o1", "acme");
	model_apply_organizations(&m, &l);
	return model_organization(&m, "o1");
}

/* "t1:ci:read_branch" is a token with that grant on database d1; "t1:ci:" has none; "t1:ci" came
 * without its grants. */
static struct token_record token_from(const char *text)
{
	char *copy = xstrdup(text), *rest = copy;
	const char *id = strsep(&rest, ":"), *name = strsep(&rest, ":");
	struct token_record r;

	token_record_init(&r, (const char *const[TOKEN_TEXTS]){
				      id, name, [TOKEN_CREATED_AT] = "2026-01-14T10:19:23.000Z"});
	r.has_grants = rest != NULL;
	if (rest != NULL && rest[0] != '\0')
		scopes_add(&grants_at(&r.grants, "Database", "d1", "shop")->scopes, rest);
	free(copy);
	return r;
}

static void list_tokens(struct organization *o, size_t n, const char *const *texts,
			uint64_t started)
{
	struct token_records l = {NULL, 0};

	for (size_t i = 0; i < n; i++) {
		struct token_record r = token_from(texts[i]);
		token_records_append(&l, &r);
	}
	if (o->tokens.state != RESOURCE_FETCHING) {
		o->tokens.state = RESOURCE_FETCHING;
		o->tokens.started = started;
	}
	model_apply_tokens(o, &l, started);
	resource_landed(&o->tokens);
}
#define LIST_AT(o, started, ...)                                                                   \
	list_tokens(o, ARRAY_LEN(((const char *const[]){__VA_ARGS__})),                            \
		    (const char *const[]){__VA_ARGS__}, started)
#define LIST(o, ...) LIST_AT(o, clock_stamp(&hands), __VA_ARGS__)

static bool holds(const struct token *t, const char *scope)
{
	const struct grant *g = model_grant(t, "d1");

	return g != NULL && scopes_has(&g->scopes, scope);
}

/* Is the token found by its name, after so many milliseconds? */
static bool found_after(const struct organization *o, const char *id, int64_t ms)
{
	struct token *t = model_token(o, id);

	hands.mono_ms += ms;
	if (model_withheld(t))
		model_look_for(t);
	return !model_withheld(t);
}

static void a_name_that_changes_hands_fails_first(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:a:", "t2:b:", "t3:c:");
	for (int i = 1; i <= 3; i++)
		assert_true(found_after(o, (const char *[]){"t1", "t2", "t3"}[i - 1], 0));
	/* t1 is gone, another one has its name; two exchange theirs; and one is new. */
	LIST(o, "t4:a:", "t2:c:", "t3:b:", "t5:e:");
	for (int i = 2; i <= 4; i++) {
		const char *id = (const char *[]){"t2", "t3", "t4"}[i - 2];
		assert_true(model_withheld(model_token(o, id)));
		hands.mono_ms += 60000; /* nobody has looked for it */
		assert_false(found_after(o, id, 0));
		assert_false(found_after(o, id, WITHHELD_MS - 1));
		assert_true(found_after(o, id, 1));
	}
	assert_true(found_after(o, "t5", 0));
	/* The same list again; and names that nobody had in between. */
	LIST(o, "t4:a:", "t2:c:", "t3:b:");
	LIST(o, "t4:new:", "t2:c:", "t3:b:");
	LIST(o, "t4:new:", "t2:c:", "t3:b:", "t6:a:");
	for (int i = 0; i < 4; i++)
		assert_true(found_after(o, (const char *[]){"t2", "t3", "t4", "t6"}[i], 0));
	/* When two have a name, none has it alone. */
	LIST(o, "t4:new:", "t2:c:", "t3:c:");
	assert_true(found_after(o, "t2", 0));
	assert_null(model_token_named(o, "c"));
	model_finish(&m);
}

static void a_token_stays_the_same_object_over_listings(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t2:b:", "t1:a:");
	struct token *t1 = model_token(o, "t1"), *t2 = model_token(o, "t2");
	LIST(o, "t1:renamed:", "t3:c:");
	assert_ptr_equal(model_token(o, "t1"), t1);
	assert_ptr_not_equal(t1, t2);
	assert_null(model_token(o, "t2"));
	assert_null(model_token_named(o, "a"));
	assert_ptr_equal(model_token_named(o, "renamed"), t1);
	assert_non_null(model_token_named(o, "c"));
	assert_int_equal(o->n_tokens, 2);
	struct token_records none = {NULL, 0};
	model_apply_tokens(o, &none, clock_stamp(&hands));
	assert_int_equal(o->n_tokens, 0);
	assert_null(model_token(o, "t1"));
	model_finish(&m);
}

static void an_organization_stays_the_same_object_over_listings(void **state)
{
	struct organization_records l = {NULL, 0};

	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:a:");
	add_organization(&l, "o2", "beta");
	add_organization(&l, "o1", "acme-inc");
	add_organization(&l, "o1", "twice");
	model_apply_organizations(&m, &l);
	assert_int_equal(m.n_organizations, 2);
	assert_ptr_equal(model_organization_named(&m, "acme-inc"), o);
	assert_non_null(model_token(o, "t1"));
	model_apply_organizations(&m, &l);
	assert_int_equal(m.n_organizations, 0);
	model_finish(&m);
}

static void a_thing_that_pages_name_twice_is_there_once(void **state)
{
	struct database_records l = {NULL, 0};

	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t2:b:", "t1:a:", "t2:b:", "t1:a:", "t2:b:");
	assert_int_equal(o->n_tokens, 2);
	LIST(o, "t1:a:", "t1:a:", "t3:c:", "t3:c:");
	assert_int_equal(o->n_tokens, 2);
	for (int i = 0; i < 6; i++) {
		struct database_record r = {.id = xasprintf("d%d", i % 3), .name = xstrdup("x")};
		database_records_append(&l, &r);
	}
	model_apply_databases(o, &l);
	assert_int_equal(o->n_databases, 3);
	assert_non_null(model_database(o, "d2"));
	assert_non_null(model_database_named(o, "x@d2"));
	assert_null(model_database_named(o, "x"));
	model_finish(&m);
}

static void of_several_tokens_of_one_name_none_keeps_it(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:", "t2:ci:", "t3::");
	assert_null(model_token_named(o, "ci"));
	assert_string_equal(model_token(o, "t1")->file_name, "ci@t1");
	assert_string_equal(model_token(o, "t3")->file_name, "@t3");
	model_remove_token(model_token(o, "t2"));
	assert_string_equal(model_token(o, "t1")->file_name, "ci");
	struct token_record r = token_from("t4:ci:");
	model_add_token(o, &r);
	assert_string_equal(model_token(o, "t1")->file_name, "ci@t1");
	model_finish(&m);
}

static int woken;

static void count_wake(struct waiter *w)
{
	(void)w;
	woken++;
}

static void a_token_that_goes_wakes_who_waits_for_it(void **state)
{
	struct waiter a;

	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci");
	waiter_init(&a, &cache, count_wake);
	assert_int_equal(resource_need(&model_token(o, "t1")->grants, &a), WAIT);
	woken = 0;
	LIST(o, "t2:web");
	cache_run_ready(&cache);
	assert_int_equal(woken, 1);
	model_finish(&m);
}

/* --- grants and times ------------------------------------------------------------------------- */

static struct grants grants_of(const char *id, const char *scope)
{
	struct grants g = GRANTS_INIT;

	if (scope != NULL)
		scopes_add(&grants_at(&g, id != NULL ? "Database" : "Organization",
				      id != NULL ? id : "o1", "x")
				    ->scopes,
			   scope);
	return g;
}

static void apply(struct token *t, const char *id, const char *scope)
{
	struct grants g = grants_of(id, scope);

	model_apply_grants(t, &g);
	assert_null(g.v);
}

static void permissions_move_in_time_exactly_when_their_content_changes(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:a");
	struct token *t = model_token(o, "t1");
	struct permissions *d1 = model_permissions(t, "d1"), *org = model_permissions(t, NULL);
	assert_ptr_equal(model_permissions(t, "d1"), d1);
	int64_t created = d1->mtime_ns;
	assert_true(created == time_parse("2026-01-14T10:19:23.000Z") * 1000000000);
	hands.wall_s += 10;
	apply(t, "d1", "a"); /* the same */
	assert_true(d1->mtime_ns == created);
	apply(t, "d1", "b");
	int64_t first = d1->mtime_ns;
	assert_true(first == hands.wall_s * 1000000000);
	apply(t, "d1", "c"); /* in the same second */
	assert_true(d1->mtime_ns > first);
	hands.wall_s -= 100; /* the clock was set back */
	int64_t second = d1->mtime_ns;
	apply(t, "d1", NULL);
	assert_true(d1->mtime_ns < second);
	assert_true(d1->mtime_ns >= hands.wall_s * 1000000000);
	assert_true(org->mtime_ns == created);
	apply(t, NULL, "x");
	assert_true(org->mtime_ns > created);
	int64_t third = d1->mtime_ns;
	struct grants same = grants_of(NULL, "x");
	model_merge_grants(t, &same);
	grants_finish(&same);
	assert_true(d1->mtime_ns == third);
	model_finish(&m);
}

#define YEARS_20_S (INT64_C(7305) * 86400)

/* A clock that was wrong for a while leaves no time in the future; PlanetScale's times stay. */
static void what_was_seen_in_the_future_is_corrected_once(void **state)
{
	(void)state;
	setup();
	hands.wall_s = time_parse("2026-01-14T10:00:00.000Z"); /* the tokens are made in a moment */
	struct organization *o = acme();
	LIST(o, "t1:ci:a");
	struct token *t = model_token(o, "t1");
	int64_t created = time_parse("2026-01-14T10:19:23.000Z") * 1000000000;
	assert_true(model_mtime_ns(t, "d1") == created);
	model_permissions(t, "d2");
	assert_true(model_mtime_ns(t, "d2") == created);
	hands.wall_s += YEARS_20_S;
	apply(t, "d1", "b");
	assert_true(model_mtime_ns(t, "d1") == hands.wall_s * 1000000000);
	hands.wall_s -= YEARS_20_S - 7200;
	int64_t corrected = model_mtime_ns(t, "d1");
	assert_true(corrected == hands.wall_s * 1000000000);
	hands.wall_s += 10;
	assert_true(model_mtime_ns(t, "d1") == corrected);
	hands.wall_s -= 3 * 3600;
	assert_true(model_mtime_ns(t, "d2") == created);
	int64_t list = hands.wall_s * 1000000000 + 2000000000;
	assert_true(model_time_seen(&m, &list, list) == hands.wall_s * 1000000000 + 2000000000);
	assert_true(model_time_seen(&m, &list, 0) == hands.wall_s * 1000000000);
	model_finish(&m);
}

static void the_first_grants_seen_are_no_change(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci");
	struct token *t = model_token(o, "t1");
	int64_t created = model_permissions(t, "d1")->mtime_ns;
	apply(t, "d1", "a");
	assert_true(model_permissions(t, "d1")->mtime_ns == created);
	model_finish(&m);
}

static void merging_adds_and_applying_replaces(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:a");
	struct token *t = model_token(o, "t1");
	struct grants g = grants_of("d1", "b");
	model_merge_grants(t, &g);
	assert_int_equal(g.n, 1);
	grants_finish(&g);
	assert_true(holds(t, "a") && holds(t, "b"));
	apply(t, "d1", "c");
	assert_true(!holds(t, "a") && holds(t, "c"));
	assert_null(model_grant(t, NULL));
	assert_null(model_grant(t, "d2"));
	model_finish(&m);
}

static void a_grant_on_what_is_deleted_or_unknown_is_no_grant_here(void **state)
{
	struct grants g = grants_of("d1", "a");

	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:");
	grant_set_deleted(&g.v[0]);
	scopes_add(&grants_at(&g, "Branch", "d2", "x")->scopes, "a");
	scopes_add(&grants_at(&g, "Database", NULL, "nameless")->scopes, "a");
	model_apply_grants(model_token(o, "t1"), &g);
	assert_null(model_grant(model_token(o, "t1"), "d1"));
	assert_null(model_grant(model_token(o, "t1"), "d2"));
	assert_non_null(model_grant(model_token(o, "t1"), "nameless"));
	model_finish(&m);
}

static void a_list_does_not_overwrite_grants_that_a_later_change_made(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:a");
	struct token *t = model_token(o, "t1");
	uint64_t started = clock_stamp(&hands);
	resource_invalidate_fetches(&t->grants); /* a change of ours was sent */
	apply(t, "d1", "b");
	LIST_AT(o, started, "t1:renamed:a");
	assert_true(holds(t, "b"));
	assert_string_equal(t->r.name, "renamed");
	LIST(o, "t1:ci:c");
	assert_true(holds(t, "c"));
	LIST(o, "t1:ci"); /* without its grants: what is known stays */
	assert_true(holds(t, "c"));
	model_finish(&m);
}

static void the_directory_of_tokens_moves_in_time_when_the_set_changes(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:");
	int64_t first = o->tokens_mtime_ns;
	hands.wall_s += 10;
	LIST(o, "t1:renamed:a");
	assert_true(o->tokens_mtime_ns == first);
	LIST(o, "t1:ci:", "t2:web:");
	assert_true(o->tokens_mtime_ns == hands.wall_s * 1000000000);
	hands.wall_s += 10;
	LIST(o, "t1:ci:", "t3:other:");
	assert_true(o->tokens_mtime_ns == hands.wall_s * 1000000000);
	hands.wall_s += 10;
	model_remove_token(model_token(o, "t3"));
	assert_true(o->tokens_mtime_ns == hands.wall_s * 1000000000);
	model_finish(&m);
}

/* --- secrets ---------------------------------------------------------------------------------- */

static void a_secret_is_kept_whatever_a_listing_says(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:");
	model_keep_secret(&m, "t1", secret_new("one", 3));
	model_keep_secret(&m, "t2", secret_new("two", 3));
	model_keep_secret(&m, "t1", secret_new("new", 3));
	LIST(o, "t3:web:");
	assert_string_equal(secret_expose(model_secret(&m, "t1")), "new");
	assert_int_equal(m.n_kept, 2);
	model_drop_secret(&m, "t1");
	model_drop_secret(&m, "t1");
	assert_null(model_secret(&m, "t1"));
	assert_string_equal(secret_expose(model_secret(&m, "t2")), "two");
	model_finish(&m);
}

static void forgetting_keeps_identities(void **state)
{
	(void)state;
	setup();
	struct organization *o = acme();
	LIST(o, "t1:ci:a");
	struct token *t = model_token(o, "t1");
	assert_true(resource_fresh(&t->grants));
	model_expire(&m);
	assert_false(resource_fresh(&t->grants));
	assert_false(resource_fresh(&o->tokens));
	assert_ptr_equal(model_token(model_organization(&m, "o1"), "t1"), t);
	model_finish(&m);
}

/* Time is no matter of a unit test, but a square would take minutes here. */
static void twenty_thousand_tokens_are_no_burden(void **state)
{
	enum {
		N = 20000
	};
	struct organization *o;

	(void)state;
	setup();
	o = acme();
	for (int round = 0; round < 3; round++) {
		struct token_records l = {NULL, 0};
		for (int i = 0; i < N; i++) {
			char id[16], name[16];
			struct token_record r;
			snprintf(id, sizeof(id), "t%05d", (i * 7919) % N);
			snprintf(name, sizeof(name), "n%d", i % (N / 2));
			token_record_init(&r, (const char *const[TOKEN_TEXTS]){id, name});
			r.has_grants = true;
			token_records_append(&l, &r);
		}
		model_apply_tokens(o, &l, clock_stamp(&hands));
	}
	assert_int_equal(o->n_tokens, N);
	for (int i = 0; i < N; i++) {
		char id[16];
		snprintf(id, sizeof(id), "t%05d", i);
		struct token *t = model_token(o, id);
		assert_non_null(t);
		assert_ptr_equal(model_token_named(o, t->file_name), t);
	}
	model_finish(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_that_changes_hands_fails_first),
		cmocka_unit_test(a_token_stays_the_same_object_over_listings),
		cmocka_unit_test(an_organization_stays_the_same_object_over_listings),
		cmocka_unit_test(a_thing_that_pages_name_twice_is_there_once),
		cmocka_unit_test(of_several_tokens_of_one_name_none_keeps_it),
		cmocka_unit_test(a_token_that_goes_wakes_who_waits_for_it),
		cmocka_unit_test(permissions_move_in_time_exactly_when_their_content_changes),
		cmocka_unit_test(what_was_seen_in_the_future_is_corrected_once),
		cmocka_unit_test(the_first_grants_seen_are_no_change),
		cmocka_unit_test(merging_adds_and_applying_replaces),
		cmocka_unit_test(a_grant_on_what_is_deleted_or_unknown_is_no_grant_here),
		cmocka_unit_test(a_list_does_not_overwrite_grants_that_a_later_change_made),
		cmocka_unit_test(the_directory_of_tokens_moves_in_time_when_the_set_changes),
		cmocka_unit_test(a_secret_is_kept_whatever_a_listing_says),
		cmocka_unit_test(forgetting_keeps_identities),
		cmocka_unit_test(twenty_thousand_tokens_are_no_burden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
