/* SPDX-License-Identifier: MIT */
/*
 * decode_list: pages of objects with ids, part of decode. Each object is parsed by itself: a page of 100
 * tokens is half a megabyte, and its tree would be ten times that.
 */
#include "planetscale/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "planetscale/decode_internal.h"

/* `most` items of this kind are allowed; the pages before had `had` of them. */
static int open_page(struct json_list *l, const char *body, size_t len, size_t had, size_t most,
		     struct decode_page *page, struct error *e)
{
	int r = json_list_open(l, body, len, DECODE_DEPTH_MAX, decode_at_data.key, e);

	if (r == 0)
		r = decode_page_of(l->rest, page, e);
	if (r == 0 && l->n > (had < most ? most - had : 0))
		r = decode_fail(&decode_at_data, "too many items", e);
	return r;
}

static int next_object(struct json_list *l, struct cJSON **object, struct at *at, struct error *e)
{
	*at = (struct at){&decode_at_data, NULL, l->next};
	int r = json_list_next(l, object, e);

	return r == 0 && !json_is_object(*object) ? decode_fail(at, "an object expected", e) : r;
}

struct numbered_id {
	const char *id;
	size_t index;
};

static int by_numbered_id(const void *a, const void *b)
{
	const struct numbered_id *x = a, *y = b;
	int r = strcmp(x->id, y->id);

	return r != 0 ? r : (x->index > y->index) - (x->index < y->index);
}

/* Which of them have the id of an earlier one. The caller frees the array; `ids` is sorted. */
static bool *repeated(struct numbered_id *ids, size_t n)
{
	bool *again = xcalloc(n, sizeof(*again));

	if (n > 0)
		qsort(ids, n, sizeof(*ids), by_numbered_id);
	for (size_t i = 1; i < n; i++)
		again[ids[i].index] = strcmp(ids[i - 1].id, ids[i].id) == 0;
	return again;
}

/* A page is appended as a whole or not at all. */
#define DECODE_LIST(thing, most)                                                                   \
	static int next_##thing(struct json_list *l, struct thing##_records *part,                 \
				struct error *e)                                                   \
	{                                                                                          \
		struct thing##_record record;                                                      \
		struct cJSON *object;                                                              \
		struct at at;                                                                      \
		int r = next_object(l, &object, &at, e);                                           \
                                                                                                   \
		if (r == 0)                                                                        \
			r = decode_##thing##_at(object, &at, &record, e);                          \
		if (r == 0)                                                                        \
			thing##_records_append(part, &record);                                     \
		return r;                                                                          \
	}                                                                                          \
	static void append_##thing##s(struct thing##_records *out, struct thing##_records *part)   \
	{                                                                                          \
		cleanup(free_ptr) struct numbered_id *ids = xcalloc(part->n, sizeof(*ids));        \
                                                                                                   \
		for (size_t i = 0; i < part->n; i++)                                               \
			ids[i] = (struct numbered_id){part->v[i].id, i};                           \
		cleanup(free_ptr) bool *again = repeated(ids, part->n);                            \
		for (size_t i = 0; i < part->n; i++)                                               \
			if (!again[i])                                                             \
				thing##_records_append(out, &part->v[i]);                          \
	}                                                                                          \
	int decode_##thing##s(const char *body, size_t len, struct thing##_records *out,           \
			      struct decode_page *page, struct error *e)                           \
	{                                                                                          \
		cleanup(thing##_records_finish) struct thing##_records part = {NULL, 0};           \
		cleanup(json_list_close) struct json_list l;                                       \
		struct decode_page found;                                                          \
		int r = open_page(&l, body, len, out->n, most, &found, e);                         \
                                                                                                   \
		while (r == 0 && l.next < l.n)                                                     \
			r = next_##thing(&l, &part, e);                                            \
		if (r != 0)                                                                        \
			return r;                                                                  \
		append_##thing##s(out, &part);                                                     \
		*page = found;                                                                     \
		return 0;                                                                          \
	}

DECODE_LIST(organization, DECODE_ORGANIZATIONS_MAX)
DECODE_LIST(database, DECODE_DATABASES_MAX)
DECODE_LIST(token, DECODE_ITEMS_MAX)

/* --- a page of tokens in slices ---------------------------------------------------------------- */

struct decode_tokens {
	struct json_list list;
	struct token_records part; /* owned */
	struct decode_page page;
};

struct decode_tokens *decode_tokens_open(const char *body, size_t len, size_t had, struct error *e)
{
	struct decode_tokens *d = xcalloc(1, sizeof(*d));

	if (open_page(&d->list, body, len, had, DECODE_ITEMS_MAX, &d->page, e) == 0)
		return d;
	decode_tokens_free(d);
	return NULL;
}

int decode_tokens_slice(struct decode_tokens *d, bool *done, struct error *e)
{
	size_t until = d->list.next + DECODE_TOKENS_SLICE;
	int r = 0;

	while (r == 0 && d->list.next < d->list.n && d->list.next < until)
		r = next_token(&d->list, &d->part, e);
	*done = d->list.next >= d->list.n;
	return r;
}

void decode_tokens_take(struct decode_tokens *d, struct token_records *out,
			struct decode_page *page)
{
	append_tokens(out, &d->part);
	*page = d->page;
}

void decode_tokens_free(struct decode_tokens *d)
{
	if (d == NULL)
		return;
	json_list_close(&d->list);
	token_records_finish(&d->part);
	free(d);
}
