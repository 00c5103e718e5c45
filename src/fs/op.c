/* SPDX-License-Identifier: MIT */
#include "fs/op.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "system/process.h"

/* More often than any op waits if no answer is invalidated. */
#define WAITS_AT_LEAST 16

const char *op_name(enum op_kind kind)
{
	static const char *const names[OP_KINDS] = {
		[OP_LOOKUP] = "lookup",     [OP_GETATTR] = "getattr",
		[OP_SETATTR] = "setattr",   [OP_READLINK] = "readlink",
		[OP_MKNOD] = "mknod",       [OP_MKDIR] = "mkdir",
		[OP_UNLINK] = "unlink",     [OP_RMDIR] = "rmdir",
		[OP_SYMLINK] = "symlink",   [OP_RENAME] = "rename",
		[OP_LINK] = "link",         [OP_OPEN] = "open",
		[OP_CREATE] = "create",     [OP_READ] = "read",
		[OP_WRITE] = "write",       [OP_FLUSH] = "close",
		[OP_FSYNC] = "fsync",       [OP_OPENDIR] = "opendir",
		[OP_READDIR] = "readdir",   [OP_STATFS] = "statfs",
		[OP_SETXATTR] = "setxattr", [OP_REMOVEXATTR] = "removexattr",
	};

	return names[kind];
}

void op_directory_add(struct op_directory *d, const char *name, mode_t mode, uint64_t inode)
{
	d->v = xgrow(d->v, d->n, sizeof(*d->v));
	d->v[d->n++] = (struct op_dirent){inode, (uint32_t)d->names.len, mode};
	buf_add(&d->names, name, strlen(name) + 1);
}

void op_directory_finish(struct op_directory *d)
{
	free(d->v);
	buf_finish(&d->names);
	*d = (struct op_directory){0};
}

const char *op_directory_name(const struct op_directory *d, size_t i)
{
	return d->names.data + d->v[i].name;
}

void ops_init(struct ops *ops, struct cache *cache, struct error_log *error_log,
	      const struct op_sink *sink, op_handler *const *handlers, void *fs,
	      void (*path)(struct op *op, struct buf *out))
{
	*ops = (struct ops){.cache = cache,
			    .error_log = error_log,
			    .sink = sink,
			    .handlers = handlers,
			    .fs = fs,
			    .path = path};
	list_init(&ops->live);
	list_init(&ops->untold_waiters);
}

int op_await_told(struct op *op)
{
	if (op->ops->untold == 0)
		return 0;
	waiters_park(&op->ops->untold_waiters, &op->waiter);
	return WAIT;
}

void ops_told(struct ops *ops, size_t n)
{
	ops->untold -= n;
	if (ops->untold == 0)
		waiters_wake(&ops->untold_waiters);
}

/* How the job of a committed op has ended. */
struct op_ended {
	bool failed;
	struct error error;
	char *made_id; /* owned; or NULL */
};

static void op_free(struct op *op)
{
	waiter_leave(&op->waiter);
	list_remove(&op->live);
	free(op->name);
	free(op->new_name);
	buf_finish(&op->data);
	free(op);
}

static void record(struct op *op, const struct error *e)
{
	struct process caller;
	struct buf path = BUF_INIT;

	if (e->text[0] == '\0')
		return;
	process_read(op->pid, &caller);
	op->ops->path(op, &path);
	struct error_log_caller log_caller = {
		.pid = op->state == OP_DETACHED ? 0 : op->pid,
		.command = caller.command,
		.operation = op_name(op->kind),
		.path = buf_str(&path),
	};
	log_warning("%s", error_log_add(op->ops->error_log, op->ops->cache->clock->wall_s,
					&log_caller, e));
	buf_finish(&path);
}

/* Mark the op as replied: exactly one reply (rule 8). */
static void replied(struct op *op)
{
	assert(op->state != OP_REPLIED && op->state != OP_DETACHED);
	op->state = OP_REPLIED;
	op->ops->settled++;
}

static int finish(struct op *op, int result)
{
	op_free(op);
	return result;
}

int op_reply_error(struct op *op, const struct error *e)
{
	record(op, e);
	replied(op);
	return finish(op, op->ops->sink->error(op->req, e->err));
}

int op_reply_ok(struct op *op)
{
	replied(op);
	return finish(op, op->ops->sink->error(op->req, 0));
}

int op_reply_entry(struct op *op, const struct op_entry *e)
{
	replied(op);
	return finish(op, op->ops->sink->entry(op->req, e));
}

int op_reply_attr(struct op *op, const struct stat *st, double timeout_s)
{
	replied(op);
	return finish(op, op->ops->sink->attr(op->req, st, timeout_s));
}

int op_reply_data(struct op *op, const char *data, size_t size)
{
	replied(op);
	return finish(op, op->ops->sink->data(op->req, data, size));
}

int op_reply_link(struct op *op, const char *target)
{
	replied(op);
	return finish(op, op->ops->sink->link(op->req, target));
}

int op_reply_open(struct op *op, uint64_t file, unsigned how)
{
	replied(op);
	return finish(op, op->ops->sink->open(op->req, file, how));
}

int op_reply_create(struct op *op, const struct op_entry *e, uint64_t file)
{
	replied(op);
	return finish(op, op->ops->sink->create(op->req, e, file));
}

int op_reply_written(struct op *op, size_t size)
{
	replied(op);
	return finish(op, op->ops->sink->written(op->req, size));
}

int op_reply_directory(struct op *op, const struct op_directory *d)
{
	replied(op);
	return finish(op, op->ops->sink->directory(op->req, d, op->offset, op->size));
}

int op_reply_directory_plus(struct op *op, const struct op_directory *d,
			    const struct op_entry *entries, size_t *sent)
{
	*sent = 0;
	replied(op);
	return finish(
		op, op->ops->sink->directory_plus(op->req, d, op->offset, op->size, entries, sent));
}

int op_reply_statfs(struct op *op)
{
	replied(op);
	return finish(op, op->ops->sink->statfs(op->req));
}

static void reply_interrupted(struct op *op)
{
	struct error e = {.err = EINTR};

	op_reply_error(op, &e);
}

/* Reply `err` now; the change goes on. */
static void op_detach(struct op *op, int err)
{
	op->ops->sink->error(op->req, err);
	op->req = NULL;
	op->state = OP_DETACHED;
}

/* A signal ends the caller of a committed op: drop a change that was not sent; detach one that was
 * (rule 7). */
static void abandon(struct op *op)
{
	if (op->job == NULL || store_drop(op->job)) {
		struct error e = {.err = EINTR};
		op->done(op, &(const struct store_outcome){.error = &e});
		return;
	}
	op_detach(op, EINTR);
}

static struct op_ended *ended_new(const struct store_outcome *outcome)
{
	struct op_ended *e = xcalloc(1, sizeof(*e));

	e->failed = outcome->error != NULL;
	if (e->failed)
		e->error = *outcome->error;
	e->made_id = outcome->made_id != NULL ? xstrdup(outcome->made_id) : NULL;
	return e;
}

/* Run `done`, which had to wait until the kernel had forgotten the old state. */
static void finish_ended(struct op *op)
{
	struct op_ended *e = op->ended;

	op->ended = NULL;
	waiter_leave(&op->waiter);
	op->done(op, &(const struct store_outcome){.error = e->failed ? &e->error : NULL,
						   .made_id = e->made_id});
	free(e->made_id);
	free(e);
}

/* Time alone does not decide: a daemon that was stopped for hours has answers to read, and perhaps
 * one or two more requests to send. */
static bool waited_too_long(const struct op *op)
{
	return op->ops->patience_ms > 0 && op->waits >= WAITS_AT_LEAST &&
	       op->ops->cache->clock->mono_ms - op->began_ms > op->ops->patience_ms;
}

static void op_run(struct op *op)
{
	struct error e;

	if (op->state == OP_DETACHED)
		return;
	bool killed = op->interrupted && process_ending(op->pid);
	if (op->ended != NULL) {
		if (killed || op_await_told(op) == 0)
			finish_ended(op);
		return;
	}
	if (op->state == OP_COMMITTED) {
		if (killed)
			abandon(op);
		return;
	}
	/* A close is the last that is heard of a writer that is killed, so its handler has to run. */
	if (killed && op->kind != OP_FLUSH) {
		reply_interrupted(op);
		return;
	}
	/* What it replies must not be older than what the kernel has forgotten by then. */
	if (!killed && op_await_told(op) == WAIT) {
		op->state = OP_WAITING;
		return;
	}
	bool last = waited_too_long(op); /* run once more: the answer may have arrived */
	struct ops *ops = op->ops;
	unsigned settled = ops->settled;
	op->state = OP_RUNNING;
	op->waiter.error = (struct error){0};
	op->waiter.fresh_ms = INT64_MAX;
	process_handle(op->pid);
	int r = ops->handlers[op->kind](op);
	process_handle(0);
	/* Rule 8: a handler that is done has replied or committed, once; any other has not. */
	assert(ops->settled - settled == (r == 0 ? 1u : 0u));
	(void)settled;
	if (r == WAIT && killed) {
		reply_interrupted(op);
	} else if (r == WAIT && last) {
		error_set(&e, ETIMEDOUT, "every answer was out of date when it arrived");
		op_reply_error(op, &e);
	} else if (r == WAIT) {
		op->state = OP_WAITING;
		op->waits++;
	} else if (r < 0) {
		e = op->waiter.error;
		e.err = -r;
		op_reply_error(op, &e);
	}
}

static void run_waiter(struct waiter *w)
{
	op_run(container_of(w, struct op, waiter));
}

struct op *op_new(struct ops *ops, enum op_kind kind, void *req, pid_t pid, uint64_t node)
{
	struct op *op = xcalloc(1, sizeof(*op));

	waiter_init(&op->waiter, ops->cache, run_waiter);
	op->ops = ops;
	op->kind = kind;
	op->req = req;
	op->pid = pid;
	op->waiter.tid = pid;
	op->began_ms = ops->cache->clock->mono_ms;
	op->node = node;
	list_append(&ops->live, &op->live);
	return op;
}

void op_start(struct op *op)
{
	log_detail("%s, node %llu%s%s, pid %d", op_name(op->kind), (unsigned long long)op->node,
		   op->name != NULL ? ", " : "", op->name != NULL ? op->name : "", (int)op->pid);
	op_run(op);
}

void op_interrupt(struct op *op)
{
	op->interrupted = true;
	waiter_wake(&op->waiter);
}

void op_commit(struct op *op, op_done_handler *done)
{
	assert(op->state == OP_RUNNING);
	op->state = OP_COMMITTED;
	op->ops->settled++;
	op->done = done;
}

bool op_detached(const struct op *op)
{
	return op->state == OP_DETACHED;
}

bool op_finished(struct op *op, const struct error *e)
{
	if (op_detached(op))
		return true;
	if (e == NULL)
		return false;
	op_reply_error(op, e);
	return true;
}

void op_done(void *ctx, const struct store_outcome *outcome)
{
	struct op *op = ctx;

	op->job = NULL;
	if (!op_detached(op)) {
		/* No process may see the old state once the change is reported as done. */
		if (op_await_told(op) == WAIT)
			op->ended = ended_new(outcome);
		else
			op->done(op, outcome);
		return;
	}
	if (outcome->error != NULL)
		record(op, outcome->error);
	else
		log_notice("%s finished after its caller was interrupted", op_name(op->kind));
	op->done(op, outcome);
	op_free(op);
}

/* Run `done` in any case: it frees what the commit owns. */
static void end_commit(struct op *op, int err)
{
	struct error e = {.err = err};
	bool detached = op_detached(op);

	if (op->job != NULL)
		store_cancel(op->job);
	op->job = NULL;
	op->done(op, &(const struct store_outcome){.error = &e});
	if (detached)
		op_free(op);
}

void ops_let_go(struct ops *ops, int err)
{
	struct error e = {.err = err};

	list_for_each(pos, &ops->live) {
		struct op *op = container_of(pos, struct op, live);
		if (op->ended != NULL)
			finish_ended(op);
		else if (op->state == OP_COMMITTED)
			op_detach(op, err);
		else if (op->state != OP_DETACHED)
			op_reply_error(op, &e);
	}
}

void ops_finish(struct ops *ops, int err)
{
	while (!list_empty(&ops->live)) {
		struct op *op = container_of(ops->live.next, struct op, live);
		struct error e = {.err = err};
		if (op->ended != NULL)
			finish_ended(op);
		else if (op->state == OP_COMMITTED || op->state == OP_DETACHED)
			end_commit(op, err);
		else
			op_reply_error(op, &e);
	}
}
