/* SPDX-License-Identifier: MIT */
/*
 * credential: what proves to PlanetScale who is asking, and where it was found.
 *
 * Looks in a fixed order and stops at the first place that holds something: a file given with
 * -o credentials, $CREDENTIALS_DIRECTORY/pscalefs, the service token's variables,
 * PLANETSCALE_API_TOKEN, the login of `pscale auth login` in the keyring, then in its file. A place
 * that holds something wrong (half a pair, an open file mode) is an error and never a reason to go
 * on to the next.
 *
 * Owns the header value as a secret, and wipes every other copy it made. No sentence here quotes a
 * value: a misplaced secret must not end in a log. Sends nothing; whether PlanetScale accepts the
 * credential is found out elsewhere.
 */
#ifndef PSCALEFS_CREDENTIAL_H
#define PSCALEFS_CREDENTIAL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"

enum credential_kind {
	CREDENTIAL_SERVICE_TOKEN,
	CREDENTIAL_LOGIN
};

enum credential_source {
	SOURCE_OPTION,            /* -o credentials=FILE */
	SOURCE_SYSTEMD,           /* $CREDENTIALS_DIRECTORY/pscalefs */
	SOURCE_SERVICE_TOKEN_ENV, /* PLANETSCALE_SERVICE_TOKEN_ID and PLANETSCALE_SERVICE_TOKEN */
	SOURCE_API_TOKEN_ENV,     /* PLANETSCALE_API_TOKEN */
	SOURCE_KEYRING,           /* the Secret Service, as `pscale auth login` writes it */
	SOURCE_LOGIN_FILE,        /* ~/.config/planetscale/access-token */
};

struct credential {
	enum credential_kind kind;
	enum credential_source source;
	char *origin;   /* owned: the file's absolute path or the variables' names, for people */
	char *token_id; /* owned: a service token's id (no secret); NULL for a login */
	struct secret *header; /* owned: the value of Authorization: "ID:SECRET" or "Bearer …" */
};

void credential_finish(struct credential *c);                      /* wipes; usable again */
const char *credential_source_name(enum credential_source source); /* "environment variable", … */
/* Is `origin` the path of a file, one that credential_reload() can read again? */
bool credential_from_file(const struct credential *c);

/*
 * Find a credential. `file` is the argument of -o credentials, or NULL; `program` is what asks the
 * keyring (keyring_program()), or NULL for not to ask. *org receives the PLANETSCALE_ORG of the
 * credentials file (owned by the caller), or NULL. 0, -ENOENT with a sentence if there is none
 * anywhere, or another -errno with a sentence and often a hint.
 *
 * Whatever the outcome, the credential variables are gone from the environment afterwards, and
 * their bytes from the memory that /proc/PID/environ shows.
 */
int credential_find(const char *file, const char *program, struct credential *out, char **org,
		    struct error *e);
/* How its file is opened. O_NONBLOCK: opening a FIFO must not hang before it is refused. */
#define CREDENTIAL_OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
/* Another way to open it from now on: a descriptor that is then ours, or -errno. See helper.h. */
void credential_open_with(int (*open_file)(const char *path));
/* Read `old` again from the file it came from. -ENOTSUP with a sentence if it came from none. */
int credential_reload(const struct credential *old, struct credential *out, struct error *e);

/* The same for a credential from the keyring, which may take its time: ask, and never block. */
struct credential_question;
/* NULL with a sentence if it cannot be asked. */
struct credential_question *credential_ask(const char *program, struct error *e);
/* To poll for input until credential_answer() has the answer. */
int credential_question_fd(const struct credential_question *q);
/* WAIT; then 0, or -errno with a sentence. */
int credential_answer(struct credential_question *q, struct credential *out, struct error *e);
/* Answered or not, it is over: true if nothing is left of it; else to be called again. */
bool credential_question_end(struct credential_question *q);
/*
 * Lock the secret in memory again. A child of fork(2) does not inherit its parent's locks
 * (mlock(2)), so the child calls this once.
 */
void credential_relock(struct credential *c);

/* A piece of someone else's text; `s` is NULL if the piece is absent. */
struct credential_text {
	const char *s; /* borrowed; not terminated */
	size_t len;
};

enum credential_key {
	KEY_TOKEN_ID,     /* PLANETSCALE_SERVICE_TOKEN_ID */
	KEY_TOKEN_NAME,   /* PLANETSCALE_SERVICE_TOKEN_NAME: what pscale called the id before */
	KEY_TOKEN_SECRET, /* PLANETSCALE_SERVICE_TOKEN */
	KEY_API_TOKEN,    /* PLANETSCALE_API_TOKEN */
	KEY_ORG,          /* PLANETSCALE_ORG; the one that is no credential */
	CREDENTIAL_KEYS
};

struct credential_fields {
	struct credential_text v[CREDENTIAL_KEYS];
};

/*
 * The KEY=value lines of a credentials file: `#` comments, blank lines, CRLF, an optional "export "
 * and optional single or double quotes. Nothing is expanded. Pure: the fields point into `text`.
 * 0, or -EINVAL with a sentence that names the line.
 */
int credential_parse(const char *text, size_t len, struct credential_fields *out, struct error *e);
/* The names in the environment and in a credentials file. */
extern const char *const credential_key_names[CREDENTIAL_KEYS];
/*
 * Fields to a credential: a service token's pair, else the API token. 0, -ENOENT without a sentence
 * if there is neither, -EINVAL with a sentence. Does not set source and origin.
 */
int credential_make(const struct credential_fields *f, struct credential *out, struct error *e);
/* The access token of a login, which sentences call `name`. As credential_make(). */
int credential_make_login(struct credential_text token, const char *name, struct credential *out,
			  struct error *e);

#define CREDENTIAL_FILE_MAX (64 * 1024)

#endif
