/* SPDX-License-Identifier: MIT */
/*
 * permissions_file: the state of one `permissions` file: its text, the handles that have it open
 * for writing, what PlanetScale has confirmed, what failed, and which process removed it.
 *
 * A permissions file behaves like a file: it has one text, however many handles and processes
 * write it. A truncation changes that text at once, and a handle that wrote nothing afterwards
 * cannot undo what another handle writes later. Tools write a text in pieces, so there are two
 * kinds of change. Grants, and revocations by lines with "-", are sent ("judged") as soon as their
 * line is complete, because a shell checks only the result of write(2). Revocations of what the
 * text leaves out wait until the text is whole: until every handle that truncated or overwrote it
 * (that "owes" its close) is closed.
 *
 *     opened ─────▶ TEXT_EXTENDED ◀───── whole text committed ─────────┐
 *                      │      └──────── written in place, cut ─────▶ TEXT_OVERWRITTEN
 *       truncated to 0 │                                               ▲       │
 *                      ▼   ┌──────────── written in place, cut ────────┘       │
 *     O_TRUNC ────▶ TEXT_REPLACED ◀───── truncated to 0 ───────────────────────┘
 *
 *   TEXT_EXTENDED     what was granted when it was opened, and lines after that: nothing left out
 *   TEXT_REPLACED     truncated to 0 and written from the start: a line is judged when it is
 *                     complete; what the text leaves out is revoked when no handle owes its close
 *   TEXT_OVERWRITTEN  changed in place: judged as a whole when no handle owes its close (but lines
 *                     by a handle that appends, or has truncated the text to 0, when complete)
 *
 * From any state: when the last writer has closed, TEXT_NONE; when the file is removed or
 * replaced, the text is detached and the next open begins a new one. If a writer of a text is
 * killed, or has a line refused, the text is *spoiled*: it may be incomplete, so nothing is
 * revoked by it until it is truncated to 0 again; the close of a handle that owes it fails with
 * the reason.
 *
 * Only decides and remembers: fs_permissions.c sends the changes. Knows no op.
 */
#ifndef PSCALEFS_PERMISSIONS_FILE_H
#define PSCALEFS_PERMISSIONS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "fs/grammar.h"
#include "tree/node.h"

#define PERMISSIONS_MAX_BYTES (1024 * 1024)
/* Files that are remembered without being open: because of a failure or a removal. */
#define PERMISSIONS_REMEMBERED_MAX 1024

enum text_state {
	TEXT_NONE, /* never in a struct permissions_text: no handle is open for writing */
	TEXT_EXTENDED,
	TEXT_REPLACED,
	TEXT_OVERWRITTEN,
};

/* What to do when a handle is closed. */
enum closing {
	CLOSING_NOTHING, /* nothing */
	CLOSING_LINE,    /* commit the last line, which has no newline */
	CLOSING_WHOLE,   /* commit that, and revoke what the text leaves out */
	CLOSING_REFUSED, /* fail: a write through this handle was refused */
	CLOSING_SPOILED, /* fail: the text is spoiled, text->spoiled has the reason */
};

/* The text that all writers of a file share. Like an inode, it lives while it is in use. */
struct permissions_text {
	enum text_state state;
	unsigned refs;                 /* writers, and commits under way */
	struct permissions_file *file; /* borrowed; NULL: detached, writes fail */
	struct list writers;           /* of struct permissions_writer */
	struct buf text;
	size_t judged; /* the text before this offset was judged (EXTENDED, REPLACED) */
	/* The last write: the offsets of the lines to judge; and how to undo it. */
	size_t judge_from, judge_to;
	struct text_undo {
		struct buf bytes;
		size_t at, len; /* len: of the whole text */
		enum text_state state;
		bool tail_judged;
		bool owed;                                  /* `owes` of the handle that wrote */
		const struct permissions_writer *last_line; /* only compared, never followed */
	} undo;
	/* Granted by a last line without newline at a close or fsync. More bytes would make it
	 * another word. */
	struct scopes tail;
	bool tail_judged;        /* the last line was judged, and has not grown since */
	struct scopes confirmed; /* granted by this text and confirmed: not sent again */
	struct scopes revoked;   /* revoked by its lines with "-" and confirmed: not sent again */
	uint64_t written;        /* stamp of the last change */
	pid_t last_writer;       /* thread group that wrote last since it was truncated; 0: none */
	bool changed;            /* by any of its writers, at any time */
	/* Left to do by handles that are closed: waits for other handles that owe their close, or
	 * for a commit under way. Holds the text. */
	enum closing due;
	bool superseded;      /* a handle owed its close when another one truncated the text */
	struct error spoiled; /* err != 0: the text is spoiled */
};

/* One handle that is open for writing. */
struct permissions_writer {
	struct list link;
	struct permissions_text *text; /* shared */
	pid_t opener;                  /* thread group */
	pid_t last;     /* the thread group that wrote or truncated through it last; 0: none */
	bool replaces;  /* it once truncated the text to 0: its lines are judged when complete */
	bool owes;      /* it truncated or overwrote: its close revokes what the text leaves out */
	bool wrote;     /* after the open; else a shell that sets up a redirection may flush */
	bool changed;   /* its change is neither committed nor reported as failed */
	bool closed;    /* a process that was not killed has closed it since that change */
	bool last_line; /* it wrote the last bytes of the text */
	bool killed;    /* a process that wrote through it was killed before closing it */
	struct scopes confirmed; /* granted through this handle, and confirmed */
	unsigned revocations;    /* of the file, when that was confirmed */
	struct error refused;    /* err != 0: a write through this handle was refused */
	bool to_answer;          /* the next close reports `refused` again */
};

/* How a failure was reported. The next fsync reports it again, because callers may ignore it. */
enum failure_report {
	REPORTED_BY_CLOSE, /* by close at most, whose result shells ignore */
	REPORTED_BY_WRITE, /* by write, whose result most programs check */
};

/* The process that removed the file, or renamed it to a backup; see permissions_removed(). */
struct removal {
	pid_t tgid; /* 0: none */
	uint64_t start_time;
	bool gone;   /* that process does not find the file, until it is created again or another
		      * process looks */
	bool aside;  /* it was renamed to a backup, not removed */
	bool failed; /* what the process wrote afterwards was refused */
};

struct permissions_file {
	struct list link;
	struct target target;          /* owned; no database: the organization's permissions */
	struct permissions_text *text; /* borrowed from its holders; NULL: TEXT_NONE */
	unsigned committing;           /* changes under way: one at a time */
	struct list waiters;           /* of struct waiter: until `committing` is 0 */
	struct error *failure;         /* owned; for the next fsync; NULL: none */
	enum failure_report report;
	struct removal removal;
};

struct permissions_files {
	struct list all; /* of struct permissions_file, least recently used first */
	size_t n;
};

void permissions_files_init(struct permissions_files *all);
/* All writers must have left. */
void permissions_files_finish(struct permissions_files *all);
/* The file of key `p`, which is a permissions file; NULL if nothing is remembered of it. */
struct permissions_file *permissions_known(const struct permissions_files *all,
					   const struct inode_key *p);
/* The same, created if necessary. Lives at least until the next call of permissions_at(), and while
 * it has a text, a commit or a waiter. */
struct permissions_file *permissions_at(struct permissions_files *all, const struct inode_key *p);

/* --- handles ---------------------------------------------------------------------------------- */

/*
 * Open for writing. `granted`: what is granted now, as text; a new text begins with it, unless
 * `truncate`. `stamp`: of the truncation. Never fails.
 */
struct permissions_writer *permissions_open(struct permissions_file *f, const struct buf *granted,
					    bool truncate, pid_t opener, uint64_t stamp);
/* Frees the handle, which is closed. Takes NULL. */
void permissions_leave(struct permissions_writer *w);
void text_hold(struct permissions_text *t);
void text_release(struct permissions_text *t);
/* The file was removed or replaced: separate the text of its writers from it. */
void permissions_detach(struct permissions_file *f);
/* Make a writer for a handle of another file, which was renamed onto this one and committed.
 * `text`: its content; `granted`: what the commit granted. */
struct permissions_writer *permissions_adopt(struct permissions_file *f, const struct buf *text,
					     const struct scopes *granted, pid_t opener);

/*
 * Apply a write to the text. 0; or without a change: -EFBIG; -EINVAL if it would leave a hole;
 * -ESTALE if the text is detached; -EAGAIN if it would continue the unfinished line of another
 * handle. `append` ignores `offset`.
 */
int permissions_write(struct permissions_writer *w, uint64_t offset, bool append,
		      const struct buf *data, pid_t tgid, uint64_t stamp, struct error *e);
/* ftruncate(2): 0, or an error as permissions_write(). */
int permissions_truncate(struct permissions_writer *w, uint64_t size, pid_t tgid, uint64_t stamp,
			 struct error *e);
/* Set the text without a handle, as truncate(2) does; PlanetScale has already confirmed it. */
void permissions_set(struct permissions_file *f, const struct buf *text);

/* What the lines that the last write completed grant and revoke. 0 (maybe nothing), or -EINVAL. */
int permissions_lines(const struct permissions_writer *w, struct edit *out, struct error *e);
/* PlanetScale has confirmed them; `revocations`: of the file at that time. */
void permissions_accept(struct permissions_writer *w, const struct edit *edit,
			unsigned revocations);
/* A write that revokes these has failed: they may be revoked, so no longer count as confirmed. */
void permissions_unconfirm(struct permissions_writer *w, const struct scopes *revoke);
/* The lines were refused: undo the last write, and remember `e` for close. */
void permissions_refuse_write(struct permissions_writer *w, const struct error *e);
/* Another operation was refused, and changed nothing: remember `e` for close, because its caller
 * may ignore the result. */
void permissions_refuse(struct permissions_writer *w, const struct error *e);

/* --- closing ---------------------------------------------------------------------------------- */

/* A process of thread group `tgid`, which no signal is ending, closes its copy of the handle. Call
 * permissions_closed() too, once the op need not wait any more. */
enum closing permissions_flush(struct permissions_writer *w, pid_t tgid);
void permissions_closed(struct permissions_writer *w);
enum closing permissions_fsync(struct permissions_writer *w);
/* A process that a signal is ending closes its copy: if it made changes that are not committed, the
 * text is spoiled. */
void permissions_killed(struct permissions_writer *w, pid_t tgid);
/* The last copy is closed: what is left to do becomes due. Call permissions_leave() afterwards. */
void permissions_release(struct permissions_writer *w);
/* CLOSING_LINE or CLOSING_WHOLE if that is due and need not wait any more; else CLOSING_NOTHING. */
enum closing permissions_due(const struct permissions_file *f);

/* What a commit requests. */
struct permissions_demand {
	struct edit edit;   /* to grant and to revoke */
	struct scopes keep; /* exact: these remain, but are not granted again */
	bool exact;         /* revoke everything but edit.grant and keep */
};
void permissions_demand_finish(struct permissions_demand *d);
/*
 * `what` is CLOSING_LINE or CLOSING_WHOLE; `w` NULL: the handle is closed. The caller holds the
 * text. From here on this part of the text counts as committed, whatever the answer: a failure is
 * reported once, and the change is not tried again. 0 or -EINVAL.
 */
int permissions_commit(struct permissions_text *t, struct permissions_writer *w, enum closing what,
		       struct permissions_demand *out, struct error *e);
/* PlanetScale has confirmed the commit. `w` NULL: the handle is closed. */
void permissions_confirm(struct permissions_text *t, struct permissions_writer *w,
			 const struct scopes *granted, unsigned revocations);

/* --- failures, for the next fsync ------------------------------------------------------------- */

void permissions_keep_failure(struct permissions_file *f, const struct error *e,
			      enum failure_report report);
void permissions_drop_failure(struct permissions_file *f);
/* The file is opened for writing: forget a failure that a write has reported. */
void permissions_begin(struct permissions_file *f);

/* --- how the process that removed the file sees it -------------------------------------------- */

/*
 * The file always exists. But the process that removed it, or renamed it to a backup, does not
 * find it until it is created again or another process looks. So O_EXCL works, which mv, install,
 * tar and cp -b use.
 *
 * Vim renames the file to a backup and creates a new one; if writing that fails, it removes the
 * new file and renames the backup back. In that case nothing of the new file was granted, and
 * nothing of the old one revoked, so removing the new file must not revoke anything.
 */

/* Must the process of thread `tid` not find the file? */
bool permissions_removed(struct permissions_file *f, pid_t tid);
void permissions_remember_removal(struct permissions_file *f, pid_t tid, bool aside);
/* The file was created again, or another process looks: every process finds it now. */
void permissions_made_again(struct permissions_file *f);
void permissions_drop_removal(struct permissions_file *f); /* forget the process */
/* The thread group opens the file: forget that its last text was refused. */
void permissions_opened(struct permissions_file *f, pid_t tgid);
/* What the thread group wrote was refused. */
void permissions_save_failed(struct permissions_file *f, pid_t tgid);
/* Does this process remove a text that was refused, after it renamed the file to a backup? */
bool permissions_undoes_failed_save(const struct permissions_file *f, pid_t tid);

#endif
