#include "fs/removal_guard.h"

#include <stdlib.h>

void sweep_init(struct sweep *s)
{
	*s = (struct sweep){.v = xcalloc(SWEEP_PROCESSES, sizeof(struct sweep_process))};
}

void sweep_finish(struct sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].inside);
	free(s->v);
	*s = (struct sweep){0};
}

static bool same(const struct sweep_process *known, const struct process *p)
{
	return known->tgid == p->tgid && known->start_time == p->start_time &&
	       known->program == p->program;
}

static struct sweep_process *find(struct sweep *s, const struct process *p)
{
	for (size_t i = 0; i < s->n; i++)
		if (same(&s->v[i], p))
			return &s->v[i];
	return NULL;
}

/* Room for one more: first of those that have ended, else of the one not seen for longest. */
static struct sweep_process *make_room(struct sweep *s)
{
	size_t n = 0, oldest = 0;

	if (s->n < SWEEP_PROCESSES)
		return &s->v[s->n++];
	for (size_t i = 0; i < s->n; i++) {
		struct process now;
		if (process_read(s->v[i].tgid, &now) == 0 && same(&s->v[i], &now))
			s->v[n++] = s->v[i];
		else
			free(s->v[i].inside);
	}
	s->n = n;
	if (s->n < SWEEP_PROCESSES)
		return &s->v[s->n++];
	for (size_t i = 1; i < s->n; i++)
		if (s->v[i].used < s->v[oldest].used)
			oldest = i;
	free(s->v[oldest].inside);
	return &s->v[oldest];
}

static struct sweep_process *remember(struct sweep *s, pid_t tid)
{
	struct process p;

	if (process_read(tid, &p) != 0)
		return NULL;
	struct sweep_process *known = find(s, &p);
	if (known == NULL) {
		known = make_room(s);
		*known = (struct sweep_process){
			.tgid = p.tgid,
			.start_time = p.start_time,
			.program = p.program,
		};
	}
	known->used = ++s->uses;
	return known;
}

void sweep_read_above(struct sweep *s, pid_t tid)
{
	struct sweep_process *p = remember(s, tid);

	if (p != NULL)
		p->read_above = true;
}

static bool has_read(const struct sweep_process *p, uint64_t directory)
{
	for (size_t i = 0; i < p->n_inside; i++)
		if (p->inside[i] == directory)
			return true;
	return p->read_many;
}

void sweep_read_inside(struct sweep *s, pid_t tid, uint64_t directory)
{
	struct sweep_process *p = remember(s, tid);

	if (p == NULL || has_read(p, directory))
		return;
	if (p->n_inside == SWEEP_DIRECTORIES) {
		p->read_many = true;
		return;
	}
	/* Room for a power of two at a time. */
	if ((p->n_inside & (p->n_inside - 1)) == 0)
		p->inside = xrealloc(p->inside, (p->n_inside == 0 ? 1 : p->n_inside * 2) *
							sizeof(*p->inside));
	p->inside[p->n_inside++] = directory;
}

bool sweep_has_read(struct sweep *s, pid_t tid, uint64_t directory)
{
	struct process p;

	if (process_read(tid, &p) != 0)
		return false;
	const struct sweep_process *known = find(s, &p);
	return known != NULL && has_read(known, directory);
}

bool sweep_refused(struct sweep *s, pid_t tid)
{
	struct sweep_process *p = remember(s, tid);

	if (p == NULL || p->refused)
		return p == NULL;
	p->refused = true;
	return true;
}

bool sweep_allows(struct sweep *s, pid_t tid, uint64_t directory)
{
	struct process p;

	if (process_read(tid, &p) != 0)
		return false; /* who cannot be told apart may not remove */
	const struct sweep_process *known = find(s, &p);
	if (known == NULL)
		return true;
	return !known->refused &&
	       !(directory != 0 && known->read_above && has_read(known, directory));
}
