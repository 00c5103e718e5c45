/* SPDX-License-Identifier: MIT */
/*
 * fs_directory: list directories. opendir does the slow work, because the kernel holds no lock
 * meanwhile that would block other callers. The entries are kept with the open directory, so that
 * offsets stay valid; handles of a directory with equal entries share them.
 */
#include "base/xmalloc.h"
#include "fs/fs.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs/fs_internal.h"

struct snapshot {
	struct list link; /* in fs->snapshots */
	unsigned refs;
	uint64_t node; /* number */
	struct op_directory entries;
};

void snapshot_release(struct snapshot *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	list_remove(&s->link);
	op_directory_finish(&s->entries);
	free(s);
}

static bool same_entries(const struct op_directory *a, const struct op_directory *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].inode != b->v[i].inode || a->v[i].mode != b->v[i].mode ||
		    strcmp(a->v[i].name, b->v[i].name) != 0)
			return false;
	return true;
}

/* Takes the entries over: they become a new snapshot, or are freed if there is an equal one. */
static struct snapshot *snapshot_hold(struct fs *fs, uint64_t node, struct op_directory *entries)
{
	list_for_each(pos, &fs->snapshots) {
		struct snapshot *s = container_of(pos, struct snapshot, link);
		if (s->node != node || !same_entries(&s->entries, entries))
			continue;
		op_directory_finish(entries);
		s->refs++;
		return s;
	}
	struct snapshot *s = xcalloc(1, sizeof(*s));
	s->refs = 1;
	s->node = node;
	s->entries = *entries;
	list_append(&fs->snapshots, &s->link);
	return s;
}

static void add_dirent(void *ctx, const char *name, mode_t mode, uint64_t inode)
{
	struct op_directory *d = ctx;

	/* The capacity is the next power of two. */
	if ((d->n & (d->n - 1)) == 0)
		d->v = xrealloc(d->v, (d->n == 0 ? 1 : d->n * 2) * sizeof(*d->v));
	d->v[d->n++] = (struct op_dirent){xstrdup(name), mode, inode};
}

int fs_opendir(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct op_directory d = {0};
	int r;
	struct node *n = fs_node(op, &r);

	if (n == NULL)
		return r;
	add_dirent(&d, ".", S_IFDIR, inode_number(&n->key));
	add_dirent(&d, "..", S_IFDIR, NODE_ROOT);
	r = tree_children(&fs->tree, &op->waiter, &n->key, add_dirent, &d);
	if (r != 0) {
		op_directory_finish(&d);
		return r;
	}
	struct file *f = file_new(fs, n, op->pid);
	f->directory = snapshot_hold(fs, op->node, &d);
	uint64_t file = (uint64_t)(uintptr_t)f;
	if (op_reply_open(op, file, 0) != 0)
		fs_release(fs, file);
	return 0;
}

int fs_readdir(struct op *op)
{
	struct file *f = file_of(op);
	const struct inode_key *p = &f->node->key;
	/* At the end nothing is learnt; and finding out who reads costs more than all else here. */
	bool learns = op->offset < f->directory->entries.n;

	if (learns && tree_above_token(p->kind))
		removal_guard_read_above(&fs_of(op)->removal_guard, op->pid);
	else if (learns && tree_of_token(p->kind))
		removal_guard_read_inside(&fs_of(op)->removal_guard, op->pid, inode_number(p));
	op_reply_directory(op, &f->directory->entries);
	return 0;
}
