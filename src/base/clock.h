/* SPDX-License-Identifier: MIT */
/*
 * clock: the time, read once a turn by the loop and set by hand in tests, so that no other module
 * asks the kernel for it. `stamp` orders events within one millisecond: see clock_stamp().
 *
 * There are two times, which differ when the machine is suspended. `mono_ms` stops during
 * suspension: it is for deadlines and backoffs, because a caller could not have received its
 * answer while the machine slept. clock_real_ms() does not stop: it is for what gets older at
 * PlanetScale in any case: cached data, a Retry-After and the limit of requests a minute. Neither
 * follows the wall clock, which people and NTP set; the wall clock is only shown.
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
/* Milliseconds since an unspecified moment, time in suspension included. */
int64_t clock_real_ms(const struct clock *c);
/* Nanoseconds since the epoch, for mtimes. */
int64_t clock_wall_ns(const struct clock *c);
/* CLOCK_MONOTONIC now, in nanoseconds: only to measure what takes microseconds. Asks the kernel. */
int64_t clock_precise_ns(void);
/* A number greater than all returned before. Answers "was this request sent after that write?" */
uint64_t clock_stamp(struct clock *c);

/* "2026-01-14T10:19:23.000Z", with or without fraction, to seconds since the epoch; -1 if it is
 * not such a time, or is after 2262, where an int64_t cannot hold the nanoseconds. */
int64_t time_parse(const char *iso8601);
/* Seconds since the epoch as "2026-01-14T10:19:23Z". */
void time_format(int64_t wall_s, char out[static 24]);

#endif
