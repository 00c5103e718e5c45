/* SPDX-License-Identifier: MIT */
#include "mount/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/probe.h"
#include "system/namespace.h"
#include "system/sandbox.h"

#define API_PATH      "/v1/organizations"
#define CLOCK_SLACK_S 60

enum verdict {
	FINE,
	DOUBTFUL,
	BROKEN
};

/* `next`: what to do, or NULL. */
static void report(struct check *c, enum verdict verdict, const char *next, const char *fmt, ...)
	printf_like(4, 5);

static void report(struct check *c, enum verdict verdict, const char *next, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warning", "FAILED"};
	va_list ap;

	printf("%-8s", words[verdict]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (next != NULL && next[0] != '\0')
		printf("%-8snext: %s\n", "", next);
	c->failed += verdict == BROKEN;
}

void check_failed(struct check *c, const char *what, const struct error *e)
{
	report(c, BROKEN, e->hint, "%s: %s", what, e->text);
}

/* --- the machine ------------------------------------------------------------------------------ */

static void check_device(struct check *c)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), err = errno;
	struct stat st;

	if (fd >= 0) {
		close(fd);
		report(c, FINE, NULL, "/dev/fuse: can be opened");
	} else if (stat("/dev/fuse", &st) != 0) {
		report(c, BROKEN,
		       "load the kernel's module with `modprobe fuse`; give a container the device "
		       "with --device /dev/fuse",
		       "/dev/fuse: %s", strerror(errno));
	} else {
		report(c, BROKEN, "its mode should be 0666, or yours the group that may open it",
		       "/dev/fuse: %s (mode %04o)", strerror(err), st.st_mode & 07777u);
	}
}

/* The path of a program, as execvp(3) finds it; owned by the caller; NULL: none. */
static char *find_program(const char *name, struct stat *st)
{
	const char *path = getenv("PATH");

	for (const char *p = path != NULL ? path : "/usr/bin:/bin"; p != NULL; p = strchr(p, ':')) {
		p += *p == ':';
		char *file = xasprintf("%.*s/%s", (int)strcspn(p, ":"), p, name);
		if (stat(file, st) == 0 && S_ISREG(st->st_mode) && access(file, X_OK) == 0)
			return file;
		free(file);
	}
	return NULL;
}

/* Can this user mount without fusermount3? Its child must be dumpable: see namespace.h. */
static bool can_use_namespace(void)
{
	prctl(PR_SET_DUMPABLE, 1);
	enum namespace_kind kind = namespace_find("/");
	prctl(PR_SET_DUMPABLE, 0);
	return kind != NAMESPACE_NONE;
}

static void check_mounting(struct check *c)
{
	struct stat st;
	cleanup(free_ptr) char *file = find_program("fusermount3", &st);
	bool privileged = file != NULL && st.st_uid == 0 && (st.st_mode & S_ISUID) != 0;
	const char *fault = file == NULL ? "not found in PATH" : "not set-user-ID root";

	if (can_use_namespace())
		report(c, FINE, NULL, "namespaces: `pscalefs run` needs no fusermount3");
	else
		report(c, DOUBTFUL, NULL, "namespaces: `pscalefs run` needs fusermount3");
	if (privileged)
		report(c, FINE, NULL, "fusermount3: %s", file);
	else if (geteuid() == 0)
		report(c, FINE, NULL, "fusermount3: %s; root does not need it", fault);
	else
		report(c, BROKEN, "install the package fuse3", "fusermount3: %s", fault);
}

static void check_kernel(struct check *c)
{
	struct utsname name = {0};
	bool files, ports, filter;

	uname(&name);
	sandbox_available(&files, &ports, &filter);
	if (files && ports && filter)
		report(c, FINE, NULL, "kernel: %s has landlock and seccomp for the sandbox",
		       name.release);
	else
		report(c, DOUBTFUL, NULL, "kernel: %s: the sandbox lacks%s%s%s", name.release,
		       files ? "" : " landlock-files", ports ? "" : " landlock-tcp",
		       filter ? "" : " seccomp");
}

void check_system(struct check *c)
{
	check_device(c);
	check_mounting(c);
	check_kernel(c);
}

/* --- the settings ----------------------------------------------------------------------------- */

bool check_address(struct check *c, struct config *config)
{
	struct error e = {0};

	if (config_check_api_url(config, &e) != 0) {
		check_failed(c, "API", &e);
		return false;
	}
	if (config_check_ca_file(config, &e) != 0) {
		check_failed(c, "certificates", &e);
		return false;
	}
	return true;
}

bool check_credential(struct check *c, struct config *config)
{
	const struct credential *credential = &config->credential;
	struct error e = {0};

	if (config_check_credential(config, &e) != 0) {
		check_failed(c, "credential", &e);
		return false;
	}
	report(c, FINE, NULL, "credential: %s%s%s from %s: %s",
	       credential->kind == CREDENTIAL_SERVICE_TOKEN ? "service token" : "login",
	       credential->token_id != NULL ? " " : "",
	       credential->token_id != NULL ? credential->token_id : "",
	       credential_source_name(credential->source), credential->origin);
	return true;
}

/* --- the network ------------------------------------------------------------------------------ */

static void check_clock(struct check *c, const struct probe *p)
{
	long long off_s = (long long)(p->local_s - p->date_s);

	if (p->date_s < 0)
		report(c, DOUBTFUL, NULL, "clock: PlanetScale's answer has no date to compare");
	else if (off_s >= -CLOCK_SLACK_S && off_s <= CLOCK_SLACK_S)
		report(c, FINE, NULL, "clock: agrees with PlanetScale's");
	else
		report(c, DOUBTFUL, "set it, for example with timedatectl(1)",
		       "clock: %lld seconds %s PlanetScale's: what has expired, or was not used "
		       "for "
		       "days, is judged wrongly",
		       off_s < 0 ? -off_s : off_s, off_s < 0 ? "behind" : "ahead of");
}

bool check_network(struct check *c, const struct config *config)
{
	static const struct {
		const char *name, *next;
	} steps[] = {
		[PROBE_NAME] = {"name", "see /etc/resolv.conf, or set https_proxy"},
		[PROBE_CONNECT] = {"connection", "see firewall and routes, or set https_proxy"},
		[PROBE_TLS] = {"TLS", "give the certificate of your proxy with --cacert FILE"},
		[PROBE_HTTP] = {"HTTP", "try again; see https://www.planetscalestatus.com"},
	};
	bool tls = str_starts(config->api_url, "https:");
	struct probe p;

	probe_run(config->api_url, API_PATH, config->ca_file, config->timeout_ms, &p);
	for (size_t i = 0; i < PROBE_STEPS; i++) {
		if (!p.done[i]) {
			report(c, BROKEN, steps[i].next, "%s: %s", steps[i].name, p.error.text);
			return false;
		}
		if (i == PROBE_CONNECT)
			report(c, FINE, NULL, "%s: to %s", steps[i].name, p.address);
		else if (i == PROBE_HTTP)
			report(c, FINE, NULL, "%s: %s answers", steps[i].name, config->api_url);
		else if (i != PROBE_TLS || tls)
			report(c, FINE, NULL, "%s: %s", steps[i].name,
			       i == PROBE_TLS ? "the certificate is trusted" : "has an address");
	}
	check_clock(c, &p);
	return true;
}

/* --- the credential --------------------------------------------------------------------------- */

struct rights {
	struct waiter waiter; /* first */
	struct store *store;
	const struct config *config;
	int result;           /* of the list of organizations; WAIT until all is known */
	struct error refused; /* why another list could not be read; err 0: none */
};

static bool chosen(const struct rights *r, const struct organization *o)
{
	return r->config->org == NULL || str_eq(r->config->org, o->r.name);
}

/* 0 or WAIT; a refusal is noted, and store_right() knows it. */
static int need_list(struct rights *r, struct resource *list)
{
	int result = resource_need(list, &r->waiter);

	if (result >= 0)
		return result;
	if (r->refused.err == 0)
		r->refused = r->waiter.error;
	return 0;
}

static int need_own_rights(struct rights *r, struct organization *o, const char *token_id)
{
	int result = need_list(r, &o->databases);

	if (result == 0)
		result = need_list(r, &o->tokens);
	struct token *own = result == 0 && token_id != NULL ? model_token(o, token_id) : NULL;
	return own == NULL ? result : need_list(r, &own->grants);
}

static void learn_rights(struct waiter *w)
{
	struct rights *r = container_of(w, struct rights, waiter);
	struct model *m = store_model(r->store);
	int result = resource_need(&m->organizations, w);

	r->refused = (struct error){0};
	for (size_t i = 0; result == 0 && i < m->n_organizations; i++)
		if (chosen(r, m->organization[i]))
			result = need_own_rights(r, m->organization[i],
						 r->config->credential.token_id);
	r->result = result;
}

static bool rights_known(void *ctx)
{
	return ((struct rights *)ctx)->result != WAIT;
}

static void report_organizations(struct check *c, const struct rights *r)
{
	const struct model *m = store_model(r->store);
	cleanup(buf_finish) struct buf names = BUF_INIT;

	for (size_t i = 0; i < m->n_organizations; i++)
		if (chosen(r, m->organization[i]))
			buf_addf(&names, " %s", m->organization[i]->r.name);
	if (names.len > 0)
		report(c, FINE, NULL, "access: PlanetScale accepts the credential for%s",
		       buf_str(&names));
	else if (r->config->org != NULL)
		report(c, BROKEN, "check -o org=, PLANETSCALE_ORG and whose credential it is",
		       "access: there is no organization %s for this credential", r->config->org);
	else
		report(c, DOUBTFUL, "give the service token read_organization",
		       "access: the credential sees no organization");
}

static void report_permissions(struct check *c, const struct rights *r)
{
	static const char *const needed[] = {API_READ_DATABASES, API_READ_SERVICE_TOKENS,
					     "write_service_tokens", "delete_service_tokens"};
	static const struct {
		enum api_right right;
		enum verdict verdict;
		const char *words, *next;
	} lines[] = {
		{API_RIGHT_HELD, FINE, "has", NULL},
		{API_RIGHT_UNKNOWN, FINE, "known only when used:", NULL},
		{API_RIGHT_DOUBTFUL, DOUBTFUL, "may lack", "a list is empty: is that right?"},
		{API_RIGHT_LACKING, DOUBTFUL, "lacks",
		 "add them to the service token, unless it shall do without"},
	};

	for (size_t l = 0; l < ARRAY_LEN(lines); l++) {
		cleanup(buf_finish) struct buf names = BUF_INIT;
		for (size_t i = 0; i < ARRAY_LEN(needed); i++)
			if (store_right(r->store, needed[i]) == lines[l].right)
				buf_addf(&names, " %s", needed[i]);
		if (names.len > 0)
			report(c, lines[l].verdict, lines[l].next, "permissions: %s%s",
			       lines[l].words, buf_str(&names));
	}
}

void check_rights(struct check *c, const struct config *config, struct loop *loop,
		  struct store *store)
{
	struct rights r = {.store = store, .config = config, .result = WAIT};

	waiter_init(&r.waiter, loop->cache, learn_rights);
	learn_rights(&r.waiter);
	loop_run(loop, rights_known, &r);
	waiter_leave(&r.waiter);
	if (r.result != 0) {
		if (r.result == WAIT)
			error_set(&r.waiter.error, EINTR, "interrupted");
		check_failed(c, "access", &r.waiter.error);
		return;
	}
	report_organizations(c, &r);
	if (config->credential.kind == CREDENTIAL_SERVICE_TOKEN)
		report_permissions(c, &r);
	else if (r.refused.err == 0)
		report(c, FINE, NULL, "permissions: those of the login's user");
	/* A refusal to a service token was reported as a permission that it lacks. */
	if (r.refused.err != 0 &&
	    (config->credential.kind == CREDENTIAL_LOGIN || r.refused.err != EACCES))
		report(c, r.refused.err == EACCES ? DOUBTFUL : BROKEN, r.refused.hint,
		       "permissions: %s", r.refused.text);
}
