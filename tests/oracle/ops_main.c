/* SPDX-License-Identifier: MIT */
/* oracle-ops: sequences without a kernel, against regular.c alone. */
#include "ops.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

static struct options {
	uint64_t seed, first, sequences;
	unsigned failures;
	int mode;
	uint32_t kinds;
	const char *replay;
} options = {.seed = 1, .sequences = 20000, .failures = 1, .mode = -1};

/* --- sequences -------------------------------------------------------------------------------- */

static void report(const struct sequence *whole, struct failure *f)
{
	struct sequence s = *whole;

	printf("\nFAILED: sequence %llu of seed %llu\n", (unsigned long long)whole->seed,
	       (unsigned long long)options.seed);
	if (!minimize(&mount_subject, &s, f))
		s = *whole;
	failure_print(stdout, &s, f);
	puts("--- as a program");
	sequence_python(stdout, &s);
}

static int run_all(struct counts *counts)
{
	unsigned failures = 0;
	struct sequence s;
	struct failure f;

	for (uint64_t n = 0; n < options.sequences && failures < options.failures; n++) {
		make_sequence(&s, options.seed, options.first + n, options.mode, options.kinds);
		mount_pace(s.seed);
		if (run_sequence(&mount_subject, &s, &f, counts))
			continue;
		failures++;
		report(&s, &f);
	}
	return (int)failures;
}

static int replay(void)
{
	struct sequence s;
	struct failure f;
	struct counts counts = {0};

	if (!sequence_load(options.replay, &s))
		return 2;
	/* At other paces, too. */
	for (uint64_t pace = 0; pace < 20; pace++) {
		mount_pace(pace);
		if (!run_sequence(&mount_subject, &s, &f, &counts)) {
			failure_print(stdout, &s, &f);
			return 1;
		}
	}
	mount_end();
	return 0;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: oracle-ops [--seed N] [--first N] [--sequences N] [--failures N]\n"
		"       [--mode plain|refused|signs|kills] [--without CALL]… [--replay FILE]\n");
	exit(2);
}

static int index_of(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	usage();
	return 0;
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"seed", required_argument, NULL, 's'},
		{"first", required_argument, NULL, 'f'},
		{"sequences", required_argument, NULL, 'n'},
		{"failures", required_argument, NULL, 'F'},
		{"mode", required_argument, NULL, 'M'},
		{"without", required_argument, NULL, 'x'},
		{"replay", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's')
			options.seed = strtoull(optarg, NULL, 10);
		else if (c == 'f')
			options.first = strtoull(optarg, NULL, 10);
		else if (c == 'n')
			options.sequences = strtoull(optarg, NULL, 10);
		else if (c == 'F')
			options.failures = (unsigned)atoi(optarg);
		else if (c == 'M')
			options.mode = index_of(optarg, mode_names, MODES);
		else if (c == 'x')
			options.kinds |= 1u << index_of(optarg, call_names, CALL_KINDS);
		else if (c == 'r')
			options.replay = optarg;
		else
			usage();
	}
}

int main(int argc, char **argv)
{
	struct counts counts = {0};
	struct timespec from, to;

	read_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_set_level(LEVEL_ERROR);
	if (options.replay != NULL)
		return replay();
	clock_gettime(CLOCK_MONOTONIC, &from);
	int failures = run_all(&counts);
	clock_gettime(CLOCK_MONOTONIC, &to);
	mount_end();
	counts_print(stdout, &counts);
	printf("seed %llu: %llu sequences, %llu calls in %.1f s, %d failures\n",
	       (unsigned long long)options.seed, (unsigned long long)counts.sequences,
	       (unsigned long long)counts.calls,
	       (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
	       failures);
	return failures > 0;
}
