/* SPDX-License-Identifier: MIT */
/*
 * loops stat|cat|ls|ls-forked PATH SECONDS: does that again and again for so long, ls-forked by a process for
 * each time; prints how often a second.
 * loops append TEXT FILE...: appends TEXT to each file once; prints the median of the milliseconds
 * that open, write and close took together.
 * loops run N COMMAND...: runs the command N times; prints the median, as append does.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 1000

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void stat_once(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		die(path);
}

/* As cat does it: to the end, which a read of nothing tells. */
static void cat_once(const char *path)
{
	char bytes[65536];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) != 0)
		die(path);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		;
	if (n < 0)
		die(path);
	close(fd);
}

static void ls_once(const char *path)
{
	DIR *dir = opendir(path);
	size_t names = 0;

	if (dir == NULL)
		die(path);
	while (readdir(dir) != NULL)
		names++;
	closedir(dir);
	if (names < 3) {
		fprintf(stderr, "%s: nothing in it\n", path);
		exit(1);
	}
}

static void ls_forked(const char *path)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (child == 0) {
		ls_once(path);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		exit(1);
}

static const struct {
	const char *name;
	void (*once)(const char *path);
} loops[] = {{"stat", stat_once}, {"cat", cat_once}, {"ls", ls_once}, {"ls-forked", ls_forked}};

static int loop(void (*once)(const char *path), const char *path, double seconds)
{
	uint64_t n = 0;

	once(path); /* warm */
	double begin = now_s(), end = begin;
	while (end - begin < seconds) {
		once(path);
		n++;
		end = now_s();
	}
	printf("%.0f\n", (double)n / (end - begin));
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int print_median(double *seconds, size_t n)
{
	qsort(seconds, n, sizeof(*seconds), by_value);
	printf("%.2f\n", seconds[n / 2] * 1e3);
	return 0;
}

static double append_s(const char *path, const char *text)
{
	double begin = now_s();
	int fd = open(path, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0)
		die(path);
	return now_s() - begin;
}

static double run_s(char **command)
{
	double begin = now_s();
	int status;
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || status != 0) {
		fprintf(stderr, "%s failed\n", command[0]);
		exit(1);
	}
	return now_s() - begin;
}

int main(int argc, char **argv)
{
	static double samples[SAMPLES_MAX];
	const char *what = argc >= 4 ? argv[1] : "";
	size_t n = 0;

	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
		if (strcmp(what, loops[i].name) == 0)
			return loop(loops[i].once, argv[2], strtod(argv[3], NULL));
	if (strcmp(what, "append") == 0) {
		for (int i = 3; i < argc && n < SAMPLES_MAX; i++)
			samples[n++] = append_s(argv[i], argv[2]);
		return print_median(samples, n);
	}
	if (strcmp(what, "run") == 0) {
		size_t wanted = strtoul(argv[2], NULL, 10);
		while (n < wanted && n < SAMPLES_MAX)
			samples[n++] = run_s(argv + 3);
		return print_median(samples, n);
	}
	fprintf(stderr, "usage: loops stat|cat|ls|ls-forked PATH SECONDS\n"
			"       loops append TEXT FILE...\n"
			"       loops run N COMMAND...\n");
	return 2;
}
