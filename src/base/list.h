/* SPDX-License-Identifier: MIT */
/*
 * list: an intrusive doubly linked ring.
 *
 * Owns nothing: an element embeds a `struct list`, and its owner frees it. An unlinked element
 * points to itself, so it can be removed twice, and `list_empty` on an element means "not in a
 * list".
 */
#ifndef PSCALEFS_LIST_H
#define PSCALEFS_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev; /* borrowed from the neighbour */
	struct list *next; /* borrowed from the neighbour */
};

/* The element of type `type` whose member `member` is at `ptr`. */
/* clang-format off */
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
/* clang-format on */

/* Iterate over `head`; the body may remove the current element, but no other. */
#define list_for_each(pos, head)                                                                   \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head);              \
	     pos = pos##_next, pos##_next = pos->next)

static inline void list_init(struct list *l)
{
	l->prev = l;
	l->next = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline unsigned list_length(const struct list *head)
{
	unsigned n = 0;

	for (const struct list *pos = head->next; pos != head; pos = pos->next)
		n++;
	return n;
}

static inline void list_append(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

/* Move all of `from` to the end of `to`, in order; `from` is empty afterwards. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#endif
