/* SPDX-License-Identifier: MIT */
/*
 * ops_changes: the changes at PlanetScale that are under way, each with what it may do, and why.
 * The requests that reach PlanetScale are compared with them here. ops_expect creates one when fs
 * calls store.
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
	uint64_t since;         /* number of requests sent before the text was written */
	struct target target;   /* owned */
	char *body;             /* owned; create */
	struct http_call *call; /* under way; NULL: none */
	unsigned sent;
	bool well;       /* create, delete: the answer says that it may be done … */
	bool documented; /* … with a status that is documented for that */
	uint64_t answered_at;
	/* access */
	struct words words;
	struct scopes outgrown; /* granted by an unfinished line that is another word now */
	bool replaces;          /* scopes that are not in the words may be revoked */
	struct scopes grant;
	bool only_grants;
	struct scopes posted, deleted;
	uint64_t deleted_at; /* requests sent before the last DELETE was answered; 0: none */
};

void changes_begin(struct fs *fs, struct http *h);
void changes_end(void);
bool changes_none(void);
/* Add a change at the end of the list. An op has at most one. */
struct change *change_new(enum change_kind kind, const struct target *target, store_done *done,
			  void *ctx);
/* Replaces the `done` of change_new(), and calls it. */
store_done change_done;
/* The job was cancelled: its `done` is not called. */
void change_gone(const struct store_job *job);

void changes_answered(struct http_call *c, const struct http_result *r);

/* --- ops_expect.c ----------------------------------------------------------------------------- */

void expect_begin(struct fs *fs, struct http *h);
/* The process had a removal refused; or has read a directory: see removal_guard.h. */
void expect_no_removal(pid_t pid);
void expect_read(pid_t pid, const struct inode_key *directory);

#endif
