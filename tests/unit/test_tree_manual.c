/* SPDX-License-Identifier: MIT */
/* The picture in pscalefs(5) shows the tree's table: every entry, its place and its mode, and no
 * other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "tree/tree.h"

/* As `ls -l` shows a mode. */
static void mode_text(mode_t mode, char out[static 11])
{
	static const char letters[] = "rwxrwxrwx";

	out[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '-';
	for (int i = 0; i < 9; i++)
		out[i + 1] = letters[i];
	for (int i = 0; i < 9; i++)
		if ((mode & (0400u >> i)) == 0)
			out[i + 1] = '-';
	out[10] = '\0';
}

/* What the picture calls `name` below `parent`: a fixed name, or the one that PlanetScale gives. */
static enum tree_kind kind_of(enum tree_kind parent, const char *name)
{
	enum tree_kind given = TREE_KINDS;

	for (enum tree_kind k = 1; k < TREE_KINDS; k++) {
		if (k == TREE_SCRATCH || tree_parent(k) != parent)
			continue;
		if (tree_name(k) == NULL)
			given = k;
		else if (strcmp(tree_name(k), name) == 0)
			return k;
	}
	return given;
}

#define MODE_WIDTH 12 /* "drwx------  " */

/* "drwx------    .pscalefs/   …": its depth and, cut off at its end, its name; NULL: no entry. */
static char *entry(char *line, size_t *depth)
{
	if (strlen(line) <= MODE_WIDTH || line[0] == '\0' || strchr("dl-", line[0]) == NULL ||
	    strspn(line + 1, "rwx-") != 9)
		return NULL;
	size_t blanks = strspn(line + MODE_WIDTH, " ");
	char *name = line + MODE_WIDTH + blanks;
	*depth = blanks / 2;
	name[strcspn(name, " \n")] = '\0';
	return name;
}

static void check_entry(const char *line, const char *name, enum tree_kind kind)
{
	char mode[11];
	size_t len = strlen(name);

	mode_text(tree_mode(kind), mode);
	if (strncmp(line, mode, 10) != 0)
		fail_msg("%s: the manual says %.10s, the tree %s", name, line, mode);
	if ((name[len - 1] == '/') != S_ISDIR(tree_mode(kind)))
		fail_msg("%s: a directory's name ends in a slash, no other does", name);
}

static void the_picture_is_the_table(void **state)
{
	enum tree_kind at[8] = {TREE_ROOT};
	bool shown[TREE_KINDS] = {[TREE_SCRATCH] = true};
	size_t depth = 0, last = 0;
	char line[256];
	FILE *f = fopen(MANUAL_PATH, "re");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *name = entry(line, &depth);
		if (name == NULL)
			continue;
		assert_true(depth <= last + 1 && depth < ARRAY_LEN(at));
		char bare[64];
		snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(name, "/"), name);
		at[depth] = depth == 0 ? TREE_ROOT : kind_of(at[depth - 1], bare);
		if (at[depth] == TREE_KINDS || shown[at[depth]])
			fail_msg("%s: not in the tree, or twice in the manual", name);
		check_entry(line, name, at[depth]);
		shown[at[depth]] = true;
		last = depth;
	}
	fclose(f);
	for (enum tree_kind k = 0; k < TREE_KINDS; k++)
		if (!shown[k])
			fail_msg("kind %u (%s) is not in the manual", (unsigned)k,
				 tree_name(k) != NULL ? tree_name(k) : "a given name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_picture_is_the_table),
	};

	return cmocka_run_group_tests_name("tree_manual", tests, NULL, NULL);
}
