/* SPDX-License-Identifier: MIT */
/*
 * permissions_fixture: one permissions file, and handles on it, for the tests of permissions_file.
 */
#ifndef PSCALEFS_TEST_PERMISSIONS_FIXTURE_H
#define PSCALEFS_TEST_PERMISSIONS_FIXTURE_H

#include "unit.h"

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/buf.h"
#include "fs/permissions_file.h"

#define SHELL 100 /* thread groups */
#define CAT   200

static struct permissions_files files;
static struct permissions_file *f;
static struct error e;
static uint64_t stamp;

static inline void setup(void)
{
	const struct inode_key p = {.target.token_id = "t1", .target.database_id = "d1"};

	permissions_files_init(&files);
	f = permissions_at(&files, &p);
}

static inline struct permissions_writer *open_as(pid_t opener, const char *granted, bool truncate)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, granted);
	struct permissions_writer *w = permissions_open(f, &text, truncate, opener, ++stamp);
	buf_finish(&text);
	return w;
}

enum {
	APPEND = -1
};

static inline int put_as(struct permissions_writer *w, pid_t tgid, int64_t offset, const char *text)
{
	struct buf data = BUF_INIT;

	buf_adds(&data, text);
	int r = permissions_write(w, offset == APPEND ? 12345 : (uint64_t)offset, offset == APPEND,
				  &data, tgid, ++stamp, &e);
	buf_finish(&data);
	return r;
}

static inline void put(struct permissions_writer *w, int64_t offset, const char *text)
{
	assert_int_equal(put_as(w, w->opener, offset, text), 0);
}

static inline void assert_scopes(const struct scopes *s, const char *expected)
{
	struct buf text = BUF_INIT;

	scopes_print(s, ' ', &text);
	assert_string_equal(buf_str(&text), expected);
	buf_finish(&text);
}

/* Assert what the lines that the last write completed grant and revoke; then accept them. */
static inline void assert_lines(struct permissions_writer *w, const char *grant, const char *revoke)
{
	struct edit edit = EDIT_INIT;

	assert_int_equal(permissions_lines(w, &edit, &e), 0);
	assert_scopes(&edit.grant, grant);
	assert_scopes(&edit.revoke, revoke);
	permissions_accept(w, &edit, 0);
	edit_finish(&edit);
}

/* Commit, assert the demand, and confirm it. `keep` NULL: it is not exact. */
static inline void assert_commit(struct permissions_writer *w, enum closing what, const char *grant,
				 const char *revoke, const char *keep)
{
	struct permissions_text *t = w != NULL ? w->text : f->text;
	struct permissions_demand d;

	text_hold(t);
	assert_int_equal(permissions_commit(t, w, what, &d, &e), 0);
	assert_scopes(&d.edit.grant, grant);
	assert_scopes(&d.edit.revoke, revoke);
	assert_int_equal(d.exact, keep != NULL);
	if (keep != NULL)
		assert_scopes(&d.keep, keep);
	permissions_confirm(t, w, &d.edit.grant, 0);
	permissions_demand_finish(&d);
	text_release(t);
}

static inline enum closing close_as(struct permissions_writer *w, pid_t tgid)
{
	enum closing what = permissions_flush(w, tgid);

	permissions_closed(w);
	return what;
}

static inline void release(struct permissions_writer *w)
{
	permissions_release(w);
	permissions_leave(w);
}

static inline void finish(void)
{
	permissions_files_finish(&files);
}

#endif
