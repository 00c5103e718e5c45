/* SPDX-License-Identifier: MIT */
/* config: the command line, what is checked before anything starts, and the help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "mount/config.h"

#define LOGIN "pscale_oauth_dummy"

static char dir[PATH_MAX] = "/tmp/pscalefs-test-XXXXXX";
static char mnt[PATH_MAX + 8];
static struct error error;

/* The linker's --wrap: what a test says is dead answers as a FUSE mount whose daemon has died. */
static const char *dead;
int __real_mountpoint_look(const char *path);
int __wrap_mountpoint_look(const char *path);

int __wrap_mountpoint_look(const char *path)
{
	return str_eq(path, dead) ? -ENOTCONN : __real_mountpoint_look(path);
}

/* Split `line` at blanks and load it; "@" stands for the mount point of the tests. */
static int load(struct config *c, const char *line)
{
	char text[1024], *argv[16], *save = NULL;
	int argc = 0;

	memset(&error, 0, sizeof(error));
	snprintf(text, sizeof(text), "pscalefs %s", line);
	for (char *p = strtok_r(text, " ", &save); p != NULL; p = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(p, "@") == 0 ? mnt : p;
	argv[argc] = NULL;
	setenv("PLANETSCALE_API_TOKEN", LOGIN, 1);
	return config_load(c, argc, argv, NULL, &error);
}

static void assert_says(const char *line, const char *text)
{
	if (strstr(error.text, text) == NULL)
		fail_msg("[%s]: '%s' does not say '%s'", line, error.text, text);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	for (size_t k = 0; k < CREDENTIAL_KEYS; k++)
		unsetenv(credential_key_names[k]);
	unsetenv("PLANETSCALE_API_URL");
	unsetenv("CREDENTIALS_DIRECTORY");
	setenv("HOME", dir, 1);
	return chdir(dir);
}

static void without_options_the_defaults_hold(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(load(&c, "mnt"), EXIT_OK);
	assert_int_equal(c.action, CONFIG_MOUNT);
	assert_string_equal(c.mountpoint, mnt);
	assert_string_equal(c.api_url, API_URL_DEFAULT);
	assert_null(c.ca_file);
	assert_null(c.org);
	assert_null(c.credentials_file);
	assert_null(c.fuse_options);
	assert_false(c.foreground || c.debug || c.read_only || c.offline);
	assert_true(c.sandbox);
	assert_int_equal(c.timeout_ms, 30000);
	assert_int_equal(c.cache_ms, 30000);
	assert_int_equal(c.ttl_s, 0);
	assert_int_equal(c.rate_per_minute, 600);
	assert_int_equal(c.credential.source, SOURCE_API_TOKEN_ENV);
	assert_null(getenv("PLANETSCALE_API_TOKEN"));
	config_finish(&c);
	config_finish(&c);
}

static void options_are_understood_however_they_are_written(void **state)
{
	static const struct {
		const char *line;
		bool foreground, debug, read_only, offline, exposed;
		int64_t timeout_ms, cache_ms, ttl_s;
		int rate;
		const char *org, *url, *fuse_options;
	} cases[] = {
		{.line = "@ -f", .foreground = true},
		{.line = "-d @", .foreground = true, .debug = true},
		{.line = "-fd @", .foreground = true, .debug = true},
		{.line = "-f -- @", .foreground = true},
		{.line = "-foro @", .foreground = true, .read_only = true},
		{.line = "@ -o ro,offline", .read_only = true, .offline = true},
		{.line = "@ -o sandbox=off", .exposed = true},
		{.line = "@ -o sandbox=off,sandbox=on"},
		{.line = "@ -oro,rw", .read_only = false},
		{.line = "@ -o rw -o ro", .read_only = true},
		{.line = "@ -o ,ro,,", .read_only = true},
		{.line = "@ -o timeout=0.5,cache=0,ttl=90d,rate=0",
		 .timeout_ms = 500,
		 .cache_ms = -1,
		 .ttl_s = 90 * 86400,
		 .rate = -1},
		{.line = "@ -o timeout=3600,cache=86400,ttl=2w,rate=100000",
		 .timeout_ms = 3600000,
		 .cache_ms = 86400000,
		 .ttl_s = 14 * 86400,
		 .rate = 100000},
		{.line = "@ -o timeout=0.1,cache=1.125", .timeout_ms = 100, .cache_ms = 1125},
		{.line = "@ -o org=acme", .org = "acme"},
		{.line = "@ -o org=a\\,b\\\\c,ro", .org = "a,b\\c", .read_only = true},
		{.line = "@ -o org=one,org=two", .org = "two"},
		{.line = "@ -o org=a=b", .org = "a=b"},
		{.line = "@ --api-url https://h/", .url = "https://h"},
		{.line = "--api-url=http://localhost:1 @", .url = "http://localhost:1"},
		{.line = "@ -o api-url=https://h", .url = "https://h"},
		{.line = "pscalefs @ -o rw,nosuid,nodev,noexec",
		 .fuse_options = "nosuid,nodev,noexec"},
		{.line = "none @ -o exec,suid,dev,noatime", .fuse_options = "exec,noatime"},
		{.line = "none @ -o "
			 "defaults,auto,noauto,user,nouser,users,owner,group,nofail,_netdev,"
			 "async,sync,atime,relatime,x-systemd.automount,X-mount.mkdir,comment=x"},
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (load(&c, cases[i].line) != EXIT_OK)
			fail_msg("[%s]: %s", cases[i].line, error.text);
		int64_t cache_ms = cases[i].cache_ms, rate = cases[i].rate;
		assert_string_equal(c.mountpoint, mnt);
		assert_int_equal(c.foreground, cases[i].foreground);
		assert_int_equal(c.debug, cases[i].debug);
		assert_int_equal(c.read_only, cases[i].read_only);
		assert_int_equal(c.offline, cases[i].offline);
		assert_int_equal(c.sandbox, !cases[i].exposed);
		assert_int_equal(c.timeout_ms, cases[i].timeout_ms ? cases[i].timeout_ms : 30000);
		assert_int_equal(c.cache_ms, cache_ms < 0 ? 0 : cache_ms ? cache_ms : 30000);
		assert_int_equal(c.ttl_s, cases[i].ttl_s);
		assert_int_equal(c.rate_per_minute, rate < 0 ? 0 : rate ? rate : 600);
		assert_true(str_eq(c.org, cases[i].org));
		assert_string_equal(c.api_url, cases[i].url ? cases[i].url : API_URL_DEFAULT);
		assert_true(str_eq(c.fuse_options, cases[i].fuse_options));
		config_finish(&c);
	}
}

static void help_and_version_ask_for_nothing_else(void **state)
{
	static const struct {
		const char *line;
		enum config_action action;
	} cases[] = {
		{"-h", CONFIG_HELP},
		{"--help", CONFIG_HELP},
		{"/nonexistent -h", CONFIG_HELP},
		{"-V", CONFIG_VERSION},
		{"--version", CONFIG_VERSION},
		{"-fVz", CONFIG_VERSION},
		{"-h -V", CONFIG_HELP},
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(&c, cases[i].line), EXIT_OK);
		assert_int_equal(c.action, cases[i].action);
		assert_null(c.mountpoint);
		config_finish(&c);
	}
}

static void a_wrong_command_line_says_what_and_what_instead(void **state)
{
	static const struct {
		const char *line, *why, *hint;
	} cases[] = {
		{"", "no mount point given", "usage: pscalefs"},
		{"-f", "no mount point given", "usage: pscalefs"},
		{"-f=x @", "unknown option -=", ""},
		{"@ @", "more than one mount point", "as in fstab"},
		{"pscalefs none @", "too many operands", "usage"},
		{"-z @", "unknown option -z", "`pscalefs -h` lists all options"},
		{"--nonsense @", "unknown option --nonsense", "`pscalefs -h`"},
		{"--cacrt=x @", "unknown option --cacrt", "did you mean --cacert?"},
		{"--halp", "unknown option --halp", "did you mean --help?"},
		{"--hel", "unknown option --hel", "did you mean --help?"},
		{"--cacer /x @", "unknown option --cacer", "did you mean --cacert?"},
		{"--api-ur", "unknown option --api-ur", "did you mean --api-url?"},
		{"-f- @", "unknown option --", "`pscalefs -h`"},
		{"-f: @", "unknown option -:", "`pscalefs -h`"},
		{"--org=x @", "unknown option --org", "`pscalefs -h`"},
		{"@ -o credential=x", "unknown option -o credential",
		 "did you mean -o credentials?"},
		{"@ -o tiemout=3", "unknown option -o tiemout", "did you mean -o timeout?"},
		{"@ -o RO", "unknown option -o RO", ""},
		{"@ -o max_read=131072", "unknown option -o max_read", ""},
		{"@ -o aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "unknown option", ""},
		{"@ -o", "-o needs a value (OPTION[,OPTION...])", ""},
		{"@ --api-url", "--api-url needs a value (URL)", ""},
		{"@ --api-url=", "--api-url needs a value (URL)", ""},
		{"@ --help=x", "--help takes no value", ""},
		{"@ -o ro=1", "-o ro takes no value", ""},
		{"@ -o org", "-o org needs a value (NAME)", ""},
		{"@ -o org=", "-o org needs a value (NAME)", ""},
		{"@ -o credentials", "-o credentials needs a value (FILE)", ""},
		{"@ -o allow_other", "allow_other is not offered: it would show the secrets", ""},
		{"@ -o ro,allow_root", "allow_root is not offered", ""},
		{"@ -o timeout=30s", "timeout=30s: not a number of seconds", ""},
		{"@ -o timeout=", "needs a value", ""},
		{"@ -o timeout=-1", "not a number of seconds", ""},
		{"@ -o timeout=.5", "not a number of seconds", ""},
		{"@ -o timeout=5.", "not a number of seconds", ""},
		{"@ -o timeout=1e3", "not a number of seconds", ""},
		{"@ -o timeout=0.0001", "not a number of seconds", ""},
		{"@ -o timeout=9999999999", "not a number of seconds", ""},
		{"@ -o timeout=3601", "timeout=3601: at most 3600 seconds", ""},
		{"@ -o timeout=0", "timeout=0: at least 0.1 seconds", ""},
		{"@ -o timeout=0.099", "at least 0.1 seconds", ""},
		{"@ -o cache=86400.001", "cache=86400.001: at most 86400 seconds", ""},
		{"@ -o sandbox=no", "sandbox=no: neither on nor off", ""},
		{"@ -o rate=1.5", "rate=1.5: not a whole number", ""},
		{"@ -o rate=-1", "not a whole number", ""},
		{"@ -o rate=100001", "rate=100001: at most 100000", ""},
		{"@ -o rate=99999999999999999999", "at most 100000", ""},
		{"@ -o ttl=soon", "ttl=soon: not a duration such as 90d", ""},
		{"@ -o ttl=0", "ttl=0: not a duration", ""},
		{"@ -o ttl=1y", "ttl=1y: not a duration", ""},
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(&c, cases[i].line), EXIT_USAGE);
		assert_says(cases[i].line, cases[i].why);
		if (error.hint[0] == '\0' || strstr(error.hint, cases[i].hint) == NULL)
			fail_msg("[%s]: hint '%s'", cases[i].line, error.hint);
		assert_null(c.org);
		config_finish(&c);
	}
}

static void what_cannot_be_mounted_is_said_before_starting(void **state)
{
	static const struct {
		const char *line, *why, *hint;
	} cases[] = {
		{"missing", "the mount point missing does not exist", "mkdir missing"},
		{"mnt/x/y", "does not exist", "mkdir mnt/x/y"},
		{"file", "file is not a directory", ""},
		{"file/x", "file/x is not a directory", ""},
		{"loop", "cannot mount on loop: Too many levels", ""},
		{"/", "cannot mount on /", ""},
		{"@ --api-url http://h", "must begin with https://", ""},
		{"@ -o org=a/b", "'a/b' cannot be the name of an organization", ""},
		{"@ -o org=..", "'..' cannot be the name of an organization", ""},
		{"@ -o cacert=missing", "cannot read the certificates in missing: No such file",
		 ""},
		{"@ --cacert .", "is not a certificate file", ""},
		{"@ -o cacert=mnt/ca", "is below the mount point", "would hide it"},
		{"@ -o cacert=~/ca", "cannot read the certificates", "the shell does not expand ~"},
		{"@ -o credentials=missing", "missing: No such file", ""},
		{"@ -o credentials=~/c", "No such file", "write $HOME instead"},
		{"@ -o credentials=mnt/c", "mnt/c is below the mount point", "would hide it"},
		{"@ -o credentials=link-into", "link-into is below the mount point", ""},
		{"@ -o credentials=mnt/link-out", "link-out is below the mount point", ""},
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(&c, cases[i].line), EXIT_MOUNT);
		assert_says(cases[i].line, cases[i].why);
		assert_non_null(strstr(error.hint, cases[i].hint));
		assert_null(c.mountpoint);
	}
}

static void files_are_kept_by_absolute_names(void **state)
{
	char want[PATH_MAX + 8];
	struct config c;

	(void)state;
	assert_int_equal(load(&c, "@ -o credentials=c,cacert=file"), EXIT_OK);
	snprintf(want, sizeof(want), "%s/c", dir);
	assert_string_equal(c.credentials_file, want);
	assert_string_equal(c.credential.origin, want);
	snprintf(want, sizeof(want), "%s/file", dir);
	assert_string_equal(c.ca_file, want);
	assert_string_equal(c.org, "from-file");
	struct credential again;
	assert_int_equal(credential_reload(&c.credential, &again, &error), 0);
	credential_finish(&again);
	config_finish(&c);
}

static void the_mount_point_is_resolved(void **state)
{
	static const char *const lines[] = {"link", "link/", "./mnt//", "mnt/../mnt/."};
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(load(&c, lines[i]), EXIT_OK);
		assert_string_equal(c.mountpoint, mnt);
		config_finish(&c);
	}
}

static void a_dead_mount_is_accepted_under_its_true_name(void **state)
{
	/* "gone" is not there, as for realpath(3) a dead mount may not be. */
	static const struct {
		const char *line, *below;
	} cases[] = {
		{"mnt", "mnt"},    {"mnt//", "mnt"},   {"link", "mnt"},           {"gone", "gone"},
		{"gone/", "gone"}, {"./gone", "gone"}, {"link/gone", "mnt/gone"},
	};
	char want[PATH_MAX + 16];
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		dead = cases[i].line;
		assert_int_equal(load(&c, cases[i].line), EXIT_OK);
		snprintf(want, sizeof(want), "%s/%s", dir, cases[i].below);
		assert_string_equal(c.mountpoint, want);
		config_finish(&c);
	}
	dead = "/gone";
	assert_int_equal(load(&c, dead), EXIT_OK);
	assert_string_equal(c.mountpoint, "/gone");
	config_finish(&c);
	static const char *const hopeless[] = {"gone/..", "gone/x"};
	for (size_t i = 0; i < ARRAY_LEN(hopeless); i++) {
		dead = hopeless[i];
		assert_int_equal(load(&c, dead), EXIT_MOUNT);
		assert_says(dead, "cannot mount on gone/");
	}
	dead = NULL;
}

static void a_name_that_only_begins_like_the_mount_point_is_not_below_it(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(load(&c, "@ -o credentials=mnt-c"), EXIT_OK);
	config_finish(&c);
}

static void the_environment_gives_url_and_organization(void **state)
{
	struct config c;

	(void)state;
	setenv("PLANETSCALE_API_URL", "https://env.example/", 1);
	setenv("PLANETSCALE_ORG", "env", 1);
	assert_int_equal(load(&c, "@"), EXIT_OK);
	assert_string_equal(c.api_url, "https://env.example");
	assert_string_equal(c.org, "env");
	config_finish(&c);
	assert_int_equal(load(&c, "@ --api-url https://opt.example -o org=opt"), EXIT_OK);
	assert_string_equal(c.api_url, "https://opt.example");
	assert_string_equal(c.org, "opt");
	config_finish(&c);
	assert_int_equal(load(&c, "@ -o credentials=c"), EXIT_OK);
	assert_string_equal(c.org, "from-file");
	config_finish(&c);
	setenv("PLANETSCALE_API_URL", "http://env.example/", 1);
	assert_int_equal(load(&c, "@"), EXIT_MOUNT);
	assert_says("", "PLANETSCALE_API_URL: the API URL must begin with https://");
	setenv("PLANETSCALE_API_URL", "", 1);
	setenv("PLANETSCALE_ORG", "", 1);
	assert_int_equal(load(&c, "@"), EXIT_OK);
	assert_string_equal(c.api_url, API_URL_DEFAULT);
	assert_null(c.org);
	config_finish(&c);
	setenv("PLANETSCALE_ORG", "a b", 1);
	assert_int_equal(load(&c, "@"), EXIT_MOUNT);
	assert_says("", "cannot be the name of an organization");
}

static void no_credential_is_a_failure_to_mount(void **state)
{
	char name[] = "pscalefs", *argv[] = {name, mnt, NULL};
	struct config c;

	(void)state;
	assert_int_equal(config_load(&c, 2, argv, NULL, &error), EXIT_MOUNT);
	assert_string_equal(error.text, "no PlanetScale credential found");
}

static void the_help_names_every_option_and_fits_a_terminal(void **state)
{
	static const char *const all[] = {
		"-f ",
		"-d ",
		"-h, --help",
		"-V, --version",
		"-o OPTION",
		"--api-url URL",
		"--cacert FILE",
		"--no-namespace",
		"pscalefs run [options]",
		"pscalefs check [options]",
		"-o credentials=FILE",
		"-o org=NAME",
		"-o timeout=SECONDS",
		"-o cache=SECONDS",
		"-o ttl=DURATION",
		"-o rate=N",
		"-o ro ",
		"-o rw ",
		"-o offline ",
		"-o sandbox=on|off",
		"noexec",
		"_netdev",
		"x-*",
	};
	cleanup(buf_finish) struct buf help = BUF_INIT;

	(void)state;
	config_help(&help);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_non_null(strstr(buf_str(&help), all[i]));
	assert_null(strstr(buf_str(&help), "allow_other"));
	for (const char *p = buf_str(&help); *p != '\0'; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\n") <= 80);
}

static void run_takes_options_only_before_its_command(void **state)
{
	static const struct {
		const char *line, *command, *rest; /* the command's name and its next word */
		bool read_only, no_namespace;
	} cases[] = {
		{"run ls", "ls", NULL, false, false},
		{"run ls -o ro", "ls", "-o", false, false},
		{"run -o ro --no-namespace ls -l", "ls", "-l", true, true},
		{"run -oro -- -f x", "-f", "x", true, false},
		{"run run run", "run", "run", false, false},
		{"run -- check", "check", NULL, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[64], *argv[8], *save = NULL;
		struct config c;
		int argc = 0;

		snprintf(text, sizeof(text), "pscalefs %s", cases[i].line);
		for (char *p = strtok_r(text, " ", &save); p != NULL;
		     p = strtok_r(NULL, " ", &save))
			argv[argc++] = p;
		argv[argc] = NULL;
		assert_true(config_is_run(argc, argv));
		assert_int_equal(config_parse(&c, argc, argv, &error), EXIT_OK);
		assert_int_equal(c.action, CONFIG_RUN);
		assert_string_equal(c.command[0], cases[i].command);
		assert_true(str_eq(c.command[1], cases[i].rest));
		assert_int_equal(c.read_only, cases[i].read_only);
		assert_int_equal(c.no_namespace, cases[i].no_namespace);
		assert_null(c.mountpoint);
		config_finish(&c);
	}
}

static void a_wrong_command_line_of_a_command_says_what(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"run", "no command to run is given"},
		{"run -o ro", "no command to run is given"},
		{"run --", "no command to run is given"},
		{"run -f ls", "-f is for mounting only"},
		{"run -o nonsense ls", "unknown option -o nonsense"},
		{"check @", "check takes no operand"},
		{"check -- @", "check takes no operand"},
		{"check -f", "-f is for mounting only"},
		{"check --no-namespace", "--no-namespace is for `pscalefs run` only"},
		{"--no-namespace @", "--no-namespace is for `pscalefs run` only"},
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(&c, cases[i].line), EXIT_USAGE);
		assert_says(cases[i].line, cases[i].says);
		assert_true(error.hint[0] != '\0');
	}
	assert_int_equal(load(&c, "run -h"), EXIT_OK);
	assert_int_equal(c.action, CONFIG_HELP);
	config_finish(&c);
}

static int make_files(void **state)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{"file", ""},
		{"mnt/ca", ""},
		{"mnt/c", "PLANETSCALE_API_TOKEN=" LOGIN},
		{"mnt-c", "PLANETSCALE_API_TOKEN=" LOGIN},
		{"c", "PLANETSCALE_API_TOKEN=" LOGIN "\nPLANETSCALE_ORG=from-file\n"},
	};
	char resolved[PATH_MAX];

	(void)state;
	if (mkdtemp(dir) == NULL || realpath(dir, resolved) == NULL || chdir(resolved) != 0)
		return -1;
	memcpy(dir, resolved, sizeof(dir));
	snprintf(mnt, sizeof(mnt), "%s/mnt", dir);
	if (mkdir("mnt", 0700) != 0 || symlink("mnt", "link") != 0 ||
	    symlink("loop", "loop") != 0 || symlink("mnt/c", "link-into") != 0 ||
	    symlink("../c", "mnt/link-out") != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		write_file(files[i].name, files[i].text);
	return 0;
}

static int remove_files(void **state)
{
	static const char *const names[] = {
		"file", "mnt/ca", "mnt/c",     "mnt-c",        "c",
		"link", "loop",   "link-into", "mnt/link-out", "mnt",
	};

	(void)state;
	if (chdir(dir) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		remove(names[i]);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_options_the_defaults_hold, setup),
		cmocka_unit_test_setup(options_are_understood_however_they_are_written, setup),
		cmocka_unit_test_setup(help_and_version_ask_for_nothing_else, setup),
		cmocka_unit_test_setup(a_wrong_command_line_says_what_and_what_instead, setup),
		cmocka_unit_test_setup(what_cannot_be_mounted_is_said_before_starting, setup),
		cmocka_unit_test_setup(files_are_kept_by_absolute_names, setup),
		cmocka_unit_test_setup(the_mount_point_is_resolved, setup),
		cmocka_unit_test_setup(a_dead_mount_is_accepted_under_its_true_name, setup),
		cmocka_unit_test_setup(a_name_that_only_begins_like_the_mount_point_is_not_below_it,
				       setup),
		cmocka_unit_test_setup(the_environment_gives_url_and_organization, setup),
		cmocka_unit_test_setup(no_credential_is_a_failure_to_mount, setup),
		cmocka_unit_test(run_takes_options_only_before_its_command),
		cmocka_unit_test(a_wrong_command_line_of_a_command_says_what),
		cmocka_unit_test_setup(the_help_names_every_option_and_fits_a_terminal, setup),
	};

	return cmocka_run_group_tests_name("config", tests, make_files, remove_files);
}
