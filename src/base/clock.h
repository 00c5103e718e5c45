/* SPDX-License-Identifier: MIT */
/*
 * clock: read once a turn by the loop, set by hand in tests, so no module calls the kernel for
 * time. `stamp` orders events that fall into one millisecond: see clock_stamp().
 *
 * A suspended machine has two times. `mono_ms` stands still meanwhile: it is for deadlines and
 * backoffs, because who waits for an answer could not have received it while the lid was closed.
 * clock_real_ms() goes on: it is for what gets older at PlanetScale whether we are awake or not,
 * which is what is cached, a Retry-After and the budget of requests a minute. Neither of them
 * follows the wall clock, which people and NTP set; that one is only shown.
 */
#ifndef PSCALEFS_CLOCK_H
#define PSCALEFS_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t mono_ms;          /* CLOCK_MONOTONIC */
	int64_t suspended_ms;     /* in all: by how much CLOCK_BOOTTIME is ahead of it */
	int64_t wall_s;           /* seconds since the epoch, for what people read */
	int64_t wall_fraction_ns; /* and of the second, for mtimes: editors compare them */
	uint64_t stamp;
};

void clock_tick(struct clock *c);
/* Milliseconds that passed, suspended or not, since some moment. */
int64_t clock_real_ms(const struct clock *c);
/* Nanoseconds since the epoch, for mtimes. */
int64_t clock_wall_ns(const struct clock *c);
/* A number greater than every one handed out before: "was this request sent after that write?" */
uint64_t clock_stamp(struct clock *c);

/* "2026-01-14T10:19:23.000Z", with or without fraction, to seconds since the epoch; -1 if it is no
 * such time, or one of which an int64_t does not hold the nanoseconds (after 2262). */
int64_t time_parse(const char *iso8601);
/* Seconds since the epoch as "2026-01-14T10:19:23Z". */
void time_format(int64_t wall_s, char out[static 24]);

#endif
