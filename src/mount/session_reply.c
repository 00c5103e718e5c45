/* SPDX-License-Identifier: MIT */
/* session_reply: the replies of ops as those of libfuse; part of session. */
#define FUSE_USE_VERSION 34
#include "mount/session.h"

#include <fuse_lowlevel.h>
#include <stdlib.h>

#include "base/xmalloc.h"

static int sink_error(void *req, int err)
{
	return fuse_reply_err(req, err);
}

static void fill_entry(struct fuse_entry_param *to, const struct op_entry *from)
{
	*to = (struct fuse_entry_param){
		.ino = from->node,
		.attr = from->st,
		.attr_timeout = from->attr_timeout_s,
		.entry_timeout = from->entry_timeout_s,
	};
}

static int sink_entry(void *req, const struct op_entry *e)
{
	struct fuse_entry_param p;

	fill_entry(&p, e);
	return fuse_reply_entry(req, &p);
}

static int sink_attr(void *req, const struct stat *st, double timeout_s)
{
	return fuse_reply_attr(req, st, timeout_s);
}

static int sink_data(void *req, const char *data, size_t size)
{
	return fuse_reply_buf(req, data, size);
}

static int sink_link(void *req, const char *target)
{
	return fuse_reply_readlink(req, target);
}

static int sink_open(void *req, uint64_t file, unsigned how)
{
	struct fuse_file_info fi = {
		.fh = file,
		.direct_io = (how & OPEN_DIRECT) != 0,
		.keep_cache = (how & OPEN_KEEP) != 0,
		.cache_readdir = (how & OPEN_LIST) != 0,
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 11)
		.noflush = (how & OPEN_NO_FLUSH) != 0, /* kernels before 5.16 flush anyway */
#endif
	};

	return fuse_reply_open(req, &fi);
}

static int sink_create(void *req, const struct op_entry *e, uint64_t file)
{
	struct fuse_file_info fi = {.fh = file, .direct_io = 1};
	struct fuse_entry_param p;

	fill_entry(&p, e);
	return fuse_reply_create(req, &p, &fi);
}

static int sink_written(void *req, size_t size)
{
	return fuse_reply_write(req, size);
}

static int sink_directory(void *req, const struct op_directory *d, uint64_t offset, size_t size)
{
	char *out = xmalloc(size);
	size_t used = 0;

	for (size_t i = offset; i < d->n; i++) {
		struct stat st = {.st_ino = d->v[i].inode, .st_mode = d->v[i].mode};
		size_t n = fuse_add_direntry(req, out + used, size - used, op_directory_name(d, i),
					     &st, (off_t)i + 1);
		if (n > size - used)
			break;
		used += n;
	}
	int r = fuse_reply_buf(req, out, used);
	free(out);
	return r;
}

static int sink_directory_plus(void *req, const struct op_directory *d, uint64_t offset,
			       size_t size, const struct op_entry *entries, size_t *sent)
{
	char *out = xmalloc(size);
	size_t used = 0;

	for (size_t i = offset; i < d->n; i++) {
		struct fuse_entry_param p = {0};
		if (entries[i - offset].node != 0)
			fill_entry(&p, &entries[i - offset]);
		p.attr.st_ino = d->v[i].inode;
		p.attr.st_mode = entries[i - offset].node != 0 ? p.attr.st_mode : d->v[i].mode;
		size_t n = fuse_add_direntry_plus(req, out + used, size - used,
						  op_directory_name(d, i), &p, (off_t)i + 1);
		if (n > size - used)
			break;
		used += n;
		++*sent;
	}
	int r = fuse_reply_buf(req, out, used);
	free(out);
	return r;
}

static int sink_statfs(void *req)
{
	const struct statvfs st = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255};

	return fuse_reply_statfs(req, &st);
}

const struct op_sink session_sink = {
	.error = sink_error,
	.entry = sink_entry,
	.attr = sink_attr,
	.data = sink_data,
	.link = sink_link,
	.open = sink_open,
	.create = sink_create,
	.written = sink_written,
	.directory = sink_directory,
	.directory_plus = sink_directory_plus,
	.statfs = sink_statfs,
};
