/* SPDX-License-Identifier: MIT */
/* credential: where it is looked for, what is refused, and that nothing of it stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/credential.h"
#include "base/macros.h"
#include "base/text.h"

#define ID     "abcdefghij12"
#define SECRET "pscale_tkn_dummy-for-tests"
#define LOGIN  "pscale_oauth_dummy"

extern char **environ;

static char dir[] = "/tmp/pscalefs-test-XXXXXX";
static char path[128];
static const char *program; /* this one, to be run anew */

static void clear_environment(void)
{
	for (size_t k = 0; k < CREDENTIAL_KEYS; k++)
		unsetenv(credential_key_names[k]);
	unsetenv("CREDENTIALS_DIRECTORY");
	setenv("HOME", dir, 1);
}

/* A file below the test's directory; `path` is its name afterwards. */
static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void write_text(const char *name, const char *text, mode_t mode)
{
	write_file(name, text, strlen(text), mode);
}

/* Not with assert_string_equal: no test shall print what stands for a secret. */
static void assert_header(const struct credential *c, const char *header)
{
	assert_non_null(c->header);
	assert_true(str_eq(secret_expose(c->header), header));
}

static void assert_says(const struct error *e, const char *text)
{
	if (strstr(e->text, text) == NULL)
		fail_msg("'%s' does not say '%s'", e->text, text);
	assert_null(strstr(e->text, "dummy"));
	assert_null(strstr(e->hint, "dummy"));
}

static int setup(void **state)
{
	(void)state;
	clear_environment();
	return 0;
}

static void a_file_of_variables_is_parsed(void **state)
{
	static const struct {
		const char *text;
		const char *values[CREDENTIAL_KEYS];
	} cases[] = {
		{"", {NULL}},
		{"\n \t\n# comment\n  # x=y\n", {NULL}},
		{"PLANETSCALE_SERVICE_TOKEN_ID=a\nPLANETSCALE_SERVICE_TOKEN=b\n",
		 {[KEY_TOKEN_ID] = "a", [KEY_TOKEN_SECRET] = "b"}},
		{"PLANETSCALE_API_TOKEN=a=b", {[KEY_API_TOKEN] = "a=b"}},
		{"  export PLANETSCALE_ORG=acme  \r\n", {[KEY_ORG] = "acme"}},
		{"export\tPLANETSCALE_ORG=acme", {[KEY_ORG] = "acme"}},
		{"PLANETSCALE_ORG= acme \r\n", {[KEY_ORG] = "acme"}},
		{"PLANETSCALE_ORG=\"a b\"", {[KEY_ORG] = "a b"}},
		{"PLANETSCALE_ORG='a\"b' # why", {[KEY_ORG] = "a\"b"}},
		{"PLANETSCALE_ORG=\"\"", {[KEY_ORG] = ""}},
		{"PLANETSCALE_ORG=", {[KEY_ORG] = ""}},
		{"PLANETSCALE_SERVICE_TOKEN_NAME=n", {[KEY_TOKEN_NAME] = "n"}},
	};
	struct credential_fields f;
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(credential_parse(cases[i].text, strlen(cases[i].text), &f, &e), 0);
		for (size_t k = 0; k < CREDENTIAL_KEYS; k++) {
			const char *want = cases[i].values[k];
			assert_int_equal(f.v[k].s != NULL, want != NULL);
			if (want == NULL)
				continue;
			assert_int_equal(f.v[k].len, strlen(want));
			assert_memory_equal(f.v[k].s, want, strlen(want));
		}
	}
}

static void a_wrong_line_is_named_and_never_quoted(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"dummy", "line 1: not of the form KEY=value"},
		{"\n\npscale_tkn_dummy\n", "line 3: not of the form KEY=value"},
		{"dummyAAA==\n", "line 1: pscalefs does not know this key"},
		{"PLANETSCALE_dummy=x", "line 1: pscalefs does not know this key"},
		{"PLANETSCALE_DATABASE=x",
		 "line 1: pscalefs does not know the key PLANETSCALE_DATABASE"},
		{"PLANETSCALE_ORG =x", "pscalefs does not know this key"},
		{"export =x", "pscalefs does not know this key"},
		{"=x", "pscalefs does not know this key"},
		{"export= PLANETSCALE_ORG", "pscalefs does not know this key"},
		{"export PLANETSCALE_ORG", "not of the form KEY=value"},
		{"PLANETSCALE_ORG=\"x", "a quote is not closed"},
		{"PLANETSCALE_ORG='", "a quote is not closed"},
		{"PLANETSCALE_ORG='x' y", "something follows the closing quote"},
		{"PLANETSCALE_ORG=x\r\nPLANETSCALE_ORG=x",
		 "line 2: PLANETSCALE_ORG is given twice"},
		{"\xef\xbb\xbfPLANETSCALE_ORG=x", "pscalefs does not know this key"},
	};
	struct credential_fields f;
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(credential_parse(cases[i].text, strlen(cases[i].text), &f, &e),
				 -EINVAL);
		assert_says(&e, cases[i].why);
	}
}

/* One set of variables and what becomes of it: a header, or a sentence. */
static const struct {
	const char *values[CREDENTIAL_KEYS];
	const char *header, *token_id, *why;
} variable_cases[] = {
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_SECRET] = SECRET}, ID ":" SECRET, ID, NULL},
	{{[KEY_TOKEN_NAME] = ID, [KEY_TOKEN_SECRET] = SECRET}, ID ":" SECRET, ID, NULL},
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_NAME] = "old", [KEY_TOKEN_SECRET] = SECRET},
	 ID ":" SECRET,
	 ID,
	 NULL},
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_SECRET] = SECRET, [KEY_API_TOKEN] = LOGIN},
	 ID ":" SECRET,
	 ID,
	 NULL},
	{{[KEY_API_TOKEN] = LOGIN}, "Bearer " LOGIN, NULL, NULL},
	{{[KEY_API_TOKEN] = ID ":" SECRET}, ID ":" SECRET, ID, NULL},
	{{[KEY_TOKEN_ID] = ID},
	 NULL,
	 NULL,
	 "PLANETSCALE_SERVICE_TOKEN_ID is given without PLANETSCALE_SERVICE_TOKEN"},
	{{[KEY_TOKEN_NAME] = ID}, NULL, NULL, "PLANETSCALE_SERVICE_TOKEN_NAME is given without"},
	{{[KEY_TOKEN_ID] = ID, [KEY_API_TOKEN] = LOGIN}, NULL, NULL, "is given without"},
	{{[KEY_TOKEN_SECRET] = SECRET},
	 NULL,
	 NULL,
	 "PLANETSCALE_SERVICE_TOKEN is given without PLANETSCALE_SERVICE_TOKEN_ID"},
	{{[KEY_TOKEN_ID] = SECRET, [KEY_TOKEN_SECRET] = ID}, NULL, NULL, "swapped"},
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_SECRET] = ID}, NULL, NULL, "looks like an id"},
	{{[KEY_TOKEN_ID] = "", [KEY_TOKEN_SECRET] = SECRET},
	 NULL,
	 NULL,
	 "PLANETSCALE_SERVICE_TOKEN_ID is empty"},
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_SECRET] = ""},
	 NULL,
	 NULL,
	 "PLANETSCALE_SERVICE_TOKEN is empty"},
	{{[KEY_TOKEN_ID] = "", [KEY_TOKEN_SECRET] = ""}, NULL, NULL, "is empty"},
	{{[KEY_TOKEN_ID] = "a:b", [KEY_TOKEN_SECRET] = SECRET}, NULL, NULL, "holds a colon"},
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_SECRET] = SECRET "\n"}, NULL, NULL, "holds a blank"},
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_SECRET] = "dummy\r\nX: y"}, NULL, NULL, "line end"},
	{{[KEY_TOKEN_ID] = ID, [KEY_TOKEN_SECRET] = "\xc3\xa9 dummy"}, NULL, NULL, "plain ASCII"},
	{{[KEY_API_TOKEN] = ""}, NULL, NULL, "PLANETSCALE_API_TOKEN is empty"},
	{{[KEY_API_TOKEN] = SECRET},
	 NULL,
	 NULL,
	 "PLANETSCALE_API_TOKEN holds a service token's secret without its id"},
	{{[KEY_API_TOKEN] = "Bearer dummy"}, NULL, NULL, "PLANETSCALE_API_TOKEN holds a blank"},
	{{[KEY_API_TOKEN] = SECRET ":" ID}, NULL, NULL, "swapped"},
	{{[KEY_API_TOKEN] = ID ":"}, NULL, NULL, "the secret in PLANETSCALE_API_TOKEN is empty"},
	{{[KEY_API_TOKEN] = ":" SECRET}, NULL, NULL, "the id in PLANETSCALE_API_TOKEN is empty"},
};

static void variables_become_a_header_or_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variable_cases); i++) {
		struct credential c;
		struct error e = {0};
		char *org = NULL;

		for (size_t k = 0; k < CREDENTIAL_KEYS; k++)
			if (variable_cases[i].values[k] != NULL)
				setenv(credential_key_names[k], variable_cases[i].values[k], 1);
		int r = credential_find(NULL, NULL, &c, &org, &e);
		assert_null(org);
		if (variable_cases[i].why != NULL) {
			assert_int_equal(r, -EINVAL);
			assert_says(&e, variable_cases[i].why);
		} else {
			assert_int_equal(r, 0);
			assert_header(&c, variable_cases[i].header);
			assert_true(str_eq(c.token_id, variable_cases[i].token_id));
			assert_int_equal(c.kind, c.token_id == NULL ? CREDENTIAL_LOGIN
								    : CREDENTIAL_SERVICE_TOKEN);
			assert_false(credential_from_file(&c));
		}
		credential_finish(&c);
		for (size_t k = 0; k < KEY_ORG; k++)
			assert_null(getenv(credential_key_names[k]));
	}
}

static void a_control_character_in_a_file_is_refused(void **state)
{
	static const char text[] = "PLANETSCALE_API_TOKEN=dummy\0dummy\n";
	struct credential c;
	struct error e;
	char *org;

	(void)state;
	write_file("c", text, sizeof(text) - 1, 0600);
	assert_int_equal(credential_find(path, NULL, &c, &org, &e), -EINVAL);
	assert_says(&e, "PLANETSCALE_API_TOKEN holds");
}

static void the_places_are_looked_at_in_order(void **state)
{
	struct credential c;
	struct error e;
	char *org, other[64], login[160];

	(void)state;
	snprintf(other, sizeof(other), "%s/d", dir);
	mkdir(other, 0700);
	snprintf(login, sizeof(login), "%s/.config", dir);
	mkdir(login, 0700);
	strcat(login, "/planetscale");
	mkdir(login, 0700);
	write_text(".config/planetscale/access-token", LOGIN "-file\n", 0600);
	snprintf(login, sizeof(login), "%s", path);
	write_text("d/pscalefs", "PLANETSCALE_API_TOKEN=" LOGIN "-systemd", 0600);
	write_text("c", "PLANETSCALE_API_TOKEN=" LOGIN "-option\nPLANETSCALE_ORG=acme", 0600);
	const struct {
		bool option, systemd, pair, api;
		enum credential_source source;
		const char *header;
	} cases[] = {
		{true, true, true, true, SOURCE_OPTION, "Bearer " LOGIN "-option"},
		{false, true, true, true, SOURCE_SYSTEMD, "Bearer " LOGIN "-systemd"},
		{false, false, true, true, SOURCE_SERVICE_TOKEN_ENV, ID ":" SECRET},
		{false, false, false, true, SOURCE_API_TOKEN_ENV, "Bearer " LOGIN},
		{false, false, false, false, SOURCE_LOGIN_FILE, "Bearer " LOGIN "-file"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		clear_environment();
		setenv("CREDENTIALS_DIRECTORY", cases[i].systemd ? other : dir, 1);
		if (cases[i].pair) {
			setenv("PLANETSCALE_SERVICE_TOKEN_ID", ID, 1);
			setenv("PLANETSCALE_SERVICE_TOKEN", SECRET, 1);
		}
		if (cases[i].api)
			setenv("PLANETSCALE_API_TOKEN", LOGIN, 1);
		const char *file = cases[i].option ? path : NULL;
		assert_int_equal(credential_find(file, NULL, &c, &org, &e), 0);
		assert_int_equal(c.source, cases[i].source);
		assert_header(&c, cases[i].header);
		assert_true(str_eq(org, cases[i].option ? "acme" : NULL));
		free(org);
		credential_finish(&c);
		assert_null(getenv("PLANETSCALE_API_TOKEN"));
	}
	assert_int_equal(credential_find(NULL, NULL, &c, &org, &e), 0);
	assert_string_equal(c.origin, login);
	credential_finish(&c);
	unlink(login);
}

static void a_name_for_each_source(void **state)
{
	(void)state;
	for (int s = SOURCE_OPTION; s <= SOURCE_LOGIN_FILE; s++)
		assert_non_null(credential_source_name((enum credential_source)s));
}

static void nothing_anywhere_says_what_to_do(void **state)
{
	struct credential c;
	struct error e;
	char *org;

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", "not/absolute", 1);
	assert_int_equal(credential_find(NULL, NULL, &c, &org, &e), -ENOENT);
	assert_string_equal(e.text, "no PlanetScale credential found");
	assert_non_null(strstr(e.hint, "pscale auth login"));
	assert_non_null(strstr(e.hint, "PLANETSCALE_SERVICE_TOKEN_ID"));
	assert_non_null(strstr(e.hint, "-o credentials=FILE"));
	/* Without HOME the user database is asked; there may or may not be a login there. */
	unsetenv("HOME");
	credential_find(NULL, NULL, &c, &org, &e);
	credential_finish(&c);
}

static void a_file_open_to_others_is_refused_with_its_cure(void **state)
{
	static const struct {
		mode_t mode;
		bool option, systemd;
	} cases[] = {
		{0600, true, true},   {0400, true, true},   {0700, true, true},
		{0440, false, true},  {0640, false, true},  {0604, false, false},
		{0660, false, false}, {0601, false, false}, {0666, false, false},
	};
	struct credential c;
	struct error e;
	char *org, hint[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int systemd = 0; systemd < 2; systemd++) {
			bool good = systemd ? cases[i].systemd : cases[i].option;

			write_text("pscalefs", "PLANETSCALE_API_TOKEN=" LOGIN, cases[i].mode);
			setenv("CREDENTIALS_DIRECTORY", dir, 1);
			int r = credential_find(systemd ? NULL : path, NULL, &c, &org, &e);
			assert_int_equal(r, good ? 0 : -EPERM);
			credential_finish(&c);
			if (good)
				continue;
			assert_says(&e, "is open to other users (mode 0");
			snprintf(hint, sizeof(hint), "chmod 600 %s", path);
			assert_string_equal(e.hint, hint);
		}
	}
	unlink(path);
}

static void a_login_file_is_held_to_the_same(void **state)
{
	static const struct {
		const char *text, *why;
		mode_t mode;
	} cases[] = {
		{LOGIN, "is open to other users", 0644}, {"", "the login is empty", 0600},
		{"\n", "the login is empty", 0600},      {LOGIN "\n\n", "holds a blank", 0600},
		{" " LOGIN, "holds a blank", 0600},      {SECRET, "without its id", 0600},
	};
	struct credential c;
	struct error e;
	char *org;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_text(".config/planetscale/access-token", cases[i].text, cases[i].mode);
		assert_int_not_equal(credential_find(NULL, NULL, &c, &org, &e), 0);
		assert_says(&e, cases[i].why);
		assert_says(&e, path);
	}
	write_text(".config/planetscale/access-token", LOGIN "\r\n", 0600);
	assert_int_equal(credential_find(NULL, NULL, &c, &org, &e), 0);
	assert_header(&c, "Bearer " LOGIN);
	credential_finish(&c);
	unlink(path);
}

static void what_is_no_proper_file_is_refused(void **state)
{
	struct credential c;
	struct error e;
	char *org, *large = calloc(1, CREDENTIAL_FILE_MAX + 1);

	(void)state;
	assert_int_equal(credential_find("/nonexistent/file", NULL, &c, &org, &e), -ENOENT);
	assert_says(&e, "cannot open /nonexistent/file: No such file");
	assert_int_equal(credential_find(dir, NULL, &c, &org, &e), -EINVAL);
	assert_says(&e, "is not a regular file");
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(credential_find(path, NULL, &c, &org, &e), -EINVAL);
	assert_says(&e, "is not a regular file");
	unlink(path);
	memset(large, '\n', CREDENTIAL_FILE_MAX + 1);
	write_file("c", large, CREDENTIAL_FILE_MAX + 1, 0600);
	assert_int_equal(credential_find(path, NULL, &c, &org, &e), -EFBIG);
	assert_says(&e, "too large for a credential (over 64 KiB)");
	write_file("c", large, CREDENTIAL_FILE_MAX, 0600);
	assert_int_equal(credential_find(path, NULL, &c, &org, &e), -EINVAL);
	assert_says(&e, "holds no credential");
	free(large);
	write_text("c", "PLANETSCALE_ORG=acme", 0600);
	assert_int_equal(credential_find(path, NULL, &c, &org, &e), -EINVAL);
	assert_says(&e, "holds no credential");
	assert_null(org);
}

static void another_users_file_is_refused(void **state)
{
	struct credential c;
	struct error e;
	char *org;

	(void)state;
	if (geteuid() != 0)
		skip();
	write_text("c", "PLANETSCALE_API_TOKEN=" LOGIN, 0600);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(credential_find(path, NULL, &c, &org, &e), -EPERM);
	assert_says(&e, "belongs to another user");
}

static void a_file_can_be_read_again_and_the_environment_cannot(void **state)
{
	struct credential c, again;
	struct error e;
	char *org;

	(void)state;
	write_text("c", "PLANETSCALE_API_TOKEN=" LOGIN "-1", 0600);
	assert_int_equal(credential_find(path, NULL, &c, &org, &e), 0);
	assert_true(credential_from_file(&c));
	write_text("c", "PLANETSCALE_API_TOKEN=" LOGIN "-2\nPLANETSCALE_ORG=acme", 0600);
	assert_int_equal(credential_reload(&c, &again, &e), 0);
	assert_header(&again, "Bearer " LOGIN "-2");
	assert_string_equal(again.origin, c.origin);
	assert_int_equal(again.source, SOURCE_OPTION);
	credential_finish(&again);
	unlink(path);
	assert_int_equal(credential_reload(&c, &again, &e), -ENOENT);
	assert_says(&e, "cannot open");
	credential_finish(&c);
	setenv("PLANETSCALE_API_TOKEN", LOGIN, 1);
	assert_int_equal(credential_find(NULL, NULL, &c, &org, &e), 0);
	assert_int_equal(credential_reload(&c, &again, &e), -ENOTSUP);
	assert_says(&e, "from the environment variable cannot be read again");
	credential_finish(&c);
}

static void relocking_keeps_the_secret(void **state)
{
	struct credential c;
	struct error e;
	char *org;

	(void)state;
	setenv("PLANETSCALE_API_TOKEN", LOGIN, 1);
	assert_int_equal(credential_find(NULL, NULL, &c, &org, &e), 0);
	credential_relock(&c);
	assert_header(&c, "Bearer " LOGIN);
	credential_finish(&c);
	credential_relock(&c);
	assert_null(c.header);
}

/* Run anew with a real environment: what does /proc show before and after? 0 as it should be. */
static int look_at_own_environment(void)
{
	char text[16384];
	struct credential c;
	struct error e;
	char *org;
	int seen[2];

	for (int i = 0; i < 2; i++) {
		int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
		if (n < 0)
			return 77;
		close(fd);
		seen[i] = memmem(text, (size_t)n, "dummy", 5) != NULL;
		if (i == 0 && credential_find(NULL, NULL, &c, &org, &e) != 0)
			return 2;
	}
	credential_finish(&c);
	return seen[0] == 1 && seen[1] == 0 ? 0 : 1;
}

static void proc_does_not_show_the_secret_any_more(void **state)
{
	char name[] = "test-credential", flag[] = "--look", home[] = "HOME=/nonexistent";
	char id[] = "PLANETSCALE_SERVICE_TOKEN_ID=" ID,
	     first[] = "PLANETSCALE_SERVICE_TOKEN=" SECRET;
	char twice[] = "PLANETSCALE_SERVICE_TOKEN=dummy2", api[] = "PLANETSCALE_API_TOKEN=dummy";
	char *argv[] = {name, flag, NULL}, *envp[] = {home, id, first, twice, api, NULL};
	int status;

	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execve(program, argv, envp);
		_exit(77);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
	static const char *const names[] = {
		"c", "d/pscalefs",          ".config/planetscale/access-token",
		"d", ".config/planetscale", ".config",
		".",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names) - 1; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	return rmdir(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_file_of_variables_is_parsed, setup),
		cmocka_unit_test_setup(a_wrong_line_is_named_and_never_quoted, setup),
		cmocka_unit_test_setup(variables_become_a_header_or_a_sentence, setup),
		cmocka_unit_test_setup(a_control_character_in_a_file_is_refused, setup),
		cmocka_unit_test_setup(the_places_are_looked_at_in_order, setup),
		cmocka_unit_test_setup(a_name_for_each_source, setup),
		cmocka_unit_test_setup(nothing_anywhere_says_what_to_do, setup),
		cmocka_unit_test_setup(a_file_open_to_others_is_refused_with_its_cure, setup),
		cmocka_unit_test_setup(a_login_file_is_held_to_the_same, setup),
		cmocka_unit_test_setup(what_is_no_proper_file_is_refused, setup),
		cmocka_unit_test_setup(another_users_file_is_refused, setup),
		cmocka_unit_test_setup(a_file_can_be_read_again_and_the_environment_cannot, setup),
		cmocka_unit_test_setup(relocking_keeps_the_secret, setup),
		cmocka_unit_test_setup(proc_does_not_show_the_secret_any_more, setup),
	};

	program = argv[0];
	if (argc == 2 && str_eq(argv[1], "--look"))
		return look_at_own_environment();
	return cmocka_run_group_tests_name("credential", tests, make_directory, remove_directory);
}
