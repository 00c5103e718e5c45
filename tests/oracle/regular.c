/* SPDX-License-Identifier: MIT */
#include "regular.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void regular_init(struct regular *r)
{
	memset(r, 0, sizeof(*r));
	for (int i = 0; i < NAMES; i++)
		r->name[i] = NOTHING;
	for (int p = 0; p < PROCESSES; p++) {
		for (int s = 0; s < SLOTS; s++)
			r->slot[p][s] = NOTHING;
		r->alive[p] = true;
	}
}

bool regular_possible(const struct regular *r, const struct call *c)
{
	if (!r->alive[c->process])
		return false;
	switch ((enum call_kind)c->kind) {
	case CALL_OPEN:
		return r->slot[c->process][c->slot] == NOTHING;
	case CALL_DUP:
		return r->slot[c->process][c->slot] != NOTHING &&
		       r->slot[c->process][c->to] == NOTHING;
	case CALL_FORK:
		return !r->alive[c->to];
	case CALL_RENAME:
		return c->name != c->to;
	case CALL_TRUNCATE:
	case CALL_STAT:
	case CALL_UNLINK:
	case CALL_EXIT:
	case CALL_KILL:
		return true;
	case CALL_READ:
	case CALL_WRITE:
	case CALL_PWRITE:
	case CALL_WRITEV:
	case CALL_LSEEK:
	case CALL_FTRUNCATE:
	case CALL_FSYNC:
	case CALL_FSTAT:
	case CALL_CLOSE:
		return r->slot[c->process][c->slot] != NOTHING;
	case CALL_KINDS:
		break;
	}
	return false;
}

/* Of a slot that is open. */
static struct description *description_of(struct regular *r, const struct call *c)
{
	return &r->description[r->slot[c->process][c->slot]];
}

struct description *regular_description(struct regular *r, const struct call *c)
{
	int d = r->slot[c->process][c->slot];

	return d == NOTHING ? NULL : &r->description[d];
}

struct inode *regular_inode(struct regular *r, const struct call *c)
{
	struct description *d = regular_description(r, c);

	return d == NULL ? NULL : &r->inode[d->inode];
}

struct inode *regular_named(struct regular *r, enum name name)
{
	return r->name[name] == NOTHING ? NULL : &r->inode[r->name[name]];
}

unsigned regular_writers(const struct regular *r, int inode)
{
	unsigned n = 0;

	for (int d = 0; d < DESCRIPTIONS; d++)
		n += r->description[d].used && r->description[d].inode == inode &&
		     ((r->description[d].flags & O_TRUNC) != 0 || r->description[d].owes ||
		      (r->description[d].flags & O_ACCMODE) != O_RDONLY);
	return n;
}

/* --- inodes ----------------------------------------------------------------------------------- */

static int inode_new(struct regular *r)
{
	int i = 0;

	while (r->inode[i].used)
		i++;
	memset(&r->inode[i], 0, sizeof(r->inode[i]));
	r->inode[i].used = true;
	return i;
}

static void inode_let_go(struct inode *i)
{
	i->used = i->links > 0 || i->opens > 0;
}

static void inode_resize(struct inode *i, size_t size)
{
	if (size < TEXT_MAX)
		memset(i->text + size, 0, TEXT_MAX - size);
	i->size = size;
}

static void unlink_name(struct regular *r, enum name name)
{
	struct inode *i = regular_named(r, name);

	if (i == NULL)
		return;
	r->name[name] = NOTHING;
	i->links--;
	inode_let_go(i);
}

static int make_name(struct regular *r, enum name name)
{
	int i = inode_new(r);

	r->inode[i].links = 1;
	r->name[name] = i;
	return i;
}

void regular_put(struct regular *r, enum name name, const char *text, size_t len)
{
	int i = r->name[name] == NOTHING ? make_name(r, name) : r->name[name];

	inode_resize(&r->inode[i], len);
	memcpy(r->inode[i].text, text, len);
}

/* --- calls ------------------------------------------------------------------------------------ */

static int64_t do_open(struct regular *r, const struct call *c)
{
	int inode = r->name[c->name], d = 0;

	if (inode != NOTHING && (c->flags & O_CREAT) && (c->flags & O_EXCL))
		return -EEXIST;
	if (inode == NOTHING && (c->flags & O_CREAT) == 0)
		return -ENOENT;
	if (inode == NOTHING)
		inode = make_name(r, c->name);
	if (c->flags & O_TRUNC)
		inode_resize(&r->inode[inode], 0);
	while (r->description[d].used)
		d++;
	r->description[d] = (struct description){
		.used = true, .refs = 1, .inode = inode, .flags = c->flags, .opener = c->process};
	r->inode[inode].opens++;
	r->slot[c->process][c->slot] = d;
	return 0;
}

static void let_go(struct regular *r, int *slot)
{
	struct description *d = &r->description[*slot];

	*slot = NOTHING;
	if (--d->refs > 0)
		return;
	d->used = false;
	r->inode[d->inode].opens--;
	inode_let_go(&r->inode[d->inode]);
}

static int64_t do_read(struct regular *r, const struct call *c, struct result *out)
{
	struct description *d = description_of(r, c);
	struct inode *i = &r->inode[d->inode];
	int64_t n = (int64_t)i->size - d->position;

	if ((d->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	n = n < 0 ? 0 : n > c->offset ? c->offset : n;
	for (int64_t at = 0; at < n; at++)
		out->data[at] = d->position + at < TEXT_MAX ? i->text[d->position + at] : '\0';
	out->len = (uint32_t)n;
	d->position += n;
	return n;
}

static int64_t do_write(struct regular *r, const struct call *c)
{
	struct description *d = description_of(r, c);
	struct inode *i = &r->inode[d->inode];
	int64_t at = c->kind == CALL_PWRITE ? c->offset : d->position;

	if ((d->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (d->flags & O_APPEND)
		at = (int64_t)i->size;
	if (c->len == 0)
		return 0;
	for (int64_t n = 0; n < c->len; n++)
		if (at + n < TEXT_MAX)
			i->text[at + n] = c->data[n];
	if ((size_t)at + c->len > i->size)
		i->size = (size_t)at + c->len;
	if (c->kind != CALL_PWRITE)
		d->position = at + c->len;
	return c->len;
}

static int64_t do_lseek(struct regular *r, const struct call *c)
{
	struct description *d = description_of(r, c);
	int64_t at = c->offset;

	if (c->flags == SEEK_CUR)
		at += d->position;
	if (c->flags == SEEK_END)
		at += (int64_t)r->inode[d->inode].size;
	if (at < 0)
		return -EINVAL;
	return d->position = at;
}

static int64_t do_ftruncate(struct regular *r, const struct call *c)
{
	const struct description *d = description_of(r, c);

	if (c->offset < 0 || (d->flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	inode_resize(&r->inode[d->inode], (size_t)c->offset);
	return 0;
}

static int64_t do_truncate(struct regular *r, const struct call *c)
{
	struct inode *i = regular_named(r, c->name);

	if (c->offset < 0)
		return -EINVAL;
	if (i == NULL)
		return -ENOENT;
	inode_resize(i, (size_t)c->offset);
	return 0;
}

static int64_t do_rename(struct regular *r, const struct call *c)
{
	int inode = r->name[c->name];

	if (inode == NOTHING)
		return -ENOENT;
	unlink_name(r, c->to);
	r->name[c->to] = inode;
	r->name[c->name] = NOTHING;
	return 0;
}

static int64_t do_fork(struct regular *r, const struct call *c)
{
	r->alive[c->to] = true;
	for (int s = 0; s < SLOTS; s++) {
		int d = r->slot[c->process][s];
		r->slot[c->to][s] = d;
		if (d != NOTHING)
			r->description[d].refs++;
	}
	return 0;
}

static int64_t do_end(struct regular *r, const struct call *c)
{
	for (int s = 0; s < SLOTS; s++)
		if (r->slot[c->process][s] != NOTHING)
			let_go(r, &r->slot[c->process][s]);
	r->alive[c->process] = false;
	return 0;
}

static int64_t do_call(struct regular *r, const struct call *c, struct result *out)
{
	struct inode *i;

	switch ((enum call_kind)c->kind) {
	case CALL_OPEN:
		return do_open(r, c);
	case CALL_READ:
		return do_read(r, c, out);
	case CALL_WRITE:
	case CALL_PWRITE:
	case CALL_WRITEV:
		return do_write(r, c);
	case CALL_LSEEK:
		return do_lseek(r, c);
	case CALL_FTRUNCATE:
		return do_ftruncate(r, c);
	case CALL_TRUNCATE:
		return do_truncate(r, c);
	case CALL_FSYNC:
		return 0;
	case CALL_FSTAT:
		return (int64_t)r->inode[description_of(r, c)->inode].size;
	case CALL_STAT:
		i = regular_named(r, c->name);
		return i == NULL ? -ENOENT : (int64_t)i->size;
	case CALL_DUP:
		r->slot[c->process][c->to] = r->slot[c->process][c->slot];
		description_of(r, c)->refs++;
		return 0;
	case CALL_CLOSE:
		let_go(r, &r->slot[c->process][c->slot]);
		return 0;
	case CALL_RENAME:
		return do_rename(r, c);
	case CALL_UNLINK:
		i = regular_named(r, c->name);
		unlink_name(r, c->name);
		return i == NULL ? -ENOENT : 0;
	case CALL_FORK:
		return do_fork(r, c);
	case CALL_EXIT:
	case CALL_KILL:
		return do_end(r, c);
	case CALL_KINDS:
		break;
	}
	return -ENOSYS;
}

void regular_call(struct regular *r, const struct call *c, struct result *out)
{
	out->len = 0;
	out->ret = do_call(r, c, out);
	out->err = out->ret < 0 ? (int)-out->ret : 0;
	if (out->ret < 0)
		out->ret = -1;
}
