/* SPDX-License-Identifier: MIT */
#include "fs/removal_guard.h"

#include <stdlib.h>

#include "base/xmalloc.h"

void removal_guard_init(struct removal_guard *s)
{
	*s = (struct removal_guard){.v = xcalloc(REMOVAL_GUARD_PROCESSES, sizeof(struct remover))};
}

void removal_guard_finish(struct removal_guard *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].inside);
	free(s->v);
	*s = (struct removal_guard){0};
}

static bool same(const struct remover *known, const struct process *p)
{
	return known->tgid == p->tgid && known->start_time == p->start_time &&
	       known->program == p->program;
}

static struct remover *find_process(struct removal_guard *s, const struct process *p)
{
	for (size_t i = 0; i < s->n; i++)
		if (same(&s->v[i], p))
			return &s->v[i];
	return NULL;
}

/* The process of this thread; NULL if it is not remembered, or cannot be identified. */
static const struct remover *remembered(struct removal_guard *s, pid_t tid)
{
	struct process p;

	return process_read(tid, &p) == 0 ? find_process(s, &p) : NULL;
}

/* Room for one more process: forget those that have ended; else the least recently used one. */
static struct remover *make_room_for_process(struct removal_guard *s)
{
	size_t n = 0, oldest = 0;

	if (s->n < REMOVAL_GUARD_PROCESSES)
		return &s->v[s->n++];
	for (size_t i = 0; i < s->n; i++) {
		struct process now;
		if (process_read(s->v[i].tgid, &now) == 0 && same(&s->v[i], &now))
			s->v[n++] = s->v[i];
		else
			free(s->v[i].inside);
	}
	s->n = n;
	if (s->n < REMOVAL_GUARD_PROCESSES)
		return &s->v[s->n++];
	for (size_t i = 1; i < s->n; i++)
		if (s->v[i].used < s->v[oldest].used)
			oldest = i;
	free(s->v[oldest].inside);
	return &s->v[oldest];
}

static struct remover *remember(struct removal_guard *s, pid_t tid)
{
	struct process p;

	if (process_read(tid, &p) != 0)
		return NULL;
	struct remover *known = find_process(s, &p);
	if (known == NULL) {
		known = make_room_for_process(s);
		*known = (struct remover){
			.tgid = p.tgid,
			.start_time = p.start_time,
			.program = p.program,
		};
	}
	known->tid = tid;
	known->used = ++s->uses;
	return known;
}

bool removal_guard_read_above(struct removal_guard *s, pid_t tid)
{
	struct remover *p = remember(s, tid);

	if (p != NULL)
		p->read_above = true;
	return p != NULL;
}

/* Was it the last thread of a process that is remembered? Only then is it worth to find out which process
 * it belongs to now. */
static bool seen(const struct removal_guard *s, pid_t tid)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].tid == tid)
			return true;
	return false;
}

bool removal_guard_has_read_above(struct removal_guard *s, pid_t tid)
{
	const struct remover *known = seen(s, tid) ? remembered(s, tid) : NULL;

	return known != NULL && known->read_above;
}

static bool has_read(const struct remover *p, uint64_t directory)
{
	for (size_t i = 0; i < p->n_inside; i++)
		if (p->inside[i] == directory)
			return true;
	return p->read_many;
}

bool removal_guard_read_inside(struct removal_guard *s, pid_t tid, uint64_t directory)
{
	struct remover *p = remember(s, tid);

	if (p == NULL || has_read(p, directory))
		return p != NULL;
	if (p->n_inside == REMOVAL_GUARD_DIRECTORIES) {
		p->read_many = true;
		return true;
	}
	/* The capacity is the next power of two. */
	if ((p->n_inside & (p->n_inside - 1)) == 0)
		p->inside = xrealloc(p->inside,
				     (p->n_inside == 0 ? 1 : p->n_inside * 2) * sizeof(*p->inside));
	p->inside[p->n_inside++] = directory;
	return true;
}

bool removal_guard_has_read(struct removal_guard *s, pid_t tid, uint64_t directory)
{
	const struct remover *known = remembered(s, tid);

	return known != NULL && has_read(known, directory);
}

bool removal_guard_refused(struct removal_guard *s, pid_t tid)
{
	struct remover *p = remember(s, tid);

	if (p == NULL || p->refused)
		return p == NULL;
	p->refused = true;
	return true;
}

bool removal_guard_allows(struct removal_guard *s, pid_t tid, uint64_t directory)
{
	struct process p;

	if (process_read(tid, &p) != 0)
		return false; /* a process that cannot be identified may not remove anything */
	const struct remover *known = find_process(s, &p);
	if (known == NULL)
		return true;
	return !known->refused &&
	       !(directory != 0 && known->read_above && has_read(known, directory));
}
