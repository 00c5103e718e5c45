/*
 * config: the command line, the environment and credential files become one struct, const after
 * start.
 *
 * Reads files only in config_load() and config_reload_credential(). Says what is wrong in a
 * sentence a person can act on; never prints a secret. Does not mount, fork or speak to anyone.
 */
#ifndef PSCALEFS_CONFIG_H
#define PSCALEFS_CONFIG_H

#include "error.h"
#include "secret.h"
#include "util.h"

#define API_URL_DEFAULT "https://api.planetscale.com"

enum credential_kind { CREDENTIAL_SERVICE_TOKEN, CREDENTIAL_LOGIN };

enum credential_source {
	SOURCE_OPTION,	    /* -o credentials=FILE */
	SOURCE_SYSTEMD,	    /* $CREDENTIALS_DIRECTORY/pscalefs */
	SOURCE_SERVICE_TOKEN_ENV, /* PLANETSCALE_SERVICE_TOKEN_ID and PLANETSCALE_SERVICE_TOKEN */
	SOURCE_API_TOKEN_ENV,	  /* PLANETSCALE_API_TOKEN */
	SOURCE_KEYRING,	    /* the Secret Service, as `pscale auth login` writes it */
	SOURCE_LOGIN_FILE,  /* ~/.config/planetscale/access-token */
};

struct credential {
	enum credential_kind kind;
	enum credential_source source;
	char *origin;		/* owned: the file's path or the variables' names, for people */
	char *token_id;		/* owned: a service token's id (no secret); NULL for a login */
	struct secret *header;	/* owned: the value of Authorization: "ID:SECRET" or "Bearer …" */
};
void credential_finish(struct credential *c);

enum config_action { CONFIG_MOUNT, CONFIG_HELP, CONFIG_VERSION };

struct config {
	enum config_action action;
	char *mountpoint;	/* owned; absolute, resolved */
	char *api_url;		/* owned; without a trailing slash */
	char *ca_file;		/* owned; absolute; NULL: the system's */
	char *org;		/* owned; NULL: all */
	char *credentials_file; /* owned; absolute; NULL: none given */
	struct credential credential;
	bool foreground;
	bool debug;
	bool read_only;
	bool offline;
	int64_t timeout_ms;	/* -o timeout=30 (seconds, may have a fraction) */
	int64_t cache_ms;	/* -o cache=30 */
	int64_t ttl_s;		/* -o ttl=90d for every mkdir; 0: does not expire */
	int rate_per_minute;	/* -o rate=600; 0: no budget kept */
	char *fuse_options;	/* owned; "-o" options handed to libfuse as they are ("noexec,…"); NULL: none */
};

/*
 * Options and environment to *c. Exit status to use: 0 with `action` set, or 2 with a sentence (and a hint) for a command line that is wrong, 32
 * for what is wrong with credentials, mount point, URL or files. The caller prints it as "pscalefs: SENTENCE".
 * Checks: the mount point exists and is a directory (a dead FUSE mount there, ENOTCONN, passes), the API URL is https, or http to loopback,
 * no credentials or CA file lies below the mount point, modes of credential files.
 * Wipes PLANETSCALE_SERVICE_TOKEN and PLANETSCALE_API_TOKEN from the environment after reading.
 */
int config_load(struct config *c, int argc, char **argv, struct error *e);
void config_finish(struct config *c);

/* Read the credential again from where it came (a file may hold a new one; the environment cannot). 0 and *out, or -errno with a sentence. */
int config_reload_credential(const struct config *c, struct credential *out, struct error *e);

/* The text of -h, from the option table. */
void config_help(struct buf *out);
const char *credential_source_name(enum credential_source source); /* "environment variable", … */

#endif
