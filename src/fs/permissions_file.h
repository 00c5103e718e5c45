/* SPDX-License-Identifier: MIT */
/*
 * permissions_file: what is known of one `permissions` file: its text, which handles have it open
 * for writing, what of it was confirmed, what failed, and which process removed it.
 *
 * A permissions file is a file: it has one text, whatever number of handles and processes write it.
 * Truncation acts on that text when it happens, and a handle that wrote nothing since can undo
 * nothing that was written later through another one. Tools write a text in pieces, so two kinds of
 * change are told apart. What only adds (grants, and lines that say "-") is judged as soon as its
 * line is complete, because a shell checks write(2) and nothing later. What takes away by leaving
 * out waits until the text is whole: until every handle that truncated or overwrote it (that "owes"
 * its close) is closed.
 *
 *     opened ─────▶ TEXT_EXTENDED ◀───── the whole is committed ───────┐
 *                      │      └──────── written in place, cut ─────▶ TEXT_OVERWRITTEN
 *       truncated to 0 │                                               ▲       │
 *                      ▼   ┌──────────── written in place, cut ────────┘       │
 *     O_TRUNC ────▶ TEXT_REPLACED ◀───── truncated to 0 ───────────────────────┘
 *
 *   TEXT_EXTENDED     what was granted when it was opened, and lines after it: nothing is left out
 *   TEXT_REPLACED     begun anew and written front to back: its lines are judged as they come, what
 *                     it leaves out is revoked when no handle owes its close any more
 *   TEXT_OVERWRITTEN  changed in place: judged as a whole, at that time (but what a handle writes
 *                     that appends, or has truncated the text, counts as its lines come)
 *
 * From any of them: when the last writer has closed, TEXT_NONE; when the file is removed or
 * replaced, the text is detached and the next one begins. A text one of whose writers was killed,
 * or refused a line, is *spoiled*: it is not what was meant, so nothing is revoked by it until it is
 * truncated to 0 again; the handles that owe their close are answered with the reason.
 *
 * Decides and remembers only: sends nothing (fs_permissions.c does), knows no op.
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
/* Files that nobody has open and of which something is remembered: a failure, a removal. */
#define PERMISSIONS_REMEMBERED_MAX 1024

enum text_state {
	TEXT_NONE, /* never of a struct permissions_text: nobody has the file open for writing */
	TEXT_EXTENDED,
	TEXT_REPLACED,
	TEXT_OVERWRITTEN,
};

/* What closing a handle asks for. */
enum closing {
	CLOSING_NOTHING, /* nothing to do */
	CLOSING_LINE,    /* the unterminated last line counts now */
	CLOSING_WHOLE,   /* and what the text leaves out is revoked */
	CLOSING_REFUSED, /* a write through this handle was refused: answer that again */
	CLOSING_SPOILED, /* the text is not what was meant: text->spoiled says why */
};

/* The text that all writers of a file share. Like an inode, it lives while it is in use. */
struct permissions_text {
	enum text_state state;
	unsigned refs;                 /* writers, and commits under way */
	struct permissions_file *file; /* borrowed; NULL: detached, writes have nowhere to go */
	struct list writers;           /* of struct permissions_writer */
	struct buf text;
	size_t judged; /* the lines before this were judged (EXTENDED, REPLACED) */
	/* Of the last write: its lines from here to there are to be judged; and what it replaced. */
	size_t judge_from, judge_to;
	struct text_undo {
		struct buf bytes;
		size_t at, len; /* len: of the whole text */
		enum text_state state;
		bool tail_judged;
		bool owed;                                  /* by the handle that wrote */
		const struct permissions_writer *last_line; /* only to compare with */
	} undo;
	/* Granted by the unterminated last line, at a close or fsync: more bytes make it another
	 * word. */
	struct scopes tail;
	bool tail_judged;        /* and nothing was added to that line since */
	struct scopes confirmed; /* granted through this text, by answers: never sent again */
	struct scopes obeyed;    /* revoked by its lines with "-": likewise */
	uint64_t written;        /* stamp of the last change */
	pid_t last_writer;       /* thread group that wrote last since it was truncated; 0: none */
	bool changed;            /* by any of its writers, ever */
	/* Of handles that are closed already: waits for others that owe their close, or for a
	 * commit under way. Holds the text. */
	enum closing due;
	bool superseded;      /* a handle owed its close when another truncated the text */
	struct error spoiled; /* err != 0: nothing is revoked by this text */
};

/* One handle that is open for writing. */
struct permissions_writer {
	struct list link;
	struct permissions_text *text; /* shared */
	pid_t opener;                  /* thread group */
	pid_t last;    /* the one that wrote or truncated through it last; 0: none */
	bool replaces; /* it truncated the text to nothing, once: its lines are judged as they come */
	bool owes; /* it truncated or overwrote: what the text leaves out is revoked at its close */
	bool wrote;              /* since then: so a flush is not the setting up of a redirection */
	bool changed;            /* the text, and that was neither committed nor answered for */
	bool closed;             /* a process that was not killed has closed it since */
	bool last_line;          /* the last bytes of the text came through this handle */
	bool killed;             /* one of its processes was killed before it had closed it */
	struct scopes confirmed; /* granted through this handle, by an answer */
	unsigned revocations;    /* of the file, at that time */
	struct error refused;    /* err != 0: a write through this handle was refused */
	bool to_answer;          /* and its close is to say so again */
};

enum failure_heard {
	HEARD_BY_NOBODY, /* close failed, and shells ignore what it says */
	HEARD_BY_WRITER, /* write said so; a program may ignore that, too */
};

/* A process that removed the file, or renamed it to a backup; see permissions_removed(). */
struct removal {
	pid_t tgid; /* 0: none */
	uint64_t start_time;
	bool gone;   /* for that process, until it is made again or another process looks */
	bool aside;  /* renamed to a backup, not removed */
	bool failed; /* and what the process wrote since was refused */
};

struct permissions_file {
	struct list link;
	struct target target;          /* owned; the database NULL: the organization's own */
	struct permissions_text *text; /* borrowed from its holders; NULL: TEXT_NONE */
	unsigned committing;           /* changes under way: one at a time */
	struct list waiters;           /* of struct waiter: until `committing` is 0 */
	struct error *failure;         /* owned; for the next fsync; NULL: none */
	enum failure_heard heard;
	struct removal removal;
};

struct permissions_files {
	struct list all; /* of struct permissions_file, the one used longest ago first */
	size_t n;
};

void permissions_files_init(struct permissions_files *all);
/* Every writer must have left. */
void permissions_files_finish(struct permissions_files *all);
/* The file at place `p` (a permissions file): NULL where nothing is remembered of it. */
struct permissions_file *permissions_known(const struct permissions_files *all,
					   const struct inode_key *p);
/* The same, made. Lives at least until the next call of permissions_at(), and while it has a text,
 * a commit or a waiter. */
struct permissions_file *permissions_at(struct permissions_files *all, const struct inode_key *p);

/* --- handles ---------------------------------------------------------------------------------- */

/*
 * Open for writing: `granted` is the text that is granted now, which begins a text that is not
 * truncated. `stamp`: of the truncation. Never fails.
 */
struct permissions_writer *permissions_open(struct permissions_file *f, const struct buf *granted,
					    bool truncate, pid_t opener, uint64_t stamp);
/* The handle is closed for good: frees it. Takes NULL. */
void permissions_leave(struct permissions_writer *w);
void text_hold(struct permissions_text *t);
void text_release(struct permissions_text *t);
/* The file was removed or replaced: its writers' text is no longer this file's. */
void permissions_detach(struct permissions_file *f);
/* A handle of another file that was renamed onto this one, and whose text is committed. */
struct permissions_writer *permissions_adopt(struct permissions_file *f, const struct buf *text,
					     const struct scopes *granted, pid_t opener);

/*
 * Take a write in. 0; or nothing changed and -EFBIG, -EINVAL for a hole, -ESTALE for a text that was
 * detached, -EAGAIN where it would continue a line of another handle. `append` ignores `offset`.
 */
int permissions_write(struct permissions_writer *w, uint64_t offset, bool append,
		      const struct buf *data, pid_t tgid, uint64_t stamp, struct error *e);
/* ftruncate(2): 0, or as permissions_write(). */
int permissions_truncate(struct permissions_writer *w, uint64_t size, pid_t tgid, uint64_t stamp,
			 struct error *e);
/* truncate(2) and the like, by no handle, of a text that is confirmed already. */
void permissions_set(struct permissions_file *f, const struct buf *text);

/* What the lines ask for that the last write completed. 0 (maybe nothing), or -EINVAL. */
int permissions_lines(const struct permissions_writer *w, struct edit *out, struct error *e);
/* They were judged: confirmed by PlanetScale, when the file had so many `revocations`. */
void permissions_accept(struct permissions_writer *w, const struct edit *edit,
			unsigned revocations);
/* A write failed that was to revoke these: they may be granted no more. */
void permissions_unconfirm(struct permissions_writer *w, const struct scopes *revoke);
/* They were refused: the text is as it was before the write. */
void permissions_refuse_write(struct permissions_writer *w, const struct error *e);
/* Something else was refused that its caller may not look at, and changed nothing. */
void permissions_refuse(struct permissions_writer *w, const struct error *e);

/* --- closing ---------------------------------------------------------------------------------- */

/* A process of thread group `tgid`, which no signal is ending, closes its copy of the handle. The
 * caller calls permissions_closed() too, once it need not wait to obey. */
enum closing permissions_flush(struct permissions_writer *w, pid_t tgid);
void permissions_closed(struct permissions_writer *w);
enum closing permissions_fsync(struct permissions_writer *w);
/* A process that a signal is ending closes its copy: what it changed, and was not committed, spoils
 * the text. */
void permissions_killed(struct permissions_writer *w, pid_t tgid);
/* The last copy is closed: what is left to do is due. Then permissions_leave(). */
void permissions_release(struct permissions_writer *w);
/* CLOSING_LINE or CLOSING_WHOLE if that is due, and nothing stands in its way. */
enum closing permissions_due(const struct permissions_file *f);

/* What a commit asks for. */
struct permissions_demand {
	struct edit edit;   /* to be sent */
	struct scopes keep; /* exact: also to remain, but not to be granted again */
	bool exact;         /* nothing but these shall remain */
};
void permissions_demand_finish(struct permissions_demand *d);
/*
 * `what` is CLOSING_LINE or CLOSING_WHOLE; `w` NULL: the handle is gone; the caller holds the text.
 * From here on its part of the text counts as committed, whatever the answer: a failure is answered
 * once and not tried again. 0 or -EINVAL.
 */
int permissions_commit(struct permissions_text *t, struct permissions_writer *w, enum closing what,
		       struct permissions_demand *out, struct error *e);
/* PlanetScale has confirmed it. `w` NULL: the handle is gone. */
void permissions_confirm(struct permissions_text *t, struct permissions_writer *w,
			 const struct scopes *granted, unsigned revocations);

/* --- failures, for the next fsync ------------------------------------------------------------- */

void permissions_keep_failure(struct permissions_file *f, const struct error *e,
			      enum failure_heard heard);
void permissions_drop_failure(struct permissions_file *f);
/* A new text is begun: what a write was answered about the last one is no news any more. */
void permissions_begin(struct permissions_file *f);

/* --- the file as the process sees it that has removed it -------------------------------------- */

/*
 * The file is always there. But the process that removed it, or renamed it to a backup, finds it
 * gone until it is made again or another process looks: so O_EXCL works, which mv, install, tar and
 * cp -b use.
 *
 * Vim moves the file aside, makes it anew, and if that fails removes what it made and moves the
 * backup back. What it made was never granted, and what it moved aside never taken away: so that
 * removal takes nothing away either.
 */

/* Is it gone for the process of thread `tid`? */
bool permissions_removed(struct permissions_file *f, pid_t tid);
void permissions_remember_removal(struct permissions_file *f, pid_t tid, bool aside);
/* It is there again: a new text was begun; it was committed. */
void permissions_made_again(struct permissions_file *f);
void permissions_drop_removal(struct permissions_file *f);
/* This thread group opens it: what was refused before is over. What it wrote was refused. */
void permissions_opened(struct permissions_file *f, pid_t tgid);
void permissions_save_failed(struct permissions_file *f, pid_t tgid);
/* Does removing it now only take back what was refused, after the file was moved aside? */
bool permissions_undoes_failed_save(const struct permissions_file *f, pid_t tid);

#endif
