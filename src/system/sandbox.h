/* SPDX-License-Identifier: MIT */
/*
 * sandbox: what this process may still do once it serves, enforced by the kernel.
 *
 * It gives up, for good and for all threads it makes later: every capability; gaining privileges by
 * executing a program (no_new_privs); as root, reading files as their owner; by landlock, all files
 * but those that libcurl, its TLS library and the resolver read, TCP connections to other ports,
 * and signals and abstract sockets of processes outside; by seccomp, system calls that nothing here
 * needs. Each as far as the kernel has it, and independent of the others.
 *
 * What needs more than that is the helper's (helper.h). Knows no configuration but its rules.
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
 * Enter it; there is no way back. To be called while this thread is the only one, when everything
 * has been opened that needs more. What is refused is left out, and sandbox_print() says so.
 */
void sandbox_enter(const struct sandbox_rules *rules);
/* For .pscalefs/status: lines of what is in force, and what is not. */
void sandbox_print(struct buf *out);

/* --- parts, in files of their own; both need no_new_privs ------------------------------------- */

/* What is in force, which depends on the kernel's version of landlock. */
struct sandbox_landlock {
	bool files, ports, scoped;
};
struct sandbox_landlock sandbox_landlock(const struct sandbox_rules *rules);
/* False where this program was built without libseccomp, or the kernel refused. */
bool sandbox_seccomp(void);

/* The sanitizers' runtimes do in this process what nothing else does. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED true
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED false
#endif

#endif
