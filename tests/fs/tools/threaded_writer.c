/* SPDX-License-Identifier: MIT */
/*
 * A writer of many threads, for threaded-writers-count.sh: writes TEXT to its standard output and ends
 * by itself, waits to be killed, or kills itself with a signal.
 *
 *   threaded-writer main|thread|alone exit|wait|NUMBER TEXT
 *
 * main: the first thread writes, and ends the process; thread: another does; alone: another does, after
 * the first has ended. With HIDDEN in the environment /proc does not show a normal user all of it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define THREADS 16

static const char *text;
static int ends, signal_number;
static pthread_barrier_t started;

static void *idle(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&started);
	for (;;)
		pause();
	return NULL;
}

static void *writer(void *first)
{
	pthread_barrier_wait(&started);
	if (first != NULL)
		pthread_join(*(pthread_t *)first, NULL);
	if (write(STDOUT_FILENO, text, strlen(text)) != (ssize_t)strlen(text))
		exit(1);
	if (ends)
		exit(0);
	if (signal_number != 0)
		kill(getpid(), signal_number);
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	static pthread_t first;
	pthread_t other;

	if (argc != 4 || (getenv("HIDDEN") != NULL && prctl(PR_SET_DUMPABLE, 0) != 0))
		return 2;
	int here = strcmp(argv[1], "main") == 0;
	int alone = strcmp(argv[1], "alone") == 0;
	ends = strcmp(argv[2], "exit") == 0;
	signal_number = atoi(argv[2]);
	text = argv[3];
	first = pthread_self();
	pthread_barrier_init(&started, NULL, here ? THREADS : THREADS + 1);
	for (int i = 1; i < THREADS; i++)
		if (pthread_create(&other, NULL, idle, NULL) != 0)
			return 2;
	if (here)
		writer(NULL);
	if (pthread_create(&other, NULL, writer, alone ? &first : NULL) != 0)
		return 2;
	if (alone) {
		pthread_barrier_wait(&started);
		pthread_exit(NULL);
	}
	idle(NULL);
}
