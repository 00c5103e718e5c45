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

void audit_log_init(struct audit_log *log, struct cache *cache,
		    void (*start)(struct resource *r, void *ctx), void *ctx)
{
	*log = (struct audit_log){.text = BUF_INIT, .start = clock_stamp(cache->clock)};
	resource_init(&log->resource, cache, start, ctx);
}

void audit_log_finish(struct audit_log *log)
{
	resource_finish(&log->resource);
	buf_finish(&log->text);
	for (size_t i = 0; i < log->n_seen; i++)
		free(log->seen[i]);
	free(log->seen);
}

/* A fetch under way is not made void: with one change after another, it would never end. */
void audit_log_outdate(struct audit_log *log)
{
	if (log->resource.state == RESOURCE_FETCHING)
		log->outdated = true;
	else
		resource_expire(&log->resource);
}

/* --- known events ----------------------------------------------------------------------------- */

/* Among the first `n` ids; the newest are the most likely. */
static bool is_seen(const struct audit_log *log, size_t n, const char *id)
{
	for (size_t i = n; i-- > 0;)
		if (strcmp(log->seen[i], id) == 0)
			return true;
	return false;
}

static void note_seen(struct audit_log *log, const char *id)
{
	log->seen = xgrow(log->seen, log->n_seen, sizeof(*log->seen));
	log->seen[log->n_seen++] = xstrdup(id);
}

static void drop_oldest_seen(struct audit_log *log)
{
	if (log->n_seen <= SEEN_MAX)
		return;
	size_t dropped = log->n_seen - SEEN_MAX;
	for (size_t i = 0; i < dropped; i++)
		free(log->seen[i]);
	log->n_seen -= dropped;
	memmove(log->seen, log->seen + dropped, log->n_seen * sizeof(*log->seen));
	log->forgotten = true;
}

bool audit_log_reaches(const struct audit_log *log, const struct audit_records *page, size_t from)
{
	for (size_t i = from; !log->oldest_first && i < page->n; i++)
		if (is_seen(log, log->n_seen, page->v[i].id))
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
	const char *first = log->text.data;

	if (log->lines <= AUDIT_LINES_MAX)
		return;
	for (size_t i = keep; i < log->lines; i++)
		first = strchr(first, '\n') + 1;
	size_t dropped = (size_t)(first - log->text.data);
	memmove(log->text.data, first, log->text.len - dropped);
	buf_resize(&log->text, log->text.len - dropped);
	log->lines = keep;
	log->start = clock_stamp(log->resource.cache->clock);
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
		if (is_seen(log, log->n_seen, by_age(log, pages, i)->id))
			return i;
	return 0;
}

bool audit_log_apply(struct audit_log *log, const struct audit_records *pages)
{
	size_t known = log->n_seen;
	const char *last = NULL;
	bool outdated = log->outdated;

	note_order(log, pages);
	for (size_t i = first_to_add(log, pages); i < pages->n; i++) {
		const struct audit_record *r = by_age(log, pages, i);
		if (str_eq(r->id, last) || is_seen(log, known, r->id))
			continue;
		last = r->id;
		note_seen(log, r->id);
		if (r->action != NULL)
			add_line(log, r);
	}
	drop_oldest_seen(log);
	drop_older_half(log);
	log->outdated = false;
	return outdated;
}
