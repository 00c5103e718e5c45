/* SPDX-License-Identifier: MIT */
/* Calls that name a file. */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

bool begin_text(struct judge *j)
{
	char text[TEXT_MAX];
	struct inode *i = regular_named(&j->regular, NAME_PERMISSIONS);

	if (!grants_settle(j))
		return false;
	size_t len = scopes_text(j->now.must, text, sizeof(text));
	if (i == NULL || i->size != len || memcmp(i->text, text, len) != 0)
		reference_put(j, NAME_PERMISSIONS, text, len);
	i = regular_named(&j->regular, NAME_PERMISSIONS);
	i->permissions = true;
	i->writer = PROCESSES;
	i->overwritten = i->bad = i->cancelled = i->unsure = i->due = false;
	return true;
}

enum presence judge_presence(struct judge *j, const struct call *c, const struct result *mount)
{
	bool creates = c->kind == CALL_OPEN && (c->flags & O_CREAT) != 0;
	bool gone = mount->err == ENOENT || (creates && mount->err == 0);

	if (c->name != NAME_PERMISSIONS)
		return PRESENT;
	if (c->process != j->remover)
		j->looked = true;
	j->hidden &= !j->looked;
	if (j->hidden && j->again && creates && gone && (c->flags & (O_EXCL | O_TRUNC)) == 0)
		j->lost = true;
	if (j->hidden && j->again && !gone)
		j->hidden = false;
	if (j->hidden) {
		if (!gone)
			judge_fail(j, "who moved it aside finds it there");
		j->used[LEFT_IN_PLACE]++;
		return gone ? HIDDEN : WRONG;
	}
	if (regular_named(&j->regular, NAME_PERMISSIONS) != NULL)
		return PRESENT;
	/* Only who removed it finds it gone, until another process has looked. */
	if (!j->looked && !gone) {
		judge_fail(j, "who removed it finds it there");
		return WRONG;
	}
	if (!j->looked || mount->err == ENOENT || (creates && (c->flags & O_EXCL) && gone))
		return PRESENT;
	j->used[ALWAYS_THERE]++;
	return begin_text(j) ? PRESENT : WRONG;
}

static void opened(struct judge *j, const struct call *c, bool made)
{
	struct description *d = regular_description(&j->regular, c);
	struct inode *i = regular_inode(&j->regular, c);

	d->writer = c->process;
	if (i->permissions && (made || (c->flags & O_TRUNC)))
		begin_anew(j, i, d);
}

bool judge_open(struct judge *j, const struct call *c, const struct result *mount)
{
	struct call as = *c;
	struct result r;
	bool of_permissions = c->name == NAME_PERMISSIONS;
	enum presence there = judge_presence(j, c, mount);

	if (there == WRONG)
		return false;
	if (there == HIDDEN && mount->err != 0)
		return (c->flags & O_CREAT) == 0 || judge_fail(j, "it is not made anew");
	if (there == HIDDEN) {
		j->hidden = false;
		as.flags = (c->flags & ~O_EXCL) | O_TRUNC;
	}
	bool made = regular_named(&j->regular, (enum name)c->name) == NULL;
	bool writes = (as.flags & O_ACCMODE) != O_RDONLY || (as.flags & O_TRUNC);
	if (of_permissions && !made && writes && mount->err == 0 &&
	    regular_writers(&j->regular, j->regular.name[NAME_PERMISSIONS]) == 0 && !begin_text(j))
		return false;
	if (!reference(j, &as, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %s", strerror(r.err));
	if (r.err != 0)
		return true;
	if (of_permissions && made)
		regular_inode(&j->regular, c)->permissions = true;
	opened(j, &as, made);
	return true;
}

static void detach(struct inode *i)
{
	if (i == NULL || !i->permissions)
		return;
	i->permissions = false;
	i->was = true;
}

static void removed(struct judge *j, const struct call *c, bool aside)
{
	j->remover = c->process;
	j->aside = j->hidden = aside;
	j->looked = j->vain = j->again = false;
}

/* The text of a scratch file becomes what is granted. */
static bool rename_over(struct judge *j, const struct call *c, const struct result *mount)
{
	struct inode *i = regular_named(&j->regular, (enum name)c->name);
	struct reading whole = {0};
	struct result r;

	if (i != NULL) {
		whole = read_text(i->text, i->size < TEXT_MAX ? i->size : TEXT_MAX);
		whole.invalid |= i->size > TEXT_MAX;
	}
	if (i != NULL && reading_bad(&whole)) {
		if (mount->err != EBADMSG)
			return judge_fail(j, "a text that PlanetScale refuses is renamed over it");
		j->used[REFUSED_TEXT]++;
		return true;
	}
	if (mount->err == 0)
		detach(regular_named(&j->regular, NAME_PERMISSIONS));
	if (!reference(j, c, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %s", strerror(r.err));
	if (r.err != 0)
		return true;
	/* A handle that is only read, and truncated the scratch file, writes nothing here. */
	FOR_DESCRIPTIONS(j, d, i) {
		if ((d->flags & O_ACCMODE) == O_RDONLY)
			d->flags &= ~O_TRUNC;
	}
	i->permissions = true;
	i->writer = PROCESSES;
	i->was = i->overwritten = i->bad = i->cancelled = i->unsure = false;
	i->due = false;
	j->hidden = j->aside = false;
	if (whole.sign)
		grants_added(j, whole.plain | whole.plus, whole.minus);
	else
		grants_exactly(j, whole.plain);
	grants_normalize(j);
	return true;
}

/* An editor's backup is a copy of what is granted; the file and its handles stay. */
static bool move_aside(struct judge *j, const struct call *c, const struct result *mount)
{
	char text[TEXT_MAX];
	struct result r;
	const struct call drop = {.kind = CALL_UNLINK, .process = c->process, .name = c->to};

	if (regular_named(&j->regular, NAME_PERMISSIONS) == NULL)
		return (reference(j, c, &r) && same_result(&r, mount)) ||
		       judge_fail(j, "the regular file is not there");
	if (mount->err != 0)
		return judge_fail(j, "the regular file can be moved aside");
	FOR_DESCRIPTIONS(j, d, regular_named(&j->regular, NAME_PERMISSIONS)) {
		d->moved = true;
	}
	j->asked = false;
	if (!grants_settle(j))
		return false;
	if (regular_named(&j->regular, (enum name)c->to) != NULL && !reference(j, &drop, &r))
		return false;
	reference_put(j, (enum name)c->to, text, scopes_text(j->now.must, text, sizeof(text)));
	j->used[LEFT_IN_PLACE]++;
	removed(j, c, true);
	j->looked = j->asked;
	return true;
}

bool judge_rename(struct judge *j, const struct call *c, const struct result *mount)
{
	struct result r;
	enum presence there = c->name == NAME_PERMISSIONS ? judge_presence(j, c, mount) : PRESENT;

	if (there != PRESENT)
		return there == HIDDEN;
	if (c->to == NAME_PERMISSIONS && c->process != j->remover &&
	    regular_named(&j->regular, (enum name)c->name) != NULL)
		j->looked = true;
	if (c->to == NAME_PERMISSIONS)
		return rename_over(j, c, mount);
	if (c->name == NAME_PERMISSIONS)
		return move_aside(j, c, mount);
	if (!reference(j, c, &r))
		return false;
	return same_result(&r, mount) || judge_fail(j, "the regular file says %s", strerror(r.err));
}

bool judge_unlink(struct judge *j, const struct call *c, const struct result *mount)
{
	struct result r;
	enum presence there = judge_presence(j, c, mount);
	/* What vim made after it had moved the file aside, and was refused, was never granted. */
	bool takes_back = j->aside && j->vain && c->process == j->remover;

	if (there != PRESENT)
		return there == HIDDEN;
	if (mount->err == 0)
		detach(regular_named(&j->regular, (enum name)c->name));
	if (!reference(j, c, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %s", strerror(r.err));
	if (r.err != 0 || c->name != NAME_PERMISSIONS)
		return true;
	removed(j, c, false);
	grants_exactly(j, 0);
	j->lost |= takes_back; /* neither it nor its handles are gone */
	return true;
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* A process that reads what is granted and writes the text may be told of either. */
static bool judge_size(struct judge *j, const struct call *c, const struct inode *i, int64_t text,
		       int64_t mount)
{
	bool reads = false, writes = false, own = false;

	for (int s = 0; s < SLOTS; s++) {
		int at = j->regular.slot[c->process][s];
		const struct description *d = &j->regular.description[at < 0 ? 0 : at];
		if (at == NOTHING || &j->regular.inode[d->inode] != i)
			continue;
		reads |= (d->flags & O_ACCMODE) == O_RDONLY;
		writes |= (d->flags & O_ACCMODE) != O_RDONLY || (d->flags & O_TRUNC);
		own |= d->opener == c->process && (d->flags & O_ACCMODE) != O_RDONLY;
	}
	/* And one that handed it on to a child. */
	FOR_DESCRIPTIONS(j, d, i) {
		writes |= d->opener == c->process || d->writer == c->process;
		reads |= d->opener == c->process && (d->flags & O_ACCMODE) == O_RDONLY;
	}
	if (writes && text == mount)
		return true;
	if (writes && own && !reads)
		return judge_fail(j, "the text has %lld bytes", (long long)text);
	if (!grants_fit_size(j, mount))
		return judge_fail(j, "this size is not that of what is granted");
	j->used[STAT_GRANTED] += text != mount;
	return true;
}

/* The kernel asks of a backup as it asks of the handles that were open when it was moved. */
static bool takes_for_handle(const struct judge *j, const struct call *c, const struct inode *i)
{
	if (c->kind != CALL_STAT || i == NULL || i->permissions)
		return false;
	for (const struct description *d = j->regular.description;
	     d < j->regular.description + DESCRIPTIONS; d++)
		if (d->used && d->moved && (d->opener == c->process || d->writer == c->process))
			return true;
	return false;
}

bool judge_stat(struct judge *j, const struct call *c, const struct result *mount)
{
	struct inode *i;
	struct result r;

	enum presence there = c->kind == CALL_STAT ? judge_presence(j, c, mount) : PRESENT;
	if (there != PRESENT)
		return there == HIDDEN;
	if (!reference(j, c, &r))
		return false;
	i = c->kind == CALL_STAT ? regular_named(&j->regular, (enum name)c->name)
				 : regular_inode(&j->regular, c);
	if (i != NULL && i->was) {
		j->used[STALE_HANDLE]++;
		return true;
	}
	if (takes_for_handle(j, c, i) && mount->err == 0) {
		j->used[LEFT_IN_PLACE]++;
		return true;
	}
	if (i != NULL && i->permissions && mount->err == 0)
		return judge_size(j, c, i, r.ret, mount->ret);
	return same_result(&r, mount) ||
	       judge_fail(j, "the regular file says %lld, %s", (long long)r.ret, strerror(r.err));
}
