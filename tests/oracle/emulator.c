/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../emulator/client.h"

static char base[256];

void emulator_at(const char *url)
{
	snprintf(base, sizeof(base), "%s", url);
}

static cJSON *ask(const char *method, const char *path, const char *body)
{
	return emulator_ask(base, method, path, body, false);
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
