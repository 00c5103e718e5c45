/* SPDX-License-Identifier: MIT */
#include "ops_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ops_changes.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "system/process.h"

#define HEARD_MAX 512

/* An answer that tells of accesses, or of which tokens there are. */
struct heard {
	uint64_t number; /* of the request */
	char *path, *body;
	bool get;
};

static struct fs *fs;
static struct http *http;
static struct heard heard[HEARD_MAX];
static size_t n_heard;
static bool moved_aside[PROCESSES];

void rules_begin(struct fs *the_fs, struct http *h)
{
	fs = the_fs;
	http = h;
	memset(moved_aside, 0, sizeof(moved_aside));
	texts_begin();
	changes_begin(fs, h);
	expect_begin(fs, h);
}

void rules_end(void)
{
	while (n_heard > 0) {
		n_heard--;
		free(heard[n_heard].path);
		free(heard[n_heard].body);
	}
	texts_end();
	changes_end();
}

/* --- answers ---------------------------------------------------------------------------------- */

void rules_answered(struct http_call *c, const struct http_result *r, const char *body)
{
	bool get = str_eq(c->r.method, "GET");

	changes_answered(c, r);
	if (r->fate != HTTP_ANSWERED || r->status < 200 || r->status >= 300 ||
	    strstr(c->r.path, "/service-tokens") == NULL || str_eq(c->r.method, "DELETE"))
		return;
	CHECK(n_heard < HEARD_MAX);
	heard[n_heard++] = (struct heard){c->number, xstrdup(c->r.path), xstrdup(body), get};
}

/* A text with escapes may say anything. */
static bool says(const char *body, const char *scope)
{
	size_t len = scope != NULL ? strlen(scope) : 0;

	if (scope == NULL || strchr(body, '\\') != NULL)
		return true;
	for (const char *at = body; (at = strstr(at, scope)) != NULL; at++)
		if (at > body && at[-1] == '"' && at[len] == '"')
			return true;
	return false;
}

bool rules_heard(const char *token_id, uint64_t sent, const char *scope, bool get)
{
	for (size_t i = n_heard; i-- > 0;) {
		const struct heard *h = &heard[i];
		const char *rest = strstr(h->path, "/service-tokens") + strlen("/service-tokens");
		size_t len = token_id != NULL ? strlen(token_id) : 0;

		if (h->number <= sent || (get && !h->get))
			continue;
		if (rest[0] != '?' &&
		    (token_id == NULL || rest[0] != '/' || !str_starts(rest + 1, token_id) ||
		     strchr("/?", rest[1 + len]) == NULL))
			continue;
		if (says(h->body, scope))
			return true;
	}
	return false;
}

/* --- what is asked ---------------------------------------------------------------------------- */

/* Handles on a scratch file that was renamed onto permissions write that one now. */
static void see_adopted(void)
{
	list_for_each(pos, &fs->files) {
		const struct file *f = container_of(pos, struct file, link);
		if (f->writer == NULL || text_of((uint64_t)(uintptr_t)f) != NULL)
			continue;
		const struct inode_key key = file_key(f);
		struct text *t = text_new((uint64_t)(uintptr_t)f, &key);
		t->opener = f->opener;
		scopes_merge(&t->confirmed, &f->writer->text->confirmed); /* by the rename */
		t->written = http->sent;
	}
}

/* It may begin a text anew, here or, by a rename or removal, in its directory. */
static void renews(const struct op *op, enum op_kind kind, int flags)
{
	const struct node *n = node_find(&fs->nodes, op->node);

	if (n != NULL && ((kind == OP_OPEN && (flags & O_TRUNC) != 0) || kind == OP_CREATE ||
			  (kind == OP_SETATTR && op->set_size) || kind == OP_UNLINK ||
			  kind == OP_RENAME || kind == OP_RMDIR)) {
		const struct inode_key key = fs_key(fs, n);
		text_renewed(&key);
	}
}

void rules_asked(struct asked *a, const struct op *op)
{
	see_adopted();
	struct text *t = text_of(op->file);
	const struct node *n = node_find(&fs->nodes, op->node);

	a->began = http->sent;
	renews(op, a->kind, a->flags);
	/* It may truncate what another handle writes, and nobody may want the reply. */
	if (t == NULL && (a->kind == OP_OPEN || a->kind == OP_CREATE ||
			  (a->kind == OP_SETATTR && op->set_size))) {
		const struct inode_key key = fs_key(fs, n);
		text_shared(&key);
	}
	if (t == NULL)
		return;
	if (a->kind == OP_WRITE && t->creates) {
		buf_add(&t->text, buf_str(&op->data), op->data.len);
	} else if (a->kind == OP_WRITE) {
		a->must_change = text_asks(t, op->offset, buf_str(&op->data), op->data.len);
		t->writer = process_group(a->pid);
	} else if (a->kind == OP_FLUSH) {
		pid_t closer = process_group(a->pid);
		bool killed = kernel_ending(a->pid);
		bool its_writer = closer == t->opener || closer == t->writer;
		t->dropped |= killed && t->modified && its_writer;
		t->killed |= killed && t->open_change && its_writer;
		t->closed |= !killed;
	}
}

void rules_opened(const struct asked *a, uint64_t file)
{
	const struct file *f = (const struct file *)(uintptr_t)file;
	const struct inode_key key = file_key(f);
	bool creates = key.kind == TREE_CREATE_TOKEN;

	if (a->kind == OP_OPENDIR ||
	    (a->kind == OP_OPEN && (a->flags & O_ACCMODE) == O_RDONLY && !(a->flags & O_TRUNC)) ||
	    (!creates && !tree_is_permissions(key.kind)))
		return;
	struct text *t = text_new(file, &key);
	t->creates = creates;
	t->opener = process_group(a->pid);
	t->replaces = t->owes = a->kind == OP_CREATE || (a->flags & O_TRUNC);
	t->appends = (a->flags & O_APPEND) != 0;
	t->written = a->began;
}

void rules_release(uint64_t file)
{
	struct text *t = text_of(file);

	if (t != NULL)
		t->file = 0; /* the next file may get this handle */
	fs_release(fs, file);
}

/* --- what a reply says is done ---------------------------------------------------------------- */

static enum tree_kind directory_kind(const struct op *op)
{
	const struct node *n = node_find(&fs->nodes, op->node);

	return n != NULL ? n->kind : TREE_ROOT;
}

static bool of_permissions(const struct op *op, const char *name)
{
	enum tree_kind kind = directory_kind(op);

	return str_eq(name, "permissions") && (kind == TREE_TOKEN || kind == TREE_TOKEN_DATABASE);
}

static bool of_scratch(const struct op *op)
{
	const struct file *f = (const struct file *)(uintptr_t)op->file;

	return f != NULL && f->scratch != NULL;
}

/* The file was removed or replaced: nothing is committed any more. */
static bool detached_text(const struct op *op)
{
	const struct file *f = (const struct file *)(uintptr_t)op->file;

	return f->writer == NULL || f->writer->text->file == NULL;
}

/* The text was replaced, by this handle alone, and this is the moment to commit it. */
static bool commits(const struct op *op)
{
	const struct text *t = text_of(op->file);

	return t != NULL && !t->creates && t->alone && t->owes && t->modified && t->touched &&
	       !t->dropped && !t->refused && !detached_text(op) && !kernel_ending(op->pid) &&
	       (op->kind == OP_FSYNC || process_group(op->pid) == t->opener);
}

/* Can it only be done if PlanetScale has changed something, or says that nothing need be? */
static bool takes_a_change(const struct asked *a, const struct op *op)
{
	enum tree_kind kind = directory_kind(op);

	switch ((int)a->kind) {
	case OP_MKDIR:
		return true;
	case OP_RMDIR:
		return kind == TREE_TOKENS;
	case OP_UNLINK: /* what was moved aside and made in vain goes quietly: see permissions_file.h */
		return of_permissions(op, op->name) &&
		       !moved_aside[process_group(a->pid) % PROCESSES];
	case OP_RENAME:
		return of_permissions(op, op->new_name);
	case OP_SETATTR:
		return tree_is_permissions(kind) && text_of(op->file) == NULL && op->set_size &&
		       op->size == 0 && !of_scratch(op);
	case OP_WRITE:
		return a->must_change;
	case OP_FLUSH:
	case OP_FSYNC:
		return commits(op);
	default:
		return false;
	}
}

static void refused(const struct asked *a, const struct op *op, int err)
{
	struct text *t = text_of(op->file);

	if ((a->kind == OP_UNLINK || a->kind == OP_RMDIR) && err == EPERM)
		expect_no_removal(a->pid);
	if (t == NULL || a->caused)
		return;
	if (a->kind == OP_WRITE || a->kind == OP_SETATTR)
		t->refused |= err != ESTALE && err != EAGAIN;
	else if (a->kind == OP_FLUSH || a->kind == OP_FSYNC)
		t->modified = false;
}

void rules_replied(const struct asked *a, const struct op *op, int err)
{
	renews(op, a->kind, a->flags);
	if (err != 0) {
		refused(a, op, err);
		return;
	}
	struct text *t = text_of(op->file);
	if (a->kind == OP_SETATTR && op->set_size && t != NULL && !t->creates)
		text_truncated(t, op->size, a->began, op->waits == 0);
	if (a->kind == OP_WRITE && op->data.len > 0 && t != NULL)
		text_modified(t, a->began);
	if ((a->kind == OP_FLUSH || a->kind == OP_FSYNC) && t != NULL)
		t->open_change = false;
	CHECK(a->succeeded == a->caused);
	CHECK(a->caused || !takes_a_change(a, op));
	if (a->kind == OP_RENAME && of_permissions(op, op->name))
		moved_aside[process_group(a->pid) % PROCESSES] = true;
}
