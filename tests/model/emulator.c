/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <curl/curl.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	char *text;
	size_t len;
};

static size_t gather(char *data, size_t size, size_t n, void *ctx)
{
	struct answer *a = ctx;
	char *text = realloc(a->text, a->len + size * n + 1);

	if (text == NULL)
		return 0;
	a->text = text;
	memcpy(text + a->len, data, size * n);
	a->len += size * n;
	text[a->len] = '\0';
	return size * n;
}

struct cJSON *ask(const char *method, const char *path, const char *body)
{
	static CURL *curl;
	struct answer a = {NULL, 0};
	char url[512];
	long status = 0;

	if (curl == NULL)
		curl = curl_easy_init();
	curl_easy_reset(curl);
	snprintf(url, sizeof(url), "%s%s", options.control, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	CURLcode r = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	struct cJSON *json = a.text != NULL ? cJSON_Parse(a.text) : NULL;
	/* What was changed behind the mount's back may be gone already: 400, and no matter. */
	if (r != CURLE_OK || json == NULL || (status != 200 && strcmp(path, "/data") != 0)) {
		fprintf(stderr, "the emulator: %s %s %s: %s %ld %s\n", method, path,
			body != NULL ? body : "", curl_easy_strerror(r), status,
			a.text != NULL ? a.text : "");
		exit(2);
	}
	free(a.text);
	return json;
}
