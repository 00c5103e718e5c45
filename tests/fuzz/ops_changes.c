#include "ops_changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "names.h"
#include "ops_planetscale.h"

enum change_kind {
	CHANGE_ACCESS,
	CHANGE_CREATE,
	CHANGE_DELETE
};

struct change {
	struct list link;
	enum change_kind kind;
	struct store_job *job; /* borrowed */
	store_done *done;
	void *ctx;
	struct asked *asked; /* borrowed; NULL: a release */
	struct text *text;   /* borrowed; NULL: not from an open file */
	size_t size;         /* write: bytes that leave the text if it fails */
	uint64_t since;      /* requests sent before what is to be confirmed */
	char *organization_id, *token_id, *database_id; /* owned */
	char *body;                                     /* owned; create */
	struct http_call *call;                         /* under way; NULL: none */
	unsigned sent;
	bool well; /* create, delete: answered so that it is done */
	/* access */
	struct words words;
	struct words rest; /* of what came after an unterminated line that counted as it was */
	bool replaces;     /* what does not stand in the words may go */
	struct scopes grant;
	bool only_grants;
	struct scopes posted, deleted;
	uint64_t deleted_at; /* requests sent before the last DELETE was answered; 0: none was */
};

static struct fs *fs;
static struct http *http;
static struct list changes; /* the oldest first */
static struct text *released;
static bool removal_refused[PROCESSES], read_above[PROCESSES];

void changes_begin(struct fs *the_fs, struct http *h)
{
	fs = the_fs;
	http = h;
	h->on_send = changes_sent;
	list_init(&changes);
	released = NULL;
	memset(removal_refused, 0, sizeof(removal_refused));
	memset(read_above, 0, sizeof(read_above));
}

bool changes_none(void)
{
	return list_empty(&changes);
}

static void change_free(struct change *c)
{
	list_remove(&c->link);
	words_finish(&c->words);
	words_finish(&c->rest);
	scopes_finish(&c->grant);
	scopes_finish(&c->posted);
	scopes_finish(&c->deleted);
	free(c->organization_id);
	free(c->token_id);
	free(c->database_id);
	free(c->body);
	free(c);
}

void changes_end(void)
{
	CHECK(changes_none());
}

void changes_releasing(struct text *t)
{
	released = t;
}

void changes_refused_removal(pid_t pid)
{
	removal_refused[pid % PROCESSES] = true;
}

void changes_read_above(pid_t pid)
{
	read_above[pid % PROCESSES] = true;
}

/* --- how one ends ------------------------------------------------------------------------------ */

static void failed(struct change *c)
{
	if (c->asked != NULL && c->asked->kind == OP_WRITE && c->text != NULL && !c->text->creates)
		text_refuse(c->text, c->size);
}

/* What is done is confirmed, scope by scope, by answers to requests sent since. */
static void check_confirmed(const struct change *c)
{
	static const struct scopes none = SCOPES_INIT;
	const struct scopes *before = c->text != NULL ? &c->text->confirmed : &none;

	if (c->kind != CHANGE_ACCESS) {
		CHECK(c->well);
		return;
	}
	CHECK(rules_heard(c->token_id, c->since, NULL, false) ||
	      (c->only_grants && scopes_subset(&c->grant, before)));
	for (size_t i = 0; i < c->grant.n; i++)
		CHECK(scopes_has(before, c->grant.v[i]) ||
		      rules_heard(c->token_id, c->since, c->grant.v[i], false));
	CHECK(c->deleted_at == 0 || rules_heard(c->token_id, c->deleted_at, NULL, true));
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

static void change_done(void *ctx, const struct error *e, const char *made_id)
{
	struct change *c = ctx;
	store_done *done = c->done;
	void *done_ctx = c->ctx;

	CHECK(c->call == NULL);
	if (e == NULL)
		succeeded(c, made_id);
	else
		failed(c);
	change_free(c);
	done(done_ctx, e, made_id);
}

static void change_gone(const struct store_job *job)
{
	list_for_each(pos, &changes)
	{
		struct change *c = container_of(pos, struct change, link);
		if (c->job != job)
			continue;
		failed(c);
		change_free(c);
		return;
	}
	CHECK(!"a change that nobody asked for");
}

/* --- how one begins: in place of store.h: --wrap ------------------------------------------------ */

struct store_job *__wrap_store_change(struct store *s, const struct store_change *change,
				      store_done *done, void *ctx);
struct store_job *__real_store_change(struct store *s, const struct store_change *change,
				      store_done *done, void *ctx);
struct store_job *__wrap_store_create_token(struct store *s, const char *organization_id,
					    const char *name, int64_t ttl_s, store_done *done,
					    void *ctx);
struct store_job *__real_store_create_token(struct store *s, const char *organization_id,
					    const char *name, int64_t ttl_s, store_done *done,
					    void *ctx);
struct store_job *__wrap_store_delete_token(struct store *s, const char *organization_id,
					    const char *token_id, store_done *done, void *ctx);
struct store_job *__real_store_delete_token(struct store *s, const char *organization_id,
					    const char *token_id, store_done *done, void *ctx);
bool __wrap_store_drop(struct store_job *job);
bool __real_store_drop(struct store_job *job);
void __wrap_store_cancel(struct store_job *job);
void __real_store_cancel(struct store_job *job);

/* One op asks for one change. */
static struct change *change_new(enum change_kind kind, const char *organization_id,
				 const char *token_id, store_done *done, void *ctx)
{
	struct change *c = xcalloc(1, sizeof(*c));
	const struct op *op = ctx;

	c->kind = kind;
	c->done = done;
	c->ctx = ctx;
	c->organization_id = xstrdup(organization_id);
	c->token_id = xstrdup(token_id);
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

/* The place of the op's directory, where it is about a name. */
static const struct place *place_of(const struct op *op)
{
	const struct node *n = node_find(&fs->nodes, op->node);

	CHECK(n != NULL);
	return &n->place;
}

static void check_place(const struct change *c, const struct place *p)
{
	CHECK(str_eq(c->organization_id, p->organization_id) &&
	      str_eq(c->token_id, p->token_id) && str_eq(c->database_id, p->database_id));
}

/* See sweep.h. */
static void check_removal(const struct op *op)
{
	enum tree_kind kind = place_of(op)->kind;

	CHECK(!removal_refused[op->pid % PROCESSES]);
	CHECK(!read_above[op->pid % PROCESSES] || !(kind == TREE_TOKEN || tree_in_token(kind)));
}

static void read_words(struct change *c, const struct text *t)
{
	const char *text = buf_str(&t->text);

	words_read(&c->words, text, t->text.len);
	words_read(&c->rest, text + t->counted, t->text.len - t->counted);
}

/* The text as a whole, at close or fsync. */
static void expect_text(struct change *c, struct text *t)
{
	CHECK(t->perhaps_modified && !t->dropped && !t->refused);
	t->modified = t->perhaps_modified = false;
	read_words(c, t);
	t->counted = t->text.len;
	c->replaces = !c->words.sign && t->mode != DRAFT_APPEND;
	if (c->asked != NULL)
		c->since = t->written;
}

static void expect_scratch(struct change *c, const struct op *op)
{
	struct place p = *place_of(op);

	p.kind = TREE_SCRATCH;
	p.name = op->name;
	const struct scratch *s = scratch_find(&fs->scratches, &p);
	CHECK(s != NULL && str_eq(op->new_name, "permissions") && op->new_node == op->node);
	words_read(&c->words, buf_str(&s->text), s->text.len);
	c->replaces = !c->words.sign;
	check_place(c, place_of(op));
}

static void expect_directory(struct change *c, const struct op *op)
{
	const struct place *p = place_of(op);
	const struct organization *o = model_organization(fs->model, c->organization_id);
	const struct database *d = model_database_named(o, op->name);

	c->replaces = true;
	CHECK(p->kind == TREE_TOKEN_DATABASES && str_eq(p->token_id, c->token_id));
	CHECK(d == NULL ? c->database_id != NULL : str_eq(d->r.id, c->database_id));
	check_removal(op);
}

static void expect_access(struct change *c, const struct op *op)
{
	struct text *t = op == NULL ? released : c->text;

	if (t != NULL)
		check_place(c, &(const struct place){.organization_id = t->organization_id,
						     .token_id = t->token_id,
						     .database_id = t->database_id});
	switch (op == NULL ? (int)OP_KINDS : (int)op->kind) {
	case OP_KINDS: /* a release */
		CHECK(t != NULL && t->closed && t->touched | (t->mode == DRAFT_REPLACE));
		c->text = t;
		c->since = http->sent;
		expect_text(c, t);
		break;
	case OP_WRITE:
		CHECK(t != NULL);
		read_words(c, t);
		c->size = op->data.len;
		break;
	case OP_FLUSH:
		CHECK(t != NULL && (op->pid & ~1) == t->opener && !kernel_ending(op->pid));
		expect_text(c, t);
		break;
	case OP_FSYNC:
		CHECK(t != NULL);
		expect_text(c, t);
		break;
	case OP_RENAME:
		expect_scratch(c, op);
		break;
	case OP_SETATTR:
		CHECK(op->set_size && op->size == 0 && t == NULL);
		c->replaces = true;
		check_place(c, place_of(op));
		break;
	case OP_UNLINK:
		CHECK(str_eq(op->name, "permissions"));
		c->replaces = true;
		check_place(c, place_of(op));
		check_removal(op);
		break;
	default:
		CHECK(op->kind == OP_RMDIR);
		expect_directory(c, op);
	}
}

struct store_job *__wrap_store_change(struct store *s, const struct store_change *change,
				      store_done *done, void *ctx)
{
	struct change *c = change_new(CHANGE_ACCESS, change->organization_id, change->token_id,
				      done, ctx);

	c->database_id = xstrdup(change->database_id);
	scopes_copy(&c->grant, change->grant);
	c->only_grants = change->revoke->n == 0 && !change->exact;
	expect_access(c, done == op_done ? ctx : NULL);
	return c->job = __real_store_change(s, change, change_done, c);
}

/* By mkdir, or by a line that was written. */
static void expect_creation(const struct change *c, const struct op *op, const char *name,
			    int64_t ttl_s)
{
	const struct text *t = c->text;
	struct buf decoded = BUF_INIT;

	if (op->kind == OP_MKDIR) {
		const struct place *p = place_of(op);
		CHECK(p->kind == TREE_TOKENS && str_eq(p->organization_id, c->organization_id));
		CHECK(name_decode(op->name, &decoded) == 0 && str_eq(decoded.data, name));
		CHECK(ttl_s == fs->config->ttl_s);
	} else {
		CHECK(op->kind == OP_WRITE || op->kind == OP_FLUSH);
		CHECK(t != NULL && t->creates && str_eq(t->organization_id, c->organization_id));
		CHECK(memmem(t->text.data, t->text.len, name, strlen(name)) != NULL);
		CHECK(ttl_s == fs->config->ttl_s ||
		      memmem(t->text.data, t->text.len, "ttl=", 4) != NULL);
	}
	CHECK(rules_heard(NULL, c->since, NULL, true));
	buf_finish(&decoded);
}

struct store_job *__wrap_store_create_token(struct store *s, const char *organization_id,
					    const char *name, int64_t ttl_s, store_done *done,
					    void *ctx)
{
	struct change *c = change_new(CHANGE_CREATE, organization_id, NULL, done, ctx);
	struct buf body = BUF_INIT;

	CHECK(done == op_done);
	expect_creation(c, ctx, name, ttl_s);
	buf_adds(&body, "{\"name\":");
	buf_add_json(&body, name);
	if (ttl_s != 0)
		buf_addf(&body, ",\"ttl\":%lld", (long long)ttl_s);
	buf_addc(&body, '}');
	c->body = buf_take(&body);
	return c->job = __real_store_create_token(s, organization_id, name, ttl_s, change_done, c);
}

struct store_job *__wrap_store_delete_token(struct store *s, const char *organization_id,
					    const char *token_id, store_done *done, void *ctx)
{
	struct change *c = change_new(CHANGE_DELETE, organization_id, token_id, done, ctx);
	const struct op *op = ctx;
	const struct place *p = place_of(op);
	const struct organization *o = model_organization(fs->model, organization_id);
	size_t named = 0;

	CHECK(done == op_done && op->kind == OP_RMDIR && p->kind == TREE_TOKENS);
	CHECK(str_eq(p->organization_id, organization_id));
	for (size_t i = 0; i < o->n_tokens; i++) {
		if (!str_eq(o->token[i]->file_name, op->name))
			continue;
		CHECK(str_eq(o->token[i]->r.id, token_id));
		named++;
	}
	CHECK(named == 1);
	check_removal(op);
	return c->job = __real_store_delete_token(s, organization_id, token_id, change_done, c);
}

bool __wrap_store_drop(struct store_job *job)
{
	if (!__real_store_drop(job))
		return false;
	change_gone(job);
	return true;
}

void __wrap_store_cancel(struct store_job *job)
{
	__real_store_cancel(job);
	change_gone(job);
}

/* --- what reaches PlanetScale ------------------------------------------------------------------- */

/* Is `path` the one of the change's token, or of all of them? */
static bool about(const struct change *c, const char *path)
{
	const struct organization *o = model_organization(fs->model, c->organization_id);
	struct buf expected = BUF_INIT;

	if (o == NULL)
		return false;
	buf_adds(&expected, "/v1/organizations/");
	url_segment(o->r.name, &expected);
	buf_adds(&expected, "/service-tokens");
	if (c->token_id != NULL) {
		buf_addc(&expected, '/');
		url_segment(c->token_id, &expected);
	}
	bool same = str_starts(path, expected.data) &&
		    (path[expected.len] == '\0' || str_eq(path + expected.len, "/access"));
	buf_finish(&expected);
	return same;
}

/* Changes of a token go one after the other: it stands for the oldest one. */
static struct change *change_behind(const struct http_call *call, enum change_kind kind)
{
	list_for_each(pos, &changes)
	{
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
	struct organization *o = model_organization(fs->model, c->organization_id);

	if (c->database_id == NULL)
		return "";
	const struct database *d = model_database(o, c->database_id);
	const struct token *t = model_token(o, c->token_id);
	const struct grant *g = t != NULL ? model_grant(t, c->database_id) : NULL;
	return d != NULL ? d->r.name : g != NULL ? g->resource_name : NULL;
}

/* Each scope was written, and none is sent twice. */
static void check_scope(struct change *c, const char *scope, bool grant)
{
	CHECK(scopes_add(grant ? &c->posted : &c->deleted, scope));
	if (grant)
		CHECK(scopes_has(&c->words.plus, scope) || scopes_has(&c->rest.plus, scope));
	else
		CHECK(scopes_has(&c->words.minus, scope) || scopes_has(&c->rest.minus, scope) ||
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

void changes_sent(void *ctx, struct http_call *call)
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
	c->well = good || (r->fate == HTTP_ANSWERED && r->status == 404 &&
			   c->kind == CHANGE_DELETE);
	if (c->kind == CHANGE_ACCESS && str_eq(call->r.method, "DELETE"))
		c->deleted_at = http->sent;
}
