#include "sweep.h"

#include <stdlib.h>

void sweep_init(struct sweep *s)
{
	*s = (struct sweep){.v = xcalloc(SWEEP_PROCESSES, sizeof(struct sweep_process))};
}

void sweep_finish(struct sweep *s)
{
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
	}
	s->n = n;
	if (s->n < SWEEP_PROCESSES)
		return &s->v[s->n++];
	for (size_t i = 1; i < s->n; i++)
		if (s->v[i].used < s->v[oldest].used)
			oldest = i;
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

bool sweep_refused(struct sweep *s, pid_t tid)
{
	struct sweep_process *p = remember(s, tid);

	if (p == NULL || p->refused)
		return p == NULL;
	p->refused = true;
	return true;
}

bool sweep_allows(struct sweep *s, pid_t tid, bool inside)
{
	struct process p;

	if (process_read(tid, &p) != 0)
		return false; /* who cannot be told apart may not remove */
	const struct sweep_process *known = find(s, &p);
	return known == NULL || !(known->refused || (inside && known->read_above));
}
