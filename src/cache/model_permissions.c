/* SPDX-License-Identifier: MIT */
/* model_permissions: what tokens may do and the files `permissions`, part of model. */
#include "cache/model.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/model_internal.h"

static void turned_drop(struct turned *turned)
{
	scopes_finish(&turned->appeared);
	scopes_finish(&turned->vanished);
}

static void permissions_free(struct permissions *p)
{
	turned_drop(&p->turned);
	free(p->database_id);
	free(p);
}

void model_finish_permissions(struct token *t)
{
	while (t->files != NULL) {
		struct permissions *p = t->files;
		t->files = p->next;
		permissions_free(p);
	}
}

const char *grant_database_id(const struct grant *g)
{
	return g->on->id != NULL ? g->on->id : g->on->name;
}

static bool grant_is(const struct grant *g, const char *database_id)
{
	if (g->on->deleted)
		return false;
	if (database_id == NULL)
		return g->on->level == GRANT_ORGANIZATION;
	return g->on->level == GRANT_DATABASE && str_eq(grant_database_id(g), database_id);
}

static struct grant *find_grant(const struct grants *grants, const char *database_id)
{
	for (size_t i = 0; i < grants->n; i++)
		if (grant_is(&grants->v[i], database_id))
			return &grants->v[i];
	return NULL;
}

struct grant *model_grant(const struct token *t, const char *database_id)
{
	return find_grant(&t->r.grants, database_id);
}

static int64_t first_mtime_ns(const struct token *t)
{
	int64_t created_s = time_parse(token_record_text(&t->r, TOKEN_CREATED_AT));

	return created_s >= 0 ? created_s * 1000000000 : t->org->model->born_ns;
}

static struct permissions *find_permissions(const struct token *t, const char *database_id)
{
	struct permissions *p = t->files;

	while (p != NULL && !str_eq(p->database_id, database_id))
		p = p->next;
	return p;
}

struct permissions *model_permissions(struct token *t, const char *database_id)
{
	struct permissions *p = find_permissions(t, database_id);

	if (p != NULL)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->database_id = xstrdup(database_id);
	p->mtime_ns = first_mtime_ns(t);
	p->next = t->files;
	t->files = p;
	return p;
}

int64_t model_mtime_ns(struct token *t, const char *database_id)
{
	struct permissions *p = find_permissions(t, database_id);

	return p != NULL ? model_time_seen(t->org->model, &p->mtime_ns, first_mtime_ns(t))
			 : first_mtime_ns(t);
}

/* The content has changed: the mtime must change too, and must not go back. */
static void touch(struct token *t, const char *database_id)
{
	struct permissions *p = model_permissions(t, database_id);
	int64_t now = clock_wall_ns(t->org->model->cache->clock);
	int64_t was = model_mtime_ns(t, database_id);

	p->mtime_ns = now > was ? now : was + 1;
	model_note(t->org, MODEL_GRANTS, t->r.id, database_id);
}

/* --- answers that differ ---------------------------------------------------------------------- */

static int64_t real_ms(const struct token *t)
{
	return clock_real_ms(t->org->model->cache->clock);
}

static bool in_doubt(const struct token *t, const struct turned *turned)
{
	return turned->until_ms > real_ms(t);
}

const struct turned *model_turned(const struct token *t, const char *database_id)
{
	const struct permissions *p = find_permissions(t, database_id);

	return p != NULL && in_doubt(t, &p->turned) ? &p->turned : NULL;
}

bool model_vanished(const struct token *t)
{
	for (const struct permissions *p = t->files; p != NULL; p = p->next)
		if (p->turned.vanished.n > 0 && in_doubt(t, &p->turned))
			return true;
	return false;
}

void model_turned_settled(struct token *t, const char *database_id, const struct scopes *which)
{
	struct permissions *p = find_permissions(t, database_id);

	if (p == NULL)
		return;
	scopes_subtract(&p->turned.appeared, which);
	scopes_subtract(&p->turned.vanished, which);
}

static void note_turned(struct token *t, const char *database_id, const struct scopes *was,
			const struct scopes *now)
{
	struct turned *turned = &model_permissions(t, database_id)->turned;
	struct scopes appeared = SCOPES_INIT, vanished = SCOPES_INIT;

	if (!in_doubt(t, turned))
		turned_drop(turned);
	turned->until_ms = t->grants.landed_ms + RECENT_MS;
	scopes_copy(&appeared, now);
	scopes_subtract(&appeared, was);
	scopes_merge(&turned->appeared, &appeared);
	scopes_copy(&vanished, was);
	scopes_subtract(&vanished, now);
	scopes_merge(&turned->vanished, &vanished);
	scopes_finish(&appeared);
	scopes_finish(&vanished);
}

/* --- answers that are applied ----------------------------------------------------------------- */

static const struct scopes none = SCOPES_INIT;

static const struct scopes *scopes_of(const struct grant *g)
{
	return g != NULL ? &g->scopes : &none;
}

/* The content of a file differs: `answered`, in an answer that has all. */
static void file_changed(struct token *t, const char *database_id, const struct scopes *was,
			 const struct scopes *now, bool answered)
{
	touch(t, database_id);
	if (answered)
		note_turned(t, database_id, was, now);
}

static void files_changed(struct token *t, const struct grants *was, const struct grants *now,
			  bool answered)
{
	for (size_t i = 0; i < was->n; i++) {
		const struct grant *g = &was->v[i];
		const char *id = g->on->level == GRANT_ORGANIZATION ? NULL : grant_database_id(g);
		const struct scopes *then = scopes_of(find_grant(now, id));
		if (g->on->level != GRANT_OTHER && !g->on->deleted &&
		    !scopes_equal(&g->scopes, then))
			file_changed(t, id, &g->scopes, then, answered);
	}
	for (size_t i = 0; i < now->n; i++) {
		const struct grant *g = &now->v[i];
		const char *id = g->on->level == GRANT_ORGANIZATION ? NULL : grant_database_id(g);
		if (g->on->level != GRANT_OTHER && !g->on->deleted && find_grant(was, id) == NULL &&
		    g->scopes.n > 0)
			file_changed(t, id, &none, &g->scopes, answered);
	}
}

static void replace_grants(struct token *t, struct grants *g, bool answered)
{
	struct grants was = t->r.grants;

	t->r.grants = *g;
	grants_compact(&t->r.grants);
	*g = (struct grants)GRANTS_INIT;
	if (t->grants.has_data)
		files_changed(t, &was, &t->r.grants, answered);
	grants_finish(&was);
}

bool model_apply_grants(struct token *t, struct grants *g)
{
	bool contradicted = recent_correct(&t->org->model->recent, t->r.id, g, true);

	replace_grants(t, g, true);
	return contradicted;
}

void model_merge_grants(struct token *t, struct grants *g)
{
	struct grants both = GRANTS_INIT;

	recent_correct(&t->org->model->recent, t->r.id, g, false);
	grants_copy(&both, &t->r.grants);
	grants_merge(&both, g);
	replace_grants(t, &both, false);
}
