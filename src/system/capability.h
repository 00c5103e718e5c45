/* SPDX-License-Identifier: MIT */
/*
 * capability: gives up capabilities permanently, by the kernel's system calls, without a library.
 */
#ifndef PSCALEFS_CAPABILITY_H
#define PSCALEFS_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#define CAPABILITY(c) (1ull << (c))

/*
 * Keep these at most, in all sets of this thread and of threads that it creates. The bounding set
 * is included, so executing a program cannot regain any. False if the kernel refused.
 */
bool capability_keep(uint64_t kept);
/*
 * Programs that this thread executes from now on have these capabilities, although the user is not
 * root (the ambient set); 0: none, as at first. This thread must have them. False if the kernel
 * refused.
 */
bool capability_inherit(uint64_t inherited);
/* The capabilities that this thread has or may enable (its permitted set). */
uint64_t capability_permitted(void);

#endif
