/* SPDX-License-Identifier: MIT */
#include "decode_kinds.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

const char organization_body[] =
	"{\"id\":\"kbog8qlq6lp4\",\"type\":\"Organization\",\"name\":\"acme\","
	"\"created_at\":\"2021-02-17T20:03:56.393Z\",\"updated_at\":\"2023-06-02T14:13:01.679Z\","
	"\"has_past_due_invoices\":null,\"features\":{},\"database_count\":3}";

const char database_body[] =
	"{\"id\":\"34rbgzmvgb9m\",\"type\":\"Database\",\"branches_count\":2,\"ready\":true,"
	"\"region\":{\"id\":\"kc0e1ij8juzp\",\"type\":\"Region\",\"public_ip_addresses\":[\"23.23."
	"187.137\"],"
	"\"slug\":\"us-east\"},\"name\":\"app-db\",\"state\":\"ready\",\"automatic_migrations\":"
	"null,"
	"\"created_at\":\"2023-10-18T22:16:54.071Z\",\"updated_at\":\"2023-10-19T17:25:40.577Z\","
	"\"kind\":\"mysql\",\"notes\":\"\"}";

const char token_body[] = TOKEN_HEAD "\"token\":null,\"plain_text_refresh_token\":null," TOKEN_TAIL;
const char created_body[] = TOKEN_HEAD "\"token\":\"" SECRET "\"," TOKEN_TAIL;

const char *const samples[] = {
	[ORGANIZATIONS] = LIST("{\"id\":\"a\",\"name\":\"acme\"},{\"id\":\"b\",\"name\":\"beta\"}"),
	[DATABASES] = LIST("{\"id\":\"a\",\"name\":\"shop\",\"region\":{\"slug\":\"eu\"}}"),
	[TOKENS] = LIST("{\"id\":\"t\",\"name\":null,\"token\":\"" SECRET
			"\",\"service_token_accesses\":[" ACCESS_WITH_KEYS "]}"),
	[ORGANIZATION] = organization_body,
	[DATABASE] = database_body,
	[TOKEN] = token_body,
	[CREATED] = created_body,
	[GRANTS] = LIST(GRANT),
	[ACCESSES] = LIST(ACCESS_NESTED),
};

struct outputs got;
static struct buf info;

const char *info_of(const struct token_record *r)
{
	buf_clear(&info);
	token_record_info(r, &info);
	return buf_str(&info);
}

void got_finish(void)
{
	organization_records_finish(&got.organizations);
	database_records_finish(&got.databases);
	token_records_finish(&got.tokens);
	organization_record_finish(&got.organization);
	database_record_finish(&got.database);
	token_record_finish(&got.token);
	secret_free(got.secret);
	grants_finish(&got.grants);
	buf_finish(&info);
	memset(&got, 0, sizeof(got));
}

int got_teardown(void **state)
{
	(void)state;
	got_finish();
	return 0;
}

int call(enum kind kind, const char *body, size_t len)
{
	struct error *e = &got.error;

	switch (kind) {
	case ORGANIZATIONS:
		return decode_organizations(body, len, &got.organizations, &got.page, e);
	case DATABASES:
		return decode_databases(body, len, &got.databases, &got.page, e);
	case TOKENS:
		return decode_tokens(body, len, &got.tokens, &got.page, e);
	case ORGANIZATION:
		return decode_organization(body, len, &got.organization, e);
	case DATABASE:
		return decode_database(body, len, &got.database, e);
	case TOKEN:
		return decode_token(body, len, &got.token, e);
	case CREATED:
		return decode_created_token(body, len, &got.token, &got.secret, e);
	case GRANTS:
		return decode_grants(body, len, &got.grants, &got.page, e);
	case ACCESSES:
		return decode_accesses(body, len, &got.grants, &got.page, e);
	case KINDS:
		break;
	}
	return -1;
}

static bool untouched(void)
{
	return got.organizations.n + got.databases.n + got.tokens.n + got.grants.n == 0 &&
	       got.organization.id == NULL && got.database.id == NULL && got.token.id == NULL &&
	       got.token.shape == NULL && got.secret == NULL && got.page.next == -7;
}

int decode_bytes(enum kind kind, const char *body, size_t len)
{
	char *copy = xmalloc(len);

	got_finish();
	got.page.next = -7;
	if (len > 0)
		memcpy(copy, body, len);
	int r = call(kind, copy, len);
	free(copy);
	if (r != 0) {
		assert_int_equal(r, -EREMOTEIO);
		assert_int_equal(got.error.err, EREMOTEIO);
		assert_true(got.error.text[0] != '\0');
		assert_null(strstr(got.error.text, "SeCrEt"));
		assert_true(untouched());
	}
	return r;
}

int decode(enum kind kind, const char *body)
{
	return decode_bytes(kind, body, strlen(body));
}

void refuse(enum kind kind, const char *body, const char *sentence)
{
	assert_int_equal(decode(kind, body), -EREMOTEIO);
	assert_string_equal(got.error.text, sentence);
}
