/*
 * util: the few things every module needs: a growable buffer, cleanup macros, string helpers and
 * the clock that the loop turns.
 *
 * Does not know PlanetScale, FUSE or the network. Memory that cannot be had ends the process
 * (`xmalloc` and friends): nothing sensible can be promised to a shell without it.
 */
#ifndef PSCALEFS_UTIL_H
#define PSCALEFS_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define cleanup(fn)       __attribute__((cleanup(fn)))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

/* The one positive verdict: the caller was parked and will be run again. Errors are -errno. */
#define WAIT 1

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) printf_like(1, 2);
/* Room for one more behind the `n` elements at `v`, which only this function allocates: doubles at
 * powers of two. */
void *xgrow(void *v, size_t n, size_t size);
void free_ptr(void *pp); /* for cleanup(): frees *(void **)pp */

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/*
 * Edits from one word to another: letters put in, left out, changed, or two neighbours swapped.
 * SIZE_MAX if either has more than STR_EDITS_MAX bytes.
 */
size_t str_edits(const char *a, const char *b);
#define STR_EDITS_MAX 128
/* As many edits may be slips of the finger in a word of `len` bytes: 2, or a quarter of it. */
size_t str_slip(size_t len);

/*
 * Copy `text` of `len` bytes with control characters, marks that turn the direction of writing and
 * invalid UTF-8 replaced by '?' (tab and newline by a blank), cut to fit `size` on a character
 * boundary: what goes to a terminal or a log. What looks like a secret of PlanetScale's, because a
 * server repeats it or somebody typed it in the wrong place, becomes "pscale_tkn_***".
 */
void text_clean(char *out, size_t size, const char *text, size_t len);
/* Bytes of the UTF-8 sequence at `s`; 0 if it is none (overlong, surrogate, too large, cut off). */
size_t utf8_len(const char *s, size_t left);
/* Is `s[0..len)` (with len = utf8_len) a control character: C0, DEL or C1? */
bool utf8_control(const char *s, size_t len);

/* Close every file descriptor of ours above `lowest` but `except`. */
void close_above(int lowest, int except);

/* A byte buffer that grows. Always NUL-terminated behind `len`, so `data` is a string if it has no
 * NUL. */
struct buf {
	char *data; /* owned; NULL until something is added */
	size_t len;
	size_t cap;
};

#define BUF_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
void buf_finish(struct buf *b); /* frees; usable again */
void buf_clear(struct buf *b);
void buf_reserve(struct buf *b, size_t extra);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_resize(struct buf *b, size_t len); /* cuts, or pads with NUL */
/* As pwrite(2) does: over what is there, and beyond its end, with NULs in a gap. */
void buf_write_at(struct buf *b, size_t offset, const void *data, size_t len);
/* Append `s` as a JSON string, quotes included; `s` must be valid UTF-8. */
void buf_add_json(struct buf *b, const char *s);
/*
 * What stands for U+0000 in a text from JSON, where it cannot end the text: no valid UTF-8 has it.
 * Half a surrogate pair, which JSON can hold and UTF-8 cannot, is three bytes, 0xED and two more.
 * buf_add_json() escapes both again.
 */
#define JSON_NUL "\xc0\x80"
/* JSON text as it is, but for these, which are escaped. */
void buf_add_json_text(struct buf *b, const char *json);
/* Append a JSON text that has no blanks between its parts: a value a line, indented. */
void buf_add_json_lines(struct buf *b, const char *json);
/* Overwrite, then free: for text that may hold a secret. Reserve before adding, or growth leaves
 * copies. */
void buf_wipe(struct buf *b);
char *buf_take(struct buf *b);            /* moves ownership of the string out; never NULL */
const char *buf_str(const struct buf *b); /* never NULL; borrowed */

/*
 * The clock: read once a turn by the loop, set by hand in tests, so no module calls the kernel for
 * time. `stamp` orders events that fall into one millisecond: see clock_stamp().
 *
 * A suspended machine has two times. `mono_ms` stands still meanwhile: it is for deadlines and
 * backoffs, because who waits for an answer could not have received it while the lid was closed.
 * clock_real_ms() goes on: it is for what gets older at PlanetScale whether we are awake or not,
 * which is what is cached, a Retry-After and the budget of requests a minute. Neither of them
 * follows the wall clock, which people and NTP set; that one is only shown.
 */
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
/* A number greater than every one handed out before: "was this request sent after that write?" */
uint64_t clock_stamp(struct clock *c);

/* "2026-01-14T10:19:23.000Z", with or without fraction, to seconds since the epoch; -1 if it is no
 * such time, or one of which an int64_t does not hold the nanoseconds (after 2262). */
int64_t time_parse(const char *iso8601);
/* Seconds since the epoch as "2026-01-14T10:19:23Z". */
int64_t clock_wall_ns(const struct clock *c);
void time_format(int64_t wall_s, char out[static 24]);

/* FNV-1a, 64 bit, continued from `h` (start with HASH_INIT). */
#define HASH_INIT 14695981039346656037ull
uint64_t hash_bytes(uint64_t h, const void *data, size_t len);
uint64_t hash_str(uint64_t h,
		  const char *s); /* with its terminator, so fields cannot run together */

#endif
