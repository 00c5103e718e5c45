/* SPDX-License-Identifier: MIT */
/*
 * fs_name: remove and rename files, set attributes. Only tokens, their grants and scratch files can
 * be removed, and not by a recursive removal that starts above the token (removal_guard).
 */
#include "base/buf.h"
#include "base/macros.h"
#include "fs/fs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fs/fs_internal.h"
#include "tree/scratch_names.h"

/*
 * The kernel has unlinked the name: let the next lookup make a new node. This is necessary for a
 * directory: the kernel finds nothing in a removed one while a process has it open or works in it.
 */
void fs_detach(struct fs *fs, const struct inode_key *p)
{
	struct node *n = node_known(&fs->nodes, p);

	if (n != NULL)
		node_detach(&fs->nodes, n);
}

/* --- what may be removed ---------------------------------------------------------------------- */

/* Only the first refusal of a process has a sentence: a recursive removal may cause hundreds, which
 * would fill the error log. */
static int refuse_removal(struct op *op, const char *why)
{
	if (!removal_guard_refused(&fs_of(op)->removal_guard, op->pid))
		return -EPERM;
	return fs_refuse(op, EPERM, "%s", why);
}

static int check_guard(struct op *op, const struct inode_key *p)
{
	const struct node *dir = node_find(&fs_of(op)->nodes, op->node);
	uint64_t inside = 0;

	if (tree_in_token(p->kind) && dir != NULL) {
		const struct inode_key key = fs_key(fs_of(op), dir);
		inside = inode_number(&key);
	}
	if (removal_guard_allows(&fs_of(op)->removal_guard, op->pid, inside))
		return 0;
	refuse_removal(op, "a recursive removal that starts above a token removes nothing of it");
	error_hint(&op->waiter.error, "give the name of the token: rm -r service-tokens/NAME");
	return -EPERM;
}

int fs_removal(struct op *op, struct inode_key *p)
{
	int r = fs_child(op, op->node, op->name, p);

	if (r != 0)
		return r;
	if (fs_check_seen(op) != 0)
		return -EPERM;
	if (!tree_of_token(p->kind))
		return refuse_removal(op,
				      "only service tokens and their access can be removed here");
	return check_guard(op, p);
}

/* --- unlink ----------------------------------------------------------------------------------- */

static void unlink_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct fs *fs = fs_of(op);
	struct node *dir = node_find(&fs->nodes, op->node);

	if (e != NULL && dir != NULL && !op_detached(op) &&
	    fs_leaves_to_deletion(op, fs_key(fs, dir).target.token_id, e))
		e = NULL;
	if (op_finished(op, e))
		return;
	if (dir != NULL) {
		const struct inode_key key = fs_key(fs, dir);
		struct inode_key p = tree_permissions(&key.target);
		fs_detach(fs, &p);
		permissions_remember_removal(permissions_at(&fs->permissions, &p), op->pid, false);
	}
	op_reply_ok(op);
}

int fs_unlink(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct inode_key p;
	int r = fs_removal(op, &p);

	if (r != 0)
		return r;
	if (tree_is_permissions(p.kind)) {
		struct permissions_file *permissions = permissions_known(&fs->permissions, &p);
		if (permissions_removed(permissions, op->pid))
			return -ENOENT;
		if (!permissions_undoes_failed_save(permissions, op->pid))
			return fs_replace_permissions(op, &p, REPLACED_BY_UNLINK, NULL,
						      unlink_done);
		permissions_detach(permissions);
		unlink_done(op, &(const struct store_outcome){0});
		return 0;
	}
	if (S_ISDIR(tree_mode(p.kind)))
		return -EISDIR;
	if (tree_is_scratch(p.kind)) {
		fs_detach(fs, &p);
		scratch_unlink(&fs->scratches, scratch_find(&fs->scratches, &p));
	} else if (tree_secret(p.kind) == 0) {
		/* For rm -r: report success; the file disappears when the token is deleted. */
		fs_note_emptying(op, &p);
	} else if (!fs_keeps_secret(op, &p)) {
		model_remove_secret(fs->model, p.target.token_id, tree_secret(p.kind));
	}
	op_reply_ok(op);
	return 0;
}

/* --- rename ----------------------------------------------------------------------------------- */

static bool same_directory(const struct op *op)
{
	return op->node == op->new_node;
}

/* The kernel has renamed `from` to `to`: move the node. */
static void moved(struct fs *fs, const struct inode_key *from, const struct inode_key *to)
{
	struct node *n = node_known(&fs->nodes, from);

	if (n != NULL)
		node_move(&fs->nodes, n, to);
	else
		fs_detach(fs, to);
}

/* The keys of a scratch file and of `permissions` in the op's directory. */
static bool rename_keys(struct op *op, const char *scratch_name, struct inode_key *scratch,
			struct inode_key *permissions)
{
	struct node *dir = node_find(&fs_of(op)->nodes, op->node);

	if (dir == NULL)
		return false;
	const struct inode_key key = fs_key(fs_of(op), dir);
	*scratch = tree_scratch(&key, scratch_name);
	*permissions = tree_permissions(&key.target);
	return true;
}

static void rename_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct fs *fs = fs_of(op);
	struct inode_key scratch, permissions;

	if (e == NULL && rename_keys(op, op->name, &scratch, &permissions)) {
		struct scratch *s = scratch_find(&fs->scratches, &scratch);
		moved(fs, &scratch, &permissions);
		permissions_drop_removal(permissions_at(&fs->permissions, &permissions));
		if (s != NULL)
			scratch_unlink(&fs->scratches, s);
	}
	if (op_detached(op))
		return;
	if (e == NULL) {
		op_reply_ok(op);
		return;
	}
	/* Not EINVAL, for which mv prints a misleading message; nor EXDEV, after which it would
	 * copy and delete. */
	struct error answer = *e;
	if (answer.err == EINVAL)
		answer.err = EBADMSG;
	op_reply_error(op, &answer);
}

static int commit_scratch(struct op *op, const struct inode_key *from, const struct inode_key *to)
{
	struct fs *fs = fs_of(op);
	struct scratch *s = scratch_find(&fs->scratches, from);
	struct tree_objects v;

	if (s->target != NULL)
		return fs_refuse(op, EPERM, "a link cannot become permissions");
	if (fs_check_seen(op) != 0)
		return -EPERM;
	int r = tree_resolve(&fs->tree, &op->waiter, to, &v);
	if (r == 0)
		r = fs_replace_permissions(op, to, REPLACED_BY_RENAME, &s->text, rename_done);
	return r == -EINVAL ? -EBADMSG : r;
}

/* An editor renames `permissions` to a backup: copy its text; `permissions` and the grants stay. */
static int back_up(struct op *op, const struct inode_key *from, const struct inode_key *to)
{
	struct fs *fs = fs_of(op);
	struct buf text = BUF_INIT;
	struct scratch *s = scratch_find(&fs->scratches, to);
	struct error *e = &op->waiter.error;
	int r = fs_await_commits(op, from);

	if (r == 0)
		r = tree_show(&fs->tree, &op->waiter, from, &text);

	if (r == 0 && s != NULL) { /* open handles of the old backup keep it */
		fs_detach(fs, to);
		scratch_unlink(&fs->scratches, s);
	}
	if (r == 0)
		r = scratch_add(&fs->scratches, to, S_IFREG | 0600, NULL, fs_now_ns(fs), &s, e);
	if (r == 0)
		r = scratch_write(s, 0, buf_str(&text), text.len, fs_now_ns(fs), e);
	if (r == 0) {
		struct node *n = node_known(&fs->nodes, from);
		if (n != NULL) {
			node_misname(&fs->nodes, n);
			s->misnamed = node_number(&fs->nodes, n);
		}
		permissions_remember_removal(permissions_at(&fs->permissions, from), op->pid, true);
		op_reply_ok(op);
	}
	buf_finish(&text);
	return r;
}

static int rename_scratch(struct op *op, const struct inode_key *from, const struct inode_key *to)
{
	struct fs *fs = fs_of(op);

	scratch_rename(&fs->scratches, scratch_find(&fs->scratches, from), to->name);
	moved(fs, from, to);
	op_reply_ok(op);
	return 0;
}

static int rename_child(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct inode_key from, to;
	int r = fs_child(op, op->node, op->name, &from);

	if (r != 0)
		return r;
	if (from.kind == TREE_TOKEN)
		return fs_refuse(op, EPERM,
				 "PlanetScale cannot rename a service token; to copy its "
				 "access: cp -r OLD/databases NEW/");
	if ((!tree_is_scratch(from.kind) && !tree_is_permissions(from.kind)) ||
	    (op->flags & RENAME_EXCHANGE))
		return fs_refuse(op, EPERM, "this cannot be renamed");
	if (!same_directory(op)) {
		r = fs_refuse(op, EPERM, "this cannot be moved to another directory");
		error_hint(&op->waiter.error, "cp copies permissions, and rm revokes them");
		return r;
	}
	r = fs_child(op, op->new_node, op->new_name, &to);
	if (r == WAIT || (r < 0 && r != -ENOENT))
		return r;
	if (r == 0 && (op->flags & RENAME_NOREPLACE) &&
	    !permissions_removed(permissions_known(&fs->permissions, &to), op->pid))
		return -EEXIST;
	if (r == -ENOENT) {
		to = tree_scratch(&from, op->new_name);
		if (!name_scratch(op->new_name))
			return fs_refuse_name(op, op->new_name);
	}
	if (tree_is_scratch(from.kind) && tree_is_permissions(to.kind))
		return commit_scratch(op, &from, &to);
	if (!tree_is_scratch(to.kind))
		return fs_refuse(op, EPERM, "this cannot be replaced");
	return tree_is_scratch(from.kind) ? rename_scratch(op, &from, &to)
					  : back_up(op, &from, &to);
}

/* EINVAL may also come from a request that a handler needs first: PlanetScale answered 422. */
int fs_rename(struct op *op)
{
	int r = rename_child(op);

	return r == -EINVAL ? -EBADMSG : r;
}

/* --- links and special files ------------------------------------------------------------------ */

int fs_link(struct op *op)
{
	return fs_refuse(op, EPERM, "there are no hard links here");
}

int fs_mknod(struct op *op)
{
	return fs_refuse(op, EPERM,
			 "only permissions and editors' temporary files can be made here");
}

/* Emacs locks a file by a symbolic link beside it, whose target does not exist. */
int fs_symlink(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct op_entry e;
	struct scratch *s;
	struct tree_objects v;
	int r;
	struct node *dir = fs_node(op, &r);

	if (dir == NULL)
		return r;
	const struct inode_key key = fs_key(fs, dir), p = tree_scratch(&key, op->name);
	if (!tree_holds_scratch(dir->kind) || !name_scratch(op->name))
		return fs_refuse(op, EPERM, "no link can be made here");
	r = tree_resolve(&fs->tree, &op->waiter, &key, &v);
	if (r == 0 && scratch_find(&fs->scratches, &p) != NULL)
		return -EEXIST;
	if (r == 0)
		r = scratch_add(&fs->scratches, &p, S_IFLNK | 0777, op->new_name, fs_now_ns(fs), &s,
				&op->waiter.error);
	if (r == 0)
		r = fs_entry(op, &p, &e);
	return r != 0 ? r : fs_reply_entry(op, &e);
}

/* --- setattr ---------------------------------------------------------------------------------- */

/* touch on a directory: fetch its contents again. */
static void forget_below(struct fs *fs, const struct inode_key *p)
{
	struct organization *o = p->target.organization_id == NULL
					 ? NULL
					 : model_organization(fs->model, p->target.organization_id);
	struct token *t =
		o == NULL || p->target.token_id == NULL ? NULL : model_token(o, p->target.token_id);

	fs_tell_all(fs);
	if (o == NULL) {
		model_expire(fs->model);
		return;
	}
	if (t != NULL) {
		resource_expire(&t->grants);
		resource_expire(&o->tokens);
		return;
	}
	resource_expire(&o->databases);
	resource_expire(&o->tokens);
	for (size_t i = 0; i < o->n_tokens; i++)
		resource_expire(&o->token[i]->grants);
}

int fs_setattr(struct op *op)
{
	struct fs *fs = fs_of(op);
	int r;
	struct node *n = fs_node(op, &r);

	if (n == NULL)
		return r;
	const struct inode_key key = fs_key(fs, n);
	if (op->set_size) {
		r = fs_set_size(op, &key);
		if (r != 0 || op->state == OP_COMMITTED)
			return r;
		op->set_size = false; /* only once: a write may arrive while this waits */
	}
	if (op->set_times && (S_ISDIR(tree_mode(n->kind)) || n->kind == TREE_REFRESH)) {
		forget_below(fs, &key);
		op->set_times = false; /* only once, although this may run again */
		if (op_await_told(op) == WAIT)
			return WAIT;
	}
	/* Mode, owner and times of files are not stored. Setting them succeeds, because cp -p, tar
	 * and editors do it. */
	struct stat st;
	r = fs_attr(op, n, &st);
	if (r == 0)
		op_reply_attr(op, &st, fs_attr_timeout_s(op, n));
	return r;
}
