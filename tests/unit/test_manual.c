/* SPDX-License-Identifier: MIT */
/* The manual and -h name the same options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "mount/config.h"

/* Each option with a blank before and behind: " -f --help org= noexec ". A value's name is left
 * out. */
static bool has(const struct buf *set, const char *option)
{
	cleanup(free_ptr) char *word = xasprintf(" %s ", option);

	return strstr(buf_str(set), word) != NULL;
}

static void add(struct buf *set, const char *option, size_t len)
{
	cleanup(free_ptr) char *word = xstrndup(option, len);

	if (len > 0 && !has(set, word))
		buf_addf(set, "%s ", word);
}

/* A line of -h: "  -h, --help   …", "  -o org=NAME …", or bare words with commas. */
static void read_help_line(char *line, struct buf *set)
{
	char *save = NULL, *word = strtok_r(line, " ,", &save);

	if (word == NULL)
		return;
	if (word[0] != '-') {
		for (; word != NULL; word = strtok_r(NULL, " ,", &save))
			add(set, word, strlen(word));
		return;
	}
	add(set, word, strlen(word));
	char *next = strtok_r(NULL, " ,", &save);
	if (next == NULL)
		return;
	if (str_eq(word, "-o") && !str_starts(next, "OPTION")) {
		char *equals = strchr(next, '=');
		add(set, next, equals == NULL ? strlen(next) : (size_t)(equals - next) + 1);
	} else if (next[0] == '-') {
		add(set, next, strlen(next));
	}
}

static void read_help(struct buf *set)
{
	cleanup(buf_finish) struct buf help = BUF_INIT;

	buf_addc(set, ' ');
	config_help(&help);
	for (char *p = help.data, *end; *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		*end = '\0';
		if (str_starts(p, "  "))
			read_help_line(p, set);
	}
}

/* The options in ".It Fl h , Fl -help", ".It Cm org Ns = Ns Ar name" or ".It Cm noexec , exec". */
static void read_item(char *line, struct buf *set)
{
	char *save = NULL, macro[4] = "";

	for (char *w = strtok_r(line, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		if (str_eq(w, "Fl") || str_eq(w, "Cm")) {
			snprintf(macro, sizeof(macro), "%s", w);
		} else if (str_eq(w, "Ns") || str_eq(w, "Ar")) {
			if (str_eq(macro, "Cm")) /* " org " becomes " org= " */
				buf_resize(set, set->len - 1);
			buf_adds(set, str_eq(macro, "Cm") ? "= " : "");
			return;
		} else if (!str_eq(w, ",")) {
			cleanup(free_ptr) char *option =
				str_eq(macro, "Fl") ? xasprintf("-%s", w) : xstrdup(w);
			add(set, option, strlen(option));
		}
	}
}

static void read_manual(struct buf *set)
{
	char line[512];
	FILE *f = fopen(MANUAL_PATH, "re");

	assert_non_null(f);
	buf_addc(set, ' ');
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (str_starts(line, ".It Fl ") || str_starts(line, ".It Cm "))
			read_item(line + strlen(".It "), set);
	}
	fclose(f);
}

static void assert_within(const struct buf *some, const struct buf *all, const char *where)
{
	cleanup(free_ptr) char *copy = xstrdup(buf_str(some));
	char *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save), n++)
		if (!has(all, w))
			fail_msg("%s is not in %s", w, where);
	assert_true(n > 30);
}

static void the_manual_and_the_help_name_the_same_options(void **state)
{
	cleanup(buf_finish) struct buf help = BUF_INIT, manual = BUF_INIT;

	(void)state;
	read_help(&help);
	read_manual(&manual);
	assert_true(has(&help, "--help") && has(&help, "org=") && has(&help, "x-*"));
	assert_within(&help, &manual, "the manual");
	assert_within(&manual, &help, "the help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_and_the_help_name_the_same_options),
	};

	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
