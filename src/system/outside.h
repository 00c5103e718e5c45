/* SPDX-License-Identifier: MIT */
/*
 * outside: opens a file, but refuses one that is in a mounted pscalefs.
 *
 * A daemon that opens a file in its own mount waits for itself forever. So the path is followed
 * name by name, and each directory, link and mount is compared with the list of mounts before
 * anything in it is looked up. A pscalefs is never asked anything, not even attributes. Other file
 * systems are accessed as open(2) would; if one of them forwards an access to a pscalefs, that is
 * not noticed.
 */
#ifndef PSCALEFS_OUTSIDE_H
#define PSCALEFS_OUTSIDE_H

/*
 * Like open(2) with `flags`, which must not create a file: a descriptor, or -errno; -EDEADLK if
 * `path` leads into any mounted pscalefs.
 */
int outside_open(const char *path, int flags);

#endif
