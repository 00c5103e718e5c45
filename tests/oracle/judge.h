/* SPDX-License-Identifier: MIT */
/*
 * judge: checks the result of each call, and what is granted afterwards.
 *
 * Each call is made on the mount first. Here the same call is made on a regular file, and the two
 * results are compared. Some differences are intended (enum difference; differ.c explains them).
 * Then the regular file is changed to match: for example, what pscalefs refused is not done there
 * either. Two sets are kept beside the text: what must be granted, and what may be.
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

/* A regular file on a tmpfs, which must behave like regular.c. Optional. */
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
	bool pending; /* a release commits: exactly `goal` is granted when it ends */
	scopes goal;
	/* The process that removed `permissions`, or renamed it to a backup: it does not find
	 * it. */
	uint8_t remover;
	bool hidden; /* the remover does not find it although the regular file exists, because … */
	bool aside;  /* … it was renamed to a backup */
	bool looked; /* another process has looked since */
	bool asked;  /* granted() was called … */
	bool looks;  /* … and for that another process looks */
	bool again;  /* a commit may have created it again */
	bool lost;   /* the state is unknown: the rest of the sequence is not judged */
	bool vain;   /* what the remover wrote since was refused */
	bool kept;   /* there may be an error that the next fsync reports, once */
	const struct mirror *mirror; /* borrowed; NULL: none */
	/* Returns what is granted now; called when no change is under way. */
	scopes (*granted)(void *ctx);
	void *ctx;
	uint64_t used[DIFFERENCES];
	char why[400]; /* the reason of a failure */
};

void judge_begin(struct judge *j, enum mode mode, scopes start);
/* False: the result is wrong, and j->why has the reason. *during: what may be granted during it. */
bool judge_call(struct judge *j, const struct call *c, const struct result *mount,
		struct bounds *during);
/* To be called when everything is closed and no commit is under way. */
bool judge_end(struct judge *j, scopes granted);

/* --- between judge.c, grants.c and differ.c --------------------------------------------------- */

bool judge_fail(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool judge_fail_sets(struct judge *j, scopes granted);
/* Make the call on the regular file. */
bool reference(struct judge *j, const struct call *c, struct result *out);
void reference_put(struct judge *j, enum name name, const char *text, size_t len);

/* grants.c: what may be granted */
bool grants_settle(struct judge *j); /* wait for commits: then it is known what is granted */
void grants_exactly(struct judge *j, scopes set);
void grants_added(struct judge *j, scopes plus, scopes minus);
/* How a description was committed. */
enum commit {
	COMMIT_ASKED,   /* by a close or fsync of its opener, which succeeded */
	COMMIT_FAILED,  /* by one that failed: a part of it may be done */
	COMMIT_MAYBE,   /* perhaps not at all */
	COMMIT_RELEASE, /* after the last close */
};
/* `whole`: revokes what the text leaves out, unless another handle owes its close. */
void grants_commit(struct judge *j, struct inode *i, struct description *d, bool whole,
		   enum commit how);
/* How many bytes of the text count when this handle is committed. An unfinished last line of
 * another writer does not count, because it may be half a word. If that writer has since been
 * committed or refused, pscalefs may count it or not: with `heard` it does not count in this case
 * either. */
size_t grants_counting(const struct judge *j, const struct inode *i, const struct description *d,
		       bool heard);
/* Can the text of what is granted have this size? */
bool grants_fit_size(const struct judge *j, int64_t size);
bool grants_allow(const struct bounds *b, scopes set);
/* Is there another handle whose close decides what is revoked? */
bool grants_others_owe(const struct judge *j, const struct inode *i, const struct description *d);
/* No writer is left: the file now shows what is granted, in the form that pscalefs prints. */
void grants_normalize(struct judge *j);

/* texts.c: calls that change a text */
bool judge_write(struct judge *j, const struct call *c, const struct result *mount);
bool judge_ftruncate(struct judge *j, const struct call *c, const struct result *mount);
bool judge_truncate(struct judge *j, const struct call *c, const struct result *mount);

/* The text was truncated to 0, by this handle or (NULL) by none. */
void begin_anew(struct judge *j, struct inode *i, struct description *d);

/* names.c: calls that name the file */
bool judge_open(struct judge *j, const struct call *c, const struct result *mount);
bool judge_rename(struct judge *j, const struct call *c, const struct result *mount);
bool judge_unlink(struct judge *j, const struct call *c, const struct result *mount);
bool judge_stat(struct judge *j, const struct call *c, const struct result *mount);
/* Prepare `permissions` for the first handle that writes to it. */
bool begin_text(struct judge *j);
enum presence {
	PRESENT, /* or absent, as the regular file */
	HIDDEN,  /* from this process, which has renamed it to a backup */
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
