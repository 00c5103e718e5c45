/* SPDX-License-Identifier: MIT */
/*
 * error_log: the most recent failures as text, for .pscalefs/errors.
 *
 * Bounded in number and in length. Every text in it is printable and holds no secret, because it
 * is made from `struct error` and names.
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
	size_t count;                   /* of all entries ever added */
	int64_t changed_ns;             /* wall clock of the last; 0: none */
};

/* The caller and the operation that failed. */
struct error_log_caller {
	pid_t pid;           /* 0: no caller waits for the result any more */
	const char *command; /* may be empty */
	const char *operation;
	const char *path; /* below the mount point, "/acme/…" */
};

void error_log_finish(struct error_log *j);
/* One line: time, caller, operation, path, errno, sentence, HTTP status, API code, request id,
 * hint. Borrowed until the ring overwrites it. */
const char *error_log_add(struct error_log *j, int64_t wall_s,
			  const struct error_log_caller *caller, const struct error *e);
/* Oldest first, one a line. */
void error_log_print(const struct error_log *j, struct buf *out);

#endif
