/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared *shared;
struct options options = {
	.seed = 1,
	.operations = 1000,
	.workers = 6,
	.round_size = 240,
	.timeout_ms = 800,
	.cache_ms = 300,
	.inside = -1,
};

static pid_t pids[WORKERS_MAX];

static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return memory;
}

static void enter(int fd)
{
	if (setns(fd, CLONE_NEWPID) != 0) {
		perror("setns");
		exit(2);
	}
}

/* A process that the daemon can see, if this one is none. */
static pid_t fork_inside(void)
{
	static int own = -1;

	if (options.inside < 0)
		return fork();
	if (own < 0)
		own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	enter(options.inside);
	pid_t pid = fork();
	if (pid != 0)
		enter(own);
	return pid;
}

static void start_workers(void)
{
	shared = share(sizeof(*shared));
	for (int i = 0; i < options.workers; i++)
		shared->lanes[i].records =
			share(sizeof(struct record) * (size_t)options.round_size);
	for (int i = 0; i < options.workers; i++) {
		outside = options.inside >= 0 && i == 0;
		pids[i] = outside ? fork() : fork_inside();
		if (pids[i] != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_worker(i);
		_exit(0);
	}
	outside = false;
}

static void end_workers(int signal)
{
	__atomic_store_n(&shared->round, -1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < options.workers; i++) {
		if (signal != 0)
			kill(pids[i], signal);
		waitpid(pids[i], NULL, 0);
	}
}

static void give_up(const char *why)
{
	printf("%s\n", why);
	fflush(stdout);
	end_workers(SIGKILL);
	exit(1);
}

/* No call lasts longer, however many requests it needs: each has its timeout, and those of one
 * token wait for each other. */
static void check_hanging(void)
{
	int64_t limit_us = options.timeout_ms * INT64_C(40000) + 10000000;

	for (int i = 0; i < options.workers; i++) {
		const struct record *r = shared->lanes[i].current;
		if (r == NULL || __atomic_load_n(&r->end, __ATOMIC_SEQ_CST) != 0 ||
		    now_us() - r->begin < limit_us)
			continue;
		printf("VIOLATION: %s %s/%d hangs in %s for %lld ms\n", r->what, names[r->name],
		       r->resource, r->step, (long long)(now_us() - r->begin) / 1000);
		give_up("it hangs");
	}
	for (int i = 0; i < options.workers; i++)
		if (waitpid(pids[i], NULL, WNOHANG) != 0)
			give_up("VIOLATION: a worker has ended");
}

/* The pace is that of the operations, so that a seed means the same again. */
static void disturb(struct random *random)
{
	int next = 0;

	while (__atomic_load_n(&shared->running, __ATOMIC_SEQ_CST) > 0) {
		mounts_turn(random);
		int done = __atomic_load_n(&shared->done, __ATOMIC_SEQ_CST);
		if (done < next || options.calm) {
			usleep(500);
			check_hanging();
			continue;
		}
		next = done + 1 + (int)below(random, 5);
		disturb_once(random);
	}
}

/* Whatever was released without anybody waiting has ended once its file can be opened to write. */
static void open_all(void)
{
	struct record r = {.step = ""};
	char path[512];

	for (r.name = 0; r.name < NAMES; r.name++) {
		for (r.resource = 0; r.resource < RESOURCES; r.resource++) {
			permissions_path(path, sizeof(path), &r);
			int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
			if (fd < 0)
				continue;
			fsync(fd);
			close(fd);
		}
	}
}

static void wait_for_commits(void)
{
	pid_t pid = fork_inside();

	if (pid == 0) {
		open_all();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		give_up("it cannot wait for what is left to do");
}

static void forget_all(void)
{
	char path[512];

	path_of(path, sizeof(path), ".pscalefs/refresh");
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "\n", 1) != 1)
		give_up("VIOLATION: .pscalefs/refresh cannot be written");
	close(fd);
}

/* How many of each there were, and how many of them did what they were to do. */
static void print_outcomes(void)
{
	static struct {
		const char *what;
		int done, succeeded;
	} outcomes[64];

	for (int lane = 0; lane < options.workers; lane++) {
		for (int i = 0; i < shared->lanes[lane].count; i++) {
			const struct record *r = &shared->lanes[lane].records[i];
			int at = 0;
			while (outcomes[at].what != NULL && strcmp(outcomes[at].what, r->what) != 0)
				at++;
			outcomes[at].what = r->what;
			outcomes[at].done++;
			outcomes[at].succeeded += r->result == 0;
		}
	}
	for (int at = 0; options.last && outcomes[at].what != NULL; at++)
		printf("%6d of %6d succeeded: %s\n", outcomes[at].succeeded, outcomes[at].done,
		       outcomes[at].what);
}

static int run_round(int round)
{
	struct random random = random_of(options.seed, (uint64_t)round, 255);

	forget_all();
	history_begin();
	for (int i = 0; i < options.workers; i++)
		shared->lanes[i].count = 0;
	shared->done = 0;
	mounts_begin();
	shared->running = options.workers;
	if (!options.calm)
		disturb_begin(&random);
	__atomic_store_n(&shared->round, round, __ATOMIC_SEQ_CST);
	disturb(&random);
	disturb_end();
	wait_for_commits();
	mounts_end();
	history_end();
	if (options.verbose)
		print_outcomes();
	int violations = mounts_read_log();
	violations += check_round(round);
	forget_all();
	return violations + check_calm();
}

static void set_up(void)
{
	char body[128];

	cJSON_Delete(ask("POST", "/data", "{\"op\":\"add-database\",\"name\":\"data\"}"));
	for (int i = 0; i < STABLE + 2; i++) {
		snprintf(body, sizeof(body), "{\"op\":\"add-token\",\"name\":\"%s\"}", names[i]);
		cJSON_Delete(ask("POST", "/data", body));
	}
}

static void usage(FILE *out)
{
	fprintf(out, "usage: pscalefs-model --control URL --mount DIRECTORY [--seed N]\n"
		     "       [--operations N] [--workers N] [--round N] [--timeout-ms N]\n"
		     "       [--cache-ms N] [--calm] [--verbose] [--fault-kinds]\n"
		     "       [--log FILE] [--inside FD] [--remount]\n");
}

static void set_option(int c)
{
	switch (c) {
	case 'c':
		options.control = optarg;
		break;
	case 'm':
		options.mount = optarg;
		break;
	case 's':
		options.seed = strtoull(optarg, NULL, 10);
		break;
	case 'n':
		options.operations = atoi(optarg);
		break;
	case 'w':
		options.workers = atoi(optarg);
		break;
	case 'r':
		options.round_size = atoi(optarg);
		break;
	case 't':
		options.timeout_ms = atoi(optarg);
		break;
	case 'a':
		options.cache_ms = atoi(optarg);
		break;
	case 'q':
		options.calm = true;
		break;
	case 'v':
		options.verbose = true;
		break;
	case 'l':
		options.log = optarg;
		break;
	case 'i':
		options.inside = atoi(optarg);
		break;
	case 'u':
		options.remount = true;
		break;
	case 'k':
		print_fault_kinds();
		exit(0);
	default:
		usage(stderr);
		exit(2);
	}
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"control", required_argument, NULL, 'c'},
		{"mount", required_argument, NULL, 'm'},
		{"seed", required_argument, NULL, 's'},
		{"operations", required_argument, NULL, 'n'},
		{"workers", required_argument, NULL, 'w'},
		{"round", required_argument, NULL, 'r'},
		{"timeout-ms", required_argument, NULL, 't'},
		{"cache-ms", required_argument, NULL, 'a'},
		{"calm", no_argument, NULL, 'q'},
		{"verbose", no_argument, NULL, 'v'},
		{"log", required_argument, NULL, 'l'},
		{"inside", required_argument, NULL, 'i'},
		{"remount", no_argument, NULL, 'u'},
		{"fault-kinds", no_argument, NULL, 'k'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		set_option(c);
	if (options.control == NULL || options.mount == NULL || options.workers < 1 ||
	    options.workers > WORKERS_MAX || options.round_size < options.workers) {
		usage(stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int violations = 0, done = 0;

	read_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	start_workers();
	set_up();
	int64_t begin = now_us();
	for (int round = 1; done < options.operations && violations == 0; round++) {
		options.last = done + options.round_size >= options.operations;
		violations = run_round(round);
		done += shared->done;
		if (violations > 0)
			printf("round %d: %d operations, %d violations; switches:%s\n", round,
			       shared->done, violations, disturb_switches());
	}
	end_workers(0);
	printf("seed %llu: %d operations by %d processes in %.1f s, %u kinds of faults, %d "
	       "violations\n",
	       (unsigned long long)options.seed, done, options.workers,
	       (double)(now_us() - begin) / 1e6, fault_kinds(), violations);
	if (violations > 0)
		printf("again: --seed %llu --operations %d --workers %d --round %d\n",
		       (unsigned long long)options.seed, done, options.workers, options.round_size);
	return violations > 0;
}
