/* SPDX-License-Identifier: MIT */
/*
 * log: the record of every request: what was asked, what was answered,
 * what was wrong with it. Secrets never enter it.
 *
 * Entries are named by the request's number, which is never used twice.
 */
#ifndef EMULATOR_LOG_H
#define EMULATOR_LOG_H

#include "request.h"

#include <cjson/cJSON.h>

struct log_entry {
	uint64_t number;
	int64_t at_ms;          /* since the emulator started */
	int64_t answered_ms;    /* -1 until the answer was handed over or the request given up */
	char *method, *target;  /* owned */
	const char *auth;       /* borrowed from a constant: the kind of credential */
	char *auth_id;          /* owned: token id or user, maybe NULL */
	char *body, *violation; /* owned; body is JSON text; both maybe NULL */
	int status;             /* 0 when none was sent */
	uint64_t connection;
	uint64_t fault; /* 0 for none */
	bool changed;
};

struct log {
	struct log_entry *entries; /* owned */
	size_t count;
	uint64_t next_number;
	int64_t started_ms;
};

/* Which entries a caller is interested in; NULL and 0 for any. */
struct log_filter {
	const char *method; /* or "*" */
	const char *path;   /* a glob; "*" also matches slashes */
	int status;
	bool only_changed, only_violations, only_answered;
	uint64_t since; /* entries with a greater number */
};

void log_init(struct log *log);
void log_finish(struct log *log);

/* Adds the request and gives it its number. */
void log_arrival(struct log *log, struct request *request, uint64_t connection);

/* Notes how it ended; `status` 0 when no answer was sent. */
void log_answer(struct log *log, const struct request *request, int status, uint64_t fault);

void log_clear(struct log *log);
bool log_matches(const struct log_entry *entry, const struct log_filter *filter);
size_t log_count(const struct log *log, const struct log_filter *filter);

/* The caller frees it. */
cJSON *log_json(const struct log *log, const struct log_filter *filter);

#endif
