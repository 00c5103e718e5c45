/* SPDX-License-Identifier: MIT */
#include "http/rate_limit.h"

#include <string.h>
#include <sys/param.h>
#include <time.h>

#include "base/clock.h"
#include "base/macros.h"

#define MINUTE_MS          60000
#define UNITS_PER_REQUEST  MINUTE_MS
#define STEPS              10 /* in which a reduced rate is regained */
#define HALVING_MS         10000
#define PAUSE_MAX_MS       (60 * 60 * 1000)
#define BACKOFF_FIRST_MS   100
#define BACKOFF_MAX_MS     5000
#define RETRY_AFTER_MAX_MS (24ll * 60 * 60 * 1000)

/* With a rate of one, the second request leaves when the minute is over. */
static int64_t bucket_capacity(int64_t rate)
{
	return rate >= 6 ? rate / 6 : rate > 0;
}

static int64_t bucket_refill(int64_t rate)
{
	return rate > bucket_capacity(rate) ? rate - bucket_capacity(rate) : 1;
}

void rate_limit_init(struct rate_limit *b, const struct clock *clock, int rate_per_minute,
		     uint64_t seed)
{
	memset(b, 0, sizeof(*b));
	b->clock = clock;
	b->random = seed;
	b->rate = rate_per_minute > 0 ? rate_per_minute : 0;
	b->reduced_to = b->rate;
	b->level_ms = clock_real_ms(clock);
	b->level = bucket_capacity(b->rate) * UNITS_PER_REQUEST;
}

/* What a minute gives back, and the least that a rate is reduced to. */
static int64_t rate_step(const struct rate_limit *b)
{
	return MAX(b->rate / STEPS, 1);
}

int rate_limit_rate(const struct rate_limit *b)
{
	int64_t minutes = (clock_real_ms(b->clock) - b->reduced_ms) / MINUTE_MS;

	if (minutes >= STEPS)
		return (int)b->rate;
	return (int)MIN(b->reduced_to + minutes * rate_step(b), b->rate);
}

static int64_t level_now(const struct rate_limit *b)
{
	int rate = rate_limit_rate(b);
	int64_t level = b->level + (clock_real_ms(b->clock) - b->level_ms) * bucket_refill(rate);
	int64_t full = bucket_capacity(rate) * UNITS_PER_REQUEST;

	return level < full ? level : full;
}

int64_t rate_limit_wait_ms(const struct rate_limit *b, bool last_tenth)
{
	int64_t wait_ms = rate_limit_paused_ms(b);
	int rate = rate_limit_rate(b);

	if (rate == 0)
		return wait_ms;
	int64_t reserve = last_tenth ? 0 : bucket_capacity(rate) / 10;
	int64_t lack = (1 + reserve) * UNITS_PER_REQUEST - level_now(b);
	int64_t refill = bucket_refill(rate);
	int64_t refill_ms = lack <= 0 ? 0 : (lack + refill - 1) / refill;

	return refill_ms > wait_ms ? refill_ms : wait_ms;
}

void rate_limit_take(struct rate_limit *b)
{
	if (b->rate == 0)
		return;
	b->level = level_now(b) - UNITS_PER_REQUEST;
	b->level_ms = clock_real_ms(b->clock);
}

int rate_limit_left(const struct rate_limit *b)
{
	if (b->rate == 0)
		return -1;
	int64_t level = level_now(b);
	return level < 0 ? 0 : (int)(level / UNITS_PER_REQUEST);
}

int rate_limit_spare(const struct rate_limit *b)
{
	int left = rate_limit_left(b),
	    unreserved = left - (int)(bucket_capacity(rate_limit_rate(b)) / 10);

	if (left < 0)
		return -1;
	if (rate_limit_paused_ms(b) > 0 || unreserved < 0)
		return 0;
	return left / 2 < unreserved ? left / 2 : unreserved;
}

void rate_limit_pause(struct rate_limit *b, int64_t ms)
{
	int64_t until = clock_real_ms(b->clock) + (ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS);

	if (until > b->paused_until_ms)
		b->paused_until_ms = until;
	if (level_now(b) > UNITS_PER_REQUEST) {
		b->level = UNITS_PER_REQUEST;
		b->level_ms = clock_real_ms(b->clock);
	}
}

void rate_limit_refused(struct rate_limit *b, int64_t age_ms, int64_t pause_ms)
{
	int64_t now_ms = clock_real_ms(b->clock);
	int64_t half = rate_limit_rate(b) / 2;

	rate_limit_pause(b, pause_ms);
	if (b->rate == 0 || (b->halved && now_ms - age_ms < b->reduced_ms + HALVING_MS))
		return;
	b->halved = true;
	b->reduced_to = MAX(half, rate_step(b));
	b->reduced_ms = now_ms;
}

int64_t rate_limit_paused_ms(const struct rate_limit *b)
{
	int64_t left = b->paused_until_ms - clock_real_ms(b->clock);

	return left > 0 ? left : 0;
}

void rate_limit_resume(struct rate_limit *b)
{
	b->paused_until_ms = 0;
}

/* splitmix64: any seed is good enough, because guessing it gains nothing. */
static uint64_t random_next(struct rate_limit *b)
{
	uint64_t z = b->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

int64_t rate_limit_backoff_ms(struct rate_limit *b, unsigned n)
{
	int64_t whole = n < 6 ? (int64_t)BACKOFF_FIRST_MS << n : BACKOFF_MAX_MS;

	if (whole > BACKOFF_MAX_MS)
		whole = BACKOFF_MAX_MS;
	return whole - (int64_t)(random_next(b) % (uint64_t)(whole / 2 + 1));
}

/* Seconds with at most three decimals that count; -1 if the text is anything else. */
static int64_t parse_header_seconds(const char *s)
{
	int64_t ms = 0, unit = 100;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++)
		if (ms < RETRY_AFTER_MAX_MS)
			ms = ms * 10 + (*s - '0') * 1000;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10)
			ms += (*s - '0') * unit;
	s += strspn(s, " \t");
	return *s == '\0' ? ms : -1;
}

/* The program never calls setlocale(), so strptime knows the English names. */
static int64_t parse_date(const char *s)
{
	static const char *const formats[] = {
		"%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %d %H:%M:%S %Y",
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct tm tm = {0};
		const char *rest = strptime(s, formats[i], &tm);

		if (rest != NULL && rest[strspn(rest, " \t")] == '\0')
			return timegm(&tm);
	}
	return -1;
}

int64_t retry_after_ms(const char *value, int64_t wall_s)
{
	value += strspn(value, " \t");
	int64_t ms = parse_header_seconds(value);

	if (ms < 0) {
		int64_t date_s = parse_date(value);

		if (date_s < 0)
			return -1;
		ms = date_s > wall_s ? (date_s - wall_s) * 1000 : 0;
	}
	return ms < RETRY_AFTER_MAX_MS ? ms : RETRY_AFTER_MAX_MS;
}
