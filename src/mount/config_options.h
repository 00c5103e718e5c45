/* SPDX-License-Identifier: MIT */
/*
 * config_options: the table of options, and the command line read by it.
 *
 * Fills the plain fields of struct config as they were given; looks at no file and no environment
 * (config does). Private to config.
 */
#ifndef PSCALEFS_CONFIG_OPTIONS_H
#define PSCALEFS_CONFIG_OPTIONS_H

#include "mount/config.h"

/*
 * 0, or -EINVAL with a sentence and a hint. c->mountpoint is as given, and not NULL if the action
 * is CONFIG_MOUNT. Stops reading at -h or -V.
 */
int config_options_parse(struct config *c, int argc, char **argv, struct error *e);

#endif
