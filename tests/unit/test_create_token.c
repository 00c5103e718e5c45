/* SPDX-License-Identifier: MIT */
/* create_token: lines of create-token, when they count and what they make. */
#include "open_file_fixture.h"

static void a_line_of_create_token_makes_a_token(void **state)
{
	struct reply r = {0};

	(void)state;
	fs_start();
	node = walk("acme/create-token");
	file = open_at("acme/create-token", O_WRONLY | O_TRUNC);
	put(&r, 0, "new ");
	assert_int_equal(result(&r), 0);
	put(&r, 4, "ttl=1h\nsecond\n");
	answer_well();
	assert_true(fake_has(CREATE "\"name\":\"new\",\"ttl\":3600}"));
	answer_well();
	assert_int_equal(r.kind, R_WRITTEN);
	assert_int_equal(r.size, 7); /* a line a write: the rest is the caller's next */
	put(&r, 11, "\n");
	assert_int_equal(r.size, 1);
	put(&r, 12, "ci\n"); /* is there */
	answer_well();
	assert_int_equal(result(&r), -EEXIST);
	put(&r, 12, "a b c\n");
	assert_int_equal(result(&r), -EINVAL);
	fs_release(fs, file);
	fs_finish();
}

static void the_last_line_of_create_token_counts_at_the_openers_close(void **state)
{
	struct reply r = {0};
	pid_t child = stopped_process(0), killed = stopped_process(SIGTERM);

	(void)state;
	fs_start();
	node = walk("acme/create-token");
	file = open_at("acme/create-token", O_WRONLY);
	put(&r, 0, "new");
	flush(&r, child);
	assert_int_equal(result(&r), 0);
	assert_int_equal(fake_count(), 0);
	flush(&r, 0);
	answer_well();
	fake_answer(CREATE, 422, "{}");
	world_turn(&w);
	assert_int_equal(result(&r), -EINVAL);
	put(&r, 0, "newer");
	flush(&r, killed); /* half a line makes no token */
	assert_int_equal(result(&r), 0);
	flush(&r, 0);
	assert_int_equal(result(&r), 0);
	fs_release(fs, file);
	assert_int_equal(fake_count(), 2);
	end_process(child);
	end_process(killed);
	fs_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_create_token_makes_a_token),
		cmocka_unit_test(the_last_line_of_create_token_counts_at_the_openers_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
