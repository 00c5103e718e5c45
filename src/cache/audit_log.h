/* SPDX-License-Identifier: MIT */
/*
 * audit_log: the text of an organization's file `audit-log`: one event a line, oldest first.
 *
 * Events do not change, so the text only grows: a fetch adds the events that are not in it yet, and
 * an offset into it stays valid. PlanetScale lists the newest events first, so a fetch ends at the
 * first page with a known event. The whole text and what is known of it are owned; the resource
 * says how fresh it is. Knows no files and does not fetch.
 */
#ifndef PSCALEFS_AUDIT_LOG_H
#define PSCALEFS_AUDIT_LOG_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/hash_table.h"
#include "cache/resource.h"
#include "planetscale/record.h"

/* With more lines than this, the older half is dropped. */
#define AUDIT_LINES_MAX 100000

struct audit_event_id {
	UT_hash_handle hh;
	char text[];
};

struct audit_log {
	struct resource resource;
	struct buf text;
	size_t lines;
	int64_t mtime_ns;            /* when the newest event happened; 0: none is known */
	uint64_t start;              /* stamp: another one when the text begins with another line */
	struct audit_event_id *seen; /* owned; of any event: the newest, oldest first */
	bool forgotten;              /* older ids were dropped from `seen` */
	bool oldest_first; /* PlanetScale lists the events in this order, so all must be read */
	bool outdated;     /* a change of ours was made after the fetch under way began */
};

void audit_log_init(struct audit_log *log, const struct resource_kind *kind);
void audit_log_finish(struct audit_log *log);
/* PlanetScale has logged something that is not in the text. */
void audit_log_outdate(struct audit_log *log);
/* Is one of the records from index `from` on known, so that older ones need not be read? */
bool audit_log_reaches(const struct audit_log *log, const struct audit_records *page, size_t from);
/*
 * Add the events that are new, of all pages that were read, in PlanetScale's order. The caller must
 * then call resource_landed(). True: a change of ours may be missing in them.
 */
bool audit_log_apply(struct audit_log *log, const struct audit_records *pages);

#endif
