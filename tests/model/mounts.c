/* SPDX-License-Identifier: MIT */
/*
 * Unmounting under load: whoever runs the model unmounts and mounts anew when it is asked to, and says
 * when that is done, and when the daemons of before have ended. What their log says was not done is
 * told, too.
 *
 * While there is no mount no operation begins. Those that have begun go on: with the old mount while
 * they have a file of it open, with what is there then by a path.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

/* What the script has for it: a request a line, and a line as the answer. */
#define ASK_FD    3
#define ANSWER_FD 4

static bool *told_of; /* by name and resource: "close …: why" was logged in this round */
static long log_at;
static bool asked_for;

static void request(const char *what)
{
	char answer[16];
	size_t n = 0;

	if (dprintf(ASK_FD, "%s\n", what) < 0) {
		perror("the script");
		exit(2);
	}
	while (n < sizeof(answer) - 1 && read(ANSWER_FD, answer + n, 1) == 1 && answer[n] != '\n')
		n++;
	answer[n] = '\0';
	if (strcmp(answer, "done") != 0) {
		printf("VIOLATION: no other mount after \"%s\"\n", what);
		exit(1);
	}
}

int mount_number(void)
{
	int number;

	do {
		while (__atomic_load_n(&shared->unmounting, __ATOMIC_SEQ_CST))
			usleep(500);
		number = __atomic_load_n(&shared->mount, __ATOMIC_SEQ_CST);
	} while (__atomic_load_n(&shared->unmounting, __ATOMIC_SEQ_CST));
	return number;
}

bool same_mount(const struct record *r)
{
	return r->mount == __atomic_load_n(&shared->mount, __ATOMIC_SEQ_CST);
}

void want_unmount(void)
{
	__atomic_store_n(&shared->unmount_wanted, true, __ATOMIC_SEQ_CST);
}

void mounts_begin(void)
{
	shared->unmount_wanted = false;
	asked_for = false;
}

/* Once a round: it takes its time. */
void mounts_turn(struct random *random)
{
	unsigned how;

	if (!options.remount || asked_for ||
	    !__atomic_load_n(&shared->unmount_wanted, __ATOMIC_SEQ_CST))
		return;
	asked_for = true;
	how = below(random, 4);
	__atomic_store_n(&shared->unmounting, true, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&shared->mount, 1, __ATOMIC_SEQ_CST);
	request(how == 0 ? "signal" : how == 1 ? "unmount" : "detach");
	__atomic_store_n(&shared->unmounting, false, __ATOMIC_SEQ_CST);
}

void mounts_end(void)
{
	if (asked_for)
		request("ended");
}

/* "… close /acme/service-tokens/NAME/databases/DATABASE/permissions: why" */
static void note_line(const char *line)
{
	const char *at = strstr(line, " close /acme/service-tokens/"), *database;
	int name, resource = ORGANIZATION;
	char word[64];

	if (at == NULL)
		return;
	at += strlen(" close /acme/service-tokens/");
	name = name_index_of_path(at);
	database = strstr(at, "/databases/");
	if (database != NULL && sscanf(database, "/databases/%63[^/]", word) == 1)
		resource = database_index(word);
	if (name >= 0 && resource >= 0)
		told_of[name * RESOURCES + resource] = true;
}

/* Of changes that are left to do when the mount goes only a second signal ends one: none is sent. */
static bool forsaken(const char *line)
{
	return strstr(line, "the mount ended before the change was done") != NULL;
}

int mounts_read_log(void)
{
	FILE *log = options.log != NULL ? fopen(options.log, "r") : NULL;
	char line[4096];
	int lost = 0;

	free(told_of);
	told_of = xcalloc((size_t)NAMES * RESOURCES, sizeof(*told_of));
	if (told_of == NULL)
		abort();
	if (log == NULL)
		return 0;
	fseek(log, log_at, SEEK_SET);
	while (fgets(line, sizeof(line), log) != NULL) {
		note_line(line);
		lost += forsaken(line);
		if (forsaken(line))
			printf("%s", line);
	}
	log_at = ftell(log);
	fclose(log);
	return lost;
}

bool told_of_close(int name, int resource)
{
	return told_of[name * RESOURCES + resource];
}
