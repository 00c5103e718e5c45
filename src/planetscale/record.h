/* SPDX-License-Identifier: MIT */
/*
 * record: PlanetScale's objects as plain structs, with the values of an answer.
 *
 * decode makes them from bytes, model stores them. They know nothing of identity, of how old they
 * are, or of the network. Every string is owned by its record; optional ones may be NULL.
 */
#ifndef PSCALEFS_RECORD_H
#define PSCALEFS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "planetscale/scopes.h"

struct cJSON;

enum grant_level {
	GRANT_ORGANIZATION,
	GRANT_DATABASE,
	GRANT_OTHER, /* a resource type unknown to this program: kept, never changed */
};

/*
 * The resource of a grant. Interned as a whole, because many tokens have grants on one resource: the same
 * resource has the same address.
 */
struct granted_on {
	enum grant_level level;
	unsigned deleted; /* 1: it is gone ("deleted_at"). As wide as `level`: see intern_block() */
	const char *type; /* "Database", "Organization", …; interned, as those below */
	const char *id;   /* may be NULL */
	const char *name; /* may be NULL */
};

/* What a token may do on one resource. */
struct grant {
	const struct granted_on *on;
	struct scopes scopes;
};

struct grants {
	struct grant *v; /* owned; one a resource */
	unsigned n, room;
};

/* clang-format off */
#define GRANTS_INIT {NULL, 0, 0}
/* clang-format on */

void grants_finish(struct grants *g);                           /* frees; usable again */
void grants_copy(struct grants *to, const struct grants *from); /* replaces */
/*
 * The grant on that resource of that type; added if absent. Compared by id if both have one, else
 * by name if both have one; one with neither equals another with neither. An id or name that the
 * grant lacked is filled in. Borrowed until the next call. Linear; the grant added last is found
 * at once.
 */
struct grant *grants_at(struct grants *g, const char *type, const char *id, const char *name);
/* The same without adding or filling in; NULL if there is none. */
struct grant *grants_find(struct grants *g, const char *type, const char *id, const char *name);
/* Add a grant for a resource that is known to be absent: no search. */
struct grant *grants_add(struct grants *g, const char *type, const char *id, const char *name);
/* The resource is gone. */
void grant_set_deleted(struct grant *grant);
/* For grants that are kept, and will hardly change: takes no more memory than they need. */
void grants_compact(struct grants *g);
/* The level that a "resource_type" means. */
enum grant_level grant_level_of(const char *resource_type);
/* to = to ∪ from, resource by resource. */
void grants_merge(struct grants *to, const struct grants *from);

#define ID_MAX 64 /* bytes of an id, which are of [A-Za-z0-9_-] */

struct organization_record {
	char *id;
	char *name; /* the slug used in paths */
	char *created_at;
	char *updated_at;
	char *info; /* the object as JSON text, on one line */
};

struct database_record {
	char *id;
	char *name;
	char *region;     /* optional: region.slug */
	char *created_at; /* optional */
	char *updated_at; /* optional */
	char *info;       /* as above */
};

enum token_text {
	TOKEN_ID,
	TOKEN_NAME, /* these are optional; here, NULL or empty for an unnamed token */
	TOKEN_CREATED_AT,
	TOKEN_UPDATED_AT,
	TOKEN_EXPIRES_AT,   /* NULL means never */
	TOKEN_LAST_USED_AT, /* NULL means never */
	TOKEN_CREATED_BY,   /* actor_display_name */
	TOKEN_TEXTS
};

/* There can be a hundred thousand: see token_record.c. */
struct token_record {
	const char *id;    /* owned; with the texts that are there behind it, in order */
	const char *name;  /* one of them */
	const char *shape; /* interned; NULL: the record was made without an object */
	struct grants grants;
	uint8_t texts;   /* a bit for each that is there */
	uint8_t stored;  /* a bit for each of them that is not the same as the one before it */
	bool has_grants; /* "service_token_accesses" was there, as an array */
};

/* Without grants and without an object. The texts are copied; only the id must be there. */
void token_record_init(struct token_record *r, const char *const text[TOKEN_TEXTS]);
/*
 * From an object with a text "id"; grants are not looked at. The tree is changed. What the record
 * must not have is to be taken out of it before: secrets ("token", "plain_text_refresh_token"), and
 * "service_token_accesses": `grants` has them, and a change would make that text wrong.
 */
void token_record_read(struct token_record *r, struct cJSON *object);
/* Borrowed; NULL: it is not there. */
const char *token_record_text(const struct token_record *r, enum token_text which);
/* Append the object as JSON text, on one line, without blanks between its parts. */
void token_record_info(const struct token_record *r, struct buf *out);
/* Is all that the objects say the same? */
bool token_record_same_info(const struct token_record *a, const struct token_record *b);

/* An event of the audit log. Of an event that concerns neither service tokens nor databases, only
 * the id and the time are stored. */
struct audit_record {
	char *id;
	char *created_at;
	char *action;    /* such as "service_token.created"; NULL: concerns other things */
	char *actor;     /* optional: its name, or its id if it has none */
	char *target;    /* optional: the name of what was changed, or its id */
	char *target_id; /* optional */
	char *within; /* optional: the name of the organization or database that the target is in */
	char *address;  /* optional: the actor's IP address */
	char *metadata; /* optional: an object as JSON text on one line; without secrets */
};

/* These leave the record empty, so it may be finished again. */
void organization_record_finish(struct organization_record *r);
void database_record_finish(struct database_record *r);
void token_record_finish(struct token_record *r);
void audit_record_finish(struct audit_record *r);

/* A page of a list, or several. The *_append move the record in and leave *r empty. */
struct organization_records {
	struct organization_record *v; /* owned */
	size_t n;
};
struct database_records {
	struct database_record *v; /* owned */
	size_t n;
};
struct token_records {
	struct token_record *v; /* owned */
	size_t n;
};
struct audit_records {
	struct audit_record *v; /* owned */
	size_t n;
};

void organization_records_append(struct organization_records *l, struct organization_record *r);
void database_records_append(struct database_records *l, struct database_record *r);
void token_records_append(struct token_records *l, struct token_record *r);
void audit_records_append(struct audit_records *l, struct audit_record *r);

/* These free the records, too, and leave the list usable again. */
void organization_records_finish(struct organization_records *l);
void database_records_finish(struct database_records *l);
void token_records_finish(struct token_records *l);
void audit_records_finish(struct audit_records *l);

#endif
