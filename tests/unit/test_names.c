/* SPDX-License-Identifier: MIT */
/* names: what a thing is called, and what its directory is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "cache/names.h"
#include "tree/scratch_names.h"

static void names_and_file_names_match_both_ways(void **state)
{
	static const struct {
		const char *name, *file_name;
	} cases[] = {
		{"ci", "ci"},
		{"my token", "my token"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"team/ci", "team%2Fci"},
		{".", "%2E"},
		{"..", "%2E."},
		{".git", "%2Egit"},
		{"a.b", "a.b"},
		{"a%", "a%"},
		{"100%", "100%"},
		{"%4", "%4"},
		{"%4/", "%4%2F"},
		{"%41", "%2541"},
		{"%zz", "%zz"},
		{"%a/b", "%a%2Fb"},
		{"%%41", "%%2541"},
		{"%2F", "%252F"},
		{"%2f%", "%252f%"},
		{"a\nb", "a%0Ab"},
		{"\x7f", "%7F"},
		{"\xc2\x9b", "%C2%9B"},
		{"\xff", "%FF"},
		{"a\xc3", "a%C3"},
		{"\xed\xa0\x80", "%ED%A0%80"},
		{"~@id", "~@id"},
		{"-rf", "-rf"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT;
		name_encode(cases[i].name, strlen(cases[i].name), &out);
		assert_string_equal(buf_str(&out), cases[i].file_name);
		buf_clear(&out);
		assert_int_equal(name_decode(cases[i].file_name, &out), 0);
		assert_string_equal(buf_str(&out), cases[i].name);
		buf_finish(&out);
	}
}

static void a_nul_has_two_bytes_in_a_name(void **state)
{
	static const char *const cases[][2] = {
		{JSON_NUL, "%00"},
		{"a" JSON_NUL "." JSON_NUL, "a%00.%00"},
		{"\xc0" JSON_NUL "\x80", "%C0%00%80"},
		{"\xc0", "%C0"},
		{"%" JSON_NUL, "%%00"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT;
		name_encode(cases[i][0], strlen(cases[i][0]), &out);
		assert_string_equal(buf_str(&out), cases[i][1]);
		buf_finish(&out);
	}
}

static void a_file_name_written_otherwise_is_refused(void **state)
{
	static const char *const cases[] = {
		"",     ".",   "..",   ".git", "a%41",   "%2f",    "%2fx",   "a%0a",   "a\nb",
		"\x7f", "a/b", "\xff", "%00",  "ci%00x", "%C0%80", "%c3%A9", "%C3%A9", "%2E%2E",
	};
	char longest[FILE_NAME_MAX + 2];
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(name_decode(cases[i], &out), -EINVAL);
		assert_int_equal(out.len, 0);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[FILE_NAME_MAX + 1] = '\0';
	assert_int_equal(name_decode(longest, &out), -ENAMETOOLONG);
	assert_int_equal(out.len, 0);
	longest[FILE_NAME_MAX] = '\0';
	assert_int_equal(name_decode(longest, &out), 0);
	assert_int_equal(out.len, FILE_NAME_MAX);
	buf_finish(&out);
}

/* `v` ends with an id of NULL; file_name holds what is expected. */
static void expect_names(const struct named *v)
{
	struct named got[8];
	size_t n = 0;

	for (; v[n].id != NULL; n++)
		got[n] = (struct named){v[n].id, v[n].name, NULL};
	names_assign(got, n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(got[i].file_name, v[i].file_name);
		free(got[i].file_name);
	}
}

#define EXPECT_NAMES(...) expect_names((const struct named[]){__VA_ARGS__, {NULL, NULL, NULL}})
#define IS(text)          ((char[]){text})

static void several_things_of_one_name_all_carry_their_id(void **state)
{
	(void)state;
	EXPECT_NAMES({"i1", "ci", IS("ci")}, {"i2", "web", IS("web")});
	EXPECT_NAMES({"i1", "ci", IS("ci@i1")}, {"i2", "ci", IS("ci@i2")}, {"i3", "x", IS("x")});
	EXPECT_NAMES({"i1", NULL, IS("@i1")}, {"i2", "", IS("@i2")});
	EXPECT_NAMES({"i1", ".", IS("%2E")}, {"i2", "..", IS("%2E.")});
	/* What is written the same is one name, and what is written differently is not. */
	EXPECT_NAMES({"i1", "%41", IS("%2541")}, {"i2", "A", IS("A")}, {"i3", "a", IS("a")});
}

static void a_name_that_could_be_anothers_is_not_trusted(void **state)
{
	(void)state;
	EXPECT_NAMES({"i1", "ci", IS("ci")}, {"i2", "ci@i1", IS("ci@i1@i2")});
	EXPECT_NAMES({"i1", "ci", IS("ci")}, {"i2", "@i1", IS("@i1@i2")});
	EXPECT_NAMES({"i1", "ci", IS("ci")}, {"i2", "other@i1", IS("other@i1@i2")});
	EXPECT_NAMES({"i1", "ci@i1", IS("ci@i1")}, {"i2", "ci@i3", IS("ci@i3")});
	EXPECT_NAMES({"i1", "ci@i2", IS("ci@i2@i1")}, {"i2", "ci@i1", IS("ci@i1@i2")});
	EXPECT_NAMES({"i1", "ci", IS("ci@i1")}, {"i2", "ci", IS("ci@i2")},
		     {"i3", "ci@i1", IS("ci@i1@i3")}, {"i4", "ci@i1@i3", IS("ci@i1@i3@i4")});
	EXPECT_NAMES({"i1", "a@b", IS("a@b")}, {"i2", "@", IS("@")});
}

static void a_name_too_long_for_a_file_gives_way_to_the_id(void **state)
{
	char fits[FILE_NAME_MAX + 1], longer[FILE_NAME_MAX + 2];
	struct named v[] = {{"i1", fits, NULL},
			    {"i2", longer, NULL},
			    {"i3", "\x01", NULL},
			    {"i4", longer, NULL}};

	(void)state;
	memset(fits, 'f', sizeof(fits) - 1);
	fits[FILE_NAME_MAX] = '\0';
	memset(longer, 'l', sizeof(longer) - 1);
	longer[FILE_NAME_MAX + 1] = '\0';
	names_assign(v, ARRAY_LEN(v));
	assert_string_equal(v[0].file_name, fits);
	assert_string_equal(v[1].file_name, "@i2");
	assert_string_equal(v[2].file_name, "%01");
	assert_string_equal(v[3].file_name, "@i4");
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		free(v[i].file_name);
	v[0].name = fits;
	v[1].name = fits;
	names_assign(v, 2);
	assert_string_equal(v[0].file_name, "@i1");
	assert_string_equal(v[1].file_name, "@i2");
	free(v[0].file_name);
	free(v[1].file_name);
	names_assign(v, 0);
	names_assign(NULL, 0);
}

#define CROWD 40

/* A name out of pieces that are likely to collide. */
static void nasty_name(char *out, size_t size)
{
	static const char *const pieces[] = {"a",  "@",    "i1",  "i2",      "i3", "%",
					     "41", ".",    "/",   "\n",      "ci", "\xff",
					     "@i", "\xc3", "%2F", "\xc2\x9b"};
	size_t n = (size_t)(rand() % 5), len = 0;

	out[0] = '\0';
	if (rand() % 20 == 0)
		for (; len < 250; len++)
			out[len] = 'a';
	out[len] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *piece = pieces[(size_t)rand() % ARRAY_LEN(pieces)];
		if (len + strlen(piece) >= size)
			break;
		strcpy(out + len, piece);
		len += strlen(piece);
	}
}

static void check_crowd(const struct named *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *file_name = v[i].file_name;
		struct buf name = BUF_INIT;
		assert_in_range(strlen(file_name), 1, FILE_NAME_MAX);
		assert_null(strchr(file_name, '/'));
		assert_int_not_equal(file_name[0], '.');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(file_name, v[k].file_name);
		name_encode(v[i].name, strlen(v[i].name), &name);
		if (strcmp(buf_str(&name), file_name) == 0) {
			buf_clear(&name);
			assert_int_equal(name_decode(file_name, &name), 0);
			assert_string_equal(buf_str(&name), v[i].name);
		} else {
			const char *at = strrchr(file_name, '@');
			assert_non_null(at);
			assert_string_equal(at + 1, v[i].id);
		}
		buf_finish(&name);
	}
}

static void any_crowd_of_names_is_told_apart_whatever_its_order(void **state)
{
	char names[CROWD][300], ids[CROWD][8];
	struct named v[CROWD], mixed[CROWD];
	size_t place[CROWD];

	(void)state;
	srand(2);
	for (int round = 0; round < 1000; round++) {
		size_t n = (size_t)rand() % (CROWD + 1);
		for (size_t i = 0; i < n; i++) {
			nasty_name(names[i], sizeof(names[i]));
			snprintf(ids[i], sizeof(ids[i]), "i%zu", i);
			v[i] = (struct named){ids[i], names[i], NULL};
			place[i] = i;
		}
		for (size_t i = n; i > 1; i--) {
			size_t k = (size_t)rand() % i, swap = place[i - 1];
			place[i - 1] = place[k];
			place[k] = swap;
		}
		for (size_t i = 0; i < n; i++)
			mixed[place[i]] = v[i];
		names_assign(v, n);
		names_assign(mixed, n);
		check_crowd(v, n);
		for (size_t i = 0; i < n; i++) {
			assert_string_equal(v[i].file_name, mixed[place[i]].file_name);
			free(mixed[place[i]].file_name);
			free(v[i].file_name);
		}
	}
}

static void any_bytes_survive_the_way_there_and_back(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 20000; round++) {
		char name[16];
		size_t len = 1 + (size_t)rand() % sizeof(name);
		struct buf file_name = BUF_INIT, back = BUF_INIT;
		for (size_t i = 0; i < len; i++)
			name[i] = (char)(rand() % 4 == 0 ? '%' : 1 + rand() % 255);
		if (memmem(name, len, JSON_NUL, strlen(JSON_NUL)) != NULL)
			continue; /* a NUL, which no name from a person has */
		name_encode(name, len, &file_name);
		assert_int_equal(name_decode(buf_str(&file_name), &back), 0);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.data, name, len);
		buf_finish(&file_name);
		buf_finish(&back);
	}
}

static void twenty_thousand_things_are_named_at_once(void **state)
{
	size_t n = 20000;
	struct named *v = xcalloc(n, sizeof(*v));
	char(*ids)[16] = xcalloc(n, sizeof(*ids));

	(void)state;
	for (size_t i = 0; i < n; i++) {
		snprintf(ids[i], sizeof(ids[i]), "i%zu", i);
		v[i] = (struct named){ids[i], "same", NULL};
	}
	names_assign(v, n);
	assert_string_equal(v[19999].file_name, "same@i19999");
	for (size_t i = 0; i < n; i++)
		free(v[i].file_name);
	free(v);
	free(ids);
}

static void scratch_names_are_those_that_editors_make(void **state)
{
	/* A row for each pattern, in their order. */
	static const char *const yes[] = {
		"permissions~",
		"permissions.~1~",
		"permissions.~12~",
		".permissions~",
		".permissions.swp",
		".permissions.swpx",
		".permissions.Ab12Cd",
		".permissions.vis.Ab12Cd",
		".permissions.kak.Ab12Cd",
		".permissions.kate-swp",
		".permissionsAb12Cd",
		"permissionsAb12Cd",
		"permissions.Ab12Cd",
		"permissions.gawk.x",
		"permissions.oAb12Cd",
		"permissions.bak",
		"permissions.orig",
		"permissions.rej",
		"permissions.old",
		"permissions.new",
		"permissions.XXXXxUYztj",
		"#permissions",
		"#permissions#",
		"#permissions#Ab12Cd",
		".#permissions",
		".ansible_tmpab12_xyzpermissions",
		"permissions.4711.2026-11-26@12:00:00~",
		".unison.permissions.249ffc6257c678f538e7f342ca37797c.unison.tmp",
		".bak.0.permissions",
		"sedAb12Cd",
		"XXa1B2c3",
		"Cu000000",
		"d2utmpAb12Cd",
		"u2dtmpAb12Cd",
		"cooleditAb12Cd",
		".goutputstream-AB12CD",
		".tmpAb12Cd",
		"tmpab12_xyz",
		"tmp.Ab12Cd34Ef",
		"tmp.Ab12Cd",
		"x.tmp",
		"4913",
		"5036",
		"5159",
		"10079",
	};
	static const char *const no[] = {
		"permissionss",
		"permissions1",
		"permissions.txt",
		"permissions.d",
		"permissions.gawk.",
		"permissions.bakk",
		"permissions.~~",
		"permissions~~",
		".permissions",
		".permissions.swz",
		".permissions.Ab12C",
		"permissionsAb12C",
		"mypermissions",
		"apermissionsb",
		"#permission",
		"permissions.XXXXxUYzt",
		"tmp",
		"tmpx",
		"tmpfile_x",
		".tmp",
		"d2utmp",
		".ansible_tmppermissions",
		"permissions.4711.2026@12~",
		".bak.permissions",
		".permissions.kate-swap",
		".permissions.kak.Ab12C",
		"permissions",
		"permisions",
		"Permissions",
		"",
		"databases",
		"id",
		"name",
		"token",
		"env",
		"header",
		"sed",
		"sedAb12C",
		"sedAb12Cde",
		"sed.b12Cd",
		"XX",
		"XXa1B2c",
		"Cufoo",
		"4912",
		"4914",
		"04913",
		"49130",
		"491",
		"4913x",
		"100000",
		".goutputstream-AB12C",
		"tm",
		"x.tmp2",
		"info.json",
		".git",
		".Trash-1000",
		"created_at",
		"expires_at",
		"created_by",
		"last_used_at",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!name_scratch(yes[i]))
			fail_msg("%s should be a scratch name", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (name_scratch(no[i]))
			fail_msg("%s should be no scratch name", no[i]);
}

static void names_near_permissions_are_slips_of_the_finger(void **state)
{
	static const char *const yes[] = {
		"permissions",  "permission",   "permisions",      "permisisons",
		"permissionss", "permissions1", "permissions.txt", "mypermissions",
		"Permissions",  "PERMISSIONS",  ".permission",     "permissions.d",
	};
	static const char *const no[] = {"",      "x",        "tmpx",   "shop",     "perm",
					 "token", "missions", "permit", "databases"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!name_near_permissions(yes[i]))
			fail_msg("%s is near", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (name_near_permissions(no[i]))
			fail_msg("%s is not near", no[i]);
	char longest[FILE_NAME_MAX + 1];
	memset(longest, 'p', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(name_near_permissions(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_file_names_match_both_ways),
		cmocka_unit_test(a_nul_has_two_bytes_in_a_name),
		cmocka_unit_test(a_file_name_written_otherwise_is_refused),
		cmocka_unit_test(several_things_of_one_name_all_carry_their_id),
		cmocka_unit_test(a_name_that_could_be_anothers_is_not_trusted),
		cmocka_unit_test(a_name_too_long_for_a_file_gives_way_to_the_id),
		cmocka_unit_test(any_crowd_of_names_is_told_apart_whatever_its_order),
		cmocka_unit_test(any_bytes_survive_the_way_there_and_back),
		cmocka_unit_test(twenty_thousand_things_are_named_at_once),
		cmocka_unit_test(scratch_names_are_those_that_editors_make),
		cmocka_unit_test(names_near_permissions_are_slips_of_the_finger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
