/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops.h"
#include "base/buf.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "system/process.h"

/*
 * The kernel's own part of the calls, as its FUSE client does it: names are looked up each time, as
 * if nothing were cached; the size that an append goes by is none of ours (see fuse.h, O_APPEND).
 */

enum {
	NODES_MAX = 4096,
	FILES_MAX = PROCESSES * SLOTS,
};

struct asked {
	int err;
	struct op_entry entry;
	struct stat st;
	uint64_t file;
	size_t written;
	char *data; /* where to, borrowed; or NULL */
	size_t len;
	bool replied;
};

static struct open_file {
	uint64_t file, node;
	int flags, refs;
	int64_t position;
} files[FILES_MAX];
static struct open_file *slots[PROCESSES][SLOTS];
static bool ending[PROCESSES];
static struct {
	uint64_t node, lookups;
} nodes[NODES_MAX];
static size_t n_nodes;
static uint64_t directory;
static struct fs *fs;
static void (*run)(const bool *replied);
static unsigned generation;

/* --- callers ---------------------------------------------------------------------------------- */

static pid_t pid_of(unsigned process)
{
	return (pid_t)(1000 + generation * PROCESSES + process);
}

static int caller_read(pid_t tid, struct process *p)
{
	*p = (struct process){.tgid = tid, .start_time = 1, .command = "oracle", .program = 1};
	return 0;
}

static pid_t caller_group(pid_t tid)
{
	return tid;
}

static enum process_end caller_end(pid_t tid, pid_t *group)
{
	unsigned process = (unsigned)(tid - 1000) % PROCESSES;

	*group = caller_group(tid);
	return ending[process] ? PROCESS_KILLED : PROCESS_LIVES;
}

/* --- replies ---------------------------------------------------------------------------------- */

static int on_error(void *req, int err)
{
	struct asked *a = req;

	a->err = err;
	a->replied = true;
	return 0;
}

static void know(const struct op_entry *e)
{
	for (size_t i = 0; i < n_nodes; i++)
		if (nodes[i].node == e->node) {
			nodes[i].lookups++;
			return;
		}
	if (n_nodes == NODES_MAX)
		abort();
	nodes[n_nodes].node = e->node;
	nodes[n_nodes++].lookups = 1;
}

static int on_entry(void *req, const struct op_entry *e)
{
	struct asked *a = req;

	know(e);
	a->entry = *e;
	return on_error(req, 0);
}

static int on_attr(void *req, const struct stat *st, double timeout_s)
{
	struct asked *a = req;

	(void)timeout_s;
	a->st = *st;
	return on_error(req, 0);
}

static int on_data(void *req, const char *data, size_t size)
{
	struct asked *a = req;

	if (a->data != NULL)
		memcpy(a->data, data, size);
	a->len = size;
	return on_error(req, 0);
}

static int on_link(void *req, const char *target)
{
	(void)target;
	return on_error(req, 0);
}

static int on_open(void *req, uint64_t file, unsigned how)
{
	struct asked *a = req;

	(void)how;
	a->file = file;
	return on_error(req, 0);
}

static int on_create(void *req, const struct op_entry *e, uint64_t file)
{
	struct asked *a = req;

	a->file = file;
	return on_entry(req, e);
}

static int on_written(void *req, size_t size)
{
	struct asked *a = req;

	a->written = size;
	return on_error(req, 0);
}

static int on_directory(void *req, const struct op_directory *d, uint64_t offset, size_t size)
{
	(void)d;
	(void)offset;
	(void)size;
	return on_error(req, 0);
}

static int on_directory_plus(void *req, const struct op_directory *d, uint64_t offset, size_t size,
			     const struct op_entry *entries, size_t *sent)
{
	(void)entries;
	*sent = 0;
	return on_directory(req, d, offset, size);
}

static int on_statfs(void *req)
{
	return on_error(req, 0);
}

const struct op_sink vfs_sink = {on_error,     on_entry,          on_attr,   on_data,
				 on_link,      on_open,           on_create, on_written,
				 on_directory, on_directory_plus, on_statfs};

/* --- requests --------------------------------------------------------------------------------- */

static struct op *begin(struct asked *a, enum op_kind kind, unsigned process, uint64_t node)
{
	*a = (struct asked){.err = 0};
	return fs_op(fs, kind, a, pid_of(process), node);
}

static int finish(struct asked *a, struct op *op)
{
	op_start(op);
	run(&a->replied);
	return a->replied ? a->err : ETIMEDOUT;
}

static int lookup(struct asked *a, unsigned process, uint64_t parent, const char *name)
{
	struct op *op = begin(a, OP_LOOKUP, process, parent);

	op->name = xstrdup(name);
	return finish(a, op);
}

static int of_file(struct asked *a, enum op_kind kind, unsigned process, const struct open_file *f)
{
	struct op *op = begin(a, kind, process, f->node);

	op->file = f->file;
	op->flags = f->flags;
	return finish(a, op);
}

static int set_size(struct asked *a, unsigned process, uint64_t node, uint64_t file, int64_t size)
{
	struct op *op = begin(a, OP_SETATTR, process, node);

	op->file = file;
	op->set_size = true;
	op->size = (size_t)size;
	return finish(a, op);
}

/* --- calls ------------------------------------------------------------------------------------ */

static int64_t open_node(const struct call *c, struct asked *a, uint64_t node)
{
	struct op *op = begin(a, OP_OPEN, c->process, node);

	op->flags = c->flags & ~(O_CREAT | O_EXCL);
	return finish(a, op);
}

static int64_t create(const struct call *c, struct asked *a)
{
	struct op *op = begin(a, OP_CREATE, c->process, directory);

	op->name = xstrdup(name_texts[c->name]);
	op->flags = c->flags;
	op->mode = 0600;
	return finish(a, op);
}

static int64_t do_open(const struct call *c)
{
	struct asked a;
	uint64_t node;
	int64_t err = ESTALE;

	/* What is stale is looked up once more. */
	for (int tries = 0; err == ESTALE && tries < 2; tries++) {
		err = lookup(&a, c->process, directory, name_texts[c->name]);
		node = a.entry.node;
		if (err == 0 && (c->flags & O_CREAT) && (c->flags & O_EXCL))
			return -EEXIST;
		if (err == 0)
			err = open_node(c, &a, node);
		else if (err == ENOENT && (c->flags & O_CREAT)) {
			err = create(c, &a);
			node = a.entry.node;
		}
	}
	if (err != 0)
		return -err;
	size_t i = 0;
	while (files[i].refs > 0)
		i++;
	files[i] = (struct open_file){
		.file = a.file, .node = node, .flags = c->flags & ~(O_CREAT | O_EXCL), .refs = 1};
	slots[c->process][c->slot] = &files[i];
	return 0;
}

static int64_t do_read(const struct call *c, struct open_file *f, struct result *out)
{
	struct asked a;

	if ((f->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	struct op *op = begin(&a, OP_READ, c->process, f->node);
	op->file = f->file;
	op->offset = (uint64_t)f->position;
	op->size = (size_t)c->offset;
	a.data = out->data;
	int err = finish(&a, op);
	if (err != 0)
		return -err;
	out->len = (uint32_t)a.len;
	f->position += (int64_t)a.len;
	return (int64_t)a.len;
}

static int64_t do_write(const struct call *c, struct open_file *f)
{
	struct asked a;
	int64_t at = c->kind == CALL_PWRITE ? c->offset : f->position;

	if ((f->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (c->len == 0)
		return 0;
	if (f->flags & O_APPEND) /* the kernel's idea of the size, which is as new as that here */
		at = of_file(&a, OP_GETATTR, c->process, f) == 0 ? a.st.st_size : 0;
	struct op *op = begin(&a, OP_WRITE, c->process, f->node);
	op->file = f->file;
	op->flags = f->flags;
	op->offset = (uint64_t)at;
	buf_add(&op->data, c->data, c->len);
	int err = finish(&a, op);
	if (err != 0)
		return -err;
	if (c->kind != CALL_PWRITE)
		f->position = at + (int64_t)a.written;
	return (int64_t)a.written;
}

static int64_t do_lseek(const struct call *c, struct open_file *f)
{
	struct asked a;
	int64_t at = c->offset;

	if (c->flags == SEEK_CUR)
		at += f->position;
	if (c->flags == SEEK_END) {
		int err = of_file(&a, OP_GETATTR, c->process, f);
		if (err != 0)
			return -err;
		at += a.st.st_size;
	}
	if (at < 0)
		return -EINVAL;
	return f->position = at;
}

static int64_t size_of(unsigned process, uint64_t node)
{
	struct asked a;
	struct op *op = begin(&a, OP_GETATTR, process, node);
	int err = finish(&a, op);

	return err != 0 ? -err : a.st.st_size;
}

static int64_t do_stat(const struct call *c)
{
	struct asked a;
	int64_t r = -ESTALE;

	for (int tries = 0; r == -ESTALE && tries < 2; tries++) {
		int err = lookup(&a, c->process, directory, name_texts[c->name]);
		r = err != 0 ? -err : size_of(c->process, a.entry.node);
	}
	return r;
}

static int64_t do_truncate(const struct call *c)
{
	struct asked a;
	int err = lookup(&a, c->process, directory, name_texts[c->name]);

	if (err == 0)
		err = set_size(&a, c->process, a.entry.node, 0, c->offset);
	return -err;
}

static int64_t do_close(unsigned process, struct open_file **slot)
{
	struct asked a;
	struct open_file *f = *slot;
	int err = of_file(&a, OP_FLUSH, process, f);

	*slot = NULL;
	if (--f->refs == 0)
		fs_release(fs, f->file);
	return -err;
}

static int64_t do_rename(const struct call *c)
{
	struct asked a;
	int err = lookup(&a, c->process, directory, name_texts[c->name]);

	if (err != 0)
		return -err;
	lookup(&a, c->process, directory, name_texts[c->to]);
	struct op *op = begin(&a, OP_RENAME, c->process, directory);
	op->name = xstrdup(name_texts[c->name]);
	op->new_name = xstrdup(name_texts[c->to]);
	op->new_node = directory;
	return -finish(&a, op);
}

static int64_t do_unlink(const struct call *c)
{
	struct asked a;
	int err = lookup(&a, c->process, directory, name_texts[c->name]);

	if (err != 0)
		return -err;
	struct op *op = begin(&a, OP_UNLINK, c->process, directory);
	op->name = xstrdup(name_texts[c->name]);
	return -finish(&a, op);
}

static int64_t do_fork(const struct call *c)
{
	ending[c->to] = false;
	for (unsigned s = 0; s < SLOTS; s++) {
		slots[c->to][s] = slots[c->process][s];
		if (slots[c->to][s] != NULL)
			slots[c->to][s]->refs++;
	}
	return 0;
}

static int64_t do_end(const struct call *c)
{
	ending[c->process] = c->kind == CALL_KILL;
	for (unsigned s = 0; s < SLOTS; s++)
		if (slots[c->process][s] != NULL)
			do_close(c->process, &slots[c->process][s]);
	return 0;
}

static int64_t of_slot(const struct call *c, struct open_file *f, struct result *out)
{
	struct asked a;

	switch ((int)c->kind) {
	case CALL_READ:
		return do_read(c, f, out);
	case CALL_WRITE:
	case CALL_PWRITE:
	case CALL_WRITEV:
		return do_write(c, f);
	case CALL_LSEEK:
		return do_lseek(c, f);
	case CALL_FTRUNCATE:
		if (c->offset < 0 || (f->flags & O_ACCMODE) == O_RDONLY)
			return -EINVAL;
		return -set_size(&a, c->process, f->node, f->file, c->offset);
	case CALL_FSYNC:
		return -of_file(&a, OP_FSYNC, c->process, f);
	case CALL_FSTAT:
		return size_of(c->process, f->node);
	case CALL_DUP:
		f->refs++;
		slots[c->process][c->to] = f;
		return 0;
	default:
		return do_close(c->process, &slots[c->process][c->slot]);
	}
}

static int64_t do_call(const struct call *c, struct result *out)
{
	switch ((int)c->kind) {
	case CALL_OPEN:
		return do_open(c);
	case CALL_TRUNCATE:
		return c->offset < 0 ? -EINVAL : do_truncate(c);
	case CALL_STAT:
		return do_stat(c);
	case CALL_RENAME:
		return do_rename(c);
	case CALL_UNLINK:
		return do_unlink(c);
	case CALL_FORK:
		return do_fork(c);
	case CALL_EXIT:
	case CALL_KILL:
		return do_end(c);
	default:
		return of_slot(c, slots[c->process][c->slot], out);
	}
}

void vfs_call(const struct call *c, struct result *out)
{
	int64_t r = do_call(c, out);

	out->ret = r < 0 ? -1 : r;
	out->err = r < 0 ? (int)-r : 0;
}

/* --- all -------------------------------------------------------------------------------------- */

void vfs_begin(struct fs *the_fs, void (*the_run)(const bool *replied), unsigned the_generation)
{
	static const struct process_delegate callers = {caller_read, caller_group, caller_end};

	fs = the_fs;
	run = the_run;
	generation = the_generation;
	n_nodes = 0;
	memset(files, 0, sizeof(files));
	memset(slots, 0, sizeof(slots));
	memset(ending, 0, sizeof(ending));
	process_delegate(&callers);
}

bool vfs_open_directory(void)
{
	static const char *const path[] = {"acme", "service-tokens", "ci", "databases", "shop"};
	struct asked a;

	directory = NODE_ROOT;
	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		if (lookup(&a, 0, directory, path[i]) != 0)
			return false;
		directory = a.entry.node;
	}
	return true;
}

void vfs_end(void)
{
	for (unsigned p = 0; p < PROCESSES; p++)
		for (unsigned s = 0; s < SLOTS; s++)
			if (slots[p][s] != NULL)
				do_close(p, &slots[p][s]);
	for (; n_nodes > 0; n_nodes--)
		fs_forget(fs, nodes[n_nodes - 1].node, nodes[n_nodes - 1].lookups);
}
