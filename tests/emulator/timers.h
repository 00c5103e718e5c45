/* SPDX-License-Identifier: MIT */
/*
 * timers: what wakes held requests: a heap of timers by monotonic
 * milliseconds. The owner of a timer embeds it.
 */
#ifndef EMULATOR_TIMERS_H
#define EMULATOR_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t due_ms;
	size_t place; /* in the heap, from 1; 0 while not running */
	void (*fire)(struct timer *timer);
};

struct timers {
	struct timer **heap; /* owned array of borrowed timers */
	size_t count;
};

void timers_finish(struct timers *timers);
void timers_start(struct timers *timers, struct timer *timer, int64_t due_ms);

/* Harmless for a timer that is not running. */
void timers_stop(struct timers *timers, struct timer *timer);

/* Milliseconds until the next one is due, or -1 when there is none. */
int64_t timers_wait_ms(const struct timers *timers, int64_t now_ms);

/* Fires all that are due; firing may start and stop timers. */
void timers_run(struct timers *timers, int64_t now_ms);

#endif
