/* SPDX-License-Identifier: MIT */
/*
 * ops_expect: in place of store.h (--wrap): a change that fs hands to store is one that the kernel
 * asked for, of what it named.
 */
#include <string.h>

#include "base/buf.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/text.h"
#include "cache/names.h"
#include "fuzz.h"
#include "ops_changes.h"

static struct fs *fs;
static struct http *http;
static bool removal_refused[PROCESSES], read_above[PROCESSES];
/* Directories inside tokens: the first ones, for each process. */
static uint64_t read_inside[PROCESSES][64];

void expect_begin(struct fs *the_fs, struct http *h)
{
	fs = the_fs;
	http = h;
	memset(removal_refused, 0, sizeof(removal_refused));
	memset(read_above, 0, sizeof(read_above));
	memset(read_inside, 0, sizeof(read_inside));
}

void expect_no_removal(pid_t pid)
{
	removal_refused[pid % PROCESSES] = true;
}

void expect_read(pid_t pid, const struct inode_key *directory)
{
	uint64_t *known = read_inside[pid % PROCESSES];

	if (tree_above_token(directory->kind))
		read_above[pid % PROCESSES] = true;
	for (size_t i = 0; i < ARRAY_LEN(read_inside[0]); i++) {
		if (known[i] == 0)
			known[i] = inode_number(directory);
		if (known[i] == inode_number(directory))
			return;
	}
}

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

/* The place of the op's directory, where it is about a name. */
static struct inode_key place_of(const struct op *op)
{
	const struct node *n = node_find(&fs->nodes, op->node);

	CHECK(n != NULL);
	return node_key(&fs->nodes, n);
}

static void check_place(const struct change *c, struct inode_key p)
{
	CHECK(target_equal(&c->target, &p.target));
}

/* See removal_guard.h. */
static void check_removal(const struct op *op)
{
	const struct inode_key p = place_of(op);
	const uint64_t *known = read_inside[op->pid % PROCESSES];

	CHECK(!removal_refused[op->pid % PROCESSES]);
	if (!read_above[op->pid % PROCESSES] || tree_above_token(p.kind))
		return;
	for (size_t i = 0; i < ARRAY_LEN(read_inside[0]); i++)
		CHECK(known[i] != inode_number(&p));
}

/* The text of the file that the change is of, as the product has it. */
static const struct permissions_text *open_text(const struct change *c)
{
	const struct inode_key p = {.target = c->target};
	const struct permissions_file *f = permissions_known(&fs->permissions, &p);

	CHECK(f != NULL && f->text != NULL && f->committing > 0);
	return f->text;
}

/* What a write completed: no more than the complete lines say, the last one may be half a word. */
static void expect_lines(struct change *c)
{
	const struct permissions_text *t = open_text(c);
	const char *last = memrchr(buf_str(&t->text), '\n', t->text.len);

	CHECK(last != NULL);
	words_read(&c->words, buf_str(&t->text), (size_t)(last - buf_str(&t->text)) + 1);
	scopes_copy(&c->outgrown, &t->tail);
	scopes_subtract(&c->outgrown, &c->words.plus);
}

/* All that its complete lines say is granted by it, or was confirmed before and not revoked. */
static void expect_all(const struct change *c, const struct store_change *change,
		       const struct permissions_text *t)
{
	const char *last = t->text.len > 0 ? memrchr(t->text.data, '\n', t->text.len) : NULL;
	struct words lines = {.sign = false};

	if (change->exact && last != NULL)
		words_read(&lines, t->text.data, (size_t)(last - t->text.data));
	for (size_t i = 0; i < lines.plus.n; i++)
		CHECK(scopes_has(change->grant, lines.plus.v[i]) ||
		      text_confirmed(c->target.token_id, c->target.database_id, lines.plus.v[i]));
	words_finish(&lines);
}

/* An unfinished line may be another handle's, and not count yet: either is right with a sign there. */
static bool signed_lines(const struct permissions_text *t)
{
	const char *last = t->text.len > 0 ? memrchr(t->text.data, '\n', t->text.len) : NULL;
	struct words lines = {.sign = false};

	if (last != NULL)
		words_read(&lines, t->text.data, (size_t)(last - t->text.data));
	words_finish(&lines);
	return lines.sign;
}

/* The text as a whole, at close or fsync. What it leaves out goes only when no handle owes its close,
 * and none of its writers was killed or refused. */
static void expect_text(struct change *c, const struct store_change *change)
{
	const struct permissions_text *t = open_text(c);

	words_read(&c->words, buf_str(&t->text), t->text.len);
	c->replaces = change->exact;
	CHECK(!change->exact || (!signed_lines(t) && t->spoiled.err == 0));
	CHECK(!change->exact || !text_killed(c->target.token_id, c->target.database_id));
	expect_all(c, change, t);
	list_for_each(pos, &t->writers)
		CHECK(!change->exact || !container_of(pos, struct permissions_writer, link)->owes);
	scopes_copy(&c->outgrown, &t->tail);
	scopes_subtract(&c->outgrown, &c->words.plus);
}

/* By a handle of ours. */
static void expect_closing(struct change *c, struct text *t, const struct store_change *change)
{
	CHECK(t != NULL);
	t->modified = t->owes = t->open_change = false;
	expect_text(c, change);
	c->since = t->written;
}

/* By truncate(2): what is left of the text that is open, or else of what is granted. */
static void expect_cut(struct change *c, const struct op *op)
{
	const struct inode_key p = {.target = c->target};
	const struct permissions_file *f = permissions_known(&fs->permissions, &p);
	const struct organization *o = model_organization(fs->model, c->target.organization_id);
	const struct token *t = o != NULL ? model_token(o, c->target.token_id) : NULL;
	const struct grant *g = t != NULL ? model_grant(t, c->target.database_id) : NULL;
	struct buf text = BUF_INIT;

	if (f != NULL && f->text != NULL)
		buf_add(&text, buf_str(&f->text->text), f->text->text.len);
	else if (g != NULL)
		scopes_print(&g->scopes, '\n', &text);
	CHECK(op->size == 0 || op->size < text.len);
	words_read(&c->words, buf_str(&text), op->size);
	c->replaces = !c->words.sign;
	buf_finish(&text);
}

static void expect_scratch(struct change *c, const struct op *op)
{
	struct inode_key p = place_of(op);

	p.kind = TREE_SCRATCH;
	p.name = op->name;
	const struct scratch *s = scratch_find(&fs->scratches, &p);
	CHECK(s != NULL && str_eq(op->new_name, "permissions") && op->new_node == op->node);
	words_read(&c->words, buf_str(&s->text), s->text.len);
	c->replaces = !c->words.sign;
	check_place(c, place_of(op));
}

static void expect_access(struct change *c, const struct op *op, const struct store_change *change)
{
	struct text *t = c->text;

	if (t != NULL)
		check_place(c, (struct inode_key){.target = t->target});
	switch (op == NULL ? (int)OP_KINDS : (int)op->kind) {
	case OP_KINDS: /* what closed handles have left to do */
		c->since = http->sent;
		expect_text(c, change);
		break;
	case OP_WRITE:
		CHECK(t != NULL && !change->exact);
		expect_lines(c);
		break;
	case OP_FLUSH:
		CHECK((op->pid & ~1) == t->opener && !kernel_ending(op->pid));
		expect_closing(c, t, change);
		break;
	case OP_FSYNC:
		expect_closing(c, t, change);
		break;
	case OP_RENAME:
		expect_scratch(c, op);
		break;
	case OP_SETATTR:
		CHECK(op->set_size && t == NULL);
		check_place(c, place_of(op));
		expect_cut(c, op);
		break;
	default: /* rmdir removes what is empty */
		CHECK(op->kind == OP_UNLINK && str_eq(op->name, "permissions"));
		c->replaces = true;
		check_place(c, place_of(op));
		check_removal(op);
	}
}

struct store_job *__wrap_store_change(struct store *s, const struct store_change *change,
				      store_done *done, void *ctx)
{
	struct change *c = change_new(CHANGE_ACCESS, &change->target, done, ctx);

	scopes_copy(&c->grant, change->grant);
	c->only_grants = change->revoke->n == 0 && !change->exact;
	expect_access(c, done == op_done ? ctx : NULL, change);
	return c->job = __real_store_change(s, change, change_done, c);
}

/* By mkdir, or by a line that was written. */
static void expect_creation(const struct change *c, const struct op *op, const char *name,
			    int64_t ttl_s)
{
	const struct text *t = c->text;
	struct buf decoded = BUF_INIT;

	if (op->kind == OP_MKDIR) {
		const struct inode_key p = place_of(op);
		CHECK(p.kind == TREE_TOKENS &&
		      str_eq(p.target.organization_id, c->target.organization_id));
		CHECK(name_decode(op->name, &decoded) == 0 && str_eq(decoded.data, name));
		CHECK(ttl_s == fs->ttl_s);
	} else {
		CHECK(op->kind == OP_WRITE || op->kind == OP_FLUSH);
		CHECK(t != NULL && t->creates &&
		      str_eq(t->target.organization_id, c->target.organization_id));
		/* Of a write that failed it is not known what counts. */
		CHECK(t->refused || memmem(t->text.data, t->text.len, name, strlen(name)) != NULL);
		CHECK(ttl_s == fs->ttl_s || memmem(t->text.data, t->text.len, "ttl=", 4) != NULL);
	}
	CHECK(rules_heard(NULL, c->since, NULL, true));
	buf_finish(&decoded);
}

struct store_job *__wrap_store_create_token(struct store *s, const char *organization_id,
					    const char *name, int64_t ttl_s, store_done *done,
					    void *ctx)
{
	const struct target target = {.organization_id = organization_id};
	struct change *c = change_new(CHANGE_CREATE, &target, done, ctx);
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

static void check_empty(const struct token *t)
{
	CHECK(model_secret(fs->model, t->r.id) == NULL);
	for (size_t i = 0; i < t->r.grants.n; i++)
		CHECK(t->r.grants.v[i].scopes.n == 0 || t->r.grants.v[i].on->deleted);
}

struct store_job *__wrap_store_delete_token(struct store *s, const char *organization_id,
					    const char *token_id, store_done *done, void *ctx)
{
	const struct target target = {.organization_id = organization_id, .token_id = token_id};
	struct change *c = change_new(CHANGE_DELETE, &target, done, ctx);
	const struct op *op = ctx;
	const struct inode_key p = place_of(op);
	const struct organization *o = model_organization(fs->model, organization_id);
	size_t named = 0;

	CHECK(done == op_done && op->kind == OP_RMDIR && p.kind == TREE_TOKENS);
	CHECK(str_eq(p.target.organization_id, organization_id));
	for (size_t i = 0; i < o->n_tokens; i++) {
		if (!str_eq(o->token[i]->file_name, op->name))
			continue;
		CHECK(str_eq(o->token[i]->r.id, token_id));
		named++;
	}
	CHECK(named == 1);
	check_removal(op);
	if (fs->n_emptying ==
	    0) /* as rm -r does, which may leave a secret, or what it cannot revoke */
		check_empty(model_token(o, token_id));
	return c->job = __real_store_delete_token(s, organization_id, token_id, change_done, c);
}

/* --- a write that is refused ------------------------------------------------------------------ */

int __wrap_permissions_write(struct permissions_writer *w, uint64_t offset, bool append,
			     const struct buf *data, pid_t tgid, uint64_t stamp, struct error *e);
int __real_permissions_write(struct permissions_writer *w, uint64_t offset, bool append,
			     const struct buf *data, pid_t tgid, uint64_t stamp, struct error *e);
void __wrap_permissions_refuse_write(struct permissions_writer *w, const struct error *e);
void __real_permissions_refuse_write(struct permissions_writer *w, const struct error *e);

int __wrap_permissions_write(struct permissions_writer *w, uint64_t offset, bool append,
			     const struct buf *data, pid_t tgid, uint64_t stamp, struct error *e)
{
	texts_before_write(w->text, &w->text->text);
	return __real_permissions_write(w, offset, append, data, tgid, stamp, e);
}

/* The text is as it was, but for half a line of a writer that was killed meanwhile. */
void __wrap_permissions_refuse_write(struct permissions_writer *w, const struct error *e)
{
	const struct buf *after = &w->text->text;
	const struct buf *before = texts_written(w->text);

	__real_permissions_refuse_write(w, e);
	CHECK(after->len == before->len || (w->killed && after->len < before->len));
	CHECK(after->len == 0 || memcmp(after->data, before->data, after->len) == 0);
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
