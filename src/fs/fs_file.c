/*
 * fs_open: open, create, read. Slow work is done here, at open, which blocks nobody else in the
 * kernel; what was found is kept with the open file.
 */
#include "base/buf.h"
#include "fs/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fs/fs_internal.h"
#include "system/process.h"
#include "tree/scratch_names.h"

static int reply_open(struct op *op, struct file *f)
{
	struct fs *fs = fs_of(op);

	if (op_reply_open(op, (uint64_t)(uintptr_t)f, true) != 0)
		fs_release(fs, (uint64_t)(uintptr_t)f);
	return 0;
}

/* --- permissions ------------------------------------------------------------------------------ */

static bool wants_write(const struct op *op)
{
	return (op->flags & O_ACCMODE) != O_RDONLY;
}

/* Both to read and to write wait for a commit under way: what comes next shall see it. */
static int open_permissions(struct op *op, struct node *n)
{
	struct fs *fs = fs_of(op);
	struct tree_objects v;
	struct buf text = BUF_INIT;
	/* As on any file, O_TRUNC acts with O_RDONLY, too. */
	bool writes = wants_write(op) || (op->flags & O_TRUNC);
	int r = writes ? fs_check_seen(op) : 0;

	if (r == 0)
		r = tree_resolve(&fs->tree, &op->waiter, &n->key, &v);
	if (r == 0)
		r = fs_await_commits(op, &n->key);
	if (r == 0)
		r = tree_show(&fs->tree, &op->waiter, &n->key, &text);
	if (r != 0) {
		buf_finish(&text);
		return r;
	}
	struct file *f = file_new(fs, n, op->pid);
	struct permissions_file *permissions = permissions_known(&fs->permissions, &n->key);
	if (permissions != NULL)
		permissions_opened(permissions, f->opener);
	if (writes) {
		permissions = permissions_at(&fs->permissions, &n->key);
		permissions_begin(permissions);
		f->writable = wants_write(op);
		f->writer = permissions_open(permissions, &text, (op->flags & O_TRUNC) != 0,
					     f->opener, op->waiter.arrived);
	}
	f->text = text;
	return reply_open(op, f);
}

/* --- everything else -------------------------------------------------------------------------- */

static int open_scratch(struct op *op, struct node *n)
{
	struct fs *fs = fs_of(op);
	struct scratch *s = scratch_find(&fs->scratches, &n->key);

	if (s == NULL)
		return -ESTALE;
	if (op->flags & O_TRUNC)
		scratch_truncate(s, 0, fs_now_ns(fs), &op->waiter.error);
	struct file *f = file_new(fs, n, op->pid);
	f->writable = wants_write(op);
	f->scratch = s;
	scratch_hold(s);
	return reply_open(op, f);
}

static int open_plain(struct op *op, struct node *n)
{
	struct fs *fs = fs_of(op);
	enum tree_kind kind = n->key.kind;
	struct buf text = BUF_INIT;

	if (wants_write(op) && (tree_mode(kind) & 0200) == 0)
		return fs_refuse(op, EPERM,
				 "this file says what PlanetScale says: it cannot be written");
	int r = 0;
	if (kind == TREE_CREATE_TOKEN && wants_write(op))
		r = fs_check_seen(op);
	if (r == 0)
		r = tree_show(&fs->tree, &op->waiter, &n->key, &text);
	if (r != 0) {
		buf_wipe(&text);
		return r;
	}
	if (kind == TREE_REFRESH && wants_write(op) && (op->flags & O_TRUNC))
		fs_refresh(fs);
	struct file *f = file_new(fs, n, op->pid);
	f->writable = wants_write(op);
	if (tree_secret(kind) != 0) {
		f->secret = secret_new(buf_str(&text), text.len);
		buf_wipe(&text);
	} else {
		f->text = text;
	}
	return reply_open(op, f);
}

int fs_open(struct op *op)
{
	int r;
	struct node *n = fs_node(op, &r);

	if (n == NULL)
		return r;
	if (n->misnamed)
		return -ESTALE; /* look again: is `permissions` meant, or its backup? */
	if (tree_is_permissions(n->key.kind))
		return open_permissions(op, n);
	return n->key.kind == TREE_SCRATCH ? open_scratch(op, n) : open_plain(op, n);
}

/* --- create ----------------------------------------------------------------------------------- */

static int reply_create(struct op *op, struct op_entry *e, struct file *f)
{
	struct fs *fs = fs_of(op);
	uint64_t file = (uint64_t)(uintptr_t)f;

	if (op_reply_create(op, e, file) != 0) {
		fs_forget(fs, e->node, 1);
		fs_release(fs, file);
	}
	return 0;
}

/* `permissions`, made again after it was removed: as if opened with O_TRUNC. */
static int create_permissions(struct op *op, const struct inode_key *p)
{
	struct fs *fs = fs_of(op);
	struct tree_objects v;
	struct op_entry e;
	int r = fs_check_seen(op);

	if (r == 0)
		r = tree_resolve(&fs->tree, &op->waiter, p, &v);
	if (r == 0)
		r = fs_await_commits(op, p);
	if (r == 0)
		r = fs_entry(op, p, &e);
	if (r != 0)
		return r;
	struct permissions_file *permissions = permissions_at(&fs->permissions, p);
	permissions_made_again(permissions);
	permissions_opened(permissions, process_group(op->pid));
	permissions_begin(permissions);
	struct file *f = file_new(fs, node_find(&fs->nodes, e.node), op->pid);
	f->writable = true;
	f->writer = permissions_open(permissions, &f->text, true, f->opener, op->waiter.arrived);
	return reply_create(op, &e, f);
}

static int create_scratch(struct op *op, const struct inode_key *p)
{
	struct fs *fs = fs_of(op);
	struct scratch *s = scratch_find(&fs->scratches, p);
	struct op_entry e;
	int r = 0;

	if (s == NULL)
		r = scratch_add(&fs->scratches, p, S_IFREG | (op->mode & 0700), NULL, fs_now_ns(fs),
				&s, &op->waiter.error);
	if (r == 0)
		r = fs_entry(op, p, &e);
	if (r != 0)
		return r;
	struct file *f = file_new(fs, node_find(&fs->nodes, e.node), op->pid);
	f->writable = wants_write(op);
	f->scratch = s;
	scratch_hold(s);
	return reply_create(op, &e, f);
}

static bool holds_permissions(enum tree_kind kind)
{
	return kind == TREE_TOKEN || kind == TREE_TOKEN_DATABASE;
}

int fs_create(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct inode_key p;
	int r;
	struct node *dir = fs_node(op, &r);

	if (dir == NULL)
		return r;
	r = fs_child(op, op->node, op->name, &p);
	if (r == 0 && tree_is_permissions(p.kind))
		return create_permissions(op, &p);
	if (r == 0 && p.kind != TREE_SCRATCH)
		return -EEXIST;
	if (r != 0 && r != -ENOENT)
		return r;
	if (!holds_permissions(dir->key.kind))
		return fs_refuse(op, EPERM, "no file can be made here");
	if (!name_scratch(op->name))
		return fs_refuse_name(op, op->name);
	p = dir->key;
	p.kind = TREE_SCRATCH;
	p.name = op->name;
	/* The directory may be gone: making a scratch file there would keep it in memory for
	 * nothing. */
	struct tree_objects v;
	r = tree_resolve(&fs->tree, &op->waiter, &dir->key, &v);
	return r != 0 ? r : create_scratch(op, &p);
}

/* --- read, write, close: by what is open ------------------------------------------------------ */

static int reply_part(struct op *op, const char *text, size_t len)
{
	size_t from = op->offset < len ? (size_t)op->offset : len;

	op_reply_data(op, text + from, len - from < op->size ? len - from : op->size);
	return 0;
}

static int reply_slice(struct op *op, const struct buf *text)
{
	return reply_part(op, buf_str(text), text->len);
}

/* Whoever reads from the start again sees what is granted now. */
static int read_permissions(struct op *op, struct file *f)
{
	struct buf text = BUF_INIT;

	if (op->offset == 0) {
		int r = tree_show(&fs_of(op)->tree, &op->waiter, &f->node->key, &text);
		if (r != 0) {
			buf_finish(&text);
			return r == -ESTALE ? -EIDRM : r;
		}
		buf_finish(&f->text);
		f->text = text;
	}
	return reply_slice(op, &f->text);
}

int fs_read(struct op *op)
{
	struct file *f = file_of(op);

	if (f->scratch != NULL)
		return reply_slice(op, &f->scratch->text);
	if (f->secret != NULL)
		return reply_part(op, secret_expose(f->secret), secret_len(f->secret));
	return tree_is_permissions(f->node->key.kind) ? read_permissions(op, f)
						      : reply_slice(op, &f->text);
}

static int write_scratch(struct op *op, struct file *f)
{
	int r = scratch_write(f->scratch, op->offset, buf_str(&op->data), op->data.len,
			      fs_now_ns(fs_of(op)), &op->waiter.error);

	if (r == 0)
		op_reply_written(op, op->data.len);
	return r;
}

int fs_write(struct op *op)
{
	struct file *f = file_of(op);

	if (!f->writable)
		return -EBADF;
	if (f->writer != NULL)
		return fs_write_permissions(op, f);
	if (f->scratch != NULL)
		return write_scratch(op, f);
	if (f->node->key.kind == TREE_CREATE_TOKEN)
		return fs_write_create_token(op, f);
	fs_refresh(fs_of(op));
	op_reply_written(op, op->data.len);
	return 0;
}

int fs_flush(struct op *op)
{
	struct file *f = file_of(op);

	if (f->writer != NULL)
		return fs_flush_permissions(op, f);
	if (f->writable && f->node->key.kind == TREE_CREATE_TOKEN)
		return fs_flush_create_token(op, f);
	op_reply_ok(op);
	return 0;
}

int fs_fsync(struct op *op)
{
	struct file *f = file_of(op);

	if (f->scratch == NULL && tree_is_permissions(f->node->key.kind))
		return fs_fsync_permissions(op, &f->node->key, f);
	op_reply_ok(op);
	return 0;
}
