/* SPDX-License-Identifier: MIT */
/*
 * notifier: the one other thread. It tells the kernel to forget attributes, because such a
 * notification is a write to the device, which the loop must never wait for.
 *
 * Owns the thread and the queue of nodes. The thread sees nothing else of the program but `tell`,
 * which must be safe to call beside the loop. Only attributes are told: that takes no lock of a
 * directory, which a caller may hold whose request this program has not answered. So nothing that
 * waits for the thread waits for an answer of this program.
 *
 * The loop polls the descriptor, and then takes the number of nodes that were told.
 */
#ifndef PSCALEFS_NOTIFIER_H
#define PSCALEFS_NOTIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct notifier;

/* Starts the thread, with all signals blocked; it has the caller's rights and sandbox. `ctx` is
 * borrowed. NULL with a sentence on failure. */
struct notifier *notifier_new(void (*tell)(void *ctx, uint64_t node), void *ctx, struct error *e);
/* Drops what is in the queue, and waits for the thread to end. Takes NULL. */
void notifier_free(struct notifier *n);
/* Add a node at the end of the queue; never waits for a notification. */
void notifier_add(struct notifier *n, uint64_t node);
/* Readable when nodes were told that were not taken yet. */
int notifier_fd(const struct notifier *n);
/* How many nodes were told since the last call. Does not block. */
size_t notifier_take(struct notifier *n);

#endif
