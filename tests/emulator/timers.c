/* SPDX-License-Identifier: MIT */
#include "timers.h"

#include <stdlib.h>

#include "base/xmalloc.h"

/* The heap counts from 1 as heaps like to: heap[n - 1] holds place n. */

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place - 1] = timer;
	timer->place = place;
}

static void sift_up(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	while (place > 1 && timers->heap[place / 2 - 1]->due_ms > timer->due_ms) {
		put(timers, place, timers->heap[place / 2 - 1]);
		place /= 2;
	}
	put(timers, place, timer);
}

static void sift_down(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	for (;;) {
		size_t child = place * 2;

		if (child > timers->count)
			break;
		if (child < timers->count &&
		    timers->heap[child]->due_ms < timers->heap[child - 1]->due_ms)
			child++;
		if (timers->heap[child - 1]->due_ms >= timer->due_ms)
			break;
		put(timers, place, timers->heap[child - 1]);
		place = child;
	}
	put(timers, place, timer);
}

void timers_finish(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}

void timers_start(struct timers *timers, struct timer *timer, int64_t due_ms)
{
	timers_stop(timers, timer);
	timer->due_ms = due_ms;
	timers->heap = xgrow(timers->heap, timers->count, sizeof(struct timer *));
	put(timers, ++timers->count, timer);
	sift_up(timers, timer);
}

void timers_stop(struct timers *timers, struct timer *timer)
{
	struct timer *last;

	if (!timer->place)
		return;
	last = timers->heap[--timers->count];
	if (last != timer) {
		put(timers, timer->place, last);
		sift_up(timers, last);
		sift_down(timers, last);
	}
	timer->place = 0;
}

int64_t timers_wait_ms(const struct timers *timers, int64_t now_ms)
{
	if (!timers->count)
		return -1;
	return timers->heap[0]->due_ms > now_ms ? timers->heap[0]->due_ms - now_ms : 0;
}

void timers_run(struct timers *timers, int64_t now_ms)
{
	while (timers->count && timers->heap[0]->due_ms <= now_ms) {
		struct timer *timer = timers->heap[0];

		timers_stop(timers, timer);
		timer->fire(timer);
	}
}
