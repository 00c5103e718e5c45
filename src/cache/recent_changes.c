/* SPDX-License-Identifier: MIT */
#include "cache/recent_changes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"

struct recent_change {
	int64_t until_ms; /* clock_real_ms(): replicas catch up while this machine sleeps */
	char *token_id;   /* owned */
	char *scope;      /* owned; NULL: the token itself was made or deleted */
	char *type; /* owned; these three name the resource of a scope, as struct granted_on does */
	char *id;   /* owned; or NULL */
	char *name; /* owned; or NULL */
	bool added; /* granted, made; else revoked, deleted */
	bool contradicted;
};

void recent_init(struct recent_changes *rc, struct clock *clock)
{
	*rc = (struct recent_changes){.clock = clock};
}

static void drop_change(struct recent_changes *rc, size_t i)
{
	struct recent_change *c = &rc->v[i];

	free(c->token_id);
	free(c->scope);
	free(c->type);
	free(c->id);
	free(c->name);
	*c = rc->v[--rc->n];
}

void recent_finish(struct recent_changes *rc)
{
	while (rc->n > 0)
		drop_change(rc, rc->n - 1);
	free(rc->v);
	rc->v = NULL;
}

/* Remove entries that are too old. Every use begins here, so the array stays short. */
static void drop_old(struct recent_changes *rc)
{
	int64_t now_ms = clock_real_ms(rc->clock);

	for (size_t i = rc->n; i-- > 0;)
		if (rc->v[i].until_ms <= now_ms)
			drop_change(rc, i);
}

static const char *level_id(const struct recent_change *c)
{
	if (grant_level_of(c->type) == GRANT_ORGANIZATION)
		return NULL;
	return c->id != NULL ? c->id : c->name;
}

static bool is_scope_of(const struct recent_change *c, const char *token_id,
			const char *database_id)
{
	return c->scope != NULL && strcmp(c->token_id, token_id) == 0 &&
	       str_eq(level_id(c), database_id);
}

static struct recent_change *add(struct recent_changes *rc, const char *token_id, bool added)
{
	rc->v = xgrow(rc->v, rc->n, sizeof(*rc->v));
	struct recent_change *c = &rc->v[rc->n++];
	*c = (struct recent_change){
		.until_ms = clock_real_ms(rc->clock) + RECENT_MS,
		.token_id = xstrdup(token_id),
		.added = added,
	};
	return c;
}

static void forget_scopes(struct recent_changes *rc, const char *token_id, const char *database_id,
			  const struct scopes *which, bool granted)
{
	for (size_t i = rc->n; i-- > 0;)
		if (rc->v[i].added == granted && is_scope_of(&rc->v[i], token_id, database_id) &&
		    scopes_has(which, rc->v[i].scope))
			drop_change(rc, i);
}

void recent_scopes_unknown(struct recent_changes *rc, const char *token_id, const char *database_id,
			   const struct scopes *which, bool granting)
{
	forget_scopes(rc, token_id, database_id, which, !granting);
}

void recent_scopes(struct recent_changes *rc, const char *token_id, const struct granted_on *on,
		   const struct scopes *which, bool granted)
{
	const char *id = on->id != NULL ? on->id : on->name;

	drop_old(rc);
	if (grant_level_of(on->type) == GRANT_ORGANIZATION)
		id = NULL;
	forget_scopes(rc, token_id, id, which, true);
	forget_scopes(rc, token_id, id, which, false);
	for (size_t i = 0; i < which->n; i++) {
		struct recent_change *c = add(rc, token_id, granted);
		c->scope = xstrdup(which->v[i]);
		c->type = xstrdup(on->type);
		c->id = xstrdup(on->id);
		c->name = xstrdup(on->name);
	}
}

static struct recent_change *find_token(const struct recent_changes *rc, const char *token_id)
{
	for (size_t i = 0; i < rc->n; i++)
		if (rc->v[i].scope == NULL && strcmp(rc->v[i].token_id, token_id) == 0)
			return &rc->v[i];
	return NULL;
}

/* If the token is gone, its other entries are not needed. */
void recent_token(struct recent_changes *rc, const char *token_id, bool made)
{
	drop_old(rc);
	for (size_t i = rc->n; i-- > 0;)
		if (strcmp(rc->v[i].token_id, token_id) == 0)
			drop_change(rc, i);
	add(rc, token_id, made);
}

void recent_token_unknown(struct recent_changes *rc, const char *token_id)
{
	struct recent_change *c = find_token(rc, token_id);

	if (c != NULL)
		drop_change(rc, (size_t)(c - rc->v));
}

/* Make `answer` agree with one change. */
static void correct(struct recent_change *c, struct grants *answer, bool whole)
{
	struct grant *g = grants_find(answer, c->type, c->id, c->name);
	bool has = g != NULL && scopes_has(&g->scopes, c->scope);

	if (!whole && !has)
		return; /* the answer may list only what was just granted */
	if (!c->added) {
		c->contradicted = has;
		if (has)
			scopes_remove(&g->scopes, c->scope);
	} else {
		c->contradicted = !has;
		if (!has)
			scopes_add(&grants_at(answer, c->type, c->id, c->name)->scopes, c->scope);
	}
}

bool recent_correct(struct recent_changes *rc, const char *token_id, struct grants *answer,
		    bool whole)
{
	bool contradicted = false;

	drop_old(rc);
	for (size_t i = 0; i < rc->n; i++) {
		struct recent_change *c = &rc->v[i];
		if (c->scope == NULL || strcmp(c->token_id, token_id) != 0)
			continue;
		correct(c, answer, whole);
		contradicted |= c->contradicted;
	}
	return contradicted;
}

bool recent_hides_token(struct recent_changes *rc, const char *token_id)
{
	drop_old(rc);
	struct recent_change *c = find_token(rc, token_id);

	if (c == NULL)
		return false;
	c->contradicted = !c->added;
	return !c->added;
}

bool recent_keeps_token(struct recent_changes *rc, const char *token_id)
{
	drop_old(rc);
	struct recent_change *c = find_token(rc, token_id);

	if (c == NULL)
		return false;
	c->contradicted = c->added;
	return c->added;
}

bool recent_made(const struct recent_changes *rc, const char *token_id)
{
	const struct recent_change *c = find_token(rc, token_id);

	return c != NULL && c->added && c->until_ms > clock_real_ms(rc->clock);
}

bool recent_made_unlisted(const struct recent_changes *rc, const char *token_id)
{
	const struct recent_change *c = find_token(rc, token_id);

	return c != NULL && c->added && c->contradicted;
}

void recent_contradicted(const struct recent_changes *rc, const char *token_id,
			 const char *database_id, bool granted, struct scopes *out)
{
	for (size_t i = 0; i < rc->n; i++) {
		const struct recent_change *c = &rc->v[i];
		if (c->contradicted && c->added == granted && is_scope_of(c, token_id, database_id))
			scopes_add(out, c->scope);
	}
}
