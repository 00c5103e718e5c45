/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <ctype.h>
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

int64_t clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return read_clock_ms(CLOCK_MONOTONIC);
}

/* Writes @digits decimal digits and returns what follows them. */
static char *put_digits(char *at, int64_t number, int digits)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + digits;
}

/* By hand, because a page of tokens has thousands of them. */
void timestamp_format(int64_t wall_ms, char text[TIMESTAMP_SIZE])
{
	int64_t ms = wall_ms % 1000 + (wall_ms % 1000 < 0 ? 1000 : 0);
	time_t seconds = (time_t)((wall_ms - ms) / 1000);
	struct tm parts = {0};

	gmtime_r(&seconds, &parts);
	const struct {
		int64_t number;
		int digits;
		char behind;
	} fields[] = {
		{parts.tm_year + 1900, 4, '-'},
		{parts.tm_mon + 1, 2, '-'},
		{parts.tm_mday, 2, 'T'},
		{parts.tm_hour, 2, ':'},
		{parts.tm_min, 2, ':'},
		{parts.tm_sec, 2, '.'},
		{ms, 3, 'Z'},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		text = put_digits(text, fields[i].number, fields[i].digits);
		*text++ = fields[i].behind;
	}
	*text = '\0';
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
