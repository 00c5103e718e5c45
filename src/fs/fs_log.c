/* SPDX-License-Identifier: MIT */
/*
 * fs_log: a file that grows while it is open, `audit-log`. All handles read the one text of the
 * model. Opening it brings the text up to date; so does, for a program that follows the file,
 * reading at the end again, and fstat(2), which tail(1) calls each second.
 */
#include "fs/fs_internal.h"

#include <errno.h>
#include <string.h>

static struct audit_log *known_log(struct fs *fs, const struct node *n)
{
	const struct inode_key key = fs_key(fs, n);
	struct organization *o = model_organization(fs->model, key.target.organization_id);

	return o != NULL ? &o->audit_log : NULL;
}

int fs_update_log(struct op *op, const struct node *n, const struct audit_log **log)
{
	const struct inode_key key = fs_key(fs_of(op), n);
	struct tree_objects v;
	int r = tree_resolve(&fs_of(op)->tree, &op->waiter, &key, &v);

	if (r != 0)
		return r;
	*log = &v.organization->audit_log;
	return resource_need(&v.organization->audit_log.resource, &op->waiter);
}

/* The first read at the end is that of a program that reads to the end: it was just opened. */
int fs_read_log(struct op *op, struct file *f)
{
	const struct audit_log *log = known_log(fs_of(op), f->node);

	if (log == NULL)
		return -EIDRM;
	if (op->offset >= log->text.len && f->at_end) {
		int r = fs_update_log(op, f->node, &log);
		if (r != 0)
			return r == -ESTALE ? -EIDRM : r;
	}
	if (log->start != f->log_start) {
		fs_refuse(op, ESTALE, "the log became too long, so its older half was dropped");
		error_hint(&op->waiter.error, "open the file again");
		return -ESTALE;
	}
	f->at_end = op->offset >= log->text.len;
	size_t from = f->at_end ? log->text.len : (size_t)op->offset;
	size_t left = log->text.len - from;
	op_reply_data(op, buf_str(&log->text) + from, left < op->size ? left : op->size);
	return 0;
}
