/* SPDX-License-Identifier: MIT */
/*
 * audit: the audit log of the organizations: an event for each token made or deleted, each access
 * granted or revoked, each database made or deleted, and those that a test adds.
 *
 * It is no part of the state, so a lagging replica has it in full. The newest event is the last.
 */
#ifndef EMULATOR_AUDIT_H
#define EMULATOR_AUDIT_H

#include <cjson/cJSON.h>

#include <stddef.h>

struct state;
struct token;
struct database;
struct organization;
struct request;
struct switches;

struct audit_event {
	char *organization; /* owned: id */
	cJSON *json;        /* owned: as shown, but for the switches */
};

struct audit {
	struct audit_event *events; /* owned */
	size_t count;
	const struct request *request; /* borrowed; who does it; NULL: somebody else */
};

void audit_finish(struct audit *audit);

/* Each adds an event, unless the state has no audit log. */
void audit_note_token(struct state *state, const struct token *token, const char *verb);
void audit_note_access(struct state *state, const struct token *token, const char *resource,
		       const char *verb, const char *const *names, size_t count);
void audit_note_database(struct state *state, const struct database *database, const char *verb);

/* Drops the newest `count` events. */
void audit_drop(struct audit *audit, size_t count);

/* An event whose members replace those of one about the organization itself; `members` may be NULL. */
void audit_add(struct state *state, const struct organization *organization, const cJSON *members);

#endif
