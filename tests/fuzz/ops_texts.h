/* SPDX-License-Identifier: MIT */
/*
 * ops_texts: what was written through each file that is open for writing, to compare changes at
 * PlanetScale with it.
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

/* The scopes in a text. One that occurs in both ways is in both sets. */
struct words {
	struct scopes plus; /* without a sign or with "+" */
	struct scopes minus;
	bool sign;
};
void words_read(struct words *w, const char *text, size_t len);
void words_finish(struct words *w);

/*
 * One handle that is open for writing. The text of `permissions` is read from pscalefs itself when
 * a change is requested; the oracle test checks that it is what a regular file would contain.
 */
struct text {
	struct list link;
	uint64_t file;        /* 0: released */
	bool creates;         /* create-token, else `permissions` */
	struct target target; /* owned */
	pid_t opener, writer; /* thread groups; `writer` wrote last */
	struct buf text;      /* create-token: all that was written */
	uint64_t written;     /* number of requests sent before the last modification */
	bool replaces;        /* it truncated the text to 0 */
	bool owes;            /* and that is not committed yet */
	bool appends;         /* O_APPEND */
	bool alone;       /* no other handle of the file was open for writing at the same time */
	bool touched;     /* written or truncated, once opened */
	bool modified;    /* since the last commit */
	bool closed;      /* flushed since it was modified */
	bool dropped;     /* its writer was killed */
	bool refused;     /* a write or ftruncate(2) was refused */
	bool open_change; /* changed, and no living process has closed or fsynced it since */
	bool killed; /* a process was killed during `open_change`: the text may revoke nothing */
	struct scopes confirmed;
};

void texts_begin(void);
void texts_end(void);
/* Save a text before a write changes it, and get it. `which` identifies the text by its address. */
void texts_before_write(const void *which, const struct buf *bytes);
const struct buf *texts_written(const void *which);
struct text *text_new(uint64_t file, const struct inode_key *p);
struct text *text_of(uint64_t file); /* NULL: none */
/* The file is also changed in another way: its handles are not alone. True if there are any. */
bool text_shared(const struct inode_key *p);
/* The text was truncated to 0, or may have been: forget that a writer was killed before. */
void text_renewed(const struct inode_key *p);
bool text_killed(const char *token_id, const char *database_id);
/* Was the scope confirmed for a handle of that file, and not revoked since? */
bool text_confirmed(const char *token_id, const char *database_id, const char *scope);
void text_revoked(const char *token_id, const char *database_id, const char *scope);
/* Is there a complete line with a word in the data of this write? */
bool text_asks(const struct text *t, uint64_t offset, const char *data, size_t size);
/* The text was modified by an op that arrived after the first `began` requests were sent. */
void text_modified(struct text *t, uint64_t began);
/* The text was truncated to `size`. `now`: the op did not wait before that, so that the truncation
 * cannot be committed yet. */
void text_truncated(struct text *t, uint64_t size, uint64_t began, bool now);

#endif
