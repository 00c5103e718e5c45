/* SPDX-License-Identifier: MIT */
/* pscalefs-oracle: sequences on a mount and on a tmpfs at once, by several workers. */
#include "kernel.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	WORKERS_MAX = 8,
	CHANGES_MAX = 4096,
	ONCE_IN = 2000, /* sequences: one of them may fail once */
};

static struct options {
	const char *mount, *control, *tmpfs, *replay;
	uint64_t seed, first, sequences;
	unsigned workers, seconds, failures;
	int mode;       /* -1: all */
	uint32_t kinds; /* calls that are not made */
} options = {.seed = 1, .sequences = 1000, .workers = 2, .failures = 1, .mode = -1};

/* Of all workers. */
struct shared {
	uint64_t next, failures, once;
	struct counts counts[WORKERS_MAX];
};
static struct shared *shared;

int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- the mount -------------------------------------------------------------------------------- */

static struct mount {
	struct actors *actors;
	char token[32];
	int directory;
	scopes granted; /* as far as the emulator was asked */
	bool dirty;     /* a sequence was not finished, or what it did is remembered */
	struct change changes[CHANGES_MAX];
	size_t n;
} mount;

static void fetch_changes(void)
{
	size_t n = emulator_changes(mount.token, mount.changes + mount.n, CHANGES_MAX - mount.n);

	for (; n > 0; n--, mount.n++)
		mount.granted = (mount.granted | mount.changes[mount.n].added) &
				~mount.changes[mount.n].removed;
}

/* An open waits for what is under way; fsync tells what nobody was told yet. */
static scopes ask(bool forget_errors)
{
	int f = openat(mount.directory, "permissions", O_WRONLY | O_APPEND | O_CLOEXEC);

	if (f >= 0 && forget_errors)
		fsync(f);
	if (f >= 0)
		close(f);
	fetch_changes();
	return mount.granted;
}

static scopes on_granted(void *ctx)
{
	(void)ctx;
	return ask(false);
}

static bool write_start(scopes start)
{
	char text[TEXT_MAX];
	size_t len = scopes_text(start, text, sizeof(text));
	int f = openat(mount.directory, "permissions", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		       0600);

	if (f < 0)
		return false;
	bool good = len == 0 || write(f, text, len) == (ssize_t)len;
	return close(f) == 0 && good;
}

static bool on_begin(void *ctx, scopes start, const bool alive[PROCESSES])
{
	(void)ctx;
	tmpfs_reset();
	if (!actors_reset(mount.actors, alive, !mount.dirty))
		return false;
	unlinkat(mount.directory, name_texts[NAME_SCRATCH], 0);
	unlinkat(mount.directory, name_texts[NAME_BACKUP], 0);
	/* What came before may be remembered: who removed it, what was refused. */
	for (int tries = 0; tries < 3; tries++) {
		if (ask(true) == start && (tries > 0 || !mount.dirty))
			break;
		write_start(start);
	}
	mount.n = 0;
	mount.dirty = true;
	return mount.granted == start;
}

static bool on_call(void *ctx, const struct call *c, struct result *out)
{
	(void)ctx;
	return actors_call(mount.actors, c, out);
}

static int64_t on_clock(void *ctx)
{
	(void)ctx;
	return now_us();
}

static const struct change *on_history(void *ctx, size_t *n)
{
	(void)ctx;
	fetch_changes();
	*n = mount.n;
	return mount.changes;
}

static void begin_worker(unsigned number, struct subject *on)
{
	char path[512];
	char name[32];

	emulator_at(options.control);
	snprintf(name, sizeof(name), "oracle%u-%u", number, (unsigned)getpid());
	emulator_add_token(name, mount.token);
	snprintf(path, sizeof(path), "%s/.pscalefs/refresh", options.mount);
	int f = open(path, O_WRONLY | O_CLOEXEC);
	if (f < 0 || write(f, "\n", 1) != 1) {
		perror(path);
		exit(2);
	}
	close(f);
	snprintf(path, sizeof(path), "%s/acme/service-tokens/%s/databases/shop", options.mount,
		 name);
	mount.actors = actors_new(path);
	mount.directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/%u", options.tmpfs, number);
	mkdir(path, 0700);
	*on = (struct subject){.mirror = tmpfs_begin(path),
			       .begin = on_begin,
			       .call = on_call,
			       .granted = on_granted,
			       .looks = true,
			       .clock = on_clock,
			       .history = on_history};
}

/* --- sequences -------------------------------------------------------------------------------- */

/*
 * What does not fail again is no finding alone: the kernel releases a file late if another process looks
 * into /proc meanwhile, and a text lives as long as it is open. But it must stay rare.
 */
static void report(const struct subject *on, const struct sequence *whole, struct failure *f)
{
	struct sequence s = *whole;
	struct failure again = *f;
	char *text;
	size_t size;
	bool repeats = minimize(on, &s, &again);
	FILE *out = open_memstream(&text, &size);

	__atomic_add_fetch(repeats ? &shared->failures : &shared->once, 1, __ATOMIC_SEQ_CST);
	fprintf(out, "\n%s: sequence %llu of seed %llu\n", repeats ? "FAILED" : "failed once",
		(unsigned long long)whole->seed, (unsigned long long)options.seed);
	failure_print(out, repeats ? &s : whole, repeats ? &again : f);
	if (repeats)
		fputs("--- as a program\n", out);
	if (repeats)
		sequence_python(out, &s);
	fclose(out);
	fputs(text, stdout);
	fflush(stdout);
	free(text);
}

/* Who moved it aside is remembered until it is written as a whole. */
static bool is_remembered(const struct sequence *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->call[i].kind == CALL_RENAME)
			return true;
	return false;
}

static void run_one(const struct subject *on, const struct sequence *s, struct counts *counts)
{
	struct failure f;
	uint64_t lost = counts->lost;

	if (run_sequence(on, s, &f, counts)) {
		mount.dirty = counts->lost > lost || is_remembered(s);
		return;
	}
	report(on, s, &f);
}

static void work(unsigned number, int64_t end_us)
{
	struct subject on;
	struct sequence s;

	begin_worker(number, &on);
	while (__atomic_load_n(&shared->failures, __ATOMIC_SEQ_CST) < options.failures) {
		uint64_t n = __atomic_fetch_add(&shared->next, 1, __ATOMIC_SEQ_CST);
		if (n >= options.sequences || (end_us != 0 && now_us() > end_us))
			break;
		make_sequence(&s, options.seed, options.first + n, options.mode, options.kinds);
		run_one(&on, &s, &shared->counts[number]);
		if (n % 2000 == 1999)
			emulator_forget_log();
	}
	actors_free(mount.actors);
}

static int replay(void)
{
	struct subject on;
	struct sequence s;
	struct failure f;
	struct counts counts = {0};

	if (!sequence_load(options.replay, &s))
		return 2;
	begin_worker(0, &on);
	bool good = run_sequence(&on, &s, &f, &counts);
	if (!good)
		failure_print(stdout, &s, &f);
	actors_free(mount.actors);
	return !good;
}

static int summary(int64_t began_us)
{
	struct counts sum = {0};

	for (unsigned w = 0; w < WORKERS_MAX; w++) {
		sum.sequences += shared->counts[w].sequences;
		sum.calls += shared->counts[w].calls;
		sum.lost += shared->counts[w].lost;
		for (unsigned i = 0; i < DIFFERENCES; i++)
			sum.used[i] += shared->counts[w].used[i];
	}
	counts_print(stdout, &sum);
	printf("seed %llu: %llu sequences, %llu calls in %.1f s, %llu failures, %llu once\n",
	       (unsigned long long)options.seed, (unsigned long long)sum.sequences,
	       (unsigned long long)sum.calls, (double)(now_us() - began_us) / 1e6,
	       (unsigned long long)shared->failures, (unsigned long long)shared->once);
	return shared->failures > 0 || shared->once > 1 + sum.sequences / ONCE_IN;
}

/* --- options ---------------------------------------------------------------------------------- */

static void usage(FILE *out)
{
	fprintf(out, "usage: pscalefs-oracle --control URL --mount DIRECTORY --tmpfs DIRECTORY\n"
		     "       [--seed N] [--first N] [--sequences N] [--seconds N] [--workers N]\n"
		     "       [--failures N] [--mode plain|refused|signs|kills] [--without CALL]…\n"
		     "       [--replay FILE]\n");
}

static int index_of(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	usage(stderr);
	exit(2);
}

static void read_option(int c, const char *value)
{
	switch (c) {
	case 'c':
		options.control = value;
		break;
	case 'm':
		options.mount = value;
		break;
	case 't':
		options.tmpfs = value;
		break;
	case 's':
		options.seed = strtoull(value, NULL, 10);
		break;
	case 'f':
		options.first = strtoull(value, NULL, 10);
		break;
	case 'n':
		options.sequences = strtoull(value, NULL, 10);
		break;
	case 'T':
		options.seconds = (unsigned)atoi(value);
		break;
	case 'w':
		options.workers = (unsigned)atoi(value);
		break;
	case 'F':
		options.failures = (unsigned)atoi(value);
		break;
	case 'M':
		options.mode = index_of(value, mode_names, MODES);
		break;
	case 'x':
		options.kinds |= 1u << index_of(value, call_names, CALL_KINDS);
		break;
	case 'r':
		options.replay = value;
		break;
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
		{"tmpfs", required_argument, NULL, 't'},
		{"seed", required_argument, NULL, 's'},
		{"first", required_argument, NULL, 'f'},
		{"sequences", required_argument, NULL, 'n'},
		{"seconds", required_argument, NULL, 'T'},
		{"workers", required_argument, NULL, 'w'},
		{"failures", required_argument, NULL, 'F'},
		{"mode", required_argument, NULL, 'M'},
		{"without", required_argument, NULL, 'x'},
		{"replay", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		read_option(c, optarg);
	if (options.control == NULL || options.mount == NULL || options.tmpfs == NULL ||
	    options.workers < 1 || options.workers > WORKERS_MAX) {
		usage(stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int64_t began = now_us();
	int status, worst = 0;
	pid_t pids[WORKERS_MAX];

	read_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (options.replay != NULL)
		return replay();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (unsigned w = 0; w < options.workers; w++) {
		pids[w] = fork();
		if (pids[w] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(w,
			     options.seconds != 0 ? began + options.seconds * INT64_C(1000000) : 0);
			exit(0);
		}
	}
	for (unsigned w = 0; w < options.workers; w++) {
		waitpid(pids[w], &status, 0);
		worst |= status;
	}
	if (worst != 0)
		printf("a worker ended with %#x\n", (unsigned)worst);
	return summary(began) != 0 || worst != 0;
}
