/* SPDX-License-Identifier: MIT */
/*
 * fs_permissions: the operations on `permissions`, the file that grants and revokes.
 *
 * A write grants (and, with "-", revokes) what its complete lines name, and is answered when
 * PlanetScale has confirmed that. What a new text leaves out is revoked at close, fsync or release:
 * permissions_file decides when. If a commit fails and no caller checks the result, the failure is
 * kept for the next fsync of the file.
 *
 * A file has one change at a time, and other ops wait for its end. So the text from which a change
 * was made is still the text when its answer comes.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "fs/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fs/fs_internal.h"
#include "planetscale/known_scopes.h"
#include "system/process.h"

/* A change under way, and what its completion needs. */
struct permissions_change {
	struct list link;                     /* in fs->commits, if it is of a released file */
	struct store_job *job;                /* borrowed; set for a released file only */
	struct fs *fs;                        /* borrowed */
	struct permissions_file *permissions; /* borrowed: lives while `committing` is not 0 */
	struct permissions_text *text;        /* held; NULL: no handle is open for writing */
	struct file *file;                    /* held; NULL: not through a handle */
	struct permissions_demand demand;
	size_t size;          /* write: bytes taken */
	struct target target; /* owned; of the file */
	/* fs_replace_permissions: how the text is replaced, the new text, and what replies. */
	enum fs_replacement how;
	struct buf replacement;
	op_done_handler *done;
};

static unsigned revocations(const struct permissions_change *c)
{
	struct organization *o = model_organization(c->fs->model, c->target.organization_id);
	struct token *t = o == NULL ? NULL : model_token(o, c->target.token_id);

	return t == NULL ? 0 : model_permissions(t, c->target.database_id)->revocations;
}

static struct permissions_change *commit_new(struct fs *fs, const struct inode_key *p,
					     struct file *f)
{
	struct permissions_change *c = xcalloc(1, sizeof(*c));

	list_init(&c->link);
	c->fs = fs;
	c->target = target_copy(&p->target);
	c->file = f;
	if (f != NULL)
		file_hold(f);
	c->permissions = permissions_at(&fs->permissions, p);
	c->permissions->committing++;
	c->text = f != NULL ? f->writer->text : c->permissions->text;
	if (c->text != NULL)
		text_hold(c->text);
	return c;
}

static void start_due(struct fs *fs, const struct inode_key *p, struct permissions_file *f);

/* Frees it. If it was the last one of the file: starts what closed handles have left to do, and
 * wakes the waiters. */
static void commit_free(struct permissions_change *c)
{
	struct permissions_file *f = c->permissions;
	struct inode_key p = tree_permissions(&c->target);

	list_remove(&c->link);
	if (c->text != NULL)
		text_release(c->text);
	if (--f->committing == 0) {
		start_due(c->fs, &p, f);
		waiters_wake(&f->waiters);
	}
	if (c->file != NULL)
		file_release(c->file);
	permissions_demand_finish(&c->demand);
	buf_finish(&c->replacement);
	target_finish(&c->target);
	free(c);
}

static struct store_job *commit_start(struct permissions_change *c, uint64_t since,
				      store_done *done, void *ctx)
{
	const struct permissions_writer *w = c->file != NULL ? c->file->writer : NULL;
	const struct store_change change = {
		.target = c->target,
		.grant = &c->demand.edit.grant,
		.revoke = &c->demand.edit.revoke,
		.keep = &c->demand.keep,
		.exact = c->demand.exact,
		.confirmed = w != NULL ? &w->confirmed : NULL,
		.revocations = w != NULL ? w->revocations : 0,
		.since = since,
	};

	return store_change(c->fs->store, &change, done, ctx);
}

/* If a grant was refused: add a hint with the known scope that is most similar. */
static void advise(struct error *e, const char *database_id, const struct scopes *granting)
{
	enum scope_level level = database_id == NULL ? SCOPE_ORGANIZATION : SCOPE_DATABASE;

	if (e->err != EINVAL || e->http_status == 0)
		return;
	for (size_t i = 0; i < granting->n; i++) {
		struct buf advice = BUF_INIT;
		if (known_scopes_find(level, granting->v[i]) != NULL)
			continue;
		known_scopes_advise(level, granting->v[i], &advice);
		error_hint(e, "%s", buf_str(&advice));
		buf_finish(&advice);
		return;
	}
}

int fs_await_commits(struct op *op, const struct inode_key *p)
{
	struct permissions_file *f = permissions_known(&fs_of(op)->permissions, p);

	if (f == NULL || f->committing == 0)
		return 0;
	waiters_park(&f->waiters, &op->waiter);
	return WAIT;
}

/* --- write ------------------------------------------------------------------------------------ */

/* Remember a refusal for close. Not EINTR, which a write of a killed caller fails with: another
 * process may close the handle, and a shell would retry after EINTR. */
static void refuse_handle(struct file *f, const struct error *e,
			  void (*mark)(struct permissions_writer *w, const struct error *e))
{
	struct error why = *e;

	if (why.err == EINTR)
		why.err = ECANCELED;
	mark(f->writer, &why);
	if (f->writer->text->file != NULL)
		permissions_save_failed(f->writer->text->file, f->opener);
}

/* Callers ignore ftruncate(2) errors: mark the handle, so that its close does not commit the text
 * that was not truncated. */
int fs_truncate_text(struct op *op, struct file *f)
{
	const struct inode_key key = file_key(f);
	struct error *e = &op->waiter.error;
	int r = fs_await_commits(op, &key);

	if (r == 0)
		r = permissions_truncate(f->writer, op->size, process_group(op->pid),
					 op->waiter.arrived, e);
	if (r < 0 && r != -ESTALE)
		refuse_handle(f, e, permissions_refuse);
	return r;
}

static void write_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct permissions_change *c = op->commit;
	struct error answer;
	size_t size = c->size;

	if (e == NULL) {
		permissions_accept(c->file->writer, &c->demand.edit, revocations(c));
	} else {
		answer = *e;
		advise(&answer, c->target.database_id, &c->demand.edit.grant);
		permissions_unconfirm(c->file->writer, &c->demand.edit.revoke);
		refuse_handle(c->file, &answer, permissions_refuse_write);
	}
	commit_free(c);
	if (!op_finished(op, e != NULL ? &answer : NULL))
		op_reply_written(op, size);
}

int fs_write_permissions(struct op *op, struct file *f)
{
	const struct inode_key key = file_key(f);
	struct permissions_writer *w = f->writer;
	struct edit edit = EDIT_INIT;
	struct error *e = &op->waiter.error;
	size_t size = op->data.len;
	int r = fs_await_commits(op, &key);

	if (r != 0)
		return r;
	r = fs_check_seen(op); /* another process opened the file and passed it on */
	/* With O_APPEND the kernel's offset may be wrong: it comes from the last size that any
	 * stat(2) returned. */
	if (r == 0)
		r = permissions_write(w, op->offset, (op->flags & O_APPEND) != 0, &op->data,
				      process_group(op->pid), op->waiter.arrived, e);
	if (r != 0) {
		/* The caller can repeat a write after EAGAIN: it leaves no mark, unless the close
		 * would revoke something. */
		if (r != -ESTALE && (r != -EAGAIN || w->owes))
			refuse_handle(f, e, permissions_refuse);
		return r;
	}
	r = permissions_lines(w, &edit, e);
	if (r != 0) {
		refuse_handle(f, e, permissions_refuse_write);
		return r;
	}
	if (edit.grant.n == 0 && edit.revoke.n == 0) {
		edit_finish(&edit);
		op_reply_written(op, size);
		return 0;
	}
	struct permissions_change *c = commit_new(fs_of(op), &key, f);
	c->demand.edit = edit;
	c->size = size;
	op->commit = c;
	op_commit(op, write_done);
	op->job = commit_start(c, op->waiter.arrived, op_done, op);
	return 0;
}

/* --- close, fsync ----------------------------------------------------------------------------- */

/* Keep the failure of a commit, or drop an older one. `reported`: the caller gets the error, and
 * checks it. */
static void keep_outcome(struct permissions_change *c, const struct error *e, bool reported)
{
	/* EINTR: the writer was killed and nothing committed, which is no failure. */
	if (e != NULL && e->err == EINTR)
		return;
	if (e != NULL && !reported)
		permissions_keep_failure(c->permissions, e, REPORTED_BY_CLOSE);
	else if (e == NULL && c->demand.exact)
		permissions_drop_failure(c->permissions);
}

static void close_commit(struct permissions_change *c, const struct error *e, struct error *answer)
{
	struct file *f = c->file;

	if (e == NULL) {
		permissions_confirm(c->text, f != NULL ? f->writer : NULL, &c->demand.edit.grant,
				    revocations(c));
		if (c->demand.exact)
			permissions_drop_removal(c->permissions);
		return;
	}
	if (f != NULL)
		permissions_save_failed(c->permissions, f->opener);
	*answer = *e;
	advise(answer, c->target.database_id, &c->demand.edit.grant);
}

static void closing_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct permissions_change *c = op->commit;
	struct error answer;

	close_commit(c, e, &answer);
	/* Shells ignore the result of close; callers of fsync check it. */
	keep_outcome(c, e != NULL ? &answer : NULL, op->kind == OP_FSYNC && !op_detached(op));
	commit_free(c);
	if (!op_finished(op, e != NULL ? &answer : NULL))
		op_reply_ok(op);
}

static int commit_text(struct op *op, struct file *f, enum closing what)
{
	struct permissions_text *t = f->writer->text;
	struct error *e = &op->waiter.error;
	struct permissions_demand demand;
	int r = permissions_commit(t, f->writer, what, &demand, e);

	if (r != 0) { /* the text is not valid */
		permissions_save_failed(t->file, f->opener);
		if (op->kind == OP_FLUSH) /* a shell ignores the result of close */
			permissions_keep_failure(t->file, e, REPORTED_BY_CLOSE);
		return r;
	}
	const struct inode_key key = file_key(f);
	struct permissions_change *c = commit_new(fs_of(op), &key, f);
	c->demand = demand;
	op->commit = c;
	op_commit(op, closing_done);
	op->job = commit_start(c, t->written, op_done, op);
	return 0;
}

/* Do what a close or fsync requires. */
static int close_text(struct op *op, struct file *f, enum closing what)
{
	struct permissions_text *t = f->writer->text;
	struct error e;

	switch (what) {
	case CLOSING_LINE:
	case CLOSING_WHOLE:
		return commit_text(op, f, what);
	case CLOSING_REFUSED:
		/* A program may ignore the results of write and close: repeat it at the next
		 * fsync. */
		if (op->kind == OP_FLUSH && t->file->failure == NULL)
			permissions_keep_failure(t->file, &f->writer->refused, REPORTED_BY_WRITE);
		e = (struct error){.err = f->writer->refused.err}; /* the sentence was logged */
		return op_reply_error(op, &e), 0;
	case CLOSING_SPOILED:
		op->waiter.error = t->spoiled;
		if (op->kind == OP_FLUSH) /* a shell ignores the result of close */
			permissions_keep_failure(t->file, &t->spoiled, REPORTED_BY_CLOSE);
		return -t->spoiled.err;
	case CLOSING_NOTHING:
		break;
	}
	op_reply_ok(op);
	return 0;
}

/* The writer ends, but the daemon may not see whether a signal ends it. */
static int refuse_unseen(struct op *op, struct file *f)
{
	struct error *e = &op->waiter.error;

	error_set(e, ECANCELED,
		  "it cannot be seen whether its writer was killed: what the text "
		  "leaves out is not revoked");
	error_hint(e, "let another program write it: PROGRAM | cat >permissions");
	permissions_keep_failure(f->writer->text->file, e, REPORTED_BY_CLOSE);
	return -ECANCELED;
}

int fs_flush_permissions(struct op *op, struct file *f)
{
	if (f->writer == NULL) {
		op_reply_ok(op);
		return 0;
	}
	enum process_end end = process_end(op->pid);
	pid_t closer = process_group(op->pid);

	if (end != PROCESS_LIVES) {
		permissions_killed(f->writer, closer);
		if (end == PROCESS_END_UNSEEN && f->writer->killed && closer == f->opener)
			return refuse_unseen(op, f);
		op_reply_ok(op);
		return 0;
	}
	/* permissions_flush() is called only after the wait, because the text may change
	 * meanwhile. */
	const struct inode_key key = file_key(f);
	int r = f->writer->changed || f->writer->to_answer ? fs_await_commits(op, &key) : 0;
	if (r != 0)
		return r;
	permissions_closed(f->writer);
	return close_text(op, f, permissions_flush(f->writer, closer));
}

int fs_fsync_permissions(struct op *op, struct file *f)
{
	struct fs *fs = fs_of(op);
	const struct inode_key key = file_key(f);
	struct tree_objects v;
	int r = tree_resolve(&fs->tree, &op->waiter, &key, &v);

	if (r == 0)
		r = fs_await_commits(op, &key);
	if (r != 0)
		return r == -ESTALE ? -EIDRM : r;
	enum closing what = f->writer != NULL ? permissions_fsync(f->writer) : CLOSING_NOTHING;
	if (what != CLOSING_NOTHING)
		return close_text(op, f, what);
	struct permissions_file *memory = permissions_known(&fs->permissions, &key);
	if (memory != NULL && memory->failure != NULL) {
		struct error e = {.err = memory->failure->err}; /* the sentence was logged */
		permissions_drop_failure(memory);
		op_reply_error(op, &e);
		return 0;
	}
	op_reply_ok(op);
	return 0;
}

/* --- release: there is no caller any more ----------------------------------------------------- */

void fs_record_close(struct fs *fs, const struct inode_key *p, const struct error *e)
{
	struct buf path = BUF_INIT;

	tree_path(&fs->tree, p, &path);
	struct error_log_caller log_caller = {
		.pid = 0, .command = "", .operation = "close", .path = buf_str(&path)};
	log_warning("%s", error_log_add(&fs->error_log, fs->cache->clock->wall_s, &log_caller, e));
	buf_finish(&path);
}

static void release_done(void *ctx, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct permissions_change *c = ctx;
	struct inode_key p = tree_permissions(&c->target);
	struct error kept;

	close_commit(c, e, &kept);
	keep_outcome(c, e != NULL ? &kept : NULL, false);
	if (e != NULL)
		fs_record_close(c->fs, &p, &kept);
	commit_free(c);
}

/* The mount ends: cancel the commits that are left. */
void fs_end_commits(struct fs *fs, int err)
{
	struct error e;

	error_set(&e, err, "the mount ended before the change was done");
	while (!list_empty(&fs->commits)) {
		struct permissions_change *c =
			container_of(fs->commits.next, struct permissions_change, link);
		store_cancel(c->job);
		release_done(c, &(const struct store_outcome){.error = &e});
	}
}

/* Start what closed handles have left to do, unless it still has to wait. */
static void start_due(struct fs *fs, const struct inode_key *p, struct permissions_file *f)
{
	enum closing what = permissions_due(f);
	struct permissions_demand demand;
	struct error e;

	if (what == CLOSING_NOTHING)
		return;
	struct permissions_change *c = commit_new(fs, p, NULL);
	if (permissions_commit(c->text, NULL, what, &demand, &e) != 0) { /* the text is not valid */
		permissions_keep_failure(f, &e, REPORTED_BY_CLOSE);
		fs_record_close(fs, p, &e);
		commit_free(c);
		return;
	}
	c->demand = demand;
	list_append(&fs->commits, &c->link);
	c->job = commit_start(c, clock_stamp(fs->cache->clock), release_done, c);
}

void fs_release_permissions(struct file *f)
{
	const struct inode_key key = file_key(f);
	struct permissions_writer *w = f->writer;

	if (w == NULL)
		return;
	struct permissions_file *permissions = w->text->file;
	if (w->changed && !w->closed)
		log_notice("a writer of permissions was killed: what its text leaves out is not "
			   "revoked");
	permissions_release(w);
	if (permissions != NULL)
		start_due(f->fs, &key, permissions);
}

/* --- rename, rm, truncate(2): the whole content at once --------------------------------------- */

/* Handles of the scratch file that was renamed onto this one now read and write this one. */
static void adopt_handles(struct permissions_change *c, const struct scratch *s)
{
	list_for_each(pos, &c->fs->files) {
		struct file *f = container_of(pos, struct file, link);
		if (f->scratch != s)
			continue;
		if (f->writable)
			f->writer = permissions_adopt(c->permissions, &s->text,
						      &c->demand.edit.grant, f->opener);
		else
			buf_add(&f->text, buf_str(&s->text), s->text.len);
		scratch_release(f->scratch);
		f->scratch = NULL;
		file_becomes(f, WRITE_PERMISSIONS);
	}
}

static void replaced(struct permissions_change *c, const struct op *op)
{
	struct inode_key p = tree_permissions(&c->target);

	if (c->how == REPLACED_BY_TRUNCATE) {
		permissions_set(c->permissions, &c->replacement);
		return;
	}
	permissions_detach(c->permissions);
	if (c->how == REPLACED_BY_RENAME) {
		p = tree_scratch(&p, op->name);
		struct scratch *s = scratch_find(&c->fs->scratches, &p);
		if (s != NULL)
			adopt_handles(c, s);
	}
}

static void replace_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct permissions_change *c = op->commit;
	struct error answer;

	if (e != NULL) {
		answer = *e;
		advise(&answer, c->target.database_id, &c->demand.edit.grant);
	}
	keep_outcome(c, e, true);
	if (e == NULL)
		replaced(c, op);
	op->commit = NULL;
	op_done_handler *done = c->done;
	commit_free(c);
	done(op, &(const struct store_outcome){.error = e != NULL ? &answer : NULL});
}

int fs_replace_permissions(struct op *op, const struct inode_key *p, enum fs_replacement how,
			   const struct buf *text, op_done_handler *done)
{
	struct edit edit = EDIT_INIT;
	int r = fs_await_commits(op, p);

	if (r == 0 && text != NULL)
		r = grammar_parse(buf_str(text), text->len, &edit, &op->waiter.error);
	if (r != 0)
		return r;
	struct permissions_change *c = commit_new(fs_of(op), p, NULL);
	c->demand.edit = edit;
	c->demand.exact = !edit.sign;
	if (text != NULL)
		buf_add(&c->replacement, buf_str(text), text->len);
	c->how = how;
	c->done = done;
	op->commit = c;
	op_commit(op, replace_done);
	op->job = commit_start(c, op->waiter.arrived, op_done, op);
	return 0;
}

int fs_cut_permissions(struct op *op, const struct inode_key *p, op_done_handler *done)
{
	const struct permissions_file *f = permissions_known(&fs_of(op)->permissions, p);
	struct buf text = BUF_INIT;
	int r = fs_await_commits(op, p);

	if (r == 0 && f != NULL && f->text != NULL)
		buf_add(&text, buf_str(&f->text->text), f->text->text.len);
	else if (r == 0)
		r = tree_show(&fs_of(op)->tree, &op->waiter, p, &text);
	if (r == 0 && op->size > text.len)
		r = fs_refuse(op, EINVAL, "permissions can be truncated, but not extended");
	if (r == 0 && op->size < text.len) {
		buf_resize(&text, op->size);
		r = fs_replace_permissions(op, p, REPLACED_BY_TRUNCATE, &text, done);
	}
	buf_finish(&text);
	return r;
}
