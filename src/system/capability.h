/* SPDX-License-Identifier: MIT */
/*
 * capability: gives up capabilities, for good. By the kernel's own system calls: no library.
 */
#ifndef PSCALEFS_CAPABILITY_H
#define PSCALEFS_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#define CAPABILITY(c) (1ull << (c))

/*
 * Keep these at most, in all sets of this thread and of those that it makes: the bounding set too,
 * so none comes back by executing a program. False if the kernel refused.
 */
bool capability_keep(uint64_t kept);
/* Those that this thread may use or take (its permitted set). */
uint64_t capability_permitted(void);

#endif
