/* SPDX-License-Identifier: MIT */
/* The first byte chooses a decoder, the rest is its answer: read into proper records, or refused in
 * words, all or nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"
#include "planetscale/decode.h"

static void check_failed(int r, const struct error *e)
{
	CHECK(r == -EREMOTEIO && e->err == EREMOTEIO);
	CHECK(e->text[0] != '\0' && printable(e->text, strlen(e->text)));
}

static void check_id(const char *id)
{
	size_t len = strlen(id);

	CHECK(len > 0 && len <= 64 && printable(id, len) && strpbrk(id, "/.@ ") == NULL);
}

static void check_grants(const struct grants *g)
{
	struct grants again = GRANTS_INIT;

	for (size_t i = 0; i < g->n; i++) {
		const struct grant *a = &g->v[i];
		CHECK(a->on->type != NULL && a->scopes.n > 0);
		CHECK(a->on->level == grant_level_of(a->on->type));
		for (size_t k = 0; k < i; k++)
			CHECK(a->on->id == NULL || !str_eq(a->on->id, g->v[k].on->id) ||
			      strcmp(a->on->type, g->v[k].on->type) != 0);
		for (size_t k = 0; k < a->scopes.n; k++) {
			const char *scope = a->scopes.v[k];
			CHECK(scope[0] != '\0' && strpbrk(scope, " \t\r\n,#") == NULL);
			CHECK(printable(scope, strlen(scope)));
			CHECK(k == 0 || strcmp(a->scopes.v[k - 1], scope) < 0);
		}
	}
	grants_merge(&again, g);
	CHECK(again.n == g->n);
	grants_finish(&again);
}

/* A record's text is again an answer, and gives the same record. */
static void check_organization(const struct organization_record *r)
{
	struct organization_record again = {0};
	struct error e;

	check_id(r->id);
	CHECK(decode_organization(r->info, strlen(r->info), &again, &e) == 0);
	CHECK(strcmp(again.id, r->id) == 0 && strcmp(again.name, r->name) == 0);
	CHECK(strcmp(again.info, r->info) == 0);
	organization_record_finish(&again);
}

static void check_database(const struct database_record *r)
{
	struct database_record again = {0};
	struct error e;

	check_id(r->id);
	CHECK(decode_database(r->info, strlen(r->info), &again, &e) == 0);
	CHECK(strcmp(again.id, r->id) == 0 && strcmp(again.name, r->name) == 0);
	CHECK(str_eq(again.region, r->region));
	CHECK(strcmp(again.info, r->info) == 0);
	database_record_finish(&again);
}

static void check_token(const struct token_record *r)
{
	struct token_record again = {0};
	struct buf info = BUF_INIT, same = BUF_INIT;
	struct error e;

	check_id(r->id);
	check_grants(&r->grants);
	token_record_info(r, &info);
	CHECK(r->has_grants || r->grants.n == 0);
	CHECK(decode_token(info.data, info.len, &again, &e) == 0);
	CHECK(strcmp(again.id, r->id) == 0 && str_eq(again.name, r->name));
	for (unsigned i = 0; i < TOKEN_TEXTS; i++)
		CHECK(str_eq(token_record_text(&again, i), token_record_text(r, i)));
	CHECK(!again.has_grants && token_record_same_info(&again, r));
	token_record_info(&again, &same);
	CHECK(strcmp(same.data, info.data) == 0 && strlen(info.data) == info.len);
	buf_finish(&info);
	buf_finish(&same);
	token_record_finish(&again);
}

/* The whole object is there again, but for its secrets and accesses. */
static void check_info(const struct token_record *r, const char *body, size_t len)
{
	cleanup(json_free) struct cJSON *object = NULL;
	struct buf info = BUF_INIT;
	struct error e;

	CHECK(json_parse(body, len, DECODE_DEPTH_MAX, &object, &e) == 0);
	json_erase(object, "token");
	json_erase(object, "plain_text_refresh_token");
	json_erase(object, "service_token_accesses");
	char *printed = json_print(object);
	token_record_info(r, &info);
	CHECK(str_eq(buf_str(&info), printed));
	free(printed);
	buf_finish(&info);
}

/* Each decodes, checks and frees, and gives the decoder's verdict. */
static int organizations(const char *body, size_t len, struct error *e)
{
	struct organization_records l = {NULL, 0};
	struct decode_page page = {-1, -1, -1};

	int r = decode_organizations(body, len, &l, &page, e);
	CHECK(r == 0 ? page.next >= 0 && page.next <= 1000000 : page.next == -1 && l.n == 0);
	for (size_t i = 0; i < l.n; i++) {
		check_organization(&l.v[i]);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(l.v[i].id, l.v[k].id) != 0);
	}
	organization_records_finish(&l);
	return r;
}

static int databases(const char *body, size_t len, struct error *e)
{
	struct database_records l = {NULL, 0};
	struct decode_page page = {-1, -1, -1};

	int r = decode_databases(body, len, &l, &page, e);
	CHECK(r == 0 ? page.next >= 0 && page.total >= -1 && page.pages >= -1
		     : page.next == -1 && l.n == 0);
	for (size_t i = 0; i < l.n; i++)
		check_database(&l.v[i]);
	database_records_finish(&l);
	return r;
}

static int tokens(const char *body, size_t len, struct error *e)
{
	struct token_records l = {NULL, 0};
	struct decode_page page = {-1, -1, -1};

	int r = decode_tokens(body, len, &l, &page, e);
	CHECK(r == 0 ? page.next >= 0 && page.total >= -1 && page.pages >= -1
		     : page.next == -1 && l.n == 0);
	for (size_t i = 0; i < l.n; i++)
		check_token(&l.v[i]);
	token_records_finish(&l);
	return r;
}

static int organization(const char *body, size_t len, struct error *e)
{
	struct organization_record record = {0};

	int r = decode_organization(body, len, &record, e);
	if (r == 0)
		check_organization(&record);
	CHECK((r == 0) == (record.id != NULL));
	organization_record_finish(&record);
	return r;
}

static int database(const char *body, size_t len, struct error *e)
{
	struct database_record record = {0};

	int r = decode_database(body, len, &record, e);
	if (r == 0)
		check_database(&record);
	CHECK((r == 0) == (record.id != NULL));
	database_record_finish(&record);
	return r;
}

static int token(const char *body, size_t len, struct error *e)
{
	struct token_record record = {0};

	int r = decode_token(body, len, &record, e);
	if (r == 0) {
		check_token(&record);
		check_info(&record, body, len);
	}
	CHECK((r == 0) == (record.id != NULL));
	token_record_finish(&record);
	return r;
}

static int created(const char *body, size_t len, struct error *e)
{
	struct token_record record = {0};
	struct secret *secret = NULL;

	int r = decode_created_token(body, len, &record, &secret, e);
	CHECK((r == 0) == (record.id != NULL) && (r == 0) == (secret != NULL));
	if (r == 0) {
		check_token(&record);
		CHECK(secret_len(secret) > 0);
		CHECK(strpbrk(secret_expose(secret), " \t\r\n") == NULL);
	}
	token_record_finish(&record);
	secret_free(secret);
	return r;
}

static int access_list(int (*decode)(const char *, size_t, struct grants *, struct decode_page *,
				     struct error *),
		       const char *body, size_t len, struct error *e)
{
	struct grants g = GRANTS_INIT;
	struct decode_page page = {-1, -1, -1};
	int r = decode(body, len, &g, &page, e);

	CHECK(r == 0 ? page.next >= 0 && page.total >= -1 && page.pages >= -1
		     : page.next == -1 && g.n == 0);
	check_grants(&g);
	size_t n = g.n;
	if (r == 0)
		CHECK(decode(body, len, &g, &page, e) == 0 && g.n == n);
	grants_finish(&g);
	return r;
}

static int grants(const char *body, size_t len, struct error *e)
{
	return access_list(decode_grants, body, len, e);
}

static int accesses(const char *body, size_t len, struct error *e)
{
	return access_list(decode_accesses, body, len, e);
}

static int audit_log(const char *body, size_t len, struct error *e)
{
	struct audit_records l = {NULL, 0};
	char *cursor = NULL;

	int r = decode_audit_log(body, len, "e1", &l, &cursor, e);
	CHECK(r == 0 || (cursor == NULL && l.n == 0));
	CHECK(cursor == NULL || (cursor[0] != '\0' && !str_eq(cursor, "e1")));
	for (size_t i = 0; i < l.n; i++) {
		const struct audit_record *a = &l.v[i];
		check_id(a->id);
		CHECK(!str_eq(a->id, "e1") && a->created_at[0] != '\0');
		CHECK(a->metadata == NULL || strpbrk(a->metadata, "\t\r\n") == NULL);
	}
	audit_records_finish(&l);
	free(cursor);
	return r;
}

static void refusal(const char *body, size_t len)
{
	char code[16], message[40];

	memset(code, 'x', sizeof(code));
	memset(message, 'x', sizeof(message));
	decode_refusal(body, len, code, sizeof(code), message, sizeof(message));
	CHECK(memchr(code, '\0', sizeof(code)) != NULL && printable(code, strlen(code)));
	CHECK(memchr(message, '\0', sizeof(message)) != NULL &&
	      printable(message, strlen(message)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const decoders[])(const char *, size_t, struct error *) = {
		organizations, databases, tokens, organization, database,
		token,         created,   grants, accesses,     audit_log,
	};
	struct error e;

	if (size == 0)
		return 0;
	const char *body = (const char *)data + 1;
	/* '0' to '9', so that a corpus can be written by hand. */
	int r = decoders[(uint8_t)(data[0] - '0') % ARRAY_LEN(decoders)](body, size - 1, &e);
	if (r != 0)
		check_failed(r, &e);
	refusal(body, size - 1);
	return 0;
}
