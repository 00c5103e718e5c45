/* SPDX-License-Identifier: MIT */
/*
 * permissions_file_close: what to do at a close or fsync.
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

/* What to do for a handle with an uncommitted change, or an error to report. */
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
	/* Nothing was written yet (a shell sets up a redirection), or a child of the opener closes
	 * its copy: more writes may follow. */
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

/* Has the handle written a last line that has no newline and is not judged? */
static bool in_half_a_line(const struct permissions_writer *w)
{
	return w->last_line && unterminated(w->text) && w->text->text.len > text_lines_end(w->text);
}

void permissions_killed(struct permissions_writer *w, pid_t tgid)
{
	struct permissions_text *t = w->text;
	struct error e;

	/* Also if the error of a refused write was reported already: the text is still incomplete.
	 * But a child that only inherited the handle may be killed without consequences. */
	if (t->file == NULL || !(w->changed || w->owes || in_half_a_line(w)) ||
	    (tgid != w->opener && tgid != w->last))
		return;
	error_set(
		&e, ECANCELED,
		"a process that wrote the file was killed: the text may be incomplete, so what it "
		"leaves out is not revoked");
	error_hint(&e, "write the file again");
	w->killed = true;
	/* Drop an unfinished line. Complete lines remain: a change of theirs may be under way, and
	 * later lines are judged from their end. */
	if (w->last_line && t->state != TEXT_OVERWRITTEN) {
		buf_resize(&t->text, text_lines_end(t));
		if (t->undo.len > t->judged) /* so that an undo does not restore it */
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
	/* In any case no other handle waits for this one now, and its last line cannot grow. */
	w->owes = w->changed = false;
}

enum closing permissions_due(const struct permissions_file *f)
{
	const struct permissions_text *t = f->text;

	if (t == NULL || f->committing > 0 || text_others_owe(t, NULL))
		return CLOSING_NOTHING;
	/* A spoiled text revokes nothing; but the last line of a handle that was closed is
	 * granted. */
	return t->spoiled.err != 0 && t->due == CLOSING_WHOLE ? CLOSING_NOTHING : t->due;
}

void permissions_demand_finish(struct permissions_demand *d)
{
	edit_finish(&d->edit);
	scopes_finish(&d->keep);
}

/* The last line is judged without a newline: remember what it granted, in case it grows. */
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

/* Where the text ends for a commit by `w` (NULL: a closed handle): without an unfinished last line
 * of another handle that is still open, which may continue it. */
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

/* Revoke all that the text leaves out, but not what an unfinished line after `end` names. */
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
	/* So that what is revoked now and written again later is granted again. */
	scopes_intersect(&t->confirmed, &out->keep);
}

/* A text without signs is the whole content. One with signs is an edit, whose complete lines were
 * sent when they were written. */
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
		scopes_subtract(&out->edit.revoke, &t->revoked);
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
	if (w != NULL) { /* an invalid text is parsed again after the next change */
		w->owes = r != 0 && w->owes;
		w->changed = false;
	}
	text_clear_due(t);
	if (what == CLOSING_WHOLE && r == 0)
		t->superseded = false;
	if (r == 0) {
		/* Now, and not after the answer: a request that failed may have done it. */
		scopes_subtract(&t->confirmed, &out->edit.revoke);
		scopes_subtract(&t->revoked, &out->edit.grant);
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
