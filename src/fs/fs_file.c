/* SPDX-License-Identifier: MIT */
/*
 * fs_file: open, create, read, write, set the size, close: the table at the end has a row for each
 * kind of file. open does the slow work, because the kernel holds no lock meanwhile that would
 * block other callers; the content is kept with the open file.
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

/* The handlers of one kind of file (enum tree_write). */
struct file_handlers {
	int (*open)(struct op *op, struct node *n);
	int (*read)(struct op *op, struct file *f);
	int (*write)(struct op *op, struct file *f); /* only for a handle open for writing */
	int (*truncate)(struct op *op, const struct inode_key *p); /* as fs_set_size() */
	/* NULL: nothing to do. */
	int (*flush)(struct op *op, struct file *f);
	int (*fsync)(struct op *op, struct file *f);
	void (*release)(struct file *f);
};

static const struct file_handlers *handlers_of(enum tree_kind kind);

/* --- open files ------------------------------------------------------------------------------- */

static bool wants_write(const struct op *op)
{
	return (op->flags & O_ACCMODE) != O_RDONLY;
}

/* As with any file, O_TRUNC also works with O_RDONLY. */
static bool may_write(const struct op *op)
{
	return op->kind == OP_CREATE || wants_write(op) || (op->flags & O_TRUNC) != 0;
}

struct file *file_new(struct op *op, struct node *node)
{
	struct fs *fs = fs_of(op);
	struct file *f = xcalloc(1, sizeof(*f));

	f->fs = fs;
	f->refs = 1;
	f->node = node;
	f->handlers = handlers_of(node->kind);
	node_hold(node);
	if (tree_write(node->kind) != WRITE_REFUSED)
		f->opener_tid = op->pid;
	/* To look it up costs more than all else of a read, and who only reads is seldom asked
	 * for. A writer's thread may have ended by then. */
	if (may_write(op))
		file_opener(f);
	list_append(&fs->files, &f->link);
	return f;
}

pid_t file_opener(struct file *f)
{
	if (f->opener_tid != 0)
		f->opener = process_group(f->opener_tid);
	f->opener_tid = 0;
	return f->opener;
}

struct file *file_of(const struct op *op)
{
	return (struct file *)(uintptr_t)op->file;
}

void file_hold(struct file *f)
{
	f->refs++;
}

void file_release(struct file *f)
{
	if (--f->refs > 0)
		return;
	list_remove(&f->link);
	node_release(&f->fs->nodes, f->node);
	buf_finish(&f->text);
	secret_free(f->secret);
	buf_finish(&f->line);
	snapshot_release(f->directory);
	if (f->scratch != NULL)
		scratch_release(f->scratch);
	permissions_leave(f->writer);
	free(f);
}

/*
 * A close only matters to a handle through which something may be written, or that truncated the
 * file when it was opened. Only content that never changes is left to the kernel's page cache: for
 * any other, a reader could get one version, cut to the size of another.
 */
static int reply_open(struct op *op, struct file *f)
{
	unsigned how = tree_constant(f->node->kind) ? OPEN_KEEP : OPEN_DIRECT;

	if (!f->writable && f->writer == NULL)
		how |= OPEN_NO_FLUSH;
	if (op_reply_open(op, (uint64_t)(uintptr_t)f, how) != 0)
		fs_release(f->fs, (uint64_t)(uintptr_t)f);
	return 0;
}

/* --- permissions ------------------------------------------------------------------------------ */

/* Opening waits for a commit under way, also for reading, so that the caller sees its result. */
static int open_permissions(struct op *op, struct node *n)
{
	struct fs *fs = fs_of(op);
	const struct inode_key key = fs_key(fs, n);
	struct tree_objects v;
	struct buf text = BUF_INIT;
	bool writes = may_write(op);
	int r = writes ? fs_check_seen(op) : 0;

	if (r == 0)
		r = tree_resolve(&fs->tree, &op->waiter, &key, &v);
	if (r == 0)
		r = fs_await_commits(op, &key);
	if (r == 0)
		r = fs_show(op, n, &text);
	if (r != 0) {
		buf_finish(&text);
		return r;
	}
	/* While it is open for writing, its size is not that of what is granted. */
	if (writes)
		fs_tell(fs, n);
	r = op_await_told(op);
	if (r != 0) {
		buf_finish(&text);
		return r;
	}
	struct file *f = file_new(op, n);
	struct permissions_file *permissions = permissions_known(&fs->permissions, &key);
	if (permissions != NULL)
		permissions_opened(permissions, file_opener(f));
	if (writes) {
		permissions = permissions_at(&fs->permissions, &key);
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
	const struct inode_key key = fs_key(fs, n);
	struct scratch *s = scratch_find(&fs->scratches, &key);

	if (s == NULL)
		return -ESTALE;
	if (op->flags & O_TRUNC)
		scratch_truncate(s, 0, fs_now_ns(fs), &op->waiter.error);
	struct file *f = file_new(op, n);
	f->writable = wants_write(op);
	f->scratch = s;
	scratch_hold(s);
	return reply_open(op, f);
}

static int open_shown(struct op *op, struct node *n)
{
	struct buf text = BUF_INIT;
	int r = fs_show(op, n, &text);

	if (r != 0) {
		buf_wipe(&text);
		return r;
	}
	struct file *f = file_new(op, n);
	f->writable = wants_write(op);
	if (tree_secret(n->kind) != 0) {
		f->secret = secret_new(buf_str(&text), text.len);
		buf_wipe(&text);
	} else {
		f->text = text;
	}
	return reply_open(op, f);
}

static int refuse_write(struct op *op)
{
	return fs_refuse(op, EPERM, "this file shows data of PlanetScale: it cannot be written");
}

static int open_read_only(struct op *op, struct node *n)
{
	return wants_write(op) ? refuse_write(op) : open_shown(op, n);
}

static int open_log(struct op *op, struct node *n)
{
	const struct audit_log *log;
	int r = wants_write(op) ? refuse_write(op) : fs_update_log(op, n, &log);

	if (r != 0)
		return r;
	struct file *f = file_new(op, n);
	f->log_start = log->start;
	return reply_open(op, f);
}

static int open_create_token(struct op *op, struct node *n)
{
	int r = wants_write(op) ? fs_check_seen(op) : 0;

	return r != 0 ? r : open_shown(op, n);
}

/* Forget everything, once, although the op may run again; WAIT until the kernel has done so too. */
static int refresh_once(struct op *op)
{
	if (!op->refreshed)
		fs_refresh(fs_of(op));
	op->refreshed = true;
	return op_await_told(op);
}

static int open_refresh(struct op *op, struct node *n)
{
	int r = wants_write(op) && (op->flags & O_TRUNC) ? refresh_once(op) : 0;

	return r != 0 ? r : open_shown(op, n);
}

int fs_open(struct op *op)
{
	int r;
	struct node *n = fs_node(op, &r);

	if (n == NULL)
		return r;
	if (n->misnamed)
		return -ESTALE; /* the kernel repeats the lookup: `permissions` or its backup? */
	return handlers_of(n->kind)->open(op, n);
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

/* `permissions` is created again after it was removed: as if opened with O_TRUNC. */
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
	struct file *f = file_new(op, node_find(&fs->nodes, e.node));
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
	struct file *f = file_new(op, node_find(&fs->nodes, e.node));
	f->writable = wants_write(op);
	f->scratch = s;
	scratch_hold(s);
	return reply_create(op, &e, f);
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
	if (r == 0 && !tree_is_scratch(p.kind))
		return -EEXIST;
	if (r != 0 && r != -ENOENT)
		return r;
	if (!tree_holds_scratch(dir->kind))
		return fs_refuse(op, EPERM, "no file can be made here");
	if (!name_scratch(op->name))
		return fs_refuse_name(op, op->name);
	const struct inode_key key = fs_key(fs, dir);
	p = tree_scratch(&key, op->name);
	/* The directory may be gone: a scratch file there could never be opened or removed. */
	struct tree_objects v;
	r = tree_resolve(&fs->tree, &op->waiter, &key, &v);
	return r != 0 ? r : create_scratch(op, &p);
}

/* --- read ------------------------------------------------------------------------------------- */

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

/* A read from the start shows what is granted now. */
static int read_permissions(struct op *op, struct file *f)
{
	struct buf text = BUF_INIT;

	if (op->offset == 0) {
		int r = fs_show(op, f->node, &text);
		if (r != 0) {
			buf_finish(&text);
			return r == -ESTALE ? -EIDRM : r;
		}
		buf_finish(&f->text);
		f->text = text;
	}
	return reply_slice(op, &f->text);
}

static int read_scratch(struct op *op, struct file *f)
{
	return reply_slice(op, &f->scratch->text);
}

static int read_shown(struct op *op, struct file *f)
{
	if (f->secret != NULL)
		return reply_part(op, secret_expose(f->secret), secret_len(f->secret));
	return reply_slice(op, &f->text);
}

int fs_read(struct op *op)
{
	struct file *f = file_of(op);

	return f->handlers->read(op, f);
}

/* --- write ------------------------------------------------------------------------------------ */

static int write_scratch(struct op *op, struct file *f)
{
	int r = scratch_write(f->scratch, op->offset, buf_str(&op->data), op->data.len,
			      fs_now_ns(fs_of(op)), &op->waiter.error);

	if (r == 0)
		op_reply_written(op, op->data.len);
	return r;
}

static int write_refresh(struct op *op, struct file *f)
{
	int r = refresh_once(op);

	(void)f;
	if (r == 0)
		op_reply_written(op, op->data.len);
	return r;
}

int fs_write(struct op *op)
{
	struct file *f = file_of(op);

	return f->writable ? f->handlers->write(op, f) : -EBADF;
}

/* --- set the size ----------------------------------------------------------------------------- */

static void truncate_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	if (op_finished(op, e))
		return;
	struct fs *fs = fs_of(op);
	const struct inode_key key = fs_key(fs, node_find(&fs->nodes, op->node));
	struct stat st;
	tree_attr_unread(&key, &st);
	st.st_size = (off_t)op->size;
	op_reply_attr(op, &st, 0);
}

static int truncate_permissions(struct op *op, const struct inode_key *p)
{
	struct file *f = file_of(op);
	struct node *n = node_find(&fs_of(op)->nodes, op->node);
	int r = fs_check_seen(op);

	if (r != 0)
		return r;
	if (f != NULL && f->writer != NULL)
		return fs_truncate_text(op, f);
	if (n != NULL && n->misnamed)
		return -ESTALE; /* the kernel repeats the lookup: `permissions` or its backup? */
	/* Also if the cache says that nothing is granted: another user may have granted since. */
	if (op->size == 0)
		return fs_replace_permissions(op, p, REPLACED_BY_TRUNCATE, NULL, truncate_done);
	return fs_cut_permissions(op, p, truncate_done);
}

static int truncate_scratch(struct op *op, const struct inode_key *p)
{
	struct fs *fs = fs_of(op);
	const struct file *f = file_of(op);
	/* By the handle if there is one: the name may refer to another file now. */
	struct scratch *s = f != NULL ? f->scratch : scratch_find(&fs->scratches, p);

	if (s == NULL)
		return refuse_write(op);
	return scratch_truncate(s, op->size, fs_now_ns(fs), &op->waiter.error);
}

static int truncate_read_only(struct op *op, const struct inode_key *p)
{
	(void)p;
	return refuse_write(op);
}

/* For files that are always empty. */
static int truncate_empty(struct op *op, const struct inode_key *p)
{
	(void)op;
	(void)p;
	return 0;
}

int fs_set_size(struct op *op, const struct inode_key *p)
{
	const struct file *f = file_of(op);

	return (f != NULL ? f->handlers : handlers_of(p->kind))->truncate(op, p);
}

/* --- close, fsync ----------------------------------------------------------------------------- */

int fs_flush(struct op *op)
{
	struct file *f = file_of(op);

	if (f->handlers->flush != NULL)
		return f->handlers->flush(op, f);
	op_reply_ok(op);
	return 0;
}

int fs_fsync(struct op *op)
{
	struct file *f = file_of(op);

	if (f->handlers->fsync != NULL)
		return f->handlers->fsync(op, f);
	op_reply_ok(op);
	return 0;
}

void fs_release(struct fs *fs, uint64_t file)
{
	struct file *f = (struct file *)(uintptr_t)file;

	(void)fs;
	f->released = true;
	if (f->handlers->release != NULL)
		f->handlers->release(f);
	file_release(f);
}

void fs_release_all(struct fs *fs)
{
	struct list all;

	list_init(&all);
	list_splice(&all, &fs->files);
	while (!list_empty(&all)) {
		struct file *f = container_of(all.next, struct file, link);
		list_remove(&f->link);
		list_append(&fs->files, &f->link);
		/* What is under way may hold a file that was released before. */
		if (!f->released)
			fs_release(fs, (uint64_t)(uintptr_t)f);
	}
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct file_handlers handlers[WRITE_KINDS] = {
	[WRITE_REFUSED] =
		{
			.open = open_read_only,
			.read = read_shown,
			.truncate = truncate_read_only,
		},
	[WRITE_LOG] =
		{
			.open = open_log,
			.read = fs_read_log,
			.truncate = truncate_read_only,
		},
	[WRITE_PERMISSIONS] =
		{
			.open = open_permissions,
			.read = read_permissions,
			.write = fs_write_permissions,
			.truncate = truncate_permissions,
			.flush = fs_flush_permissions,
			.fsync = fs_fsync_permissions,
			.release = fs_release_permissions,
		},
	[WRITE_CREATE_TOKEN] =
		{
			.open = open_create_token,
			.read = read_shown,
			.write = fs_write_create_token,
			.truncate = truncate_empty,
			.flush = fs_flush_create_token,
			.release = fs_release_create_token,
		},
	[WRITE_REFRESH] =
		{
			.open = open_refresh,
			.read = read_shown,
			.write = write_refresh,
			.truncate = truncate_empty,
		},
	[WRITE_SCRATCH] =
		{
			.open = open_scratch,
			.read = read_scratch,
			.write = write_scratch,
			.truncate = truncate_scratch,
		},
};

static const struct file_handlers *handlers_of(enum tree_kind kind)
{
	return &handlers[tree_write(kind)];
}

void file_becomes(struct file *f, enum tree_write what)
{
	f->handlers = &handlers[what];
}
