/* SPDX-License-Identifier: MIT */
/*
 * rate_limit: when a request may be sent: the token bucket, the pause after a 429, the backoff
 * between repeats, and the meaning of Retry-After.
 *
 * Pure arithmetic on the loop's clock: sends nothing, knows neither curl nor PlanetScale.
 *
 * The bucket. PlanetScale counts requests a minute, but does not document whether its minute is
 * fixed or sliding, so no window of 60 s may hold more than `rate`. A bucket of capacity c that is
 * refilled with r a minute lets at most c + r pass in any such window; c = rate / 6 and r = rate -
 * c make that `rate`. With the default 600: a hundred at once, then 8.3 a second.
 *
 * The rate in force. Other mounts and other machines share the account's limit, and nobody tells how
 * much they use. So a 429 halves the rate in force, down to a tenth of the configured one, and each
 * minute without another gives a tenth of that back. All who do so come to share the limit.
 */
#ifndef PSCALEFS_RATE_LIMIT_H
#define PSCALEFS_RATE_LIMIT_H

#include <stdint.h>
#include <stdbool.h>

struct rate_limit {
	const struct clock *clock; /* borrowed */
	int64_t rate;              /* requests a minute, as configured; 0: no bucket, only pauses */
	int64_t level; /* at `level_ms`; 1/60000 of a request, so that refill is whole a ms */
	int64_t level_ms;
	bool halved;        /* ever */
	int64_t reduced_to; /* the rate at `reduced_ms` */
	int64_t reduced_ms;
	int64_t paused_until_ms;
	uint64_t random; /* state of the jitter */
};

/* rate_per_minute 0: no bucket. `seed` spreads the backoff of several processes. */
void rate_limit_init(struct rate_limit *b, const struct clock *clock, int rate_per_minute,
		     uint64_t seed);

/* Milliseconds until one request may be sent; 0: now. `last_tenth`: it may use the last tenth of
 * the bucket too. */
int64_t rate_limit_wait_ms(const struct rate_limit *b, bool last_tenth);
void rate_limit_take(struct rate_limit *b);
/* How many requests may be sent at once; -1: no bucket. */
int rate_limit_left(const struct rate_limit *b);
/* How many of these may be requests that no caller waits for: half, and not the last tenth of the
 * bucket. 0 during a pause; -1: no bucket. */
int rate_limit_spare(const struct rate_limit *b);

/*
 * Nothing is sent for `ms` (an hour at most). Also leaves only one request in the
 * bucket: other programs share the account's limit, so our count was too high.
 */
void rate_limit_pause(struct rate_limit *b, int64_t ms);
/*
 * A request that was sent `age_ms` ago was answered with a 429: pause, and halve the rate in force.
 * Requests sent before a halving or in the ten seconds after it do not halve it again: they tell of
 * the same excess.
 */
void rate_limit_refused(struct rate_limit *b, int64_t age_ms, int64_t pause_ms);
/* The rate in force, in requests a minute; 0: no bucket. */
int rate_limit_rate(const struct rate_limit *b);
int64_t rate_limit_paused_ms(const struct rate_limit *b); /* time left of the pause; 0: none */
void rate_limit_resume(struct rate_limit *b);

/* The delay before the n-th repeat (from 0): 100 ms * 2^n, 5 s at most; a random part of up to half
 * of it is left out. */
int64_t rate_limit_backoff_ms(struct rate_limit *b, unsigned n);

/*
 * The value of a Retry-After header in milliseconds from now: seconds, with decimals or without,
 * or one of the three date formats of RFC 9110, 5.6.7 (0 if it has passed). At most a day; -1 if
 * it is neither.
 */
int64_t retry_after_ms(const char *value, int64_t wall_s);

#endif
