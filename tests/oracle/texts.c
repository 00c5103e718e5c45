/* SPDX-License-Identifier: MIT */
/* Calls that change a text. */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* What a write makes of the text: where it goes, and which complete lines it touches. */
struct effect {
	size_t at, end;
	bool hole;   /* NULs would be left before it */
	bool inside; /* it overwrites, or follows what was overwritten */
	bool judged; /* its complete lines count at once */
	struct reading lines;
	scopes lost; /* the last line was another word */
	char text[TEXT_MAX + DATA_MAX];
	size_t size;
};

static void effect_of(const struct inode *i, const struct description *d, const struct call *c,
		      struct effect *e)
{
	int64_t at = c->kind == CALL_PWRITE ? c->offset : d->position;
	bool appends = (d->flags & O_APPEND) != 0;

	if (appends)
		at = (int64_t)i->size;
	*e = (struct effect){.at = (size_t)at, .end = (size_t)at + c->len};
	e->hole = e->at > i->size;
	if (e->end > TEXT_MAX || i->size > TEXT_MAX)
		return;
	memcpy(e->text, i->text, i->size);
	memcpy(e->text + e->at, c->data, c->len);
	e->size = e->end > i->size ? e->end : i->size;
	e->inside = e->at < i->size || (i->overwritten && !appends);
	e->judged = !e->inside || appends || d->replaces;
	size_t from = complete_lines(e->text, e->at), to = complete_lines(e->text, e->end);
	if (e->judged && to > from)
		e->lines = read_text(e->text + from, to - from);
	struct reading before = read_text(i->text, i->size), after = read_text(e->text, e->size);
	if (!e->inside)
		e->lost = (before.plain | before.plus) & ~(after.plain | after.plus);
}

/* Another handle is in the middle of the line that this write would go on with. */
static bool joins(struct judge *j, const struct inode *i, const struct description *d,
		  const struct effect *e, bool sure)
{
	if (e->at != i->size || complete_lines(i->text, i->size) == i->size)
		return false;
	FOR_DESCRIPTIONS(j, o, i) {
		if (o != d && o->tail && ((o->half && o->unheard && !o->cut) || !sure))
			return true;
	}
	return false;
}

/* What is refused is not done here either. */
static bool refuse(struct judge *j, struct inode *i, struct description *d, enum difference why,
		   int err)
{
	j->used[why]++;
	d->refused = d->refused != 0 ? d->refused : err;
	/* Whether it spoils the text once more is not agreed on. */
	j->lost |= d->failed && !d->owes;
	i->bad |= d->owes;
	j->vain |= j->aside && d->opener == j->remover;
	j->kept = true;
	/* Whether it counts for who wrote last is not agreed on. */
	i->writer = PROCESSES;
	FOR_DESCRIPTIONS(j, o, i) {
		o->follows = true;
	}
	return true;
}

static void changed(struct judge *j, struct inode *i, struct description *d, uint8_t process,
		    bool truncated)
{
	FOR_DESCRIPTIONS(j, o, i) {
		o->follows = true;
	}
	d->acted = d->unheard = true;
	d->closed = false;
	d->writer = process;
	if (!truncated)
		i->writer = process;
}

static void written(struct judge *j, struct inode *i, struct description *d, const struct call *c,
		    const struct effect *e)
{
	bool complete = complete_lines(i->text, i->size) == i->size;

	changed(j, i, d, c->process, false);
	d->adrift |= (d->flags & O_APPEND) != 0;
	if (e->inside)
		d->owes = i->overwritten = true;
	if (e->end == i->size)
		FOR_DESCRIPTIONS(j, o, i) {
			o->half = o->tail = !complete && o == d;
			o->cut = false;
		}
	if (!e->judged)
		return;
	grants_added(j, e->lines.plain | e->lines.plus, e->lines.minus);
	j->now.must &= ~e->lost;
}

bool judge_write(struct judge *j, const struct call *c, const struct result *mount)
{
	struct description *d = regular_description(&j->regular, c);
	struct inode *i = regular_inode(&j->regular, c);
	static struct effect e;
	struct result r;

	effect_of(i, d, c, &e);
	if ((d->flags & O_ACCMODE) != O_RDONLY && c->len > 0 && i->was) {
		if (mount->err != ESTALE)
			return judge_fail(j, "a handle of a file that is gone takes a write");
		j->used[STALE_HANDLE]++;
		return true;
	}
	if ((d->flags & O_ACCMODE) != O_RDONLY && c->len > 0 && i->permissions) {
		if (e.end > BIG && mount->err == EFBIG)
			return refuse(j, i, d, TOO_BIG, mount->err);
		if (e.hole && mount->err == EINVAL)
			return refuse(j, i, d, REFUSED_HOLE, mount->err);
		/* It may be tried again. */
		if (mount->err == EAGAIN && joins(j, i, d, &e, false) && !d->owes && !d->failed) {
			j->used[TWO_HALVES]++;
			return true;
		}
		if (mount->err == EAGAIN && joins(j, i, d, &e, false))
			return refuse(j, i, d, TWO_HALVES, mount->err);
		if (joins(j, i, d, &e, true))
			return judge_fail(j, "two handles make a word together");
		if (reading_bad(&e.lines) && mount->err == EINVAL)
			return refuse(j, i, d, REFUSED_WORD, mount->err);
		if (e.hole || reading_bad(&e.lines))
			return judge_fail(j, "what is to be refused is reported as written");
	}
	if (!reference(j, c, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %lld", (long long)r.ret);
	if (i->permissions && r.err == 0 && c->len > 0)
		written(j, i, d, c, &e);
	return true;
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* Truncated to nothing, another text begins: what was owed for the last one is over. */
void begin_anew(struct judge *j, struct inode *i, struct description *d)
{
	i->overwritten = i->bad = i->cancelled = i->unsure = i->due = false;
	i->writer = PROCESSES;
	FOR_DESCRIPTIONS(j, o, i) {
		o->owes = o->perhaps = o->tail = o->unheard = o->follows = false;
	}
	if (d != NULL)
		d->owes = d->replaces = true;
}

bool judge_ftruncate(struct judge *j, const struct call *c, const struct result *mount)
{
	struct description *d = regular_description(&j->regular, c);
	struct inode *i = regular_inode(&j->regular, c);
	struct result r;
	bool writable = (d->flags & O_ACCMODE) != O_RDONLY && c->offset >= 0;
	size_t before = i->size;

	if (writable && i->was) {
		if (mount->err != ESTALE)
			return judge_fail(j, "a handle of a file that is gone is truncated");
		j->used[STALE_HANDLE]++;
		return true;
	}
	if (writable && c->offset > BIG && mount->err == EFBIG)
		return i->permissions ? refuse(j, i, d, TOO_BIG, mount->err) : true;
	if (writable && i->permissions && c->offset > (int64_t)before) {
		if (mount->err == EINVAL)
			return refuse(j, i, d, REFUSED_HOLE, mount->err);
		return judge_fail(j, "what is to be refused is reported as done");
	}
	if (!reference(j, c, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %s", strerror(r.err));
	if (!i->permissions || r.err != 0)
		return true;
	if (c->offset == 0) {
		begin_anew(j, i, d);
		d->refused = 0;
	} else if ((size_t)c->offset < before) {
		d->owes = i->overwritten = true;
		FOR_DESCRIPTIONS(j, o, i) {
			o->half = o->cut = o->tail =
				o == d && complete_lines(i->text, i->size) != i->size;
		}
	}
	changed(j, i, d, c->process, true);
	return true;
}

/* Like open, ftruncate and close. */
static bool truncated_to(struct judge *j, const struct call *c, const struct result *mount)
{
	struct inode *i = regular_named(&j->regular, NAME_PERMISSIONS);
	struct description own = {.used = true, .tail = true};
	struct reading whole;
	struct result r;

	if (regular_writers(&j->regular, j->regular.name[NAME_PERMISSIONS]) == 0) {
		/* What was cut is not known any more. */
		j->lost = !j->pending && j->now.must != j->now.may;
		if (j->lost)
			return true;
		if (!begin_text(j))
			return false;
	}
	if (c->offset > BIG && mount->err == EFBIG) {
		j->used[TOO_BIG]++;
		return true;
	}
	bool longer = c->offset > (int64_t)i->size, same = c->offset == (int64_t)i->size;
	if (i->bad && mount->err == EINVAL) {
		j->used[REFUSED_TEXT]++;
		return true;
	}
	whole = read_text(i->text, (size_t)(longer ? (int64_t)i->size : c->offset));
	if (longer || (!same && reading_bad(&whole))) {
		if (mount->err != EINVAL)
			return judge_fail(j, "what is to be refused is reported as done");
		j->used[REFUSED_TEXT]++;
		return true;
	}
	if (!reference(j, c, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %s", strerror(r.err));
	if (same)
		return true;
	begin_anew(j, i, NULL);
	grants_commit(j, i, &own, true, COMMIT_ASKED);
	return true;
}

bool judge_truncate(struct judge *j, const struct call *c, const struct result *mount)
{
	struct inode *i;
	struct result r;
	enum presence there = judge_presence(j, c, mount);

	if (there != PRESENT)
		return there == HIDDEN;
	i = regular_named(&j->regular, (enum name)c->name);
	if (i != NULL && i->permissions && c->offset > 0)
		return truncated_to(j, c, mount);
	if (mount->err == EFBIG && c->offset > BIG) {
		j->used[TOO_BIG]++;
		return true;
	}
	if (!reference(j, c, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %s", strerror(r.err));
	if (r.err != 0 || i == NULL || !i->permissions)
		return true;
	begin_anew(j, i, NULL);
	grants_exactly(j, 0);
	return true;
}
