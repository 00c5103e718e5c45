/* SPDX-License-Identifier: MIT */
/* The part of credential that reads files, the environment and the keyring. */
#include "auth/credential.h"
#include "base/macros.h"
#include "base/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/keyring.h"
#include "auth/keyring_document.h"
#include "system/outside.h"

/* pscale(1) ignores XDG_CONFIG_HOME, so pscalefs does, too. */
#define LOGIN_FILE ".config/planetscale/access-token"
/* LoadCredential=pscalefs:FILE in a systemd unit */
#define SYSTEMD_NAME "pscalefs"

extern char **environ;

static const struct {
	const char *name;
	bool file;
	mode_t refused_mode; /* file only: bits that must not be set */
} sources[] = {
	[SOURCE_OPTION] = {"credentials file", true, 077},
	/* For a service with User=, root owns systemd's file: mode 0440 with an ACL. */
	[SOURCE_SYSTEMD] = {"systemd credential", true, 037},
	[SOURCE_SERVICE_TOKEN_ENV] = {"environment variables", false, 0},
	[SOURCE_API_TOKEN_ENV] = {"environment variable", false, 0},
	[SOURCE_KEYRING] = {"keyring", false, 0},
	[SOURCE_LOGIN_FILE] = {"login of pscale", true, 077},
};

const char *credential_source_name(enum credential_source source)
{
	return sources[source].name;
}

bool credential_from_file(const struct credential *c)
{
	return c->origin != NULL && sources[c->source].file;
}

/* Files */

/* The bytes of a file, locked in memory while they are parsed. */
struct content {
	char *map; /* owned; NULL: none */
	size_t len;
};

#define CONTENT_MAP_BYTES (CREDENTIAL_FILE_MAX + 1)

static void content_finish(struct content *c)
{
	if (c->map == NULL)
		return;
	secret_wipe(c->map, c->len);
	munmap(c->map, CONTENT_MAP_BYTES);
}

static int content_new(struct content *c, const char *path, struct error *e)
{
	void *map = mmap(NULL, CONTENT_MAP_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return error_set(e, ENOMEM, "cannot read %s: %s", path, strerror(ENOMEM));
	c->map = map;
	madvise(map, CONTENT_MAP_BYTES, MADV_DONTDUMP);
	mlock(map, CONTENT_MAP_BYTES); /* may fail; the bytes are wiped anyway */
	return 0;
}

static int content_read(struct content *c, int fd, const char *path, struct error *e)
{
	if (content_new(c, path, e) != 0)
		return -e->err;
	while (c->len < CONTENT_MAP_BYTES) {
		ssize_t n = read(fd, c->map + c->len, CONTENT_MAP_BYTES - c->len);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(e, errno, "cannot read %s: %s", path, strerror(errno));
		c->len += (size_t)n;
	}
	return error_set(e, EFBIG, "%s is too large for a credential (over %d KiB)", path,
			 CREDENTIAL_FILE_MAX / 1024);
}

static int check_file(int fd, const char *path, mode_t refused_mode, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set(e, errno, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(e, EINVAL, "%s is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(e, EPERM, "%s belongs to another user", path);
	if ((st.st_mode & refused_mode) != 0) {
		error_set(e, EPERM, "%s holds a secret and is open to other users (mode %04o)",
			  path, st.st_mode & 07777u);
		error_hint(e, "chmod 600 %s", path);
		return -EPERM;
	}
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int open_here(const char *path)
{
	return outside_open(path, CREDENTIAL_OPEN_FLAGS);
}

static int (*open_file)(const char *path) = open_here;

void credential_open_with(int (*other)(const char *path))
{
	open_file = other;
}

static int open_checked(const char *path, mode_t refused_mode, struct content *out, struct error *e)
{
	cleanup(close_fd) int fd = open_file(path);

	if (fd == -EDEADLK)
		return error_set(e, EDEADLK, "%s leads into a mounted pscalefs", path);
	if (fd < 0)
		return error_set(e, -fd, "cannot open %s: %s", path, strerror(-fd));
	int r = check_file(fd, path, refused_mode, e);
	return r != 0 ? r : content_read(out, fd, path, e);
}

static int parse_variables(const struct content *c, struct credential *out, char **org,
			   struct error *e)
{
	struct credential_fields f;
	int r = credential_parse(c->map, c->len, &f, e);

	if (r == 0)
		r = credential_make(&f, out, e);
	if (r == -ENOENT)
		return error_set(e, EINVAL, "holds no credential");
	const struct credential_text *name = &f.v[KEY_ORG];
	if (r == 0 && org != NULL && name->s != NULL)
		*org = xstrndup(name->s, name->len);
	return r;
}

/* `pscale auth login` writes only the token; an editor may have added a line end. */
static int parse_login(const struct content *c, struct credential *out, struct error *e)
{
	struct credential_text t = {c->map, c->len};

	if (t.len > 0 && t.s[t.len - 1] == '\n')
		t.len--;
	if (t.len > 0 && t.s[t.len - 1] == '\r')
		t.len--;
	return credential_make_login(t, "the login", out, e);
}

static int from_file(enum credential_source source, const char *path, struct credential *out,
		     char **org, struct error *e)
{
	cleanup(content_finish) struct content c = {0};
	int r = open_checked(path, sources[source].refused_mode, &c, e);

	if (r != 0)
		return r;
	r = source == SOURCE_LOGIN_FILE ? parse_login(&c, out, e)
					: parse_variables(&c, out, org, e);
	if (r != 0) {
		error_wrap(e, "%s", path);
		return r;
	}
	out->source = source;
	out->origin = xstrdup(path);
	return 0;
}

/* A file that is optional: -ENOENT if it does not exist. */
static int from_default_file(enum credential_source source, const char *directory, const char *name,
			     struct credential *out, char **org, struct error *e)
{
	if (directory == NULL || directory[0] != '/')
		return -ENOENT;
	cleanup(free_ptr) char *path = xasprintf("%s/%s", directory, name);
	int r = from_file(source, path, out, org, e);
	return r == -ENOTDIR ? -ENOENT : r;
}

/* The keyring */

static int parse_keyring(const struct content *c, struct credential *out, struct error *e)
{
	struct secret *token = NULL;
	int r = keyring_document_read(c->map, c->len, &token, e);

	if (r == 0)
		r = credential_make_login(
			(struct credential_text){secret_expose(token), secret_len(token)},
			"the login", out, e);
	secret_free(token);
	return r;
}

static int take_keyring(const struct content *c, struct credential *out, struct error *e)
{
	int r = parse_keyring(c, out, e);

	if (r != 0) {
		error_wrap(e, "the login of pscale in the keyring");
		return r;
	}
	out->source = SOURCE_KEYRING;
	out->origin = xstrdup("pscale, access-token");
	return 0;
}

static int from_keyring(const char *program, struct credential *out, struct error *e)
{
	cleanup(content_finish) struct content c = {0};

	if (program == NULL)
		return -ENOENT;
	int r = content_new(&c, "the keyring", e);
	if (r == 0)
		r = keyring_read(program, c.map, CREDENTIAL_FILE_MAX, &c.len, e);
	return r == 0 ? take_keyring(&c, out, e) : r;
}

struct credential_question {
	struct keyring_reader reader;
	struct content content; /* the answer, until it is complete */
};

struct credential_question *credential_ask(const char *program, struct error *e)
{
	struct credential_question *q = xcalloc(1, sizeof(*q));
	int r = content_new(&q->content, "the keyring", e);

	if (r == 0)
		r = keyring_ask(&q->reader, program, e);
	if (r == 0)
		return q;
	if (r == -ENOENT)
		error_set(e, ENOENT, "the keyring is not available any more");
	content_finish(&q->content);
	free(q);
	return NULL;
}

int credential_question_fd(const struct credential_question *q)
{
	return q->reader.fd;
}

int credential_answer(struct credential_question *q, struct credential *out, struct error *e)
{
	struct content *c = &q->content;
	int r = keyring_answer(&q->reader, c->map, CREDENTIAL_FILE_MAX, &c->len, e);

	memset(out, 0, sizeof(*out));
	if (r == -ENOENT)
		error_set(e, ENOENT,
			  "the keyring does not answer, or holds no login of pscale any more");
	return r == 0 ? take_keyring(c, out, e) : r;
}

bool credential_question_end(struct credential_question *q)
{
	content_finish(&q->content);
	q->content.map = NULL;
	keyring_end(&q->reader);
	if (!keyring_gone(&q->reader))
		return false;
	free(q);
	return true;
}

/* The environment */

static int from_environment(struct credential *out, struct error *e)
{
	struct credential_fields f = {0};

	for (size_t k = 0; k < CREDENTIAL_KEYS; k++) {
		const char *value = getenv(credential_key_names[k]);
		if (value != NULL)
			f.v[k] = (struct credential_text){value, strlen(value)};
	}
	int r = credential_make(&f, out, e);
	if (r != 0)
		return r;
	bool id = f.v[KEY_TOKEN_ID].s != NULL, pair = f.v[KEY_TOKEN_SECRET].s != NULL;
	out->source = pair ? SOURCE_SERVICE_TOKEN_ENV : SOURCE_API_TOKEN_ENV;
	out->origin = pair ? xasprintf("%s and %s",
				       credential_key_names[id ? KEY_TOKEN_ID : KEY_TOKEN_NAME],
				       credential_key_names[KEY_TOKEN_SECRET])
			   : xstrdup(credential_key_names[KEY_API_TOKEN]);
	return 0;
}

/* Removes also the unused variables: one for an id may hold a misplaced secret. */
void credential_forget_environment(void)
{
	for (size_t k = 0; k < CREDENTIAL_KEYS; k++) {
		const char *name = credential_key_names[k];
		size_t len = strlen(name);
		if (k == KEY_ORG)
			continue;
		for (char **v = environ; v != NULL && *v != NULL; v++)
			if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
				secret_wipe(*v + len + 1, strlen(*v + len + 1));
		unsetenv(name);
	}
}

/* $HOME, else the home directory in the user database. */
static char *home_directory(void)
{
	const char *home = getenv("HOME");
	char text[4096];
	struct passwd pw, *found = NULL;

	if (home != NULL && home[0] == '/')
		return xstrdup(home);
	if (getpwuid_r(geteuid(), &pw, text, sizeof(text), &found) != 0 || found == NULL)
		return NULL;
	return xstrdup(found->pw_dir);
}

static int find(const char *file, const char *program, struct credential *out, char **org,
		struct error *e)
{
	if (file != NULL) /* the user chose this file: do not try other sources */
		return from_file(SOURCE_OPTION, file, out, org, e);
	int r = from_default_file(SOURCE_SYSTEMD, getenv("CREDENTIALS_DIRECTORY"), SYSTEMD_NAME,
				  out, org, e);
	if (r == -ENOENT)
		r = from_environment(out, e);
	if (r == -ENOENT)
		r = from_keyring(program, out, e);
	if (r == -ENOENT) {
		cleanup(free_ptr) char *home = home_directory();
		r = from_default_file(SOURCE_LOGIN_FILE, home, LOGIN_FILE, out, NULL, e);
	}
	if (r == -ENOENT) {
		error_set(e, ENOENT, "no PlanetScale credential found");
		error_hint(e,
			   "log in with `pscale auth login`, or set PLANETSCALE_SERVICE_TOKEN_ID "
			   "and PLANETSCALE_SERVICE_TOKEN, or give -o credentials=FILE");
	}
	return r;
}

int credential_find(const char *file, const char *program, struct credential *out, char **org,
		    struct error *e)
{
	*org = NULL;
	memset(out, 0, sizeof(*out));
	int r = find(file, program, out, org, e);
	credential_forget_environment();
	return r;
}

int credential_reload(const struct credential *old, struct credential *out, struct error *e)
{
	memset(out, 0, sizeof(*out));
	if (!credential_from_file(old))
		return error_set(e, ENOTSUP, "a credential from the %s cannot be read again",
				 credential_source_name(old->source));
	return from_file(old->source, old->origin, out, NULL, e);
}
