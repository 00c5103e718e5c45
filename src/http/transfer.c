/* SPDX-License-Identifier: MIT */
#include "http/transfer.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/wiping_alloc.h"
#include "base/xmalloc.h"
#include "http/rate_limit.h"
#include "http/transfer_answer.h"
#include "http/transfer_error.h"

#define POLL_FDS_MAX 8

struct transfers {
	const struct clock *clock; /* borrowed */
	char *base_url;            /* owned */
	char *host;                /* owned */
	char *ca_file;             /* owned; NULL: the system's */
	char *user_agent;          /* owned */
	bool tls;
	int64_t timeout_ms;
	size_t body_max_bytes;
	CURLM *multi;
	CURLSH *sessions; /* owned: of TLS, to be resumed by whichever handle connects next */
	unsigned running;
	CURL **idle; /* owned: handles for later transfers */
	unsigned idle_count, idle_max;
	bool renew; /* close all connections when no transfer is running */
};

/* --- What arrives: called by curl from within transfers_perform() ----------------------------- */

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * n;

	t->received_ms = t->owner->clock->mono_ms;
	if (len > t->owner->body_max_bytes - t->answer_len) {
		t->overflow = true;
		return 0;
	}
	if (len > 0)
		transfer_add(t, data, len);
	return len;
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	const struct clock *clock = t->owner->clock;
	size_t len = size * n;
	char value[64];

	t->received_ms = clock->mono_ms;
	t->header_bytes += len;
	if (t->header_bytes > HEADERS_MAX) {
		t->overflow = true;
		return 0;
	}
	/* After a head of status 1xx another head follows; trailers may follow the body. */
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		t->head_ended = false;
	else if (line[0] == '\r' || line[0] == '\n')
		t->head_ended = true;
	if (t->steps != NULL && transfer_header(line, len, "Date", value, sizeof(value)))
		t->steps->date_s = MAX((int64_t)curl_getdate(value, NULL), 0);
	if (transfer_header(line, len, "Retry-After", value, sizeof(value)))
		t->retry_after_ms = retry_after_ms(value, clock->wall_s);
	else
		transfer_header(line, len, "X-Request-Id", t->request_id, sizeof(t->request_id));
	return len;
}

/* Compressed bytes are progress too, even before curl can pass on decompressed data. */
static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up)
{
	struct transfer *t = ctx;

	(void)total, (void)up_total, (void)up;
	if (now > t->body_bytes)
		t->received_ms = t->owner->clock->mono_ms;
	t->body_bytes = now;
	return 0;
}

static void note_sent(struct transfer *t)
{
	if (!t->sent)
		t->sent_ms = t->owner->clock->mono_ms;
	t->sent = true;
}

#if LIBCURL_VERSION_NUM >= 0x075000
/*
 * The connection is ready, the request is sent next. curl also calls this before each repeat that
 * it makes by itself, for instance on a stream that the server refused. That is refused here for a
 * request that must be sent only once.
 */
static int on_ready(void *ctx, char *peer, char *self, int peer_port, int self_port)
{
	(void)peer, (void)self, (void)peer_port, (void)self_port;
	struct transfer *t = ctx;

	if (t->alone && t->sent)
		return CURL_PREREQFUNC_ABORT;
	t->resent += t->ready;
	t->ready = true;
	note_sent(t);
	return CURL_PREREQFUNC_OK;
}
#endif

/*
 * A connection whose other end is gone (after suspension, or a lost NAT entry) must not make one
 * request after another fail: the kernel ends it when sent data stays unacknowledged.
 */
static int on_socket(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	const struct transfers *ts = ctx;
	unsigned timeout_ms = (unsigned)(ts->timeout_ms / 3);

	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* --- One transfer ----------------------------------------------------------------------------- */

static void set_connection(CURL *easy, struct transfers *ts)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Without this, cutting a lookup waits for a name server that does not answer. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	/*
	 * With TLS, wait to share one HTTP/2 connection rather than open another. Without TLS it
	 * is not known in advance whether sharing is possible, and requests would wait for an
	 * answer.
	 */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)(ts->tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, ts->tls ? 1L : 0L);
	/* libcurl 7.88 waits forever when the head of an HTTP/2 answer does not fit in here. */
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)HEADERS_MAX);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, ts->user_agent);
	/*
	 * Without TLS, requests go to this machine only, and no proxy from the environment is
	 * used, because it would see the credential. With TLS, a proxy is used as a tunnel and
	 * sees nothing.
	 */
	if (!ts->tls)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, ts);
	/* Resolve for each connection: the address may change, and connections are few. */
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(ts->timeout_ms / 3));
	/* Until libcurl 8.12 each handle has sessions of its own. */
	curl_easy_setopt(easy, CURLOPT_SHARE, ts->sessions);
	if (ts->ca_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ts->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static void set_callbacks(CURL *easy, struct transfer *t)
{
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->detail);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
#if LIBCURL_VERSION_NUM >= 0x075000
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
#else
	note_sent(t); /* this libcurl does not report it: assume it was sent */
#endif
}

static void set_request(CURL *easy, struct transfer *t)
{
	bool post = str_eq(t->method, "POST");
	const char *body = t->body == NULL && post ? "" : t->body;
	char *url = xasprintf("%s%s", t->owner->base_url, t->path);

	curl_easy_setopt(easy, CURLOPT_URL, url);
	free(url);
	if (body != NULL) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	}
	if (!post)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method);
	/*
	 * libcurl 7.88 ends an HTTP/2 session whose answer has a head of more than 128 KiB, and
	 * nghttp2 one whose head has too many frames. HTTP/1.1 has no such limits.
	 */
	bool http1 = t->http1 && t->owner->tls;
	if (http1)
		curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
			 t->alone || http1 || t->owner->renew ? 1L : 0L);
	/* The answer may hold a new token's secret: close the connection to free its buffers. */
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, t->alone ? 1L : 0L);
	/* Nor keep the keys that could decrypt it. */
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, t->alone ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
}

static struct curl_slist *headers_add(struct curl_slist *list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(list, line);

	if (longer == NULL)
		abort(); /* like xmalloc */
	return longer;
}

static struct curl_slist *headers_new(const struct transfer *t)
{
	static const char name[] = "Authorization: ";
	struct curl_slist *list = headers_add(NULL, "Accept: application/json");

	if (t->body != NULL) {
		list = headers_add(list, "Content-Type: application/json");
		list = headers_add(list, "Expect:");
	}
	if (t->authorization != NULL) {
		size_t len = secret_len(t->authorization);
		char *line = xmalloc(sizeof(name) + len);

		memcpy(line, name, sizeof(name) - 1);
		memcpy(line + sizeof(name) - 1, secret_expose(t->authorization), len + 1);
		list = headers_add(list, line);
		secret_wipe(line, sizeof(name) + len);
		free(line);
	}
	return list;
}

static void headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		secret_wipe(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static CURLSH *sessions_new(void)
{
	CURLSH *share = curl_share_init();

	if (share != NULL)
		curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return share;
}

static void sessions_free(struct transfers *ts)
{
	/* libcurl frees none that a handle uses. */
	for (unsigned i = 0; i < ts->idle_count; i++)
		curl_easy_setopt(ts->idle[i], CURLOPT_SHARE, NULL);
	curl_share_cleanup(ts->sessions);
	ts->sessions = NULL;
}

/*
 * No transfer is running: close all connections. TLS sessions are forgotten too, because a resumed
 * one would not check the server's certificate again.
 */
static void renew(struct transfers *ts)
{
	CURLM *multi = curl_multi_init();
	CURLSH *sessions = sessions_new();

	if (multi == NULL || sessions == NULL) {
		/* No memory, no descriptor: try again later. */
		curl_multi_cleanup(multi);
		curl_share_cleanup(sessions);
		return;
	}
	curl_multi_cleanup(ts->multi);
	sessions_free(ts);
	ts->multi = multi;
	ts->sessions = sessions;
	ts->renew = false;
}

static bool took_time(CURL *easy, CURLINFO what)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(easy, what, &us) == CURLE_OK && us > 0;
}

static void note_steps(const struct transfer *t)
{
	struct transfer_steps *s = t->steps;
	bool answered = t->status != 0;
	char *address = NULL;

	s->tls = answered || !t->owner->tls || took_time(t->easy, CURLINFO_APPCONNECT_TIME_T);
	/* libcurl does not always note when it connected, if TLS failed then. */
	s->connection = answered || t->error.err == EPROTO || t->error.err == EREMOTEIO ||
			took_time(t->easy, CURLINFO_CONNECT_TIME_T);
	s->name = s->connection || took_time(t->easy, CURLINFO_NAMELOOKUP_TIME_T);
	curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &address);
	if (address != NULL)
		snprintf(s->address, sizeof(s->address), "%s", address);
}

/*
 * A handle is not used again if its transfer was cut, or if it made a token: its buffer then holds
 * the answer with the secret, and is wiped when the handle is freed.
 */
static void detach(struct transfer *t, bool reuse)
{
	struct transfers *ts = t->owner;

	curl_multi_remove_handle(ts->multi, t->easy);
	if (t->steps != NULL)
		note_steps(t);
	curl_easy_reset(t->easy);
	if (reuse && !t->alone && ts->idle_count < ts->idle_max)
		ts->idle[ts->idle_count++] = t->easy;
	else
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	headers_free(t->headers);
	t->headers = NULL;
	free(t->detail);
	t->detail = NULL;
	t->owner = NULL;
	if (--ts->running == 0 && ts->renew)
		renew(ts);
}

static void no_memory(struct transfer *t, const struct transfers *ts)
{
	error_set(&t->error, ENOMEM, "no memory for a request to %s", ts->host);
}

bool transfer_start(struct transfers *ts, struct transfer *t)
{
	assert(t->owner == NULL);
	transfer_finish(t);
	memset(&t->error, 0, sizeof(t->error));
	t->status = 0;
	t->repeat = REPEAT_NEVER;
	t->request_id[0] = '\0';
	t->retry_after_ms = -1;
	t->received_ms = 0;
	t->header_bytes = 0;
	t->head_ended = false;
	t->body_bytes = 0;
	t->ready = false;
	t->overflow = false;
	t->easy = ts->idle_count > 0 ? ts->idle[--ts->idle_count] : curl_easy_init();
	if (t->easy == NULL) {
		no_memory(t, ts);
		return false;
	}
	t->owner = ts;
	t->detail = xcalloc(1, CURL_ERROR_SIZE);
	t->headers = headers_new(t);
	set_connection(t->easy, ts);
	set_callbacks(t->easy, t);
	set_request(t->easy, t);
	ts->running++;
	if (curl_multi_add_handle(ts->multi, t->easy) == CURLM_OK)
		return true;
	no_memory(t, ts);
	detach(t, false);
	return false;
}

void transfer_cut(struct transfer *t)
{
	detach(t, false);
}

struct transfer *transfers_ended(struct transfers *ts)
{
	int left;
	CURLMsg *m = curl_multi_info_read(ts->multi, &left);

	while (m != NULL && m->msg != CURLMSG_DONE)
		m = curl_multi_info_read(ts->multi, &left);
	if (m == NULL)
		return NULL;
	CURLcode code = m->data.result; /* `m` is invalid after the handle is removed */
	struct transfer *t = NULL;
	long status = 0;
	curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
	curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		t->status = (int)status;
	else
		transfer_error(t, (int)code, ts->host, ts->body_max_bytes);
	detach(t, true);
	return t;
}

/* --- All transfers ---------------------------------------------------------------------------- */

/* Sets host and port for messages; checks that the URL can be used. */
static int check_url(struct transfers *ts, struct error *e)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
	int err = 0;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, ts->base_url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    (!str_eq(scheme, "https") && !str_eq(scheme, "http")))
		err = error_set(e, EINVAL, "the API's address is not an http or https URL");
	else if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
		err = error_set(e, EINVAL, "the API's address must not name a user");
	else if (curl_url_get(u, CURLUPART_PORT, &port, 0) == CURLUE_OK)
		ts->host = xasprintf("%s:%s", host, port);
	else
		ts->host = xstrdup(host);
	ts->tls = str_eq(scheme, "https");
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	curl_url_cleanup(u);
	return err;
}

static int check(struct transfers *ts, struct error *e)
{
	int err = check_url(ts, e);

	if (err != 0)
		return err;
	if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0)
		return error_set(e, EOPNOTSUPP,
				 "this libcurl (%s) was built without an asynchronous resolver",
				 curl_version());
	if (ts->ca_file != NULL && access(ts->ca_file, R_OK) != 0)
		return error_set(e, errno, "CA file %s: %s", ts->ca_file, strerror(errno));
	if (ts->multi == NULL || ts->sessions == NULL)
		return error_set(e, ENOMEM, "libcurl cannot start");
	return 0;
}

struct transfers *transfers_new(const struct transfers_options *options, const struct clock *clock,
				struct error *e)
{
	wiping_for_openssl();
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiping_malloc, wiping_free, wiping_realloc,
				 wiping_strdup, wiping_calloc) != CURLE_OK) {
		error_set(e, ENOMEM, "libcurl cannot start");
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN); /* not done with CURLOPT_NOSIGNAL, and TLS may raise it */
	struct transfers *ts = xcalloc(1, sizeof(*ts));
	ts->clock = clock;
	ts->base_url = xstrdup(options->base_url);
	ts->ca_file = xstrdup(options->ca_file);
	ts->user_agent = xstrdup(options->user_agent);
	ts->timeout_ms = options->timeout_ms;
	ts->body_max_bytes = options->body_max_bytes;
	ts->idle_max = options->spare_handles;
	ts->idle = xcalloc(ts->idle_max, sizeof(CURL *));
	ts->multi = curl_multi_init();
	ts->sessions = sessions_new();
	if (check(ts, e) == 0)
		return ts;
	transfers_free(ts);
	return NULL;
}

void transfers_free(struct transfers *ts)
{
	if (ts == NULL)
		return;
	assert(ts->running == 0);
	while (ts->idle_count > 0)
		curl_easy_cleanup(ts->idle[--ts->idle_count]);
	curl_multi_cleanup(ts->multi);
	curl_share_cleanup(ts->sessions);
	free(ts->idle);
	free(ts->base_url);
	free(ts->host);
	free(ts->ca_file);
	free(ts->user_agent);
	free(ts);
	curl_global_cleanup();
}

const char *transfers_host(const struct transfers *ts)
{
	return ts->host;
}

void transfers_perform(struct transfers *ts)
{
	int running;

	curl_multi_perform(ts->multi, &running);
}

void transfers_poll(struct transfers *ts, struct pollfd *fds, unsigned n, int timeout_ms)
{
	struct curl_waitfd extra[POLL_FDS_MAX];

	assert(n <= POLL_FDS_MAX);
	for (unsigned i = 0; i < n; i++) {
		extra[i].fd = fds[i].fd;
		extra[i].events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
					  (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
		extra[i].revents = 0;
		fds[i].revents = 0;
	}
	curl_multi_poll(ts->multi, extra, n, timeout_ms, NULL);
	/* curl does not report POLLERR and POLLHUP, but a dead mount is known by them. */
	if (n > 0)
		poll(fds, n, 0);
}

void transfers_renew(struct transfers *ts)
{
	ts->renew = true;
	if (ts->running == 0)
		renew(ts);
}

const char *transfers_version(void)
{
	return curl_version();
}
