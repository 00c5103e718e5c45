/* SPDX-License-Identifier: MIT */
/*
 * fs_kept: what the kernel may keep of replies, for how long, and what it is told to forget.
 *
 * It may keep attributes and names as long as all that they came from is fresh, so the option
 * `cache` bounds how old anything is that a process sees. What this mount changes, or sees change,
 * earlier is told to the kernel: it forgets the attributes of that node. (The names that it reads from a
 * directory are another thing: see fs_directory.c.) No name has to be told:
 *
 * - Before the kernel uses what is below a directory, it needs the directory's attributes. If they
 *   were forgotten, it asks; if the object is gone or has another name now, the answer is ESTALE,
 *   and the kernel looks all names of the path up again.
 * - A name that may disappear otherwise is not kept: see the table of the tree.
 *
 * Attributes that were found before a change may be in a reply that the kernel has not read when it
 * is told to forget them. It ignores those: each forgetting raises attr_version in the kernel
 * (fuse_reverse_inval_inode), and a reply to a request that is older than that is not used
 * (fuse_change_attributes). That does not protect a node that the kernel does not know yet, so a
 * lookup's reply has no lasting attributes of files that a write can change. Nor of a token whose
 * deletion is under way: while rmdir(2) waits for it the kernel looks nothing up in the directory, but it
 * does after a signal has ended the caller.
 */
#include "fs/fs_internal.h"

#include <stdint.h>

/* What comes from nothing that gets old. */
#define CONSTANT_S 3600.0

static double fresh_s(const struct op *op)
{
	const struct fs *fs = op->ops->fs;

	if (fs->forget == NULL || fs->cache->cache_ms == 0)
		return 0;
	return op->waiter.fresh_ms == INT64_MAX ? CONSTANT_S : (double)op->waiter.fresh_ms / 1000.0;
}

double fs_entry_timeout_s(struct op *op, struct node *n)
{
	double timeout_s = tree_keeps_entry(n->kind) ? fresh_s(op) : 0;

	n->name_kept = n->name_kept || timeout_s > 0;
	n->renamed = false;
	return timeout_s;
}

/*
 * Not while the file is open for writing: its size depends on who asks. Not of a node that another
 * one has replaced: what changes is told to that one. Not of a token that is about to be deleted.
 */
static bool keeps_attr(struct op *op, const struct node *n)
{
	if (!tree_keeps_attr(n->kind) || n->detached)
		return false;
	if (n->kind != TREE_TOKEN && !tree_is_permissions(n->kind))
		return true;
	const struct inode_key key = fs_key(fs_of(op), n);
	if (n->kind == TREE_TOKEN)
		return !store_changes_token(fs_of(op)->store, key.target.token_id);
	const struct permissions_file *f = permissions_known(&fs_of(op)->permissions, &key);
	return f == NULL || f->text == NULL;
}

double fs_attr_timeout_s(struct op *op, struct node *n)
{
	double timeout_s = keeps_attr(op, n) ? fresh_s(op) : 0;

	n->kept = n->kept || timeout_s > 0;
	return timeout_s;
}

void fs_tell(struct fs *fs, struct node *n)
{
	if (n == NULL || !n->kept || fs->forget == NULL)
		return;
	n->kept = false;
	fs->ops.untold++;
	fs->forget(fs->forget_ctx, node_number(&fs->nodes, n));
}

void fs_tell_all(struct fs *fs)
{
	for (struct node *n = NULL; (n = node_next(&fs->nodes, n)) != NULL;)
		fs_tell(fs, n);
}

/* --- which nodes show what has changed -------------------------------------------------------- */

static struct node *known(struct fs *fs, enum tree_kind kind, const char *organization_id,
			  const char *token_id, const char *database_id)
{
	const struct inode_key p = {.kind = kind,
				    .target.organization_id = organization_id,
				    .target.token_id = token_id,
				    .target.database_id = database_id};

	return node_known(&fs->nodes, &p);
}

static void tell_renamed(struct fs *fs, struct node *n)
{
	if (n != NULL && n->name_kept)
		n->renamed = true;
	fs_tell(fs, n);
}

/* All nodes of an organization, or of one of its databases. */
static void tell_below(struct fs *fs, const char *organization_id, const char *database_id)
{
	const struct inode_key of = {.target.organization_id = organization_id,
				     .target.database_id = database_id};
	struct node_ids ids;

	if (!node_ids(&fs->nodes, &of, &ids))
		return;
	for (struct node *n = NULL; (n = node_next(&fs->nodes, n)) != NULL;) {
		if (n->ids.organization != ids.organization ||
		    (database_id != NULL && n->ids.database != ids.database))
			continue;
		if (tree_is_named(n->kind, database_id != NULL))
			tell_renamed(fs, n);
		else
			fs_tell(fs, n);
	}
}

static void tell_grants(struct fs *fs, const struct organization *o, const char *token_id,
			const char *database_id)
{
	const struct target target = {
		.organization_id = o->r.id, .token_id = token_id, .database_id = database_id};
	const struct inode_key file = tree_permissions(&target);

	fs_tell(fs, node_known(&fs->nodes, &file));
	fs_tell(fs, known(fs, TREE_TOKEN_INFO, o->r.id, token_id, NULL));
	if (database_id != NULL)
		fs_tell(fs, known(fs, TREE_DATABASE_ACCESS, o->r.id, NULL, database_id));
}

/* What is in the token's directory. What is deeper is reached through directories of it. */
static void tell_token(struct fs *fs, const struct organization *o, const char *token_id)
{
	for (enum tree_kind k = 0; k < TREE_KINDS; k++)
		if (k == TREE_TOKEN || tree_parent(k) == TREE_TOKEN)
			fs_tell(fs, known(fs, k, o->r.id, token_id, NULL));
}

static void tell_tokens(struct fs *fs, const struct organization *o)
{
	fs_tell(fs, known(fs, TREE_TOKENS, o->r.id, NULL, NULL));
	fs_tell(fs, known(fs, TREE_BY_ID, o->r.id, NULL, NULL));
	for (size_t i = 0; i < o->n_databases; i++)
		fs_tell(fs, known(fs, TREE_DATABASE_ACCESS, o->r.id, NULL, o->database[i]->r.id));
}

static void tell_database(struct fs *fs, const struct organization *o, const char *database_id)
{
	for (enum tree_kind k = 0; k < TREE_KINDS; k++)
		if (k == TREE_DATABASE || tree_parent(k) == TREE_DATABASE)
			fs_tell(fs, known(fs, k, o->r.id, NULL, database_id));
}

void fs_changed(void *ctx, enum model_change what, const struct organization *o,
		const char *token_id, const char *database_id)
{
	struct fs *fs = ctx;

	if (fs->forget == NULL)
		return;
	switch (what) {
	case MODEL_GRANTS:
		tell_grants(fs, o, token_id, database_id);
		break;
	case MODEL_TOKEN:
		tell_token(fs, o, token_id);
		break;
	case MODEL_TOKEN_RENAMED: /* `access` lists the tokens by their names */
		tell_renamed(fs, known(fs, TREE_TOKEN, o->r.id, token_id, NULL));
		tell_tokens(fs, o);
		break;
	case MODEL_TOKENS:
		tell_tokens(fs, o);
		break;
	case MODEL_DATABASE:
		tell_database(fs, o, database_id);
		break;
	case MODEL_DATABASE_MOVED:
		tell_below(fs, o->r.id, database_id);
		break;
	case MODEL_ORGANIZATION:
		tell_below(fs, o->r.id, NULL);
		break;
	}
}
