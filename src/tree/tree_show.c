/* SPDX-License-Identifier: MIT */
#include "tree/tree_show.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "planetscale/decode.h"
#include "planetscale/known_scopes.h"

static int line(struct buf *out, const char *value)
{
	if (value != NULL && value[0] != '\0')
		buf_addf(out, "%s\n", value);
	return 0;
}

/* --- .pscalefs -------------------------------------------------------------------------------- */

int show_status(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	(void)w;
	(void)v;
	t->status(t->status_ctx, out);
	return 0;
}

int show_errors(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	(void)w;
	(void)v;
	error_log_print(t->error_log, out);
	return 0;
}

int show_scopes_organization(struct tree *t, struct waiter *w, const struct tree_objects *v,
			     struct buf *out)
{
	(void)t;
	(void)w;
	(void)v;
	known_scopes_print(SCOPE_ORGANIZATION, out);
	return 0;
}

int show_scopes_database(struct tree *t, struct waiter *w, const struct tree_objects *v,
			 struct buf *out)
{
	(void)t;
	(void)w;
	(void)v;
	known_scopes_print(SCOPE_DATABASE, out);
	return 0;
}

int show_nothing(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	(void)t;
	(void)w;
	(void)v;
	(void)out;
	return 0;
}

/* --- organizations and databases -------------------------------------------------------------- */

#define SHOW(name, expression)                                                                     \
	int name(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)  \
	{                                                                                          \
		(void)t;                                                                           \
		(void)w;                                                                           \
		return line(out, expression);                                                      \
	}

SHOW(show_database_id, v->database->r.id)
SHOW(show_database_region, v->database->r.region)
SHOW(show_database_created_at, v->database->r.created_at)
SHOW(show_token_id, v->token->r.id)
SHOW(show_token_name, v->token->r.name)
SHOW(show_token_created_at, token_record_text(&v->token->r, TOKEN_CREATED_AT))
SHOW(show_token_created_by, token_record_text(&v->token->r, TOKEN_CREATED_BY))
SHOW(show_token_expires_at, token_record_text(&v->token->r, TOKEN_EXPIRES_AT))
SHOW(show_token_last_used_at, token_record_text(&v->token->r, TOKEN_LAST_USED_AT))

/* For members that are only shown, and therefore in no record: the row of the table names the
 * member of the object's JSON text. */
int show_member(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	cleanup(buf_finish) struct buf of_token = BUF_INIT;
	cleanup(json_free) struct cJSON *object = NULL;

	if (v->database == NULL && v->token != NULL)
		token_record_info(&v->token->r, &of_token);
	const char *info = v->database != NULL ? v->database->r.info
			   : v->token != NULL  ? buf_str(&of_token)
					       : v->organization->r.info;
	int r = json_parse(info, strlen(info), DECODE_DEPTH_MAX, &object, &w->error);

	(void)t;
	return r != 0 ? r : line(out, json_text(object, tree_member(v->key.kind)));
}

int show_organization_info(struct tree *t, struct waiter *w, const struct tree_objects *v,
			   struct buf *out)
{
	(void)t;
	(void)w;
	buf_add_json_lines(out, v->organization->r.info);
	return 0;
}

int show_audit_log(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	struct audit_log *log = &v->organization->audit_log;
	int r = resource_need(&log->resource, w);

	(void)t;
	if (r == 0)
		buf_add(out, buf_str(&log->text), log->text.len);
	return r;
}

/* 0 until it is read, because `ls -l` and find(1) must not fetch a long log. */
size_t size_audit_log(const struct tree_objects *v)
{
	return v->organization->audit_log.text.len;
}

int show_database_info(struct tree *t, struct waiter *w, const struct tree_objects *v,
		       struct buf *out)
{
	(void)t;
	(void)w;
	buf_add_json_lines(out, v->database->r.info);
	return 0;
}

int show_database_access(struct tree *t, struct waiter *w, const struct tree_objects *v,
			 struct buf *out)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->tokens, w);

	if (r == 0)
		r = store_need_all_grants(t->store, w, o);
	for (size_t i = 0; r == 0 && i < o->n_tokens; i++) {
		const struct grant *g = model_grant(o->token[i], v->key.target.database_id);
		if (g == NULL || g->scopes.n == 0)
			continue;
		buf_addf(out, "%s\t", o->token[i]->file_name);
		scopes_print(&g->scopes, ' ', out);
		out->data[out->len - 1] = '\n'; /* the last separator ends the line */
	}
	return r;
}

int show_token_link(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	(void)t;
	(void)w;
	buf_addf(out, "../../../service-tokens/%s", v->token->file_name);
	return 0;
}

int show_by_id_link(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	(void)t;
	(void)w;
	buf_addf(out, "../service-tokens/%s", v->token->file_name);
	return 0;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static void add_member(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, ",\"%s\":", key);
	if (value != NULL)
		buf_add_json(out, value);
	else
		buf_adds(out, "null");
}

/* The JSON text of the API; the grants that are known now replace those that came with it. */
int show_token_info(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	const struct grants *all = &v->token->r.grants;
	cleanup(buf_finish) struct buf text = BUF_INIT;
	bool first = true;
	int r = store_need_grants(t->store, w, v->token);

	if (r != 0)
		return r;
	token_record_info(&v->token->r, &text);
	buf_resize(&text, text.len - 1); /* the last brace */
	buf_adds(&text, ",\"service_token_accesses\":[");
	for (size_t i = 0; i < all->n; i++) {
		const struct grant *g = &all->v[i];
		for (size_t j = 0; j < g->scopes.n; j++) {
			buf_addf(&text, "%s{\"access\":", first ? "" : ",");
			buf_add_json(&text, g->scopes.v[j]);
			add_member(&text, "resource_type", g->on->type);
			add_member(&text, "resource_name", g->on->name);
			add_member(&text, "resource_id", g->on->id);
			buf_addc(&text, '}');
			first = false;
		}
	}
	buf_adds(&text, "]}");
	buf_add_json_lines(out, buf_str(&text));
	return 0;
}

/* Room for a secret and the text around it: a buffer that grows would leave a copy in freed
 * memory. */
#define SECRET_ROOM 512

static int show_secret(struct tree *t, const struct tree_objects *v, const char *before_id,
		       const char *between, struct buf *out)
{
	const struct secret *secret = model_secret(t->model, v->token->r.id);

	if (secret == NULL)
		return -ENOENT;
	buf_reserve(out, SECRET_ROOM + secret_len(secret));
	if (before_id != NULL)
		buf_addf(out, "%s%s%s", before_id, v->token->r.id, between);
	buf_add(out, secret_expose(secret), secret_len(secret));
	buf_addc(out, '\n');
	return 0;
}

int show_token_secret(struct tree *t, struct waiter *w, const struct tree_objects *v,
		      struct buf *out)
{
	(void)w;
	return show_secret(t, v, NULL, NULL, out);
}

int show_token_env(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	(void)w;
	return show_secret(t, v,
			   "PLANETSCALE_SERVICE_TOKEN_ID=", "\nPLANETSCALE_SERVICE_TOKEN=", out);
}

int show_token_header(struct tree *t, struct waiter *w, const struct tree_objects *v,
		      struct buf *out)
{
	(void)w;
	return show_secret(t, v, "Authorization: ", ":", out);
}

int show_permissions(struct tree *t, struct waiter *w, const struct tree_objects *v,
		     struct buf *out)
{
	int r = store_need_grants(t->store, w, v->token);

	if (r != 0)
		return r;
	const struct grant *g = model_grant(v->token, v->key.target.database_id);
	if (g != NULL)
		scopes_print(&g->scopes, '\n', out);
	return 0;
}

int show_scratch(struct tree *t, struct waiter *w, const struct tree_objects *v, struct buf *out)
{
	(void)t;
	(void)w;
	if (v->scratch->target != NULL)
		buf_adds(out, v->scratch->target);
	else
		buf_add(out, buf_str(&v->scratch->text), v->scratch->text.len);
	return 0;
}
