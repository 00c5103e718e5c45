/* SPDX-License-Identifier: MIT */
/*
 * regular: a regular file under system calls, and the few names beside it, in memory.
 *
 * What POSIX says of inodes, open file descriptions, descriptors and processes, and nothing of
 * pscalefs. tmpfs.c is held against it: if they disagree, this is wrong.
 */
#ifndef ORACLE_REGULAR_H
#define ORACLE_REGULAR_H

#include "oracle.h"

enum {
	INODES = 24,
	DESCRIPTIONS = PROCESSES * SLOTS,
	NOTHING = -1,
};

struct inode {
	bool used;
	int links, opens;
	size_t size;
	char text[TEXT_MAX]; /* zero from size on; a larger size means zeros behind it */
	/* judge.c's own */
	bool permissions; /* it is the file that grants */
	bool was;         /* and no longer: removed, or replaced by a rename */
	bool overwritten; /* changed in place since it was committed: it counts as a whole */
	bool bad;         /* it is not what was meant: a word was refused, or a writer killed … */
	bool cancelled;   /* … the latter */
	uint8_t writer;   /* the process that wrote last since it was truncated; PROCESSES: none */
	bool unsure;      /* what it says at the end is not what is granted, for such a reason */
	bool due;         /* a closed handle waits for others that owe their close */
};

struct description {
	bool used;
	int refs;
	int inode;
	int flags;
	int64_t position;
	/* judge.c's own */
	uint8_t opener;
	bool moved;     /* it was open when the file was moved aside */
	bool adrift;    /* appended: where it stands, the kernel guesses from a size it last saw */
	bool owes;      /* truncated or overwrote; what the text leaves out waits for its close */
	bool replaces;  /* truncated it to nothing, once: its lines count as they come */
	bool perhaps;   /* and that was perhaps done already */
	bool failed;    /* its text as a whole was refused once */
	bool acted;     /* wrote or truncated, and not as it was opened */
	bool follows;   /* somebody wrote since it truncated */
	bool tail;      /* wrote the unterminated last line */
	bool half;      /* and nothing has counted it yet */
	bool cut;       /* or left it when it cut the text */
	bool unheard;   /* wrote or truncated since its last close or fsync */
	bool closed;    /* by a process that was not killed, since then */
	int refused;    /* one of its writes was, or its text as a whole: the error */
	uint8_t writer; /* the process that wrote last */
};

struct regular {
	struct inode inode[INODES];
	struct description description[DESCRIPTIONS];
	int name[NAMES];            /* inodes */
	int slot[PROCESSES][SLOTS]; /* descriptions */
	bool alive[PROCESSES];
};

void regular_init(struct regular *r);
/* Can it be made at all: the process lives, its slot is open (or free, for what opens one)? */
bool regular_possible(const struct regular *r, const struct call *c);
void regular_call(struct regular *r, const struct call *c, struct result *out);
/* Not a call: the file of this name says so, and is made if there is none. */
void regular_put(struct regular *r, enum name name, const char *text, size_t len);

struct description *regular_description(struct regular *r, const struct call *c);
struct inode *regular_inode(struct regular *r, const struct call *c); /* of its slot */
struct inode *regular_named(struct regular *r, enum name name);       /* NULL: no such file */
/* How many descriptions of an inode are open for writing, or have truncated it. */
unsigned regular_writers(const struct regular *r, int inode);

#endif
