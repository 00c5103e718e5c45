/* SPDX-License-Identifier: MIT */
/*
 * check: `pscalefs check`: looks at all that a mount needs, one line each, with what to do next.
 *
 * Prints to standard output. Changes nothing and mounts nothing; a secret is never shown. main()
 * makes the parts, in the order of the functions here.
 */
#ifndef PSCALEFS_CHECK_H
#define PSCALEFS_CHECK_H

#include <stdbool.h>

#include "cache/store.h"
#include "mount/config.h"
#include "mount/loop.h"

/* How many lines begin with FAILED so far; zeroed by the caller. */
struct check {
	unsigned failed;
};

/* /dev/fuse, fusermount3, namespaces and the kernel's parts of the sandbox. Before a secret is
 * read. */
void check_system(struct check *c);
/* The address and the certificates. True if they can be used. */
bool check_address(struct check *c, struct config *config);
/* Is there a credential? Where does it come from? */
bool check_credential(struct check *c, struct config *config);
/* Each step of an exchange with the API, and the clock. Before http_new(). True if it answers. */
bool check_network(struct check *c, const struct config *config);
/* Does PlanetScale accept the credential, and what may it do? */
void check_rights(struct check *c, const struct config *config, struct loop *loop,
		  struct store *store);
/* A line that begins with FAILED. */
void check_failed(struct check *c, const char *what, const struct error *e);

#endif
