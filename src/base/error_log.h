/*
 * journal: the last failures in words, for .pscalefs/errors.
 *
 * Bounded in number and in length; every text in it has been made printable and holds no secret,
 * for it is made of `struct error` and names.
 */
#ifndef PSCALEFS_ERROR_LOG_H
#define PSCALEFS_ERROR_LOG_H

#include <sys/types.h>

#include "base/error.h"

#define JOURNAL_ENTRIES 100

struct journal {
	char *entry[JOURNAL_ENTRIES]; /* owned; a ring */
	size_t count;                 /* ever added */
	int64_t changed_ns;           /* wall clock of the last; 0: none */
};

/* Who failed at what. */
struct journal_who {
	pid_t pid;           /* 0: nobody is listening any more */
	const char *command; /* may be empty */
	const char *operation;
	const char *path; /* below the mount point, "/acme/…" */
};

void journal_finish(struct journal *j);
/* One line: time, who, operation, path, errno, sentence, HTTP status, API code, request id, next
 * step. Borrowed until the ring turns. */
const char *journal_add(struct journal *j, int64_t wall_s, const struct journal_who *who,
			const struct error *e);
/* Oldest first, one a line. */
void journal_print(const struct journal *j, struct buf *out);

#endif
