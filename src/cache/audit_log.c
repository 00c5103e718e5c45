/* SPDX-License-Identifier: MIT */
#include "cache/audit_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/names.h"

/*
 * How many ids are stored. More than a page has, because events may be logged a little late: one
 * that appears below newer ones is found as long as it is in a page that is read.
 */
#define SEEN_MAX 1000

/* --- known events ----------------------------------------------------------------------------- */

static bool is_seen(const struct audit_log *log, const char *id)
{
	struct audit_event_id *found;

	HASH_FIND_STR(log->seen, id, found);
	return found != NULL;
}

static void note_seen(struct audit_log *log, const char *id)
{
	size_t len = strlen(id);
	struct audit_event_id *new = xcalloc(1, sizeof(*new) + len + 1);

	memcpy(new->text, id, len);
	HASH_ADD_KEYPTR(hh, log->seen, new->text, len, new);
}

/* All but the newest ones; a hash table of uthash keeps the order in which they were added. */
static void forget_seen(struct audit_log *log, unsigned keep)
{
	while (HASH_COUNT(log->seen) > keep) {
		struct audit_event_id *oldest = log->seen;
		HASH_DEL(log->seen, oldest);
		free(oldest);
		log->forgotten = true;
	}
}

/* --- the log ---------------------------------------------------------------------------------- */

void audit_log_init(struct audit_log *log, const struct resource_kind *kind)
{
	*log = (struct audit_log){.text = BUF_INIT, .start = clock_stamp(kind->cache->clock)};
	resource_init(&log->resource, kind);
}

void audit_log_finish(struct audit_log *log)
{
	resource_finish(&log->resource);
	buf_finish(&log->text);
	forget_seen(log, 0);
}

/* A fetch under way is not made void: with one change after another, it would never end. */
void audit_log_outdate(struct audit_log *log)
{
	if (log->resource.state == RESOURCE_FETCHING)
		log->outdated = true;
	else
		resource_expire(&log->resource);
}

bool audit_log_reaches(const struct audit_log *log, const struct audit_records *page, size_t from)
{
	for (size_t i = from; !log->oldest_first && i < page->n; i++)
		if (is_seen(log, page->v[i].id))
			return true;
	return false;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Fields are written as file names are, so a name is found here by the name of its directory. */
static void add_field(struct buf *out, const char *value)
{
	if (value != NULL)
		name_encode(value, strlen(value), out);
	else
		buf_addc(out, '-');
	buf_addc(out, '\t');
}

/* JSON allows control characters above 0x7e; a terminal might obey them. */
static void add_metadata(struct buf *out, const char *json)
{
	cleanup(buf_finish) struct buf text = BUF_INIT;

	if (json == NULL) {
		buf_addc(out, '-');
		return;
	}
	buf_add_json_text(&text, json);
	for (size_t i = 0, n; i < text.len; i += n) {
		const char *s = text.data + i;
		n = utf8_len(s, text.len - i);
		if (n > 0 && !utf8_control(s, n)) {
			buf_add(out, s, n);
		} else {
			n = n > 0 ? n : 1;
			buf_addf(out, "\\u00%02x", (unsigned)(unsigned char)s[n - 1]);
		}
	}
}

static void add_line(struct audit_log *log, const struct audit_record *r)
{
	struct buf *out = &log->text;
	int64_t happened_s = time_parse(r->created_at);

	add_field(out, r->created_at);
	add_field(out, r->actor);
	add_field(out, r->action);
	add_field(out, r->target);
	add_field(out, r->target_id);
	add_field(out, r->within);
	add_field(out, r->address);
	add_field(out, r->id);
	add_metadata(out, r->metadata);
	buf_addc(out, '\n');
	log->lines++;
	if (happened_s > 0 && happened_s * 1000000000 > log->mtime_ns)
		log->mtime_ns = happened_s * 1000000000;
}

static void drop_older_half(struct audit_log *log)
{
	size_t keep = AUDIT_LINES_MAX / 2;
	const char *first = log->text.data, *end = first + log->text.len;

	if (log->lines <= AUDIT_LINES_MAX)
		return;
	for (size_t i = keep; i < log->lines; i++)
		first = (const char *)memchr(first, '\n', (size_t)(end - first)) + 1;
	size_t dropped = (size_t)(first - log->text.data);
	memmove(log->text.data, first, log->text.len - dropped);
	buf_resize(&log->text, log->text.len - dropped);
	log->lines = keep;
	log->start = clock_stamp(log->resource.kind->cache->clock);
}

/* --- what was read ---------------------------------------------------------------------------- */

/* The times have one format, so they sort as text. */
static void note_order(struct audit_log *log, const struct audit_records *pages)
{
	if (pages->n == 0)
		return;
	int c = strcmp(pages->v[0].created_at, pages->v[pages->n - 1].created_at);
	if (c != 0)
		log->oldest_first = c < 0;
}

/* The i-th oldest record. */
static const struct audit_record *by_age(const struct audit_log *log,
					 const struct audit_records *pages, size_t i)
{
	return &pages->v[log->oldest_first ? i : pages->n - 1 - i];
}

/* If ids were forgotten, what is older than the oldest known one is in the text already. */
static size_t first_to_add(const struct audit_log *log, const struct audit_records *pages)
{
	for (size_t i = 0; log->forgotten && i < pages->n; i++)
		if (is_seen(log, by_age(log, pages, i)->id))
			return i;
	return 0;
}

bool audit_log_apply(struct audit_log *log, const struct audit_records *pages)
{
	bool outdated = log->outdated;

	note_order(log, pages);
	for (size_t i = first_to_add(log, pages); i < pages->n; i++) {
		const struct audit_record *r = by_age(log, pages, i);
		if (is_seen(log, r->id))
			continue;
		note_seen(log, r->id);
		if (r->action != NULL)
			add_line(log, r);
	}
	forget_seen(log, SEEN_MAX);
	drop_older_half(log);
	log->outdated = false;
	return outdated;
}
