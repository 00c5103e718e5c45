/* SPDX-License-Identifier: MIT */
/*
 * permissions_file_text: the text that all writers of a file share, and its changes.
 */
#include "base/buf.h"
#include "base/xmalloc.h"
#include "fs/permissions_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs/permissions_file_internal.h"

/* --- the text --------------------------------------------------------------------------------- */

static struct permissions_text *text_new(struct permissions_file *f, const struct buf *begin)
{
	struct permissions_text *t = xcalloc(1, sizeof(*t));

	t->state = TEXT_EXTENDED;
	t->file = f;
	f->text = t;
	list_init(&t->writers);
	buf_add(&t->text, buf_str(begin), begin->len);
	t->judged = t->text.len;
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
	buf_finish(&t->undo.bytes);
	scopes_finish(&t->tail);
	scopes_finish(&t->confirmed);
	scopes_finish(&t->revoked);
	free(t);
}

void text_set_due(struct permissions_text *t, enum closing what)
{
	if (what <= t->due)
		return;
	if (t->due == CLOSING_NOTHING)
		text_hold(t);
	t->due = what;
}

void text_clear_due(struct permissions_text *t)
{
	if (t->due == CLOSING_NOTHING)
		return;
	t->due = CLOSING_NOTHING;
	text_release(t);
}

size_t text_lines_before(const struct permissions_text *t, size_t len)
{
	const char *last = len == 0 ? NULL : memrchr(t->text.data, '\n', len);

	return last == NULL ? 0 : (size_t)(last - t->text.data) + 1;
}

size_t text_lines_end(const struct permissions_text *t)
{
	return text_lines_before(t, t->text.len);
}

/* The text was truncated to 0, by `self` (NULL: by no handle): what was left to do for the old
 * content is dropped. The caller holds the text. */
static void begin_anew(struct permissions_text *t, const struct permissions_writer *self)
{
	t->superseded = t->superseded || t->due != CLOSING_NOTHING;
	t->state = TEXT_REPLACED;
	buf_clear(&t->text);
	t->judged = t->judge_from = t->judge_to = 0;
	scopes_finish(&t->tail);
	scopes_finish(&t->confirmed);
	scopes_finish(&t->revoked);
	t->tail_judged = false;
	t->last_writer = 0;
	text_clear_due(t);
	t->spoiled = (struct error){0};
	t->changed = true;
	list_for_each(pos, &t->writers) {
		struct permissions_writer *w = container_of(pos, struct permissions_writer, link);
		t->superseded = t->superseded || (w != self && w->owes && w->wrote);
		w->owes = false;
		w->changed = false;
		w->last_line = false;
	}
}

void text_spoil(struct permissions_text *t, const struct error *e)
{
	if (t->spoiled.err == 0)
		t->spoiled = *e;
	/* Another handle was closed, or its text truncated, without an error; what it should have
	 * revoked is not revoked: report that at the next fsync. */
	if (t->file != NULL && (t->due != CLOSING_NOTHING || t->superseded))
		permissions_keep_failure(t->file, e, REPORTED_BY_CLOSE);
	text_clear_due(t);
}

bool text_others_owe(const struct permissions_text *t, const struct permissions_writer *w)
{
	list_for_each(pos, &t->writers) {
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
					    bool truncate, pid_t opener, uint64_t stamp)
{
	struct permissions_text *t = f->text;

	if (t == NULL) {
		t = text_new(f, granted);
	} else if (!t->changed) {
		/* No handle has changed it: take what is granted now. */
		buf_clear(&t->text);
		buf_add(&t->text, buf_str(granted), granted->len);
		t->judged = t->text.len;
	}
	struct permissions_writer *w = writer_new(t, opener);
	if (truncate) {
		begin_anew(t, w);
		t->written = stamp;
		w->replaces = true;
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
	text_clear_due(t);
}

void permissions_set(struct permissions_file *f, const struct buf *text)
{
	struct permissions_text *t = f->text;

	if (t == NULL)
		return;
	text_hold(t);
	begin_anew(t, NULL);
	buf_add(&t->text, buf_str(text), text->len);
	t->judged = text_lines_end(t);
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
	return error_set(e, EINVAL, "this would leave a hole: the text is shorter now");
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

/* Would a write at `offset` continue the unfinished last line of another handle? The two pieces
 * would make a word that neither writer meant. */
static bool joins(const struct permissions_writer *w, uint64_t offset)
{
	const struct permissions_text *t = w->text;

	if (offset != t->text.len || t->text.len == text_lines_end(t) || t->tail_judged)
		return false;
	list_for_each(pos, &t->writers) {
		const struct permissions_writer *other =
			container_of(pos, struct permissions_writer, link);
		if (other != w && other->last_line)
			return true;
	}
	return false;
}

static int in_the_middle(struct error *e)
{
	error_set(e, EAGAIN, "another program is writing the last line of this file");
	error_hint(e, "try again when it has finished the line or closed the file");
	return -EAGAIN;
}

/* From now on the text is judged as a whole, not by its lines. */
static void overwritten(struct permissions_writer *w)
{
	w->text->state = TEXT_OVERWRITTEN;
	w->owes = true;
}

/* The handle that wrote the last bytes of the text; NULL: none that is open. */
static const struct permissions_writer *last_line_of(const struct permissions_text *t)
{
	list_for_each(pos, &t->writers) {
		const struct permissions_writer *w =
			container_of(pos, struct permissions_writer, link);
		if (w->last_line)
			return w;
	}
	return NULL;
}

/* Note that `w` (NULL: none) has written the last bytes of the text. */
static void end_line(struct permissions_text *t, const struct permissions_writer *w)
{
	list_for_each(pos, &t->writers) {
		struct permissions_writer *other =
			container_of(pos, struct permissions_writer, link);
		other->last_line = other == w;
	}
}

/* Save what a write will replace, in case it is refused. */
static void note_undo(const struct permissions_writer *w, size_t offset, size_t len)
{
	struct permissions_text *t = w->text;
	size_t left = t->text.len - offset;

	buf_clear(&t->undo.bytes);
	buf_add(&t->undo.bytes, buf_str(&t->text) + offset, len < left ? len : left);
	t->undo.at = offset;
	t->undo.len = t->text.len;
	t->undo.state = t->state;
	t->undo.tail_judged = t->tail_judged;
	t->undo.owed = w->owes;
	t->undo.last_line = last_line_of(t);
}

/* After a write at `offset`: find the lines to judge now. */
static void find_lines(struct permissions_writer *w, size_t offset, size_t len, bool append)
{
	struct permissions_text *t = w->text;

	t->judge_to = text_lines_before(t, offset + len);
	if (t->state != TEXT_OVERWRITTEN)
		t->judge_from = t->judged;
	else
		t->judge_from = append || w->replaces ? text_lines_before(t, offset) : SIZE_MAX;
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
	if (joins(w, offset))
		return in_the_middle(e);
	w->last = t->last_writer = tgid;
	note_undo(w, offset, data->len);
	/* Also a write at the end of a text that is being overwritten: the text is whole only after
	 * this handle's close. */
	if (offset < t->text.len || (t->state == TEXT_OVERWRITTEN && !append))
		overwritten(w);
	if (offset + data->len >= t->text.len) {
		t->tail_judged = false;
		end_line(t, w);
	}
	buf_write_at(&t->text, offset, data->data, data->len);
	changed(w, stamp);
	find_lines(w, offset, data->len, append);
	return 0;
}

int permissions_truncate(struct permissions_writer *w, uint64_t size, pid_t tgid, uint64_t stamp,
			 struct error *e)
{
	struct permissions_text *t = w->text;

	if (t->file == NULL)
		return detached(e);
	if (size > PERMISSIONS_MAX_BYTES)
		return too_big(e);
	if (size > t->text.len)
		return hole(e);
	w->last = tgid;
	if (size == 0) {
		begin_anew(t, w);
		w->replaces = true;
		w->owes = true;
		w->refused = (struct error){0};
		w->to_answer = false;
		w->killed = false;
	} else if (size < t->text.len) {
		overwritten(w);
		buf_resize(&t->text, size);
		end_line(t, w); /* the last line may be unfinished now */
		t->tail_judged = false;
	}
	changed(w, stamp);
	return 0;
}

void text_outgrown(const struct permissions_text *t, size_t end, struct edit *out)
{
	struct edit all = EDIT_INIT;
	struct error ignored;

	if (t->tail.n == 0)
		return;
	if (grammar_parse(buf_str(&t->text), end, &all, &ignored) == 0) {
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

	if (t->judge_from == SIZE_MAX || t->judge_to <= t->judge_from)
		return 0;
	int r = grammar_parse(t->text.data + t->judge_from, t->judge_to - t->judge_from, out, e);
	if (r == 0 && t->state != TEXT_OVERWRITTEN)
		text_outgrown(t, t->judge_to, out);
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

void permissions_accept(struct permissions_writer *w, const struct edit *edit, unsigned revocations)
{
	struct permissions_text *t = w->text;

	permissions_confirm(t, w, &edit->grant, revocations);
	scopes_subtract(&w->confirmed, &edit->revoke);
	scopes_subtract(&t->confirmed, &edit->revoke);
	scopes_merge(&t->revoked, &edit->revoke);
	scopes_subtract(&t->revoked, &edit->grant);
	if (t->state != TEXT_OVERWRITTEN && t->judge_to > t->judged) {
		t->judged = t->judge_to;
		t->tail_judged = false;
		scopes_finish(&t->tail);
	}
	t->judge_from = SIZE_MAX;
}

void permissions_unconfirm(struct permissions_writer *w, const struct scopes *revoke)
{
	scopes_subtract(&w->confirmed, revoke);
	scopes_subtract(&w->text->confirmed, revoke);
}

void permissions_refuse(struct permissions_writer *w, const struct error *e)
{
	w->to_answer = true;
	if (w->refused.err == 0)
		w->refused = *e;
	if (w->owes)
		text_spoil(w->text, e);
}

void permissions_refuse_write(struct permissions_writer *w, const struct error *e)
{
	struct permissions_text *t = w->text;
	const struct text_undo *undo = &t->undo;

	if (undo->len < t->text.len) /* it may be shorter already, if its writer was killed */
		buf_resize(&t->text, undo->len);
	if (undo->bytes.len > 0 && undo->at + undo->bytes.len <= t->text.len)
		memcpy(t->text.data + undo->at, undo->bytes.data, undo->bytes.len);
	if (t->judged > t->text.len)
		t->judged = t->text.len;
	t->judge_from = SIZE_MAX;
	t->state = undo->state;
	t->tail_judged = undo->tail_judged;
	w->owes = undo->owed;
	if (w->last_line && undo->last_line != w)
		end_line(t, undo->last_line);
	permissions_refuse(w, e);
}
