/* SPDX-License-Identifier: MIT */
#include "cache/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/model_internal.h"
#include "cache/names.h"

/* The wall clock goes back by more than this only when it is set. */
#define CLOCK_STEP_NS 1000000000

static int64_t wall_ns(const struct model *m)
{
	return clock_wall_ns(m->cache->clock);
}

void model_note(const struct organization *o, enum model_change what, const char *token_id,
		const char *database_id)
{
	const struct model *m = o->model;

	if (m->changed != NULL)
		m->changed(m->changed_ctx, what, o, token_id, database_id);
}

int64_t model_time_seen(const struct model *m, int64_t *ns, int64_t given_ns)
{
	int64_t now = wall_ns(m);

	if (*ns != given_ns && *ns > now + CLOCK_STEP_NS)
		*ns = now;
	return *ns;
}

/* --- organizations ---------------------------------------------------------------------------- */

static void organization_free(struct organization *o)
{
	resource_finish(&o->databases);
	resource_finish(&o->tokens);
	model_finish_databases(o);
	audit_log_finish(&o->audit_log);
	for (size_t i = 0; i < o->n_tokens; i++)
		model_token_free(o->token[i]);
	free(o->token);
	free(o->token_by_id);
	free(o->file_name);
	organization_record_finish(&o->r);
	free(o);
}

static struct organization *organization_new(struct model *m, struct organization_record *r)
{
	struct organization *o = xcalloc(1, sizeof(*o));
	int64_t created_s = time_parse(r->created_at);

	o->model = m;
	o->r = *r;
	memset(r, 0, sizeof(*r));
	o->tokens_mtime_ns = created_s >= 0 ? created_s * 1000000000 : m->born_ns;
	resource_init(&o->databases, &m->kinds.databases);
	resource_init(&o->tokens, &m->kinds.tokens);
	audit_log_init(&o->audit_log, &m->kinds.audit_log);
	return o;
}

struct organization *model_organization(const struct model *m, const char *id)
{
	for (size_t i = 0; i < m->n_organizations; i++)
		if (strcmp(m->organization[i]->r.id, id) == 0)
			return m->organization[i];
	return NULL;
}

struct organization *model_organization_named(const struct model *m, const char *file_name)
{
	for (size_t i = 0; i < m->n_organizations; i++)
		if (strcmp(m->organization[i]->file_name, file_name) == 0)
			return m->organization[i];
	return NULL;
}

static int by_organization_file_name(const void *a, const void *b)
{
	return strcmp((*(struct organization *const *)a)->file_name,
		      (*(struct organization *const *)b)->file_name);
}

static void name_organizations(struct organization **v, size_t n)
{
	struct named *names = xcalloc(n, sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = (struct named){v[i]->r.id, v[i]->r.name, NULL};
	names_assign(names, n);
	for (size_t i = 0; i < n; i++) {
		free(v[i]->file_name);
		v[i]->file_name = names[i].file_name;
	}
	free(names);
	if (n > 0)
		qsort(v, n, sizeof(*v), by_organization_file_name);
}

static bool has_organization(struct organization *const *v, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i]->r.id, id) == 0)
			return true;
	return false;
}

void model_apply_organizations(struct model *m, struct organization_records *list)
{
	struct organization **next = xcalloc(list->n, sizeof(*next));
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct organization_record *r = &list->v[i];
		if (has_organization(next, n, r->id))
			continue;
		struct organization *o = model_organization(m, r->id);
		if (o == NULL) {
			o = organization_new(m, r);
		} else {
			if (!str_eq(o->r.info, r->info))
				model_note(o, MODEL_ORGANIZATION, NULL, NULL);
			organization_record_finish(&o->r);
			o->r = *r;
			memset(r, 0, sizeof(*r));
		}
		next[n++] = o;
	}
	for (size_t i = 0; i < m->n_organizations; i++)
		if (!has_organization(next, n, m->organization[i]->r.id)) {
			model_note(m->organization[i], MODEL_ORGANIZATION, NULL, NULL);
			organization_free(m->organization[i]);
		}
	free(m->organization);
	m->organization = next;
	m->n_organizations = n;
	name_organizations(next, n);
	organization_records_finish(list);
}

/* --- the whole -------------------------------------------------------------------------------- */

void model_init(struct model *m, struct cache *cache, const struct model_sources *sources)
{
	*m = (struct model){.cache = cache};
	m->kinds = (struct model_kinds){
		.organizations = {cache, sources->organizations, sources->ctx},
		.databases = {cache, sources->databases, sources->ctx},
		.tokens = {cache, sources->tokens, sources->ctx},
		.grants = {cache, sources->grants, sources->ctx},
		.audit_log = {cache, sources->audit_log, sources->ctx},
	};
	m->born_ns = wall_ns(m);
	recent_init(&m->recent, cache->clock);
	resource_init(&m->organizations, &m->kinds.organizations);
}

void model_finish(struct model *m)
{
	resource_finish(&m->organizations);
	for (size_t i = 0; i < m->n_organizations; i++)
		organization_free(m->organization[i]);
	free(m->organization);
	while (m->n_kept > 0)
		model_drop_secret(m, m->kept[0].token_id);
	free(m->kept);
	recent_finish(&m->recent);
	*m = (struct model){.cache = m->cache};
}

void model_expire(struct model *m)
{
	resource_expire(&m->organizations);
	for (size_t i = 0; i < m->n_organizations; i++) {
		struct organization *o = m->organization[i];
		resource_expire(&o->databases);
		resource_expire(&o->tokens);
		resource_expire(&o->audit_log.resource);
		for (size_t j = 0; j < o->n_tokens; j++)
			resource_expire(&o->token[j]->grants);
	}
}
