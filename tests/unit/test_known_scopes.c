/* SPDX-License-Identifier: MIT */
/* catalog: the permissions that PlanetScale documents, and advice about those it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "planetscale/known_scopes.h"
#include "planetscale/scopes.h"

static const enum scope_level levels[] = {SCOPE_ORGANIZATION, SCOPE_DATABASE};

static void tables_are_sorted_possible_names_with_descriptions(void **state)
{
	static const size_t sizes[] = {[SCOPE_ORGANIZATION] = 18, [SCOPE_DATABASE] = 32};

	(void)state;
	for (size_t l = 0; l < ARRAY_LEN(levels); l++) {
		const struct known_scope *c = known_scopes_table(levels[l]);
		size_t n = 0;
		for (; c[n].name != NULL; n++) {
			assert_true(scope_valid(c[n].name, strlen(c[n].name)));
			assert_true(strlen(c[n].description) > 5);
			assert_null(strpbrk(c[n].description, "\t\n"));
			assert_true(n == 0 || strcmp(c[n - 1].name, c[n].name) < 0);
		}
		assert_int_equal(n, sizes[levels[l]]);
	}
}

static void every_name_is_found_at_its_level_only(void **state)
{
	(void)state;
	for (size_t l = 0; l < ARRAY_LEN(levels); l++)
		for (const struct known_scope *c = known_scopes_table(levels[l]); c->name != NULL;
		     c++) {
			assert_ptr_equal(known_scopes_find(levels[l], c->name), c);
			assert_null(known_scopes_find(levels[1 - l], c->name));
		}
	assert_null(known_scopes_find(SCOPE_DATABASE, ""));
	assert_null(known_scopes_find(SCOPE_DATABASE, "read_branche"));
}

static void a_slip_of_the_finger_finds_its_name(void **state)
{
	static const struct {
		enum scope_level level;
		const char *name, *nearest;
	} cases[] = {
		{SCOPE_DATABASE, "read_branch", "read_branch"},
		{SCOPE_DATABASE, "raed_branch", "read_branch"},
		{SCOPE_DATABASE, "read_brnach", "read_branch"},
		{SCOPE_DATABASE, "read_branches", "read_branch"},
		{SCOPE_DATABASE, "readbranch", "read_branch"},
		{SCOPE_DATABASE, "xread_branch", "read_branch"},
		{SCOPE_DATABASE, "delete_production_branch_passwds",
		 "delete_production_branch_password"},
		{SCOPE_ORGANIZATION, "read_organisation", "read_organization"},
		{SCOPE_ORGANIZATION, "create_database", "create_databases"},
		{SCOPE_DATABASE, "fly_to_the_moon", NULL},
		{SCOPE_DATABASE, "", NULL},
		{SCOPE_DATABASE, "a", NULL},
	};
	char huge[SCOPE_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *nearest = known_scopes_nearest(cases[i].level, cases[i].name);
		if (cases[i].nearest == NULL)
			assert_null(nearest);
		else
			assert_string_equal(nearest, cases[i].nearest);
	}
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_null(known_scopes_nearest(SCOPE_DATABASE, huge));
	huge[SCOPE_NAME_MAX] = '\0';
	assert_null(known_scopes_nearest(SCOPE_DATABASE, huge));
}

static void advice_is_one_sentence_about_what_to_do(void **state)
{
	static const struct {
		enum scope_level level;
		const char *name, *advice;
	} cases[] = {
		{SCOPE_DATABASE, "raed_branch", "Did you mean \"read_branch\"?"},
		{SCOPE_DATABASE, "read_databases",
		 "\"read_databases\" is an organization permission: write it to the token's own "
		 "permissions file."},
		{SCOPE_ORGANIZATION, "read_branch",
		 "\"read_branch\" is a database permission: write it to "
		 "databases/DATABASE/permissions."},
		{SCOPE_DATABASE, "read_branch",
		 "\"read_branch\" is a database permission; perhaps your own credential may not "
		 "grant it."},
		{SCOPE_DATABASE, "fly_to_the_moon",
		 "The known names are in .pscalefs/scopes/database."},
		{SCOPE_ORGANIZATION, "fly_to_the_moon",
		 "The known names are in .pscalefs/scopes/organization."},
		{SCOPE_DATABASE, "", "The known names are in .pscalefs/scopes/database."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT;
		known_scopes_advise(cases[i].level, cases[i].name, &out);
		assert_string_equal(buf_str(&out), cases[i].advice);
		buf_finish(&out);
	}
}

static void the_printed_table_has_a_name_and_a_tab_a_line(void **state)
{
	(void)state;
	for (size_t l = 0; l < ARRAY_LEN(levels); l++) {
		const struct known_scope *c = known_scopes_table(levels[l]);
		struct buf out = BUF_INIT;
		known_scopes_print(levels[l], &out);
		const char *line = buf_str(&out);
		for (; c->name != NULL; c++) {
			char expect[200];
			snprintf(expect, sizeof(expect), "%s\t%s\n", c->name, c->description);
			assert_memory_equal(line, expect, strlen(expect));
			line += strlen(expect);
		}
		assert_string_equal(line, "");
		buf_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sorted_possible_names_with_descriptions),
		cmocka_unit_test(every_name_is_found_at_its_level_only),
		cmocka_unit_test(a_slip_of_the_finger_finds_its_name),
		cmocka_unit_test(advice_is_one_sentence_about_what_to_do),
		cmocka_unit_test(the_printed_table_has_a_name_and_a_tab_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
