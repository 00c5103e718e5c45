/* SPDX-License-Identifier: MIT */
/*
 * Writers by how they end: by themselves, with many threads that wait meanwhile, or by a signal.
 */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

enum {
	THREADS = 6
};

static void write_and_stay(struct work *w)
{
	struct text t;
	int fd = open_permissions(w, O_WRONLY | (chance(w->random, 70) ? O_TRUNC : O_APPEND));

	if (fd < 0)
		return;
	make_text(w, &t, 30);
	write_lines(w->record, fd, &t);
	write_all(w->record, fd, "crea", 4); /* half a word more */
}

static void *idle(void *barrier)
{
	pthread_barrier_wait(barrier);
	for (;;)
		pause();
	return NULL;
}

static bool start_threads(struct record *r)
{
	static pthread_barrier_t started;
	pthread_t thread;
	int failed = pthread_barrier_init(&started, NULL, THREADS + 1);

	for (int i = 0; i < THREADS && failed == 0; i++)
		failed = pthread_create(&thread, NULL, idle, &started);
	if (failed != 0) {
		complain(r, "pthread_create: %s", strerror(failed));
		return false;
	}
	pthread_barrier_wait(&started);
	return true;
}

struct writer {
	struct work *work;
	int fd;
	const struct text *text;
};

/* Nobody closes the file: exit_group(2) does, and ends the threads with SIGKILL. */
static void *write_and_exit(void *ctx)
{
	struct writer *writer = ctx;
	const struct text *t = writer->text;

	_exit(write_all(writer->work->record, writer->fd, t->s, t->len) ? 0 : 1);
	return NULL;
}

static void be_threaded(struct work *w, struct text *t)
{
	pthread_t thread;
	int fd = open_permissions(w, O_WRONLY | O_TRUNC);
	struct writer writer = {w, fd, t};

	if (fd < 0 || !start_threads(w->record))
		_exit(1);
	if (chance(w->random, 50))
		write_and_exit(&writer);
	if (pthread_create(&thread, NULL, write_and_exit, &writer) == 0)
		pause();
	_exit(1);
}

/* "threaded > f && sync f" */
void threaded_writer(struct work *w)
{
	struct text t;
	struct record *r = w->record;
	int64_t from = now_us();
	int status;

	make_text(w, &t, 0);
	if (t.len > 1 && t.plain != 0 && chance(w->random, 50))
		t.len--; /* the last line is not ended */
	r->writes = true;
	r->loose = true;
	r->grant = grants(&t);
	r->revoke = ~grants(&t) & ALL_SCOPES;
	pid_t pid = fork();
	if (pid == 0)
		be_threaded(w, &t);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (pid < 0) {
		complain(r, "fork: %s", strerror(errno));
		return;
	}
	if (!WIFEXITED(status))
		complain(r, "its process ended with %#x", (unsigned)status);
	if (status != 0)
		return;
	int fd = open_permissions(w, O_RDONLY);
	if (fd < 0)
		return;
	if (CALL(r, "fsync", fsync(fd)) == 0 && same_mount(r))
		claim_text(r, from, grants(&t), ~grants(&t) & ALL_SCOPES);
	close(fd);
}

static void write_threaded_and_stay(struct work *w)
{
	if (start_threads(w->record))
		write_and_stay(w);
}

void killed_writer(struct work *w)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGHUP, SIGINT};

	in_child(w, chance(w->random, 50) ? write_threaded_and_stay : write_and_stay,
		 signals[below(w->random, 4)],
		 (int)below(w->random, chance(w->random, 50) ? 4000 : 60000));
}

/* In the middle of anything. */
void killed(struct work *w)
{
	static operation *const any[] = {append,       replace,       rename_over,
					 overwrite,    truncate_path, remove_permissions,
					 remove_token, make_token,    remove_database,
					 back_up,      empty_by_open, replace_in_pieces};
	struct record *r = w->record;
	unsigned i = below(w->random, ARRAY_LEN(any));

	if (any[i] == make_token || any[i] == remove_token)
		r->name = STABLE + r->name % (NAMES - STABLE);
	if (any[i] == remove_database && r->resource == ORGANIZATION)
		r->resource = 1;
	in_child(w, any[i], SIGKILL, (int)below(w->random, chance(w->random, 70) ? 6000 : 200000));
}
