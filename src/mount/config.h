/* SPDX-License-Identifier: MIT */
/*
 * config: reads the command line, the environment and credential files into one struct, which does
 * not change after start.
 *
 * Reads files, and asks the keyring, only in config_load(). An error has a sentence that helps the
 * user to correct it; a secret is never printed. Does not mount, and uses no network.
 */
#ifndef PSCALEFS_CONFIG_H
#define PSCALEFS_CONFIG_H

#include <stdint.h>
#include <stdbool.h>

#include "auth/credential.h"
#include "base/buf.h"
#include "base/error.h"
#include "system/namespace.h"

#define API_URL_DEFAULT "https://api.planetscale.com"

/* The exit statuses: those up to 32 as of mount(8), for fstab and scripts; the others as of env(1)
 * and timeout(1). */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAULT = 1, /* check: something does not work */
	EXIT_USAGE = 2,
	EXIT_MOUNT = 32,
	EXIT_UNDONE = 125,      /* run: COMMAND succeeded, but a change it made was not done */
	EXIT_CANNOT_RUN = 126,  /* run: COMMAND cannot be executed */
	EXIT_NO_COMMAND = 127,  /* run: there is no such command */
	EXIT_SIGNAL_FIRST = 128 /* run: plus the number of the signal that ended COMMAND */
};

enum config_action {
	CONFIG_MOUNT,
	CONFIG_RUN,
	CONFIG_CHECK,
	CONFIG_HELP,
	CONFIG_VERSION
};

struct config {
	enum config_action action;
	char *mountpoint; /* owned; absolute, resolved; NULL for CONFIG_CHECK */
	char **command;   /* CONFIG_RUN: borrowed from argv; its name and arguments, and NULL */
	char *api_url;    /* owned; without a trailing slash */
	char *ca_file;    /* owned; absolute, resolved; NULL: the system's certificates */
	char *org;        /* owned; NULL: all */
	char *credentials_file; /* owned; absolute; NULL: none given */
	char *keyring_program;  /* owned; see keyring.h; NULL: do not ask the keyring */
	struct credential credential;
	bool foreground;
	bool debug;     /* implies foreground */
	bool read_only; /* not in fuse_options: session adds "ro" */
	bool offline;
	bool sandbox;                  /* -o sandbox=on */
	bool no_namespace;             /* CONFIG_RUN: mount by fusermount3 */
	enum namespace_kind namespace; /* CONFIG_RUN: the one that was entered */
	int64_t timeout_ms;            /* -o timeout=30 (seconds, may have a fraction) */
	int64_t cache_ms;              /* -o cache=30 */
	int64_t ttl_s;                 /* -o ttl=90d for every mkdir; 0: does not expire */
	int rate_per_minute;           /* -o rate=600; 0: no rate limit */
	char *fuse_options; /* owned; words to pass to libfuse ("noexec,…"); NULL: none */
};

/* Does the command line begin with `run`? Pure. */
bool config_is_run(int argc, char **argv);
/*
 * Only the command line: EXIT_OK, or EXIT_USAGE with a sentence and a hint. After CONFIG_RUN the
 * caller sets c->mountpoint, and then calls config_check().
 */
int config_parse(struct config *c, int argc, char **argv, struct error *e);
/*
 * The rest of config_load() after config_parse(): EXIT_OK or EXIT_MOUNT. CONFIG_RUN needs the same as
 * CONFIG_MOUNT.
 */
int config_check(struct config *c, const char *keyring_program, struct error *e);
/* The parts of config_check(), which CONFIG_CHECK examines one by one: 0 or -errno with a
 * sentence. Without a mount point, files are not compared with it. */
int config_check_api_url(struct config *c, struct error *e);
int config_check_ca_file(struct config *c, struct error *e);
int config_check_credential(struct config *c, struct error *e);

/*
 * Read options and environment into *c. Returns the exit status: EXIT_OK with `action` set;
 * EXIT_USAGE, with a sentence and a hint, if the command line is wrong; EXIT_MOUNT, with a
 * sentence, if credentials, mount point, URL or files are wrong. The caller prints "pscalefs:
 * SENTENCE". After a failure config_finish() is not needed, but allowed. Only for CONFIG_MOUNT
 * files and environment are read; for CONFIG_RUN and CONFIG_CHECK only the command line.
 *
 * Checks: the mount point exists and is a directory (a dead FUSE mount there, ENOTCONN, is
 * accepted); the API URL is https, or http to loopback; no credentials or CA file is below the
 * mount point; owners and modes of credential files. Removes the credential variables from the
 * environment. `keyring_program` is the result of keyring_program(), or NULL if the keyring is not
 * to be asked.
 *
 * Call daemon_harden() first, so that the secret is never in a core dump and its memory can be
 * locked; and credential_relock() in the child of a fork.
 */
int config_load(struct config *c, int argc, char **argv, const char *keyring_program,
		struct error *e);
void config_finish(struct config *c);

/* The text of -h, from the option table. */
void config_help(struct buf *out);

#endif
