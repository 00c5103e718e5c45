/* SPDX-License-Identifier: MIT */
/*
 * Operations that only read. What they saw is noted, and judged when the round is over.
 */
#include "model.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TEXT_MAX = 65536
};

/* The whole file, ended by NUL: its length, or -errno. */
static long read_file(struct record *r, const char *path, char *text)
{
	long len = 0, n;
	int fd = (int)CALL(r, "open", open(path, O_RDONLY | O_CLOEXEC));

	if (fd < 0)
		return fd;
	while ((n = CALL(r, "read", read(fd, text + len, (size_t)(TEXT_MAX - 1 - len)))) > 0)
		len += n;
	text[len] = '\0';
	close(fd);
	return n < 0 ? n : len;
}

void read_permissions(struct work *w)
{
	char path[512], text[TEXT_MAX];
	struct record *r = w->record;

	permissions_path(path, sizeof(path), r);
	r->seen_from = now_us();
	long len = read_file(r, path, text);
	if (len < 0)
		return;
	if (read_scopes(text, (size_t)len, &r->masks[0]))
		r->sight = SAW_SCOPES;
	else
		complain(r, "permissions says \"%.150s\"", text);
}

void stat_permissions(struct work *w)
{
	char path[512];
	struct stat st;
	struct record *r = w->record;

	permissions_path(path, sizeof(path), r);
	r->seen_from = now_us();
	if (CALL(r, "stat", stat(path, &st)) < 0)
		return;
	r->sight = SAW_SIZE;
	r->size = st.st_size;
	if (st.st_mode != (S_IFREG | 0600))
		complain(r, "mode %o", st.st_mode);
}

/* Bits of what `index` knows; a name twice is a complaint, unless it is told apart by an id. */
static bool list(struct record *r, const char *path, int (*index)(const char *), uint32_t *out)
{
	struct dirent *e;
	uint32_t seen = 0;

	r->step = "opendir";
	DIR *d = opendir(path);
	if (d == NULL) {
		r->result = -errno;
		return false;
	}
	for (errno = 0; (e = readdir(d)) != NULL; errno = 0) {
		int i = index(e->d_name);
		if (i >= 0 && seen & 1u << i && strchr(e->d_name, '@') == NULL)
			complain(r, "%s is listed twice", e->d_name);
		seen |= i >= 0 ? 1u << i : 0;
	}
	if (errno != 0)
		r->result = -errno;
	bool complete = errno == 0;
	closedir(d);
	*out = seen;
	return complete;
}

void list_tokens(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens");
	r->seen_from = now_us();
	if (list(r, path, name_index, &r->masks[0]))
		r->sight = SAW_TOKENS;
}

static int any_index(const char *name)
{
	return name[0] == '.' ? -1 : 0;
}

void list_ids(struct work *w)
{
	char path[512];
	uint32_t seen;

	path_of(path, sizeof(path), "acme/by-id");
	if (list(w->record, path, any_index, &seen) && w->record->wrong)
		w->record->wrong = false; /* any_index cannot tell them apart */
}

void list_databases(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens/%s/databases", names[r->name]);
	r->seen_from = now_us();
	if (list(r, path, database_index, &r->masks[0]))
		r->sight = SAW_DATABASES;
}

void list_links(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/databases/%s/service-tokens", databases[r->resource]);
	r->seen_from = now_us();
	if (list(r, path, name_index, &r->masks[0]))
		r->sight = SAW_LINKS;
}

static bool read_access_line(struct record *r, char *line)
{
	char *words = strchr(line, '\t'), *word, *rest;
	int name;
	uint32_t set = 0;

	if (words == NULL)
		return false;
	*words++ = '\0';
	name = name_index(line);
	for (word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		uint32_t bit = scope_bit(word, strlen(word));
		if (bit <= set)
			return false;
		set |= bit;
	}
	if (name >= 0)
		r->masks[name] = set;
	return set != 0;
}

void read_access(struct work *w)
{
	char path[512], text[TEXT_MAX], *line, *rest;
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/databases/%s/access", databases[r->resource]);
	r->seen_from = now_us();
	if (read_file(r, path, text) < 0)
		return;
	r->sight = SAW_ACCESS;
	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (!read_access_line(r, line))
			complain(r, "access says \"%.150s\"", line);
}

static const char *text_of(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));

	return text != NULL ? text : "";
}

void read_info(struct work *w)
{
	char path[512], text[TEXT_MAX];
	const cJSON *item;
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens/%s/info.json", names[r->name]);
	r->seen_from = now_us();
	if (read_file(r, path, text) < 0)
		return;
	cJSON *json = cJSON_Parse(text);
	if (json == NULL || strstr(text, "pscale_tkn_") != NULL)
		complain(r, "info.json says \"%.150s\"", text);
	r->sight = SAW_INFO;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "service_token_accesses"))
	{
		const char *type = text_of(item, "resource_type");
		const char *access = text_of(item, "access");
		int level = strcmp(type, "Database") == 0
				    ? database_index(text_of(item, "resource_name"))
			    : strcmp(type, "Organization") == 0 ? ORGANIZATION
								: -1;
		if (level >= 0)
			r->masks[level] |= scope_bit(access, strlen(access));
	}
	cJSON_Delete(json);
}

void read_values(struct work *w)
{
	static const char *const files[] = {"name",       "id",         "created_at",
					    "created_by", "expires_at", "last_used_at"};
	char path[512], text[TEXT_MAX];
	struct record *r = w->record;
	unsigned i = below(w->random, 6);

	path_of(path, sizeof(path), "acme/service-tokens/%s/%s", names[r->name], files[i]);
	r->seen_from = now_us();
	long len = read_file(r, path, text);
	if (len < 0)
		return;
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (i > 1)
		return;
	r->sight = i == 0 ? SAW_NAME : SAW_ID;
	snprintf(r->note, sizeof(r->note), "%.60s", text);
}

void read_secrets(struct work *w)
{
	static const char *const files[] = {"token", "env", "header"};
	char path[512], text[TEXT_MAX];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens/%s/%s", names[r->name],
		files[below(w->random, 3)]);
	r->seen_from = now_us();
	if (read_file(r, path, text) < 0)
		return;
	r->sight = SAW_SECRET;
	snprintf(r->note, sizeof(r->note), "%.200s", text);
}

void read_links(struct work *w)
{
	char path[512], target[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/databases/%s/service-tokens/%s", databases[r->resource],
		names[r->name]);
	long len = CALL(r, "readlink", readlink(path, target, sizeof(target) - 1));
	if (len < 0)
		return;
	target[len] = '\0';
	char expected[64];
	snprintf(expected, sizeof(expected), "../../../service-tokens/%s", names[r->name]);
	if (strcmp(target, expected) != 0)
		complain(r, "it points to %s", target);
}

void read_own(struct work *w)
{
	static const char *const files[] = {"status", "errors", "scopes/database",
					    "scopes/organization"};
	char path[512], text[TEXT_MAX];
	struct record *r = w->record;

	path_of(path, sizeof(path), ".pscalefs/%s", files[below(w->random, 4)]);
	text[0] = '\0';
	if (read_file(r, path, text) < 0 && same_mount(r))
		complain(r, "%s costs no request, but failed: %s", path, strerror(-r->result));
	if (strstr(text, "pscale_tkn_") != NULL)
		complain(r, "a secret in %s", path);
}

void read_organization(struct work *w)
{
	static const char *const files[] = {"databases/blog/state", "databases/data/id",
					    "info.json", "databases/shop/info.json",
					    "databases/shop/kind"};
	char path[512], text[TEXT_MAX];

	path_of(path, sizeof(path), "acme/%s", files[below(w->random, 5)]);
	read_file(w->record, path, text);
}
