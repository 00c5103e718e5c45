/* SPDX-License-Identifier: MIT */
/*
 * scratch: the temporary files that editors and tools create beside `permissions`.
 *
 * They are kept in memory only, are limited in number and size, are never sent, and are lost at
 * unmount. scratch_names decides which names are allowed; fs handles a rename onto `permissions`.
 */
#ifndef PSCALEFS_SCRATCH_H
#define PSCALEFS_SCRATCH_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"
#include "tree/node.h"

#define SCRATCH_MAX_FILES 64
#define SCRATCH_MAX_BYTES (1024 * 1024)

struct scratch {
	struct list link;
	struct target directory; /* owned; of the token that it is in, or of one of its databases */
	char *name;              /* owned */
	struct buf text;
	char *target; /* owned; of a symbolic link, else NULL */
	mode_t mode;  /* with the file type */
	int64_t mtime_ns;
	unsigned refs; /* the table, while it has a name; open files */
	/* If this is the backup of a `permissions` that was renamed: the node of `permissions`,
	 * which the kernel has under this name until its next lookup. 0: it is none. */
	uint64_t misnamed;
};

struct scratches {
	struct list files; /* those that have a name */
	unsigned n;
};

void scratches_init(struct scratches *s);
void scratches_finish(struct scratches *s);
struct scratch *scratch_find(const struct scratches *s, const struct inode_key *p); /* NULL: none */
/* The backup whose name the kernel has for this node of `permissions`; NULL: none. */
struct scratch *scratch_of_misnamed(const struct scratches *s, uint64_t node);
/* -ENOSPC with a sentence if there are too many. `target` NULL: a regular file. */
int scratch_add(struct scratches *s, const struct inode_key *p, mode_t mode, const char *target,
		int64_t now_ns, struct scratch **out, struct error *e);
int scratch_write(struct scratch *f, uint64_t offset, const char *data, size_t size, int64_t now_ns,
		  struct error *e); /* -EFBIG */
int scratch_truncate(struct scratch *f, uint64_t size, int64_t now_ns, struct error *e);
/* Give it another name in its directory; unlinks the file that has this name. */
void scratch_rename(struct scratches *s, struct scratch *f, const char *name);
void scratch_unlink(struct scratches *s, struct scratch *f);
/* Unlink all files of a token, or only those of one of its databases (database_id not NULL). */
void scratch_unlink_all(struct scratches *s, const char *token_id, const char *database_id);
void scratch_hold(struct scratch *f);
void scratch_release(struct scratch *f);

#endif
