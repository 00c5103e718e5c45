/* SPDX-License-Identifier: MIT */
/*
 * ops_changes: changes of PlanetScale's under way, each with what it may do and why. What reaches
 * PlanetScale is held against them here; ops_expect makes them where fs hands one to store.
 */
#ifndef PSCALEFS_FUZZ_OPS_CHANGES_H
#define PSCALEFS_FUZZ_OPS_CHANGES_H

#include <stdint.h>
#include <stdbool.h>

#include "ops_rules.h"
#include "ops_texts.h"

enum change_kind {
	CHANGE_ACCESS,
	CHANGE_CREATE,
	CHANGE_DELETE
};

struct change {
	struct list link;
	enum change_kind kind;
	struct store_job *job; /* borrowed */
	store_done *done;
	void *ctx;
	struct asked *asked;    /* borrowed; NULL: a release */
	struct text *text;      /* borrowed; NULL: not from an open file */
	uint64_t since;         /* requests sent before what is to be confirmed */
	struct target target;   /* owned */
	char *body;             /* owned; create */
	struct http_call *call; /* under way; NULL: none */
	unsigned sent;
	bool well;       /* create, delete: answered so that it may be done */
	bool documented; /* and as it is documented for that */
	uint64_t answered_at;
	/* access */
	struct words words;
	struct scopes outgrown; /* what an unterminated line granted that is another word now */
	bool replaces;          /* what does not stand in the words may go */
	struct scopes grant;
	bool only_grants;
	struct scopes posted, deleted;
	uint64_t deleted_at; /* requests sent before the last DELETE was answered; 0: none was */
};

void changes_begin(struct fs *fs, struct http *h);
void changes_end(void);
bool changes_none(void);
/* A place in the order of changes; one op asks for one. */
struct change *change_new(enum change_kind kind, const struct target *target, store_done *done,
			  void *ctx);
/* In place of the `done` it was made with, which it calls. */
store_done change_done;
/* It ends without being told. */
void change_gone(const struct store_job *job);

void changes_answered(struct http_call *c, const struct http_result *r);

/* --- ops_expect.c ----------------------------------------------------------------------------- */

void expect_begin(struct fs *fs, struct http *h);
/* It tried to remove something, in vain; it read a directory: see removal_guard.h. */
void expect_no_removal(pid_t pid);
void expect_read(pid_t pid, const struct inode_key *directory);

#endif
