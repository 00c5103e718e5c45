#include "clock.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

static int64_t read_clock_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return read_clock_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
	return read_clock_ms(CLOCK_MONOTONIC);
}

void timestamp_format(int64_t wall_ms, char text[TIMESTAMP_SIZE])
{
	int64_t ms = wall_ms % 1000 + (wall_ms % 1000 < 0 ? 1000 : 0);
	time_t seconds = (time_t)((wall_ms - ms) / 1000);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	snprintf(text, TIMESTAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
		 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
		 (int)ms);
}

bool timestamp_parse(const char *text, int64_t *wall_ms)
{
	struct tm parts = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	int64_t ms = 0;

	if (!rest)
		return false;
	if (*rest == '.') {
		int scale = 100;

		for (rest++; isdigit((unsigned char)*rest); rest++, scale /= 10)
			ms += (*rest - '0') * scale;
	}
	if (*rest != 'Z' || rest[1])
		return false;
	*wall_ms = (int64_t)timegm(&parts) * 1000 + ms;
	return true;
}
