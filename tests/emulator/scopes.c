/* SPDX-License-Identifier: MIT */
#include "scopes.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"

/* clang-format off */
#define ORG(name, text) {name, SCOPE_ORGANIZATION, false, false, text}
#define ORG_ADMIN(name, text) {name, SCOPE_ORGANIZATION, false, true, text}
#define DB(name, text) {name, SCOPE_DATABASE, true, false, text}
#define DB_ADMIN(name, text) {name, SCOPE_DATABASE, true, true, text}
#define DB_CLOSED(name, text) {name, SCOPE_DATABASE, false, false, text}
/* clang-format on */

const struct scope scope_table[] = {
	ORG("read_organization", "Read organization"),
	ORG("read_invoices", "Read organization invoices"),
	ORG("read_audit_logs", "Read organization audit logs"),
	ORG("read_databases", "Read organization databases"),
	ORG_ADMIN("create_databases", "Create organization databases"),
	ORG("delete_databases", "Delete organization databases"),
	ORG("read_oauth_applications", "Read organization OAuth applications"),
	ORG("read_oauth_tokens", "Read OAuth tokens"),
	ORG("write_oauth_tokens", "Create and refresh OAuth tokens"),
	ORG("delete_oauth_tokens", "Delete OAuth tokens"),
	ORG("read_service_tokens", "Read service tokens"),
	ORG("write_service_tokens", "Create and update service tokens"),
	ORG("delete_service_tokens", "Delete service tokens"),
	ORG("write_teams", "Create and update teams"),
	ORG("read_metrics_endpoints", "Read branch metrics endpoints"),
	ORG("write_organization", "Update organization"),
	ORG("read_payment_method", "Read payment method"),
	ORG("write_payment_method", "Update payment method"),
	DB("read_database", "Read database"),
	DB("write_database", "Update database"),
	DB("delete_database", "Delete database"),
	DB("create_branch", "Create database branch"),
	DB("read_branch", "Read database branch"),
	DB("delete_branch", "Delete database branch"),
	DB_ADMIN("delete_production_branch", "Delete production database branch"),
	DB("connect_branch", "Connect to database branch"),
	DB_ADMIN("connect_production_branch", "Connect to production database branch"),
	DB("delete_branch_password", "Delete database branch password"),
	DB_ADMIN("delete_production_branch_password", "Delete production branch password"),
	DB("create_deploy_request", "Create deploy request"),
	DB("read_deploy_request", "Read deploy request"),
	DB("approve_deploy_request", "Approve deploy request"),
	DB("create_comment", "Create deploy request comment"),
	DB("read_comment", "Read deploy request comment"),
	DB("read_backups", "Read database backups"),
	DB("write_backups", "Create and update database backups"),
	DB("delete_backups", "Delete database backups"),
	DB("delete_production_branch_backups", "Delete production branch backups"),
	DB("restore_backup", "Restore backup"),
	DB("restore_production_branch_backup", "Restore production branch backup"),
	DB("write_branch_vschema", "Update branch VSchema"),
	DB("write_production_branch_vschema", "Update production branch VSchema"),
	DB("promote_branches", "Promote branches"),
	DB("demote_branches", "Demote branches"),
	DB("connect_production_read_only_branch", "Connect to production branch, read only"),
	DB("delete_production_read_only_branch_password", "Delete production reader password"),
	DB_CLOSED("create_branch_password", "Create branch password"),
	DB_CLOSED("create_production_branch_password", "Create production branch password"),
	DB_CLOSED("create_production_read_only_branch_password",
		  "Create production reader password"),
	DB_CLOSED("review_deploy_request", "Review deploy request"),
};

const size_t scope_count = ARRAY_LEN(scope_table);

const struct scope *scope_find(const char *name)
{
	for (size_t i = 0; i < scope_count; i++) {
		if (!strcmp(scope_table[i].name, name))
			return &scope_table[i];
	}
	return NULL;
}

const char *scope_describe(const char *name)
{
	static char words[128];
	const struct scope *scope = scope_find(name);

	if (scope)
		return scope->description;
	snprintf(words, sizeof(words), "%s", name);
	for (char *at = words; *at; at++) {
		if (*at == '_')
			*at = ' ';
	}
	if (words[0] >= 'a' && words[0] <= 'z')
		words[0] = (char)(words[0] - 'a' + 'A');
	return words;
}
