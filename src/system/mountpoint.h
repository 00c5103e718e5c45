/* SPDX-License-Identifier: MIT */
/*
 * mountpoint: what is mounted at a path; detaches the mount that a dead pscalefs has left.
 *
 * Reads /proc/self/mountinfo before it accesses the path, so that a mount that does not answer
 * cannot block it. Detaches only a dead pscalefs, never another file system and never a live
 * pscalefs.
 */
#ifndef PSCALEFS_MOUNTPOINT_H
#define PSCALEFS_MOUNTPOINT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

#define MOUNTPOINT_TYPE "fuse.pscalefs"

/*
 * The file system type of the topmost mount exactly at `path`, according to the text of a
 * mountinfo file (proc_pid_mountinfo(5)), owned by the caller; NULL if nothing is mounted there.
 * Pure.
 */
char *mountpoint_type(const char *mountinfo, const char *path);

/* Does that text list a pscalefs with this device number (stat(2))? Pure. */
bool mountpoint_device_ours(const char *mountinfo, unsigned major, unsigned minor);
/* Append the mountinfo text of this process to `out`. 0, or -errno with a sentence. */
int mountpoint_read(struct buf *out, struct error *e);

/*
 * A descriptor of the mountinfo file, or -errno. By it mountpoint_listed() tells in a sandbox, where
 * paths are out of reach, whether a pscalefs with this device is mounted anywhere: also if it is dead,
 * and also true if the file cannot be read.
 */
int mountpoint_list(void);
bool mountpoint_listed(int list, dev_t device);

/*
 * 0 if `path` is a directory that answers, -ENOTCONN if it is or is below a dead FUSE mount,
 * -ENOTDIR, -ENOENT … otherwise. Asks the file system itself: stat(2) could be answered from the
 * kernel's cached attributes although the mount has just died.
 */
int mountpoint_look(const char *path);
/* Which file system is seen at `path`; 0: none. Asks no file system, and makes no automount point mount
 * anything. */
dev_t mountpoint_device(const char *path);

/*
 * Make an absolute, resolved `path` ready to be mounted on: 0 if it is ready now, else -errno with
 * a sentence. -EBUSY: a live pscalefs is mounted there. May run fusermount3 and wait for it, so it
 * must be called before there are connections.
 */
int mountpoint_detach_dead(const char *path, struct error *e);
/*
 * Detach lazily whatever is mounted there: by umount2(2) where it is allowed, else by fusermount3,
 * for whose end it waits. 0, or -errno with a sentence.
 */
int mountpoint_detach(const char *path, struct error *e);

#endif
