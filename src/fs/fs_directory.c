/* SPDX-License-Identifier: MIT */
/*
 * fs_directory: list directories. opendir does the slow work, because the kernel holds no lock
 * meanwhile that would block other callers. The entries are kept with the open directory, so that
 * offsets stay valid; handles of a directory with equal entries share them. Those of the last directory
 * that may have many are kept when it is closed, because to list a thousand names anew takes longer than
 * to read them.
 *
 * With the names of a token's directory the kernel gets what lookups of them would reply (readdirplus).
 * The removal guard learns from reading names, not from lookups, so it misses nothing by that.
 */
#include "fs/fs.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "fs/fs_internal.h"

struct snapshot {
	struct list link; /* in fs->snapshots */
	unsigned refs;
	uint64_t node;  /* number */
	uint64_t stamp; /* of the entries; 0: they have none */
	struct op_directory entries;
	bool in_kernel; /* if the kernel keeps names of the directory, it has got them from here */
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
		    strcmp(op_directory_name(a, i), op_directory_name(b, i)) != 0)
			return false;
	return true;
}

static struct snapshot *snapshot_hold(struct snapshot *s)
{
	s->refs++;
	return s;
}

/* The newest one of a directory with a stamp; NULL: none. */
static struct snapshot *stamped(struct fs *fs, uint64_t node)
{
	struct snapshot *newest = NULL;

	list_for_each(pos, &fs->snapshots) {
		struct snapshot *s = container_of(pos, struct snapshot, link);
		if (s->node == node && s->stamp > (newest != NULL ? newest->stamp : 0))
			newest = s;
	}
	return newest;
}

static struct snapshot *equal(struct fs *fs, uint64_t node, const struct op_directory *entries)
{
	list_for_each(pos, &fs->snapshots) {
		struct snapshot *s = container_of(pos, struct snapshot, link);
		if (s->node == node && s->stamp == 0 && same_entries(&s->entries, entries))
			return s;
	}
	return NULL;
}

/* Takes the entries over: they become a new snapshot, or are freed if there is an equal one. The caller
 * holds it. */
static struct snapshot *snapshot_of(struct fs *fs, uint64_t node, uint64_t stamp,
				    struct op_directory *entries)
{
	struct snapshot *s = stamp != 0 ? NULL : equal(fs, node, entries);

	if (s != NULL) {
		op_directory_finish(entries);
		return snapshot_hold(s);
	}
	s = xcalloc(1, sizeof(*s));
	*s = (struct snapshot){.node = node, .stamp = stamp, .entries = *entries};
	list_append(&fs->snapshots, &s->link);
	return snapshot_hold(s);
}

static void keep_recent(struct fs *fs, struct snapshot *s)
{
	if (s->stamp == 0 || s == fs->recent_snapshot)
		return;
	snapshot_release(fs->recent_snapshot);
	fs->recent_snapshot = snapshot_hold(s);
}

static void add_dirent(void *ctx, const char *name, mode_t mode, uint64_t inode)
{
	op_directory_add(ctx, name, mode, inode);
}

/* The entries that the directory has now: 0 and *out, which the caller holds; WAIT; -errno. */
static int list_entries(struct op *op, const struct inode_key *dir, struct snapshot **out)
{
	struct fs *fs = fs_of(op);
	struct snapshot *known = stamped(fs, op->node);
	uint64_t stamp = known != NULL ? known->stamp : 0;
	struct op_directory d = {0};

	op_directory_add(&d, ".", S_IFDIR, inode_number(dir));
	op_directory_add(&d, "..", S_IFDIR, NODE_ROOT);
	int r = tree_children(&fs->tree, &op->waiter, dir, &stamp, add_dirent, &d);
	bool same = r == 0 && known != NULL && stamp == known->stamp;
	if (r != 0 || same)
		op_directory_finish(&d);
	if (r != 0)
		return r;
	*out = same ? snapshot_hold(known) : snapshot_of(fs, op->node, stamp, &d);
	keep_recent(fs, *out);
	return 0;
}

/* --- what the kernel keeps ---------------------------------------------------------------------- */

/* May the removal guard still learn something from who reads names of the directory? Then the kernel must
 * not answer. */
static bool guard_learns(struct op *op, const struct inode_key *dir)
{
	if (tree_above_token(dir->kind))
		return !removal_guard_has_read_above(&fs_of(op)->removal_guard, op->pid);
	return tree_of_token(dir->kind);
}

/* Is a handle open by which the kernel may get other names of the directory? It would mix them. */
static bool others_open(const struct fs *fs, const struct snapshot *than)
{
	list_for_each(pos, &fs->snapshots) {
		const struct snapshot *s = container_of(pos, struct snapshot, link);
		if (s != than && s->node == than->node && s->in_kernel)
			return true;
	}
	return false;
}

/* How the kernel may use names that it keeps (enum op_open). They need not be told to be outdated: here is
 * decided at each opendir whether they are. */
static unsigned kept_names(struct op *op, const struct inode_key *dir, struct snapshot *s)
{
	bool kept = s->in_kernel;

	if (s->stamp == 0 || fs_of(op)->cache->cache_ms == 0 || others_open(fs_of(op), s) ||
	    guard_learns(op, dir))
		return 0;
	s->in_kernel = true;
	return OPEN_LIST | (kept ? OPEN_KEEP : 0);
}

int fs_opendir(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct snapshot *s;
	int r;
	struct node *n = fs_node(op, &r);

	if (n == NULL)
		return r;
	const struct inode_key key = fs_key(fs, n);
	r = list_entries(op, &key, &s);
	if (r != 0)
		return r;
	struct file *f = file_new(op, n);
	f->directory = s;
	unsigned how = kept_names(op, &key, s);
	f->reader = how != 0 ? op->pid : 0;
	uint64_t file = (uint64_t)(uintptr_t)f;
	if (op_reply_open(op, file, how) != 0)
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
	const struct token *t = fs_token(op, &p);
	if (t != NULL && model_withheld(t))
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
			entries[i] = entry_of(op, dir, op_directory_name(d, offset + i));
	if (op_reply_directory_plus(op, d, entries, &sent) != 0)
		sent = 0;
	for (size_t i = sent; i < n; i++)
		if (entries[i].node != 0)
			fs_forget(fs, entries[i].node, 1);
	free(entries);
}

/*
 * Tell the removal guard who reads names. To find that out costs more than all else here, so the guard is
 * told once of a thread that reads a directory in several parts; and not of the end, where nothing is
 * learnt. (Should the thread execute another program between two parts, that one has got names from it.)
 */
static void tell_guard(struct op *op, struct file *f, const struct inode_key *p)
{
	struct removal_guard *guard = &fs_of(op)->removal_guard;
	bool told = false;

	if (op->offset >= f->directory->entries.n || op->pid == f->reader)
		return;
	if (tree_above_token(p->kind))
		told = removal_guard_read_above(guard, op->pid);
	else if (tree_of_token(p->kind))
		told = removal_guard_read_inside(guard, op->pid, inode_number(p));
	f->reader = told ? op->pid : 0;
}

int fs_readdir(struct op *op)
{
	struct file *f = file_of(op);
	const struct inode_key key = file_key(f);

	tell_guard(op, f, &key);
	if (op->plus)
		reply_plus(op, &f->directory->entries, &key);
	else
		op_reply_directory(op, &f->directory->entries);
	return 0;
}
