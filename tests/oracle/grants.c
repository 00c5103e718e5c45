/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <string.h>

bool grants_allow(const struct bounds *b, scopes set)
{
	return (b->must & ~set) == 0 && (set & ~b->may) == 0;
}

bool grants_settle(struct judge *j)
{
	if (j->pending)
		grants_exactly(j, j->goal);
	if (j->now.must == j->now.may)
		return true;
	scopes granted = j->granted(j->ctx);
	j->asked = j->looks;
	if (!grants_allow(&j->now, granted))
		return judge_fail(j, "what is granted is not what it may be");
	grants_exactly(j, granted);
	return true;
}

void grants_exactly(struct judge *j, scopes set)
{
	j->now = (struct bounds){set, set};
	j->goal = set;
	j->pending = false;
}

void grants_added(struct judge *j, scopes plus, scopes minus)
{
	j->now.must = (j->now.must | plus) & ~minus;
	j->now.may = (j->now.may | plus) & ~minus;
	j->goal = (j->goal | plus) & ~minus;
}

static void perhaps(struct judge *j, scopes set)
{
	j->now.must &= set;
	j->now.may |= set;
}

bool grants_others_owe(const struct judge *j, const struct inode *i, const struct description *d)
{
	for (const struct description *o = j->regular.description;
	     o < j->regular.description + DESCRIPTIONS; o++)
		if (o->used && o != d && &j->regular.inode[o->inode] == i && o->owes)
			return true;
	return false;
}

/* Who leaves nothing out grants only the last line, if that is its own and not ended. */
static void commit_own(struct judge *j, const struct inode *i, const struct description *d,
		       enum commit how)
{
	size_t from = complete_lines(i->text, i->size);
	struct reading line = read_text(i->text + from, i->size - from);
	scopes own = d->tail && !i->overwritten && !reading_bad(&line) ? line.plain | line.plus : 0;

	if (how == COMMIT_ASKED)
		j->now.must |= own;
	if (how == COMMIT_RELEASE && own != 0 && j->now.must == j->now.may)
		j->pending = true;
	j->goal |= own;
	j->now.may |= own;
	if (d->tail && line.sign)
		j->now.must &= ~line.minus;
	if (d->tail && line.sign)
		j->goal &= ~line.minus;
}

size_t grants_counting(const struct judge *j, const struct inode *i, const struct description *d,
		       bool heard)
{
	size_t size = i->size < TEXT_MAX ? i->size : TEXT_MAX;

	for (const struct description *o = j->regular.description;
	     o < j->regular.description + DESCRIPTIONS; o++)
		if (o->used && o != d && &j->regular.inode[o->inode] == i && o->tail &&
		    ((o->half && o->unheard) || heard))
			return complete_lines(i->text, size);
	return size;
}

/* `set`: what surely counts; `more`: what may, too. */
static void commit_all(struct judge *j, const struct inode *i, scopes set, scopes more,
		       enum commit how)
{
	/* Half a line of another writer grants nothing, but takes nothing away either. */
	struct reading whole = read_text(i->text, i->size);
	scopes half = (whole.plain | whole.plus) & ~set;

	more |= j->now.may & half;
	if (!reading_bad(&whole))
		set |= j->now.must & half;
	if (how == COMMIT_ASKED) {
		grants_exactly(j, set);
	} else {
		perhaps(j, set);
		j->pending = how == COMMIT_RELEASE && (more & ~set) == 0;
		j->goal = set;
	}
	j->now.may |= more;
}

/* Instructions take nothing away but what they name. */
static void commit_signs(struct judge *j, const struct reading *whole)
{
	j->now.must &= ~whole->minus;
	j->now.may |= whole->plain | whole->plus;
	j->pending = false;
}

void grants_commit(struct judge *j, struct inode *i, struct description *d, bool whole,
		   enum commit how)
{
	struct reading all = read_text(i->text, grants_counting(j, i, d, true));
	struct reading more = read_text(i->text, grants_counting(j, i, d, false));

	bool others = grants_others_owe(j, i, d), sure = false;
	FOR_DESCRIPTIONS(j, o, i) {
		sure |= o != d && o->owes && !o->perhaps;
	}
	if (others && !sure) { /* or they owe nothing any more */
		others = false;
		how = COMMIT_MAYBE;
		i->due |= whole;
	}
	if (d->refused != 0) { /* half a line that it wrote before is none */
		i->unsure = true;
		j->pending = false;
		if (!i->due || others || how != COMMIT_RELEASE)
			return;
		whole = true; /* that of another, which waited for this handle */
	}
	i->due |= whole && others;
	if (!whole || others) {
		commit_own(j, i, d, how);
		return;
	}
	i->due = false;
	/* Who moved it aside may find it there again. */
	j->again = true;
	if (i->bad || reading_bad(&all) || reading_bad(&more)) {
		/* Nothing is revoked; but for a last line that perhaps did not count. */
		j->pending = false;
		if (!i->bad && !reading_bad(&all) && all.sign)
			commit_signs(j, &all);
		else if (!i->bad && !reading_bad(&all))
			perhaps(j, all.plain);
		if (!all.invalid && !i->bad && how != COMMIT_MAYBE)
			i->overwritten = false;
	} else if (all.sign || more.sign) {
		commit_signs(j, &more);
		if (!all.sign)
			perhaps(j, all.plain);
		i->overwritten &= how == COMMIT_MAYBE;
	} else {
		commit_all(j, i, all.plain, more.plain, how);
		i->overwritten &= how == COMMIT_MAYBE;
	}
}

static bool fits(scopes base, scopes free, int64_t size)
{
	scopes bit = free & -free;

	if (bit == 0)
		return (int64_t)scopes_size(base) == size;
	return fits(base, free & ~bit, size) || fits(base | bit, free & ~bit, size);
}

bool grants_fit_size(const struct judge *j, int64_t size)
{
	return fits(j->now.must, j->now.may & ~j->now.must, size);
}

void grants_normalize(struct judge *j)
{
	char text[TEXT_MAX];
	struct inode *i = regular_named(&j->regular, NAME_PERMISSIONS);

	if (i == NULL || !i->permissions || j->pending || j->now.must != j->now.may ||
	    regular_writers(&j->regular, j->regular.name[NAME_PERMISSIONS]) > 0)
		return;
	size_t len = scopes_text(j->now.must, text, sizeof(text));
	i->overwritten = i->bad = i->cancelled = i->unsure = i->due = false;
	if (i->size == len && memcmp(i->text, text, len) == 0)
		return;
	j->used[NORMALIZED]++;
	reference_put(j, NAME_PERMISSIONS, text, len);
}
