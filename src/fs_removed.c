/*
 * fs_removed: `permissions` as the process sees it that has removed it, or moved it aside.
 *
 * The file is always there. But who removed it, or renamed it to a backup, finds it gone until it
 * is made again or somebody else looks: so O_EXCL works, which mv, install, tar and cp -b use.
 *
 * Vim moves the file aside, makes it anew, and if that fails removes what it made and moves the
 * backup back. What it made was never granted, and what it moved aside never taken away: so that
 * removal takes nothing away either.
 */
#include <stdlib.h>

#include "fs_internal.h"
#include "process.h"

static struct removed *find(struct fs *fs, const struct place *p)
{
	for (size_t i = 0; i < fs->n_removed; i++)
		if (str_eq(fs->removed[i].token_id, p->token_id) &&
		    str_eq(fs->removed[i].database_id, p->database_id))
			return &fs->removed[i];
	return NULL;
}

static bool by_process(const struct removed *r, pid_t tid)
{
	struct process now;

	return process_read(tid, &now) == 0 && now.tgid == r->tgid &&
	       now.start_time == r->start_time;
}

static void drop(struct fs *fs, struct removed *r)
{
	free(r->token_id);
	free(r->database_id);
	*r = fs->removed[--fs->n_removed];
}

void fs_forget_removed(struct fs *fs, const struct place *p)
{
	struct removed *r = find(fs, p);

	if (r != NULL)
		drop(fs, r);
}

void fs_made_again(struct fs *fs, const struct place *p)
{
	struct removed *r = find(fs, p);

	if (r == NULL)
		return;
	r->gone = false;
	if (!r->aside)
		drop(fs, r);
}

bool fs_is_removed(struct fs *fs, const struct place *p, pid_t tid)
{
	struct removed *r = find(fs, p);

	if (r == NULL || !r->gone)
		return false;
	if (by_process(r, tid))
		return true;
	fs_made_again(fs, p);
	return false;
}

void fs_remember_removed(struct fs *fs, const struct place *p, pid_t tid, bool aside)
{
	struct process who;

	fs_forget_removed(fs, p);
	if (process_read(tid, &who) != 0)
		return;
	if (fs->n_removed == REMOVED_MAX)
		drop(fs, &fs->removed[0]);
	fs->removed[fs->n_removed++] = (struct removed){
		.tgid = who.tgid,
		.start_time = who.start_time,
		.token_id = xstrdup(p->token_id),
		.database_id = xstrdup(p->database_id),
		.gone = true,
		.aside = aside,
	};
}

void fs_made_in_vain(struct fs *fs, const struct place *p, pid_t tgid)
{
	struct removed *r = find(fs, p);

	if (r != NULL && r->aside && r->tgid == tgid)
		r->failed = true;
}

bool fs_takes_back(struct fs *fs, const struct place *p, pid_t tid)
{
	const struct removed *r = find(fs, p);

	return r != NULL && r->aside && r->failed && by_process(r, tid);
}
