/* SPDX-License-Identifier: MIT */
/*
 * The first byte is a moment; the rest is a line of an answer's head, and its value a Retry-After
 * and a time: each is read as it is written, or not at all, and never beyond its bounds.
 */
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/rate_limit.h"
#include "http/transfer_answer.h"

#define DAY_MS (INT64_C(86400) * 1000)

/* The value of the header as RFC 9112, 5 has it; NULL: another header. */
static char *value_of(const char *line, size_t len, const char *name)
{
	size_t from = strlen(name) + 1;

	if (len < from || strncasecmp(line, name, from - 1) != 0 || line[from - 1] != ':')
		return NULL;
	while (from < len && (line[from] == ' ' || line[from] == '\t'))
		from++;
	while (len > from && line[len - 1] != '\0' && strchr(" \t\r\n", line[len - 1]) != NULL)
		len--;
	return xstrndup(line + from, len - from);
}

static void check_header(const char *line, size_t len, const char *name, char *out, size_t size)
{
	cleanup(free_ptr) char *expected = value_of(line, len, name);
	size_t n = expected != NULL ? strlen(expected) : 0;

	memset(out, 'x', size);
	if (!transfer_header(line, len, name, out, size)) {
		CHECK(expected == NULL && out[0] == 'x');
		strcpy(out, "");
		return;
	}
	CHECK(expected != NULL && memchr(out, '\0', size) != NULL);
	CHECK(printable(out, strlen(out)));
	bool plain = strspn(expected, "0123456789abcdefghijklmnopqrstuvwxyz., :-") == n;
	if (plain && memchr(line, '\0', len) == NULL)
		CHECK(strncmp(out, expected, size - 1) == 0 && strlen(out) <= n);
}

static void check_retry_after(const char *value, int64_t now_s)
{
	int64_t ms = retry_after_ms(value, now_s);
	size_t digits = strspn(value, "0123456789");
	char padded[400];

	CHECK(ms >= -1 && ms <= DAY_MS);
	snprintf(padded, sizeof(padded), " \t%s \t", value);
	CHECK(retry_after_ms(padded, now_s) == ms);
	if (digits > 0 && value[digits] == '\0') {
		int64_t s = digits > 6 ? strtoll(value + digits - 6, NULL, 10) : atoi(value);
		bool zeros = digits <= 6 || strspn(value, "0") >= digits - 6;
		CHECK(ms == (!zeros || s > 86400 ? DAY_MS : s * 1000));
	}
}

/* A moment, written in each of the ways. */
static void check_dates(int64_t then_s, int64_t now_s)
{
	time_t then = (time_t)then_s;
	int64_t left_ms = then_s > now_s ? (then_s - now_s) * 1000 : 0;
	char day[24], hour[16], text[3][64];
	struct tm tm;

	gmtime_r(&then, &tm);
	strftime(text[0], sizeof(text[0]), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	strftime(text[1], sizeof(text[1]), "%a %b %d %H:%M:%S %Y", &tm);
	strftime(day, sizeof(day), "%A, %d-%b", &tm);
	strftime(hour, sizeof(hour), "%H:%M:%S", &tm);
	snprintf(text[2], sizeof(text[2]), "%s-%02d %s GMT", day, tm.tm_year % 100, hour);
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		CHECK(retry_after_ms(text[i], now_s) == (left_ms < DAY_MS ? left_ms : DAY_MS));
	time_format(then_s, day);
	CHECK(time_parse(day) == then_s);
}

static void check_time(const char *value)
{
	int64_t t = time_parse(value);
	char text[24];

	/* Years 0 to 9999. */
	CHECK(t >= INT64_C(-62167219200) && t < INT64_C(253402300800) + 86400 * 31);
	if (t >= 0) {
		time_format(t, text);
		CHECK(time_parse(text) == t);
		CHECK(str_ends(value, "Z") || str_ends(value, "+00:00"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[128], id[64];

	if (size == 0)
		return 0;
	int64_t now_s = INT64_C(1700000000) + data[0] * INT64_C(86413);
	const char *line = (const char *)data + 1;
	check_header(line, size - 1, "Retry-After", value, sizeof(value));
	check_header(line, size - 1, "X-Request-Id", id, sizeof(id));
	check_retry_after(value, now_s);
	uint64_t hash = hash_str(HASH_INIT, value);
	check_dates(now_s - 200000 + (int64_t)(hash % 400000), now_s);
	cleanup(free_ptr) char *text = xstrndup(line, size - 1);
	check_time(text);
	return 0;
}
