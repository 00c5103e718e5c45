/* SPDX-License-Identifier: MIT */
/*
 * awake: whether the loop, when nothing is left to do, stays awake for the next request of the kernel.
 *
 * A program that reads many files calls again some microseconds after it was answered. On a machine
 * with idle processors, to wake this thread then takes longer than to answer: an idle processor
 * has to be interrupted, in a virtual machine through its host. So a thread that slept, and was called
 * again after a time that is short, but longer than a program takes to call again, looks for some
 * rounds without sleeping. Where processors are busy the calls come sooner, and staying awake would
 * take the processor from the caller: there it sleeps. The kernel does the same for virtual
 * machines (halt polling).
 *
 * This decides; the loop looks and measures.
 */
#ifndef PSCALEFS_AWAKE_H
#define PSCALEFS_AWAKE_H

#include <stdbool.h>
#include <stdint.h>

/* The longest time to stay awake in vain: so much of a processor's time a request costs at most. */
#define AWAKE_NS INT64_C(100000)

struct awake {
	bool never;      /* there is one processor, which the caller needs */
	unsigned rounds; /* that are left before the next one that sleeps, to measure again */
};

void awake_init(struct awake *a);
/* Stay awake for AWAKE_NS? Then tell by awake_stayed() whether a request came meanwhile. */
bool awake_stays(const struct awake *a);
void awake_stayed(struct awake *a, bool came);
/* A request came so long after the thread had nothing left to do, and slept. */
void awake_slept(struct awake *a, int64_t ns);

#endif
