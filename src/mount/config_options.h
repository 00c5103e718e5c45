/* SPDX-License-Identifier: MIT */
/*
 * config_options: the table of options, and the parser of the command line.
 *
 * Stores the values in struct config as they were given; does not read files or the environment
 * (config does). Only config includes this.
 */
#ifndef PSCALEFS_CONFIG_OPTIONS_H
#define PSCALEFS_CONFIG_OPTIONS_H

#include "mount/config.h"

/*
 * 0, or -EINVAL with a sentence and a hint. If the action is CONFIG_MOUNT, c->mountpoint is set,
 * as it was given; if it is CONFIG_RUN, c->command. Stops at -h or -V.
 */
int config_options_parse(struct config *c, int argc, char **argv, struct error *e);

#endif
