/* SPDX-License-Identifier: MIT */
/*
 * decode_kinds: one function that calls any decoder, and a sample of each answer, for the tests of
 * decode.
 */
#ifndef PSCALEFS_TEST_DECODE_KINDS_H
#define PSCALEFS_TEST_DECODE_KINDS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "planetscale/decode.h"

#define SECRET "pscale_tkn_SeCrEt0123456789"

#define TOKEN_HEAD                                                                                 \
	"{\"id\":\"hnmkbklsndgi\",\"type\":\"ServiceToken\",\"name\":\"ci-deploy\","               \
	"\"display_name\":\"ci-deploy\","
#define TOKEN_TAIL                                                                                 \
	"\"created_at\":\"2026-01-14T10:19:23.000Z\",\"updated_at\":\"2026-01-14T10:19:24.000Z\"," \
	"\"expires_at\":null,\"last_used_at\":\"2026-01-15T00:00:00.000Z\","                       \
	"\"actor_id\":\"g2dr4sbhz6ag\",\"actor_display_name\":\"Ada\",\"actor_type\":\"User\","    \
	"\"service_token_accesses\":[" ACCESS_WITH_KEYS "],\"oauth_accesses_by_resource\":null}"
#define ACCESS_WITH_KEYS                                                                           \
	"{\"id\":\"hjqui654yu71\",\"access\":\"read_branch\",\"description\":\"Read database "     \
	"branch\","                                                                                \
	"\"resource_name\":\"app-db\",\"resource_id\":\"1lbjwnp48b6r\",\"resource_type\":"         \
	"\"Database\","                                                                            \
	"\"resource\":{\"id\":\"1lbjwnp48b6r\",\"type\":\"Database\",\"name\":\"app-db\","         \
	"\"deleted_at\":null}}"
#define ACCESS_NESTED                                                                              \
	"{\"id\":\"hjqui654yu71\",\"type\":\"DatabaseAccess\",\"resource\":{\"id\":"               \
	"\"1lbjwnp48b6r\","                                                                        \
	"\"type\":\"Database\",\"name\":\"app-db\",\"created_at\":\"2021-01-14T10:19:23.000Z\"},"  \
	"\"access\":\"read_branch\"}"
#define GRANT                                                                                      \
	"{\"id\":\"1lbjwnp48b6r\",\"type\":\"ServiceTokenGrant\",\"resource_name\":\"app-db\","    \
	"\"resource_type\":\"Database\",\"resource_id\":\"1lbjwnp48b6r\","                         \
	"\"accesses\":[{\"access\":\"read_branch\",\"description\":\"Read database branch\"}]}"
#define LIST(items)                                                                                \
	"{\"type\":\"list\",\"current_page\":1,\"next_page\":null,\"next_page_url\":null,"         \
	"\"prev_page\":null,\"prev_page_url\":null,\"data\":[" items "]}"

/* Bodies as in the documentation, with the member "type" that real ones have. */
extern const char organization_body[], database_body[], token_body[], created_body[];

/* The decoders. */
enum kind {
	ORGANIZATIONS,
	DATABASES,
	TOKENS,
	ORGANIZATION,
	DATABASE,
	TOKEN,
	CREATED,
	GRANTS,
	ACCESSES,
	KINDS
};

/* A complete sample for each kind. */
extern const char *const samples[];

/* The outputs of all decoders. Each decode() frees them and fills them again. */
struct outputs {
	struct organization_records organizations;
	struct database_records databases;
	struct token_records tokens;
	struct organization_record organization;
	struct database_record database;
	struct token_record token;
	struct secret *secret;
	struct grants grants;
	struct decode_page page;
	struct error error;
};
extern struct outputs got;

void got_finish(void);
/* A test after which the outputs are freed, also if it fails. */
#define TEST(name) cmocka_unit_test_teardown(name, got_teardown)
int got_teardown(void **state);
int call(enum kind kind, const char *body, size_t len);
/* Decodes a copy of exactly `len` bytes, so that a read after its end is detected; asserts that a
 * failure has an errno and a sentence. */
int decode_bytes(enum kind kind, const char *body, size_t len);
int decode(enum kind kind, const char *body);
void refuse(enum kind kind, const char *body, const char *sentence);
/* Borrowed until the next call of this or of decode(). */
const char *info_of(const struct token_record *r);

#endif
