/* SPDX-License-Identifier: MIT */
/*
 * outside: opening a file that must not be in a mounted pscalefs.
 *
 * A daemon that opens a file of its own mount waits for itself for ever; so the name is followed
 * step by step, and each directory, link and mount is compared with what is mounted before
 * anything in it is looked up. Nothing is ever asked of a pscalefs, not even its attributes. Other
 * file systems are asked as open(2) would; what such a one passes on to a pscalefs is not seen.
 */
#ifndef PSCALEFS_OUTSIDE_H
#define PSCALEFS_OUTSIDE_H

/*
 * As open(2) with `flags`, which must not make a file: a descriptor, or -errno; -EDEADLK if `path`
 * leads into a mounted pscalefs, this one or another.
 */
int outside_open(const char *path, int flags);

#endif
