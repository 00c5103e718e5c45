/*
 * fs_write: `permissions`, the file that grants and revokes.
 *
 * A write grants (and, with "-", revokes) by its complete lines and answers when PlanetScale has
 * confirmed it. What a replaced text leaves out is revoked when the opener closes, by fsync, or at
 * release. A commit that failed when nobody could be told is kept for the next fsync of the file.
 */
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "fs_internal.h"
#include "log.h"
#include "process.h"

/* What a commit needs when it ends; `op` or a released file waits for it. */
struct commit {
	struct list link;      /* in fs->commits: of a released file */
	struct store_job *job; /* borrowed; of a released file */
	struct fs *fs;         /* borrowed */
	struct file *file;     /* held; NULL: not from an open file */
	struct edit edit;
	bool exact;
	size_t size;           /* write: bytes taken */
	char *organization_id; /* owned */
	char *token_id;        /* owned */
	char *database_id;     /* owned; NULL: the organization's own */
	/* fs_replace_permissions: whom to tell, and whether scratch files go too (rmdir). */
	bool directory;
	void (*completed)(struct op *op, const struct error *e, const char *made_id);
};

static struct token *commit_token(const struct commit *c)
{
	struct organization *o = model_organization(c->fs->model, c->organization_id);

	return o == NULL ? NULL : model_token(o, c->token_id);
}

static unsigned revocations(const struct commit *c)
{
	struct token *t = commit_token(c);

	return t == NULL ? 0 : model_permissions(t, c->database_id)->revocations;
}

static struct commit *commit_new(struct fs *fs, const struct place *p, struct file *f)
{
	struct commit *c = xcalloc(1, sizeof(*c));
	struct token *t;

	list_init(&c->link);
	c->fs = fs;
	c->organization_id = xstrdup(p->organization_id);
	c->token_id = xstrdup(p->token_id);
	c->database_id = xstrdup(p->database_id);
	c->file = f;
	if (f != NULL)
		file_hold(f);
	t = commit_token(c);
	if (t != NULL)
		model_permissions(t, c->database_id)->committing++;
	return c;
}

/* Whoever waits for commits of the file goes on. */
static void commit_free(struct commit *c)
{
	struct token *t = commit_token(c);

	if (t != NULL) {
		struct permissions *p = model_permissions(t, c->database_id);
		if (p->committing > 0 && --p->committing == 0)
			waiters_wake(&p->waiters);
	}
	list_remove(&c->link);
	if (c->file != NULL)
		file_release(c->file);
	edit_finish(&c->edit);
	free(c->organization_id);
	free(c->token_id);
	free(c->database_id);
	free(c);
}

static struct store_job *commit_start(struct commit *c, uint64_t since, store_done *done, void *ctx)
{
	const struct draft *d = c->file != NULL ? c->file->draft : NULL;
	const struct store_change change = {
		.organization_id = c->organization_id,
		.token_id = c->token_id,
		.database_id = c->database_id,
		.grant = &c->edit.grant,
		.revoke = &c->edit.revoke,
		.exact = c->exact,
		.confirmed = d != NULL ? &d->confirmed : NULL,
		.revocations = d != NULL ? d->revocations : 0,
		.since = since,
	};

	return store_change(c->fs->store, &change, done, ctx);
}

void fs_advise(struct error *e, const char *database_id, const struct scopes *granting)
{
	enum scope_level level = database_id == NULL ? SCOPE_ORGANIZATION : SCOPE_DATABASE;

	if (e->err != EINVAL || e->http_status == 0)
		return;
	for (size_t i = 0; i < granting->n; i++) {
		struct buf advice = BUF_INIT;
		if (catalog_find(level, granting->v[i]) != NULL)
			continue;
		catalog_advise(level, granting->v[i], &advice);
		error_hint(e, "%s", buf_str(&advice));
		buf_finish(&advice);
		return;
	}
}

int fs_await_commits(struct op *op, struct token *t, const char *database_id)
{
	if (!model_committing(t, database_id))
		return 0;
	waiters_park(&model_permissions(t, database_id)->waiters, &op->waiter);
	return WAIT;
}

/* --- write
 * ------------------------------------------------------------------------------------------- */

/* Of a write whose caller was killed, another process that has the file open may hear at close: not
 * by EINTR, for a shell would then try again. */
static void refuse(struct file *f, size_t size, const struct error *e)
{
	struct error why = *e;

	if (why.err == EINTR)
		why.err = ECANCELED;
	draft_refuse(f->draft, size, &why);
	fs_made_in_vain(f->fs, &f->node->place, f->opener);
}

/* Who does not look at what ftruncate(2) says would close a text that is longer than was meant. */
int fs_truncate_draft(struct op *op, struct file *f)
{
	struct error *e = &op->waiter.error;
	int r = draft_truncate(f->draft, op->size, op->waiter.arrived, e);

	if (r != 0)
		refuse(f, 0, e);
	return r;
}

static void write_completed(struct op *op, const struct error *e, const char *made_id)
{
	struct commit *c = op->commit;
	struct draft *d = c->file->draft;
	struct error told;
	size_t size = c->size;

	(void)made_id;
	if (e == NULL) {
		draft_accept(d, &c->edit, revocations(c));
	} else {
		told = *e;
		fs_advise(&told, c->database_id, &c->edit.grant);
		refuse(c->file, size, &told);
	}
	commit_free(c);
	if (!op_over(op, e != NULL ? &told : NULL))
		op_reply_written(op, size);
}

int fs_write_permissions(struct op *op, struct file *f)
{
	struct fs *fs = fs_of(op);
	struct draft *d = f->draft;
	struct edit edit = EDIT_INIT;
	struct error *e = &op->waiter.error;
	size_t size = op->data.len;
	/* Where the end is the kernel takes from what is granted, not from this draft. */
	uint64_t offset = op->flags & O_APPEND ? d->text.len : op->offset;
	int r = draft_write(d, offset, buf_str(&op->data), size, op->waiter.arrived, e);

	f->writer = process_group(op->pid);
	if (r != 0) {
		refuse(f, 0, e);
		return r;
	}
	r = draft_lines(d, &edit, e);
	if (r != 0) {
		refuse(f, size, e);
		return r;
	}
	if (edit.grant.n == 0 && edit.revoke.n == 0) {
		edit_finish(&edit);
		op_reply_written(op, size);
		return 0;
	}
	struct commit *c = commit_new(fs, &f->node->place, f);
	c->edit = edit;
	c->size = size;
	op->commit = c;
	op_commit(op, write_completed);
	op->job = commit_start(c, op->waiter.arrived, op_done, op);
	return 0;
}

/* --- close, fsync
 * -------------------------------------------------------------------------------------- */

/* A commit succeeded or failed; `told`: the caller hears of it in a way that tools look at. */
static void keep_outcome(struct commit *c, const struct error *e, bool told)
{
	struct token *t = commit_token(c);
	struct permissions *p = t != NULL ? model_permissions(t, c->database_id) : NULL;

	/* EINTR: a killed writer commits nothing, which is no failure. */
	if (p == NULL || (e != NULL && e->err == EINTR))
		return;
	if (e != NULL && !told) {
		if (p->kept == NULL)
			p->kept = xmalloc(sizeof(*p->kept));
		*p->kept = *e;
		p->kept_told = false;
	} else if (e == NULL && c->exact) {
		free(p->kept);
		p->kept = NULL;
	}
}

static void close_commit(struct commit *c, const struct error *e, struct error *told_error)
{
	if (e == NULL) {
		draft_confirm(c->file->draft, &c->edit.grant, revocations(c));
		if (c->exact)
			fs_forget_removed(c->fs, &c->file->node->place);
		return;
	}
	fs_made_in_vain(c->fs, &c->file->node->place, c->file->opener);
	*told_error = *e;
	fs_advise(told_error, c->database_id, &c->edit.grant);
}

static void whole_completed(struct op *op, const struct error *e, const char *made_id)
{
	struct commit *c = op->commit;
	struct error told;

	(void)made_id;
	close_commit(c, e, &told);
	/* Shells ignore what close says, so it may not have been heard; fsync's callers listen. */
	keep_outcome(c, e != NULL ? &told : NULL, op->kind == OP_FSYNC && !op_detached(op));
	commit_free(c);
	if (!op_over(op, e != NULL ? &told : NULL))
		op_reply_ok(op);
}

/* The text was no permissions file, and maybe nobody heard. */
static void keep_unheard(struct file *f, const struct error *e)
{
	struct commit *c = commit_new(f->fs, &f->node->place, f);

	keep_outcome(c, e, false);
	commit_free(c);
}

/* What the draft as a whole asks for, as a commit; NULL and *e if it is no permissions file. */
static struct commit *whole_commit(struct fs *fs, struct file *f, struct error *e)
{
	struct edit edit = EDIT_INIT;
	bool exact;

	if (draft_whole(f->draft, &edit, &exact, e) != 0)
		return NULL;
	struct commit *c = commit_new(fs, &f->node->place, f);
	c->edit = edit;
	c->exact = exact;
	draft_committed(f->draft);
	return c;
}

static int commit_whole(struct op *op, struct file *f)
{
	struct fs *fs = fs_of(op);
	struct draft *d = f->draft;
	struct commit *c = whole_commit(fs, f, &op->waiter.error);

	if (c == NULL) {
		refuse(f, 0, &op->waiter.error);
		d->modified = false;
		if (op->kind == OP_FLUSH) /* a shell ignores what close says */
			keep_unheard(f, &op->waiter.error);
		return -op->waiter.error.err;
	}
	op->commit = c;
	op_commit(op, whole_completed);
	op->job = commit_start(c, d->written, op_done, op);
	return 0;
}

/* Not every program looks at what write and close say: the next fsync asks. */
static void keep_refusal(struct fs *fs, const struct file *f)
{
	const struct place *at = &f->node->place;
	struct organization *o = model_organization(fs->model, at->organization_id);
	struct token *t = o == NULL ? NULL : model_token(o, at->token_id);
	struct permissions *p = t == NULL ? NULL : model_permissions(t, at->database_id);

	if (p == NULL || p->kept != NULL)
		return;
	p->kept = xmalloc(sizeof(*p->kept));
	*p->kept = f->draft->failed;
	p->kept_told = true;
}

void fs_begin_writing(struct token *t, const char *database_id)
{
	struct permissions *p = model_permissions(t, database_id);

	if (p->kept == NULL || !p->kept_told)
		return;
	free(p->kept);
	p->kept = NULL;
}

/* A draft one of whose writes was refused is not what its writer meant: say so again, take nothing
 * away. */
static int repeat_refusal(struct op *op, struct draft *d)
{
	struct error e = {.err = d->failed.err};

	d->modified = false;
	return op_reply_error(op, &e), 0;
}

/* One of its writers was killed, and another that was not asks for the whole: it will not be. */
static int tell_dropped(struct op *op, struct file *f)
{
	struct error *e = &op->waiter.error;

	error_set(e, ECANCELED, "a process that wrote it was killed: nothing is revoked for what "
				"its text lacks");
	error_hint(e, "write it again");
	f->draft->modified = false;
	if (op->kind == OP_FLUSH) /* a shell ignores what close says */
		keep_unheard(f, e);
	return -ECANCELED;
}

int fs_flush_permissions(struct op *op, struct file *f)
{
	struct draft *d = f->draft;
	bool killed = process_ending(op->pid);
	pid_t closer = process_group(op->pid);

	/* A child that only had it open may end as it likes. */
	if (killed && (closer == f->opener || closer == f->writer))
		d->dropped = true;
	if (killed || !d->modified) {
		op_reply_ok(op);
		return 0;
	}
	if (d->dropped && d->written != 0 && closer == f->opener)
		return tell_dropped(op, f);
	if (d->dropped) {
		op_reply_ok(op);
		return 0;
	}
	if (d->failed.err != 0) {
		keep_refusal(fs_of(op), f);
		return repeat_refusal(op, d);
	}
	d->closed = true;
	/* Nothing written yet (a shell sets up its redirection), or a child of the opener closes
	 * its copy. */
	if (d->written == 0 || closer != f->opener) {
		op_reply_ok(op);
		return 0;
	}
	return commit_whole(op, f);
}

int fs_fsync_permissions(struct op *op, const struct place *p, struct file *f)
{
	struct fs *fs = fs_of(op);
	struct view v;
	int r = tree_view(&fs->tree, &op->waiter, p, &v);

	if (r == 0)
		r = fs_await_commits(op, v.token, p->database_id);
	if (r != 0)
		return r == -ESTALE ? -EIDRM : r;
	struct draft *d = f->draft;
	if (d != NULL && d->modified && d->dropped && d->written != 0)
		return tell_dropped(op, f);
	if (d != NULL && d->modified && d->written != 0)
		return d->failed.err != 0 ? repeat_refusal(op, d) : commit_whole(op, f);
	struct permissions *memory = model_permissions(v.token, p->database_id);
	if (memory->kept != NULL) {
		struct error e = {.err = memory->kept->err}; /* the journal has had the sentence */
		free(memory->kept);
		memory->kept = NULL;
		op_reply_error(op, &e);
		return 0;
	}
	op_reply_ok(op);
	return 0;
}

/* --- release: nobody listens any more
 * ------------------------------------------------------------------- */

static void record_released(struct commit *c, const struct error *e)
{
	struct place p = {
		.kind = c->database_id == NULL ? TREE_PERMISSIONS : TREE_DATABASE_PERMISSIONS,
		.organization_id = c->organization_id,
		.token_id = c->token_id,
		.database_id = c->database_id,
	};
	struct buf path = BUF_INIT;

	tree_path(&c->fs->tree, &p, &path);
	struct journal_who who = {
		.pid = 0, .command = "", .operation = "close", .path = buf_str(&path)};
	log_warning("%s", journal_add(&c->fs->journal, c->fs->all->clock->wall_s, &who, e));
	buf_finish(&path);
}

static void released(void *ctx, const struct error *e, const char *made_id)
{
	struct commit *c = ctx;
	struct error kept;

	(void)made_id;
	close_commit(c, e, &kept);
	keep_outcome(c, e != NULL ? &kept : NULL, false);
	if (e != NULL)
		record_released(c, &kept);
	commit_free(c);
}

/* The mount ends: those that are left will not be. */
void fs_end_commits(struct fs *fs, int err)
{
	struct error e;

	error_set(&e, err, "the mount ended before it was done");
	while (!list_empty(&fs->commits)) {
		struct commit *c = container_of(fs->commits.next, struct commit, link);
		store_cancel(c->job);
		released(c, &e, NULL);
	}
}

void fs_release_permissions(struct file *f)
{
	struct draft *d = f->draft;
	struct error e;

	if (!d->modified || d->dropped || d->failed.err != 0)
		return;
	if (!d->closed) {
		log_notice("a writer of permissions was killed: what it wrote takes nothing away");
		return;
	}
	struct commit *c = whole_commit(f->fs, f, &e);
	if (c == NULL) { /* the unterminated last line is no scope */
		c = commit_new(f->fs, &f->node->place, f);
		keep_outcome(c, &e, false);
		record_released(c, &e);
		commit_free(c);
		return;
	}
	list_append(&f->fs->commits, &c->link);
	c->job = commit_start(c, clock_stamp(f->fs->all->clock), released, c);
}

/* --- rename, rm, truncate(2): the whole content at once
 * --------------------------------------------------- */

static void replace_completed(struct op *op, const struct error *e, const char *made_id)
{
	struct commit *c = op->commit;
	struct error told;

	if (e != NULL) {
		told = *e;
		fs_advise(&told, c->database_id, &c->edit.grant);
	}
	keep_outcome(c, e, true);
	if (e == NULL && c->directory)
		scratch_unlink_all(&c->fs->scratches, c->token_id, c->database_id);
	op->commit = NULL;
	void (*completed)(struct op *, const struct error *, const char *) = c->completed;
	commit_free(c);
	completed(op, e != NULL ? &told : NULL, made_id);
}

int fs_replace_permissions(struct op *op, const struct place *p, const struct buf *text,
			   void (*completed)(struct op *op, const struct error *e,
					     const char *made_id))
{
	struct edit edit = EDIT_INIT;

	if (text != NULL) {
		int r = grammar_parse(buf_str(text), text->len, &edit, &op->waiter.error);
		if (r != 0)
			return r;
	}
	struct commit *c = commit_new(fs_of(op), p, NULL);
	c->edit = edit;
	c->exact = !edit.sign;
	c->completed = completed;
	c->directory = p->kind == TREE_TOKEN_DATABASE;
	op->commit = c;
	op_commit(op, replace_completed);
	op->job = commit_start(c, op->waiter.arrived, op_done, op);
	return 0;
}
