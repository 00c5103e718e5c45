/*
 * permissions_file_text: the text that all writers of a file share, and what closing them asks for.
 */
#include "permissions_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- the text --------------------------------------------------------------------------------- */

static struct permissions_text *text_new(struct permissions_file *f, const struct buf *begin)
{
	struct permissions_text *t = xcalloc(1, sizeof(*t));

	t->state = TEXT_EXTENDED;
	t->file = f;
	f->text = t;
	list_init(&t->writers);
	buf_add(&t->text, buf_str(begin), begin->len);
	t->judged = t->judge_from = t->text.len;
	return t;
}

void text_hold(struct permissions_text *t)
{
	t->refs++;
}

void text_release(struct permissions_text *t)
{
	if (--t->refs > 0)
		return;
	if (t->file != NULL)
		t->file->text = NULL;
	buf_finish(&t->text);
	scopes_finish(&t->tail);
	scopes_finish(&t->confirmed);
	free(t);
}

/* Something is left to do though the handles that asked for it are closed. */
static void set_due(struct permissions_text *t, enum closing what)
{
	if (what <= t->due)
		return;
	if (t->due == CLOSING_NOTHING)
		text_hold(t);
	t->due = what;
}

/* The text may be gone afterwards. */
static void clear_due(struct permissions_text *t)
{
	if (t->due == CLOSING_NOTHING)
		return;
	t->due = CLOSING_NOTHING;
	text_release(t);
}

/* Where the complete lines end. */
static size_t lines_end(const struct permissions_text *t)
{
	const char *last = t->text.len == 0 ? NULL : memrchr(t->text.data, '\n', t->text.len);

	return last == NULL ? 0 : (size_t)(last - t->text.data) + 1;
}

/* Another text begins: what was asked of the last one is over. The caller holds it. */
static void begin_anew(struct permissions_text *t)
{
	t->state = TEXT_REPLACED;
	buf_clear(&t->text);
	t->judged = t->judge_from = 0;
	scopes_finish(&t->tail);
	scopes_finish(&t->confirmed);
	t->tail_judged = false;
	t->last_writer = 0;
	clear_due(t);
	t->spoiled = (struct error){0};
	t->changed = true;
	list_for_each(pos, &t->writers)
	{
		struct permissions_writer *w = container_of(pos, struct permissions_writer, link);
		w->owes = false;
		w->changed = false;
		w->last_line = false;
	}
}

void permissions_spoil(struct permissions_text *t, const struct error *e)
{
	if (t->spoiled.err == 0)
		t->spoiled = *e;
	clear_due(t);
}

/* Does another handle than `w` owe its close? Until it is closed the text is not whole. */
static bool others_owe(const struct permissions_text *t, const struct permissions_writer *w)
{
	list_for_each(pos, &t->writers)
	{
		const struct permissions_writer *other =
			container_of(pos, struct permissions_writer, link);
		if (other != w && other->owes)
			return true;
	}
	return false;
}

/* --- handles ---------------------------------------------------------------------------------- */

static struct permissions_writer *writer_new(struct permissions_text *t, pid_t opener)
{
	struct permissions_writer *w = xcalloc(1, sizeof(*w));

	w->text = t;
	w->opener = opener;
	text_hold(t);
	list_append(&t->writers, &w->link);
	return w;
}

struct permissions_writer *permissions_open(struct permissions_file *f, const struct buf *granted,
					    bool truncate, pid_t opener)
{
	struct permissions_text *t = f->text;

	if (t == NULL) {
		t = text_new(f, granted);
	} else if (!t->changed) {
		/* Nobody has touched it: it says what is granted, now as then. */
		buf_clear(&t->text);
		buf_add(&t->text, buf_str(granted), granted->len);
		t->judged = t->judge_from = t->text.len;
	}
	struct permissions_writer *w = writer_new(t, opener);
	if (truncate) {
		begin_anew(t);
		w->owes = true;
		w->changed = true;
	}
	return w;
}

void permissions_leave(struct permissions_writer *w)
{
	if (w == NULL)
		return;
	list_remove(&w->link);
	text_release(w->text);
	scopes_finish(&w->confirmed);
	free(w);
}

void permissions_detach(struct permissions_file *f)
{
	struct permissions_text *t = f->text;

	if (t == NULL)
		return;
	f->text = NULL;
	t->file = NULL;
	clear_due(t);
}

void permissions_set(struct permissions_file *f, const struct buf *text)
{
	struct permissions_text *t = f->text;

	if (t == NULL)
		return;
	text_hold(t);
	begin_anew(t);
	buf_add(&t->text, buf_str(text), text->len);
	t->judged = t->judge_from = lines_end(t);
	t->tail_judged = true;
	text_release(t);
}

struct permissions_writer *permissions_adopt(struct permissions_file *f, const struct buf *text,
					     const struct scopes *granted, pid_t opener)
{
	static const struct buf empty = BUF_INIT;

	if (f->text != NULL)
		return writer_new(f->text, opener);
	struct permissions_writer *w = writer_new(text_new(f, &empty), opener);
	permissions_set(f, text);
	scopes_copy(&w->text->confirmed, granted);
	return w;
}

/* --- changes ---------------------------------------------------------------------------------- */

static int too_big(struct error *e)
{
	return error_set(e, EFBIG, "a permissions file holds at most %d bytes",
			 PERMISSIONS_MAX_BYTES);
}

static int hole(struct error *e)
{
	return error_set(e, EINVAL, "this would leave a hole in the text: it is shorter by now");
}

static int detached(struct error *e)
{
	error_set(e, ESTALE, "the file was removed or replaced while it was open");
	error_hint(e, "open it again");
	return -ESTALE;
}

static void changed(struct permissions_writer *w, uint64_t stamp)
{
	w->changed = true;
	w->wrote = true;
	w->closed = false;
	w->text->changed = true;
	w->text->written = stamp;
}

/* Not by its lines any more: only as a whole. */
static void overwritten(struct permissions_writer *w)
{
	w->text->state = TEXT_OVERWRITTEN;
	w->owes = true;
}

/* From where on a write to the end of the text is judged by its lines. */
static size_t judge_from(const struct permissions_text *t, bool append)
{
	if (t->state != TEXT_OVERWRITTEN)
		return t->judged;
	/* What an appended line means does not depend on what is being overwritten. */
	return append && t->text.len == lines_end(t) ? t->text.len : SIZE_MAX;
}

int permissions_write(struct permissions_writer *w, uint64_t offset, bool append,
		      const struct buf *data, pid_t tgid, uint64_t stamp, struct error *e)
{
	struct permissions_text *t = w->text;

	if (t->file == NULL)
		return detached(e);
	if (append)
		offset = t->text.len;
	if (offset > PERMISSIONS_MAX_BYTES || data->len > PERMISSIONS_MAX_BYTES - offset)
		return too_big(e);
	if (data->len == 0)
		return 0;
	if (offset > t->text.len)
		return hole(e);
	w->last = t->last_writer = tgid;
	t->judge_from = SIZE_MAX;
	t->tail_judged = false;
	if (offset == t->text.len)
		t->judge_from = judge_from(t, append);
	if (t->judge_from == SIZE_MAX)
		overwritten(w);
	if (offset + data->len >= t->text.len) {
		list_for_each(pos, &t->writers)
			container_of(pos, struct permissions_writer, link)->last_line = false;
		w->last_line = true;
	}
	if (offset + data->len > t->text.len)
		buf_resize(&t->text, offset + data->len);
	memcpy(t->text.data + offset, data->data, data->len);
	changed(w, stamp);
	return 0;
}

int permissions_truncate(struct permissions_writer *w, uint64_t size, uint64_t stamp,
			 struct error *e)
{
	struct permissions_text *t = w->text;

	if (t->file == NULL)
		return detached(e);
	if (size > PERMISSIONS_MAX_BYTES)
		return too_big(e);
	if (size > t->text.len)
		return hole(e);
	if (size == 0) {
		begin_anew(t);
		w->owes = true;
		w->refused = (struct error){0};
		w->killed = false;
	} else if (size < t->text.len) {
		overwritten(w);
		buf_resize(&t->text, size);
	}
	changed(w, stamp);
	return 0;
}

/* Permissions that the unterminated last line granted, when it was another word than it is now. */
static void outgrown(const struct permissions_text *t, struct edit *out)
{
	struct edit all = EDIT_INIT;
	struct error ignored;

	if (t->tail.n == 0)
		return;
	if (grammar_parse(buf_str(&t->text), t->text.len, &all, &ignored) == 0) {
		struct scopes gone = SCOPES_INIT;
		scopes_copy(&gone, &t->tail);
		scopes_subtract(&gone, &all.grant);
		scopes_merge(&out->revoke, &gone);
		scopes_finish(&gone);
	}
	edit_finish(&all);
}

int permissions_lines(const struct permissions_writer *w, struct edit *out, struct error *e)
{
	const struct permissions_text *t = w->text;
	size_t end = lines_end(t);

	if (t->judge_from == SIZE_MAX || end <= t->judge_from)
		return 0;
	int r = grammar_parse(t->text.data + t->judge_from, end - t->judge_from, out, e);
	if (r == 0)
		outgrown(t, out);
	return r;
}

void permissions_confirm(struct permissions_text *t, struct permissions_writer *w,
			 const struct scopes *granted, unsigned revocations)
{
	scopes_merge(&t->confirmed, granted);
	if (w == NULL)
		return;
	if (w->revocations != revocations)
		scopes_finish(&w->confirmed);
	w->revocations = revocations;
	scopes_merge(&w->confirmed, granted);
}

/* The lines before `end` were judged. */
static void judged(struct permissions_text *t, size_t end)
{
	if (t->state != TEXT_OVERWRITTEN && end > t->judged) {
		t->judged = end;
		t->tail_judged = false;
		scopes_finish(&t->tail);
	}
	t->judge_from = SIZE_MAX;
}

void permissions_accept(struct permissions_writer *w, const struct edit *edit, unsigned revocations)
{
	permissions_confirm(w->text, w, &edit->grant, revocations);
	scopes_subtract(&w->confirmed, &edit->revoke);
	scopes_subtract(&w->text->confirmed, &edit->revoke);
	judged(w->text, lines_end(w->text));
}

void permissions_refuse(struct permissions_writer *w, size_t size, const struct error *e)
{
	struct permissions_text *t = w->text;

	if (size < t->text.len)
		buf_resize(&t->text, size);
	if (t->judged > t->text.len)
		t->judged = t->text.len;
	t->judge_from = SIZE_MAX;
	w->changed = true;
	if (w->refused.err == 0)
		w->refused = *e;
	if (w->owes)
		permissions_spoil(t, e);
}

/* --- closing ----------------------------------------------------------------------------------
 */

static bool unterminated(const struct permissions_text *t)
{
	return t->state != TEXT_OVERWRITTEN && t->text.len > t->judged && !t->tail_judged;
}

/* The handle has something to answer for. */
static enum closing close_handle(struct permissions_writer *w)
{
	struct permissions_text *t = w->text;

	if (w->refused.err != 0 || (t->spoiled.err != 0 && (w->owes || w->killed))) {
		w->changed = false;
		return w->refused.err != 0 ? CLOSING_REFUSED : CLOSING_SPOILED;
	}
	if (w->owes && others_owe(t, w)) {
		set_due(t, CLOSING_WHOLE);
		w->owes = false;
		w->changed = false;
		return CLOSING_NOTHING;
	}
	if (w->owes)
		return CLOSING_WHOLE;
	if (w->last_line && unterminated(t))
		return CLOSING_LINE;
	w->changed = false;
	return CLOSING_NOTHING;
}

enum closing permissions_flush(struct permissions_writer *w, pid_t tgid)
{
	const struct permissions_text *t = w->text;

	if (t->file == NULL || !w->changed)
		return CLOSING_NOTHING;
	/* Nothing was written yet (a shell sets up its redirection), or a child of the opener
	 * closes its copy: the text may go on. */
	if (tgid != w->opener || (!w->wrote && t->last_writer != tgid))
		return CLOSING_NOTHING;
	return close_handle(w);
}

void permissions_closed(struct permissions_writer *w)
{
	w->closed = true;
}

enum closing permissions_fsync(struct permissions_writer *w)
{
	return w->text->file == NULL || !w->changed ? CLOSING_NOTHING : close_handle(w);
}

void permissions_killed(struct permissions_writer *w, pid_t tgid)
{
	struct permissions_text *t = w->text;
	struct error e;

	/* A child that only had it open may end as it likes. */
	if (t->file == NULL || !w->changed || (tgid != w->opener && tgid != w->last))
		return;
	error_set(&e, ECANCELED,
		  "a process that wrote it was killed: nothing is revoked for what its text lacks");
	error_hint(&e, "write it again");
	w->killed = true;
	if (w->last_line && t->state != TEXT_OVERWRITTEN) /* half a line is no line */
		buf_resize(&t->text, t->judged);
	permissions_spoil(t, &e);
}

void permissions_release(struct permissions_writer *w)
{
	struct permissions_text *t = w->text;

	if (t->file == NULL || !w->changed)
		return;
	if (!w->closed) {
		permissions_killed(w, w->opener);
		return;
	}
	enum closing what = close_handle(w);
	if (what == CLOSING_LINE || what == CLOSING_WHOLE)
		set_due(t, what);
	w->owes = false;
}

enum closing permissions_due(const struct permissions_file *f)
{
	const struct permissions_text *t = f->text;

	if (t == NULL || f->committing > 0 || t->spoiled.err != 0 || others_owe(t, NULL))
		return CLOSING_NOTHING;
	return t->due;
}

void permissions_demand_finish(struct permissions_demand *d)
{
	edit_finish(&d->edit);
	scopes_finish(&d->keep);
}

/* The last line is taken as it is: remember what it granted, in case it grows. */
static void close_tail(struct permissions_text *t)
{
	struct edit line = EDIT_INIT;
	struct error ignored;

	scopes_finish(&t->tail);
	t->judged = lines_end(t);
	t->tail_judged = true;
	if (grammar_parse(t->text.data + t->judged, t->text.len - t->judged, &line, &ignored) == 0)
		scopes_copy(&t->tail, &line.grant);
	edit_finish(&line);
}

static int commit_line(struct permissions_text *t, struct permissions_demand *out, struct error *e)
{
	int r = grammar_parse(t->text.data + t->judged, t->text.len - t->judged, &out->edit, e);

	if (r == 0)
		outgrown(t, &out->edit);
	return r;
}

/* A text without signs is the whole content; one with signs is an edit, whose complete lines were
 * done when they were written. */
static int commit_whole(struct permissions_text *t, struct permissions_demand *out,
			struct error *e)
{
	int r = grammar_parse(buf_str(&t->text), t->text.len, &out->edit, e);

	if (r != 0)
		return r;
	out->exact = !out->edit.sign;
	if (out->exact) {
		scopes_copy(&out->keep, &out->edit.grant);
		scopes_subtract(&out->edit.grant, &t->confirmed);
	} else if (t->state != TEXT_OVERWRITTEN) {
		edit_finish(&out->edit);
		r = grammar_parse(buf_str(&t->text) + t->judged, t->text.len - t->judged,
				  &out->edit, e);
	}
	return r;
}

int permissions_commit(struct permissions_text *t, struct permissions_writer *w, enum closing what,
		       struct permissions_demand *out, struct error *e)
{
	*out = (struct permissions_demand){0};
	int r = what == CLOSING_LINE ? commit_line(t, out, e) : commit_whole(t, out, e);

	if (r != 0)
		permissions_demand_finish(out);
	if (w != NULL) {
		w->owes = false;
		w->changed = false;
	}
	clear_due(t);
	if (r == 0) {
		if (t->state == TEXT_OVERWRITTEN)
			t->state = TEXT_EXTENDED;
		if (t->text.len > 0)
			close_tail(t);
	} else if (w != NULL) {
		permissions_refuse(w, t->text.len, e);
		w->changed = false;
	}
	return r;
}
