/* SPDX-License-Identifier: MIT */
/* record: objects as an answer gave them, and grants by resource. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/intern.h"
#include "base/xmalloc.h"
#include "planetscale/record.h"

static size_t index_at(struct grants *g, const char *type, const char *id, const char *name)
{
	struct grant *grant = grants_at(g, type, id, name);

	return (size_t)(grant - g->v);
}

static void a_resource_is_known_by_id_where_both_have_one_else_by_name(void **state)
{
	struct grants g = GRANTS_INIT;

	(void)state;
	grants_at(&g, "Database", "i1", "shop");
	assert_int_equal(g.n, 1);
	assert_int_equal(g.v[0].on->level, GRANT_DATABASE);
	assert_int_equal(index_at(&g, "Database", "i1", "renamed"), 0);
	assert_string_equal(g.v[0].on->name, "shop");
	assert_int_equal(index_at(&g, "Database", NULL, "shop"), 0);
	assert_int_equal(index_at(&g, "Database", "i2", "shop"), 1);
	assert_int_equal(index_at(&g, "Branch", "i1", "shop"), 2);
	assert_int_equal(g.v[2].on->level, GRANT_OTHER);
	grants_at(&g, "Organization", NULL, NULL);
	assert_int_equal(g.v[3].on->level, GRANT_ORGANIZATION);
	assert_int_equal(index_at(&g, "Organization", NULL, NULL), 3);
	assert_int_equal(index_at(&g, "Organization", "o", NULL), 4);
	assert_int_equal(index_at(&g, "Organization", NULL, NULL), 3);
	assert_int_equal(g.n, 5);
	grants_finish(&g);
	assert_int_equal(g.n, 0);
}

static void what_a_grant_lacks_is_learned(void **state)
{
	struct grants g = GRANTS_INIT;

	(void)state;
	grants_at(&g, "Database", NULL, "shop");
	grants_at(&g, "Database", "i1", "shop");
	assert_int_equal(g.n, 1);
	assert_string_equal(g.v[0].on->id, "i1");
	grants_at(&g, "Database", "i2", NULL);
	grants_at(&g, "Database", "i2", "blog");
	assert_int_equal(g.n, 2);
	assert_string_equal(g.v[1].on->name, "blog");
	grants_finish(&g);
}

/* The same resource is in memory once; what one grant learns of it is not said of the others. */
static void grants_share_a_resource_and_part_when_one_changes(void **state)
{
	size_t before = intern_count();
	struct grants a = GRANTS_INIT, b = GRANTS_INIT, copy = GRANTS_INIT;

	(void)state;
	grants_at(&a, "Database", NULL, "shop");
	grants_at(&b, "Database", NULL, "shop");
	assert_ptr_equal(a.v[0].on, b.v[0].on);
	grants_copy(&copy, &a);
	assert_ptr_equal(copy.v[0].on, a.v[0].on);
	grants_at(&a, "Database", "i1", "shop");
	assert_string_equal(a.v[0].on->id, "i1");
	assert_null(b.v[0].on->id);
	grant_set_deleted(&b.v[0]);
	grant_set_deleted(&b.v[0]);
	assert_true(b.v[0].on->deleted);
	assert_false(copy.v[0].on->deleted);
	grants_at(&copy, "Database", "i1", NULL); /* neither id nor name in common: another one */
	assert_int_equal(copy.n, 2);
	grants_finish(&a);
	grants_finish(&b);
	assert_string_equal(copy.v[0].on->name, "shop");
	grants_finish(&copy);
	assert_int_equal(intern_count(), before);
}

/* What takes no more memory than it needs can grow again. */
static void compact_grants_can_be_changed(void **state)
{
	size_t before = intern_count();
	struct grants g = GRANTS_INIT, copy = GRANTS_INIT;
	char id[16];

	(void)state;
	grants_compact(&g);
	for (int i = 0; i < 200; i++) {
		snprintf(id, sizeof(id), "i%d", i);
		scopes_add(&grants_add(&g, "Database", id, NULL)->scopes, "read_branch");
		if (i % 3 > 0)
			continue;
		grants_compact(&g);
		assert_int_equal(g.room, g.n);
		scopes_add(&grants_at(&g, "Database", "i0", NULL)->scopes, id);
		grants_copy(&copy, &g);
		assert_int_equal(copy.room, copy.n);
	}
	grants_compact(&g);
	assert_int_equal(g.v[0].scopes.n, 68);
	assert_ptr_equal(g.v[1].scopes.v, g.v[199].scopes.v);
	assert_string_equal(g.v[199].on->id, "i199");
	assert_int_equal(copy.v[0].scopes.n, 68);
	grants_finish(&g);
	grants_finish(&copy);
	assert_int_equal(intern_count(), before);
}

static void merging_joins_scopes_resource_by_resource(void **state)
{
	struct grants a = GRANTS_INIT, b = GRANTS_INIT, c = GRANTS_INIT;

	(void)state;
	scopes_add(&grants_at(&a, "Database", "i1", "shop")->scopes, "read_branch");
	scopes_add(&grants_at(&b, "Database", "i1", "shop")->scopes, "delete_branch");
	scopes_add(&grants_at(&b, "Organization", "o", "acme")->scopes, "read_invoices");
	grant_set_deleted(&b.v[0]);
	grants_merge(&c, &a);
	grants_merge(&c, &b);
	grants_merge(&c, &c);
	grants_merge(&c, &b);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.v[0].scopes.n, 2);
	assert_true(c.v[0].on->deleted);
	assert_false(a.v[0].on->deleted);
	assert_true(scopes_has(&c.v[1].scopes, "read_invoices"));
	grants_copy(&c, &a);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.v[0].scopes.n, 1);
	grants_copy(&c, &c);
	assert_string_equal(c.v[0].on->name, "shop");
	grants_finish(&a);
	grants_finish(&b);
	grants_finish(&c);
}

static void appending_moves_the_record_in(void **state)
{
	struct token_records tokens = {NULL, 0};
	struct database_records databases = {NULL, 0};
	struct organization_records organizations = {NULL, 0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		char id[16];
		struct token_record t;
		snprintf(id, sizeof(id), "t%d", i);
		token_record_init(&t, (const char *const[TOKEN_TEXTS]){id, "ci"});
		struct database_record d = {.id = xasprintf("d%d", i), .region = xstrdup("eu")};
		struct organization_record o = {.id = xasprintf("o%d", i), .info = xstrdup("{}")};
		grants_at(&t.grants, "Database", "d1", NULL);
		token_records_append(&tokens, &t);
		database_records_append(&databases, &d);
		organization_records_append(&organizations, &o);
		assert_null(t.id);
		assert_null(t.grants.v);
		assert_null(d.region);
		assert_null(o.info);
		token_record_finish(&t);
		database_record_finish(&d);
		organization_record_finish(&o);
	}
	assert_string_equal(tokens.v[99].id, "t99");
	assert_int_equal(tokens.v[99].grants.n, 1);
	assert_string_equal(databases.v[64].id, "d64");
	assert_string_equal(organizations.v[0].id, "o0");
	token_records_finish(&tokens);
	database_records_finish(&databases);
	organization_records_finish(&organizations);
	assert_int_equal(tokens.n + databases.n + organizations.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resource_is_known_by_id_where_both_have_one_else_by_name),
		cmocka_unit_test(what_a_grant_lacks_is_learned),
		cmocka_unit_test(grants_share_a_resource_and_part_when_one_changes),
		cmocka_unit_test(compact_grants_can_be_changed),
		cmocka_unit_test(merging_joins_scopes_resource_by_resource),
		cmocka_unit_test(appending_moves_the_record_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
