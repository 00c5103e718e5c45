/* SPDX-License-Identifier: MIT */
/*
 * op: one operation, made from a request of the kernel: its arguments, its one reply, interrupts.
 *
 *     RUNNING ──WAIT──▶ WAITING ──woken──▶ RUNNING        (from the top, any number of times)
 *        │ op_commit                          │ op_reply_*
 *        ▼                                    ▼
 *     COMMITTED ──the job's completion──▶ REPLIED ▶ freed
 *        │ interrupted after it was sent, or the mount ends
 *        ▼
 *     DETACHED ──the job's completion──▶ freed (the caller has EINTR or ENODEV; a
 *                                              failure goes to the error log)
 *
 * This module keeps rules 6, 7 and 8 of src/README.md, which has all rules of waiting; handlers
 * keep rules 1 and 2.
 *
 * Knows neither libfuse (a sink sends the replies) nor what the operations mean (fs).
 */
#ifndef PSCALEFS_OP_H
#define PSCALEFS_OP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error_log.h"
#include "cache/resource.h"
#include "cache/store.h"

enum op_kind {
	OP_LOOKUP,
	OP_GETATTR,
	OP_SETATTR,
	OP_READLINK,
	OP_MKNOD,
	OP_MKDIR,
	OP_UNLINK,
	OP_RMDIR,
	OP_SYMLINK,
	OP_RENAME,
	OP_LINK,
	OP_OPEN,
	OP_CREATE,
	OP_READ,
	OP_WRITE,
	OP_FLUSH,
	OP_FSYNC,
	OP_OPENDIR,
	OP_READDIR,
	OP_STATFS,
	OP_SETXATTR,
	OP_REMOVEXATTR,
	OP_KINDS,
};
const char *op_name(enum op_kind kind);

struct op_entry {
	uint64_t node; /* number; the caller has raised its lookup count for this reply */
	struct stat st;
	double attr_timeout_s;
	double entry_timeout_s;
};

struct op_dirent {
	uint64_t inode;
	uint32_t name; /* where it begins in op_directory.names */
	mode_t mode;
};

struct op_directory {
	struct op_dirent *v; /* owned */
	size_t n;
	struct buf names; /* each ends with NUL */
};
void op_directory_add(struct op_directory *d, const char *name, mode_t mode, uint64_t inode);
void op_directory_finish(struct op_directory *d);
/* Of entry `i`; borrowed until the next is added. */
const char *op_directory_name(const struct op_directory *d, size_t i);

/* What the kernel may do with an open file. */
enum op_open {
	OPEN_DIRECT = 1,   /* it asks for each read(2): the content or its size may change */
	OPEN_KEEP = 2,     /* what it has read before by another handle is still right */
	OPEN_NO_FLUSH = 4, /* a close of this handle means nothing, so it need not be reported */
	/* Of a directory: it may keep the names that are read by this handle, and answer this handle with
	 * those that it has kept. Without OPEN_KEEP it first forgets them. */
	OPEN_LIST = 8,
};

/*
 * Sends the replies. Each function returns 0, or -errno if the kernel did not accept the reply,
 * because the caller has died: then the kernel does not have the lookup or open file in it either.
 */
struct op_sink {
	int (*error)(void *req, int err);
	int (*entry)(void *req, const struct op_entry *e);
	int (*attr)(void *req, const struct stat *st, double timeout_s);
	int (*data)(void *req, const char *data, size_t size);
	int (*link)(void *req, const char *target);
	int (*open)(void *req, uint64_t file, unsigned how); /* enum op_open, or-ed */
	int (*create)(void *req, const struct op_entry *e, uint64_t file);
	int (*written)(void *req, size_t size);
	/* Sends as many entries from `offset` on as fit into `size` bytes. */
	int (*directory)(void *req, const struct op_directory *d, uint64_t offset, size_t size);
	/* The same; entries[0] is what a lookup of the name at `offset` would reply, with node 0 if that
	 * is not known, and so on, up to the one that fits last. *sent: how many fit. */
	int (*directory_plus)(void *req, const struct op_directory *d, uint64_t offset, size_t size,
			      const struct op_entry *entries, size_t *sent);
	int (*statfs)(void *req);
};

enum op_state {
	OP_RUNNING,
	OP_WAITING,
	OP_COMMITTED,
	OP_REPLIED,
	OP_DETACHED
};

struct op;
typedef int op_handler(struct op *op); /* 0: replied or committed; WAIT: parked; -errno */
/* The job of a committed op has ended: see op_commit(). */
typedef void op_done_handler(struct op *op, const struct store_outcome *outcome);

/* What all ops of a mount share. */
struct ops {
	struct cache *cache;         /* borrowed */
	struct error_log *error_log; /* borrowed */
	const struct op_sink *sink;  /* borrowed */
	struct list live;
	op_handler *const *handlers;                  /* borrowed; by kind */
	void *fs;                                     /* borrowed; for the handlers */
	void (*path)(struct op *op, struct buf *out); /* for the error log */
	/*
	 * How long an op may wait in total. A single request has a deadline of its own (http);
	 * this one ends an op whose answers are invalidated again and again, for example because a
	 * process writes to `refresh` in a loop. 0: no limit.
	 */
	int64_t patience_ms;
	/* What the kernel was asked to forget and has not forgotten yet: no op runs or replies
	 * before. */
	size_t untold;
	struct list untold_waiters;
	unsigned settled; /* how many ops were replied to or committed since the start */
};

struct op {
	struct waiter waiter; /* first */
	struct list live;
	struct ops *ops; /* borrowed */
	void *req;       /* for the sink */
	enum op_kind kind;
	enum op_state state;
	bool interrupted;
	pid_t pid; /* the calling thread */
	int64_t began_ms;
	unsigned waits; /* how often it was parked */

	/* The arguments. Each kind uses some of them. */
	uint64_t node,
		new_node;      /* numbers: the inode or directory; the target directory of rename */
	char *name, *new_name; /* owned; new_name also: the target of symlink */
	uint64_t file;         /* handle; 0: none */
	struct buf data;       /* write */
	uint64_t offset;
	size_t size;
	int flags; /* open: O_*; rename: RENAME_* */
	mode_t mode;
	bool plus; /* readdir: the kernel takes what lookups of the names would reply, too */
	bool set_size, set_times; /* setattr; `size` is the new size */

	bool refreshed; /* it has made everything be forgotten, once */

	struct store_job *job;  /* of the commit; borrowed */
	struct op_ended *ended; /* owned; how the job ended, if `done` could not run yet */
	op_done_handler *done;
	/* State from the commit until `done`, which frees it; one of: */
	struct permissions_change *commit; /* a change of `permissions`: fs_permissions.c */
	struct creation *creation;         /* a line of create-token: create_token.c */
	char *removed_id;                  /* rmdir of a token: fs_rmdir.c */
};

void ops_init(struct ops *ops, struct cache *cache, struct error_log *error_log,
	      const struct op_sink *sink, op_handler *const *handlers, void *fs,
	      void (*path)(struct op *op, struct buf *out));
/* The mount ends: reply `err` to all ops that have no reply yet. Committed changes go on, detached.
 */
void ops_let_go(struct ops *ops, int err);
/* The same, and cancel the changes too. */
void ops_finish(struct ops *ops, int err);

struct op *op_new(struct ops *ops, enum op_kind kind, void *req, pid_t pid, uint64_t node);
/* Run it for the first time; the op may be freed when this returns. */
void op_start(struct op *op);
/* For the interrupt callback: marks the op and makes it ready, nothing else. */
void op_interrupt(struct op *op);

/*
 * For a handler that is about to start a job. `done` runs once, when the job ends, and must reply,
 * unless op_detached() (then it must not). Use op_done as the job's callback.
 */
void op_commit(struct op *op, op_done_handler *done);
store_done op_done;
bool op_detached(const struct op *op);
/* For `done`: true if the op is detached, or if `e` (may be NULL) is a failure, which this has now
 * replied. */
bool op_finished(struct op *op, const struct error *e);

/* 0 if the kernel has forgotten all that it was asked to forget; else WAIT, parked until then. */
int op_await_told(struct op *op);
/* It has forgotten `n` more. */
void ops_told(struct ops *ops, size_t n);

/* The replies. Each may free the op. Returns what the sink returned: see struct op_sink. */
/* An error with a sentence is added to the error log. */
int op_reply_error(struct op *op, const struct error *e);
int op_reply_ok(struct op *op);
int op_reply_entry(struct op *op, const struct op_entry *e);
int op_reply_attr(struct op *op, const struct stat *st, double timeout_s);
int op_reply_data(struct op *op, const char *data, size_t size);
int op_reply_link(struct op *op, const char *target);
int op_reply_open(struct op *op, uint64_t file, unsigned how);
int op_reply_create(struct op *op, const struct op_entry *e, uint64_t file);
int op_reply_written(struct op *op, size_t size);
int op_reply_directory(struct op *op, const struct op_directory *d);
int op_reply_directory_plus(struct op *op, const struct op_directory *d,
			    const struct op_entry *entries, size_t *sent);
/* A name and what is around it take at least so many bytes of such a reply (FUSE_NAME_OFFSET_DIRENTPLUS). */
#define DIRENT_PLUS_MIN 152
int op_reply_statfs(struct op *op);

#endif
