/* SPDX-License-Identifier: MIT */
/*
 * permissions_file_close: what closing a handle, or fsync, asks for.
 */
#include "base/buf.h"
#include "fs/permissions_file.h"

#include <errno.h>
#include <stdbool.h>

#include "fs/permissions_file_internal.h"

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
		w->to_answer = false;
		return w->refused.err != 0 ? CLOSING_REFUSED : CLOSING_SPOILED;
	}
	if (w->owes && text_others_owe(t, w)) {
		text_set_due(t, CLOSING_WHOLE);
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

static bool unanswered(const struct permissions_writer *w)
{
	return w->changed || w->to_answer;
}

enum closing permissions_flush(struct permissions_writer *w, pid_t tgid)
{
	const struct permissions_text *t = w->text;

	if (t->file == NULL || !unanswered(w))
		return CLOSING_NOTHING;
	/* Nothing was written yet (a shell sets up its redirection), or a child of the opener
	 * closes its copy: the text may go on. */
	if (tgid != w->opener || (!w->wrote && !w->to_answer && t->last_writer != tgid))
		return CLOSING_NOTHING;
	return close_handle(w);
}

void permissions_closed(struct permissions_writer *w)
{
	w->closed = true;
}

enum closing permissions_fsync(struct permissions_writer *w)
{
	return w->text->file == NULL || !unanswered(w) ? CLOSING_NOTHING : close_handle(w);
}

/* It has written the last line, which is not ended, and nothing has counted that yet. */
static bool in_half_a_line(const struct permissions_writer *w)
{
	return w->last_line && unterminated(w->text) && w->text->text.len > text_lines_end(w->text);
}

void permissions_killed(struct permissions_writer *w, pid_t tgid)
{
	struct permissions_text *t = w->text;
	struct error e;

	/* It may have been answered already for a write that was refused: what it left is no text
	 * that was meant, all the same. A child that only had it open may end as it likes. */
	if (t->file == NULL || !(w->changed || w->owes || in_half_a_line(w)) ||
	    (tgid != w->opener && tgid != w->last))
		return;
	error_set(&e, ECANCELED,
		  "a process that wrote it was killed: nothing is revoked for what its text lacks");
	error_hint(&e, "write it again");
	w->killed = true;
	/* Half a line is no line. Complete lines remain: a write of them may be under way, and what
	 * follows is judged from their end. */
	if (w->last_line && t->state != TEXT_OVERWRITTEN) {
		buf_resize(&t->text, text_lines_end(t));
		if (t->undo.len > t->judged) /* nor is it one if that write is refused */
			t->undo.len = t->judged;
	}
	text_spoil(t, &e);
}

void permissions_release(struct permissions_writer *w)
{
	struct permissions_text *t = w->text;
	enum closing what = CLOSING_NOTHING;

	if (t->file != NULL && w->changed && !w->closed)
		permissions_killed(w, w->opener);
	else if (t->file != NULL && w->changed)
		what = close_handle(w);
	if (what == CLOSING_LINE || what == CLOSING_WHOLE)
		text_set_due(t, what);
	/* Whatever became of it: nothing waits for it any more, and its last line will not grow. */
	w->owes = w->changed = false;
}

enum closing permissions_due(const struct permissions_file *f)
{
	const struct permissions_text *t = f->text;

	if (t == NULL || f->committing > 0 || text_others_owe(t, NULL))
		return CLOSING_NOTHING;
	/* A spoiled text revokes nothing; a line that was closed well is granted all the same. */
	return t->spoiled.err != 0 && t->due == CLOSING_WHOLE ? CLOSING_NOTHING : t->due;
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
	t->judged = text_lines_end(t);
	t->tail_judged = true;
	if (grammar_parse(t->text.data + t->judged, t->text.len - t->judged, &line, &ignored) == 0)
		scopes_copy(&t->tail, &line.grant);
	edit_finish(&line);
}

static int commit_line(struct permissions_text *t, struct permissions_demand *out, struct error *e)
{
	int r = grammar_parse(t->text.data + t->judged, t->text.len - t->judged, &out->edit, e);

	if (r == 0)
		text_outgrown(t, t->text.len, &out->edit);
	return r;
}

/* Where the text ends for a commit by `w` (NULL: a closed handle): an unterminated last line that
 * another handle has written, which is still open, may go on. */
static size_t committed_end(const struct permissions_text *t, const struct permissions_writer *w)
{
	list_for_each(pos, &t->writers) {
		const struct permissions_writer *other =
			container_of(pos, struct permissions_writer, link);
		if (other != w && other->last_line && other->changed && !t->tail_judged)
			return text_lines_end(t);
	}
	return t->text.len;
}

/* Nothing but what the text says shall remain; what an unfinished line says may remain, too. */
static void make_exact(struct permissions_text *t, size_t end, struct permissions_demand *out)
{
	struct edit rest = EDIT_INIT;
	struct error ignored;

	out->exact = true;
	scopes_copy(&out->keep, &out->edit.grant);
	if (grammar_parse(buf_str(&t->text) + end, t->text.len - end, &rest, &ignored) == 0)
		scopes_merge(&out->keep, &rest.grant);
	edit_finish(&rest);
	scopes_subtract(&out->edit.grant, &t->confirmed);
	/* What is revoked now and named again later is to be granted again. */
	scopes_intersect(&t->confirmed, &out->keep);
}

/* A text without signs is the whole content; one with signs is an edit, whose complete lines were
 * done when they were written. */
static int commit_whole(struct permissions_text *t, size_t end, struct permissions_demand *out,
			struct error *e)
{
	int r = grammar_parse(buf_str(&t->text), end, &out->edit, e);

	if (r != 0)
		return r;
	if (!out->edit.sign) {
		make_exact(t, end, out);
	} else if (t->state == TEXT_OVERWRITTEN) {
		scopes_subtract(&out->edit.grant, &t->confirmed);
		scopes_subtract(&out->edit.revoke, &t->obeyed);
	} else {
		size_t from = t->judged < end ? t->judged : end;
		edit_finish(&out->edit);
		r = grammar_parse(buf_str(&t->text) + from, end - from, &out->edit, e);
		if (r == 0)
			text_outgrown(t, end, &out->edit);
	}
	return r;
}

int permissions_commit(struct permissions_text *t, struct permissions_writer *w, enum closing what,
		       struct permissions_demand *out, struct error *e)
{
	size_t end = committed_end(t, w);

	*out = (struct permissions_demand){0};
	int r = what == CLOSING_LINE ? commit_line(t, out, e) : commit_whole(t, end, out, e);

	if (r != 0)
		permissions_demand_finish(out);
	if (w != NULL) { /* a text that is none is looked at again when it is changed again */
		w->owes = r != 0 && w->owes;
		w->changed = false;
	}
	text_clear_due(t);
	if (what == CLOSING_WHOLE && r == 0)
		t->superseded = false;
	if (r == 0) {
		/* From now on, whatever the answer: a failure may have done it. */
		scopes_subtract(&t->confirmed, &out->edit.revoke);
		scopes_subtract(&t->obeyed, &out->edit.grant);
		if (t->state == TEXT_OVERWRITTEN)
			t->state = TEXT_EXTENDED;
		scopes_finish(&t->tail);
		if (end < t->text.len)
			t->judged = end;
		else if (t->text.len > 0)
			close_tail(t);
	}
	return r;
}
