/* SPDX-License-Identifier: MIT */
#include "switches.h"

#include "util.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

static const struct {
	const char *name;
	const char *values;
	const char *preset;
	const char *help;
} table[] = {
#define SWITCH_ROW(identifier, name, values, preset, help) {name, values, preset, help},
	SWITCH_TABLE(SWITCH_ROW)
#undef SWITCH_ROW
};

static bool is_number(enum switch_id id)
{
	return !strcmp(table[id].values, "#");
}

static bool allowed(enum switch_id id, const char *value)
{
	long long number;

	if (is_number(id))
		return parse_number(value, 0, INT_MAX, &number);
	return list_contains(table[id].values, '|', value);
}

void switches_finish(struct switches *switches)
{
	for (size_t i = 0; i < SWITCH_COUNT; i++) {
		free(switches->values[i]);
		free(switches->initial[i]);
	}
}

void switches_keep(struct switches *switches)
{
	for (size_t i = 0; i < SWITCH_COUNT; i++)
		replace_string(&switches->initial[i], switches->values[i]);
}

void switches_reset(struct switches *switches)
{
	for (size_t i = 0; i < SWITCH_COUNT; i++)
		replace_string(&switches->values[i], switches->initial[i]);
}

char *switches_set(struct switches *switches, const char *name, const char *value)
{
	for (size_t i = 0; i < SWITCH_COUNT; i++) {
		if (strcmp(table[i].name, name) != 0)
			continue;
		if (!allowed((enum switch_id)i, value))
			return xasprintf(
				"%s may be %s, not \"%s\"", name,
				is_number((enum switch_id)i) ? "a number" : table[i].values, value);
		replace_string(&switches->values[i], value);
		return NULL;
	}
	return xasprintf("there is no switch \"%s\"", name);
}

const char *switches_get(const struct switches *switches, enum switch_id id)
{
	return switches->values[id] ? switches->values[id] : table[id].preset;
}

long long switches_number(const struct switches *switches, enum switch_id id)
{
	return atoll(switches_get(switches, id));
}

bool switches_is(const struct switches *switches, enum switch_id id, const char *value)
{
	assert(allowed(id, value));
	return !strcmp(switches_get(switches, id), value);
}

const char *switches_name(enum switch_id id)
{
	return table[id].name;
}

void switches_print_help(FILE *out)
{
	for (size_t i = 0; i < SWITCH_COUNT; i++)
		fprintf(out, "  %s=%s (%s)\n      %s\n", table[i].name,
			is_number((enum switch_id)i) ? "NUMBER" : table[i].values, table[i].preset,
			table[i].help);
}
