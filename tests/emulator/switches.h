/* SPDX-License-Identifier: MIT */
/*
 * switches: what is not known about PlanetScale, as settings.
 *
 * Each switch stands for one guess about the real API or one kind of trouble;
 * the default is the likeliest answer. This table is the only place that names
 * them, their values and their meaning. Switches hold no state of the service.
 */
#ifndef EMULATOR_SWITCHES_H
#define EMULATOR_SWITCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* identifier, name, allowed values ("#" is any number from 0), default, help */
/* clang-format off */
#define SWITCH_TABLE(X) \
	X(LIST_ACCESSES, "list_accesses", "present|absent|null", "present", \
	  "service_token_accesses of the tokens in a list") \
	X(GET_ACCESSES, "get_accesses", "present|absent|null", "present", \
	  "service_token_accesses of a single token") \
	X(CREATE_ACCESSES, "create_accesses", "present|absent|null", "present", \
	  "service_token_accesses of a token just created") \
	X(OAUTH_ACCESSES, "oauth_accesses", "null|absent", "null", \
	  "oauth_accesses_by_resource of plain service tokens") \
	X(SECRET_FIELDS, "secret_fields", "null|absent", "null", \
	  "token and plain_text_refresh_token where no secret is shown") \
	X(OMIT_TYPE, "omit_type", "off|on", "off", "leave out \"type\" everywhere") \
	X(DROP_TOTALS, "drop_totals", "off|on", "off", "leave out total_count and total_pages") \
	X(DROP_PER_PAGE, "drop_per_page", "off|on", "off", "leave out per_page in list wrappers") \
	X(NAMES, "names", "plain|null|absent", "plain", "the name of every service token") \
	X(NULLABLE, "nullable", "null|absent", "null", \
	  "empty expires_at and last_used_at are null or left out") \
	X(UNKNOWN_KEYS, "unknown_keys", "off|on", "off", "add keys nobody documents to all objects") \
	X(DATABASE_EXTRAS, "database_extras", "present|absent", "present", \
	  "the database keys that real answers often lack") \
	X(NEXT_PAGE_URL, "next_page_url", "own|foreign|null", "own", \
	  "next_page_url points here, at another host, or is null") \
	X(PER_PAGE_OVER, "per_page_over", "clamp|400|422", "clamp", "per_page above per_page_max") \
	X(PER_PAGE_MAX, "per_page_max", "#", "100", "largest page size") \
	X(PER_PAGE_DEFAULT, "per_page_default", "#", "25", "page size when the query has none") \
	X(TOKEN_ORDER, "token_order", "created_desc|created_asc|name|shuffled", "created_desc", \
	  "order of service tokens in a list") \
	X(DATABASE_ORDER, "database_order", "name|created_desc|created_asc|shuffled", "name", \
	  "order of databases in a list") \
	X(ORGANIZATION_ORDER, "organization_order", "name|created_desc|created_asc|shuffled", "name", \
	  "order of organizations in a list") \
	X(ACCESS_POST_ANSWER, "access_post_answer", "full|added|empty|truncated-page", "full", \
	  "what POST access lists: all accesses, the new ones, none, the first page") \
	X(ACCESS_POST_STATUS, "access_post_status", "200|201|204", "200", "status of POST access") \
	X(ACCESS_DELETE_STATUS, "access_delete_status", "204|200", "204", "status of DELETE access") \
	X(ACCESS_DUPLICATE, "access_duplicate", "ok|422", "ok", "adding an access already held") \
	X(ACCESS_MISSING, "access_missing", "ok|404|422", "ok", "removing an access not held") \
	X(ACCESS_PARTIAL, "access_partial", "none|valid", "none", \
	  "when one access of a request is refused: change nothing, or do the others") \
	X(ACCESS_KEYS, "access_keys", "full|old", "full", \
	  "keys of an element of /access: those of a service token, or those of 2021") \
	X(ACCESS_PAGING, "access_paging", "on|off", "on", "GET access comes in pages") \
	X(ACCESS_PAGE_SIZE, "access_page_size", "#", "25", "default page size of /access") \
	X(GRANTS_PAGING, "grants_paging", "on|off", "on", "GET grants comes in pages") \
	X(GRANTS_PAGE_SIZE, "grants_page_size", "#", "25", "default page size of /grants") \
	X(GRANT_TYPE, "grant_type", "present|absent", "present", \
	  "resource_type of an element of /grants") \
	X(OMITTED_DATABASE, "omitted_database", "accept|422", "accept", \
	  "a body of /access without the key database") \
	X(UNKNOWN_SCOPE, "unknown_scope", "422|400|403|404|accept", "422", \
	  "granting a name PlanetScale does not know") \
	X(WRONG_LEVEL, "wrong_level", "422|403|accept", "422", \
	  "granting a database permission on an organization, or the reverse") \
	X(REQUIRE_ACCESS_PERMISSION, "require_access_permission", "on|off", "on", \
	  "/access and /grants need read_ or write_service_tokens") \
	X(SERVICE_TOKEN_ADMIN, "service_token_admin", "allowed|403|404", "allowed", \
	  "service tokens may call the service-token endpoints at all") \
	X(GRANT_LIMIT, "grant_limit", "off|own", "off", \
	  "a caller may only grant what it may do itself") \
	X(GRANT_DENIED, "grant_denied", "403|422|404", "403", "status when grant_limit refuses") \
	X(BEARER_ROLE, "bearer_role", "admin|member", "admin", \
	  "role of the user behind an OAuth token; members cannot grant admin permissions") \
	X(BULK_SHOWN_AS, "bulk_shown_as", "rows|organization|other|hidden", "rows", \
	  "where permissions for all databases show: every database, the organization, a type of " \
	  "their own, nowhere") \
	X(BULK_DELETE, "bulk_delete", "ignored|422", "ignored", \
	  "removing a permission held for all databases from one") \
	X(EMPTY_GRANTS, "empty_grants", "hidden|shown", "hidden", \
	  "a resource whose last access was removed stays in /grants with none") \
	X(GRANTS_OF_DELETED, "grants_of_deleted", "dropped|kept", "dropped", \
	  "grants on a deleted database; kept ones carry deleted_at") \
	X(EXPIRED_TOKENS, "expired_tokens", "listed|hidden", "listed", "expired tokens in lists") \
	X(EXPIRED_STATUS, "expired_status", "401|as-bad", "401", \
	  "an expired token gets 401 everywhere, or what a wrong one gets") \
	X(BAD_TOKEN_STATUS, "bad_token_status", "404|401", "404", \
	  "a wrong service token on a path below an organization (elsewhere always 401)") \
	X(OAUTH_TOKENS, "oauth_tokens", "hidden|listed", "hidden", \
	  "tokens of OAuth applications among the service tokens") \
	X(ADMIN_TOKEN, "admin_token", "hidden|listed", "hidden", \
	  "the token of --admin-token among the service tokens") \
	X(DUPLICATE_NAMES, "duplicate_names", "allowed|422|409", "allowed", \
	  "creating a token whose name is taken") \
	X(EMPTY_NAME, "empty_name", "null|keep|422", "null", "creating a token named \"\"") \
	X(NAME_MAX_LENGTH, "name_max", "#", "255", "longest token name in bytes, 0 for any; else 422") \
	X(TTL_MIN, "ttl_min", "#", "1", "smallest ttl in seconds, else 422") \
	X(TTL_MAX, "ttl_max", "#", "0", "largest ttl in seconds, 0 for any, else 422") \
	X(LAST_USED, "last_used", "on|off", "on", "calls update last_used_at of their token") \
	X(DB_DELETE, "db_delete", "204|202", "204", \
	  "DELETE of a database removes it, or only asks for a second admin") \
	X(DB_PENDING_MS, "db_pending_ms", "#", "0", "a new database is \"pending\" for so long") \
	X(DATABASES_WITHOUT_PERMISSION, "databases_without_permission", "empty|403", "empty", \
	  "listing databases with a token that may see none") \
	X(RATE_LIMIT, "rate_limit", "#", "0", "requests a window, then 429; 0 for no limit") \
	X(RATE_WINDOW_MS, "rate_window_ms", "#", "60000", "length of that window") \
	X(RETRY_AFTER, "retry_after", "absent|seconds|decimal|date", "absent", \
	  "Retry-After of a 429") \
	X(DEVICE_LOGIN, "device_login", "approved|denied|expired|slow_down", "approved", \
	  "what becomes of a device login") \
	X(DEVICE_PENDING, "device_pending", "#", "0", "polls answered authorization_pending before") \
	X(AUDIT_ORDER, "audit_order", "newest_first|oldest_first", "newest_first", \
	  "order of the events in the audit log") \
	X(AUDIT_AFTER, "audit_after", "exclusive|inclusive", "exclusive", \
	  "whether the event of starting_after is on the page once more") \
	X(AUDIT_CURSOR, "audit_cursor", "id|opaque|null", "id", \
	  "cursors are ids of events, something else, or null (then ids)") \
	X(AUDIT_ACTION, "audit_action", "both|action", "both", \
	  "an event has its full action in audit_action, or only a verb in action") \
	X(AUDIT_NAMES, "audit_names", "given|null", "given", "the display names of an event") \
	X(AUDIT_DENIED, "audit_denied", "403|404", "403", \
	  "status of the audit log without its permission") \
	X(GZIP, "gzip", "on|off", "on", "compress answers for clients that accept it") \
	X(KEEP_ALIVE, "keep_alive", "on|off", "on", "connections survive an answer") \
	X(STRICT, "strict", "on|off", "on", \
	  "answer 400 to requests no documented client sends; off only notes them in the log") \
	X(READ_LAG_MS, "read_lag_ms", "#", "0", \
	  "GETs below /v1/organizations answer the state of so many ms ago") \
	X(REPLICAS, "replicas", "#", "1", \
	  "with read_lag_ms, reads are answered by so many in turn; the first of several does not lag") \
	X(ACCESS_APPLIES, "access_applies", "all|first", "all", \
	  "how many of the accesses in one request are granted or removed, whatever is answered") \
	X(CHANGES_ANSWERED, "changes_answered", "really|page|202|page-undone|202-undone", "really", \
	  "changes of tokens and accesses are answered by something else: a proxy's page with 200, or " \
	  "202, after they were done or without that") \
	X(UNDO_EVERY, "undo_every", "#", "0", \
	  "somebody else undoes every so manyth change of accesses; 0 for none") \
	X(UNDO_MS, "undo_ms", "#", "0", "and does so this many ms later, before the next request") \
	X(LATENCY_MS, "latency_ms", "#", "0", "delay of every answer (also --latency)") \
	X(ANONYMOUS, "anonymous", "violation|refused", "violation", \
	  "a request without credentials: as no client should send it, or only refused") \
	X(CLOCK_OFFSET_S, "clock_offset_s", "#", "0", "the service's clock runs so far ahead")
/* clang-format on */

enum switch_id {
#define SWITCH_IDENTIFIER(identifier, name, values, preset, help) SWITCH_##identifier,
	SWITCH_TABLE(SWITCH_IDENTIFIER)
#undef SWITCH_IDENTIFIER
	SWITCH_COUNT
};

struct switches {
	char *values[SWITCH_COUNT];  /* owned; NULL for the default */
	char *initial[SWITCH_COUNT]; /* owned; what a reset goes back to */
};

void switches_finish(struct switches *switches);

/* NULL when set, otherwise what is wrong, which the caller frees. */
char *switches_set(struct switches *switches, const char *name, const char *value);

/* Remembers the present values, and goes back to them. */
void switches_keep(struct switches *switches);
void switches_reset(struct switches *switches);

const char *switches_get(const struct switches *switches, enum switch_id id);
long long switches_number(const struct switches *switches, enum switch_id id);

/* Whether the switch has this value, which must be one of those allowed. */
bool switches_is(const struct switches *switches, enum switch_id id, const char *value);

const char *switches_name(enum switch_id id);
void switches_print_help(FILE *out);

#endif
