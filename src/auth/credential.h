/* SPDX-License-Identifier: MIT */
/*
 * credential: what identifies this mount to PlanetScale, and where it was found.
 *
 * Searches in a fixed order and stops at the first source that has something: a file given with
 * -o credentials, $CREDENTIALS_DIRECTORY/pscalefs, the service token's variables,
 * PLANETSCALE_API_TOKEN, the login of `pscale auth login` in the keyring, then in its file. If a
 * source has something wrong (an id without secret, a file open to others), that is an error; the
 * next source is not tried.
 *
 * Owns the header value as a secret, and wipes every other copy it made. No message quotes a
 * value, because a misplaced secret must not get into a log. Sends nothing, so it does not know
 * whether PlanetScale accepts the credential.
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
	char *origin;   /* owned: the file's absolute path or the variables' names, for messages */
	char *token_id; /* owned: a service token's id (no secret); NULL for a login */
	struct secret *header; /* owned: the value of Authorization: "ID:SECRET" or "Bearer …" */
};

void credential_finish(struct credential *c);                      /* wipes; usable again */
const char *credential_source_name(enum credential_source source); /* "environment variable", … */
/* Was it read from a file, which credential_reload() can read again? */
bool credential_from_file(const struct credential *c);

/*
 * Find a credential. `file` is the argument of -o credentials, or NULL; `program` is executed to
 * ask the keyring (keyring_program()), NULL: do not ask it. *org receives the PLANETSCALE_ORG of
 * the credentials file (owned by the caller), or NULL. 0, -ENOENT with a sentence if no source has
 * one, or another -errno with a sentence and often a hint.
 *
 * Afterwards the credential variables are removed from the environment in every case, and their
 * bytes from the memory that /proc/PID/environ shows.
 */
int credential_find(const char *file, const char *program, struct credential *out, char **org,
		    struct error *e);
/* For a process that needs no credential: only that removal. */
void credential_forget_environment(void);
/* Flags to open its file. O_NONBLOCK: opening a FIFO must not block before it is refused. */
#define CREDENTIAL_OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
/* Open it by this function from now on: returns a descriptor for us, or -errno. See helper.h. */
void credential_open_with(int (*open_file)(const char *path));
/* Read `old` again from its file. -ENOTSUP with a sentence if it did not come from a file. */
int credential_reload(const struct credential *old, struct credential *out, struct error *e);

/* The same for a credential from the keyring, without blocking: ask, then poll for the answer. */
struct credential_question;
/* NULL with a sentence if it cannot be asked. */
struct credential_question *credential_ask(const char *program, struct error *e);
/* To poll for input until credential_answer() has the answer. */
int credential_question_fd(const struct credential_question *q);
/* WAIT while there is no answer; then 0, or -errno with a sentence. */
int credential_answer(struct credential_question *q, struct credential *out, struct error *e);
/* End the question, answered or not: true if all of it is freed; else call this again later. */
bool credential_question_end(struct credential_question *q);
/*
 * Lock the secret in memory again. A child of fork(2) does not inherit its parent's locks
 * (mlock(2)), so the child calls this once.
 */
void credential_relock(struct credential *c);

/* A part of a text with another owner; `s` is NULL if the part is absent. */
struct credential_text {
	const char *s; /* borrowed; not terminated */
	size_t len;
};

enum credential_key {
	KEY_TOKEN_ID,     /* PLANETSCALE_SERVICE_TOKEN_ID */
	KEY_TOKEN_NAME,   /* PLANETSCALE_SERVICE_TOKEN_NAME: pscale's old name for the id */
	KEY_TOKEN_SECRET, /* PLANETSCALE_SERVICE_TOKEN */
	KEY_API_TOKEN,    /* PLANETSCALE_API_TOKEN */
	KEY_ORG,          /* PLANETSCALE_ORG, which is not a credential */
	CREDENTIAL_KEYS
};

struct credential_fields {
	struct credential_text v[CREDENTIAL_KEYS];
};

/*
 * The KEY=value lines of a credentials file: `#` comments, blank lines, CRLF, an
 * optional "export " and optional single or double quotes. Nothing is expanded. Pure: the fields
 * point into `text`.
 * 0, or -EINVAL with a sentence that names the line.
 */
int credential_parse(const char *text, size_t len, struct credential_fields *out, struct error *e);
/* The names in the environment and in a credentials file. */
extern const char *const credential_key_names[CREDENTIAL_KEYS];
/*
 * Make a credential from fields: from a service token's pair, else from the API token. 0, -ENOENT
 * without a sentence if there is neither, -EINVAL with a sentence. Does not set source and origin.
 */
int credential_make(const struct credential_fields *f, struct credential *out, struct error *e);
/* The same from the access token of a login; messages call it `name`. */
int credential_make_login(struct credential_text token, const char *name, struct credential *out,
			  struct error *e);

#define CREDENTIAL_FILE_MAX (64 * 1024)

#endif
