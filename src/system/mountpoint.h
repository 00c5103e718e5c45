/* SPDX-License-Identifier: MIT */
/*
 * mountpoint: what is mounted at a path, and clearing away what a pscalefs that died has left.
 *
 * Asks /proc/self/mountinfo before it touches the path, so a mount that does not answer cannot hang
 * it. Detaches a dead pscalefs only, never anyone else's mount and never a live one.
 */
#ifndef PSCALEFS_MOUNTPOINT_H
#define PSCALEFS_MOUNTPOINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define MOUNTPOINT_TYPE "fuse.pscalefs"

/*
 * The file system type of the topmost mount at `path` according to the text of a mountinfo file
 * (proc_pid_mountinfo(5)), owned by the caller; NULL if nothing is mounted right there. Pure.
 */
char *mountpoint_type(const char *mountinfo, const char *path);

/* Is a pscalefs mounted, according to that text, whose device (stat(2)) is this one? Pure. */
bool mountpoint_device_ours(const char *mountinfo, unsigned major, unsigned minor);
/* That text, of this process, appended to `out`. 0, or -errno with a sentence. */
int mountpoint_read(struct buf *out, struct error *e);

/*
 * 0 if `path` is a directory that answers, -ENOTCONN if it is a dead FUSE mount or below one,
 * -ENOTDIR, -ENOENT … otherwise. Asks the file system itself: the kernel would answer stat(2) for a
 * mount that has just died from the attributes it remembers.
 */
int mountpoint_look(const char *path);

/*
 * Make an absolute, resolved `path` ready to be mounted on: 0 if it already was or is now, else
 * -errno with a sentence. -EBUSY: a live pscalefs is mounted there. May run fusermount3 and wait
 * for it: to be called before there are connections.
 */
int mountpoint_detach_dead(const char *path, struct error *e);
/*
 * Detach whatever is mounted there, lazily: as root by umount2(2), else by fusermount3, which is
 * waited for. 0, or -errno with a sentence.
 */
int mountpoint_detach(const char *path, struct error *e);

#endif
