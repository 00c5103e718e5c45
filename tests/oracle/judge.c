/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

bool judge_fail(struct judge *j, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(j->why, sizeof(j->why), format, ap);
	va_end(ap);
	return false;
}

/* What is missing, and what is too much. */
bool judge_fail_sets(struct judge *j, scopes granted)
{
	char *text = j->why;
	FILE *out = fmemopen(text, sizeof(j->why), "w");

	fputs("missing: ", out);
	print_scopes(out, j->now.must & ~granted);
	fputs("; too much: ", out);
	print_scopes(out, granted & ~j->now.may);
	fclose(out);
	return false;
}

bool reference(struct judge *j, const struct call *c, struct result *out)
{
	static struct result seen;

	regular_call(&j->regular, c, out);
	if (j->mirror == NULL)
		return true;
	j->mirror->call(j->mirror->ctx, c, &seen);
	if (same_result(&seen, out) && seen.len == out->len &&
	    memcmp(seen.data, out->data, out->len) == 0)
		return true;
	return judge_fail(j, "regular.c is wrong: a tmpfs says %lld, %s; it says %lld, %s",
			  (long long)seen.ret, strerror(seen.err), (long long)out->ret,
			  strerror(out->err));
}

void reference_put(struct judge *j, enum name name, const char *text, size_t len)
{
	regular_put(&j->regular, name, text, len);
	if (j->mirror != NULL)
		j->mirror->put(j->mirror->ctx, name, text, len);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The place of a handle is where the mount says it is. */
static bool move_to(struct judge *j, const struct call *c, int64_t offset)
{
	struct call seek = {.kind = CALL_LSEEK,
			    .process = c->process,
			    .slot = c->slot,
			    .offset = offset,
			    .flags = SEEK_SET};
	struct result r;

	return reference(j, &seek, &r);
}

static bool judge_read(struct judge *j, const struct call *c, const struct result *mount)
{
	struct description *d = regular_description(&j->regular, c);
	const struct inode *i = regular_inode(&j->regular, c);
	struct result r;
	scopes set;

	if ((!i->permissions && !i->was) || (d->flags & O_ACCMODE) == O_WRONLY) {
		int64_t from = d->position;
		if (!reference(j, c, &r))
			return false;
		if (same_result(&r, mount) && memcmp(r.data, mount->data, r.len) == 0)
			return true;
		return judge_fail(j, "the regular file says %lld bytes from %lld", (long long)r.ret,
				  (long long)from);
	}
	if (mount->err != 0 && !i->was)
		return judge_fail(j, "a regular file can be read");
	if (mount->err != 0)
		return true;
	j->used[READS_GRANTED]++;
	if (d->position == 0 && !d->adrift && mount->ret < c->offset && !i->was) {
		if (!scopes_of_text(mount->data, mount->len, &set))
			return judge_fail(j, "this is no permissions file");
		if (!grants_allow(&j->now, set))
			return judge_fail(j, "this is not what is granted");
	}
	return move_to(j, c, d->position + mount->ret);
}

static bool judge_lseek(struct judge *j, const struct call *c, const struct result *mount)
{
	struct description *d = regular_description(&j->regular, c);
	const struct inode *i = regular_inode(&j->regular, c);
	struct result r;

	if (c->flags == SEEK_CUR && d->adrift) {
		j->used[APPEND_POSITION]++;
		return mount->err != 0 || move_to(j, c, mount->ret);
	}
	if (c->flags == SEEK_END && i->was) {
		j->used[STALE_HANDLE]++;
		return mount->err != 0 || move_to(j, c, mount->ret);
	}
	if (c->flags == SEEK_END && i->permissions && (d->flags & O_ACCMODE) == O_RDONLY) {
		j->used[STAT_GRANTED]++;
		if (mount->err == 0 && mount->ret != (int64_t)i->size + c->offset &&
		    !grants_fit_size(j, mount->ret - c->offset))
			return judge_fail(j, "the end is not that of what is granted");
		return mount->err != 0 || move_to(j, c, mount->ret);
	}
	if (!reference(j, c, &r))
		return false;
	if (!same_result(&r, mount))
		return judge_fail(j, "the regular file says %lld", (long long)r.ret);
	d->adrift &= c->flags == SEEK_CUR;
	return true;
}

/* --- closing ---------------------------------------------------------------------------------- */

static bool text_bad(const struct judge *j, const struct inode *i, const struct description *d,
		     bool heard)
{
	struct reading r = read_text(i->text, grants_counting(j, i, d, heard));

	return reading_bad(&r);
}

/* May a close or fsync fail like this? */
static bool failure_allowed(struct judge *j, const struct inode *i, const struct description *d,
			    int err)
{
	enum difference why = REFUSED_TEXT;

	if (err == ECANCELED && i->cancelled)
		why = CANCELLED;
	else if (err != d->refused &&
		 !((err == EINVAL || err == EAGAIN || err == EFBIG) && i->bad) &&
		 !(err == EINVAL && (d->unheard || d->owes) &&
		   (text_bad(j, i, d, false) || text_bad(j, i, d, true))))
		return false;
	j->used[why]++;
	return true;
}

/* Must it? Who truncated or overwrote, or wrote a last line without an end, has to hear of it. */
static bool failure_demanded(const struct judge *j, const struct inode *i,
			     const struct description *d)
{
	if (i->bad && d->owes && d->acted)
		return true;
	/* Who failed before may have to answer for the whole. */
	for (const struct description *o = j->regular.description;
	     o < j->regular.description + DESCRIPTIONS; o++)
		if (o->used && o != d && &j->regular.inode[o->inode] == i && o->failed)
			return false;
	return text_bad(j, i, d, false) && text_bad(j, i, d, true) && !i->bad && d->owes &&
	       !grants_others_owe(j, i, d);
}

static bool judge_flush(struct judge *j, const struct call *c, struct inode *i,
			struct description *d, int err)
{
	bool opener = c->process == d->opener || c->kind == CALL_FSYNC, owes = d->owes;

	if (err != 0 && (i->was || !i->permissions || !failure_allowed(j, i, d, err)))
		return judge_fail(j, "the regular file takes it all");
	d->closed |= c->kind == CALL_CLOSE;
	if (!i->permissions || (err == 0 && (!(d->unheard || owes) || !opener)))
		return true;
	bool whole = d->unheard || c->kind == CALL_FSYNC || i->writer == c->process;
	if (err != 0) {
		bool before = d->refused != 0;
		j->kept = true;
		j->vain |= j->aside && d->opener == j->remover;
		grants_commit(j, i, d, owes, COMMIT_FAILED);
		i->unsure = true;
		d->unheard = false;
		d->failed |= owes;
		d->owes &= before; /* the last close of it decides */
		j->pending = false;
		return true;
	}
	if (d->refused != 0) { /* nothing of it counts; its last close decides for others */
		d->unheard = false;
		return true;
	}
	if (!whole) { /* a shell sets up its redirection, or another handle has written */
		if (d->follows) {
			grants_commit(j, i, d, true, COMMIT_MAYBE);
			d->perhaps = true;
		}
		return true;
	}
	if (d->unheard && failure_demanded(j, i, d))
		return judge_fail(j, "its text is refused, and nobody hears of it");
	d->owes = d->unheard = d->half = false;
	grants_commit(j, i, d, owes, COMMIT_ASKED);
	return true;
}

static void judge_release(struct judge *j, struct inode *i, struct description *d)
{
	if (!i->permissions || !(d->unheard || d->owes))
		return;
	if (text_bad(j, i, d, false) || i->bad)
		j->kept = true;
	bool owes = d->owes;
	d->owes = false;
	/* An earlier close may have committed it already. */
	grants_commit(j, i, d, owes, d->perhaps ? COMMIT_FAILED : COMMIT_RELEASE);
}

static bool judge_close(struct judge *j, const struct call *c, const struct result *mount)
{
	struct description *d = regular_description(&j->regular, c);
	struct inode *i = regular_inode(&j->regular, c);
	struct result r;

	if (!judge_flush(j, c, i, d, mount->err))
		return false;
	if (d->refs == 1)
		judge_release(j, i, d);
	if (!reference(j, c, &r))
		return false;
	grants_normalize(j);
	return true;
}

static bool judge_fsync(struct judge *j, const struct call *c, const struct result *mount)
{
	struct description *d = regular_description(&j->regular, c);
	struct inode *i = regular_inode(&j->regular, c);
	struct result r;

	if (!reference(j, c, &r))
		return false;
	if (i->was) {
		j->used[STALE_HANDLE] += mount->err != 0;
		return true;
	}
	if (mount->err != 0 && j->kept && i->permissions && !failure_allowed(j, i, d, mount->err)) {
		j->used[KEPT_ERROR]++;
		j->kept = false;
		if (d->owes && grants_others_owe(j, i, d)) {
			i->due = true;
			d->owes = d->unheard = false;
		}
		return true;
	}
	if (!judge_flush(j, c, i, d, mount->err))
		return false;
	/* It waits for what is under way. */
	if (i->permissions && j->pending)
		grants_exactly(j, j->goal);
	grants_normalize(j);
	return true;
}

/* --- processes -------------------------------------------------------------------------------- */

/* What it wrote does not count: half a line is taken back. */
static void killed(struct judge *j, struct inode *i, struct description *d, uint8_t process)
{
	bool last = d->refs == 1 && !d->closed;

	/* Whether a refused write alone spoils the text of the others is not agreed on. */
	j->lost |= i->permissions && d->refused != 0 && !(d->unheard || d->owes);
	if (!i->permissions || !(d->unheard || d->owes) ||
	    (d->opener != process && d->writer != process && !last))
		return;
	i->bad = i->cancelled = true;
	j->kept = true;
	if (d->tail && !i->overwritten)
		reference_put(j, NAME_PERMISSIONS, i->text, complete_lines(i->text, i->size));
	d->tail = false;
}

/* All its handles are closed; nobody is told of anything. */
static bool judge_ending(struct judge *j, const struct call *c)
{
	struct result r;

	for (uint8_t s = 0; s < SLOTS; s++) {
		struct call close = {.kind = CALL_CLOSE, .process = c->process, .slot = s};
		struct result told = {.ret = 0};
		struct description *d = regular_description(&j->regular, &close);
		if (d == NULL)
			continue;
		struct inode *i = regular_inode(&j->regular, &close);
		if (c->kind == CALL_KILL)
			killed(j, i, d, c->process);
		else if (i->permissions && d->unheard && c->process == d->opener &&
			 (d->refused || failure_demanded(j, i, d)))
			told.err = i->cancelled ? ECANCELED : d->refused != 0 ? d->refused : EINVAL;
		/* Its last line may be refused, which is reported to nobody then. */
		j->kept |= i->permissions && d->unheard && text_bad(j, i, d, false);
		if (c->kind != CALL_KILL && !judge_flush(j, &close, i, d, told.err))
			return false;
		if (d->refs == 1)
			judge_release(j, i, d);
		if (!reference(j, &close, &r))
			return false;
	}
	if (!reference(j, c, &r))
		return false;
	grants_normalize(j);
	return true;
}

/* --- all -------------------------------------------------------------------------------------- */

static bool judge_plain(struct judge *j, const struct call *c, const struct result *mount)
{
	struct result r;

	if (!reference(j, c, &r))
		return false;
	return same_result(&r, mount) ||
	       judge_fail(j, "the regular file says %lld", (long long)r.ret);
}

static bool judge_it(struct judge *j, const struct call *c, const struct result *mount)
{
	switch ((enum call_kind)c->kind) {
	case CALL_OPEN:
		return judge_open(j, c, mount);
	case CALL_READ:
		return judge_read(j, c, mount);
	case CALL_WRITE:
	case CALL_PWRITE:
	case CALL_WRITEV:
		return judge_write(j, c, mount);
	case CALL_LSEEK:
		return judge_lseek(j, c, mount);
	case CALL_FTRUNCATE:
		return judge_ftruncate(j, c, mount);
	case CALL_TRUNCATE:
		return judge_truncate(j, c, mount);
	case CALL_FSYNC:
		return judge_fsync(j, c, mount);
	case CALL_FSTAT:
	case CALL_STAT:
		return judge_stat(j, c, mount);
	case CALL_CLOSE:
		return judge_close(j, c, mount);
	case CALL_RENAME:
		return judge_rename(j, c, mount);
	case CALL_UNLINK:
		return judge_unlink(j, c, mount);
	case CALL_DUP:
	case CALL_FORK:
		return judge_plain(j, c, mount);
	case CALL_EXIT:
	case CALL_KILL:
		return judge_ending(j, c);
	case CALL_KINDS:
		break;
	}
	return false;
}

void judge_begin(struct judge *j, enum mode mode, scopes start)
{
	char text[TEXT_MAX];

	regular_init(&j->regular);
	j->mode = mode;
	j->looked = j->aside = j->hidden = j->vain = j->again = j->lost = false;
	j->kept = false;
	j->why[0] = '\0';
	grants_exactly(j, start);
	reference_put(j, NAME_PERMISSIONS, text, scopes_text(start, text, sizeof(text)));
	regular_named(&j->regular, NAME_PERMISSIONS)->permissions = true;
}

bool judge_call(struct judge *j, const struct call *c, const struct result *mount,
		struct bounds *during)
{
	struct bounds before = j->now;
	bool good = j->lost || judge_it(j, c, mount);

	during->must = before.must & j->now.must;
	during->may = before.may | j->now.may;
	if (j->lost)
		*during = j->now = (struct bounds){0, ~(scopes)0};
	return good;
}

bool judge_end(struct judge *j, scopes granted)
{
	const struct inode *i = regular_named(&j->regular, NAME_PERMISSIONS);

	if (j->lost)
		return true;
	if (j->pending)
		grants_exactly(j, j->goal);
	if (!grants_allow(&j->now, granted))
		return judge_fail_sets(j, granted);
	/* And by the file itself, where nothing of it was refused or left aside. */
	if (i == NULL || i->bad || i->cancelled || i->unsure)
		return true;
	struct reading r = read_text(i->text, i->size);
	if (r.sign || reading_bad(&r) || r.plain == granted)
		return true;
	j->now = (struct bounds){r.plain, r.plain};
	return judge_fail_sets(j, granted);
}
