/* SPDX-License-Identifier: MIT */
/*
 * fs_rmdir: remove directories that are empty, as rmdir(2) does everywhere.
 *
 * A token is empty if nothing is granted to it and this mount keeps no secret of it; a database's
 * directory is empty if nothing is granted there. A new request for the grants decides.
 *
 * rm -r removes the files of a token one by one, and then the token. Two kinds of file need
 * special treatment. The secret exists only here: it must be kept if rm -r fails before the token
 * is deleted, so unlink only reports success, and the deletion drops it. A permission that was
 * granted for all databases cannot be revoked for one: it also ends with the token. So the files
 * that a process removes are remembered if it empties the token's directory, that is, if it has
 * read the directory and removes files of fixed names. A command that names a single file does not
 * read the directory.
 */
#include "base/buf.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "fs/fs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/fs_internal.h"
#include "system/process.h"

/* --- directories that are being emptied ------------------------------------------------------- */

static struct emptying *emptying(const struct op *op, const char *token_id)
{
	struct fs *fs = op->ops->fs;
	struct process p;

	for (size_t i = 0; i < fs->n_emptying; i++) {
		struct emptying *e = &fs->emptying[i];
		if (str_eq(e->token_id, token_id) && process_read(op->pid, &p) == 0 &&
		    p.tgid == e->tgid && p.start_time == e->start_time && p.program == e->program)
			return e;
	}
	return NULL;
}

static void drop_emptying(struct fs *fs, size_t i)
{
	free(fs->emptying[i].token_id);
	fs->n_emptying--;
	memmove(&fs->emptying[i], &fs->emptying[i + 1],
		(fs->n_emptying - i) * sizeof(fs->emptying[0]));
}

void fs_drop_emptying(struct fs *fs, const char *token_id)
{
	for (size_t i = fs->n_emptying; i-- > 0;)
		if (token_id == NULL || str_eq(fs->emptying[i].token_id, token_id))
			drop_emptying(fs, i);
}

void fs_note_emptying(struct op *op, const struct inode_key *file)
{
	struct fs *fs = fs_of(op);
	const struct node *dir = node_find(&fs->nodes, op->node);
	struct process p;

	if (emptying(op, file->target.token_id) != NULL || dir == NULL)
		return;
	const struct inode_key key = fs_key(fs, dir);
	if (!removal_guard_has_read(&fs->removal_guard, op->pid, inode_number(&key)) ||
	    process_read(op->pid, &p) != 0)
		return;
	if (fs->n_emptying == EMPTYING_MAX)
		drop_emptying(fs, 0);
	fs->emptying[fs->n_emptying++] = (struct emptying){
		.tgid = p.tgid,
		.start_time = p.start_time,
		.program = p.program,
		.token_id = xstrdup(file->target.token_id),
	};
}

bool fs_keeps_secret(struct op *op, const struct inode_key *file)
{
	struct emptying *e = emptying(op, file->target.token_id);

	if (e != NULL && tree_secret(file->kind) == SECRET_TOKEN)
		e->secret = true;
	return e != NULL;
}

bool fs_leaves_to_deletion(struct op *op, const char *token_id, const struct error *why)
{
	struct emptying *e = emptying(op, token_id);

	/* This error: PlanetScale's answer says that it is still granted; see store_change.c. */
	if (e == NULL || why->err != EREMOTEIO || why->http_status != 0)
		return false;
	e->granted = true;
	return true;
}

/* --- what a token contains -------------------------------------------------------------------- */

/* Does the tree show the grant, so that it can be removed? Not if its database has no name. */
static bool grant_shown(const struct grant *g)
{
	return g->on->level == GRANT_ORGANIZATION ||
	       (g->on->level == GRANT_DATABASE && g->on->name != NULL);
}

/* Names what is granted, for a sentence; empty if nothing. `all`: also what the tree does not show.
 * Databases that are deleted do not count. */
static void list_grants(const struct token *t, bool all, struct buf *out)
{
	const struct grants *grants = &t->r.grants;
	size_t n = 0;

	for (size_t i = 0; i < grants->n; i++) {
		const struct grant *g = &grants->v[i];
		if (g->on->deleted || g->scopes.n == 0 || !(all || grant_shown(g)))
			continue;
		if (++n > 5)
			continue;
		buf_addf(out, "%s%s%s", n > 1 ? ", " : "",
			 g->on->level == GRANT_ORGANIZATION ? "the organization"
			 : g->on->level == GRANT_DATABASE   ? "database "
							    : "",
			 g->on->level == GRANT_ORGANIZATION ? ""
			 : g->on->name != NULL              ? g->on->name
							    : "another resource");
	}
	if (n > 5)
		buf_addf(out, " and %zu more", n - 5);
}

/* 0 if the token is empty, else -ENOTEMPTY with a sentence. */
static int check_token(struct op *op, const struct token *t)
{
	const struct emptying *e = emptying(op, t->r.id);
	bool secret = model_secret(fs_of(op)->model, t->r.id) != NULL && (e == NULL || !e->secret);
	struct buf grants = BUF_INIT;
	int r = 0;

	if (e == NULL || !e->granted)
		list_grants(t, e == NULL, &grants);
	if (grants.len > 0 || secret)
		r = fs_refuse(op, ENOTEMPTY, "the token has %s%s%s%s",
			      grants.len > 0 ? "permissions on " : "", buf_str(&grants),
			      grants.len > 0 && secret ? ", and " : "",
			      secret ? "a secret that only this mount keeps" : "");
	if (r != 0)
		error_hint(&op->waiter.error, "rm -r deletes the token with all of this");
	if (r == 0 && e == NULL && model_vanished(t)) {
		r = fs_refuse(op, ENOTEMPTY, "the token had permissions until a moment ago");
		error_hint(&op->waiter.error,
			   "if somebody has just revoked them, try again in a few seconds");
	}
	buf_finish(&grants);
	return r;
}

/* --- rmdir ------------------------------------------------------------------------------------ */

/* If the token is deleted, drop its scratch files too. */
static void rmdir_token_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	char *token_id = op->removed_id;

	if (e == NULL) {
		scratch_unlink_all(&fs_of(op)->scratches, token_id, NULL);
		fs_drop_emptying(fs_of(op), token_id);
	}
	free(token_id);
	if (!op_finished(op, e))
		op_reply_ok(op);
}

static int rmdir_token(struct op *op, const struct inode_key *p, struct token *t)
{
	struct fs *fs = fs_of(op);
	int r = resource_need_since(&t->grants, &op->waiter, op->waiter.arrived);

	if (r == 0)
		r = check_token(op, t);
	if (r != 0)
		return r;
	op_commit(op, rmdir_token_done);
	op->removed_id = xstrdup(p->target.token_id);
	op->job = store_delete_token(fs->store, p->target.organization_id, p->target.token_id,
				     op_done, op);
	return 0;
}

/* Drops the directory's scratch files and its node. The directory itself exists again at the next
 * lookup. */
static int rmdir_access(struct op *op, const struct inode_key *p, struct token *t)
{
	struct fs *fs = fs_of(op);
	const struct emptying *e = emptying(op, p->target.token_id);
	struct resource *grants = &t->grants;
	int r = 0;

	if (p->kind == TREE_TOKEN_DATABASE)
		r = fs_await_commits(op, p);
	/* What rm -r has just revoked is in the cache. */
	if (r == 0)
		r = e != NULL ? resource_need(grants, &op->waiter)
			      : resource_need_since(grants, &op->waiter, op->waiter.arrived);
	if (r != 0)
		return r;
	for (size_t i = 0; (e == NULL || !e->granted) && i < t->r.grants.n; i++) {
		const struct grant *g = &t->r.grants.v[i];
		if (g->on->level != GRANT_DATABASE || g->scopes.n == 0 || g->on->deleted ||
		    !grant_shown(g) ||
		    (p->target.database_id != NULL &&
		     !str_eq(grant_database_id(g), p->target.database_id)))
			continue;
		r = fs_refuse(op, ENOTEMPTY, "the token has permissions on database %s",
			      g->on->name);
		error_hint(&op->waiter.error, "rm -r revokes them");
		return r;
	}
	fs_detach(fs, p);
	if (p->target.database_id != NULL)
		scratch_unlink_all(&fs->scratches, p->target.token_id, p->target.database_id);
	op_reply_ok(op);
	return 0;
}

int fs_rmdir(struct op *op)
{
	struct inode_key p;
	struct tree_objects v;
	int r = fs_removal(op, &p);

	if (r != 0)
		return r;
	if (p.kind != TREE_TOKEN && p.kind != TREE_TOKEN_DATABASE && p.kind != TREE_TOKEN_DATABASES)
		return -ENOTDIR;
	r = tree_resolve(&fs_of(op)->tree, &op->waiter, &p, &v);
	if (r != 0)
		return r;
	return p.kind == TREE_TOKEN ? rmdir_token(op, &p, v.token) : rmdir_access(op, &p, v.token);
}
