/* SPDX-License-Identifier: MIT */
/*
 * faults: the troubles tests order: which requests they befall, how often,
 * and what they do. Doing it is exchange.h's part.
 */
#ifndef EMULATOR_FAULTS_H
#define EMULATOR_FAULTS_H

#include "request.h"

#include <cjson/cJSON.h>

struct fault {
	uint64_t id;
	char *method, *path, *query; /* owned; globs, NULL for any query */
	long long count;             /* how many requests more; -1 without end */
	long long skip;              /* how many to let pass first */
	uint64_t hits;
	int users;  /* requests it is acting on now */
	bool ended; /* cleared while requests were held by it */

	int status;     /* 0 for the real answer */
	cJSON *headers; /* owned, may be NULL */
	char *body;     /* owned, may be NULL */
	size_t body_size;
	bool apply;           /* carry the request out although its answer is replaced or held */
	long long stall_ms;   /* before the request is carried out */
	long long delay_ms;   /* after it is carried out, before the answer */
	long long trickle_ms; /* between two bytes of the body */
	long long truncate;   /* bytes of the body that are sent; -1 for all */
	bool close_before, close_after, reset;
	bool close_idle; /* the connection, without notice, once the answer is out */
	bool silence;    /* held until the fault is cleared */
	cJSON *data;     /* owned: operations of POST /data, done when it strikes */
	struct fault *next;
};

struct faults {
	struct fault *list; /* owned */
	uint64_t next_id;
};

void faults_finish(struct faults *faults);

/* Adds the fault that `json` describes. Returns what is wrong, or NULL; the caller frees it. */
char *faults_add(struct faults *faults, const cJSON *json, uint64_t *id);

/* The fault that befalls this request, or NULL. Give it back when done with. */
struct fault *faults_take(struct faults *faults, const struct request *request);
void faults_release(struct faults *faults, struct fault *fault);

/* Ends one fault, or all for 0. Held requests see fault->ended. */
void faults_clear(struct faults *faults, uint64_t id);

/* The caller frees it. */
cJSON *faults_json(const struct faults *faults);

#endif
