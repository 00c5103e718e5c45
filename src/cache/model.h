/* SPDX-License-Identifier: MIT */
/*
 * model: organizations, databases, service tokens and what they may do, as this mount knows them.
 *
 * Owns the objects and their identity: a listing is applied as a whole; an object with a known id
 * stays the same object, one that the listing lacks is removed. Each thing that is fetched has its
 * resource beside it. Does not use the network (store starts the fetches); of files it knows only
 * names and times.
 *
 * Pointers into the model are valid for one run of a handler: look objects up again after any
 * wait.
 */
#ifndef PSCALEFS_MODEL_H
#define PSCALEFS_MODEL_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "cache/audit_log.h"
#include "cache/recent_changes.h"
#include "cache/resource.h"
#include "planetscale/record.h"

struct model;
struct organization;

struct database {
	struct database_record r;
	char *file_name; /* owned */
};

/* So many databases that are gone are remembered: a file of one may be open. */
#define GONE_MAX 64

/* Scopes about which answers within RECENT_MS differ, although this mount changed nothing: somebody
 * else did, or the later answer lags. A scope may be in both sets. */
struct turned {
	int64_t until_ms;       /* clock_real_ms(): the earlier answer is too old then */
	struct scopes appeared; /* an answer lacked them, a later one had them */
	struct scopes vanished; /* an answer had them, a later one lacked them */
};

/* What this mount knows of one file `permissions`. It stays when listings are applied. */
struct permissions {
	struct permissions *next; /* owned */
	char *database_id;        /* owned; NULL: the organization's */
	int64_t mtime_ns; /* wall clock: changes exactly when this mount sees the content change */
	struct turned turned; /* ask model_turned() */
	/* How many this mount sent: after each, what was confirmed before may be wrong. */
	unsigned revocations;
};

struct token {
	struct token_record r;    /* r.grants is the data of `grants` */
	struct organization *org; /* borrowed */
	char *file_name;          /* owned */
	struct resource grants;
	int64_t known_since_ms; /* clock_real_ms(): when this mount first knew of it */
	/* clock_real_ms(): before that it is not found by its file name, which was another token's in the
	 * list before. 0: it is found; WITHHELD: until it was looked for. */
	int64_t withheld_ms;
	struct permissions *files; /* owned; those that were used so far */
};

#define WITHHELD INT64_MAX
/* Who looks for it is told for so long that there is no such name: the kernel looks twice, and other
 * processes may use the name, too. */
#define WITHHELD_MS 1000

/* The files that a secret is shown in, as flags. */
enum secret_form {
	SECRET_TOKEN = 1,
	SECRET_ENV = 2,
	SECRET_HEADER = 4,
};

/* A secret that PlanetScale sent to this mount once. Kept until rm, rmdir or unmount, whatever
 * later listings say, because there is no second copy. */
struct kept_secret {
	char *token_id;        /* owned */
	struct secret *secret; /* owned */
	unsigned removed;      /* forms that are shown no more */
};

struct organization {
	struct organization_record r;
	struct model *model; /* borrowed */
	char *file_name;     /* owned */
	struct resource databases;
	struct database **database; /* owned, sorted by file_name */
	size_t n_databases;
	struct database *gone[GONE_MAX]; /* owned; the last that a list lacked, NULL: none */
	size_t n_gone;                   /* how many there were; the next replaces gone[n % MAX] */
	struct resource tokens;
	struct token **token;       /* owned, sorted by file_name */
	struct token **token_by_id; /* owned array of the same, sorted by id */
	size_t n_tokens;
	size_t n_tokens_at;      /* of them have a name with an '@' */
	uint64_t tokens_ordered; /* stamp: when `token` got its present contents */
	int64_t tokens_mtime_ns; /* when the set of tokens was last seen to change */
	struct audit_log audit_log;
};

/* How store fetches each kind; `ctx` is handed to all of them. */
struct model_sources {
	void (*organizations)(struct resource *r, void *ctx);
	void (*databases)(struct resource *r,
			  void *ctx); /* container_of(r, struct organization, databases) */
	void (*tokens)(struct resource *r,
		       void *ctx); /* container_of(r, struct organization, tokens) */
	void (*grants)(struct resource *r, void *ctx); /* container_of(r, struct token, grants) */
	void (*audit_log)(struct resource *r,
			  void *ctx); /* container_of(r, struct organization, audit_log.resource) */
	void *ctx;
};

/* The same for the resources. */
struct model_kinds {
	struct resource_kind organizations, databases, tokens, grants, audit_log;
};

/* What the model sees change. */
enum model_change {
	MODEL_GRANTS,         /* what a token may do, on a database or the organization (NULL) */
	MODEL_TOKEN,          /* a token's record; or the token is about to be removed */
	MODEL_TOKEN_RENAMED,  /* its file name */
	MODEL_TOKENS,         /* which tokens an organization has */
	MODEL_DATABASE,       /* a database's record */
	MODEL_DATABASE_MOVED, /* its file name, or it is about to be removed */
	MODEL_ORGANIZATION,   /* a record, or it is about to be removed */
};
/* `token_id` and `database_id` are NULL where they mean nothing. Called in the middle of the change:
 * it must only take notes. */
typedef void model_changed(void *ctx, enum model_change what, const struct organization *o,
			   const char *token_id, const char *database_id);

struct model {
	struct cache *cache;    /* borrowed */
	model_changed *changed; /* NULL: no call */
	void *changed_ctx;      /* borrowed */
	struct model_kinds kinds;
	struct resource organizations;
	struct organization **organization; /* owned, sorted by file_name */
	size_t n_organizations;
	struct kept_secret *kept; /* owned */
	size_t n_kept;
	struct recent_changes recent; /* to correct answers that lag */
	int64_t born_ns;              /* wall clock at start: for files with no better time */
};

void model_init(struct model *m, struct cache *cache, const struct model_sources *sources);
void model_finish(struct model *m);
/* Make all cached data expire; objects keep their identity. For SIGHUP and `refresh`. */
void model_expire(struct model *m);

/* NULL if there is none. Paths use file names; after a wait, objects are found again by id. */
struct organization *model_organization_named(const struct model *m, const char *file_name);
struct organization *model_organization(const struct model *m, const char *id);
/* Frees the databases of an organization, also those that are gone. */
void model_finish_databases(struct organization *o);
/* For the files of the model: something has changed. */
void model_note(const struct organization *o, enum model_change what, const char *token_id,
		const char *database_id);
struct database *model_database_named(const struct organization *o, const char *file_name);
struct database *model_database(const struct organization *o, const char *id);
/* How a database was called that was listed once; NULL if that is not known any more. */
const char *model_gone_database(const struct organization *o, const char *id);
struct token *model_token_named(const struct organization *o, const char *file_name);
struct token *model_token(const struct organization *o, const char *id);
/*
 * A path must not mean another token than a moment ago without failing in between. So if a list has
 * given the file name of one token to another, because somebody else deleted the first and made the second,
 * a process that uses the name fails at first. Is it so?
 */
bool model_withheld(const struct token *t);
/* Somebody looks for such a token by its name. True: for the first time. */
bool model_look_for(struct token *t);
/* Its index in the organization's array `token`, which is the order of the directory. */
size_t model_token_number(const struct token *t);

/* Apply a complete listing; the records are moved out of `list`. The caller must then call
 * resource_landed(). */
void model_apply_organizations(struct model *m, struct organization_records *list);
void model_apply_databases(struct organization *o, struct database_records *list);
/* `started`: stamp of the request; grants that a later change has made outdated are not used.
 * True: the list contradicted what was just confirmed, and was corrected. For a long list, that
 * should not be applied in one go, there is token_list.h. */
bool model_apply_tokens(struct organization *o, struct token_records *list, uint64_t started);
/* Replace, or add to, what a token may do; updates mtimes. Grants are moved out of `g`, which is
 * first corrected by what was just confirmed; true if that was necessary. */
bool model_apply_grants(struct token *t, struct grants *g);
void model_merge_grants(struct token *t, struct grants *g);
/* This mount made a token (its record is moved in), or deleted one. Later answers are corrected, and
 * a list that is being fetched is outdated. */
struct token *model_add_token(struct organization *o, struct token_record *r);
void model_remove_token(struct token *t);

/* The grant on a database, or on the organization (database_id NULL); NULL if nothing is granted.
 * Borrowed. */
struct grant *model_grant(const struct token *t, const char *database_id);
/* What answers differ about on a database, or the organization; NULL if nothing. Borrowed. */
const struct turned *model_turned(const struct token *t, const char *database_id);
/* Did an answer show permissions of the token, on anything, that a later one lacks, which may lag? */
bool model_vanished(const struct token *t);
/* This mount had `which` confirmed, granted or revoked: what answers said before is history. */
void model_turned_settled(struct token *t, const char *database_id, const struct scopes *which);
/* The mtime of the file `permissions`, wall clock; does not create its struct permissions. */
int64_t model_mtime_ns(struct token *t, const char *database_id);
/*
 * The time when this mount saw something, *ns by the wall clock. If it is in the future, the clock
 * was set back since: then *ns becomes now, once. Not if it is `given_ns`, a time that PlanetScale
 * gave (0: none), which is not changed.
 */
int64_t model_time_seen(const struct model *m, int64_t *ns, int64_t given_ns);
/* The struct of the file, created at the first call. Never NULL. */
struct permissions *model_permissions(struct token *t, const char *database_id);

/* `secret` is moved in. */
void model_keep_secret(struct model *m, const char *token_id, struct secret *secret);
const struct secret *model_secret(const struct model *m,
				  const char *token_id); /* NULL: not known here */
/* Is the secret known here, and was its file of this form not removed? */
bool model_shows_secret(const struct model *m, const char *token_id, enum secret_form form);
/* Its file of this form was removed: without SECRET_TOKEN the secret itself is freed. */
void model_remove_secret(struct model *m, const char *token_id, enum secret_form form);
void model_drop_secret(struct model *m, const char *token_id);
size_t model_unlocked(const struct model *m); /* how many of the secrets may be swapped out */

/* The id for a grant's database in this program: its id, or its name if the API gave no id. */
const char *grant_database_id(const struct grant *g);

#endif
