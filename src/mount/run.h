/* SPDX-License-Identifier: MIT */
/*
 * run: `pscalefs run COMMAND`: starts a child that mounts at a temporary directory, then COMMAND,
 * and waits for both.
 *
 * The process that waits (the runner) holds no secret and changes nothing that COMMAND inherits:
 * its limits, umask, signal dispositions and process group. It takes the mount namespace for all
 * three, passes signals on, stops and continues with COMMAND, and removes the directory. The mount
 * ends when the runner closes its end of the child's socket pair, whatever ends the runner.
 *
 * Does not mount: main() does that in the child.
 */
#ifndef PSCALEFS_RUN_H
#define PSCALEFS_RUN_H

#include "mount/config.h"
#include "mount/daemon.h"

/* What run_command() returns in the child that has to mount. */
#define RUN_MOUNT (-1)

/*
 * For CONFIG_RUN, after config_parse() and before daemon_harden(). In the child: RUN_MOUNT, with *d
 * as of daemon_start(), c->mountpoint (a new, empty directory) and c->namespace set. In the runner:
 * the exit status, after all has ended; messages were printed.
 */
int run_command(struct config *c, struct daemon *d);

#endif
