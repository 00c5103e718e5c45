/* SPDX-License-Identifier: MIT */
/*
 * resource: one remote thing, how fresh what we know of it is, and who waits for it. The page fault
 * of this file system.
 *
 *              need, nothing fresh             landed
 *     EMPTY ───────────────────────▶ FETCHING ────────▶ READY
 *       ▲                              │  ▲  ▲            │
 *       │ forget                failed │  │  └────────────┘ need, too old
 *     READY, FAILED                    ▼  │ need
 *                                    FAILED
 *
 * Owns freshness, the last error and the list of waiters. Does not own the data (model does), does
 * not fetch (it asks `start`, which store provides) and does not run anyone: who is woken is moved
 * to one ready list, which the loop runs.
 *
 * Order is told by stamps (clock_stamp), not by time: "sent after that write" must hold within one
 * millisecond too. Keeps rules 3, 4, 5, 9 and 10 of src/README.md.
 */
#ifndef PSCALEFS_RESOURCE_H
#define PSCALEFS_RESOURCE_H

#include <stdint.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/list.h"

struct resource;

/* What all resources of a mount share. */
struct cache {
	struct clock *clock; /* borrowed from main */
	struct list ready;   /* of struct waiter.link: run these */
	struct list asleep;  /* the same, the first to wake first */
	int64_t cache_ms;    /* how long a result serves who came after it */
	bool offline;        /* older data may serve when a fetch failed for want of an answer */
	/* When a fetch ended after a whole timeout, and no answer came since; -1: none did. */
	int64_t silent_ms;
	/* Somebody waits for a fetch that nobody waited for until now. NULL: tell nobody. */
	void (*awaited)(struct resource *r, void *ctx);
	void *ctx; /* borrowed; for awaited */
};

void cache_init(struct cache *cache, struct clock *clock, int64_t cache_ms, bool offline);
/* Run who is ready now, or has slept enough; who becomes ready meanwhile runs in the next turn.
 * False if nobody was. */
bool cache_run_ready(struct cache *cache);
/* How long until the next one has slept enough; -1: nobody sleeps. */
int64_t cache_sleep_ms(const struct cache *cache);

/* Who can be parked: an op, or a job of store. On one list at a time: a resource's, the ready list
 * or that of those who sleep. */
struct waiter {
	struct list link;
	void (*run)(struct waiter *w); /* from the top, by the loop, once it is on the ready list */
	struct cache *cache;           /* borrowed */
	uint64_t arrived;              /* stamp */
	int64_t wake_ms;               /* asleep: clock.mono_ms */
	struct error error;            /* why the last need failed */
};

void waiter_init(struct waiter *w, struct cache *cache, void (*run)(struct waiter *w));
/* Leave whichever list it is on. */
void waiter_leave(struct waiter *w);
/* To the end of the ready list. */
void waiter_wake(struct waiter *w);
/* To the ready list when so much time has passed. */
void waiter_sleep(struct waiter *w, int64_t ms);

/* A plain queue of waiters without data: "until that commit has ended". */
void waiters_park(struct list *queue, struct waiter *w);
void waiters_wake(struct list *queue);

enum resource_state {
	RESOURCE_EMPTY,
	RESOURCE_FETCHING,
	RESOURCE_READY,
	RESOURCE_FAILED
};

struct resource {
	enum resource_state state;
	bool has_data;         /* something was applied once and not forgotten */
	uint64_t started;      /* stamp of the fetch under way, or of the last one */
	uint64_t data_started; /* stamp at which the request was sent whose answer is the data */
	uint64_t data_landed;
	int64_t data_ms;   /* when it landed; -1: forgotten */
	int64_t landed_ms; /* the same, forgotten or not: how old it is */
	uint64_t failed_started;
	uint64_t failed_landed;
	uint64_t
		invalidated; /* stamp of the last change of ours sent or answered: fetches begun before
			     it are void */
	struct list waiters;
	struct error *error; /* owned; of the last failure, NULL after a success */
	struct cache *cache; /* borrowed */
	/* Begin a fetch; must end in resource_landed, resource_failed or resource_fetch_discarded, never
	 * before it returns. */
	void (*start)(struct resource *r, void *ctx);
	void *ctx; /* borrowed */
};

void resource_init(struct resource *r, struct cache *cache,
		   void (*start)(struct resource *r, void *ctx), void *ctx);
/* Wakes who waits (they will find the thing gone). */
void resource_finish(struct resource *r);

/*
 * 0: the data serves. WAIT: `w` is parked. -errno: the fetch failed, w->error says why.
 * Data serves if it landed after `w` arrived or is younger than the cache time. Offline, if a fetch
 * has just waited for nothing, what is known serves at once and is asked for meanwhile.
 */
int resource_need(struct resource *r, struct waiter *w);
/* The same, but only an answer to a request sent after the stamp `since` serves: what a command
 * reports as done is confirmed so. */
int resource_need_since(struct resource *r, struct waiter *w, uint64_t since);
/* Begin a fetch that nobody waits for, unless the data is fresh or one is under way. */
void resource_prefetch(struct resource *r);
/* Is what we have, and did not forget, an answer to a request sent after `since`? */
bool resource_sent_since(const struct resource *r, uint64_t since);
/* Would the data serve someone who comes now? */
bool resource_fresh(const struct resource *r);
/* Did a fetch that failed with `e` fail because nobody answered, so that old data is the best there
 * is? */
bool resource_unreachable(const struct error *e);

/* Is the fetch begun at stamp `started` the one under way, and overtaken neither by a change of
 * ours nor by data of a later request? */
bool resource_current(const struct resource *r, uint64_t started);
/* The fetch has ended, its data is applied: wake who waits. */
void resource_landed(struct resource *r);
void resource_failed(struct resource *r, const struct error *e);
/* The fetch has ended, overtaken: begin again if someone waits, and run them: each may have had
 * enough. */
void resource_fetch_discarded(struct resource *r);
/* Data came with another answer, whose request was sent at stamp `started`. Ignored if older than
 * what is there or overtaken. */
bool resource_accepts(const struct resource *r, uint64_t started);
void resource_supply(struct resource *r, uint64_t started);
/* A change of ours was sent or answered: what was asked before no longer counts; what is known
 * stays. */
void resource_invalidate_fetches(struct resource *r);
/* What has just landed contradicts what is known from elsewhere: it serves a few seconds only. */
void resource_doubt(struct resource *r);
/* What is known counts no longer: the next need fetches. */
void resource_expire(struct resource *r);

#endif
