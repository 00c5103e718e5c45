/* SPDX-License-Identifier: MIT */
#include "fs/fs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/names.h"
#include "fs/fs_internal.h"
#include "system/process.h"
#include "tree/scratch_names.h"

static op_handler *const handlers[OP_KINDS] = {
	[OP_LOOKUP] = fs_lookup,        [OP_GETATTR] = fs_getattr, [OP_SETATTR] = fs_setattr,
	[OP_READLINK] = fs_readlink,    [OP_MKNOD] = fs_mknod,     [OP_MKDIR] = fs_mkdir,
	[OP_UNLINK] = fs_unlink,        [OP_RMDIR] = fs_rmdir,     [OP_SYMLINK] = fs_symlink,
	[OP_RENAME] = fs_rename,        [OP_LINK] = fs_link,       [OP_OPEN] = fs_open,
	[OP_CREATE] = fs_create,        [OP_READ] = fs_read,       [OP_WRITE] = fs_write,
	[OP_FLUSH] = fs_flush,          [OP_FSYNC] = fs_fsync,     [OP_OPENDIR] = fs_opendir,
	[OP_READDIR] = fs_readdir,      [OP_STATFS] = fs_statfs,   [OP_SETXATTR] = fs_setxattr,
	[OP_REMOVEXATTR] = fs_setxattr,
};

int64_t fs_now_ns(const struct fs *fs)
{
	return clock_wall_ns(fs->cache->clock);
}

int fs_refuse(struct op *op, int err, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_set(&op->waiter.error, err, "%s", text);
}

int fs_refuse_name(struct op *op, const char *name)
{
	fs_refuse(op, EPERM, "no file of this name can be made here");
	if (name_near_permissions(name))
		error_hint(&op->waiter.error, "Did you mean \"permissions\"?");
	else
		error_hint(&op->waiter.error,
			   "Only permissions and editors' temporary files can be made here.");
	return -EPERM;
}

int fs_check_seen(struct op *op)
{
	struct process p;

	if (process_read(op->pid, &p) == 0)
		return 0;
	fs_refuse(op, EPERM,
		  "the calling process cannot be seen from here, so it may only read: "
		  "it is in another pid namespace, or hidden in /proc");
	error_hint(&op->waiter.error, "run the command where pscalefs runs");
	return -EPERM;
}

/* --- nodes ------------------------------------------------------------------------------------ */

struct node *fs_node(struct op *op, int *r)
{
	struct node *n = node_find(&fs_of(op)->nodes, op->node);

	*r = n == NULL ? -ESTALE : 0;
	return n;
}

struct token *fs_token(struct op *op, const struct inode_key *p)
{
	const struct organization *o;

	if (p->kind != TREE_TOKEN)
		return NULL;
	o = model_organization(fs_of(op)->model, p->target.organization_id);
	return o == NULL ? NULL : model_token(o, p->target.token_id);
}

int fs_child(struct op *op, uint64_t directory, const char *name, struct inode_key *out)
{
	struct fs *fs = fs_of(op);
	struct node *dir = node_find(&fs->nodes, directory);

	if (dir == NULL)
		return -ESTALE;
	if (strlen(name) > FILE_NAME_MAX)
		return fs_refuse(op, ENAMETOOLONG, "a name has at most %d bytes", FILE_NAME_MAX);
	const struct inode_key key = fs_key(fs, dir);
	int r = tree_child(&fs->tree, &op->waiter, &key, name, out);
	struct token *t = r == 0 ? fs_token(op, out) : NULL;
	if (t == NULL || !model_withheld(t))
		return r;
	if (model_look_for(t)) { /* what follows is the same call, or soon after it */
		fs_refuse(op, ENOENT,
			  "the service token of this name is gone, and another one has the name");
		error_hint(&op->waiter.error, "from now on the name means the token %s", t->r.id);
	}
	return -ENOENT;
}

int fs_entry(struct op *op, const struct inode_key *p, struct op_entry *e)
{
	struct fs *fs = fs_of(op);
	struct tree_objects v;
	int r;

	/*
	 * A lookup that waits blocks its whole directory. So if the size may need the network, the
	 * reply has attributes that have expired; the kernel asks again when it needs them.
	 */
	if (tree_attr_later(p->kind)) {
		r = tree_resolve(&fs->tree, &op->waiter, p, &v);
		tree_attr_unread(p, &e->st);
	} else {
		r = tree_attr(&fs->tree, &op->waiter, p, &e->st);
	}
	if (r != 0)
		return r;
	struct node *n = node_at(&fs->nodes, p);
	node_looked_up(n);
	e->node = node_number(&fs->nodes, n);
	e->attr_timeout_s = tree_attr_later(p->kind) ? 0 : fs_attr_timeout_s(op, n);
	e->entry_timeout_s = fs_entry_timeout_s(op, n);
	return 0;
}

void fs_entry_unread(struct op *op, const struct inode_key *p, struct op_entry *e)
{
	struct nodes *nodes = &fs_of(op)->nodes;
	struct node *n = node_at(nodes, p);

	*e = (struct op_entry){.node = node_number(nodes, n)};
	node_looked_up(n);
	tree_attr_unread(p, &e->st);
}

int fs_reply_entry(struct op *op, struct op_entry *e)
{
	struct fs *fs = fs_of(op);

	if (op_reply_entry(op, e) != 0)
		fs_forget(fs, e->node, 1);
	return 0;
}

void fs_forget(struct fs *fs, uint64_t node, uint64_t lookups)
{
	struct node *n = node_find(&fs->nodes, node);

	if (n != NULL)
		node_forget(&fs->nodes, n, lookups);
}

/* --- lookup ----------------------------------------------------------------------------------- */

int fs_lookup(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct inode_key p;
	struct op_entry e;
	int r = fs_child(op, op->node, op->name, &p);

	if (r != 0)
		return r;
	if (tree_is_permissions(p.kind) &&
	    permissions_removed(permissions_known(&fs->permissions, &p), op->pid))
		return -ENOENT;
	r = fs_entry(op, &p, &e);
	return r != 0 ? r : fs_reply_entry(op, &e);
}

/*
 * Attributes of a file that is gone, but open: fstat(2) works, as for a file that was unlinked. The
 * kernel's request is the same for stat(2), whose path fails at the next lookup.
 */
static bool attr_of_removed(struct fs *fs, const struct node *n, struct stat *st)
{
	list_for_each(pos, &fs->files) {
		const struct file *f = container_of(pos, struct file, link);
		if (f->node != n)
			continue;
		const struct inode_key key = fs_key(fs, n);
		tree_attr_unread(&key, st);
		st->st_nlink = 0;
		st->st_size = (off_t)(f->secret != NULL    ? secret_len(f->secret)
				      : f->scratch != NULL ? f->scratch->text.len
							   : f->text.len);
		return true;
	}
	return false;
}

/* --- what stat(2) shows to a writer ----------------------------------------------------------- */

/* Did this thread group open the handle, or write through it last? */
static bool is_of(struct file *f, pid_t tgid)
{
	return file_opener(f) == tgid || (f->writer != NULL && f->writer->last == tgid);
}

/* Does the handle write the permissions file of this node? The kernel may have renamed the node by which
 * it was opened. */
static bool writes_at(const struct file *f, const struct node *n)
{
	if (f->writer == NULL || f->writer->text->file == NULL)
		return false;
	const struct inode_key key = fs_key(f->fs, n);
	return target_equal(&f->writer->text->file->target, &key.target);
}

/* May a stat(2) of this node be meant for the handle? */
static bool shows(const struct file *f, const struct node *n)
{
	if (f->node != n && (n->misnamed || !writes_at(f, n)))
		return false;
	/* The handle's text is detached; this node belongs to the new file. */
	return f->writer == NULL || f->writer->text->file != NULL || n->detached;
}

/* Else nobody has to ask who the caller is, which means reading /proc. */
static bool is_written(const struct fs *fs, const struct node *n)
{
	list_for_each(pos, &fs->files) {
		const struct file *f = container_of(pos, struct file, link);
		if (f->writer != NULL && shows(f, n))
			return true;
	}
	return false;
}

/*
 * The handle whose text size the caller expects. The request of fstat(2) does not name a handle:
 * take the one by which the caller's process has the file open for writing, unless the process has
 * it open for reading too (`sort f > f`).
 */
static const struct file *writer_of(struct op *op, const struct node *n)
{
	const struct file *own = file_of(op), *found = NULL;

	if (own != NULL)
		return own->writer != NULL ? own : NULL;
	if (!is_written(fs_of(op), n))
		return NULL;
	pid_t caller = process_group(op->pid);
	if (caller == 0) /* it cannot be seen, so it has nothing open for writing */
		return NULL;
	list_for_each(pos, &fs_of(op)->files) {
		struct file *f = container_of(pos, struct file, link);
		if (!shows(f, n) || !is_of(f, caller))
			continue;
		if (f->writer == NULL)
			return NULL;
		found = f;
	}
	return found;
}

static bool writer_size(struct op *op, const struct node *n, off_t *size)
{
	const struct file *f = writer_of(op, n);

	if (f != NULL)
		*size = (off_t)f->writer->text->text.len;
	return f != NULL;
}

/* Does the calling process have this node open, so that the call may be fstat(2)? */
static bool opened_by_caller(struct op *op, const struct node *n)
{
	pid_t caller = process_group(op->pid);

	list_for_each(pos, &fs_of(op)->files) {
		struct file *f = container_of(pos, struct file, link);
		if (f->node == n && is_of(f, caller))
			return true;
	}
	return false;
}

/* Attributes of the backup, for a node of `permissions` that the kernel has under the backup's name
 * until its next lookup. */
static int attr_of_misnamed(struct op *op, const struct node *n, struct stat *st)
{
	struct fs *fs = fs_of(op);
	const struct scratch *s = scratch_of_misnamed(&fs->scratches, node_number(&fs->nodes, n));

	if (s == NULL)
		return -ESTALE;
	const struct inode_key key = fs_key(fs, n), p = tree_scratch(&key, s->name);
	return tree_attr(&fs->tree, &op->waiter, &p, st);
}

int fs_attr(struct op *op, struct node *n, struct stat *st)
{
	struct fs *fs = fs_of(op);
	const struct inode_key key = fs_key(fs, n);
	struct tree_objects v;
	off_t size;
	int r;

	/* A program that has a log open may wait for it to grow. */
	if (tree_is_log(n->kind) && opened_by_caller(op, n)) {
		const struct audit_log *log;
		r = fs_update_log(op, n, &log);
		if (r != 0)
			return r;
	}
	/* It was replaced while it was open: another file has its name. */
	if (n->detached && tree_is_scratch(n->kind) && attr_of_removed(fs, n, st))
		return 0;
	if (!tree_is_permissions(n->kind) || !writer_size(op, n, &size)) {
		if (n->misnamed && op->file == 0 && !opened_by_caller(op, n) &&
		    attr_of_misnamed(op, n, st) == 0)
			return 0;
		r = tree_attr(&fs->tree, &op->waiter, &key, st);
		return r == -ESTALE && attr_of_removed(fs, n, st) ? 0 : r;
	}
	r = tree_resolve(&fs->tree, &op->waiter, &key, &v);
	if (r != 0)
		return r;
	tree_attr_unread(&key, st);
	tree_times(&fs->tree, &v, st);
	st->st_size = size;
	st->st_blocks = (size + 511) / 512;
	return 0;
}

int fs_getattr(struct op *op)
{
	struct stat st;
	int r;
	struct node *n = fs_node(op, &r);

	if (n == NULL)
		return r;
	r = fs_attr(op, n, &st);
	if (r != 0)
		return r;
	if (n->renamed) { /* once: the kernel then repeats the lookup of the name that it has */
		n->renamed = false;
		return -ESTALE;
	}
	op_reply_attr(op, &st, fs_attr_timeout_s(op, n));
	return 0;
}

int fs_show(struct op *op, const struct node *n, struct buf *out)
{
	const struct inode_key key = fs_key(fs_of(op), n);

	return tree_show(&fs_of(op)->tree, &op->waiter, &key, out);
}

int fs_readlink(struct op *op)
{
	struct buf target = BUF_INIT;
	int r;
	struct node *n = fs_node(op, &r);

	if (n == NULL)
		return r;
	r = fs_show(op, n, &target);
	if (r == 0)
		op_reply_link(op, buf_str(&target));
	buf_finish(&target);
	return r;
}

int fs_statfs(struct op *op)
{
	op_reply_statfs(op);
	return 0;
}

/*
 * Setting or removing an access control list succeeds and does nothing, as does setting the mode.
 * The kernel reports that a file has none; editors that copy the list then set one made from the
 * mode, and would not save the file if that failed. `cp -p` of a directory sets one list of it and,
 * if that succeeded, removes the other.
 */
int fs_setxattr(struct op *op)
{
	if (!str_starts(op->name, "system.posix_acl_"))
		return -ENOTSUP;
	op_reply_ok(op);
	return 0;
}

/* --- setting up and ending -------------------------------------------------------------------- */

/* The path of a node, and of `name` in it unless that is NULL. */
static void add_path(struct fs *fs, const struct node *n, const char *name, struct buf *out)
{
	const struct inode_key key = fs_key(fs, n);

	tree_path(&fs->tree, &key, out);
	if (name != NULL)
		buf_addf(out, "%s%s", str_ends(buf_str(out), "/") ? "" : "/", name);
}

/* The path of an op, for the error log. */
static void op_path(struct op *op, struct buf *out)
{
	struct fs *fs = fs_of(op);
	struct node *n = node_find(&fs->nodes, op->node);

	if (n == NULL) {
		buf_adds(out, "?");
		return;
	}
	add_path(fs, n, op->name, out);
	if (op->kind != OP_RENAME)
		return;
	buf_adds(out, " -> ");
	n = op->new_node != op->node ? node_find(&fs->nodes, op->new_node) : NULL;
	if (n == NULL) {
		buf_adds(out, op->new_name);
		return;
	}
	add_path(fs, n, op->new_name, out);
}

static void no_status(void *ctx, struct buf *out)
{
	(void)ctx;
	(void)out;
}

struct fs *fs_new(const struct fs_parts *parts)
{
	static const struct inode_key root = {.kind = TREE_ROOT};
	struct fs *fs = xcalloc(1, sizeof(*fs));

	fs->cache = parts->cache;
	fs->ttl_s = parts->ttl_s;
	fs->store = parts->store;
	fs->model = store_model(parts->store);
	store_set_timeout(fs->store, parts->timeout_ms);
	list_init(&fs->files);
	list_init(&fs->snapshots);
	list_init(&fs->commits);
	nodes_init(&fs->nodes, &root);
	scratches_init(&fs->scratches);
	permissions_files_init(&fs->permissions);
	removal_guard_init(&fs->removal_guard);
	ops_init(&fs->ops, parts->cache, &fs->error_log, parts->sink, handlers, fs, op_path);
	fs->ops.patience_ms = 20 * parts->timeout_ms;
	fs->model->changed = fs_changed;
	fs->model->changed_ctx = fs;
	fs->tree = (struct tree){
		.store = parts->store,
		.model = fs->model,
		.organization = parts->organization,
		.error_log = &fs->error_log,
		.scratches = &fs->scratches,
		.status = parts->status != NULL ? parts->status : no_status,
		.status_ctx = parts->status_ctx,
	};
	return fs;
}

void fs_free(struct fs *fs)
{
	if (fs == NULL)
		return;
	while (!list_empty(&fs->files)) {
		struct file *f = container_of(fs->files.next, struct file, link);
		f->refs = 1;
		file_release(f);
	}
	snapshot_release(fs->recent_snapshot);
	permissions_files_finish(&fs->permissions);
	fs_drop_emptying(fs, NULL);
	scratches_finish(&fs->scratches);
	removal_guard_finish(&fs->removal_guard);
	nodes_finish(&fs->nodes);
	error_log_finish(&fs->error_log);
	free(fs);
}

struct op *fs_op(struct fs *fs, enum op_kind kind, void *req, pid_t tid, uint64_t node)
{
	return op_new(&fs->ops, kind, req, tid, node);
}

void fs_refresh(struct fs *fs)
{
	store_refresh(fs->store);
	fs_tell_all(fs);
}

void fs_let_keep(struct fs *fs, void (*forget)(void *ctx, uint64_t node), void *ctx)
{
	fs->forget = forget;
	fs->forget_ctx = ctx;
}

void fs_told(struct fs *fs, size_t n)
{
	ops_told(&fs->ops, n);
}

bool fs_poll_interrupted(struct fs *fs)
{
	bool any = false;

	list_for_each(pos, &fs->ops.live) {
		struct op *op = container_of(pos, struct op, live);
		if (!op->interrupted || op->state == OP_DETACHED)
			continue;
		any = true;
		if (process_ending(op->pid))
			waiter_wake(&op->waiter);
	}
	return any;
}

void fs_let_go(struct fs *fs, int err)
{
	/* Nothing is kept of a mount that is gone. */
	fs_let_keep(fs, NULL, NULL);
	ops_told(&fs->ops, fs->ops.untold);
	ops_let_go(&fs->ops, err);
}

void fs_stop(struct fs *fs, int err)
{
	ops_finish(&fs->ops, err);
	fs_end_commits(fs, err);
}

void fs_each_failed_close(struct fs *fs, fs_failed_close *found, void *ctx)
{
	list_for_each(pos, &fs->permissions.all) {
		const struct permissions_file *f = container_of(pos, struct permissions_file, link);
		if (f->failure == NULL || f->report != REPORTED_BY_CLOSE)
			continue;
		cleanup(buf_finish) struct buf path = BUF_INIT;
		struct inode_key p = tree_permissions(&f->target);
		tree_path(&fs->tree, &p, &path);
		found(ctx, buf_str(&path), f->failure);
	}
}

bool fs_busy(const struct fs *fs)
{
	list_for_each(pos, &fs->ops.live) {
		const struct op *op = container_of(pos, struct op, live);
		if (op->state == OP_COMMITTED || op->state == OP_DETACHED)
			return true;
	}
	return !list_empty(&fs->commits);
}
