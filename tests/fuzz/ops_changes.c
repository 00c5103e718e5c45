/* SPDX-License-Identifier: MIT */
#include "ops_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "fuzz.h"
#include "ops_planetscale.h"

static struct fs *fs;
static struct http *http;
static struct list changes; /* the oldest first */

bool changes_none(void)
{
	return list_empty(&changes);
}

static void change_free(struct change *c)
{
	list_remove(&c->link);
	words_finish(&c->words);
	scopes_finish(&c->outgrown);
	scopes_finish(&c->grant);
	scopes_finish(&c->posted);
	scopes_finish(&c->deleted);
	target_finish(&c->target);
	free(c->body);
	free(c);
}

void changes_end(void)
{
	CHECK(changes_none());
}

struct change *change_new(enum change_kind kind, const struct target *target, store_done *done,
			  void *ctx)
{
	struct change *c = xcalloc(1, sizeof(*c));
	const struct op *op = ctx;

	c->kind = kind;
	c->done = done;
	c->ctx = ctx;
	c->target = target_copy(target);
	list_append(&changes, &c->link);
	if (done == op_done) {
		c->asked = op->req;
		CHECK(c->asked->op == op && !c->asked->caused);
		c->asked->caused = true;
		c->text = text_of(op->file);
		c->since = c->asked->began;
	}
	return c;
}

/* --- how one ends ----------------------------------------------------------------------------- */

static void failed(struct change *c)
{
	if (c->asked != NULL && c->asked->kind == OP_WRITE && c->text != NULL && !c->text->creates)
		c->text->refused = true;
}

/* What is done is confirmed, scope by scope, by answers to requests sent since. */
static void check_confirmed(const struct change *c)
{
	static const struct scopes none = SCOPES_INIT;
	const struct scopes *before = c->text != NULL ? &c->text->confirmed : &none;

	if (c->kind != CHANGE_ACCESS) {
		CHECK(c->well);
		/* What is not answered as documented is looked up. */
		CHECK(c->documented || rules_heard(NULL, c->answered_at, NULL, true));
		return;
	}
	CHECK(rules_heard(c->target.token_id, c->since, NULL, false) ||
	      (c->only_grants && scopes_subset(&c->grant, before)));
	for (size_t i = 0; i < c->grant.n; i++)
		CHECK(scopes_has(before, c->grant.v[i]) ||
		      rules_heard(c->target.token_id, c->since, c->grant.v[i], false));
	CHECK(c->deleted_at == 0 || rules_heard(c->target.token_id, c->deleted_at, NULL, true));
}

static void succeeded(struct change *c, const char *made_id)
{
	check_confirmed(c);
	if (c->asked != NULL) {
		c->asked->succeeded = true;
		snprintf(c->asked->made, sizeof(c->asked->made), "%s",
			 made_id != NULL ? made_id : "");
	}
	if (c->text == NULL)
		return;
	scopes_merge(&c->text->confirmed, &c->grant);
	scopes_subtract(&c->text->confirmed, &c->deleted);
}

void change_done(void *ctx, const struct store_outcome *outcome)
{
	struct change *c = ctx;
	store_done *done = c->done;
	void *done_ctx = c->ctx;

	CHECK(c->call == NULL);
	if (outcome->error == NULL)
		succeeded(c, outcome->made_id);
	else
		failed(c);
	change_free(c);
	done(done_ctx, outcome);
}

void change_gone(const struct store_job *job)
{
	list_for_each(pos, &changes) {
		struct change *c = container_of(pos, struct change, link);
		if (c->job != job)
			continue;
		failed(c);
		change_free(c);
		return;
	}
	CHECK(!"a change that nobody asked for");
}

/* --- what reaches PlanetScale ----------------------------------------------------------------- */

/* Is `path` the one of the change's token, or of all of them? */
static bool about(const struct change *c, const char *path)
{
	const struct organization *o = model_organization(fs->model, c->target.organization_id);
	struct buf expected = BUF_INIT;

	if (o == NULL)
		return false;
	buf_adds(&expected, "/v1/organizations/");
	url_segment(o->r.name, &expected);
	buf_adds(&expected, "/service-tokens");
	if (c->target.token_id != NULL) {
		buf_addc(&expected, '/');
		url_segment(c->target.token_id, &expected);
	}
	bool same = str_starts(path, expected.data) &&
		    (path[expected.len] == '\0' || str_eq(path + expected.len, "/access"));
	buf_finish(&expected);
	return same;
}

/* Changes of a token go one after the other: it stands for the oldest one. */
static struct change *change_behind(const struct http_call *call, enum change_kind kind)
{
	list_for_each(pos, &changes) {
		struct change *c = container_of(pos, struct change, link);
		if ((c->kind == CHANGE_CREATE) != (kind == CHANGE_CREATE) ||
		    !about(c, call->r.path))
			continue;
		if (kind == CHANGE_CREATE && (c->sent > 0 || !str_eq(c->body, call->r.body)))
			continue;
		return c->kind == kind ? c : NULL;
	}
	return NULL;
}

static const char *database_name(const struct change *c)
{
	struct organization *o = model_organization(fs->model, c->target.organization_id);

	if (c->target.database_id == NULL)
		return "";
	const struct database *d = model_database(o, c->target.database_id);
	const struct token *t = model_token(o, c->target.token_id);
	const struct grant *g = t != NULL ? model_grant(t, c->target.database_id) : NULL;
	return d != NULL ? d->r.name : g != NULL ? g->on->name : NULL;
}

/* Each scope was written, and none is sent twice. */
static void check_scope(struct change *c, const char *scope, bool grant)
{
	CHECK(scopes_add(grant ? &c->posted : &c->deleted, scope));
	if (!grant && c->text != NULL) /* what rm takes away may stay away */
		text_revoked(c->target.token_id, c->target.database_id, scope);
	if (grant)
		CHECK(scopes_has(&c->words.plus, scope));
	else
		CHECK(scopes_has(&c->words.minus, scope) || scopes_has(&c->outgrown, scope) ||
		      (c->replaces && !scopes_has(&c->words.plus, scope)));
}

static void check_access(struct change *c, const struct http_call *call)
{
	struct buf head = BUF_INIT;
	const char *name = database_name(c), *at, *s;
	size_t len, n = 0;

	CHECK(name != NULL);
	buf_adds(&head, "{\"database\":");
	buf_add_json(&head, name);
	buf_adds(&head, ",\"access\":[");
	CHECK(str_starts(call->r.body, head.data));
	for (at = call->r.body + head.len; next_string(&at, &s, &len); n++) {
		cleanup(free_ptr) char *scope = xstrndup(s, len);
		check_scope(c, scope, str_eq(call->r.method, "POST"));
	}
	CHECK(n > 0 && str_eq(at, "]}"));
	buf_finish(&head);
}

static void on_send(void *ctx, struct http_call *call)
{
	enum change_kind kind = str_ends(call->r.path, "/access") ? CHANGE_ACCESS
				: str_eq(call->r.method, "POST")  ? CHANGE_CREATE
								  : CHANGE_DELETE;

	(void)ctx;
	if (str_eq(call->r.method, "GET"))
		return;
	struct change *c = change_behind(call, kind);
	CHECK(c != NULL && c->call == NULL);
	c->call = call;
	call->mark = c;
	c->sent++;
	if (kind == CHANGE_ACCESS)
		check_access(c, call);
	else
		CHECK(c->sent == 1);
	CHECK(kind != CHANGE_CREATE || !call->r.repeatable);
	CHECK(kind != CHANGE_DELETE || call->r.body == NULL);
}

void changes_answered(struct http_call *call, const struct http_result *r)
{
	struct change *c = call->mark;
	bool good = r->fate == HTTP_ANSWERED && r->status >= 200 && r->status < 300;

	if (c == NULL)
		return;
	c->call = NULL;
	c->well =
		good || (r->fate == HTTP_ANSWERED && r->status == 404 && c->kind == CHANGE_DELETE);
	c->documented =
		r->fate == HTTP_ANSWERED && r->status == (c->kind == CHANGE_DELETE ? 204 : 200);
	c->answered_at = http->sent;
	if (c->kind == CHANGE_ACCESS && str_eq(call->r.method, "DELETE"))
		c->deleted_at = http->sent;
}

void changes_begin(struct fs *the_fs, struct http *h)
{
	fs = the_fs;
	http = h;
	h->on_send = on_send;
	list_init(&changes);
}
