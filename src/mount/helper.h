/* SPDX-License-Identifier: MIT */
/*
 * helper: what the sandbox forbids the daemon, done by a small process beside it.
 *
 * The helper is this program, executed anew before anything is mounted; main() hands over to it at
 * once. So it has no secret, no connection and no file but one end of a socket pair, and ends when
 * the other end is closed. It does five things, and nothing else whatever it is asked:
 *
 *   - what /proc tells of a process: the kernel shows a process inside landlock neither the program
 *     nor the exit code of one outside;
 *   - opening the file that the credential came from, named when the helper was started, wherever
 *     that name leads by then;
 *   - starting and ending the reader of the keyring;
 *   - unmounting the mount point, named when it was started: by umount(2) as root, otherwise by
 *     fusermount3, which needs its set-user-ID bit and so a process that may still gain privileges.
 *
 * As root it keeps the three capabilities for that. Signals meant for the daemon do not end it.
 * There is one helper a process. Until helper_delegate() is called, and without it, the daemon does
 * all of this itself.
 */
#ifndef PSCALEFS_HELPER_H
#define PSCALEFS_HELPER_H

#include <stdbool.h>

#include "base/error.h"

/* For main(), first of all but for daemon_harden(): is this process to be the helper? Then be it. */
bool helper_is_this(int argc, char **argv);
_Noreturn void helper_be(char **argv);

/*
 * Start it: `program` is what executes this program (keyring_program()), `credential_file` may be
 * NULL. All are copied. 0, or -errno with a sentence.
 */
int helper_start(const char *program, const char *mountpoint, const char *credential_file,
		 struct error *e);
/*
 * From now on process, keyring and credential ask the helper. 0, or -errno with a sentence if it
 * does not answer: then all is as it was.
 */
int helper_delegate(struct error *e);
/* Unmount, lazily; by the helper, or here if there is none. 0, or -errno with a sentence. */
int helper_unmount(const char *mountpoint, struct error *e);
/* End it, and wait until it has. Without one, nothing. */
void helper_stop(void);

#endif
