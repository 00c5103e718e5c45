/* SPDX-License-Identifier: MIT */
/* decode: answers of the API as documented, as seen, and with odd contents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "auth/keyring_document.h"
#include "decode_kinds.h"

/* One grant on app-db, of read_branch. */
static void expect_read_branch(const struct grants *g)
{
	assert_int_equal(g->n, 1);
	assert_int_equal(g->v[0].on->level, GRANT_DATABASE);
	assert_false(g->v[0].on->deleted);
	assert_string_equal(g->v[0].on->type, "Database");
	assert_string_equal(g->v[0].on->id, "1lbjwnp48b6r");
	assert_string_equal(g->v[0].on->name, "app-db");
	assert_int_equal(g->v[0].scopes.n, 1);
	assert_string_equal(g->v[0].scopes.v[0], "read_branch");
}

static void objects_are_read_as_documented(void **state)
{
	(void)state;
	assert_int_equal(decode(ORGANIZATION, organization_body), 0);
	assert_string_equal(got.organization.id, "kbog8qlq6lp4");
	assert_string_equal(got.organization.name, "acme");
	assert_string_equal(got.organization.created_at, "2021-02-17T20:03:56.393Z");
	assert_string_equal(got.organization.updated_at, "2023-06-02T14:13:01.679Z");
	assert_non_null(strstr(got.organization.info, ",\"has_past_due_invoices\":null,"));
	assert_string_equal(strrchr(got.organization.info, '}'), "}");

	assert_int_equal(decode(DATABASE, database_body), 0);
	assert_string_equal(got.database.id, "34rbgzmvgb9m");
	assert_string_equal(got.database.name, "app-db");
	assert_non_null(strstr(got.database.info, "\"kind\":\"mysql\""));
	assert_string_equal(got.database.region, "us-east");
	assert_non_null(strstr(got.database.info, "\"state\":\"ready\""));
	assert_string_equal(got.database.created_at, "2023-10-18T22:16:54.071Z");
	assert_string_equal(got.database.updated_at, "2023-10-19T17:25:40.577Z");
	assert_non_null(strstr(got.database.info, "\"23.23.187.137\""));

	assert_int_equal(decode(TOKEN, token_body), 0);
	assert_string_equal(got.token.id, "hnmkbklsndgi");
	assert_string_equal(got.token.name, "ci-deploy");
	assert_string_equal(token_record_text(&got.token, TOKEN_CREATED_AT),
			    "2026-01-14T10:19:23.000Z");
	assert_string_equal(token_record_text(&got.token, TOKEN_UPDATED_AT),
			    "2026-01-14T10:19:24.000Z");
	assert_null(token_record_text(&got.token, TOKEN_EXPIRES_AT));
	assert_string_equal(token_record_text(&got.token, TOKEN_LAST_USED_AT),
			    "2026-01-15T00:00:00.000Z");
	assert_string_equal(token_record_text(&got.token, TOKEN_CREATED_BY), "Ada");
	assert_true(got.token.has_grants);
	expect_read_branch(&got.token.grants);
}

static void all_ways_to_write_a_grant_mean_the_same(void **state)
{
	(void)state;
	assert_int_equal(decode(TOKENS, samples[TOKENS]), 0);
	expect_read_branch(&got.tokens.v[0].grants);
	assert_int_equal(decode(ACCESSES, LIST(ACCESS_NESTED)), 0);
	expect_read_branch(&got.grants);
	assert_int_equal(decode(ACCESSES, LIST(ACCESS_WITH_KEYS "," ACCESS_NESTED)), 0);
	expect_read_branch(&got.grants);
	assert_int_equal(decode(GRANTS, LIST(GRANT "," GRANT)), 0);
	expect_read_branch(&got.grants);
	assert_int_equal(decode(GRANTS, "{\"data\":[" GRANT "]}"), 0);
	expect_read_branch(&got.grants);
}

static void unusual_resources_are_kept_apart(void **state)
{
	(void)state;
	assert_int_equal(
		decode(GRANTS,
		       "{\"data\":["
		       "{\"resource_type\":\"Organization\",\"resource_name\":\"acme\","
		       "\"accesses\":[{\"access\":\"read_branch\"},{\"access\":\"read_invoices\"}]}"
		       ","
		       "{\"resource_type\":\"Galaxy\",\"resource_id\":\"g\",\"accesses\":[{"
		       "\"access\":\"x\"}]},"
		       "{\"resource_type\":\"Database\",\"resource_id\":\"d\",\"deleted_at\":"
		       "\"2026\","
		       "\"accesses\":[{\"access\":\"a\"}]},"
		       "{\"resource\":{\"type\":\"Database\",\"id\":\"e\",\"deleted_at\":\"2026\"},"
		       "\"accesses\":[{\"access\":\"future:access.name-2\"}]},"
		       "{\"resource_type\":\"Database\",\"resource_id\":\"f\",\"accesses\":[]},"
		       "{\"accesses\":[]}]}"),
		0);
	assert_int_equal(got.grants.n, 4);
	struct grant *g = grants_at(&got.grants, "Organization", NULL, "acme");
	assert_int_equal(g->on->level, GRANT_ORGANIZATION);
	assert_int_equal(g->scopes.n, 2);
	assert_int_equal(grants_at(&got.grants, "Galaxy", "g", NULL)->on->level, GRANT_OTHER);
	assert_true(grants_at(&got.grants, "Database", "d", NULL)->on->deleted);
	g = grants_at(&got.grants, "Database", "e", NULL);
	assert_true(g->on->deleted);
	assert_string_equal(g->scopes.v[0], "future:access.name-2");
	assert_int_equal(got.grants.n, 4);
}

/* In no file, and then the files would show less than is granted. */
static void accesses_to_nobody_knows_what_are_not_left_out_in_silence(void **state)
{
	static const char *const untyped[] = {
		"\"resource_id\":\"d\"",
		"\"resource_type\":null,\"resource\":{\"id\":\"d\"}",
		"\"resource_type\":\"\"",
		"\"resource_type\":1,\"resource\":{\"type\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(untyped); i++) {
		struct buf body = BUF_INIT;

		buf_addf(&body,
			 "{\"data\":[{\"resource_type\":\"Database\",\"resource_id\":\"e\","
			 "\"accesses\":[]},{%s,\"accesses\":[{\"access\":\"a\"}]}]}",
			 untyped[i]);
		assert_int_equal(decode(GRANTS, body.data), -EREMOTEIO);
		assert_non_null(strstr(got.error.text, "data[1].resource_type"));
		buf_clear(&body);
		buf_addf(&body,
			 "{\"id\":\"t\",\"service_token_accesses\":[{\"access\":\"a\","
			 "\"resource_type\":\"Database\",\"resource_id\":\"d\"},"
			 "{\"access\":\"b\",%s}]}",
			 untyped[i]);
		assert_int_equal(decode(TOKEN, body.data), 0);
		assert_false(got.token.has_grants); /* so another answer is asked for */
		assert_int_equal(got.token.grants.n, 0);
		buf_clear(&body);
		buf_addf(&body,
			 "{\"data\":[{\"access\":\"a\",\"resource_type\":\"Database\","
			 "\"resource_id\":\"d\"},{\"access\":\"b\",%s}]}",
			 untyped[i]);
		assert_int_equal(decode(ACCESSES, body.data), 0);
		assert_int_equal(got.grants.n, 1); /* it confirms that one */
		buf_finish(&body);
	}
}

static void resources_without_ids_are_told_apart_by_name(void **state)
{
	(void)state;
	assert_int_equal(
		decode(ACCESSES,
		       "{\"data\":["
		       "{\"access\":\"a\",\"resource_type\":\"Database\",\"resource_name\":"
		       "\"shop\"},"
		       "{\"access\":\"b\",\"resource_type\":\"Database\",\"resource_name\":"
		       "\"blog\"},"
		       "{\"access\":\"c\",\"resource_type\":\"Database\",\"resource_id\":\"\","
		       "\"resource_name\":\"shop\"},"
		       "{\"access\":\"d\",\"resource_type\":\"Database\",\"resource_id\":\"i\","
		       "\"resource_name\":\"shop\"},"
		       "{\"access\":\"e\",\"resource_type\":\"Database\",\"resource_id\":\"i\"}]}"),
		0);
	assert_int_equal(got.grants.n, 2);
	struct grant *g = grants_at(&got.grants, "Database", "i", NULL);
	assert_int_equal(g->scopes.n, 4);
	assert_string_equal(g->on->name, "shop");
	assert_int_equal(grants_at(&got.grants, "Database", NULL, "blog")->scopes.n, 1);
}

static void pages_add_up(void **state)
{
	static const char second[] = "{\"data\":[{\"id\":\"c\",\"name\":\"c\"}],\"next_page\":3}";

	(void)state;
	assert_int_equal(decode(ORGANIZATIONS, samples[ORGANIZATIONS]), 0);
	assert_int_equal(got.page.next, 0);
	assert_int_equal(call(ORGANIZATIONS, second, strlen(second)), 0);
	assert_int_equal(got.organizations.n, 3);
	assert_string_equal(got.organizations.v[0].name, "acme");
	assert_string_equal(got.organizations.v[2].id, "c");
	assert_int_equal(got.page.next, 3);
	assert_int_equal(call(ORGANIZATIONS, "{\"data\":[{}]}", 13), -EREMOTEIO);
	assert_int_equal(got.organizations.n, 3);
	assert_int_equal(got.page.next, 3);

	assert_int_equal(decode(GRANTS, LIST(GRANT)), 0);
	assert_int_equal(call(ACCESSES, samples[ACCESSES], strlen(samples[ACCESSES])), 0);
	expect_read_branch(&got.grants);
}

static void a_page_tells_the_size_of_its_list(void **state)
{
	static const struct {
		const char *members;
		int64_t total, pages;
	} cases[] = {
		{"", -1, -1},
		{",\"total_count\":130,\"total_pages\":2", 130, 2},
		{",\"total_count\":0,\"total_pages\":null", 0, -1},
		{",\"total_count\":-1,\"total_pages\":1.5", -1, -1},
	};
	static const enum kind lists[] = {ORGANIZATIONS, DATABASES, TOKENS, GRANTS, ACCESSES};
	char body[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(body, sizeof(body), "{\"data\":[]%s}", cases[i].members);
		for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
			assert_int_equal(decode(lists[k], body), 0);
			assert_int_equal(got.page.total, cases[i].total);
			assert_int_equal(got.page.pages, cases[i].pages);
		}
	}
}

static void the_next_page_is_a_page_or_none(void **state)
{
	static const struct {
		const char *value;
		int64_t page; /* -1: refused */
	} cases[] = {
		{"null", 0},     {"2", 2},       {"1000000", 1000000},
		{"\"2\"", 2},    {"2.0", 2},     {"false", 0},
		{"1000001", -1}, {"0", -1},      {"-1", -1},
		{"1.5", -1},     {"1e300", -1},  {"true", -1},
		{"\"\"", -1},    {"\"x\"", -1},  {"\"2x\"", -1},
		{"\"1e3\"", -1}, {"\" 2\"", -1}, {"[]", -1},
		{"{}", -1},      {"\"-2\"", -1}, {"\"99999999999999999999999\"", -1},
	};
	static const enum kind lists[] = {ORGANIZATIONS, DATABASES, TOKENS, GRANTS, ACCESSES};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
			char body[100];
			snprintf(body, sizeof(body), "{\"data\":[],\"next_page\":%s}",
				 cases[i].value);
			if (cases[i].page < 0) {
				refuse(lists[k], body, "next_page: a page number expected");
				continue;
			}
			assert_int_equal(decode(lists[k], body), 0);
			assert_int_equal(got.page.next, cases[i].page);
		}
	assert_int_equal(decode(TOKENS, "{\"data\":[]}"), 0);
	assert_int_equal(got.page.next, 0);
}

static void of_several_items_with_one_id_the_first_is_taken(void **state)
{
	(void)state;
	assert_int_equal(decode(DATABASES, "{\"data\":[{\"id\":\"z\",\"name\":\"1\"},{\"id\":\"a\","
					   "\"name\":\"2\"},{\"id\":\"z\",\"name\":\"3\"},"
					   "{\"id\":\"m\",\"name\":\"4\"},{\"id\":\"a\",\"name\":"
					   "\"5\"}]}"),
			 0);
	assert_int_equal(got.databases.n, 3);
	assert_string_equal(got.databases.v[0].name, "1");
	assert_string_equal(got.databases.v[1].name, "2");
	assert_string_equal(got.databases.v[2].name, "4");
	assert_int_equal(decode(TOKEN, "{\"id\":\"a\",\"id\":\"b\",\"ID\":\"c\"}"), 0);
	assert_string_equal(got.token.id, "a");
}

static void errors_name_the_place(void **state)
{
	static const struct {
		enum kind kind;
		const char *body, *sentence;
	} cases[] = {
		{TOKENS, "{}", "data: an array expected"},
		{TOKENS, "{\"data\":{}}", "data: an array expected"},
		{GRANTS, "{\"data\":null}", "data: an array expected"},
		{ACCESSES, "{\"Data\":[]}", "data: an array expected"},
		{TOKENS, "{\"data\":[7]}", "data[0]: an object expected"},
		{TOKENS, "{\"data\":[{\"id\":\"a\"},{}]}", "data[1].id: a string expected"},
		{TOKENS, "{\"data\":[{\"id\":7}]}", "data[0].id: a string expected"},
		{TOKENS, "{\"data\":[{\"id\":\"\"}]}", "data[0].id: this cannot be an id"},
		{TOKENS, "{\"data\":[{\"id\":\"..\"}]}", "data[0].id: this cannot be an id"},
		{ORGANIZATIONS, "{\"data\":[{\"id\":\"o\",\"name\":\"..\"}]}",
		 "data[0].name: this cannot be a name"},
		{TOKENS, "{\"data\":[{\"id\":\"a/b\"}]}", "data[0].id: this cannot be an id"},
		{TOKEN, "{\"id\":\"a@b\"}", "id: this cannot be an id"},
		{TOKEN, "{\"id\":null}", "id: a string expected"},
		{TOKEN,
		 "{\"id\":\"0123456789012345678901234567890123456789012345678901234567890123x\"}",
		 "id: this cannot be an id"},
		{ORGANIZATIONS, "{\"data\":[{\"id\":\"a\"}]}", "data[0].name: a string expected"},
		{DATABASES,
		 "{\"data\":[{\"id\":\"a\",\"name\":\"x\"},{\"id\":\"b\",\"name\":\"y\"},{\"id\":"
		 "\"c\","
		 "\"name\":[]}]}",
		 "data[2].name: a string expected"},
		{DATABASES, "{\"data\":[{\"id\":\"a\",\"name\":\"x\"},{\"id\":\"a\"}]}",
		 "data[1].name: a string expected"},
		{ORGANIZATION, "{\"id\":\"a\",\"name\":null}", "name: a string expected"},
		{DATABASE, "{\"id\":\"a\"}", "name: a string expected"},
		{TOKENS,
		 "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\",\"service_token_accesses\":[{\"access\":"
		 "1}]}]}",
		 "data[1].service_token_accesses[0].access: a string expected"},
		{TOKEN, "{\"id\":\"a\",\"service_token_accesses\":[{\"access\":\"a\"},null]}",
		 "service_token_accesses[1]: an object expected"},
		{ACCESSES, "{\"data\":[[]]}", "data[0]: an object expected"},
		{ACCESSES, "{\"data\":[{\"access\":\"a\"},{}]}",
		 "data[1].access: a string expected"},
		{GRANTS, "{\"data\":[\"a\"]}", "data[0]: an object expected"},
		{GRANTS, "{\"data\":[{\"accesses\":[]},{}]}",
		 "data[1].accesses: an array expected"},
		{GRANTS, "{\"data\":[{\"accesses\":[{\"access\":\"a\"},\"b\"]}]}",
		 "data[0].accesses[1]: an object expected"},
		{GRANTS, "{\"data\":[{\"accesses\":[{}]}]}",
		 "data[0].accesses[0].access: a string expected"},
		{CREATED, "{\"id\":\"a\"}", "token: a string expected"},
		{CREATED, "{\"id\":\"a\",\"token\":null}", "token: a string expected"},
		{CREATED, "{\"id\":\"a\",\"token\":\"\"}", "token: this cannot be a secret"},
		{CREATED, "{\"id\":\"a\",\"token\":\"SeCrEt\\n\"}",
		 "token: this cannot be a secret"},
		{CREATED, "{\"id\":\"a\",\"token\":\"SeCrEt x\"}",
		 "token: this cannot be a secret"},
		{CREATED, "{\"id\":\"\",\"token\":\"" SECRET "\"}", "id: this cannot be an id"},
		{CREATED, "{\"token\":\"" SECRET "\"}", "id: a string expected"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refuse(cases[i].kind, cases[i].body, cases[i].sentence);
	assert_int_equal(decode(TOKEN, "{\"id\":\"-_AZaz09-_AZaz09-_AZaz09-_AZaz09-_AZaz09-_AZaz09-"
				       "_AZaz09-_AZaz09\"}"),
			 0);
}

static void what_a_permissions_file_could_not_show_is_no_permission(void **state)
{
	static const char *const bad[] = {"",   "a b", "a\\n",    "+a",   "-a",  "a,b",
					  "#a", "a#",  "\\u00e9", "a\\t", "\xff"};
	char body[300], longest[SCOPE_NAME_MAX + 2] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(body, sizeof(body), "{\"data\":[{\"access\":\"%s\"}]}", bad[i]);
		refuse(ACCESSES, body, "data[0].access: this cannot be a permission name");
	}
	memset(longest, 'a', SCOPE_NAME_MAX + 1);
	snprintf(body, sizeof(body), "{\"data\":[{\"access\":\"%s\"}]}", longest);
	refuse(ACCESSES, body, "data[0].access: this cannot be a permission name");
	snprintf(body, sizeof(body), "{\"data\":[{\"access\":\"%s\"}]}", longest + 1);
	assert_int_equal(decode(ACCESSES, body), 0);
}

static void optional_keys_of_another_type_are_left_out(void **state)
{
	static const char *const values[] = {"null", "true",    "7",           "[]",
					     "{}",   "[\"x\"]", "{\"slug\":7}"};
	static const char *const keys[] = {"name",       "kind",         "state",
					   "region",     "created_at",   "updated_at",
					   "expires_at", "last_used_at", "actor_display_name"};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			char body[200];
			bool name = strcmp(keys[k], "name") == 0;
			snprintf(body, sizeof(body), "{\"id\":\"a\",\"%s\":%s%s}", keys[k],
				 values[v], name ? "" : ",\"name\":\"n\"");
			assert_int_equal(decode(TOKEN, body), 0);
			assert_int_equal(got.token.name == NULL, name);
			for (unsigned t = TOKEN_CREATED_AT; t < TOKEN_TEXTS; t++)
				assert_null(token_record_text(&got.token, t));
			assert_int_equal(decode(DATABASE, body), name ? -EREMOTEIO : 0);
			assert_null(got.database.region);
			assert_int_equal(decode(ORGANIZATION, body), name ? -EREMOTEIO : 0);
			assert_null(got.organization.created_at);
		}
}

static void grants_are_there_only_as_an_array(void **state)
{
	static const char *const absent[] = {"null", "true", "7", "\"x\"", "{}"};
	char body[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
		snprintf(body, sizeof(body), "{\"id\":\"a\",\"service_token_accesses\":%s}",
			 absent[i]);
		assert_int_equal(decode(TOKEN, body), 0);
		assert_false(got.token.has_grants);
		assert_int_equal(got.token.grants.n, 0);
	}
	assert_int_equal(decode(TOKEN, "{\"id\":\"a\",\"service_token_accesses\":[]}"), 0);
	assert_true(got.token.has_grants);
	assert_int_equal(got.token.grants.n, 0);
}

static void info_is_the_object_without_secrets_and_accesses(void **state)
{
	(void)state;
	assert_int_equal(decode(TOKEN,
				"{ \"id\": \"a\", \"token\": \"" SECRET "\",\n\"x\": [1, 2.5],"
				"\"Token\": \"" SECRET "\", \"token\": \"" SECRET "\","
				"\"plain_text_refresh_token\": \"" SECRET "\","
				"\"service_token_accesses\": [] }"),
			 0);
	assert_string_equal(info_of(&got.token), "{\"id\":\"a\",\"x\":[1,2.5]}");
	assert_int_equal(decode(TOKENS, samples[TOKENS]), 0);
	assert_string_equal(info_of(&got.tokens.v[0]), "{\"id\":\"t\",\"name\":null}");
	assert_int_equal(decode(CREATED, created_body), 0);
	assert_null(strstr(info_of(&got.token), "SeCrEt"));
	assert_non_null(strstr(info_of(&got.token), "\"actor_type\":\"User\""));
}

static void a_created_token_hands_over_its_secret(void **state)
{
	(void)state;
	assert_int_equal(decode(CREATED, created_body), 0);
	assert_string_equal(secret_expose(got.secret), SECRET);
	assert_string_equal(got.token.id, "hnmkbklsndgi");
	expect_read_branch(&got.token.grants);
	/* The secret is in this answer only, so oddities elsewhere may not lose it. */
	assert_int_equal(decode(CREATED, "{\"id\":\"a\",\"token\":\"" SECRET "\",\"name\":7,"
					 "\"service_token_accesses\":[{\"access\":\"a\"},7]}"),
			 0);
	assert_string_equal(secret_expose(got.secret), SECRET);
	assert_false(got.token.has_grants);
	assert_int_equal(got.token.grants.n, 0);
}

static void refusals_of_every_shape_are_understood(void **state)
{
	static const struct {
		const char *body, *code, *message;
	} cases[] = {
		{"{\"code\":\"not_found\",\"message\":\"Not Found\"}", "not_found", "Not Found"},
		{"{\"error\":\"invalid_token\",\"error_description\":\"The access token is "
		 "invalid\","
		 "\"state\":\"unauthorized\"}",
		 "invalid_token", "The access token is invalid"},
		{"{\"errors\":[{\"namespace\":\"p\",\"name\":\"size\",\"errors\":[\"is "
		 "empty\",\"is odd\"]}]}",
		 "", "size: is empty; size: is odd"},
		{"{\"errors\":{\"email\":[\"is taken\"],\"name\":[\"is empty\"]}}", "",
		 "email: is taken; name: is empty"},
		{"{\"errors\":[\"one\",\"two\",7,null]}", "", "one; two"},
		{"{\"errors\":\"one\"}", "", "one"},
		{"{\"code\":\"bad_request\",\"message\":\"\",\"errors\":{\"a\":[\"b\"]}}",
		 "bad_request", "a: b"},
		{"{\"code\":7,\"message\":[],\"error\":{}}", "", ""},
		{"{\"code\":\"x\",\"message\":null,\"available\":[1]}", "x", ""},
		{"{\"message\":\"a\\u001b[31m\\nb\"}", "", "a?[31m b"},
		{"{\"code\":\"\",\"message\":\"\"}", "", ""},
		{"{}", "", ""},
		{"", "", ""},
		{"null", "", ""},
		{"<html>400 Bad Request</html>", "", ""},
		{"{\"code\":\"x\",\"message\":\"a\\u0000\"}", "x", "a??"},
		{"{\"code\":\"cut", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char code[48] = "old", message[200] = "old";
		decode_refusal(cases[i].body, strlen(cases[i].body), code, sizeof(code), message,
			       sizeof(message));
		assert_string_equal(code, cases[i].code);
		assert_string_equal(message, cases[i].message);
	}
}

static void the_keyring_item_of_pscale_holds_the_login(void **state)
{
	static const struct {
		const char *text, *token; /* NULL: refused */
	} cases[] = {
		{"{\"Key\":\"access-token\",\"Data\":\"cHNjYWxlX29hdXRoX3g=\",\"Label\":\"\"}",
		 "pscale_oauth_x"},
		{"{\"Data\":\"YWI\"}", "ab"},
		{"{\"Data\":\"\"}", NULL},
		{"{\"Data\":\"=\"}", NULL},
		{"{\"Data\":\"a b\"}", NULL},
		{"{\"Data\":7}", NULL},
		{"{\"data\":\"YWI=\"}", NULL},
		{"pscale_oauth_x", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secret *token = NULL;
		struct error e = {0};
		int r = keyring_document_read(cases[i].text, strlen(cases[i].text), &token, &e);

		assert_int_equal(r, cases[i].token != NULL ? 0 : -EREMOTEIO);
		assert_true((token != NULL) == (cases[i].token != NULL));
		if (token != NULL)
			assert_string_equal(secret_expose(token), cases[i].token);
		else
			assert_null(strstr(e.text, "pscale_oauth"));
		secret_free(token);
	}
}

static void refusals_are_cut_to_size(void **state)
{
	static const char cafe[] =
		"{\"code\":\"unprocessable\",\"message\":\"caf\xc3\xa9 caf\xc3\xa9\xc3\xa9\"}";
	struct buf body = BUF_INIT;
	char code[8], message[12];

	(void)state;
	decode_refusal(cafe, strlen(cafe), code, sizeof(code), message, sizeof(message));
	assert_string_equal(code, "unproce");
	assert_string_equal(message, "caf\xc3\xa9 caf\xc3\xa9");
	buf_adds(&body, "{\"errors\":[\"x\"");
	for (int i = 0; i < 100000; i++)
		buf_adds(&body, ",\"x\"");
	buf_adds(&body, "]}");
	decode_refusal(body.data, body.len, code, sizeof(code), message, sizeof(message));
	assert_string_equal(message, "x; x; x; x;");
	buf_finish(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_are_read_as_documented),
		TEST(all_ways_to_write_a_grant_mean_the_same),
		TEST(unusual_resources_are_kept_apart),
		TEST(accesses_to_nobody_knows_what_are_not_left_out_in_silence),
		TEST(resources_without_ids_are_told_apart_by_name),
		TEST(pages_add_up),
		TEST(the_next_page_is_a_page_or_none),
		TEST(a_page_tells_the_size_of_its_list),
		TEST(of_several_items_with_one_id_the_first_is_taken),
		TEST(errors_name_the_place),
		TEST(what_a_permissions_file_could_not_show_is_no_permission),
		TEST(optional_keys_of_another_type_are_left_out),
		TEST(grants_are_there_only_as_an_array),
		TEST(info_is_the_object_without_secrets_and_accesses),
		TEST(a_created_token_hands_over_its_secret),
		TEST(refusals_of_every_shape_are_understood),
		TEST(refusals_are_cut_to_size),
		TEST(the_keyring_item_of_pscale_holds_the_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
