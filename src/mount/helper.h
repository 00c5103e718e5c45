/* SPDX-License-Identifier: MIT */
/*
 * helper: a small process that does for the daemon what the daemon's sandbox forbids.
 *
 * The helper is this program, executed again before the mount; main() calls helper_be() at once. So
 * it has no secret, no connection, and no file but one end of a socket pair. It ends when the other
 * end is closed. It does only this:
 *
 *   - read /proc: the kernel does not show the program or the exit code of a process outside
 *     landlock to one inside;
 *   - open the file of the credential; its path is given when the helper is started, and resolved
 *     at each open;
 *   - start and end the reader of the keyring;
 *   - unmount the mount point, which is given when the helper is started: by umount(2) where it is
 *     allowed, else by fusermount3, whose set-user-ID bit works only for a process that may gain
 *     privileges;
 *   - remove the mount point, if it is a temporary directory.
 *
 * As root it keeps the three capabilities for that. It ignores signals that are meant for the
 * daemon. A process has at most one helper. Until helper_delegate() is called the daemon does all
 * of this itself.
 */
#ifndef PSCALEFS_HELPER_H
#define PSCALEFS_HELPER_H

#include <stdbool.h>

#include "base/error.h"

/* For main(), after daemon_harden(): if this process is the helper, helper_be() does its work. */
bool helper_is_this(int argc, char **argv);
_Noreturn void helper_be(char **argv);

/*
 * Start the helper. `program`: the path of this program (keyring_program()); `credential_file` may
 * be NULL. All are copied. `owner_fd` -1, or the mount point is a temporary directory, and this is
 * a socket whose other end its owner closes when it ends: the helper then removes the directory in
 * helper_stop(), or, if this process is killed, when its owner has ended. 0, or -errno with a
 * sentence.
 */
int helper_start(const char *program, const char *mountpoint, int owner_fd,
		 const char *credential_file, struct error *e);
/*
 * From now on process, keyring and credential use the helper. 0, or -errno with a sentence if it
 * does not answer: then nothing changes.
 */
int helper_delegate(struct error *e);
/* Unmount lazily, by the helper if there is one. 0, or -errno with a sentence. */
int helper_unmount(const char *mountpoint, struct error *e);
/* End the helper, if there is one, and wait for its end. */
void helper_stop(void);

#endif
