/* SPDX-License-Identifier: MIT */
/* util, error and secret: what everything else stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/list.h"
#include "base/macros.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xmalloc.h"

static void text_clean_replaces_what_a_terminal_would_obey(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain", "plain"},
		{"a\033[31mb", "a?[31mb"},
		{"tab\tnewline\n", "tab newline "},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"\xc2\x9b", "?"},
		{"bad\xff\xc3", "bad??"},
		{"\xed\xa0\x80", "???"},
		{"No pscale_tkn_aB3_-678.", "No pscale_tkn_***."},
		{"xpscale_oauth_refresh_12 pscale_pw_1234567 pscale_pw_12345678",
		 "xpscale_oauth_*** pscale_pw_1234567 pscale_pw_***"},
		{"a\xe2\x80\xae"
		 "b\xe2\x81\xa6\xe2\x80\xa6",
		 "a?b?\xe2\x80\xa6"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		text_clean(out, sizeof(out), cases[i].in, strlen(cases[i].in));
		assert_string_equal(out, cases[i].out);
	}
	text_clean(out, 3, "a\xc3\xa9", 3);
	assert_string_equal(out, "a");
	text_clean(out, 16, "a pscale_tkn_12345678", 21);
	assert_string_equal(out, "a ");
	text_clean(out, sizeof(out),
		   "pscale_tkn_1234567\0"
		   "8",
		   20);
	assert_string_equal(out, "pscale_tkn_1234567?8");
}

static void edits_between_words_are_counted(void **state)
{
	static const struct {
		const char *a, *b;
		size_t edits;
	} cases[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"branch", "branch", 0},
		{"branch", "brnach", 1}, /* neighbours swapped */
		{"branch", "banch", 1},
		{"branch", "braanch", 1},
		{"branch", "brunch", 1},
		{"branch", "hcnarb", 5},
	};
	char longest[STR_EDITS_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(str_edits(cases[i].a, cases[i].b), cases[i].edits);
		assert_int_equal(str_edits(cases[i].b, cases[i].a), cases[i].edits);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(str_edits(longest, "a") == SIZE_MAX);
	assert_true(str_edits("a", longest) == SIZE_MAX);
	assert_int_equal(str_edits(longest + 1, "a"), STR_EDITS_MAX - 1);
	assert_int_equal(str_slip(4), 2);
	assert_int_equal(str_slip(20), 5);
}

static void time_parse_takes_what_the_api_writes_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(time_parse("2023-10-25T16:54:12.879Z"), 1698252852);
	assert_int_equal(time_parse("2023-10-25T16:54:12Z"), 1698252852);
	assert_int_equal(time_parse("2023-10-25"), -1);
	assert_int_equal(time_parse("2023-10-25T16:54:12.879Zx"), -1);
	assert_int_equal(time_parse(NULL), -1);
	assert_int_equal(time_parse("2262-04-11T23:47:16Z"), 9223372036);
	assert_int_equal(time_parse("2262-04-11T23:47:17Z"), -1);
	assert_int_equal(time_parse("9999-12-31T23:59:59Z"), -1);
	char out[24];
	time_format(1698252852, out);
	assert_string_equal(out, "2023-10-25T16:54:12Z");
}

static void buffers_grow_cut_and_pad(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	buf_addf(&b, "%d-%s", 7, "x");
	buf_resize(&b, 5);
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.data, "7-x\0", 5);
	buf_resize(&b, 1);
	assert_string_equal(buf_str(&b), "7");
	buf_write_at(&b, 3, "yz", 2);
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.data, "7\0\0yz", 6);
	buf_write_at(&b, 1, "890", 3);
	assert_int_equal(b.len, 5);
	assert_string_equal(b.data, "7890z");
	buf_write_at(&b, 6, NULL, 0);
	assert_memory_equal(b.data, "7890z\0", 7);
	buf_resize(&b, 1);
	char *s = buf_take(&b);
	assert_string_equal(s, "7");
	free_ptr(&s);
	assert_null(b.data);
}

static void errors_carry_errno_sentence_and_context(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(error_set(&e, ENOENT, "no \"%s\"", "a\nb"), -ENOENT);
	assert_string_equal(e.text, "no \"a b\"");
	error_wrap(&e, "token %s", "ci");
	assert_string_equal(e.text, "token ci: no \"a b\"");
	assert_int_equal(e.err, ENOENT);
}

static void secrets_hold_their_bytes(void **state)
{
	struct secret *s = secret_new("pscale_tkn_x", 12);

	(void)state;
	assert_int_equal(secret_len(s), 12);
	assert_string_equal(secret_expose(s), "pscale_tkn_x");
	secret_free(s);
	secret_free(NULL);
}

struct item {
	struct list link;
	int n;
};

static void large_memory_is_wiped_where_it_was_used(void **state)
{
	enum {
		PAGES = 80
	};
	static const size_t used[] = {0, 1, 7, 64, PAGES - 1};
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = PAGES * page, there = 0;
	unsigned char resident[PAGES];

	(void)state;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(used); i++)
		memset(map + used[i] * page, 'x', page);
	/* As a block of malloc(3)'s: neither end is the end of a page. */
	secret_wipe_unused(map + 16, size - 32);
	assert_int_equal(mincore(map, size, resident), 0);
	for (size_t i = 0; i < PAGES; i++)
		there += resident[i] & 1;
	assert_true(there <= ARRAY_LEN(used));
	for (size_t i = 0; i < size; i++)
		assert_int_equal(map[i], i < 16 || i >= size - 16 ? 'x' : 0);
	/* A page that must stay in memory cannot be discarded. */
	if (mlock(map + page, page) == 0) {
		memset(map + page, 'x', page);
		secret_wipe_unused(map, size);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(map[i], 0);
	}
	munmap(map, size);
}

static void lists_keep_order_and_forget_twice(void **state)
{
	struct list a, b;
	struct item items[3] = {{.n = 0}, {.n = 1}, {.n = 2}};
	int expect = 0;

	(void)state;
	list_init(&a);
	list_init(&b);
	for (int i = 0; i < 3; i++)
		list_append(i < 1 ? &a : &b, &items[i].link);
	list_splice(&a, &b);
	assert_true(list_empty(&b));
	list_for_each(pos, &a) {
		assert_int_equal(container_of(pos, struct item, link)->n, expect++);
		list_remove(pos);
		list_remove(pos);
	}
	assert_int_equal(expect, 3);
	assert_true(list_empty(&a));
}

/* In place of the kernel's: what its clocks show, and how long each reading takes. */
static int64_t boot_ms, mono_ms, reading_ms;

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ms = id == CLOCK_BOOTTIME ? boot_ms : id == CLOCK_MONOTONIC ? mono_ms : 0;

	ts->tv_sec = ms / 1000;
	ts->tv_nsec = ms % 1000 * 1000000;
	boot_ms += reading_ms;
	mono_ms += reading_ms;
	return 0;
}

static void the_clock_tells_waking_time_from_all_time(void **state)
{
	struct clock c = {0};

	(void)state;
	mono_ms = 5000;
	boot_ms = 65000;
	clock_tick(&c);
	assert_int_equal(c.mono_ms, 5000);
	assert_int_equal(c.suspended_ms, 60000);
	assert_int_equal(clock_real_ms(&c), 65000);
	boot_ms += 1000 + 3600000; /* an hour asleep */
	mono_ms += 1000;
	clock_tick(&c);
	assert_int_equal(c.mono_ms, 6000);
	assert_int_equal(clock_real_ms(&c), 65000 + 1000 + 3600000);
	reading_ms = 7000; /* stopped between two readings: no sleep, and none is forgotten */
	clock_tick(&c);
	reading_ms = 0;
	assert_int_equal(c.suspended_ms, 60000 + 3600000);
	clock_tick(&c);
	assert_int_equal(clock_real_ms(&c), boot_ms);
}

/* A time namespace may set the two apart as it likes. */
static void clocks_that_begin_anywhere_will_do(void **state)
{
	static const int64_t decade_ms = 10ll * 365 * 24 * 3600 * 1000;
	const struct {
		int64_t mono_ms, boot_ms;
	} cases[] = {{1, 1}, {decade_ms, decade_ms}, {decade_ms, 1}, {1, decade_ms}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct clock c = {0};

		mono_ms = cases[i].mono_ms;
		boot_ms = cases[i].boot_ms;
		clock_tick(&c);
		assert_int_equal(clock_real_ms(&c), boot_ms);
		boot_ms += 3600000;
		clock_tick(&c);
		assert_int_equal(clock_real_ms(&c), cases[i].boot_ms + 3600000);
	}
}

static void json_is_laid_out_a_value_a_line(void **state)
{
	static const struct {
		const char *json, *lines;
	} cases[] = {
		{"{}", "{}\n"},
		{"{\"a\":1}", "{\n  \"a\": 1\n}\n"},
		{"{\"a\":[],\"b\":{},\"c\":[1,{\"d\":null}]}",
		 "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": null\n"
		 "    }\n  ]\n}\n"},
		{"{\"a{,:]\":\"\\\\\\\"[,\"}", "{\n  \"a{,:]\": \"\\\\\\\"[,\"\n}\n"},
		{"\"cut", "\"cut\n"},
		{"}]", "}]\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT;
		buf_add_json_lines(&b, cases[i].json);
		assert_string_equal(buf_str(&b), cases[i].lines);
		buf_finish(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_clean_replaces_what_a_terminal_would_obey),
		cmocka_unit_test(edits_between_words_are_counted),
		cmocka_unit_test(time_parse_takes_what_the_api_writes_and_nothing_else),
		cmocka_unit_test(buffers_grow_cut_and_pad),
		cmocka_unit_test(json_is_laid_out_a_value_a_line),
		cmocka_unit_test(errors_carry_errno_sentence_and_context),
		cmocka_unit_test(secrets_hold_their_bytes),
		cmocka_unit_test(large_memory_is_wiped_where_it_was_used),
		cmocka_unit_test(lists_keep_order_and_forget_twice),
		cmocka_unit_test(the_clock_tells_waking_time_from_all_time),
		cmocka_unit_test(clocks_that_begin_anywhere_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
