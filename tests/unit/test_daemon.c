/* SPDX-License-Identifier: MIT */
/*
 * daemon: the parent learns how the start went, and neither outlives the other meanwhile.
 *
 * A "starter" is what the shell would run: it forks, so the test has to be its parent. Nothing here
 * waits for a time; alarm(2) ends what should have ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "mount/daemon.h"

#define TOO_LONG_S 20

struct talk {
	int from_child[2]; /* pipes */
	int to_child[2];
};

typedef void (*child_function)(struct daemon *d, const struct talk *t);

static void say(int fd, const void *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		_exit(99);
}

/* The bytes until all who could write are gone, as a string. */
static char *hear(int fd)
{
	struct buf b = BUF_INIT;
	char chunk[512];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(&b, chunk, (size_t)n);
	return buf_take(&b);
}

/* Run daemon_fork() in a process of its own; its sentence, if any, is what it says first. */
static pid_t start(struct talk *t, child_function child)
{
	assert_int_equal(pipe2(t->from_child, O_CLOEXEC), 0);
	assert_int_equal(pipe2(t->to_child, O_CLOEXEC), 0);
	fflush(NULL);
	pid_t starter = fork();
	assert_true(starter >= 0);
	if (starter == 0) {
		struct daemon d;
		struct error e;

		alarm(TOO_LONG_S);
		close(t->to_child[1]);
		int r = daemon_fork(&d, false, &e);
		if (r == 0) {
			alarm(TOO_LONG_S);
			child(&d, t);
			_exit(98);
		}
		say(t->from_child[1], e.text, strlen(e.text));
		_exit(r == DAEMON_PARENT ? d.status : 97);
	}
	close(t->from_child[1]);
	close(t->to_child[0]);
	return starter;
}

static int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void stop(struct talk *t)
{
	close(t->from_child[0]);
	close(t->to_child[1]);
}

static void assert_start(child_function child, int status, const char *said)
{
	struct talk t;
	pid_t starter = start(&t, child);
	int got = wait_status(starter);
	cleanup(free_ptr) char *text = hear(t.from_child[0]);

	assert_true(WIFEXITED(got));
	assert_int_equal(WEXITSTATUS(got), status);
	assert_string_equal(text, said);
	stop(&t);
}

static void fail_with_5(struct daemon *d, const struct talk *t)
{
	(void)d, (void)t;
	_exit(5);
}

static void exit_unready(struct daemon *d, const struct talk *t)
{
	(void)d, (void)t;
	_exit(0);
}

static void close_unready(struct daemon *d, const struct talk *t)
{
	(void)t;
	daemon_finish(d);
	daemon_finish(d);
	_exit(3);
}

static void be_killed(struct daemon *d, const struct talk *t)
{
	(void)d, (void)t;
	raise(SIGKILL);
}

static void the_childs_failure_is_the_parents(void **state)
{
	(void)state;
	assert_start(fail_with_5, 5, "");
	assert_start(close_unready, 3, "");
	assert_start(exit_unready, 32, "ended before it was ready");
	assert_start(be_killed, 32, "died before it was ready (signal 9, Killed)");
}

/* Where a ready child stands, in letters; all is well if they are "sc012d". */
static void report_ready(struct daemon *d, const struct talk *t)
{
	char place[64], byte;
	struct stat null, st;
	struct error e;
	int signal = -1;

	if (getpgrp() == getpid()) /* not before it is ready */
		_exit(96);
	if (daemon_ready(d, &e) != 0 || daemon_ready(d, &e) != 0)
		_exit(95);
	/* The parent has exited, and must not take us with it. */
	if (read(t->to_child[0], &byte, 1) != 1)
		_exit(94);
	if (getsid(0) == getpid())
		say(t->from_child[1], "s", 1);
	if (getcwd(place, sizeof(place)) != NULL && str_eq(place, "/"))
		say(t->from_child[1], "c", 1);
	stat("/dev/null", &null);
	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) == 0 && st.st_rdev == null.st_rdev)
			say(t->from_child[1], &"012"[fd], 1);
	if (prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == 0)
		say(t->from_child[1], "d", 1);
	_exit(0);
}

static void a_ready_child_is_on_its_own(void **state)
{
	struct talk t;
	pid_t starter = start(&t, report_ready);
	int status = wait_status(starter);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	say(t.to_child[1], "x", 1);
	cleanup(free_ptr) char *text = hear(t.from_child[0]);
	assert_string_equal(text, "sc012d");
	stop(&t);
}

static void wait_for_ever(struct daemon *d, const struct talk *t)
{
	(void)d;
	say(t->from_child[1], "w", 1);
	for (;;)
		pause();
}

static void a_killed_parent_takes_the_child_along(void **state)
{
	struct talk t;
	pid_t starter = start(&t, wait_for_ever);
	char byte;

	(void)state;
	assert_int_equal(read(t.from_child[0], &byte, 1), 1);
	kill(starter, SIGKILL);
	assert_true(WIFSIGNALED(wait_status(starter)));
	/* Ends when the child, too, has let go of the pipe: by SIGTERM, not by its alarm. */
	alarm(TOO_LONG_S / 2);
	cleanup(free_ptr) char *text = hear(t.from_child[0]);
	alarm(0);
	assert_string_equal(text, "");
	stop(&t);
}

static void be_ready_too_late(struct daemon *d, const struct talk *t)
{
	struct error e;
	char byte;

	signal(SIGTERM, SIG_IGN);
	say(t->from_child[1], "w", 1);
	if (read(t->to_child[0], &byte, 1) != 1)
		_exit(94);
	int r = daemon_ready(d, &e);
	if (r == -EPIPE)
		say(t->from_child[1], e.text, strlen(e.text));
	_exit(0);
}

static void a_child_learns_that_nobody_waits_any_more(void **state)
{
	struct talk t;
	pid_t starter = start(&t, be_ready_too_late);
	char byte;

	(void)state;
	assert_int_equal(read(t.from_child[0], &byte, 1), 1);
	kill(starter, SIGKILL);
	wait_status(starter);
	say(t.to_child[1], "x", 1);
	cleanup(free_ptr) char *text = hear(t.from_child[0]);
	assert_string_equal(text, "the starting process was ended");
	stop(&t);
}

static void the_foreground_is_left_as_it_is(void **state)
{
	pid_t pid = getpid(), group = getpgrp();
	struct daemon d;
	struct error e;

	(void)state;
	assert_int_equal(daemon_fork(&d, true, &e), 0);
	assert_int_equal(daemon_ready(&d, &e), 0);
	daemon_finish(&d);
	assert_int_equal(getpid(), pid);
	assert_int_equal(getpgrp(), group);
	assert_int_equal(e.err, 0);
}

static void no_process_to_be_had_is_said(void **state)
{
	struct rlimit old, none;
	struct daemon d;
	struct error e;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	int probe[2]; /* valgrind does not hold us to the limit */
	bool held = socketpair(AF_UNIX, SOCK_STREAM, 0, probe) != 0;
	int r = held ? daemon_fork(&d, false, &e) : 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	if (!held) {
		close(probe[0]);
		close(probe[1]);
		skip();
	}
	assert_int_equal(r, -EMFILE);
	assert_string_equal(e.text, "cannot start in the background: Too many open files");
}

/* What daemon_harden() does, looked at from a process that ends afterwards; a user's, if it can be.
 */
static void check_hardened(void)
{
	struct rlimit core, files;
	char parent[64];
	int fd;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		_exit(1);
	prctl(PR_SET_DUMPABLE, 1);
	getrlimit(RLIMIT_NOFILE, &files);
	rlim_t wanted = files.rlim_max < 4096 ? files.rlim_max : 4096;
	close(STDIN_FILENO);
	daemon_harden();
	if (fcntl(STDIN_FILENO, F_GETFD) < 0)
		_exit(2);
	if (prctl(PR_GET_DUMPABLE) != 0)
		_exit(3);
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		_exit(4);
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < wanted)
		_exit(5);
	if (umask(0) != 077)
		_exit(6);
	/* What the mount and the daemon go on reading. */
	snprintf(parent, sizeof(parent), "/proc/%d/status", (int)getppid());
	const char *const readable[] = {"/proc/self/mountinfo", "/proc/self/status",
					"/proc/self/fd", parent};
	for (size_t i = 0; i < ARRAY_LEN(readable); i++) {
		fd = open(readable[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			_exit(10 + (int)i);
		close(fd);
	}
	_exit(0);
}

static void a_hardened_process_leaves_no_core_and_still_sees_proc(void **state)
{
	(void)state;
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		check_hardened();
	int status = wait_status(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_childs_failure_is_the_parents),
		cmocka_unit_test(a_ready_child_is_on_its_own),
		cmocka_unit_test(a_killed_parent_takes_the_child_along),
		cmocka_unit_test(a_child_learns_that_nobody_waits_any_more),
		cmocka_unit_test(the_foreground_is_left_as_it_is),
		cmocka_unit_test(no_process_to_be_had_is_said),
		cmocka_unit_test(a_hardened_process_leaves_no_core_and_still_sees_proc),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
