/* SPDX-License-Identifier: MIT */
/*
 * latency STAT-PATH HUNG-FILE: how long a stat takes that nothing else keeps from being answered,
 * and how soon ^C frees a caller whose answer never comes. Prints percentiles; judges nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATS      2000
#define INTERRUPTS 100

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *what, double *v, size_t n, double limit_ms)
{
	qsort(v, n, sizeof(*v), by_value);
	double p99 = v[n - 1 - n / 100];
	printf("%-10s %5zu samples: median %7.3f ms, 99th percentile %7.3f ms, worst %7.3f ms;"
	       " 99th percentile to %g ms: %.2f\n",
	       what, n, v[n / 2], p99, v[n - 1], limit_ms, p99 / limit_ms);
}

/* From the file system, not from what the kernel remembers. */
static double stat_ms(const char *path)
{
	struct statx st;
	double begin = now_ms();

	if (statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st) != 0) {
		perror(path);
		exit(1);
	}
	return now_ms() - begin;
}

static pid_t start_reader(const char *path)
{
	pid_t child = fork();

	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		_exit(open(path, O_RDONLY) < 0);
	}
	return child;
}

static double interrupt_ms(const char *path)
{
	pid_t child = start_reader(path);

	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* it is parked by then */
	double begin = now_ms();
	kill(child, SIGINT);
	waitpid(child, NULL, 0);
	return now_ms() - begin;
}

int main(int argc, char **argv)
{
	static double stats[STATS], interrupts[INTERRUPTS];

	if (argc != 3)
		return 2;
	for (size_t i = 0; i < STATS; i++)
		stats[i] = stat_ms(argv[1]);
	print("stat", stats, STATS, 5);
	for (size_t i = 0; i < INTERRUPTS; i++)
		interrupts[i] = interrupt_ms(argv[2]);
	print("^C", interrupts, INTERRUPTS, 100);
	return 0;
}
