/* SPDX-License-Identifier: MIT */
/*
 * sandbox: limits what this process may do while it serves; the kernel enforces it.
 *
 * Gives up permanently, for this thread and all that it creates later: every capability; gaining
 * privileges by executing a program (no_new_privs); as root, reading files as their owner; by
 * landlock, all files but those that libcurl, its TLS library and the resolver read, TCP
 * connections to other ports, and signals and abstract sockets of processes outside; by seccomp,
 * system calls that this program does not need. Each is used if the kernel has it, independent of
 * the others.
 *
 * The helper (helper.h) does what needs more rights. Knows no configuration except its rules.
 */
#ifndef PSCALEFS_SANDBOX_H
#define PSCALEFS_SANDBOX_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct sandbox_rules {
	const uint16_t *ports; /* TCP, to connect to */
	size_t n_ports;
};

/*
 * Enter the sandbox; it cannot be left. Call it while this is the only thread, and after
 * everything that needs more rights has been opened. If the kernel refuses a part, the rest is
 * still used, and sandbox_print() reports it.
 */
void sandbox_enter(const struct sandbox_rules *rules);
/* For .pscalefs/status: lines that list which parts are in force, and which are missing. */
void sandbox_print(struct buf *out);

/* Which parts this kernel (and this program, for `filter`) has; for `pscalefs check`. Changes
 * nothing. */
void sandbox_available(bool *files, bool *ports, bool *filter);

/* --- parts, in files of their own; both need no_new_privs ------------------------------------- */

/* The parts in force, which depend on the kernel's version of landlock. */
struct sandbox_landlock {
	bool files, ports, scoped;
};
struct sandbox_landlock sandbox_landlock(const struct sandbox_rules *rules);
#define SANDBOX_LANDLOCK_TCP 4 /* the first version that limits ports */
/* The version of landlock that the kernel has; 0: none. */
long sandbox_landlock_version(void);
/* False where this program was built without libseccomp, or the kernel refused. */
bool sandbox_seccomp(void);
/* Could sandbox_seccomp() succeed? */
bool sandbox_seccomp_available(void);

#endif
