/* SPDX-License-Identifier: MIT */
#include "fs/permissions_file.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "system/process.h"

/* --- the files of which something is remembered ----------------------------------------------- */

void permissions_files_init(struct permissions_files *all)
{
	list_init(&all->all);
	all->n = 0;
}

static void file_free(struct permissions_files *all, struct permissions_file *f)
{
	list_remove(&f->link);
	all->n--;
	target_finish(&f->target);
	free(f->failure);
	free(f);
}

void permissions_files_finish(struct permissions_files *all)
{
	list_for_each(pos, &all->all) {
		struct permissions_file *f = container_of(pos, struct permissions_file, link);
		permissions_detach(f);
		file_free(all, f);
	}
}

struct permissions_file *permissions_known(const struct permissions_files *all,
					   const struct inode_key *p)
{
	list_for_each(pos, &all->all) {
		struct permissions_file *f = container_of(pos, struct permissions_file, link);
		if (target_equal(&f->target, &p->target))
			return f;
	}
	return NULL;
}

static bool in_use(const struct permissions_file *f)
{
	return f->text != NULL || f->committing > 0 || !list_empty(&f->waiters);
}

/* Free files that need not be remembered; and if there are too many, others that are not in use. */
static void make_room(struct permissions_files *all)
{
	list_for_each(pos, &all->all) {
		struct permissions_file *f = container_of(pos, struct permissions_file, link);
		bool remembers = f->failure != NULL || f->removal.tgid != 0;
		if (!in_use(f) && (!remembers || all->n >= PERMISSIONS_REMEMBERED_MAX))
			file_free(all, f);
	}
}

struct permissions_file *permissions_at(struct permissions_files *all, const struct inode_key *p)
{
	struct permissions_file *f = permissions_known(all, p);

	if (f != NULL) { /* used last: move it to the end of the list */
		list_remove(&f->link);
		list_append(&all->all, &f->link);
		return f;
	}
	make_room(all);
	f = xcalloc(1, sizeof(*f));
	f->target = target_copy(&p->target);
	list_init(&f->waiters);
	list_append(&all->all, &f->link);
	all->n++;
	return f;
}

/* --- failures, for the next fsync ------------------------------------------------------------- */

void permissions_keep_failure(struct permissions_file *f, const struct error *e,
			      enum failure_report report)
{
	if (f->failure == NULL)
		f->failure = xmalloc(sizeof(*f->failure));
	*f->failure = *e;
	f->report = report;
}

void permissions_drop_failure(struct permissions_file *f)
{
	free(f->failure);
	f->failure = NULL;
}

void permissions_begin(struct permissions_file *f)
{
	if (f->failure != NULL && f->report == REPORTED_BY_WRITE)
		permissions_drop_failure(f);
}

/* --- how the process that removed the file sees it -------------------------------------------- */

static bool by_process(const struct removal *r, pid_t tid)
{
	struct process now;

	return r->tgid != 0 && process_read(tid, &now) == 0 && now.tgid == r->tgid &&
	       now.start_time == r->start_time;
}

void permissions_drop_removal(struct permissions_file *f)
{
	f->removal = (struct removal){0};
}

void permissions_made_again(struct permissions_file *f)
{
	f->removal.gone = false;
	if (!f->removal.aside)
		permissions_drop_removal(f);
}

bool permissions_removed(struct permissions_file *f, pid_t tid)
{
	if (f == NULL || !f->removal.gone)
		return false;
	if (by_process(&f->removal, tid))
		return true;
	permissions_made_again(f);
	return false;
}

void permissions_remember_removal(struct permissions_file *f, pid_t tid, bool aside)
{
	struct process p;

	permissions_drop_removal(f);
	if (process_read(tid, &p) != 0)
		return;
	f->removal = (struct removal){
		.tgid = p.tgid,
		.start_time = p.start_time,
		.gone = true,
		.aside = aside,
	};
}

void permissions_opened(struct permissions_file *f, pid_t tgid)
{
	if (f->removal.tgid == tgid)
		f->removal.failed = false;
}

void permissions_save_failed(struct permissions_file *f, pid_t tgid)
{
	if (f->removal.aside && f->removal.tgid == tgid)
		f->removal.failed = true;
}

bool permissions_undoes_failed_save(const struct permissions_file *f, pid_t tid)
{
	return f != NULL && f->removal.aside && f->removal.failed && by_process(&f->removal, tid);
}
