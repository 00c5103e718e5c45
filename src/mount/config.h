/* SPDX-License-Identifier: MIT */
/*
 * config: the command line, the environment and credential files become one struct, const after
 * start.
 *
 * Reads files, and asks the keyring, only in config_load(). Says what is wrong in a sentence a
 * person can act on; never prints a secret. Does not mount or speak to anyone else.
 */
#ifndef PSCALEFS_CONFIG_H
#define PSCALEFS_CONFIG_H

#include <stdint.h>
#include <stdbool.h>

#include "auth/credential.h"
#include "base/buf.h"
#include "base/error.h"

#define API_URL_DEFAULT "https://api.planetscale.com"

/* What pscalefs exits with: as mount(8), so that fstab and scripts can tell. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_USAGE = 2,
	EXIT_MOUNT = 32
};

enum config_action {
	CONFIG_MOUNT,
	CONFIG_HELP,
	CONFIG_VERSION
};

struct config {
	enum config_action action;
	char *mountpoint;       /* owned; absolute, resolved */
	char *api_url;          /* owned; without a trailing slash */
	char *ca_file;          /* owned; absolute, resolved; NULL: the system's */
	char *org;              /* owned; NULL: all */
	char *credentials_file; /* owned; absolute; NULL: none given */
	char *keyring_program;  /* owned; see keyring.h; NULL: no keyring is asked */
	struct credential credential;
	bool foreground;
	bool debug;     /* implies foreground */
	bool read_only; /* not in fuse_options: who mounts adds "ro" */
	bool offline;
	bool sandbox;        /* -o sandbox=on */
	int64_t timeout_ms;  /* -o timeout=30 (seconds, may have a fraction) */
	int64_t cache_ms;    /* -o cache=30 */
	int64_t ttl_s;       /* -o ttl=90d for every mkdir; 0: does not expire */
	int rate_per_minute; /* -o rate=600; 0: no budget kept */
	char *fuse_options; /* owned; words for libfuse's -o, as they are ("noexec,…"); NULL: none
			     */
};

/*
 * Options and environment to *c. The exit status to use: EXIT_OK with `action` set; EXIT_USAGE with
 * a sentence and a hint for a command line that is wrong; EXIT_MOUNT for what is wrong with
 * credentials, mount point, URL or files. The caller prints it as "pscalefs: SENTENCE". *c needs no
 * config_finish() after a failure, and takes one. Only CONFIG_MOUNT fills and checks more than
 * `action`.
 *
 * Checks: the mount point exists and is a directory (a dead FUSE mount there, ENOTCONN, passes),
 * the API URL is https, or http to loopback, no credentials or CA file lies below the mount point,
 * owners and modes of credential files. The credential variables are gone from the environment
 * afterwards. `keyring_program` is what keyring_program() said, or NULL for not to ask a keyring.
 *
 * Call daemon_harden() first, so that the secret is never in a core dump and may be locked; and
 * credential_relock() in the child of a fork.
 */
int config_load(struct config *c, int argc, char **argv, const char *keyring_program,
		struct error *e);
void config_finish(struct config *c);

/* The text of -h, from the option table. */
void config_help(struct buf *out);

#endif
