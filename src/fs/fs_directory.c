/* SPDX-License-Identifier: MIT */
/*
 * fs_directory: list directories. opendir does the slow work, because the kernel holds no lock
 * meanwhile that would block other callers. The entries are kept with the open directory, so that
 * offsets stay valid; handles of a directory with equal entries share them.
 *
 * With the names of a token's directory the kernel gets what lookups of them would reply (readdirplus).
 * The removal guard learns from reading names, not from lookups, so it misses nothing by that.
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
	struct file *f = file_new(op, n);
	f->directory = snapshot_hold(fs, op->node, &d);
	uint64_t file = (uint64_t)(uintptr_t)f;
	if (op_reply_open(op, file, 0) != 0)
		fs_release(fs, file);
	return 0;
}

/* --- what lookups of the names would reply ------------------------------------------------------ */

/* Is all fresh that lookups in the directory need? Only then are they answered before they are asked: to
 * read names must not cost a request that only attributes need. */
static bool at_hand(const struct fs *fs, const struct inode_key *dir)
{
	const struct model *m = fs->tree.model;
	const struct organization *o = dir->target.organization_id == NULL
					       ? NULL
					       : model_organization(m, dir->target.organization_id);

	return o != NULL && resource_fresh(&m->organizations) && resource_fresh(&o->tokens) &&
	       resource_fresh(&o->databases);
}

/* What a lookup of `name` would reply, and it counts as one; node 0: let the kernel ask for it. */
static struct op_entry entry_of(struct op *op, const struct inode_key *dir, const char *name)
{
	struct fs *fs = fs_of(op);
	struct op_entry e = {0};
	struct inode_key p;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    tree_child(&fs->tree, &op->waiter, dir, name, &p) != 0)
		return (struct op_entry){0};
	/* Who removed `permissions` may not find it, and an editor's text is not what is granted. */
	if (!tree_keeps_entry(p.kind) ||
	    (tree_is_permissions(p.kind) && permissions_known(&fs->permissions, &p) != NULL))
		return (struct op_entry){0};
	return fs_entry(op, &p, &e) == 0 ? e : (struct op_entry){0};
}

/*
 * In a directory of a token, whoever reads the names mostly looks them all up. In one of a thousand tokens
 * it does so only if the kernel has seen it: it asks for more than names in the first reply, and
 * then only if names were looked up in between.
 */
static bool wants_entries(struct op *op, const struct inode_key *dir)
{
	return op->plus && fs_of(op)->forget != NULL && fs_of(op)->cache->cache_ms > 0 &&
	       (tree_of_token(dir->kind) || (dir->kind == TREE_TOKENS && op->offset > 0)) &&
	       at_hand(fs_of(op), dir);
}

static void reply_plus(struct op *op, const struct op_directory *d, const struct inode_key *dir)
{
	struct fs *fs = fs_of(op);
	uint64_t offset = op->offset;
	size_t left = offset < d->n ? d->n - offset : 0, most = op->size / DIRENT_PLUS_MIN + 1;
	size_t n = left < most ? left : most, sent;
	struct op_entry *entries = xcalloc(n, sizeof(*entries));

	if (wants_entries(op, dir))
		for (size_t i = 0; i < n; i++)
			entries[i] = entry_of(op, dir, d->v[offset + i].name);
	if (op_reply_directory_plus(op, d, entries, &sent) != 0)
		sent = 0;
	for (size_t i = sent; i < n; i++)
		if (entries[i].node != 0)
			fs_forget(fs, entries[i].node, 1);
	free(entries);
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
	if (op->plus)
		reply_plus(op, &f->directory->entries, p);
	else
		op_reply_directory(op, &f->directory->entries);
	return 0;
}
