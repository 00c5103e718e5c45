/* SPDX-License-Identifier: MIT */
/*
 * namespace: a mount namespace of this process's own, in which it may mount FUSE by itself.
 *
 * What is mounted there nobody else sees, and the kernel removes it with the last process in it.
 * Mounts that others make outside still appear inside. Root enters a mount namespace; other users
 * need a user namespace, too, in which user and group keep their numbers. There, programs with a
 * set-user-ID bit of another user do not work, and files of other users show the owner "nobody".
 *
 * Knows nothing of the program's own mount.
 */
#ifndef PSCALEFS_NAMESPACE_H
#define PSCALEFS_NAMESPACE_H

#include "base/error.h"

enum namespace_kind {
	NAMESPACE_NONE,  /* stay where we are */
	NAMESPACE_MOUNT, /* a mount namespace, for root */
	NAMESPACE_USER   /* a mount namespace in a user namespace */
};

/*
 * The first kind above NONE in which FUSE can be mounted at `directory`; NONE if there is none. A
 * child process tries it and ends, because a namespace cannot be left. Call it while this process
 * is "dumpable" (prctl(2)): only then may it write to its uid_map.
 */
enum namespace_kind namespace_find(const char *directory);
/* Enter a namespace of this kind. 0, or -errno with a sentence. */
int namespace_enter(enum namespace_kind kind, struct error *e);

#endif
