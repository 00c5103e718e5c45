/* SPDX-License-Identifier: MIT */
#include "tree/tree_children.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "cache/names.h"

static uint64_t inode_of(enum tree_kind kind, const char *organization_id, const char *token_id,
			 const char *database_id)
{
	struct inode_key p = {.kind = kind,
			      .target.organization_id = organization_id,
			      .target.token_id = token_id,
			      .target.database_id = database_id};

	return inode_number(&p);
}

/* `-o org=` or PLANETSCALE_ORG shows one organization only. */
static bool shown(const struct tree *t, const struct organization *o)
{
	return t->organization == NULL || str_eq(t->organization, o->r.name);
}

int list_organizations(struct tree *t, struct waiter *w, const struct tree_objects *v,
		       tree_emit *emit, void *ctx)
{
	int r = resource_need(&t->model->organizations, w);

	(void)v;
	for (size_t i = 0; r == 0 && i < t->model->n_organizations; i++) {
		const struct organization *o = t->model->organization[i];
		if (shown(t, o))
			emit(ctx, o->file_name, DIR,
			     inode_of(TREE_ORGANIZATION, o->r.id, NULL, NULL));
	}
	return r;
}

int find_organization(struct tree *t, struct waiter *w, const struct tree_objects *v,
		      const char *name, struct inode_key *out)
{
	int r = resource_need(&t->model->organizations, w);
	struct organization *o = r != 0 ? NULL : model_organization_named(t->model, name);

	(void)v;
	if (r != 0)
		return r;
	if (o == NULL || !shown(t, o))
		return -ENOENT;
	*out = (struct inode_key){.kind = TREE_ORGANIZATION, .target.organization_id = o->r.id};
	return 0;
}

int list_databases(struct tree *t, struct waiter *w, const struct tree_objects *v, tree_emit *emit,
		   void *ctx)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->databases, w);

	(void)t;
	for (size_t i = 0; r == 0 && i < o->n_databases; i++)
		emit(ctx, o->database[i]->file_name, DIR,
		     inode_of(TREE_DATABASE, o->r.id, NULL, o->database[i]->r.id));
	return r;
}

/* PlanetScale leaves out what a service token may not see, so the database may exist: explain that
 * if the credential may lack the permission. */
static int no_database(const struct tree *t, struct waiter *w)
{
	enum api_right right = store_right(t->store, API_READ_DATABASES);

	if (right == API_RIGHT_LACKING || right == API_RIGHT_DOUBTFUL) {
		error_set(&w->error, ENOENT, "PlanetScale shows no database of this name");
		error_hint(&w->error,
			   "it leaves out what the credential may not see: a service token needs "
			   "%s to see all",
			   API_READ_DATABASES);
	}
	return -ENOENT;
}

int find_database(struct tree *t, struct waiter *w, const struct tree_objects *v, const char *name,
		  struct inode_key *out)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->databases, w);
	struct database *d = r != 0 ? NULL : model_database_named(o, name);

	if (r != 0)
		return r;
	if (d == NULL)
		return no_database(t, w);
	*out = (struct inode_key){.kind = TREE_DATABASE,
				  .target.organization_id = o->r.id,
				  .target.database_id = d->r.id};
	return 0;
}

int stamp_tokens(struct waiter *w, const struct tree_objects *v, uint64_t *stamp)
{
	int r = resource_need(&v->organization->tokens, w);

	*stamp = v->organization->tokens_ordered;
	return r;
}

int list_tokens(struct tree *t, struct waiter *w, const struct tree_objects *v, tree_emit *emit,
		void *ctx)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->tokens, w);

	(void)t;
	for (size_t i = 0; r == 0 && i < o->n_tokens; i++)
		emit(ctx, o->token[i]->file_name, DIR,
		     inode_of(TREE_TOKEN, o->r.id, o->token[i]->r.id, NULL));
	return r;
}

/* The key of a token that was looked up with the result `r`; `token` is NULL if there is none. */
static int token_key(int r, enum tree_kind kind, const struct organization *o,
		     const struct token *token, struct inode_key *out)
{
	if (r != 0)
		return r;
	if (token == NULL)
		return -ENOENT;
	*out = (struct inode_key){
		.kind = kind, .target.organization_id = o->r.id, .target.token_id = token->r.id};
	return 0;
}

int find_token(struct tree *t, struct waiter *w, const struct tree_objects *v, const char *name,
	       struct inode_key *out)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->tokens, w);

	(void)t;
	return token_key(r, TREE_TOKEN, o, r != 0 ? NULL : model_token_named(o, name), out);
}

int list_id_links(struct tree *t, struct waiter *w, const struct tree_objects *v, tree_emit *emit,
		  void *ctx)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->tokens, w);

	(void)t;
	for (size_t i = 0; r == 0 && i < o->n_tokens; i++)
		emit(ctx, o->token_by_id[i]->r.id, LINK,
		     inode_of(TREE_BY_ID_TOKEN, o->r.id, o->token_by_id[i]->r.id, NULL));
	return r;
}

int find_id_link(struct tree *t, struct waiter *w, const struct tree_objects *v, const char *name,
		 struct inode_key *out)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->tokens, w);

	(void)t;
	return token_key(r, TREE_BY_ID_TOKEN, o, r != 0 ? NULL : model_token(o, name), out);
}

static bool touches(const struct token *token, const char *database_id)
{
	const struct grant *g = model_grant(token, database_id);

	return g != NULL && g->scopes.n > 0;
}

int list_token_links(struct tree *t, struct waiter *w, const struct tree_objects *v,
		     tree_emit *emit, void *ctx)
{
	struct organization *o = v->organization;
	const char *database_id = v->key.target.database_id;
	int r = resource_need(&o->tokens, w);

	if (r == 0)
		r = store_need_all_grants(t->store, w, o);
	for (size_t i = 0; r == 0 && i < o->n_tokens; i++)
		if (touches(o->token[i], database_id))
			emit(ctx, o->token[i]->file_name, LINK,
			     inode_of(TREE_DATABASE_TOKEN, o->r.id, o->token[i]->r.id,
				      database_id));
	return r;
}

int find_token_link(struct tree *t, struct waiter *w, const struct tree_objects *v,
		    const char *name, struct inode_key *out)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->tokens, w);
	struct token *token = r != 0 ? NULL : model_token_named(o, name);

	(void)t;
	if (r == 0 && token != NULL)
		r = resource_need(&token->grants, w);
	if (r != 0)
		return r;
	if (token == NULL || !touches(token, v->key.target.database_id))
		return -ENOENT;
	*out = (struct inode_key){.kind = TREE_DATABASE_TOKEN,
				  .target.organization_id = o->r.id,
				  .target.token_id = token->r.id,
				  .target.database_id = v->key.target.database_id};
	return 0;
}

/* The file name of a grant's database: the one of the list, if the database is there. */
static void grant_file_name(const struct organization *o, const struct grant *g, struct buf *out)
{
	const struct database *d = model_database(o, grant_database_id(g));

	if (d != NULL)
		buf_adds(out, d->file_name);
	else
		name_encode(g->on->name, strlen(g->on->name), out);
	if (out->len > FILE_NAME_MAX) { /* see names_assign() */
		buf_clear(out);
		buf_addf(out, "@%s", grant_database_id(g));
	}
}

/* Does the grant have a directory here? Not if its database has no name, or is deleted. */
static bool database_grant(const struct grant *g)
{
	return g->on->level == GRANT_DATABASE && !g->on->deleted && g->scopes.n > 0 &&
	       g->on->name != NULL;
}

/* Does its name mean another database of the list, because its own was deleted and made again? */
static bool name_taken(const struct organization *o, const struct grant *g, const char *file_name)
{
	const struct database *d = model_database_named(o, file_name);

	return d != NULL && !str_eq(d->r.id, grant_database_id(g));
}

/* The directory lists only the databases that the token has permissions on … */
int list_token_databases(struct tree *t, struct waiter *w, const struct tree_objects *v,
			 tree_emit *emit, void *ctx)
{
	const struct grants *all = &v->token->r.grants;
	int r = store_need_grants(t->store, w, v->token);

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		struct buf name = BUF_INIT;
		if (!database_grant(&all->v[i]))
			continue;
		grant_file_name(v->organization, &all->v[i], &name);
		if (!name_taken(v->organization, &all->v[i], buf_str(&name)))
			emit(ctx, buf_str(&name), DIR,
			     inode_of(TREE_TOKEN_DATABASE, v->organization->r.id, v->token->r.id,
				      grant_database_id(&all->v[i])));
		buf_finish(&name);
	}
	return r;
}

static const char *granted_database(const struct tree_objects *v, const char *name)
{
	const struct grants *all = &v->token->r.grants;
	const char *found = NULL;

	for (size_t i = 0; i < all->n && found == NULL; i++) {
		struct buf file_name = BUF_INIT;
		if (!database_grant(&all->v[i]))
			continue;
		grant_file_name(v->organization, &all->v[i], &file_name);
		if (strcmp(buf_str(&file_name), name) == 0)
			found = grant_database_id(&all->v[i]);
		buf_finish(&file_name);
	}
	return found;
}

/*
 * … but finds every database of the organization, so that a first grant needs no mkdir. The token's
 * grants are needed only if the name is not in the list, or the list cannot be fetched.
 */
int find_token_database(struct tree *t, struct waiter *w, const struct tree_objects *v,
			const char *name, struct inode_key *out)
{
	struct inode_key database = {0};
	int r = find_database(t, w, v, name, &database);
	const char *id = database.target.database_id;

	if (r == WAIT)
		return r;
	if (r != 0) {
		struct error why = w->error;
		int again = store_need_grants(t->store, w, v->token);
		if (again != 0)
			return again;
		id = granted_database(v, name);
		w->error = why;
		if (id == NULL)
			return r;
	}
	*out = (struct inode_key){.kind = TREE_TOKEN_DATABASE,
				  .target.organization_id = v->organization->r.id,
				  .target.token_id = v->token->r.id,
				  .target.database_id = id};
	return 0;
}
