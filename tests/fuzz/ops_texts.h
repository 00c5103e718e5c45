/*
 * ops_texts: what was written through each open file, kept a second time, by the rules that
 * draft.h and pscalefs(5) tell: what a change of PlanetScale's is held against.
 */
#ifndef PSCALEFS_FUZZ_OPS_TEXTS_H
#define PSCALEFS_FUZZ_OPS_TEXTS_H

#include <sys/types.h>

#include "draft.h"
#include "list.h"
#include "node.h"

/* The scopes that stand in a text, each in all the ways it does. */
struct words {
	struct scopes plus; /* plainly or with "+" */
	struct scopes minus;
	bool sign;
};
void words_read(struct words *w, const char *text, size_t len);
void words_finish(struct words *w);

struct text {
	struct list link;
	uint64_t file; /* 0: released */
	bool creates;  /* create-token, else `permissions` */
	char *organization_id, *token_id, *database_id; /* owned */
	pid_t opener, writer;                           /* thread groups; who wrote last */
	enum draft_mode mode;
	struct buf text;
	size_t counted;   /* what of it a close or fsync counted, with an unterminated last line */
	uint64_t written; /* requests sent before the last modification */
	bool touched;     /* written or truncated, once opened */
	/* Since the last commit: surely written or truncated; perhaps so. */
	bool modified, perhaps_modified;
	bool closed;  /* flushed since it was modified */
	bool dropped; /* its writer was killed */
	bool refused; /* a write or ftruncate(2) was */
	struct scopes confirmed;
};

void texts_begin(void);
void texts_end(void);
struct text *text_new(uint64_t file, const struct place *p);
struct text *text_of(uint64_t file); /* NULL: none */
/* False: too long. *must: a complete line with a scope in it was begun and ended. */
bool text_write(struct text *t, uint64_t offset, const char *data, size_t size, bool *must);
void text_truncate(struct text *t, uint64_t size);
/* A write was refused: the last bytes do not count. */
void text_refuse(struct text *t, size_t size);

#endif
