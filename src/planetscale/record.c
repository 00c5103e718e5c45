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

/* The resource, for one user. The texts may be NULL, except the type. */
static const struct granted_on *resource(const char *type, const char *id, const char *name,
					 bool deleted)
{
	struct granted_on on = {
		.level = grant_level_of(type),
		.deleted = deleted,
		.type = intern(type),
		.id = intern(id),
		.name = intern(name),
	};

	_Static_assert(sizeof(on) == sizeof(on.level) + sizeof(on.deleted) + 3 * sizeof(on.type),
		       "interned: no padding");
	return intern_block(&on, sizeof(on));
}

static const struct granted_on *resource_again(const struct granted_on *on)
{
	intern_again(on->type);
	intern_again(on->id);
	intern_again(on->name);
	return intern_again(on);
}

static void resource_release(const struct granted_on *on)
{
	intern_release(on->type);
	intern_release(on->id);
	intern_release(on->name);
	intern_release(on);
}

void grants_finish(struct grants *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		resource_release(g->v[i].on);
		scopes_finish(&g->v[i].scopes);
	}
	free(g->v);
	*g = (struct grants)GRANTS_INIT;
}

/* Not xgrow(), which knows how long an array is only if it has never been cut. */
static void set_room(struct grants *g, unsigned room)
{
	struct grant *v = xmalloc(room * sizeof(*v));

	if (g->n > 0)
		memcpy(v, g->v, g->n * sizeof(*v));
	free(g->v);
	g->v = v;
	g->room = room;
}

/* A grant without scopes; `on` is moved in. */
static struct grant *append(struct grants *g, const struct granted_on *on)
{
	if (g->n == g->room)
		set_room(g, 2 * g->n + 1);
	struct grant *grant = &g->v[g->n++];
	*grant = (struct grant){on, SCOPES_INIT};
	return grant;
}

struct grant *grants_add(struct grants *g, const char *type, const char *id, const char *name)
{
	return append(g, resource(type, id, name, false));
}

static void set_resource(struct grant *grant, const char *id, const char *name, bool deleted)
{
	const struct granted_on *was = grant->on;

	grant->on = resource(was->type, id, name, deleted);
	resource_release(was);
}

void grant_set_deleted(struct grant *grant)
{
	if (!grant->on->deleted)
		set_resource(grant, grant->on->id, grant->on->name, true);
}

static bool is_on(const struct granted_on *on, const char *type, const char *id, const char *name)
{
	if (strcmp(on->type, type) != 0)
		return false;
	if (on->id != NULL && id != NULL)
		return strcmp(on->id, id) == 0;
	if (on->name != NULL && name != NULL)
		return strcmp(on->name, name) == 0;
	return on->id == NULL && id == NULL && on->name == name;
}

struct grant *grants_find(struct grants *g, const char *type, const char *id, const char *name)
{
	for (unsigned i = g->n; i-- > 0;)
		if (is_on(g->v[i].on, type, id, name))
			return &g->v[i];
	return NULL;
}

struct grant *grants_at(struct grants *g, const char *type, const char *id, const char *name)
{
	struct grant *grant = grants_find(g, type, id, name);

	if (grant == NULL)
		return grants_add(g, type, id, name);
	const struct granted_on *on = grant->on;
	if ((on->id == NULL && id != NULL) || (on->name == NULL && name != NULL))
		set_resource(grant, on->id != NULL ? on->id : id,
			     on->name != NULL ? on->name : name, on->deleted);
	return grant;
}

void grants_compact(struct grants *g)
{
	if (g->n == 0)
		grants_finish(g);
	else if (g->n < g->room)
		set_room(g, g->n);
	for (unsigned i = 0; i < g->n; i++)
		scopes_share(&g->v[i].scopes);
}

void grants_copy(struct grants *to, const struct grants *from)
{
	struct grants copy = GRANTS_INIT;

	if (from->n > 0)
		set_room(&copy, from->n);
	for (unsigned i = 0; i < from->n; i++) {
		struct grant *t = append(&copy, resource_again(from->v[i].on));
		scopes_copy(&t->scopes, &from->v[i].scopes);
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
	for (unsigned i = 0; i < from->n; i++) {
		const struct granted_on *on = from->v[i].on;
		struct grant *t = grants_at(to, on->type, on->id, on->name);
		if (on->deleted)
			grant_set_deleted(t);
		scopes_merge(&t->scopes, &from->v[i].scopes);
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
