/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <string.h>
#include <time.h>

#include "base/macros.h"

const char *const names[NAMES] = {"s0", "s1", "s2", "s3", "s4", "v0", "v1", "v2", "v3"};
const char *const databases[RESOURCES] = {NULL, "blog", "data", "shop"};

/* Sorted: so are the bits of a text. */
const char *const scope_names[] = {
	"connect_branch",      "create_branch",          "create_databases",
	"delete_branch",       "delete_branch_password", "no_such_scope",
	"read_audit_logs",     "read_backups",           "read_branch",
	"read_comment",        "read_database",          "read_databases",
	"read_deploy_request", "read_invoices",          "read_organization",
	"read_service_tokens", "write_backups",          "write_database",
};
const unsigned scope_count = ARRAY_LEN(scope_names);

static const char *const of_organization[] = {"create_databases", "read_audit_logs",
					      "read_databases", "read_invoices",
					      "read_organization"};

uint32_t scope_bit(const char *name, size_t len)
{
	for (unsigned i = 0; i < scope_count; i++)
		if (strlen(scope_names[i]) == len && memcmp(scope_names[i], name, len) == 0)
			return 1u << i;
	return 0;
}

uint32_t scopes_for(int resource)
{
	uint32_t set = 0;

	for (size_t i = 0; i < ARRAY_LEN(of_organization); i++)
		set |= scope_bit(of_organization[i], strlen(of_organization[i]));
	if (resource == ORGANIZATION)
		return set;
	return ALL_SCOPES & ~set & ~scope_bit("no_such_scope", 13) &
	       ~scope_bit("read_service_tokens", 19);
}

int name_index(const char *name)
{
	for (int i = 0; i < NAMES; i++)
		if (strncmp(name, names[i], 2) == 0 && (name[2] == '\0' || name[2] == '@'))
			return i;
	return -1;
}

int name_index_of_path(const char *path)
{
	for (int i = 0; i < NAMES; i++)
		if (strncmp(path, names[i], 2) == 0 && strchr("@/", path[2]) != NULL)
			return i;
	return -1;
}

int database_index(const char *name)
{
	for (int i = 1; i < RESOURCES; i++) {
		size_t len = strlen(databases[i]);
		if (strncmp(name, databases[i], len) == 0 &&
		    (name[len] == '\0' || strcmp(name + len, RENAMED) == 0))
			return i;
	}
	return -1;
}

bool read_scopes(const char *text, size_t len, uint32_t *out)
{
	*out = 0;
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		uint32_t bit = end == NULL ? 0 : scope_bit(text, (size_t)(end - text));
		if (bit == 0 || bit <= *out) /* unknown, twice, or out of order */
			return false;
		*out |= bit;
		len -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	return true;
}

size_t scopes_length(uint32_t set)
{
	size_t len = 0;

	for (unsigned i = 0; i < scope_count; i++)
		if (set & 1u << i)
			len += strlen(scope_names[i]) + 1;
	return len;
}

void print_scopes(char *out, size_t size, uint32_t set)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < scope_count; i++) {
		size_t len = strlen(scope_names[i]);
		if (!(set & 1u << i) || at + len + 2 > size)
			continue;
		if (at > 0)
			out[at++] = ' ';
		memcpy(out + at, scope_names[i], len + 1);
		at += len;
	}
}

/* splitmix64 */
uint64_t random_number(struct random *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct random random_of(uint64_t seed, uint64_t round, uint64_t who)
{
	struct random r = {seed * 1000003 + round * 257 + who};

	random_number(&r);
	return r;
}

unsigned below(struct random *r, unsigned n)
{
	return (unsigned)(random_number(r) % n);
}

bool chance(struct random *r, unsigned percent)
{
	return below(r, 100) < percent;
}

uint32_t some_scopes(struct random *r, int resource, unsigned most)
{
	uint32_t all = scopes_for(resource), set = 0;
	unsigned n = 1 + below(r, most);

	while (n > 0) {
		uint32_t bit = 1u << below(r, scope_count);
		if (!(all & bit))
			continue;
		set |= bit;
		n--;
	}
	return set;
}

int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
