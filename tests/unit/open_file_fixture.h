/* SPDX-License-Identifier: MIT */
/*
 * open_file_fixture: one open file of the file system without a kernel, written and closed.
 */
#ifndef PSCALEFS_TEST_OPEN_FILE_FIXTURE_H
#define PSCALEFS_TEST_OPEN_FILE_FIXTURE_H

#include "fs_world.h"

static uint64_t node, file;
static int file_flags; /* of open; the kernel repeats them with each write */

/* The file system with this file open. */
static inline void start_with(const char *path, int flags)
{
	fs_start();
	file_flags = flags;
	node = walk(path);
	file = open_at(path, flags);
}

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
