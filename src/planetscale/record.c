/* SPDX-License-Identifier: MIT */
#include "planetscale/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xmalloc.h"

enum grant_level grant_level_of(const char *resource_type)
{
	if (strcmp(resource_type, "Database") == 0)
		return GRANT_DATABASE;
	if (strcmp(resource_type, "Organization") == 0)
		return GRANT_ORGANIZATION;
	return GRANT_OTHER;
}

void grants_finish(struct grants *g)
{
	for (size_t i = 0; i < g->n; i++) {
		intern_release(g->v[i].resource_type);
		intern_release(g->v[i].resource_id);
		intern_release(g->v[i].resource_name);
		scopes_finish(&g->v[i].scopes);
	}
	free(g->v);
	g->v = NULL;
	g->n = 0;
}

struct grant *grants_add(struct grants *g, const char *type, const char *id, const char *name)
{
	g->v = xgrow(g->v, g->n, sizeof(*g->v));
	struct grant *grant = &g->v[g->n++];
	*grant = (struct grant){
		.level = grant_level_of(type),
		.resource_type = intern(type),
		.resource_id = intern(id),
		.resource_name = intern(name),
		.scopes = SCOPES_INIT,
	};
	return grant;
}

static bool is_on(const struct grant *grant, const char *type, const char *id, const char *name)
{
	if (strcmp(grant->resource_type, type) != 0)
		return false;
	if (grant->resource_id != NULL && id != NULL)
		return strcmp(grant->resource_id, id) == 0;
	if (grant->resource_name != NULL && name != NULL)
		return strcmp(grant->resource_name, name) == 0;
	return grant->resource_id == NULL && id == NULL && grant->resource_name == name;
}

struct grant *grants_find(struct grants *g, const char *type, const char *id, const char *name)
{
	for (size_t i = g->n; i-- > 0;)
		if (is_on(&g->v[i], type, id, name))
			return &g->v[i];
	return NULL;
}

struct grant *grants_at(struct grants *g, const char *type, const char *id, const char *name)
{
	struct grant *grant = grants_find(g, type, id, name);

	if (grant == NULL)
		return grants_add(g, type, id, name);
	if (grant->resource_id == NULL)
		grant->resource_id = intern(id);
	if (grant->resource_name == NULL)
		grant->resource_name = intern(name);
	return grant;
}

void grants_copy(struct grants *to, const struct grants *from)
{
	struct grants copy = GRANTS_INIT;

	for (size_t i = 0; i < from->n; i++) {
		const struct grant *f = &from->v[i];
		struct grant *t =
			grants_add(&copy, f->resource_type, f->resource_id, f->resource_name);
		t->deleted = f->deleted;
		scopes_copy(&t->scopes, &f->scopes);
	}
	grants_finish(to);
	*to = copy;
}

void grants_merge(struct grants *to, const struct grants *from)
{
	if (to == from)
		return;
	if (to->n == 0) {
		grants_copy(to, from);
		return;
	}
	for (size_t i = 0; i < from->n; i++) {
		const struct grant *f = &from->v[i];
		struct grant *t = grants_at(to, f->resource_type, f->resource_id, f->resource_name);
		t->deleted = t->deleted || f->deleted;
		scopes_merge(&t->scopes, &f->scopes);
	}
}

void organization_record_finish(struct organization_record *r)
{
	free(r->id);
	free(r->name);
	free(r->created_at);
	free(r->updated_at);
	free(r->info);
	*r = (struct organization_record){0};
}

void database_record_finish(struct database_record *r)
{
	free(r->id);
	free(r->name);
	free(r->region);
	free(r->created_at);
	free(r->updated_at);
	free(r->info);
	*r = (struct database_record){0};
}

void token_record_finish(struct token_record *r)
{
	free(r->id);
	free(r->name);
	free(r->created_at);
	free(r->updated_at);
	free(r->expires_at);
	free(r->last_used_at);
	free(r->created_by);
	free(r->info);
	grants_finish(&r->grants);
	*r = (struct token_record){0};
}

void audit_record_finish(struct audit_record *r)
{
	free(r->id);
	free(r->created_at);
	free(r->action);
	free(r->actor);
	free(r->target);
	free(r->target_id);
	free(r->within);
	free(r->address);
	free(r->metadata);
	*r = (struct audit_record){0};
}

void organization_records_append(struct organization_records *l, struct organization_record *r)
{
	l->v = xgrow(l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = *r;
	*r = (struct organization_record){0};
}

void database_records_append(struct database_records *l, struct database_record *r)
{
	l->v = xgrow(l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = *r;
	*r = (struct database_record){0};
}

void token_records_append(struct token_records *l, struct token_record *r)
{
	l->v = xgrow(l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = *r;
	*r = (struct token_record){0};
}

void audit_records_append(struct audit_records *l, struct audit_record *r)
{
	l->v = xgrow(l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = *r;
	*r = (struct audit_record){0};
}

void organization_records_finish(struct organization_records *l)
{
	for (size_t i = 0; i < l->n; i++)
		organization_record_finish(&l->v[i]);
	free(l->v);
	*l = (struct organization_records){0};
}

void database_records_finish(struct database_records *l)
{
	for (size_t i = 0; i < l->n; i++)
		database_record_finish(&l->v[i]);
	free(l->v);
	*l = (struct database_records){0};
}

void token_records_finish(struct token_records *l)
{
	for (size_t i = 0; i < l->n; i++)
		token_record_finish(&l->v[i]);
	free(l->v);
	*l = (struct token_records){0};
}

void audit_records_finish(struct audit_records *l)
{
	for (size_t i = 0; i < l->n; i++)
		audit_record_finish(&l->v[i]);
	free(l->v);
	*l = (struct audit_records){0};
}
