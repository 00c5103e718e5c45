/* SPDX-License-Identifier: MIT */
/*
 * objects: the JSON shapes of the API: one function for each object, and
 * the wrapper around lists with its paging.
 *
 * The switches that change shapes act here. Who may see an object is decided
 * before.
 */
#ifndef EMULATOR_OBJECTS_H
#define EMULATOR_OBJECTS_H

#include "grants.h"
#include "state.h"

#include <cjson/cJSON.h>

struct emulator;
struct request;

/* A slice of a list. */
struct page {
	size_t number; /* from 1 */
	size_t per_page;
	size_t first; /* position of its first element */
	size_t total; /* elements of the whole list */
	bool totals;  /* the wrapper tells total_count and total_pages */
	cJSON *data;  /* the elements, taken by page_finish */
};

/* Reads page and per_page; false when they are refused and the reply is set. */
bool page_begin(struct emulator *emulator, struct request *request, size_t preset,
		struct page *page);

/* Everything on one page, whatever the query says. */
void page_whole(struct page *page);

/* Whether the element at this position belongs on the page. */
bool page_holds(const struct page *page, size_t position);

/* Answers 200 (or `status`) with the list. */
void page_finish(struct emulator *emulator, struct request *request, struct page *page, int status);

/* Which of the three places a token object appears in. */
enum token_view {
	TOKEN_IN_LIST,
	TOKEN_ALONE,
	TOKEN_CREATED, /* with its secret */
};

cJSON *organization_json(const struct emulator *emulator, const struct organization *organization);
cJSON *database_json(const struct emulator *emulator, const struct database *database);
cJSON *token_json(const struct emulator *emulator, const struct token *token, enum token_view view);
cJSON *user_json(const struct emulator *emulator, const struct bearer *bearer);

/* One scope of a token, as in service_token_accesses. `resource` as shown: bulk scopes vary. */
struct shown_access {
	const char *id, *name;
	const char *resource_type, *resource_id, *resource_name;
	int64_t created_ms, deleted_ms;
};

cJSON *access_json(const struct emulator *emulator, const struct shown_access *access);

/* A resource and the scopes on it as the API shows them, bulk ones included. */
struct shown_grant {
	const struct grant *own;         /* may be NULL */
	const struct grant *bulk;        /* may be NULL */
	const struct database *database; /* NULL unless it is one */
	const struct token *token;
	bool other; /* bulk scopes under a resource type of their own */
};

/* All resources a token shows, in order; the caller frees the array. */
struct shown_grant *shown_grants(const struct emulator *emulator, const struct token *token,
				 size_t *count);
cJSON *grant_json(const struct emulator *emulator, const struct shown_grant *grant);

/* Calls back with every scope of a shown grant. */
void shown_accesses(const struct shown_grant *grant,
		    void (*each)(void *context, const struct shown_access *access), void *context);

#endif
