/* SPDX-License-Identifier: MIT */
#include "others.h"

#include "clock.h"
#include "emulator.h"
#include "grants.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

static void drop_first(struct others *others)
{
	struct undoing *first = &others->list[0];

	for (size_t i = 0; i < first->count; i++)
		free(first->names[i]);
	free(first->names);
	free(first->token);
	free(first->database);
	memmove(first, first + 1, --others->count * sizeof(*first));
}

void others_finish(struct others *others)
{
	while (others->count)
		drop_first(others);
	free(others->list);
	*others = (struct others){0};
}

void others_notice(struct emulator *emulator, const struct token *token,
		   const struct database *database, const char *const *names, size_t count,
		   bool granted)
{
	const struct switches *switches = &emulator->switches;
	struct others *others = &emulator->others;
	long long every = switches_number(switches, SWITCH_UNDO_EVERY);
	struct undoing *undoing;

	if (!every || !count || ++others->changes % (uint64_t)every)
		return;
	others->list = xgrow(others->list, others->count, sizeof(*others->list));
	undoing = &others->list[others->count++];
	*undoing = (struct undoing){
		.due_ms = clock_monotonic_ms() + switches_number(switches, SWITCH_UNDO_MS),
		.token = xstrdup(token->id),
		.database = database ? xstrdup(database->name) : NULL,
		.names = xcalloc(1, count * sizeof(*undoing->names)),
		.count = count,
		.granted = granted,
	};
	for (size_t i = 0; i < count; i++)
		undoing->names[i] = xstrdup(names[i]);
}

static void undo(struct emulator *emulator, const struct undoing *undoing)
{
	struct token *token = state_find_token(&emulator->state, undoing->token);
	struct grant_target target = {.kind = GRANT_ORGANIZATION};
	const char *const *names = (const char *const *)undoing->names;

	if (token && undoing->database) {
		target.kind = GRANT_DATABASE;
		target.database = state_find_database(token->organization, undoing->database);
	}
	if (!token || (undoing->database && !target.database))
		return;
	if (undoing->granted)
		grants_remove(&emulator->state, token, &target, names, undoing->count);
	else
		grants_add(&emulator->state, token, &target, names, undoing->count);
	lag_note(emulator);
}

void others_act(struct emulator *emulator)
{
	struct others *others = &emulator->others;

	/* Once it is switched off, nothing more changes. */
	if (!switches_number(&emulator->switches, SWITCH_UNDO_EVERY))
		others_finish(others);
	while (others->count && others->list[0].due_ms <= clock_monotonic_ms()) {
		undo(emulator, &others->list[0]);
		drop_first(others);
	}
}
