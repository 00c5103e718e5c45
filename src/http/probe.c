/* SPDX-License-Identifier: MIT */
#include "http/probe.h"

#include <curl/curl.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/transfer_error.h"

static size_t on_probe_header(char *data, size_t size, size_t n, void *ctx)
{
	static const char name[] = "date:";
	struct probe *p = ctx;
	char value[64];

	if (size * n > strlen(name) && strncasecmp(data, name, strlen(name)) == 0) {
		snprintf(value, sizeof(value), "%.*s", (int)(size * n - strlen(name)),
			 data + strlen(name));
		p->date_s = (int64_t)curl_getdate(value, NULL);
	}
	return size * n;
}

static size_t drop_body(char *data, size_t size, size_t n, void *ctx)
{
	(void)data, (void)ctx;
	return size * n;
}

static void set_probe_options(CURL *easy, const char *ca_file, int64_t timeout_ms, bool tls)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "pscalefs/" PSCALEFS_VERSION);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	if (!tls) /* this machine: see set_connection() of transfer.c */
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (ca_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static bool took_time(CURL *easy, CURLINFO what)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(easy, what, &us) == CURLE_OK && us > 0;
}

static void read_result(CURL *easy, CURLcode code, bool tls, struct probe *out)
{
	char *address = NULL;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
	out->status = (int)status;
	out->done[PROBE_HTTP] = code == CURLE_OK;
	out->done[PROBE_TLS] =
		code == CURLE_OK || !tls || took_time(easy, CURLINFO_APPCONNECT_TIME_T);
	/* libcurl does not always note when it connected, if TLS failed then. */
	out->done[PROBE_CONNECT] = code == CURLE_OK || out->error.err == EPROTO ||
				   out->error.err == EREMOTEIO ||
				   took_time(easy, CURLINFO_CONNECT_TIME_T);
	out->done[PROBE_NAME] =
		out->done[PROBE_CONNECT] || took_time(easy, CURLINFO_NAMELOOKUP_TIME_T);
	if (address != NULL)
		snprintf(out->address, sizeof(out->address), "%s", address);
	out->local_s = (int64_t)time(NULL);
}

void probe_run(const char *base_url, const char *path, const char *ca_file, int64_t timeout_ms,
	       struct probe *out)
{
	cleanup(free_ptr) char *url = xasprintf("%s%s", base_url, path);
	cleanup(free_ptr) char *host = xstrdup(strstr(base_url, "://") + strlen("://"));
	bool tls = str_starts(base_url, "https:");
	char detail[CURL_ERROR_SIZE] = "";

	host[strcspn(host, "/")] = '\0';
	*out = (struct probe){.date_s = -1};
	CURL *easy = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
	if (easy == NULL) {
		error_set(&out->error, ENOMEM, "libcurl cannot start");
		return;
	}
	set_probe_options(easy, ca_file, timeout_ms, tls);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_probe_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, out);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
	CURLcode code = curl_easy_perform(easy);
	if (code != CURLE_OK) {
		struct transfer t = {.easy = easy, .detail = detail};
		transfer_error(&t, (int)code, host, SIZE_MAX);
		out->error = t.error;
	}
	read_result(easy, code, tls, out);
	curl_easy_cleanup(easy);
	curl_global_cleanup();
}
