/* SPDX-License-Identifier: MIT */
/*
 * helper: does for a process in the sandbox what that one may not, and no more.
 *
 * The helper is this program, executed anew.
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "auth/credential.h"
#include "auth/keyring.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "mount/helper.h"
#include "system/process.h"
#include "system/sandbox.h"

static char directory[] = "/tmp/pscalefs-test.XXXXXX";
static char file[64], other[64];

static void put(const char *path, const char *secret)
{
	char next[80];

	/* As editors do: another file takes the name. */
	snprintf(next, sizeof(next), "%s.next", path);
	FILE *f = fopen(next, "w");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	fprintf(f, "PLANETSCALE_API_TOKEN=%s\n", secret);
	fclose(f);
	assert_int_equal(rename(next, path), 0);
}

static pid_t helper_pid(void)
{
	char path[64], text[32] = "";

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	return (pid_t)atoi(text);
}

static void start(void)
{
	struct error e = {0};

	cleanup(free_ptr) char *program = keyring_program();

	assert_int_equal(helper_start(program, directory, -1, file, &e), 0);
	assert_int_equal(helper_delegate(&e), 0);
}

/* Each case is run by a process of its own: what it does cannot be undone. */
static void alone(void (*body)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static pid_t sibling;

static void sees_others(void)
{
	struct process before, after;

	assert_int_equal(process_read(sibling, &before), 0);
	assert_true(before.program != 0);
	start();
	assert_int_equal(process_read(sibling, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	sandbox_enter(&(struct sandbox_rules){0});
	/* The kernel would not show this one its program. */
	assert_int_equal(process_read(sibling, &after), 0);
	assert_true(after.program == before.program);
	assert_int_equal(process_group(sibling), sibling);
	assert_false(process_ending(sibling));
	assert_int_equal(process_group(-1), 0);
	assert_int_equal(process_read(0, &after), -ESRCH);
	helper_stop();
}

static void test_sees_others(void **state)
{
	(void)state;
	sibling = fork();
	if (sibling == 0)
		for (;;)
			pause();
	alone(sees_others);
	kill(sibling, SIGKILL);
	waitpid(sibling, NULL, 0);
}

static void opens_the_credential(void)
{
	struct credential first, next, none;
	char *org;
	struct error e;

	put(file, "one");
	put(other, "two");
	assert_int_equal(credential_find(file, NULL, &first, &org, &e), 0);
	start();
	/* Replaced before it is asked for, and in a directory that the sandbox does not know. */
	put(file, "three");
	sandbox_enter(&(struct sandbox_rules){0});
	assert_int_equal(credential_reload(&first, &next, &e), 0);
	assert_string_equal(secret_expose(next.header), "Bearer three");
	/* No other, whatever the name. */
	free(first.origin);
	first.origin = xstrdup(other);
	assert_int_equal(credential_reload(&first, &none, &e), -EACCES);
	credential_finish(&first);
	credential_finish(&next);
	helper_stop();
}

static void test_opens_the_credential(void **state)
{
	(void)state;
	alone(opens_the_credential);
}

static void outlives_signals(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
	struct process p;

	start();
	pid_t pid = helper_pid();
	assert_true(pid > 0);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		kill(pid, signals[i]);
	assert_int_equal(process_read(getpid(), &p), 0);
	/* And ends with us, which helper_stop() waits for. */
	helper_stop();
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void test_outlives_signals(void **state)
{
	(void)state;
	alone(outlives_signals);
}

static void is_lost(void)
{
	struct process p;
	struct error e = {0};

	start();
	kill(helper_pid(), SIGKILL);
	assert_int_equal(process_read(getpid(), &p), -ESRCH);
	assert_int_equal(p.tgid, 0);
	assert_int_equal(process_group(getpid()), 0);
	assert_int_equal(process_end(getpid()), PROCESS_END_UNSEEN); /* revokes nothing */
	assert_int_equal(helper_unmount(directory, &e), -EPIPE);
	assert_true(e.text[0] != '\0');
	helper_stop();
}

static void test_is_lost(void **state)
{
	(void)state;
	alone(is_lost);
}

static int helper_socket(void)
{
	struct stat st;

	for (int fd = 3; fd < 256; fd++)
		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			return fd;
	return -1;
}

/* As when the machine stood still: the time is over when both go on. */
static void is_given_more_than_one_wait(void)
{
	const struct timeval short_wait = {.tv_usec = 50000};
	struct process p;

	start();
	pid_t pid = helper_pid();
	assert_int_equal(setsockopt(helper_socket(), SOL_SOCKET, SO_RCVTIMEO, &short_wait,
				    sizeof(short_wait)),
			 0);
	kill(pid, SIGSTOP);
	pid_t waker = fork();
	if (waker == 0) {
		usleep(150000);
		kill(pid, SIGCONT);
		_exit(0);
	}
	assert_int_equal(process_read(getpid(), &p), 0);
	assert_int_equal(p.tgid, getpid());
	waitpid(waker, NULL, 0);
	helper_stop();
}

static void test_is_given_more_than_one_wait(void **state)
{
	(void)state;
	alone(is_given_more_than_one_wait);
}

static void has_nothing(void)
{
	char path[64], link[256];
	unsigned open_fds = 0;

	start();
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)helper_pid(), fd);
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		open_fds += n > 0;
		assert_true(n <= 0 || (fd <= 2 ? str_eq(link, "/dev/null")
					       : fd == 3 && str_starts(link, "socket:")));
	}
	assert_int_equal(open_fds, geteuid() == 0 ? 4 : 0);
	helper_stop();
}

static void test_has_nothing(void **state)
{
	(void)state;
	alone(has_nothing);
}

static unsigned asked;

static int count_read(pid_t tid, struct process *p)
{
	asked++;
	*p = (struct process){.tgid = tid + 1};
	return tid == 5 ? 0 : -ESRCH;
}

static pid_t count_group(pid_t tid)
{
	asked++;
	return tid + 1;
}

static void test_is_asked_once_for_the_caller(void **state)
{
	static const struct process_delegate counting = {.read = count_read, .group = count_group};
	struct process p;

	(void)state;
	process_delegate(&counting);
	process_handle(5);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(process_read(5, &p), 0);
		assert_int_equal(p.tgid, 6);
		assert_int_equal(process_group(5), 6);
	}
	assert_int_equal(asked, 1);
	/* Any other may be gone, and its id be another's. */
	process_group(7);
	process_read(7, &p);
	process_read(7, &p);
	assert_int_equal(asked, 4);
	/* So may this one when its request has been handled. */
	process_handle(0);
	process_read(5, &p);
	process_handle(5);
	process_read(5, &p);
	assert_int_equal(asked, 6);
	process_handle(0);
	process_delegate(NULL);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(file, sizeof(file), "%s/credential", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	unlink(other);
	return rmdir(directory);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sees_others),
		cmocka_unit_test(test_opens_the_credential),
		cmocka_unit_test(test_outlives_signals),
		cmocka_unit_test(test_is_lost),
		cmocka_unit_test(test_is_given_more_than_one_wait),
		cmocka_unit_test(test_has_nothing),
		cmocka_unit_test(test_is_asked_once_for_the_caller),
	};

	prctl(PR_SET_DUMPABLE, 0); /* as daemon_harden() does first of all */
	if (helper_is_this(argc, argv))
		helper_be(argv);
	prctl(PR_SET_DUMPABLE, 1);
	return cmocka_run_group_tests_name("helper", tests, set_up, tear_down);
}
