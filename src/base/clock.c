/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

static int64_t milliseconds(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000 + ts->tv_nsec / 1000000;
}

/*
 * CLOCK_BOOTTIME is read first: time that passes between the two readings makes the suspended time
 * too short, never too long. So the largest value seen can be used, and the next tick corrects it.
 */
void clock_tick(struct clock *c)
{
	bool first = c->mono_ms == 0;
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	int64_t boot_ms = milliseconds(&ts);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	c->mono_ms = milliseconds(&ts);
	if (first || boot_ms - c->mono_ms > c->suspended_ms)
		c->suspended_ms = boot_ms - c->mono_ms;
	clock_gettime(CLOCK_REALTIME, &ts);
	c->wall_s = ts.tv_sec;
	c->wall_fraction_ns = ts.tv_nsec;
}

int64_t clock_real_ms(const struct clock *c)
{
	return c->mono_ms + c->suspended_ms;
}

int64_t clock_precise_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

uint64_t clock_stamp(struct clock *c)
{
	return ++c->stamp;
}

int64_t time_parse(const char *iso8601)
{
	struct tm tm = {0};

	if (iso8601 == NULL)
		return -1;
	const char *rest = strptime(iso8601, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL)
		return -1;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0)
		return -1;
	int64_t s = timegm(&tm);
	return s <= INT64_MAX / 1000000000 ? s : -1;
}

int64_t clock_wall_ns(const struct clock *c)
{
	return c->wall_s * 1000000000 + c->wall_fraction_ns;
}

void time_format(int64_t wall_s, char out[static 24])
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}
