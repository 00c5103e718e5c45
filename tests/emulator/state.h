/* SPDX-License-Identifier: MIT */
/*
 * state: what the emulated PlanetScale knows: organizations, databases,
 * service tokens, users' OAuth tokens.
 *
 * It owns all of it and keeps the indexes (by name, by id, in list order)
 * true. It checks nothing a caller may or may not do and knows no HTTP; the
 * scopes a token holds are changed through grants.h only.
 */
#ifndef EMULATOR_STATE_H
#define EMULATOR_STATE_H

#include "audit.h"
#include "map.h"
#include "ordered.h"
#include "random.h"
#include "switches.h"

#include <stdbool.h>
#include <stdint.h>

struct organization {
	char id[ID_LENGTH + 1];
	char *name;          /* owned */
	char *billing_email; /* owned */
	char *plan;          /* owned */
	int64_t created_ms, updated_ms;
	bool idp_managed_roles;
	double invoice_budget;
	unsigned shuffle;
	uint64_t number;
	struct map databases_by_name;
	struct ordered databases; /* of struct database, owned */
	struct ordered tokens;    /* of struct token, owned; only those that are listed */
	struct token **unlisted;  /* owned */
	size_t unlisted_count;
};

/* Settings of a database that PATCH may change and that mean nothing here. */
struct database_settings {
	bool deletion_protected, restrict_branch_region, production_branch_web_console;
	bool insights_raw_queries, require_approval_for_deploy, allow_data_branching;
	bool foreign_keys_enabled, automatic_migrations;
	char *default_branch, *migration_framework, *migration_table_name; /* owned, may be NULL */
};

struct database {
	char id[ID_LENGTH + 1];
	char *name;                         /* owned */
	char *kind, *state, *region, *plan; /* owned */
	char *notes;                        /* owned */
	int64_t created_ms, updated_ms;
	int64_t deleted_ms; /* 0 while it exists */
	bool needs_second_admin;
	struct database_settings settings;
	unsigned shuffle;
	uint64_t number;
	struct organization *organization; /* borrowed */
	struct grant *grants;              /* borrowed: all grants on it, linked */
};

/* One scope of one token on one resource. */
struct access {
	char id[ID_LENGTH + 1];
	char *name; /* owned */
	int64_t created_ms;
};

enum grant_kind {
	GRANT_DATABASE,
	GRANT_ORGANIZATION,
	GRANT_OTHER, /* a resource type nobody documents, made by tests */
	GRANT_BULK,  /* all databases, present and future */
};

/* The scopes of one token on one resource. */
struct grant {
	enum grant_kind kind;
	struct token *token;                               /* borrowed */
	struct database *database;                         /* borrowed, for GRANT_DATABASE */
	char *resource_type, *resource_id, *resource_name; /* owned, for GRANT_OTHER */
	struct access *accesses;                           /* owned */
	size_t access_count;
	struct grant *next, *previous; /* among the grants of the database */
};

struct token {
	char id[ID_LENGTH + 1];
	char *secret;                             /* owned */
	char *name;                               /* owned, may be NULL */
	char *actor_id, *actor_name, *actor_type; /* owned, may be NULL */
	int64_t created_ms, updated_ms;
	int64_t expires_ms;   /* 0 for never */
	int64_t last_used_ms; /* 0 for never */
	bool oauth;           /* belongs to an OAuth application */
	bool admin;           /* the fixed token of the command line */
	unsigned shuffle;
	uint64_t number;
	struct organization *organization; /* borrowed */
	struct grant **grants;             /* owned */
	size_t grant_count;
};

/* An OAuth access token of a user, who sees all organizations. */
struct bearer {
	char *token; /* owned */
	char *name;  /* owned, of the user */
	char user_id[ID_LENGTH + 1];
	int64_t expires_ms; /* 0 for never */
};

/* One change of the scopes of a token on a resource. */
struct grant_event {
	uint64_t number;
	uint64_t request; /* number in the request log, 0 for the control port */
	int64_t at_ms;    /* since the emulator started */
	int64_t at_us;    /* of CLOCK_MONOTONIC */
	char token[ID_LENGTH + 1];
	char *resource_type, *resource_name; /* owned */
	char **added, **removed;             /* owned, with owned strings */
	size_t added_count, removed_count;
};

struct state {
	const struct switches *switches; /* borrowed */
	struct random random;
	struct ordered organizations; /* of struct organization, owned */
	struct map organizations_by_name;
	struct map tokens_by_id;
	struct map token_names;      /* how many tokens carry a name, by "organization id/name" */
	struct map bearers;          /* by token */
	struct bearer **bearer_list; /* owned */
	size_t bearer_count;
	struct database **graveyard; /* owned: deleted databases some grants may still show */
	size_t graveyard_count;
	struct grant_event *events; /* owned */
	size_t event_count;
	uint64_t next_number;
	uint64_t next_event;
	uint64_t current_request; /* put into events */
	struct audit *audit;      /* borrowed; NULL: nothing is logged */
	bool recording;           /* events are kept; off until the state is filled */
	int64_t started_ms;       /* monotonic */
};

void state_init(struct state *state, const struct switches *switches, uint64_t seed);
void state_finish(struct state *state);

/* The service's wall time. */
int64_t state_now_ms(const struct state *state);

/* Re-sorts the lists after a switch changed their order or what they hold. */
void state_reorder(struct state *state);

/* The new object is owned by the state. Names must be free. */
struct organization *state_add_organization(struct state *state, const char *name);
void state_rename_organization(struct state *state, struct organization *organization,
			       const char *name);
void state_delete_organization(struct state *state, struct organization *organization);
struct organization *state_find_organization(const struct state *state, const char *name);

struct database *state_add_database(struct state *state, struct organization *organization,
				    const char *name, int64_t created_ms);
void state_rename_database(struct database *database, const char *name);
void state_delete_database(struct state *state, struct database *database);
struct database *state_find_database(const struct organization *organization, const char *name);

/* `name` may be NULL, `id` and `secret` too: then they are made up. */
struct token *state_add_token(struct state *state, struct organization *organization,
			      const char *name, int64_t created_ms, const char *id,
			      const char *secret);
/* `name` may be NULL. Only while the token is taken out of the lists. */
void state_rename_token(struct state *state, struct token *token, const char *name);
void state_delete_token(struct state *state, struct token *token);
struct token *state_find_token(const struct state *state, const char *id);
bool state_token_name_taken(const struct state *state, const struct organization *organization,
			    const char *name);
bool state_token_expired(const struct state *state, const struct token *token);

/* Around a change of the keys lists are sorted by: out, change, in. */
void state_take_token(struct token *token);
void state_return_token(struct state *state, struct token *token);
void state_take_database(struct database *database);
void state_return_database(struct database *database);

struct bearer *state_add_bearer(struct state *state, const char *token, const char *name,
				int64_t expires_ms);
void state_delete_bearer(struct state *state, const char *token);
struct bearer *state_find_bearer(const struct state *state, const char *token);

#endif
