/* SPDX-License-Identifier: MIT */
/*
 * regular: a regular file under system calls, and the few names beside it, in memory.
 *
 * Implements what POSIX says of inodes, open file descriptions, descriptors and processes, and
 * knows nothing of pscalefs. It is compared with tmpfs.c: if they differ, this module is wrong.
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
	char text[TEXT_MAX]; /* zeros from size on; a larger size means zeros after it */
	/* for judge.c */
	bool permissions; /* it is `permissions` */
	bool was;         /* it was `permissions`, and was removed, or replaced by a rename */
	bool overwritten; /* changed in place since it was committed: it is judged as a whole */
	bool bad;         /* it is spoiled: a word was refused, or a writer killed */
	bool cancelled;   /* it is spoiled because a writer was killed */
	uint8_t writer;   /* the process that wrote last since it was truncated; PROCESSES: none */
	bool unsure; /* it was spoiled, so the text may differ from what is granted at the end */
	bool due;    /* the work of a closed handle waits for others that owe their close */
};

struct description {
	bool used;
	int refs;
	int inode;
	int flags;
	int64_t position;
	/* for judge.c */
	uint8_t opener;
	bool moved;     /* it was open when the file was renamed to a backup */
	bool adrift;    /* it appended: the kernel computes its position from an old size */
	bool owes;      /* it truncated or overwrote: its close revokes what the text leaves out */
	bool replaces;  /* it once truncated the text to 0: its lines are judged when complete */
	bool perhaps;   /* it owes, but what it owes may be done already */
	bool failed;    /* its text as a whole was refused once */
	bool acted;     /* it wrote or truncated after it was opened */
	bool follows;   /* a handle wrote after this one truncated */
	bool tail;      /* it wrote the last line, which has no newline … */
	bool half;      /* … and is not judged yet */
	bool cut;       /* the last line became unfinished because this handle truncated the text */
	bool unheard;   /* it wrote or truncated after its last close or fsync */
	bool closed;    /* a process that was not killed has closed it since then */
	int refused;    /* the error of a refused write, or of its refused text; 0: none */
	uint8_t writer; /* the process that wrote last */
};

struct regular {
	struct inode inode[INODES];
	struct description description[DESCRIPTIONS];
	int name[NAMES];            /* index of the inode, or NOTHING */
	int slot[PROCESSES][SLOTS]; /* index of the description, or NOTHING */
	bool alive[PROCESSES];
};

void regular_init(struct regular *r);
/* Can the call be made: does the process live, and is its slot open (or free, for a call that opens
 * one)? */
bool regular_possible(const struct regular *r, const struct call *c);
void regular_call(struct regular *r, const struct call *c, struct result *out);
/* Not a call: set the content of the file of this name; creates it if necessary. */
void regular_put(struct regular *r, enum name name, const char *text, size_t len);

struct description *regular_description(struct regular *r, const struct call *c);
struct inode *regular_inode(struct regular *r, const struct call *c); /* of its slot */
struct inode *regular_named(struct regular *r, enum name name);       /* NULL: no such file */
/* How many descriptions of an inode are open for writing, or have truncated it. */
unsigned regular_writers(const struct regular *r, int inode);

#endif
