/* SPDX-License-Identifier: MIT */
/*
 * fs_internal: what the files of fs share; no other file includes it.
 *
 * fs.c sets up, and has lookup and getattr; fs_kept.c tells the kernel what to forget; fs_name.c
 * renames and removes files, and has setattr; fs_rmdir.c removes directories; fs_file.c opens,
 * reads, writes and closes, with a table of handlers by kind of file; fs_log.c reads `audit-log`;
 * fs_directory.c lists directories; fs_permissions.c writes `permissions` and commits it;
 * create_token.c creates tokens.
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
	bool secret;    /* it has removed the file `token`, which shows the secret */
	bool granted;   /* permissions that it removed are still granted: they cannot be revoked */
};
#define EMPTYING_MAX 64

/* The entries of a directory when it was opened. */
struct snapshot;

/* The operations on a kind of file (enum tree_write): see fs_file.c. */
struct file_handlers;

/* One open file or directory. */
struct file {
	struct list link;
	struct fs *fs;     /* borrowed */
	unsigned refs;     /* of the kernel, and of ops and commits under way */
	bool released;     /* the kernel's is gone */
	struct node *node; /* held */
	const struct file_handlers *handlers;
	pid_t opener;     /* thread group; 0: a directory or a file that nobody can write. Of a
			     reader only file_opener() knows it. */
	pid_t opener_tid; /* its thread, to be looked up by file_opener(); 0: it was */
	bool writable;
	struct buf text;            /* the content at open; never a secret */
	struct snapshot *directory; /* held; NULL: it is a file */
	pid_t reader; /* of a directory: the last thread whose reading the removal guard knows */
	struct permissions_writer *writer; /* owned; a permissions file open for writing */
	struct scratch *scratch;           /* held; or NULL */
	struct buf line;                   /* create-token: an unfinished line */
	pid_t line_writer;                 /* create-token: the thread group that wrote last */
	struct secret *secret; /* owned; instead of `text`, in `token`, `env` and `header` */
	uint64_t log_start;    /* audit-log: its `start` when this was opened */
	bool at_end;           /* audit-log: the last read was at the end */
	bool line_refused;     /* create-token: a line was too long; more writes continue it */
};

struct fs {
	struct cache *cache; /* borrowed */
	int64_t ttl_s;       /* of new tokens; 0: they do not expire */
	struct store *store; /* borrowed */
	struct model *model; /* borrowed */
	struct ops ops;
	struct nodes nodes;
	struct tree tree;
	struct error_log error_log;
	struct scratches scratches;
	struct removal_guard removal_guard;
	struct list files;                /* of struct file */
	struct list snapshots;            /* of open directories, see fs_directory.c */
	struct snapshot *recent_snapshot; /* held; or NULL */
	/* Commits under way of released files: struct permissions_change of fs_permissions.c. */
	struct list commits;
	struct permissions_files permissions;
	/* Makes the kernel forget a node's attributes; NULL: it keeps nothing. */
	void (*forget)(void *ctx, uint64_t node);
	void *forget_ctx;                       /* borrowed */
	struct emptying emptying[EMPTYING_MAX]; /* oldest first */
	size_t n_emptying;
};

static inline struct fs *fs_of(struct op *op)
{
	return op->ops->fs;
}

static inline struct inode_key fs_key(const struct fs *fs, const struct node *n)
{
	return node_key(&fs->nodes, n);
}

static inline struct inode_key file_key(const struct file *f)
{
	return fs_key(f->fs, f->node);
}

/* The node of an op; NULL and -ESTALE in *r if there is no such node. */
struct node *fs_node(struct op *op, int *r);
/* The key of entry `name` in node `directory`: 0, WAIT, -errno. */
int fs_child(struct op *op, uint64_t directory, const char *name, struct inode_key *out);
/* The token of which `p` is the directory; NULL: it is not one, or the token is gone. */
struct token *fs_token(struct op *op, const struct inode_key *p);
/* Fill an entry for a key and raise its lookup count: 0; or WAIT, -errno without raising it. */
int fs_entry(struct op *op, const struct inode_key *p, struct op_entry *e);
/* The same for a completion, which may not wait: attributes of the kind alone, which expire at
 * once.
 */
void fs_entry_unread(struct op *op, const struct inode_key *p, struct op_entry *e);
int fs_reply_entry(struct op *op, struct op_entry *e);
/* Set the sentence of the op's error. Returns -err, for the handler to return. */
int fs_refuse(struct op *op, int err, const char *fmt, ...) printf_like(3, 4);
/* The same with -EPERM: no file `name` can be created beside `permissions`. The hint says which
 * can. */
int fs_refuse_name(struct op *op, const char *name);
/* 0, or -EPERM with a sentence if /proc does not show the caller. For operations that depend on
 * which process the caller is, or on whether it was killed. */
int fs_check_seen(struct op *op);
int64_t fs_now_ns(const struct fs *fs);
/* tree_show() of a node. */
int fs_show(struct op *op, const struct node *n, struct buf *out);
/* The attributes of a node for this caller: 0, WAIT, -errno. */
int fs_attr(struct op *op, struct node *n, struct stat *st);

/* `op`: of opening or creating it. */
struct file *file_new(struct op *op, struct node *node);
/* The thread group that opened it: 0 if unknown. */
pid_t file_opener(struct file *f);
struct file *file_of(const struct op *op); /* the op's open file; NULL: none */
void file_hold(struct file *f);
void file_release(struct file *f);
/* For a handle of a scratch file that was renamed onto `permissions`: use other handlers now. */
void file_becomes(struct file *f, enum tree_write what);
/* Set the size of a file, by the op's handle if it has one: 0 (done or committed), WAIT or
 * -errno. */
int fs_set_size(struct op *op, const struct inode_key *p);

/* fs_permissions.c */
int fs_write_permissions(struct op *op, struct file *f);
int fs_truncate_text(struct op *op, struct file *f);
int fs_flush_permissions(struct op *op, struct file *f);
int fs_fsync_permissions(struct op *op, struct file *f);
void fs_release_permissions(struct file *f);
void fs_end_commits(struct fs *fs, int err);
/* Add the failure of a close that has no caller (any more) to `errors` and the log. */
void fs_record_close(struct fs *fs, const struct inode_key *p, const struct error *e);
enum fs_replacement {
	REPLACED_BY_TRUNCATE, /* truncate(2): open handles continue with the new text */
	REPLACED_BY_RENAME,   /* the scratch file of the op's name was renamed onto it */
	REPLACED_BY_UNLINK,
};
/* Replace the content of the permissions file `p` with `text` (NULL: empty): 0 (committed; `done`
 * then replies), WAIT or -errno. */
int fs_replace_permissions(struct op *op, const struct inode_key *p, enum fs_replacement how,
			   const struct buf *text, op_done_handler *done);
/* truncate(2) to a size above 0: 0 (committed, or unchanged), WAIT or -errno. */
int fs_cut_permissions(struct op *op, const struct inode_key *p, op_done_handler *done);
/* 0 if no change of that file is under way; else WAIT, parked until there is none. */
int fs_await_commits(struct op *op, const struct inode_key *p);

/* fs_log.c */
/* Bring the text of the log up to date: 0 and *log, WAIT or -errno. */
int fs_update_log(struct op *op, const struct node *n, const struct audit_log **log);
int fs_read_log(struct op *op, struct file *f);

/* fs_name.c */
/* The key of the entry to remove, if that is allowed: 0, WAIT or -errno. */
int fs_removal(struct op *op, struct inode_key *p);
/* The kernel has unlinked the name: detach its node. */
void fs_detach(struct fs *fs, const struct inode_key *p);

/* fs_rmdir.c: what rm -r has removed of a token. */
/* The op removes this file, of a fixed name: remember its process as one that empties the token's
 * directory, if it has read that. */
void fs_note_emptying(struct op *op, const struct inode_key *file);
/* True if the op's process is one: keep the secret that this file shows until the token is
 * deleted. */
bool fs_keeps_secret(struct op *op, const struct inode_key *file);
/* True if the op's process is one, and `why` says that the permissions cannot be revoked here: they
 * end when the token is deleted. */
bool fs_leaves_to_deletion(struct op *op, const char *token_id, const struct error *why);
void fs_drop_emptying(struct fs *fs, const char *token_id); /* NULL: all */

/* fs_kept.c: what the kernel keeps, and is told to forget */
/* How long it may keep what the op has just found of a node: attributes, or name; in seconds. Notes
 * that it does. */
double fs_attr_timeout_s(struct op *op, struct node *n);
double fs_entry_timeout_s(struct op *op, struct node *n);
/* Make the kernel forget the attributes of a node; takes NULL. */
void fs_tell(struct fs *fs, struct node *n);
void fs_tell_all(struct fs *fs);
/* The reaction to what the model sees change. */
model_changed fs_changed;

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
