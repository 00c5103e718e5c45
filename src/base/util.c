#include "base/util.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How text_clean() writes a secret, from so many characters on. */
#define MASK       "***"
#define SECRET_MIN 8

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "pscalefs: out of memory\n";
	fwrite(text, 1, sizeof(text) - 1, stderr);
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (q == NULL)
		out_of_memory();
	return q;
}

char *xstrndup(const char *s, size_t len)
{
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *xstrdup(const char *s)
{
	return s == NULL ? NULL : xstrndup(s, strlen(s));
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		out_of_memory();
	va_end(ap);
	return p;
}

void *xgrow(void *v, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return v;
	size_t cap = n == 0 ? 1 : 2 * n;
	if (cap < n || cap > SIZE_MAX / size)
		out_of_memory();
	return xrealloc(v, cap * size);
}

void free_ptr(void *pp)
{
	void *p;

	memcpy(&p, pp, sizeof(p));
	free(p);
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t str_edits(const char *a, const char *b)
{
	size_t rows[3][STR_EDITS_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	size_t na = strlen(a), nb = strlen(b);

	if (na > STR_EDITS_MAX || nb > STR_EDITS_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		last[j] = j;
	for (size_t i = 1; i <= na; i++) {
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = min(min(last[j], row[j - 1]) + 1,
				     last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
		size_t *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

size_t str_slip(size_t len)
{
	return len / 4 > 2 ? len / 4 : 2;
}

size_t utf8_len(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char c = s[0];
	size_t n = 0;

	if (c < 0x80)
		n = 1;
	else if (c >= 0xc2 && c < 0xe0)
		n = 2;
	else if (c >= 0xe0 && c < 0xf0)
		n = 3;
	else if (c >= 0xf0 && c < 0xf5)
		n = 4;
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ||
	    (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool utf8_control(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	return (len == 1 && (s[0] < 0x20 || s[0] == 0x7f)) ||
	       (len == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

/*
 * Line separators and marks that turn the direction of writing, U+2028 to U+202E and U+2066 to
 * U+2069: with them a line of a log can read as another one.
 */
static bool utf8_deceives(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	return len == 3 && s[0] == 0xe2 &&
	       ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

/*
 * If a secret of PlanetScale's begins here: its length, and in *shown how much of it is no secret.
 * Their kinds begin alike and go on with base64url; a few characters are just somebody's example.
 */
static size_t secret_here(const char *text, size_t len, size_t *shown)
{
	static const char *const kinds[] = {"pscale_tkn_", "pscale_oauth_", "pscale_pw_"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = *shown = strlen(kinds[i]);

		if (len < n || memcmp(text, kinds[i], n) != 0)
			continue;
		while (n < len &&
		       (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '-'))
			n++;
		return n - *shown < SECRET_MIN ? 0 : n;
	}
	return 0;
}

void text_clean(char *out, size_t size, const char *text, size_t len)
{
	size_t o = 0, shown;

	for (size_t i = 0; i < len;) {
		size_t secret = secret_here(text + i, len - i, &shown);
		if (secret > 0) {
			if (o + shown + strlen(MASK) >= size)
				break;
			memcpy(out + o, text + i, shown);
			memcpy(out + o + shown, MASK, strlen(MASK));
			o += shown + strlen(MASK);
			i += secret;
			continue;
		}
		size_t n = utf8_len(text + i, len - i);
		bool bad = n == 0 || utf8_control(text + i, n) || utf8_deceives(text + i, n);
		size_t put = bad ? 1 : n;

		if (o + put >= size)
			break;
		if (bad)
			out[o] = text[i] == '\t' || text[i] == '\n' ? ' ' : '?';
		else
			memcpy(out + o, text + i, n);
		o += put;
		i += n == 0 ? 1 : n;
	}
	out[o] = '\0';
}

void buf_finish(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void buf_reserve(struct buf *b, size_t extra)
{
	size_t need = b->len + extra + 1;

	if (need < extra)
		out_of_memory();
	if (need <= b->cap)
		return;
	size_t cap = b->cap + b->cap / 2;
	if (cap < need)
		cap = need;
	if (cap < 32)
		cap = 32;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	buf_reserve(b, len);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	cleanup(free_ptr) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		out_of_memory();
	}
	buf_add(b, text, (size_t)n);
}

void buf_resize(struct buf *b, size_t len)
{
	if (len > b->len) {
		buf_reserve(b, len - b->len);
		memset(b->data + b->len, 0, len - b->len);
	}
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
}

void buf_write_at(struct buf *b, size_t offset, const void *data, size_t len)
{
	if (offset + len > b->len)
		buf_resize(b, offset + len);
	if (len > 0)
		memcpy(b->data + offset, data, len);
}

void buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_finish(b);
}

char *buf_take(struct buf *b)
{
	buf_reserve(b, 0);
	b->data[b->len] = '\0';
	char *s = b->data;
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
	return s;
}

const char *buf_str(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

void close_above(int lowest, int except)
{
	DIR *all = opendir("/proc/self/fd");

	for (struct dirent *f; all != NULL && (f = readdir(all)) != NULL;) {
		int fd = atoi(f->d_name);
		if (fd > lowest && fd != except && fd != dirfd(all))
			close(fd);
	}
	if (all != NULL)
		closedir(all);
}

static int64_t milliseconds(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000 + ts->tv_nsec / 1000000;
}

/*
 * In this order, whatever comes between the first two readings makes the suspended time too short,
 * never too long: so what it grew to is true, and the next tick mends the rest.
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

uint64_t hash_bytes(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211ull;
	return h;
}

uint64_t hash_str(uint64_t h, const char *s)
{
	return hash_bytes(h, s, strlen(s) + 1);
}
