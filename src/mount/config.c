/* SPDX-License-Identifier: MIT */
#include "mount/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "mount/config_options.h"
#include "system/mountpoint.h"

void config_finish(struct config *c)
{
	free(c->mountpoint);
	free(c->api_url);
	free(c->ca_file);
	free(c->org);
	free(c->credentials_file);
	free(c->keyring_program);
	free(c->fuse_options);
	credential_finish(&c->credential);
	memset(c, 0, sizeof(*c));
}

static void replace(char **p, char *with)
{
	free(*p);
	*p = with;
}

/* An empty variable counts as unset, as in pscale. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

int config_check_api_url(struct config *c, struct error *e)
{
	const char *from = variable("PLANETSCALE_API_URL");
	const char *url = c->api_url != NULL ? c->api_url : from != NULL ? from : API_URL_DEFAULT;
	char *checked = url_check(url, e);

	if (checked == NULL) {
		if (c->api_url == NULL)
			error_wrap(e, "PLANETSCALE_API_URL");
		return -EINVAL;
	}
	replace(&c->api_url, checked);
	return 0;
}

/* A name that can be a directory and one segment of a URL. */
static int check_org(const char *org, struct error *e)
{
	if (org == NULL)
		return 0;
	if (org[0] == '\0' || org[0] == '.' || strlen(org) > NAME_MAX)
		return error_set(e, EINVAL, "'%s' cannot be the name of an organization", org);
	for (const char *p = org; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '/')
			return error_set(e, EINVAL, "'%s' cannot be the name of an organization",
					 org);
	return 0;
}

/*
 * The path of a dead FUSE mount. realpath(3) may fail, because a dead mount does not answer: then
 * resolve the parent directory and add the last name.
 */
static char *resolve_dead(const char *given)
{
	cleanup(free_ptr) char *copy = xstrdup(given);
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	char *whole = realpath(copy, NULL);
	if (whole != NULL)
		return whole;
	char *slash = strrchr(copy, '/');
	const char *base = slash == NULL ? copy : slash + 1;
	if (str_eq(base, "") || str_eq(base, ".") || str_eq(base, ".."))
		return NULL;
	if (slash != NULL)
		*slash = '\0';
	const char *parent = slash == NULL ? "." : slash == copy ? "/" : copy;
	cleanup(free_ptr) char *resolved = realpath(parent, NULL);
	if (resolved == NULL)
		return NULL;
	return xasprintf("%s/%s", str_eq(resolved, "/") ? "" : resolved, base);
}

static int check_mountpoint(struct config *c, struct error *e)
{
	const char *given = c->mountpoint;
	char *resolved = NULL;

	switch (errno = -mountpoint_look(given)) {
	case 0:
		resolved = realpath(given, NULL);
		break;
	case ENOTCONN:
		resolved = resolve_dead(given);
		break;
	case ENOTDIR:
		return error_set(e, ENOTDIR, "%s is not a directory", given);
	case ENOENT:
		error_set(e, ENOENT, "the mount point %s does not exist", given);
		error_hint(e, "mkdir %s", given);
		return -ENOENT;
	default:
		break;
	}
	if (resolved == NULL)
		return error_set(e, errno, "cannot mount on %s: %s", given, strerror(errno));
	replace(&c->mountpoint, resolved);
	if (str_eq(resolved, "/"))
		return error_set(e, EBUSY, "cannot mount on /: it would hide all files");
	return 0;
}

static bool below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return str_starts(path, directory) && (path[len] == '/' || path[len] == '\0');
}

/*
 * The daemon must not read a file below its own mount point: it would wait for itself forever.
 * Checks both the directory of the name and the target of a symbolic link.
 */
static int check_path_outside(const char *path, const char *mountpoint, const char *what,
			      struct error *e)
{
	if (mountpoint == NULL)
		return 0;
	cleanup(free_ptr) char *target = realpath(path, NULL);
	cleanup(free_ptr) char *directory = xstrndup(path, (size_t)(strrchr(path, '/') - path) + 1);
	cleanup(free_ptr) char *parent = realpath(directory, NULL);

	if ((target == NULL || !below(target, mountpoint)) &&
	    (parent == NULL || !below(parent, mountpoint)))
		return 0;
	error_set(e, EINVAL, "the %s %s is below the mount point", what, path);
	error_hint(e, "the mount would hide it: move it to another directory");
	return -EINVAL;
}

/* A daemon leaves the working directory, so a relative path needs it in front. Links stay. */
static void make_absolute(char **path)
{
	if (*path == NULL || (*path)[0] == '/')
		return;
	cleanup(free_ptr) char *here = getcwd(NULL, 0);
	if (here != NULL)
		replace(path, xasprintf("%s/%s", here, *path));
}

static void hint_at_tilde(const char *given, struct error *e)
{
	if (given[0] == '~')
		error_hint(e, "the shell does not expand ~ here: write $HOME instead");
}

int config_check_ca_file(struct config *c, struct error *e)
{
	struct stat st;

	if (c->ca_file == NULL)
		return 0;
	char *resolved = realpath(c->ca_file, NULL);
	if (resolved == NULL || access(resolved, R_OK) != 0 || stat(resolved, &st) != 0) {
		error_set(e, errno, "cannot read the certificates in %s: %s", c->ca_file,
			  strerror(errno));
		hint_at_tilde(c->ca_file, e);
		free(resolved);
		return -e->err;
	}
	replace(&c->ca_file, resolved);
	if (!S_ISREG(st.st_mode))
		return error_set(e, EINVAL, "%s is not a certificate file", resolved);
	return check_path_outside(resolved, c->mountpoint, "certificate file", e);
}

int config_check_credential(struct config *c, struct error *e)
{
	cleanup(free_ptr) char *given = xstrdup(c->credentials_file);
	cleanup(free_ptr) char *org = NULL;

	make_absolute(&c->credentials_file);
	int r = credential_find(c->credentials_file, c->keyring_program, &c->credential, &org, e);
	if (r != 0 && given != NULL && e->hint[0] == '\0')
		hint_at_tilde(given, e);
	if (r == 0 && c->org == NULL) {
		const char *from = org != NULL ? org : variable("PLANETSCALE_ORG");
		c->org = xstrdup(from);
	}
	if (r == 0)
		r = check_org(c->org, e);
	if (r == 0 && credential_from_file(&c->credential))
		r = check_path_outside(c->credential.origin, c->mountpoint, "credential", e);
	return r;
}

int config_parse(struct config *c, int argc, char **argv, struct error *e)
{
	*c = (struct config){
		.timeout_ms = 30 * 1000,
		.cache_ms = 30 * 1000,
		.rate_per_minute = 600,
		.sandbox = true,
	};
	if (config_options_parse(c, argc, argv, e) == 0)
		return EXIT_OK;
	config_finish(c);
	return EXIT_USAGE;
}

int config_check(struct config *c, const char *keyring_program, struct error *e)
{
	int (*const checks[])(struct config *, struct error *) = {
		config_check_api_url,
		check_mountpoint,
		config_check_ca_file,
		config_check_credential,
	};

	replace(&c->keyring_program, xstrdup(keyring_program));
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (checks[i](c, e) != 0) {
			config_finish(c);
			return EXIT_MOUNT;
		}
	}
	return EXIT_OK;
}

int config_load(struct config *c, int argc, char **argv, const char *keyring_program,
		struct error *e)
{
	int status = config_parse(c, argc, argv, e);

	return status == EXIT_OK && c->action == CONFIG_MOUNT ? config_check(c, keyring_program, e)
							      : status;
}
