/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/buf.h"

/* A connection of its own for each process: a parent's is not used. */
static CURL *curl_of_this_process(void)
{
	static CURL *curl;
	static pid_t owner;

	if (owner != getpid())
		curl = curl_easy_init();
	owner = getpid();
	curl_easy_reset(curl);
	return curl;
}

static size_t gather(char *data, size_t size, size_t n, void *ctx)
{
	buf_add(ctx, data, size * n);
	return size * n;
}

cJSON *emulator_ask(const char *control_url, const char *method, const char *path, const char *body,
		    bool refusable)
{
	CURL *curl = curl_of_this_process();
	struct buf url = BUF_INIT, text = BUF_INIT;
	long status = 0;

	buf_addf(&url, "%s%s", control_url, path);
	curl_easy_setopt(curl, CURLOPT_URL, buf_str(&url));
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	CURLcode r = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	cJSON *json = cJSON_Parse(buf_str(&text));
	if (r != CURLE_OK || json == NULL || (status != 200 && !refusable)) {
		fprintf(stderr, "the emulator: %s %s %s: %s %ld %s\n", method, path,
			body != NULL ? body : "", curl_easy_strerror(r), status, buf_str(&text));
		exit(2);
	}
	buf_finish(&url);
	buf_finish(&text);
	return json;
}
