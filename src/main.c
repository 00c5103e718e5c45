/* SPDX-License-Identifier: MIT */
/*
 * pscalefs: mount PlanetScale as a file system. This file only creates the parts in order, and
 * frees them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "auth/credential_refresh.h"
#include "auth/keyring.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/store.h"
#include "fs/fs.h"
#include "http/http.h"
#include "http/url.h"
#include "mount/check.h"
#include "mount/config.h"
#include "mount/daemon.h"
#include "mount/helper.h"
#include "mount/loop.h"
#include "mount/run.h"
#include "mount/session.h"
#include "mount/status.h"
#include "planetscale/api.h"
#include "system/capability.h"
#include "system/mountpoint.h"
#include "system/namespace.h"
#include "system/notify.h"
#include "system/sandbox.h"

/* After a signal to stop: how long it stays mounted for commits to end. */
#define DRAIN_MS 5000

struct mount {
	struct config config;
	struct daemon daemon;
	struct notify notify;
	struct clock clock;
	struct cache cache;
	struct loop loop;
	struct http *http;
	struct credential_refresh *credential_refresh;
	struct api *api;
	struct store *store;
	struct fs *fs;
	struct session *session;
	struct status status;
	int ca_fd;              /* owned; the copy of the certificates, for the sandbox; -1: none */
	char *ca_file;          /* owned; the path for libcurl; NULL: the system's certificates */
	unsigned failed_closes; /* counted at the end of CONFIG_RUN */
};

static int print_version(void)
{
	printf("pscalefs %s\nlibfuse/%s %s\n", PSCALEFS_VERSION, session_library_version(),
	       http_version());
	return EXIT_OK;
}

static int print_help(void)
{
	struct buf text = BUF_INIT;

	config_help(&text);
	fputs(buf_str(&text), stdout);
	buf_finish(&text);
	return EXIT_OK;
}

static void print_error(const struct error *e)
{
	fprintf(stderr, "pscalefs: %s\n", e->text);
	if (e->hint[0] != '\0')
		fprintf(stderr, "pscalefs: %s\n", e->hint);
}

/* --- check the credential before mounting ----------------------------------------------------- */

struct proof {
	struct waiter waiter; /* first */
	struct model *model;
	int result; /* WAIT until there is one */
};

static void prove(struct waiter *w)
{
	struct proof *p = container_of(w, struct proof, waiter);

	p->result = resource_need(&p->model->organizations, w);
}

static bool proved(void *ctx)
{
	return ((struct proof *)ctx)->result != WAIT;
}

/* The credential must see the organization that the user has chosen. */
static int check_organizations(const struct mount *m, struct error *e)
{
	const struct model *model = store_model(m->store);

	if (m->config.org == NULL)
		return 0;
	for (size_t i = 0; i < model->n_organizations; i++)
		if (str_eq(model->organization[i]->r.name, m->config.org))
			return 0;
	error_set(e, ENOENT, "there is no organization %s for this credential", m->config.org);
	error_hint(e, "check -o org=, PLANETSCALE_ORG and which account the credential belongs to");
	return -ENOENT;
}

static int prove_credential(struct mount *m, struct error *e)
{
	struct proof p = {.model = store_model(m->store)};

	waiter_init(&p.waiter, &m->cache, prove);
	prove(&p.waiter);
	loop_run(&m->loop, proved, &p);
	waiter_leave(&p.waiter);
	if (p.result == WAIT)
		return error_set(e, EINTR, "interrupted");
	if (p.result < 0) {
		*e = p.waiter.error;
		if (e->err == EKEYREJECTED || e->err == EKEYEXPIRED)
			error_wrap(e, "PlanetScale rejected the credential from %s",
				   m->config.credential.origin);
		return p.result;
	}
	return check_organizations(m, e);
}

/* --- the sandbox ------------------------------------------------------------------------------ */

/*
 * Copy the certificates of --cacert into memory, because the sandbox cannot open the file. libcurl
 * opens the copy by its path in /proc.
 */
static int copy_certificates(struct mount *m, struct error *e)
{
	const char *path = m->config.ca_file;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = errno;
	ssize_t n = -1;

	m->ca_fd = memfd_create("certificates", MFD_CLOEXEC);
	if (fd >= 0 && m->ca_fd >= 0) {
		while ((n = sendfile(m->ca_fd, fd, NULL, 1 << 20)) > 0)
			;
		err = errno;
	}
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return error_set(e, err, "cannot read the certificates in %s: %s", path,
				 strerror(err));
	m->ca_file = xasprintf("/proc/self/fd/%d", m->ca_fd);
	return 0;
}

/* What the sandbox needs; called before there is a mount or a connection. */
static int prepare_sandbox(struct mount *m, struct error *e)
{
	const struct config *c = &m->config;
	const struct credential *credential = &c->credential;

	if (!c->sandbox) {
		m->ca_file = xstrdup(c->ca_file);
		return 0;
	}
	int r = c->ca_file != NULL ? copy_certificates(m, e) : 0;
	if (r != 0)
		return r;
	/* In its own user namespace the helper may unmount without fusermount3. */
	if (c->namespace == NAMESPACE_USER)
		capability_inherit(CAPABILITY(CAP_SYS_ADMIN));
	r = helper_start(c->keyring_program, c->mountpoint,
			 c->action == CONFIG_RUN ? m->daemon.report_fd : -1,
			 credential_from_file(credential) ? credential->origin : NULL, e);
	if (c->namespace == NAMESPACE_USER)
		capability_inherit(0);
	return r;
}

/* From now on only the files, processes and ports that serving needs are accessible. */
static void enter_sandbox(const struct mount *m)
{
	static const char *const proxies[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
					      "ALL_PROXY"};
	uint16_t ports[1 + ARRAY_LEN(proxies)] = {url_port(m->config.api_url, 443, 80)};
	struct sandbox_rules rules = {.ports = ports, .n_ports = 1};

	if (!m->config.sandbox)
		return;
	for (size_t i = 0; i < ARRAY_LEN(proxies); i++) {
		const char *proxy = getenv(proxies[i]);
		if (proxy != NULL && proxy[0] != '\0') /* the default ports are libcurl's */
			ports[rules.n_ports++] = url_port(proxy, 443, 1080);
	}
	sandbox_enter(&rules);
}

/* --- start and end ---------------------------------------------------------------------------- */

/* All that is needed to ask PlanetScale. */
static int connect_parts(struct mount *m, struct error *e)
{
	const struct http_options options = {
		.base_url = m->config.api_url,
		.ca_file = m->ca_file,
		.user_agent = "pscalefs/" PSCALEFS_VERSION,
		.timeout_ms = m->config.timeout_ms,
		.rate_per_minute = m->config.rate_per_minute,
	};
	int r;

	clock_tick(&m->clock);
	cache_init(&m->cache, &m->clock, m->config.cache_ms, m->config.offline);
	m->http = http_new(&options, &m->clock, e);
	if (m->http == NULL)
		return -e->err;
	m->credential_refresh = credential_refresh_new(
		&m->config.credential, m->config.keyring_program, m->config.timeout_ms, &m->clock);
	r = loop_init(&m->loop, &m->clock, m->http, m->credential_refresh, &m->cache, &m->notify,
		      e);
	if (r != 0)
		return r;
	if (m->daemon.owned)
		m->loop.owner_fd = m->daemon.report_fd;
	m->api = api_new(m->http, m->credential_refresh);
	m->store = store_new(m->api, &m->cache);
	return 0;
}

static int mount_parts(struct mount *m, struct error *e)
{
	int r = connect_parts(m, e);

	if (r != 0)
		return r;
	r = prove_credential(m, e);
	if (r != 0) {
		error_wrap(e, "cannot mount %s", m->config.api_url);
		return r;
	}
	r = m->config.sandbox ? helper_delegate(e) : 0;
	if (r != 0)
		return r;
	m->session = session_new(&m->config, e);
	if (m->session == NULL)
		return -e->err;
	m->status = (struct status){
		.config = &m->config,
		.clock = &m->clock,
		.http = m->http,
		.api = m->api,
		.store = m->store,
	};
	const struct fs_parts parts = {
		.organization = m->config.org,
		.timeout_ms = m->config.timeout_ms,
		.ttl_s = m->config.ttl_s,
		.cache = &m->cache,
		.store = m->store,
		.sink = &session_sink,
		.status = status_print,
		.status_ctx = &m->status,
	};
	m->fs = fs_new(&parts);
	session_serve(m->session, m->fs);
	m->loop.fs = m->fs;
	m->loop.session = m->session;
	r = daemon_ready(&m->daemon, e);
	if (r == 0) {
		enter_sandbox(m);
		session_let_keep(m->session);
	}
	return r;
}

/* Changes that were accepted before go on after the unmount, until they end. */
static void unmount(struct mount *m)
{
	bool unmounted = session_unmounted(m->session);

	fs_let_go(m->fs, ENODEV);
	if (unmounted) /* so all files are closed */
		fs_release_all(m->fs);
	session_free(m->session);
	m->session = NULL;
	log_notice("unmounted %s", m->config.mountpoint);
	if (fs_busy(m->fs)) {
		log_notice("changes that were accepted go on; SIGTERM ends them");
		notify_status(&m->notify, "unmounted; changes that were accepted go on");
	}
	loop_complete(&m->loop);
}

static void print_failed_close(void *ctx, const char *path, const struct error *e)
{
	struct mount *m = ctx;

	dprintf(m->daemon.stderr_fd, "pscalefs: %s: %s\n", path,
		e->text[0] != '\0' ? e->text : "the mount ended before the change was done");
	if (e->hint[0] != '\0')
		dprintf(m->daemon.stderr_fd, "pscalefs: %s\n", e->hint);
	m->failed_closes++;
}

static void finish_parts(struct mount *m)
{
	if (m->fs != NULL) {
		fs_stop(m->fs, ENODEV);
		if (m->daemon.owned)
			fs_each_failed_close(m->fs, print_failed_close, m);
	}
	session_free(m->session);
	store_free(m->store);
	fs_free(m->fs);
	api_free(m->api);
	credential_refresh_free(m->credential_refresh);
	loop_finish(&m->loop);
	http_free(m->http);
	helper_stop();
	if (m->config.action == CONFIG_RUN)
		rmdir(m->config.mountpoint); /* fails in the sandbox: then the helper has done it */
	daemon_finish(&m->daemon);
	notify_close(&m->notify);
	if (m->ca_fd >= 0)
		close(m->ca_fd);
	free(m->ca_file);
	config_finish(&m->config);
}

static int serve(struct mount *m)
{
	struct error e = {0};

	daemon_let_go(&m->daemon);
	/* In the background, and under `pscalefs run`, a service manager has started another. */
	if (m->config.foreground && !m->daemon.owned)
		notify_open(&m->notify);
	credential_relock(&m->config.credential);
	if (!secret_locked(m->config.credential.header))
		log_warning("the credential may be swapped out: RLIMIT_MEMLOCK is too low");
	int r = mountpoint_detach_dead(m->config.mountpoint, &e);
	if (r == 0)
		r = prepare_sandbox(m, &e);
	if (r == 0)
		r = mount_parts(m, &e);
	if (r != 0) {
		print_error(&e);
		notify_failed(&m->notify, &e);
	} else {
		log_notice("mounted %s at %s", m->config.api_url, m->config.mountpoint);
		notify_ready(&m->notify, "mounted");
		loop_run(&m->loop, NULL, NULL);
		notify_stopping(&m->notify, "unmounting");
		loop_drain(&m->loop, session_ended(m->session) ? 0 : DRAIN_MS);
		unmount(m);
	}
	finish_parts(m);
	return r != 0 ? EXIT_MOUNT : m->failed_closes > 0 ? EXIT_UNDONE : EXIT_OK;
}

/* `pscalefs check` */
static int check_all(struct mount *m, const char *program)
{
	struct check c = {0};
	struct error e = {0};

	m->config.keyring_program = xstrdup(program);
	check_system(&c);
	bool usable = check_address(&c, &m->config);
	bool found = check_credential(&c, &m->config);
	m->ca_file = xstrdup(m->config.ca_file);
	if (usable && check_network(&c, &m->config) && found) {
		if (connect_parts(m, &e) == 0)
			check_rights(&c, &m->config, &m->loop, m->store);
		else
			check_failed(&c, "access", &e);
	}
	finish_parts(m);
	return c.failed > 0 ? EXIT_FAULT : EXIT_OK;
}

/* Become the process that mounts: 0 there; in others, *status is the exit status. */
static int become_daemon(struct mount *m, int *status)
{
	struct error e = {0};

	int r = daemon_fork(&m->daemon, m->config.foreground, &e);
	if (r == 0)
		return 0;
	if (e.err != 0)
		print_error(&e);
	*status = r == DAEMON_PARENT ? m->daemon.status : EXIT_MOUNT;
	return r;
}

static int show(struct mount *m)
{
	int status = m->config.action == CONFIG_HELP ? print_help() : print_version();

	config_finish(&m->config);
	return status;
}

/* `pscalefs run`, all of it but the child that mounts. */
static int run(struct mount *m, int argc, char **argv)
{
	struct error e = {0};
	int status = config_parse(&m->config, argc, argv, &e);

	if (status != EXIT_OK) {
		print_error(&e);
		return status;
	}
	if (m->config.action != CONFIG_RUN)
		return show(m);
	status = run_command(&m->config, &m->daemon);
	if (status != RUN_MOUNT)
		config_finish(&m->config);
	return status;
}

int main(int argc, char **argv)
{
	struct mount m = {.daemon = DAEMON_INIT,
			  .notify = {.fd = -1},
			  .loop = {.signal_fd = -1},
			  .ca_fd = -1};
	struct error e = {0};
	int status;
	bool running = config_is_run(argc, argv);

	/* COMMAND inherits what this process has, so only the child is hardened. */
	if (running && (status = run(&m, argc, argv)) != RUN_MOUNT)
		return status;
	daemon_harden();
	if (keyring_is_asker(argc, argv))
		keyring_be_asker(argv);
	if (helper_is_this(argc, argv))
		helper_be(argv);
	xmalloc_init();
	cleanup(free_ptr) char *program = keyring_program();
	status = running ? config_check(&m.config, program, &e)
			 : config_load(&m.config, argc, argv, program, &e);
	if (status != EXIT_OK) {
		print_error(&e);
		return status;
	}
	if (m.config.action == CONFIG_HELP || m.config.action == CONFIG_VERSION)
		return show(&m);
	if (m.config.debug)
		log_set_level(LEVEL_DETAIL);
	if (m.config.action == CONFIG_CHECK)
		return check_all(&m, program);
	m.daemon.debug = running && m.config.debug;
	if (running || become_daemon(&m, &status) == 0)
		return serve(&m);
	config_finish(&m.config);
	return status;
}
