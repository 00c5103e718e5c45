/* SPDX-License-Identifier: MIT */
/* model_permissions: what tokens may do and the files `permissions`, part of model. */
#include "cache/model.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"

static void permissions_free(struct permissions *p)
{
	free(p->database_id);
	free(p);
}

void model_finish_permissions(struct token *t)
{
	for (size_t i = 0; i < t->n_files; i++)
		permissions_free(t->files[i]);
	free(t->files);
}

const char *grant_database_id(const struct grant *g)
{
	return g->resource_id != NULL ? g->resource_id : g->resource_name;
}

static bool grant_is(const struct grant *g, const char *database_id)
{
	if (g->deleted)
		return false;
	if (database_id == NULL)
		return g->level == GRANT_ORGANIZATION;
	return g->level == GRANT_DATABASE && str_eq(grant_database_id(g), database_id);
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
	int64_t created_s = time_parse(t->r.created_at);

	return created_s >= 0 ? created_s * 1000000000 : t->org->model->born_ns;
}

static struct permissions *find_permissions(const struct token *t, const char *database_id)
{
	for (size_t i = 0; i < t->n_files; i++)
		if (str_eq(t->files[i]->database_id, database_id))
			return t->files[i];
	return NULL;
}

struct permissions *model_permissions(struct token *t, const char *database_id)
{
	struct permissions *p = find_permissions(t, database_id);

	if (p != NULL)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->database_id = xstrdup(database_id);
	p->mtime_ns = first_mtime_ns(t);
	t->files = xrealloc(t->files, (t->n_files + 1) * sizeof(*t->files));
	t->files[t->n_files++] = p;
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

static bool same_scopes(const struct grant *a, const struct grant *b)
{
	static const struct scopes none = SCOPES_INIT;

	return scopes_equal(a != NULL ? &a->scopes : &none, b != NULL ? &b->scopes : &none);
}

static void touch_changed(struct token *t, const struct grants *was, const struct grants *now)
{
	for (size_t i = 0; i < was->n; i++) {
		const struct grant *g = &was->v[i];
		const char *id = g->level == GRANT_ORGANIZATION ? NULL : grant_database_id(g);
		if (g->level != GRANT_OTHER && !g->deleted && !same_scopes(g, find_grant(now, id)))
			touch(t, id);
	}
	for (size_t i = 0; i < now->n; i++) {
		const struct grant *g = &now->v[i];
		const char *id = g->level == GRANT_ORGANIZATION ? NULL : grant_database_id(g);
		if (g->level != GRANT_OTHER && !g->deleted && find_grant(was, id) == NULL &&
		    g->scopes.n > 0)
			touch(t, id);
	}
}

static void replace_grants(struct token *t, struct grants *g)
{
	struct grants was = t->r.grants;

	t->r.grants = *g;
	*g = (struct grants)GRANTS_INIT;
	if (t->grants.has_data)
		touch_changed(t, &was, &t->r.grants);
	grants_finish(&was);
}

bool model_apply_grants(struct token *t, struct grants *g)
{
	bool contradicted = recent_correct(&t->org->model->recent, t->r.id, g, true);

	replace_grants(t, g);
	return contradicted;
}

void model_merge_grants(struct token *t, struct grants *g)
{
	struct grants both = GRANTS_INIT;

	recent_correct(&t->org->model->recent, t->r.id, g, false);
	grants_copy(&both, &t->r.grants);
	grants_merge(&both, g);
	replace_grants(t, &both);
}
