/* SPDX-License-Identifier: MIT */
/*
 * judge: what pscalefs may answer to a call, and what may be granted then.
 *
 * Each call was made on the mount first. Here the same is done to a regular file, and the two
 * results compared. Where they may differ by intention (enum difference, told in differ.c) the
 * regular file follows: what pscalefs refused is not done there either, and so on. Beside the text
 * two sets are kept: what must be granted, and what may be.
 */
#ifndef ORACLE_JUDGE_H
#define ORACLE_JUDGE_H

#include "regular.h"

/* The differences from a regular file that are intended. */
enum difference {
	READS_GRANTED,
	STAT_GRANTED,
	REFUSED_WORD,
	REFUSED_TEXT,
	REFUSED_HOLE,
	TOO_BIG,
	TWO_HALVES,
	STALE_HANDLE,
	ALWAYS_THERE,
	KEPT_ERROR,
	CANCELLED,
	APPEND_POSITION,
	NORMALIZED,
	LEFT_IN_PLACE,
	DIFFERENCES
};
extern const char *const difference_reasons[DIFFERENCES];

/* The regular file on a tmpfs, which does the same as regular.c. May be missing. */
struct mirror {
	void *ctx;
	void (*call)(void *ctx, const struct call *c, struct result *out);
	void (*put)(void *ctx, enum name name, const char *text, size_t len);
};

struct bounds {
	scopes must, may;
};

struct judge {
	struct regular regular;
	enum mode mode;
	struct bounds now;
	bool pending; /* a release commits: then exactly `goal` is granted */
	scopes goal;
	/* The process that removed `permissions`, or moved it aside: it finds it gone. */
	uint8_t remover;
	bool hidden; /* though it is there in the regular file, because … */
	bool aside;  /* … it was moved to another name */
	bool looked; /* another process has looked since */
	bool asked;  /* granted() was called … */
	bool looks;  /* … which is another process that looks */
	bool again;  /* or a commit may have made it again */
	bool lost;   /* what follows cannot be told: the rest of the sequence is not judged */
	bool vain;   /* what the remover wrote since was refused */
	bool kept;   /* there may be an error that fsync tells, once */
	const struct mirror *mirror; /* borrowed; NULL: none */
	/* What is granted at this moment, when nothing is under way. */
	scopes (*granted)(void *ctx);
	void *ctx;
	uint64_t used[DIFFERENCES];
	char why[400]; /* it failed: the sentence */
};

void judge_begin(struct judge *j, enum mode mode, scopes start);
/* False: it is not as it must be, and j->why says so. *during: what may be granted meanwhile. */
bool judge_call(struct judge *j, const struct call *c, const struct result *mount,
		struct bounds *during);
/* All is closed, and no commit under way. */
bool judge_end(struct judge *j, scopes granted);

/* --- between judge.c, grants.c and differ.c --------------------------------------------------- */

bool judge_fail(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool judge_fail_sets(struct judge *j, scopes granted);
/* Do it to the regular file. */
bool reference(struct judge *j, const struct call *c, struct result *out);
void reference_put(struct judge *j, enum name name, const char *text, size_t len);

/* grants.c: what may be granted */
bool grants_settle(struct judge *j); /* commits have ended: what is granted is known */
void grants_exactly(struct judge *j, scopes set);
void grants_added(struct judge *j, scopes plus, scopes minus);
/* How a description came to be committed. */
enum commit {
	COMMIT_ASKED,   /* by a close or fsync of its opener, which answered */
	COMMIT_FAILED,  /* by one that failed: perhaps some of it was done */
	COMMIT_MAYBE,   /* perhaps */
	COMMIT_RELEASE, /* by the last close, later */
};
/* `whole`: what the text leaves out is revoked, unless another handle owes its close. */
void grants_commit(struct judge *j, struct inode *i, struct description *d, bool whole,
		   enum commit how);
/* How much of the text counts when this handle is committed: not the last line, while another writer
 * is in the middle of it (it may be half a word yet). Of one that has been committed itself, or
 * refused, since, it is not agreed on: `heard` leaves it out, too. */
size_t grants_counting(const struct judge *j, const struct inode *i, const struct description *d,
		       bool heard);
/* May a text of this size be what is granted? */
bool grants_fit_size(const struct judge *j, int64_t size);
bool grants_allow(const struct bounds *b, scopes set);
/* Is there another handle whose close decides what is revoked? */
bool grants_others_owe(const struct judge *j, const struct inode *i, const struct description *d);
/* Nobody writes it any more: it says what is granted, as pscalefs writes that. */
void grants_normalize(struct judge *j);

/* texts.c: calls that change the text */
bool judge_write(struct judge *j, const struct call *c, const struct result *mount);
bool judge_ftruncate(struct judge *j, const struct call *c, const struct result *mount);
bool judge_truncate(struct judge *j, const struct call *c, const struct result *mount);

/* Truncated to nothing, by this handle or (NULL) by none. */
void begin_anew(struct judge *j, struct inode *i, struct description *d);

/* names.c: calls that name the file */
bool judge_open(struct judge *j, const struct call *c, const struct result *mount);
bool judge_rename(struct judge *j, const struct call *c, const struct result *mount);
bool judge_unlink(struct judge *j, const struct call *c, const struct result *mount);
bool judge_stat(struct judge *j, const struct call *c, const struct result *mount);
/* `permissions`, before the first handle writes to it. */
bool begin_text(struct judge *j);
enum presence {
	PRESENT, /* or as absent as in the regular file */
	HIDDEN,  /* from this process, which has moved it aside */
	WRONG,   /* a failure */
};
enum presence judge_presence(struct judge *j, const struct call *c, const struct result *mount);

#define FOR_DESCRIPTIONS(j, d, i)                                                                  \
	for (struct description *d = (j)->regular.description;                                     \
	     d < (j)->regular.description + DESCRIPTIONS; d++)                                     \
		if (d->used && &(j)->regular.inode[d->inode] == (i))

static inline bool same_result(const struct result *a, const struct result *b)
{
	return a->ret == b->ret && a->err == b->err;
}

#endif
