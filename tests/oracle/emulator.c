/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	char *text;
	size_t len;
};

static char base[256];
static CURL *curl;

void emulator_at(const char *url)
{
	snprintf(base, sizeof(base), "%s", url);
	curl = NULL; /* another process's is not used here */
}

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

static cJSON *ask(const char *method, const char *path, const char *body)
{
	struct answer a = {NULL, 0};
	char url[512];
	long status = 0;

	if (curl == NULL)
		curl = curl_easy_init();
	curl_easy_reset(curl);
	snprintf(url, sizeof(url), "%s%s", base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	CURLcode r = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	cJSON *json = a.text != NULL ? cJSON_Parse(a.text) : NULL;
	if (r != CURLE_OK || json == NULL || status != 200) {
		fprintf(stderr, "the emulator: %s %s %s: %s %ld %s\n", method, path,
			body != NULL ? body : "", curl_easy_strerror(r), status,
			a.text != NULL ? a.text : "");
		exit(2);
	}
	free(a.text);
	return json;
}

static const char *text_of(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));

	return text != NULL ? text : "";
}

static bool find_token(const char *name, char id[32])
{
	cJSON *state = ask("GET", "/state", NULL);
	const cJSON *o, *t;
	bool found = false;

	cJSON_ArrayForEach(o, cJSON_GetObjectItem(state, "organizations"))
	{
		cJSON_ArrayForEach(t, cJSON_GetObjectItem(o, "tokens"))
		{
			if (strcmp(text_of(t, "name"), name) != 0)
				continue;
			snprintf(id, 32, "%s", text_of(t, "id"));
			found = true;
		}
	}
	cJSON_Delete(state);
	return found;
}

void emulator_add_token(const char *name, char id[32])
{
	char body[128];

	snprintf(body, sizeof(body), "{\"op\":\"add-token\",\"name\":\"%s\"}", name);
	cJSON_Delete(ask("POST", "/data", body));
	if (!find_token(name, id)) {
		fprintf(stderr, "the emulator: no token %s\n", name);
		exit(2);
	}
}

static scopes scopes_in(const cJSON *list)
{
	scopes set = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		const char *word = cJSON_GetStringValue(item);
		set |= word != NULL ? scope_bit(word, strlen(word)) : 0;
	}
	return set;
}

size_t emulator_changes(const char *token, struct change *v, size_t size)
{
	char path[96];
	size_t n = 0;
	const cJSON *item;

	snprintf(path, sizeof(path), "/events?token=%s&forget=1", token);
	cJSON *events = ask("GET", path, NULL);
	cJSON_ArrayForEach(item, events)
	{
		if (n == size) {
			fprintf(stderr, "the emulator: more than %zu changes\n", size);
			exit(2);
		}
		v[n++] = (struct change){
			.at = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(item, "clock_us")),
			.added = scopes_in(cJSON_GetObjectItem(item, "added")),
			.removed = scopes_in(cJSON_GetObjectItem(item, "removed")),
		};
	}
	cJSON_Delete(events);
	return n;
}

/* It grows with each request; what PlanetScale does not document is looked for first. */
void emulator_forget_log(void)
{
	cJSON *count = ask("GET", "/count?violations=1", NULL);

	if (cJSON_GetNumberValue(cJSON_GetObjectItem(count, "count")) == 0)
		cJSON_Delete(ask("DELETE", "/log", NULL));
	cJSON_Delete(count);
}
