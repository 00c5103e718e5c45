/* SPDX-License-Identifier: MIT */
/*
 * open_file_fixture: one open file of the file system without a kernel, written and closed.
 */
#ifndef PSCALEFS_TEST_OPEN_FILE_FIXTURE_H
#define PSCALEFS_TEST_OPEN_FILE_FIXTURE_H

#include "fs_world.h"

static uint64_t node, file;
static int file_flags; /* of open; the kernel repeats them with each write */

static inline void put(struct reply *r, uint64_t offset, const char *text)
{
	ASK(r, .kind = OP_WRITE, .node = node, .file = file, .data = text, .offset = offset,
	    .flags = file_flags);
	world_turn(&w);
}

static inline void flush(struct reply *r, pid_t pid)
{
	ASK(r, .kind = OP_FLUSH, .node = node, .file = file, .pid = pid);
	world_turn(&w);
}

#endif
