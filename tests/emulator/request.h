/* SPDX-License-Identifier: MIT */
/*
 * request: one request as parsed and checked, and the answer it will get.
 *
 * Everything that is wrong with the form of a request is found here and noted
 * as its violation; whether the caller may do it and what it does is for the
 * routes. Sockets and the order of things are server.h and exchange.h.
 */
#ifndef EMULATOR_REQUEST_H
#define EMULATOR_REQUEST_H

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_SEGMENTS 10
#define MAX_PARAMS   16
#define MAX_HEADERS  16

struct route;
struct token;
struct bearer;
struct organization;
struct database;

struct pair {
	char *name, *value; /* owned */
};

struct reply {
	int status;
	cJSON *json; /* owned; turned into the body */
	char *body;  /* owned; used when there is no JSON */
	size_t body_size;
	struct pair headers[MAX_HEADERS];
	size_t header_count;
};

enum caller_kind {
	CALLER_NONE,
	CALLER_TOKEN,
	CALLER_BEARER,
	CALLER_BAD_TOKEN,
	CALLER_EXPIRED_TOKEN,
	CALLER_BAD_BEARER,
};

struct caller {
	enum caller_kind kind;
	struct token *token;         /* borrowed from the state, for this call only */
	const struct bearer *bearer; /* the same */
	char *shown_id;              /* owned: what the log may show */
};

/* The header fields of interest, as the client sent them. */
struct request_headers {
	char *authorization, *content_type, *user_agent, *accept, *accept_encoding;
	size_t authorization_count;
};

struct request {
	uint64_t number;
	char *method;                 /* owned */
	char *target;                 /* owned: path and query as sent */
	char *path;                   /* owned: as sent */
	char *segments[MAX_SEGMENTS]; /* owned, decoded */
	size_t segment_count;
	struct pair query[MAX_PARAMS]; /* decoded */
	size_t query_count;
	struct request_headers headers;
	char *body; /* owned, NUL behind */
	size_t body_size;
	cJSON *json;               /* owned */
	const struct route *route; /* borrowed */
	char *violation;           /* owned: the first thing wrong with the form */
	bool anonymous;            /* its violation is that it has no credentials */
	struct caller caller;
	struct organization *organization; /* borrowed, found from the path */
	struct token *token;               /* the same */
	struct database *database;         /* the same */
	bool changed;                      /* it changed the state */
	struct reply reply;
};

void request_finish(struct request *request);

/* Notes what is wrong, unless something already is. */
void request_violate(struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Splits and decodes target into path, segments and query. */
void request_parse_target(struct request *request);

/* Checks headers, query and body against what the route takes. */
void request_check(struct request *request);

/* The value of a query key, or NULL. */
const char *request_query(const struct request *request, const char *name);

/* The value of a body key if it is a string, or NULL. */
const char *request_text(const struct request *request, const char *key);

/* The shapes of answers. reply_json takes ownership of `json`. */
void reply_json(struct reply *reply, int status, cJSON *json);
void reply_error(struct reply *reply, int status, const char *code, const char *message);
void reply_default_error(struct reply *reply, int status);
void reply_bytes(struct reply *reply, int status, const char *bytes, size_t size);
void reply_empty(struct reply *reply, int status);
void reply_header(struct reply *reply, const char *name, const char *value);
void reply_finish(struct reply *reply);

/* Decodes percent signs into `out`, which has room; false for a broken one or %00. */
bool percent_decode(const char *text, size_t length, bool plus_is_space, char *out);

#endif
