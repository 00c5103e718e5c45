/* SPDX-License-Identifier: MIT */
/*
 * scratch: the temporary files that editors and tools put beside `permissions`.
 *
 * In memory only, bounded, never sent, gone at unmount. Which names may be such files, scratch_names
 * says; what happens when one is renamed onto `permissions`, fs does.
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
	struct target directory; /* owned; it is in: a token's, or one of its databases' */
	char *name;              /* owned */
	struct buf text;
	char *target; /* owned; of a symbolic link, else NULL */
	mode_t mode;  /* with type */
	int64_t mtime_ns;
	unsigned refs; /* the table, while it has a name; open files */
	/* A copy of permissions, which was renamed: the number of the node that the kernel has under
	 * this name until it looks it up anew; 0: none. */
	uint64_t misnamed;
};

struct scratches {
	struct list files; /* those that have a name */
	unsigned n;
};

void scratches_init(struct scratches *s);
void scratches_finish(struct scratches *s);
struct scratch *scratch_find(const struct scratches *s, const struct inode_key *p); /* NULL: none */
/* The copy that the kernel calls by this node's number; NULL: none. */
struct scratch *scratch_of_misnamed(const struct scratches *s, uint64_t node);
/* -ENOSPC with a sentence when there are too many. `target` NULL: a regular file. */
int scratch_add(struct scratches *s, const struct inode_key *p, mode_t mode, const char *target,
		int64_t now_ns, struct scratch **out, struct error *e);
int scratch_write(struct scratch *f, uint64_t offset, const char *data, size_t size, int64_t now_ns,
		  struct error *e); /* -EFBIG */
int scratch_truncate(struct scratch *f, uint64_t size, int64_t now_ns, struct error *e);
/* Give it another name in its directory, taking the place of one that has it. */
void scratch_rename(struct scratches *s, struct scratch *f, const char *name);
void scratch_unlink(struct scratches *s, struct scratch *f);
/* All of a token's, or of one of its databases (database_id not NULL): their directory goes. */
void scratch_unlink_all(struct scratches *s, const char *token_id, const char *database_id);
void scratch_hold(struct scratch *f);
void scratch_release(struct scratch *f);

#endif
