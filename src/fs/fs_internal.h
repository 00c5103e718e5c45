/* SPDX-License-Identifier: MIT */
/*
 * fs_internal: what the files of fs share; nobody else includes it.
 *
 * fs.c sets up and looks things up, fs_name.c makes, renames and removes files, fs_rmdir.c removes
 * directories, fs_file.c opens, reads, writes and closes, with a table of handlers by kind of file,
 * fs_directory.c lists, fs_permissions.c writes `permissions` and commits it, create_token.c makes
 * tokens.
 */
#ifndef PSCALEFS_FS_INTERNAL_H
#define PSCALEFS_FS_INTERNAL_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/macros.h"
#include "fs/fs.h"
#include "fs/permissions_file.h"
#include "fs/removal_guard.h"

/* A process that removes everything in a token's directory: see fs_rmdir.c. */
struct emptying {
	pid_t tgid;
	uint64_t start_time;
	uint64_t program;
	char *token_id; /* owned */
	bool secret;    /* it has removed the secret's file */
	bool granted;   /* what it removed is still granted: it cannot be revoked */
};
#define EMPTYING_MAX 64

/* What a directory held when it was opened. */
struct snapshot;

/* What the operations on a file do, by the kind of file (enum tree_write): see fs_file.c. */
struct file_handlers;

/* One open file or directory. */
struct file {
	struct list link;
	struct fs *fs;     /* borrowed */
	unsigned refs;     /* the kernel's, and those of ops and commits under way */
	struct node *node; /* held */
	const struct file_handlers *handlers;
	pid_t opener; /* thread group */
	bool writable;
	struct buf text;                   /* what it says, as of open; wiped: it may be a secret */
	struct snapshot *directory;        /* held; NULL: it is a file */
	struct permissions_writer *writer; /* owned; a permissions file open for writing */
	struct scratch *scratch;           /* held; or NULL */
	struct buf line;                   /* create-token: what is not a line yet */
	pid_t line_writer;                 /* and the thread group that wrote last */
	struct secret *secret; /* owned; instead of `text`, in `token`, `env` and `header` */
	bool line_refused;     /* and it was too long: what follows is the rest of it */
};

struct fs {
	struct cache *cache; /* borrowed */
	int64_t ttl_s;       /* of tokens that are made; 0: they do not expire */
	struct store *store; /* borrowed */
	struct model *model; /* borrowed */
	struct ops ops;
	struct nodes nodes;
	struct tree tree;
	struct error_log error_log;
	struct scratches scratches;
	struct removal_guard removal_guard;
	struct list files;     /* of struct file */
	struct list snapshots; /* of open directories, see fs_directory.c */
	struct list
		commits; /* of released files, under way: struct permissions_change of fs_permissions.c */
	struct permissions_files permissions;
	struct emptying emptying[EMPTYING_MAX]; /* oldest first */
	size_t n_emptying;
};

static inline struct fs *fs_of(struct op *op)
{
	return op->ops->fs;
}

/* The node of an op; NULL and -ESTALE in *r if the kernel names one that it was told is gone. */
struct node *fs_node(struct op *op, int *r);
/* The child `name` of the op's directory as a place: 0, WAIT, -errno. */
int fs_child(struct op *op, uint64_t directory, const char *name, struct inode_key *out);
/* Fill an entry for a place and raise its lookup count: 0, WAIT, -errno (nothing raised). */
int fs_entry(struct op *op, const struct inode_key *p, struct op_entry *e);
/* The same without waiting, for a completion: attributes of the kind alone, which expire at once.
 */
void fs_entry_unread(struct op *op, const struct inode_key *p, struct op_entry *e);
int fs_reply_entry(struct op *op, struct op_entry *e);
/* Reply -err with a sentence of ours. */
int fs_refuse(struct op *op, int err, const char *fmt, ...) printf_like(3, 4);
/* Reply -EPERM, since no file `name` can be made in a directory that has `permissions`; the hint says
 * what can. */
int fs_refuse_name(struct op *op, const char *name);
/* 0, or -EPERM with a sentence if /proc does not show the caller: what depends on knowing which
 * process it is, or whether it was killed, is refused. */
int fs_check_seen(struct op *op);
int64_t fs_now_ns(const struct fs *fs);
/* What stat shows of a node to this caller: 0, WAIT, -errno. */
int fs_attr(struct op *op, struct node *n, struct stat *st);

struct file *file_new(struct fs *fs, struct node *node, pid_t tid);
struct file *file_of(const struct op *op); /* the op's open file; NULL: none */
void file_hold(struct file *f);
void file_release(struct file *f);
/* A scratch file that was renamed onto `permissions`: its handle is now one of that. */
void file_becomes(struct file *f, enum tree_write what);
/* Set the size of a file, maybe one that is open: 0, WAIT or -errno; or the op has committed. */
int fs_set_size(struct op *op, const struct inode_key *p);

/* fs_permissions.c */
int fs_write_permissions(struct op *op, struct file *f);
int fs_truncate_text(struct op *op, struct file *f);
int fs_flush_permissions(struct op *op, struct file *f);
int fs_fsync_permissions(struct op *op, struct file *f);
void fs_release_permissions(struct file *f);
void fs_end_commits(struct fs *fs, int err);
/* What closing a file failed with, when nobody can be answered: to `errors` and the log. */
void fs_record_close(struct fs *fs, const struct inode_key *p, const struct error *e);
enum fs_replacement {
	REPLACED_BY_TRUNCATE, /* truncate(2): its writers go on with what is left */
	REPLACED_BY_RENAME,   /* of the op's name onto it */
	REPLACED_BY_UNLINK,
};
/* Make the file at `p` say exactly `text`, or nothing (NULL); then `done`. 0, WAIT or -errno.
 */
int fs_replace_permissions(struct op *op, const struct inode_key *p, enum fs_replacement how,
			   const struct buf *text, op_done_handler *done);
/* truncate(2) to more than nothing: 0 (done, if nothing is committed), WAIT or -errno. */
int fs_cut_permissions(struct op *op, const struct inode_key *p, op_done_handler *done);
/* 0, or WAIT until no change of that file is under way. */
int fs_await_commits(struct op *op, const struct inode_key *p);

/* fs_name.c */
/* The child to remove, as a place: 0, WAIT or -errno. */
int fs_removal(struct op *op, struct inode_key *p);
/* The name is unlinked in the kernel. */
void fs_detach(struct fs *fs, const struct inode_key *p);

/* fs_rmdir.c: what rm -r has removed of a token. */
/* The op removes this file, of a fixed name: does its process empty the token's directory? */
void fs_empties(struct op *op, const struct inode_key *file);
/* So it does, and the secret that this file shows is left to the token's deletion. */
bool fs_keeps_secret(struct op *op, const struct inode_key *file);
/* So it does, and what could not be revoked for this reason is left to the token's deletion. */
bool fs_leaves_to_deletion(struct op *op, const char *token_id, const struct error *why);
void fs_drop_emptying(struct fs *fs, const char *token_id); /* NULL: all */

/* fs_directory.c */
void snapshot_release(struct snapshot *s); /* takes NULL */

/* create_token.c */
int fs_write_create_token(struct op *op, struct file *f);
int fs_flush_create_token(struct op *op, struct file *f);
void fs_release_create_token(struct file *f);

op_handler fs_lookup, fs_getattr, fs_setattr, fs_readlink, fs_statfs, fs_setxattr;
op_handler fs_mknod, fs_mkdir, fs_unlink, fs_rmdir, fs_symlink, fs_rename, fs_link;
op_handler fs_open, fs_create, fs_read, fs_write, fs_flush, fs_fsync, fs_opendir, fs_readdir;

#endif
