/* SPDX-License-Identifier: MIT */
/*
 * ops_texts: what the kernel asked through each file that is open for writing, as far as a change of
 * PlanetScale's is held against it.
 */
#ifndef PSCALEFS_FUZZ_OPS_TEXTS_H
#define PSCALEFS_FUZZ_OPS_TEXTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "planetscale/scopes.h"
#include "tree/node.h"

/* The scopes that stand in a text, each in all the ways it does. */
struct words {
	struct scopes plus; /* plainly or with "+" */
	struct scopes minus;
	bool sign;
};
void words_read(struct words *w, const char *text, size_t len);
void words_finish(struct words *w);

/*
 * One handle that is open for writing. What the text of `permissions` says is read from the product
 * when a change is asked for: that it is what a regular file would hold, the oracle claims.
 */
struct text {
	struct list link;
	uint64_t file;        /* 0: released */
	bool creates;         /* create-token, else `permissions` */
	struct target target; /* owned */
	pid_t opener, writer; /* thread groups; who wrote last */
	struct buf text;      /* create-token: all that was written */
	uint64_t written;     /* requests sent before the last modification */
	bool replaces;        /* it truncated the text to nothing */
	bool owes;            /* and that was not committed yet */
	bool appends;         /* O_APPEND */
	bool alone;           /* no other handle of the file was open for writing meanwhile */
	bool touched;         /* written or truncated, once opened */
	bool modified;        /* since the last commit */
	bool closed;          /* flushed since it was modified */
	bool dropped;         /* its writer was killed */
	bool refused;         /* a write or ftruncate(2) was */
	bool open_change;     /* changed, and no living process has closed or fsynced it since */
	bool killed; /* by a signal with that: nothing may be revoked by the text any more */
	struct scopes confirmed;
};

void texts_begin(void);
void texts_end(void);
/* What each text held before the last write into it; `which` is only compared. */
void texts_before_write(const void *which, const struct buf *bytes);
const struct buf *texts_written(const void *which);
struct text *text_new(uint64_t file, const struct inode_key *p);
struct text *text_of(uint64_t file); /* NULL: none */
/* Something else changes that file, too: its handles are not alone. True if there are any. */
bool text_shared(const struct inode_key *p);
/* The text was begun anew, or may have been: whose writer was killed before, counts no more. */
void text_renewed(const struct inode_key *p);
bool text_killed(const char *token_id, const char *database_id);
/* A handle of that file had it confirmed, and it was not revoked since. */
bool text_confirmed(const char *token_id, const char *database_id, const char *scope);
void text_revoked(const char *token_id, const char *database_id, const char *scope);
/* Does a line with a word in it begin and end in the data of this write, wherever it lands? */
bool text_asks(const struct text *t, uint64_t offset, const char *data, size_t size);
/* By an op that was asked after the first `began` requests were sent. */
void text_modified(struct text *t, uint64_t began);
/* It was truncated to `size`; `now`: not before the op waited, so that it may be committed by now. */
void text_truncated(struct text *t, uint64_t size, uint64_t began, bool now);

#endif
