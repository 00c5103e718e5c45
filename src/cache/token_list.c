/* SPDX-License-Identifier: MIT */
#include "cache/token_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/merge_sort.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/model_internal.h"
#include "cache/names.h"

#define RENEWING 50 /* steps that renewing or adopting a token counts as */
/* Freeing one takes some 2 µs. */
#define TOKENS_BURIED_AT_ONCE 500

enum stage {
	SORTING,
	COUNTING,
	MERGING,
	NAMING,
	ORDERING,
	APPLIED
};

/* A token of the new list. */
struct member {
	struct token *token;
	struct token_record *renamed; /* borrowed from the list: is applied at the end; or NULL */
	bool known;                   /* it is in the old list, too; else owned */
};

struct token_list {
	struct token_records list; /* owned */
	enum stage stage;
	struct merge_sort records; /* of `list`, by id */
	size_t different;
	uint64_t ordered; /* of the organization's tokens, when the list was begun to be applied */
	bool contradicted;
	size_t at, old; /* how far it has come in the records, or members; and in the old list */
	/* By id; with room for all that there can be. */
	struct member *member;
	struct token **by_id; /* the same tokens; owned array */
	/* Their names, in the same order; the file names are owned, and at the end the old ones of tokens that
	 * have others now. */
	struct named *named;
	size_t n, n_known, n_at;
	struct naming naming;
	struct merge_sort order; /* of `named`, by file name */
	struct token **by_name;  /* owned array */
	size_t *changed;         /* members whose records or file names change at the end */
	size_t n_changed;
	/* Owned array of tokens of the old list that the new one lacks; when it is applied, they are
	 * owned, too. */
	struct token **gone;
	size_t n_gone;
};

static int by_record_id(const void *a, const void *b)
{
	return strcmp(((const struct token_record *)a)->id, ((const struct token_record *)b)->id);
}

struct token_list *token_list_new(struct token_records *list)
{
	struct token_list *l = xcalloc(1, sizeof(*l));

	l->list = *list;
	*list = (struct token_records){NULL, 0};
	merge_sort_init(&l->records, l->list.v, l->list.n, sizeof(*l->list.v), by_record_id);
	return l;
}

void token_list_free(struct token_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; l->stage < APPLIED && i < l->n; i++)
		if (!l->member[i].known)
			model_token_free(l->member[i].token);
	for (size_t i = 0; l->named != NULL && i < l->n; i++)
		free(l->named[i].file_name);
	for (size_t i = 0; l->stage == APPLIED && i < l->n_gone; i++)
		model_token_free(l->gone[i]);
	free(l->member);
	free(l->by_id);
	free(l->named);
	naming_finish(&l->naming);
	merge_sort_finish(&l->order);
	free(l->by_name);
	free(l->changed);
	free(l->gone);
	merge_sort_finish(&l->records);
	token_records_finish(&l->list);
	free(l);
}

bool token_list_bury(struct token_list *l)
{
	for (size_t i = 0; i < TOKENS_BURIED_AT_ONCE && l->n_gone > 0; i++)
		model_token_free(l->gone[--l->n_gone]);
	if (l->n_gone > 0)
		return false;
	token_list_free(l);
	return true;
}

static struct token_record *nth_record(const struct token_list *l, size_t i)
{
	return l->records.v[i];
}

static bool afford(size_t *budget, size_t steps)
{
	if (*budget == 0)
		return false;
	*budget -= steps < *budget ? steps : *budget;
	return true;
}

/* --- sorting ---------------------------------------------------------------------------------- */

bool token_list_sort(struct token_list *l)
{
	size_t budget = TOKEN_LIST_SLICE;

	if (l->stage == SORTING && !merge_sort_step(&l->records, &budget))
		return false;
	if (l->stage == SORTING)
		l->stage = COUNTING;
	for (; l->stage == COUNTING && l->at < l->list.n; l->at++) {
		if (!afford(&budget, 1))
			return false;
		l->different += l->at == 0 ||
				by_record_id(nth_record(l, l->at - 1), nth_record(l, l->at)) != 0;
	}
	if (l->stage == COUNTING) {
		l->stage = MERGING;
		l->at = 0;
	}
	return true;
}

size_t token_list_different(const struct token_list *l)
{
	return l->different;
}

/* --- merging with the tokens that are known ---------------------------------------------------- */

static void begin_merging(struct token_list *l, const struct organization *o)
{
	size_t most = l->list.n + o->n_tokens;

	l->ordered = o->tokens_ordered;
	l->member = xcalloc(most, sizeof(*l->member));
	l->by_id = xcalloc(most, sizeof(struct token *));
	l->named = xcalloc(most, sizeof(*l->named));
	l->changed = xcalloc(most, sizeof(*l->changed));
	l->gone = xcalloc(o->n_tokens, sizeof(struct token *));
}

static void add_listed(struct token_list *l, struct token *t, struct token_record *renamed,
		       bool known)
{
	const char *name = renamed != NULL ? renamed->name : t->r.name;

	l->member[l->n] = (struct member){t, renamed, known};
	l->by_id[l->n] = t;
	l->named[l->n] = (struct named){t->r.id, name, NULL};
	l->n++;
	l->n_known += known;
	l->n_at += name_ends_in_id(name) != NULL;
}

/* The list lacks a token of the old one. */
static void merge_missing(struct token_list *l, struct organization *o, struct token *t)
{
	if (recent_keeps_token(&o->model->recent, t->r.id)) {
		add_listed(l, t, NULL, true);
		l->contradicted = true;
	} else {
		l->gone[l->n_gone++] = t;
	}
}

/* `t`: it is in the old list, too; or NULL. */
static void merge_listed(struct token_list *l, struct organization *o, struct token *t,
			 struct token_record *r, uint64_t started)
{
	if (recent_hides_token(&o->model->recent, r->id)) {
		l->contradicted = true;
		if (t != NULL)
			l->gone[l->n_gone++] = t;
	} else if (t == NULL) {
		add_listed(l, model_token_adopt(o, r, started), NULL, false);
	} else if (!str_eq(t->r.name, r->name)) {
		add_listed(l, t, r, true);
	} else {
		model_token_update(t, r, started);
		add_listed(l, t, NULL, true);
	}
}

static bool merge(struct token_list *l, struct organization *o, uint64_t started, size_t *budget)
{
	while (l->at < l->list.n || l->old < o->n_tokens) {
		struct token *t = l->old < o->n_tokens ? o->token_by_id[l->old] : NULL;
		struct token_record *r = l->at < l->list.n ? nth_record(l, l->at) : NULL;
		int c = r == NULL ? 1 : t == NULL ? -1 : strcmp(r->id, t->r.id);

		if (!afford(budget, RENEWING))
			return false;
		l->old += c >= 0;
		if (c > 0) {
			merge_missing(l, o, t);
			continue;
		}
		/* Overlapping pages may list a token twice: the first counts. */
		do
			l->at++;
		while (l->at < l->list.n && by_record_id(r, nth_record(l, l->at)) == 0);
		merge_listed(l, o, c == 0 ? t : NULL, r, started);
	}
	return true;
}

/* --- naming ----------------------------------------------------------------------------------- */

static void begin_ordering(struct token_list *l)
{
	merge_sort_init(&l->order, l->named, l->n, sizeof(*l->named), named_order);
	l->by_name = xcalloc(l->n, sizeof(struct token *));
	l->at = 0;
}

/* Take over each file name, or note that it changes. */
static bool take_names(struct token_list *l, size_t *budget)
{
	if (!merge_sort_step(&l->order, budget))
		return false;
	for (; l->at < l->n; l->at++) {
		struct member *m = &l->member[l->at];
		struct named *named = l->order.v[l->at];
		char **name = &l->named[l->at].file_name;

		if (!afford(budget, 1))
			return false;
		l->by_name[l->at] = l->by_id[named - l->named];
		if (m->renamed != NULL || (m->known && strcmp(m->token->file_name, *name) != 0)) {
			l->changed[l->n_changed++] = l->at;
			continue;
		}
		if (m->known)
			free(*name);
		else
			m->token->file_name = *name;
		*name = NULL;
	}
	return true;
}

/* --- all at once ------------------------------------------------------------------------------ */

static void change_member(struct token_list *l, struct organization *o, size_t i, uint64_t started)
{
	struct token *t = l->member[i].token;
	char **name = &l->named[i].file_name;

	if (strcmp(t->file_name, *name) != 0) {
		char *old = t->file_name;
		model_note(o, MODEL_TOKEN_RENAMED, t->r.id, NULL);
		t->file_name = *name;
		*name = old;
	}
	if (l->member[i].renamed != NULL)
		model_token_update(t, l->member[i].renamed, started);
}

/* Names that another token has now. */
static void note_names(const struct token_list *l, struct organization *o)
{
	for (size_t i = 0; i < l->n_gone; i++)
		model_name_changed_hands(o, l->gone[i]->file_name, l->gone[i]);
	for (size_t i = 0; i < l->n_changed; i++) {
		size_t at = l->changed[i];
		model_name_changed_hands(o, l->named[at].file_name, l->member[at].token);
	}
}

static void commit(struct token_list *l, struct organization *o, uint64_t started)
{
	if (o->tokens.has_data && (l->n_known != l->n || l->n != o->n_tokens))
		model_tokens_changed(o);
	for (size_t i = 0; i < l->n_gone; i++) {
		model_note(o, MODEL_TOKEN, l->gone[i]->r.id, NULL);
		resource_finish(&l->gone[i]->grants); /* who waits for it is not to wait longer */
	}
	for (size_t i = 0; i < l->n_changed; i++)
		change_member(l, o, l->changed[i], started);
	free(o->token);
	free(o->token_by_id);
	o->token = l->by_name;
	o->token_by_id = l->by_id;
	o->n_tokens = l->n;
	o->n_tokens_at = l->n_at;
	o->tokens_ordered = clock_stamp(o->model->cache->clock);
	l->by_name = l->by_id = NULL;
	note_names(l, o);
}

bool token_list_apply(struct token_list *l, struct organization *o, uint64_t started)
{
	size_t budget = TOKEN_LIST_SLICE;

	assert(l->stage >= MERGING && l->stage < APPLIED);
	if (l->stage == MERGING) {
		if (l->member == NULL)
			begin_merging(l, o);
		assert(l->ordered == o->tokens_ordered);
		if (!merge(l, o, started, &budget))
			return false;
		naming_begin(&l->naming, l->named, l->n);
		l->stage = NAMING;
	}
	if (l->stage == NAMING) {
		if (!naming_step(&l->naming, &budget))
			return false;
		begin_ordering(l);
		l->stage = ORDERING;
	}
	if (!take_names(l, &budget))
		return false;
	assert(l->ordered == o->tokens_ordered);
	commit(l, o, started);
	l->stage = APPLIED;
	return true;
}

bool token_list_contradicted(const struct token_list *l)
{
	return l->contradicted;
}

bool model_apply_tokens(struct organization *o, struct token_records *list, uint64_t started)
{
	struct token_list *l = token_list_new(list);

	while (!token_list_sort(l))
		;
	while (!token_list_apply(l, o, started))
		;
	bool contradicted = l->contradicted;
	token_list_free(l);
	return contradicted;
}
