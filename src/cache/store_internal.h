/* SPDX-License-Identifier: MIT */
/*
 * store_internal: what the files of store share; no other file includes it.
 *
 * store_fetch.c fetches what the rows of store_source.c say, store_ahead.c what is needed next,
 * store_job.c keeps changes in order, store_change.c grants and revokes, store_name.c knows which
 * database a name means, store_token.c makes and deletes tokens.
 */
#ifndef PSCALEFS_STORE_INTERNAL_H
#define PSCALEFS_STORE_INTERNAL_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "cache/readahead.h"
#include "cache/slices.h"
#include "cache/store.h"

#define LAG_MS 3000 /* by how much a replica lags at most: "about three seconds" */

struct store {
	struct api *api;     /* borrowed */
	struct cache *cache; /* borrowed */
	struct model model;
	struct list fetches;  /* of struct fetch */
	struct slices slices; /* of what the answers to them need */
	struct list jobs;     /* of struct store_job, oldest first */
	int64_t settle_ms;    /* see struct settling */
	struct readahead readahead;
	bool no_accesses; /* a GET of a token lacked its accesses: ask /grants at once */
};

/*
 * An answer that contradicts a change which PlanetScale has accepted may come from a replica that
 * lags: the read is repeated some times within settle_ms before its answer counts.
 */
struct settling {
	bool on;
	int64_t since_ms; /* when the change was accepted */
	int64_t asked_ms; /* earliest time of the last repeat */
	int asked;        /* how many repeats */
};
void settling_begin(struct settling *x, const struct store *s);
/* How long to wait before asking again; -1: the last answer counts. */
int64_t settling_next_ms(struct settling *x, const struct store *s);

struct store_job {
	struct waiter waiter; /* first: run() finds the job by it */
	struct list link;
	struct store *store; /* borrowed */
	/* Owned. The token is NULL while it is being made; the database is NULL if the change is
	 * not about one. */
	struct target target;
	struct api_call *call; /* borrowed; NULL: none in flight */
	bool changing;         /* `call` changes something */
	bool changed;          /* a request was sent that may have had an effect */
	struct settling settling;
	void (*step)(struct store_job *job);
	void (*finish)(struct store_job *job); /* frees what the kind owns */
	store_done *done;
	void *ctx;
};

/* Zeroed memory of `size`, which begins with a struct store_job; queued for the next turn. */
void *store_job_new(struct store *s, size_t size, const struct target *target, store_done *done,
		    void *ctx);
/* Free it without calling back: the mount ends. */
void store_job_free(struct store_job *job);
/* Call back, wake the next job of the token, free. */
void store_job_end(struct store_job *job, const struct error *e, const char *made_id);
/* The job's organization or token, looked up again; NULL and *e (ENOENT, EIDRM) if it is gone. */
struct organization *store_job_organization(struct store_job *job, struct error *e);
struct token *store_job_token(struct store_job *job, struct error *e);
/* Must the read be repeated? True: the job sleeps, and then its step is run again. */
bool store_job_settles(struct store_job *job);
/*
 * Requests say a database's name: how the job's is called, as /access needs it; NULL if it is not known
 * (any more). How it was called, now or before it was gone: owned by the caller, or NULL.
 */
const char *store_job_database_name(const struct store_job *job, const struct token *t);
char *store_job_name_at_start(const struct store_job *job, const struct token *t);
/*
 * If the job's database is gone, or an answer names another one so, ask which has the name: where it
 * has passed on, the job's target becomes the other one (*passed). 0, WAIT, or -errno with a sentence:
 * also if both are there, because which of the two was meant is not known.
 */
int store_job_follow_name(struct store_job *job, struct token *t, const char *name, uint64_t since,
			  bool *passed, struct error *e);
/* The error for an answer that is neither a refusal nor a documented success, so proves nothing. */
void store_job_doubt(const struct api_answer *a, struct error *e);
/* May a change have been sent? Then cancelling its call cannot prevent the effect. */
bool store_job_sent(const struct store_job *job);

#endif
