/* SPDX-License-Identifier: MIT */
/* journal: the last failures in words, bounded and clean. */
#include "unit.h"

#include "base/buf.h"
#include "base/error_log.h"

static const struct error_log_caller who = {
	.pid = 42, .command = "bash", .operation = "write", .path = "/acme/x"};

static void a_line_tells_the_whole_story(void **state)
{
	struct error_log j = {0};
	struct error e;

	(void)state;
	error_set(&e, EINVAL, "cannot grant access: %s", "no such access");
	e.http_status = 422;
	snprintf(e.code, sizeof(e.code), "unprocessable");
	snprintf(e.request_id, sizeof(e.request_id), "r1");
	error_hint(&e, "try read_branch");
	assert_string_equal(
		error_log_add(&j, 1700000000, &who, &e),
		"2023-11-14T22:13:20Z pid 42 (bash) write /acme/x: EINVAL (Invalid argument): "
		"cannot grant access: no such access; HTTP 422; code unprocessable; request r1; "
		"next: try read_branch");
	assert_true(j.changed_ns == 1700000000ll * 1000000000);
	error_log_finish(&j);
}

static void what_is_absent_is_left_out(void **state)
{
	struct error_log j = {0};
	struct error e;
	struct error_log_caller nobody = who;

	(void)state;
	nobody.pid = 0;
	error_set(&e, EIDRM, "gone");
	assert_string_equal(error_log_add(&j, 0, &nobody, &e),
			    "1970-01-01T00:00:00Z write /acme/x: EIDRM (Identifier removed): gone");
	e.err = 9999;
	assert_non_null(strstr(error_log_add(&j, 0, &nobody, &e), ": ? ("));
	error_log_finish(&j);
}

static void text_from_outside_cannot_forge_a_line(void **state)
{
	struct error_log j = {0};
	struct error_log_caller forged = who;
	struct buf text = BUF_INIT;
	struct error e;

	(void)state;
	forged.path = "/a\nb\033[2J\xff";
	error_set(&e, EIO, "bad\r\n%s", "\001");
	error_hint(&e, "a\nb");
	error_log_add(&j, 0, &forged, &e);
	error_log_print(&j, &text);
	for (size_t i = 0; i + 1 < text.len; i++)
		assert_true((unsigned char)text.data[i] >= ' ' && text.data[i] != 127);
	assert_int_equal(text.data[text.len - 1], '\n');
	buf_finish(&text);
	error_log_finish(&j);
}

static void it_keeps_the_last_hundred_oldest_first(void **state)
{
	struct error_log j = {0};
	struct buf text = BUF_INIT;
	struct error e;
	size_t lines = 0;

	(void)state;
	error_log_print(&j, &text);
	assert_int_equal(text.len, 0);
	for (int i = 0; i < 250; i++) {
		error_set(&e, EIO, "number %d.", i);
		error_log_add(&j, i, &who, &e);
	}
	error_log_print(&j, &text);
	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	assert_int_equal(lines, ERROR_LOG_ENTRIES);
	assert_null(strstr(text.data, "number 149."));
	assert_true(strstr(text.data, "number 150.") < strstr(text.data, "number 151."));
	assert_non_null(strstr(text.data, "number 249.\n"));
	buf_finish(&text);
	error_log_finish(&j);
}

static void a_long_path_is_cut(void **state)
{
	struct error_log j = {0};
	struct error_log_caller deep = who;
	char path[5000];
	struct error e;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	deep.path = path;
	error_set(&e, EIO, "x");
	assert_true(strlen(error_log_add(&j, 0, &deep, &e)) < 2500);
	error_log_finish(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_the_whole_story),
		cmocka_unit_test(what_is_absent_is_left_out),
		cmocka_unit_test(text_from_outside_cannot_forge_a_line),
		cmocka_unit_test(it_keeps_the_last_hundred_oldest_first),
		cmocka_unit_test(a_long_path_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
