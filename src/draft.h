/*
 * draft: the private text of one open `permissions` file, and when which part of it counts.
 *
 * Tools write a file in pieces. What only adds (grants, and edits that say "-") is judged as soon
 * as its line is complete, because a shell checks write(2) and nothing later; what takes away by
 * leaving out waits until the text is whole. Pure: sends nothing, knows no token.
 *
 *   DRAFT_REPLACE    O_TRUNC, created, or truncated to 0: the text will be the whole content
 *   DRAFT_APPEND     O_APPEND: only what is added counts
 *   DRAFT_OVERWRITE  anything else (r+, dd conv=notrunc, writes out of order): judged only when
 * whole
 */
#ifndef PSCALEFS_DRAFT_H
#define PSCALEFS_DRAFT_H

#include "grammar.h"

#define DRAFT_MAX_BYTES (1024 * 1024)

enum draft_mode {
	DRAFT_REPLACE,
	DRAFT_APPEND,
	DRAFT_OVERWRITE
};

struct draft {
	enum draft_mode mode;
	struct buf text;
	size_t judged;           /* bytes whose lines were judged (REPLACE, APPEND) */
	bool modified;           /* written or truncated since the last commit */
	bool closed;             /* and the opener closed it since: release may commit */
	bool dropped;            /* its writer was killed: nothing of it counts any more */
	uint64_t written;        /* stamp of the last modification */
	struct scopes confirmed; /* granted through this draft, by an answer */
	unsigned revocations;    /* of the file (struct permissions), at that time */
	struct error failed; /* err != 0: a write was refused, so the text is not what was meant:
				never revoke by it */
};

/* `committed`: the text that is granted now; what a draft that is not truncated begins with. */
void draft_init(struct draft *d, enum draft_mode mode, const struct buf *committed);
void draft_finish(struct draft *d);

/*
 * Take a write in. 0, or -EFBIG and nothing changed. DRAFT_APPEND ignores `offset`; a REPLACE draft
 * that is not written front to back becomes OVERWRITE.
 */
int draft_write(struct draft *d, uint64_t offset, const char *data, size_t size, uint64_t stamp,
		struct error *e);
int draft_truncate(struct draft *d, uint64_t size, uint64_t stamp, struct error *e);

/* What the complete lines not judged yet ask for. 0 (maybe nothing), or -EINVAL. */
int draft_lines(const struct draft *d, struct edit *out, struct error *e);
/* They were judged: confirmed by PlanetScale, when the file had so many `revocations`. */
void draft_accept(struct draft *d, const struct edit *edit, unsigned revocations);
/* The same of scopes that were granted otherwise. */
void draft_confirm(struct draft *d, const struct scopes *granted, unsigned revocations);
/* They were refused: the last `size` bytes written leave the text, and the draft is marked. */
void draft_refuse(struct draft *d, size_t size, const struct error *e);

/*
 * What the whole draft asks for at close or fsync: the unterminated last line too, and for a text
 * without signs that stands for the whole content, *exact. 0 or -EINVAL.
 */
int draft_whole(const struct draft *d, struct edit *out, bool *exact, struct error *e);
/* It was committed. */
void draft_committed(struct draft *d);

#endif
