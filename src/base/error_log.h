/* SPDX-License-Identifier: MIT */
/*
 * error_log: the last failures in words, for .pscalefs/errors.
 *
 * Bounded in number and in length; every text in it has been made printable and holds no secret,
 * for it is made of `struct error` and names.
 */
#ifndef PSCALEFS_ERROR_LOG_H
#define PSCALEFS_ERROR_LOG_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

#define ERROR_LOG_ENTRIES 100

struct error_log {
	char *entry[ERROR_LOG_ENTRIES]; /* owned; a ring */
	size_t count;                   /* ever added */
	int64_t changed_ns;             /* wall clock of the last; 0: none */
};

/* Who failed at what. */
struct error_log_caller {
	pid_t pid;           /* 0: nobody is listening any more */
	const char *command; /* may be empty */
	const char *operation;
	const char *path; /* below the mount point, "/acme/…" */
};

void error_log_finish(struct error_log *j);
/* One line: time, who, operation, path, errno, sentence, HTTP status, API code, request id, next
 * step. Borrowed until the ring turns. */
const char *error_log_add(struct error_log *j, int64_t wall_s, const struct error_log_caller *who,
			  const struct error *e);
/* Oldest first, one a line. */
void error_log_print(const struct error_log *j, struct buf *out);

#endif
