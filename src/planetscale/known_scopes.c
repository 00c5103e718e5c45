/* SPDX-License-Identifier: MIT */
#include "planetscale/known_scopes.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "planetscale/scopes.h"

/*
 * Sources: planetscale.com/docs/api/reference/service-tokens (2026-08). Names marked (*) are only
 * on the reference pages of the endpoints that need them.
 */
static const struct known_scope organization[] = {
	{"create_databases", "Create organization databases"},
	{"delete_databases", "Delete organization databases"},
	{"delete_oauth_tokens", "Delete OAuth tokens for an OAuth application"},
	{"delete_service_tokens", "Delete service tokens"},
	{"read_audit_logs", "Get audit logs for an organization"},
	{"read_databases", "Get information about an organization's databases"},
	{"read_invoices", "Get invoices for an organization"},
	{"read_metrics_endpoints", "Get information about branch metrics endpoints"},
	{"read_oauth_applications",
	 "Get information about an organization's OAuth applications and their tokens"},
	{"read_oauth_tokens", "Get OAuth tokens for an OAuth application"},
	{"read_organization", "Get information about an organization"},
	{"read_payment_method", "Get the organization's payment method"}, /* (*) */
	{"read_service_tokens", "Get information about service tokens"},
	{"write_oauth_tokens",
	 "Create and refresh OAuth grants and tokens for an OAuth application"},
	{"write_organization", "Update and remove members of an organization"}, /* (*) */
	{"write_payment_method", "Update the organization's payment method"},   /* (*) */
	{"write_service_tokens", "Create and update service tokens"},
	{"write_teams", "Create and update teams"},
	{NULL, NULL},
};

static const struct known_scope database[] = {
	{"approve_deploy_request", "Approve a deploy request"},
	{"connect_branch", "Connect to a database branch"},
	{"connect_production_branch", "Connect to a production database branch"},
	{"connect_production_read_only_branch",
	 "Connect to a production database branch, to read only"}, /* (*) */
	{"create_branch", "Create a database branch"},
	{"create_branch_password", "Create a password for a non-production branch"}, /* (*) */
	{"create_comment", "Create a deploy request comment"},
	{"create_deploy_request", "Create a deploy request"},
	{"create_production_branch_password",
	 "Create a password for a production branch"}, /* (*) */
	{"create_production_read_only_branch_password",
	 "Create a read-only password for a production branch"}, /* (*) */
	{"delete_backups", "Delete development branch backups"},
	{"delete_branch", "Delete a database branch"},
	{"delete_branch_password", "Delete a password for a non-production branch"},
	{"delete_database", "Delete a database"},
	{"delete_production_branch", "Delete a production database branch"},
	{"delete_production_branch_backups", "Delete production branch backups"},
	{"delete_production_branch_password", "Delete a password for a production branch"},
	{"delete_production_read_only_branch_password",
	 "Delete a read-only password for a production branch"},                     /* (*) */
	{"demote_branches", "Demote a production branch to a development branch"},   /* (*) */
	{"promote_branches", "Promote a development branch to a production branch"}, /* (*) */
	{"read_backups", "List backups"},
	{"read_branch", "Read a database branch"},
	{"read_comment", "Read a deploy request comment"},
	{"read_database", "Get information about a database"},
	{"read_deploy_request", "Read a deploy request"},
	{"restore_backup", "Restore a development branch backup"},
	{"restore_production_branch_backup", "Restore a production branch backup"},
	{"review_deploy_request", "Review a deploy request"}, /* (*) */
	{"write_backups", "Create and update backups"},
	{"write_branch_vschema", "Update the VSchema for a database branch"},
	{"write_database", "Update information about a database"},
	{"write_production_branch_vschema", "Update the VSchema for a production database branch"},
	{NULL, NULL},
};

static const struct {
	const struct known_scope *table;
	size_t n;
	const char *noun;
	const char *where; /* the file in which names of this level belong */
	const char *list;
} levels[] = {
	[SCOPE_ORGANIZATION] = {organization, ARRAY_LEN(organization) - 1,
				"an organization permission", "the token's own permissions file",
				".pscalefs/scopes/organization"},
	[SCOPE_DATABASE] = {database, ARRAY_LEN(database) - 1, "a database permission",
			    "databases/DATABASE/permissions", ".pscalefs/scopes/database"},
};

const struct known_scope *known_scopes_table(enum scope_level level)
{
	return levels[level].table;
}

static int by_name(const void *key, const void *entry)
{
	return strcmp(key, ((const struct known_scope *)entry)->name);
}

const struct known_scope *known_scopes_find(enum scope_level level, const char *name)
{
	return bsearch(name, levels[level].table, levels[level].n, sizeof(struct known_scope),
		       by_name);
}

const char *known_scopes_nearest(enum scope_level level, const char *name)
{
	size_t least = str_slip(strlen(name));
	const char *nearest = NULL;

	for (const struct known_scope *c = levels[level].table; c->name != NULL; c++) {
		size_t edits = str_edits(name, c->name);
		if (edits < least || (edits == least && nearest == NULL)) {
			least = edits;
			nearest = c->name;
		}
	}
	return nearest;
}

void known_scopes_advise(enum scope_level level, const char *name, struct buf *out)
{
	enum scope_level other = level == SCOPE_DATABASE ? SCOPE_ORGANIZATION : SCOPE_DATABASE;
	const char *nearest = known_scopes_nearest(level, name);
	char clean[SCOPE_NAME_MAX];

	text_clean(clean, sizeof(clean), name, strlen(name));
	if (known_scopes_find(level, name) != NULL)
		buf_addf(out, "\"%s\" is %s; perhaps your own credential may not grant it.", clean,
			 levels[level].noun);
	else if (known_scopes_find(other, name) != NULL)
		buf_addf(out, "\"%s\" is %s: write it to %s.", clean, levels[other].noun,
			 levels[other].where);
	else if (nearest != NULL)
		buf_addf(out, "Did you mean \"%s\"?", nearest);
	else
		buf_addf(out, "The known names are in %s.", levels[level].list);
}

void known_scopes_print(enum scope_level level, struct buf *out)
{
	for (const struct known_scope *c = levels[level].table; c->name != NULL; c++)
		buf_addf(out, "%s\t%s\n", c->name, c->description);
}
