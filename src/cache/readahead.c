/* SPDX-License-Identifier: MIT */
#include "cache/readahead.h"

#include <stdbool.h>
#include <string.h>
#include <sys/param.h>

#define BEGIN_AFTER_MOST 64
/* Items this far behind the farthest one are still at the same place: the order is not exact. */
#define BEHIND READAHEAD_MOST
/* Items this far beyond what was fetched ahead are the next ones … */
#define BEYOND READAHEAD_FIRST
/* … and if nothing was, this far beside those that were needed. */
#define BESIDE 2

static bool reads_here(const struct readahead_place *p, pid_t process, const void *directory)
{
	return p->process == process && p->directory == directory;
}

/* The number of an item in the direction of the place, and back. */
static size_t counted(const struct readahead_place *p, size_t item, size_t n)
{
	return p->backwards && item < n ? n - 1 - item : item;
}

static size_t farthest(const struct readahead_place *p, size_t n)
{
	return counted(p, p->backwards ? p->low : p->high, n);
}

static bool is_near(const struct readahead_place *p, size_t item, size_t n)
{
	size_t at = counted(p, item, n), far = farthest(p, n);

	if (p->window == 0)
		return item + BESIDE >= p->low && item <= p->high + BESIDE;
	return at + BEHIND >= far && at <= MAX(far, p->end) + BEYOND;
}

static struct readahead_place *find_place(struct readahead *r, pid_t process, const void *directory,
					  size_t item, size_t n)
{
	struct readahead_place *found = NULL;

	for (size_t i = 0; i < READAHEAD_PLACES; i++) {
		struct readahead_place *p = &r->place[i];
		if (reads_here(p, process, directory) && is_near(p, item, n) &&
		    (found == NULL || p->used > found->used))
			found = p;
	}
	return found;
}

/* A place to forget: the oldest of the process if it has as many as it may, else the oldest. */
static struct readahead_place *unused_place(struct readahead *r, pid_t process,
					    const void *directory)
{
	struct readahead_place *oldest = &r->place[0], *own = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < READAHEAD_PLACES; i++) {
		struct readahead_place *p = &r->place[i];
		if (p->used < oldest->used)
			oldest = p;
		if (!reads_here(p, process, directory))
			continue;
		n++;
		if (own == NULL || p->used < own->used)
			own = p;
	}
	return n < READAHEAD_OF_PROCESS ? oldest : own;
}

static void stop(struct readahead_place *p, unsigned begin_after)
{
	p->window = 0;
	p->in_order = 0;
	p->begin_after = MIN(begin_after, BEGIN_AFTER_MOST);
}

/* The process has gone to another place: what was begun at others was in vain, so from now on more
 * has to be in order until it begins again. */
static void new_place(struct readahead *r, pid_t process, const void *directory, size_t item)
{
	unsigned begin_after = 1;

	for (size_t i = 0; i < READAHEAD_PLACES; i++) {
		struct readahead_place *p = &r->place[i];
		if (!reads_here(p, process, directory))
			continue;
		stop(p, p->window > 0 ? 2 * p->begin_after : p->begin_after);
		begin_after = MAX(begin_after, p->begin_after);
	}
	*unused_place(r, process, directory) = (struct readahead_place){.process = process,
									.directory = directory,
									.low = item,
									.high = item,
									.begin_after = begin_after,
									.used = ++r->uses};
}

static void note_item(struct readahead_place *p, size_t item)
{
	bool below = item<p->low, above = item> p->high;

	if (!below && !above)
		return;
	p->low = MIN(p->low, item);
	p->high = MAX(p->high, item);
	if (p->window > 0)
		return;
	p->in_order = p->backwards == below ? p->in_order + 1 : 1;
	p->backwards = below;
}

static struct readahead_range next_range(struct readahead_place *p, size_t first, size_t n,
					 size_t room)
{
	size_t length = first < n ? MIN(MIN(p->window, room), n - first) : 0;

	p->first = first;
	p->end = first + length;
	return (struct readahead_range){p->backwards && length > 0 ? n - p->end : first, length};
}

struct readahead_range readahead_need(struct readahead *r, pid_t process, const void *directory,
				      size_t item, size_t n, enum readahead_result result,
				      size_t room)
{
	struct readahead_place *p = find_place(r, process, directory, item, n);
	const struct readahead_range none = {item, 0};

	if (p == NULL) {
		new_place(r, process, directory, item);
		return none;
	}
	size_t at = counted(p, item, n);
	p->used = ++r->uses;
	if (result == READAHEAD_LOST)
		stop(p, 2 * p->begin_after);
	else if (result == READAHEAD_MISS && p->window > 0 && at < p->first)
		stop(p, MAX(p->begin_after, 2));
	note_item(p, item);
	if (p->window == 0) {
		if (p->in_order < p->begin_after || result == READAHEAD_LOST)
			return none;
		p->window = READAHEAD_FIRST;
		return next_range(p, farthest(p, n) + 1, n, room);
	}
	if (at < p->first)
		return none;
	if (result == READAHEAD_MISS) /* there was no room for it, or it is beyond the range */
		return next_range(p, at + 1, n, room);
	p->window = MIN(2 * p->window, READAHEAD_MOST);
	return next_range(p, MAX(p->end, at + 1), n, room);
}
