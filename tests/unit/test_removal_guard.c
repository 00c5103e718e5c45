/* SPDX-License-Identifier: MIT */
/* sweep, and process: which processes came down from above, and what /proc tells of them. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/list.h"
#include "base/macros.h"
#include "fs/removal_guard.h"

static struct removal_guard s;

/* fork(2); the child ends with this program, also when an assertion fails before it is ended. */
static pid_t fork_child(void)
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

/* A process that waits to be ended. */
static pid_t child(void)
{
	pid_t pid = fork_child();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

enum {
	CI = 11,
	DATABASES,
	SHOP
}; /* directories inside a token */

static void who_read_above_and_the_directory_itself_removes_nothing_in_it(void **state)
{
	pid_t a = child(), b = child(), c = child();

	(void)state;
	removal_guard_init(&s);
	assert_true(removal_guard_allows(&s, a, SHOP));
	removal_guard_read_above(&s, a);
	assert_true(removal_guard_allows(&s, a, SHOP)); /* it was told the name */
	removal_guard_read_inside(&s, a, SHOP);
	assert_false(removal_guard_allows(&s, a, SHOP));
	assert_true(removal_guard_allows(&s, a, CI));
	assert_true(removal_guard_allows(&s, a, 0)); /* the token's directory is in one above */
	removal_guard_read_inside(&s, b, SHOP); /* as rm -r does, which was told of the token */
	assert_true(removal_guard_allows(&s, b, SHOP));
	removal_guard_read_above(&s, b); /* in any order */
	assert_false(removal_guard_allows(&s, b, SHOP));
	assert_true(removal_guard_allows(&s, c, SHOP));
	assert_true(removal_guard_has_read_above(&s, a));
	assert_false(removal_guard_has_read_above(&s, c));
	removal_guard_read_inside(&s, c, SHOP);
	assert_false(removal_guard_has_read_above(&s, c));
	assert_int_equal(s.n, 3);
	for (size_t i = 0; i < 3; i++)
		end((pid_t[]){a, b, c}[i]);
	removal_guard_finish(&s);
}

static void who_was_refused_removes_nothing_more(void **state)
{
	pid_t a = child(), b = child();

	(void)state;
	removal_guard_init(&s);
	removal_guard_read_above(&s, a);
	assert_true(removal_guard_refused(&s, a));
	assert_false(removal_guard_refused(&s, a)); /* not for the first time */
	assert_false(removal_guard_allows(&s, a, 0));
	assert_true(removal_guard_refused(&s, b));
	assert_false(removal_guard_allows(&s, b, SHOP));
	assert_int_equal(s.n, 2);
	end(a);
	end(b);
	removal_guard_finish(&s);
}

static void who_read_too_many_directories_is_taken_to_have_read_all(void **state)
{
	pid_t a = child();

	(void)state;
	removal_guard_init(&s);
	for (uint64_t i = 1; i <= REMOVAL_GUARD_DIRECTORIES; i++)
		for (int twice = 0; twice < 2; twice++)
			removal_guard_read_inside(&s, a, 1000 + i);
	removal_guard_read_above(&s, a);
	for (uint64_t i = 1; i <= REMOVAL_GUARD_DIRECTORIES; i++)
		assert_false(removal_guard_allows(&s, a, 1000 + i));
	assert_true(removal_guard_allows(&s, a, SHOP));
	removal_guard_read_inside(&s, a, 999);
	assert_false(removal_guard_allows(&s, a, SHOP));
	assert_true(removal_guard_allows(&s, a, 0));
	end(a);
	removal_guard_finish(&s);
}

struct thread {
	pid_t tid;
	int tell[2], stop[2]; /* pipes */
};

static void *run_thread(void *arg)
{
	struct thread *t = arg;
	char c = 0;

	t->tid = (pid_t)syscall(SYS_gettid);
	assert_int_equal(write(t->tell[1], &c, 1), 1);
	assert_int_equal(read(t->stop[0], &c, 1), 1);
	return NULL;
}

static void it_is_the_thread_group_that_counts(void **state)
{
	struct thread t;
	struct process p;
	pthread_t thread;
	char c = 0;

	(void)state;
	removal_guard_init(&s);
	assert_int_equal(pipe(t.tell), 0);
	assert_int_equal(pipe(t.stop), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_thread, &t), 0);
	assert_int_equal(read(t.tell[0], &c, 1), 1);
	assert_int_not_equal(t.tid, getpid());
	assert_int_equal(process_group(t.tid), getpid());
	assert_int_equal(process_read(t.tid, &p), 0);
	assert_int_equal(p.tgid, getpid());
	removal_guard_read_above(&s, t.tid);
	removal_guard_read_inside(&s, getpid(), SHOP);
	assert_false(removal_guard_allows(&s, getpid(), SHOP));
	assert_false(removal_guard_allows(&s, t.tid, SHOP));
	assert_int_equal(s.n, 1);
	assert_int_equal(write(t.stop[1], &c, 1), 1);
	pthread_join(thread, NULL);
	for (int i = 0; i < 2; i++) {
		close(t.tell[i]);
		close(t.stop[i]);
	}
	removal_guard_finish(&s);
}

static void a_pid_that_is_used_again_is_another_process(void **state)
{
	pid_t pid = child();

	(void)state;
	removal_guard_init(&s);
	removal_guard_refused(&s, pid);
	assert_false(removal_guard_allows(&s, pid, 0));
	s.v[0].start_time--; /* as if that one had begun, and ended, before */
	assert_true(removal_guard_allows(&s, pid, 0));
	end(pid);
	removal_guard_finish(&s);
}

static void who_cannot_be_told_apart_may_not_remove(void **state)
{
	pid_t pid = child();

	(void)state;
	end(pid);
	removal_guard_init(&s);
	removal_guard_read_above(&s, pid);
	removal_guard_refused(&s, 0);
	assert_int_equal(s.n, 0);
	assert_false(removal_guard_allows(&s, pid, SHOP));
	assert_false(removal_guard_allows(&s, 0, 0));
	removal_guard_finish(&s);
}

/* Of a full memory, those that have ended go first; then the one not seen for longest. */
static void the_memory_is_bounded(void **state)
{
	pid_t a = child(), b = child();
	struct process me;

	(void)state;
	removal_guard_init(&s);
	assert_int_equal(process_read(getpid(), &me), 0);
	removal_guard_refused(&s, a);
	for (; s.n < REMOVAL_GUARD_PROCESSES; s.n++) /* ended long ago */
		s.v[s.n] = (struct remover){.tgid = getpid(), .start_time = 1};
	removal_guard_refused(&s, b);
	assert_int_equal(s.n, 2);
	assert_false(removal_guard_allows(&s, a, 0));
	assert_false(removal_guard_allows(&s, b, 0));
	for (; s.n < REMOVAL_GUARD_PROCESSES; s.n++) /* all alive */
		s.v[s.n] = (struct remover){.tgid = me.tgid,
					    .start_time = me.start_time,
					    .program = me.program,
					    .used = 1000};
	s.uses = 1000;
	removal_guard_refused(&s, b);
	end(b);
	b = child();
	removal_guard_refused(&s, b);
	assert_int_equal(s.n, REMOVAL_GUARD_PROCESSES);
	assert_false(removal_guard_allows(&s, b, 0));
	end(a);
	end(b);
	removal_guard_finish(&s);
}

/* --- process ---------------------------------------------------------------------------------- */

static void a_process_is_told_by_its_start_time(void **state)
{
	struct process me, again, other;
	pid_t pid;

	(void)state;
	usleep(20000); /* two ticks, so that the child begins in a later one */
	pid = child();
	assert_int_equal(process_read(getpid(), &me), 0);
	assert_int_equal(process_read(getpid(), &again), 0);
	assert_int_equal(process_read(pid, &other), 0);
	assert_true(me.start_time > 0);
	assert_true(me.start_time == again.start_time);
	assert_true(other.start_time > me.start_time);
	assert_true(strlen(me.command) > 0);
	assert_string_equal(me.command, other.command);
	end(pid);
	assert_int_equal(process_read(pid, &other), -ESRCH);
	assert_int_equal(process_group(pid), 0);
	assert_int_equal(process_group(0), 0);
	assert_int_equal(process_group(-1), 0);
}

static void only_a_pending_signal_that_ends_is_ending(void **state)
{
	static const struct {
		int signal;
		bool ends;
	} cases[] = {{0, false},        {SIGHUP, true},   {SIGINT, true},  {SIGQUIT, true},
		     {SIGTERM, true},   {SIGTSTP, false}, {SIGUSR1, true}, {SIGCHLD, false},
		     {SIGWINCH, false}, {SIGALRM, true},  {SIGABRT, true}, {SIGURG, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status;
		pid_t pid = fork_child();
		if (pid == 0) {
			/* What nohup(1) ignores is ignored by its descendants. */
			if (cases[i].signal != 0)
				signal(cases[i].signal, SIG_DFL);
			execlp("sleep", "sleep", "60", (char *)NULL);
			_exit(1);
		}
		/* Once it is sleep(1): no handlers of this program's, or valgrind's, are left. */
		struct process p = {0};
		while (strcmp(p.command, "sleep") != 0) {
			assert_int_equal(process_read(pid, &p), 0);
			usleep(1000);
		}
		kill(pid, SIGSTOP);
		assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
		if (cases[i].signal != 0)
			kill(pid, cases[i].signal);
		assert_int_equal(process_ending(pid), cases[i].ends);
		end(pid);
		assert_false(process_ending(pid));
	}
	assert_false(process_ending(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_read_above_and_the_directory_itself_removes_nothing_in_it),
		cmocka_unit_test(who_was_refused_removes_nothing_more),
		cmocka_unit_test(who_read_too_many_directories_is_taken_to_have_read_all),
		cmocka_unit_test(it_is_the_thread_group_that_counts),
		cmocka_unit_test(a_pid_that_is_used_again_is_another_process),
		cmocka_unit_test(who_cannot_be_told_apart_may_not_remove),
		cmocka_unit_test(the_memory_is_bounded),
		cmocka_unit_test(a_process_is_told_by_its_start_time),
		cmocka_unit_test(only_a_pending_signal_that_ends_is_ending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
