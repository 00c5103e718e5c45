/* SPDX-License-Identifier: MIT */
#include "cache/slices.h"

static void run_slice(struct waiter *w)
{
	struct slices *s = container_of(w, struct slices, waiter);

	if (list_empty(&s->work))
		return;
	struct sliced *first = container_of(s->work.next, struct sliced, link);
	list_remove(&first->link);
	if (!first->slice(first))
		list_append(s->work.next, &first->link); /* at the front */
	if (!list_empty(&s->work))
		waiter_wake(&s->waiter);
}

void slices_init(struct slices *s, struct cache *cache)
{
	waiter_init(&s->waiter, cache, run_slice);
	list_init(&s->work);
}

void slices_finish(struct slices *s)
{
	waiter_leave(&s->waiter);
	list_for_each(pos, &s->work)
		list_remove(pos);
}

void sliced_init(struct sliced *work, bool (*slice)(struct sliced *work))
{
	list_init(&work->link);
	work->slice = slice;
}

void slices_add(struct slices *s, struct sliced *work)
{
	list_remove(&work->link);
	list_append(&s->work, &work->link);
	waiter_wake(&s->waiter);
}

void sliced_drop(struct sliced *work)
{
	list_remove(&work->link);
}
