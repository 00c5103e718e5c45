/* SPDX-License-Identifier: MIT */
/*
 * model_tokens: the tokens of an organization, part of model: found by name and by id, and what one
 * more or less changes. If it has other tokens, then only those get other names that are called like the
 * one that came or went, or whose names end in its id (names.h); nobody else's has to be looked at.
 */
#include "cache/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/model_internal.h"
#include "cache/names.h"

/* --- one token -------------------------------------------------------------------------------- */

void model_token_free(struct token *t)
{
	resource_finish(&t->grants);
	model_finish_permissions(t);
	token_record_finish(&t->r);
	free(t->file_name);
	free(t);
}

static struct token *token_new(struct organization *o, struct token_record *r)
{
	struct token *t = xcalloc(1, sizeof(*t));
	struct model *m = o->model;

	t->org = o;
	t->r = *r;
	memset(r, 0, sizeof(*r));
	t->known_since_ms = clock_real_ms(m->cache->clock);
	resource_init(&t->grants, &m->kinds.grants);
	return t;
}

void model_token_update(struct token *t, struct token_record *r, uint64_t started)
{
	struct grants grants = r->grants;
	bool has_grants = r->has_grants;

	if (!token_record_same_info(r, &t->r))
		model_note(t->org, MODEL_TOKEN, t->r.id, NULL);
	r->grants = (struct grants)GRANTS_INIT;
	struct grants known = t->r.grants;
	t->r.grants = (struct grants)GRANTS_INIT;
	token_record_finish(&t->r);
	t->r = *r;
	t->r.grants = known;
	memset(r, 0, sizeof(*r));
	if (has_grants && resource_accepts(&t->grants, started)) {
		bool contradicted = model_apply_grants(t, &grants);
		resource_supply(&t->grants, started);
		if (contradicted)
			resource_doubt(&t->grants);
	}
	grants_finish(&grants);
}

struct token *model_token_adopt(struct organization *o, struct token_record *r, uint64_t started)
{
	struct token *t = token_new(o, r);

	if (!t->r.has_grants)
		return t;
	bool contradicted = recent_correct(&o->model->recent, t->r.id, &t->r.grants, true);
	grants_compact(&t->r.grants);
	resource_supply(&t->grants, started);
	if (contradicted)
		resource_doubt(&t->grants);
	return t;
}

/* --- those of an organization ----------------------------------------------------------------- */

static const char *file_name_of(const struct token *t)
{
	return t->file_name;
}

static const char *id_of_token(const struct token *t)
{
	return t->r.id;
}

/* Where in the array, sorted by what text() says, `key` is, or belongs. */
static size_t place(struct token *const *sorted, size_t n, const char *key,
		    const char *(*text)(const struct token *t))
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(text(sorted[middle]), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct token *token_in(struct token *const *sorted, size_t n, const char *key,
			      const char *(*text)(const struct token *t))
{
	size_t i = place(sorted, n, key, text);

	return i < n && strcmp(text(sorted[i]), key) == 0 ? sorted[i] : NULL;
}

struct token *model_token_named(const struct organization *o, const char *file_name)
{
	return token_in(o->token, o->n_tokens, file_name, file_name_of);
}

struct token *model_token(const struct organization *o, const char *id)
{
	return token_in(o->token_by_id, o->n_tokens, id, id_of_token);
}

bool model_withheld(const struct token *t)
{
	return t->withheld_ms > clock_real_ms(t->org->model->cache->clock);
}

bool model_look_for(struct token *t)
{
	if (t->withheld_ms != WITHHELD)
		return false;
	t->withheld_ms = clock_real_ms(t->org->model->cache->clock) + WITHHELD_MS;
	return true;
}

void model_name_changed_hands(struct organization *o, const char *file_name,
			      const struct token *from)
{
	struct token *t = model_token_named(o, file_name);

	if (t != NULL && t != from)
		t->withheld_ms = WITHHELD;
}

size_t model_token_number(const struct token *t)
{
	const struct organization *o = t->org;
	size_t i = place(o->token, o->n_tokens, t->file_name, file_name_of);

	assert(i < o->n_tokens && o->token[i] == t);
	return i;
}

/* Put it into the array, which has room for one more. */
static void insert(struct token **sorted, size_t n, struct token *t,
		   const char *(*text)(const struct token *t))
{
	size_t i = place(sorted, n, text(t), text);

	memmove(sorted + i + 1, sorted + i, (n - i) * sizeof(struct token *));
	sorted[i] = t;
}

static void take_out(struct token **sorted, size_t n, const struct token *t,
		     const char *(*text)(const struct token *t))
{
	size_t i = place(sorted, n, text(t), text);

	/* While names change, two may be the same for a moment. */
	while (i < n && sorted[i] != t)
		i++;
	assert(i < n);
	memmove(sorted + i, sorted + i + 1, (n - i - 1) * sizeof(struct token *));
}

void model_tokens_changed(struct organization *o)
{
	o->tokens_mtime_ns = clock_wall_ns(o->model->cache->clock);
	model_note(o, MODEL_TOKENS, NULL, NULL);
}

/* --- whose names one token's coming or going changes ------------------------------------------ */

/* A search for tokens of one name. */
struct namesakes {
	const struct organization *o;
	const struct token *t;
	struct token *other; /* one that is called like `t`; NULL: none */
	bool several;
};

/* Look at those from the i-th on whose file names begin with `start`, or are that. */
static void look_from(struct namesakes *x, size_t i, const char *start, bool whole)
{
	for (; i < x->o->n_tokens && !x->several; i++) {
		struct token *y = x->o->token[i];
		if (whole ? !str_eq(y->file_name, start) : !str_starts(y->file_name, start))
			return;
		if (y == x->t || !str_eq(y->r.name, x->t->r.name))
			continue;
		x->several = x->other != NULL;
		x->other = y;
	}
}

/* Another token that is called so. *several is set if there is more than one. */
static struct token *namesake(const struct organization *o, const struct token *t, bool *several)
{
	cleanup(buf_finish) struct buf name = BUF_INIT;
	struct namesakes x = {.o = o, .t = t};

	if (t->r.name == NULL || t->r.name[0] == '\0')
		return NULL; /* those without a name have their ids in any case */
	name_encode(t->r.name, strlen(t->r.name), &name);
	if (name.len + 1 + ID_MAX > FILE_NAME_MAX) {
		look_from(&x, 0, "", false); /* too long for a file with an id: that is `@id` */
	} else {
		look_from(&x, place(o->token, o->n_tokens, buf_str(&name), file_name_of),
			  buf_str(&name), true);
		buf_addc(&name, '@');
		look_from(&x, place(o->token, o->n_tokens, buf_str(&name), file_name_of),
			  buf_str(&name), false);
	}
	*several = x.several;
	return x.other;
}

static bool has_token_id(const void *set, const char *id)
{
	return model_token(set, id) != NULL;
}

/* The name it should have among those that are there now. The caller frees it. */
static char *name_among(const struct organization *o, const struct token *t)
{
	bool several = false;
	bool shared = namesake(o, t, &several) != NULL;

	return name_in_set(t->r.id, t->r.name, shared, has_token_id, o);
}

static void name_anew(struct organization *o, struct token *t)
{
	char *name = name_among(o, t);

	if (strcmp(name, t->file_name) == 0) {
		free(name);
		return;
	}
	model_note(o, MODEL_TOKEN_RENAMED, t->r.id, NULL);
	take_out(o->token, o->n_tokens, t, file_name_of);
	free(t->file_name);
	t->file_name = name;
	insert(o->token, o->n_tokens - 1, t, file_name_of);
}

/* Those whose names end in '@' and this id are mistaken for this token only while it is there. */
static void name_lookalikes_anew(struct organization *o, const char *id)
{
	cleanup(free_ptr) struct token **v = NULL;
	size_t n = 0;

	if (o->n_tokens_at == 0)
		return;
	for (size_t i = 0; i < o->n_tokens; i++) {
		if (!str_eq(name_ends_in_id(o->token[i]->r.name), id))
			continue;
		v = xgrow(v, n, sizeof(struct token *));
		v[n++] = o->token[i];
	}
	for (size_t i = 0; i < n; i++)
		name_anew(o, v[i]);
}

/* `t` came or went. */
static void name_others_anew(struct organization *o, const struct token *t)
{
	bool several = false;
	struct token *other = namesake(o, t, &several);

	if (other != NULL && !several)
		name_anew(o, other);
	name_lookalikes_anew(o, t->r.id);
	o->tokens_ordered = clock_stamp(o->model->cache->clock);
}

static bool has_at(const struct token *t)
{
	return name_ends_in_id(t->r.name) != NULL;
}

struct token *model_add_token(struct organization *o, struct token_record *r)
{
	struct token *t = model_token(o, r->id);
	size_t size = (o->n_tokens + 1) * sizeof(struct token *);

	recent_token(&o->model->recent, r->id, true);
	resource_invalidate_fetches(&o->tokens);
	if (t != NULL)
		return t;
	t = model_token_adopt(o, r, clock_stamp(o->model->cache->clock));
	o->token = xrealloc(o->token, size);
	o->token_by_id = xrealloc(o->token_by_id, size);
	t->file_name = name_among(o, t);
	insert(o->token_by_id, o->n_tokens, t, id_of_token);
	insert(o->token, o->n_tokens++, t, file_name_of);
	o->n_tokens_at += has_at(t);
	model_tokens_changed(o);
	name_others_anew(o, t);
	return t;
}

void model_remove_token(struct token *t)
{
	struct organization *o = t->org;

	recent_token(&o->model->recent, t->r.id, false);
	resource_invalidate_fetches(&o->tokens);
	take_out(o->token, o->n_tokens, t, file_name_of);
	take_out(o->token_by_id, o->n_tokens--, t, id_of_token);
	o->n_tokens_at -= has_at(t);
	model_tokens_changed(o);
	model_note(o, MODEL_TOKEN, t->r.id, NULL);
	name_others_anew(o, t);
	model_token_free(t);
}
