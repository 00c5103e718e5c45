/* SPDX-License-Identifier: MIT */
/*
 * resource: one remote thing: how old the cached data is, and which waiters need it. It works like
 * a page fault: an operation that needs missing data starts a fetch and waits for it.
 *
 *              need, nothing fresh             landed
 *     EMPTY ───────────────────────▶ FETCHING ────────▶ READY
 *       ▲                              │  ▲  ▲            │
 *       │ forget                failed │  │  └────────────┘ need, too old
 *     READY, FAILED                    ▼  │ need
 *                                    FAILED
 *
 * Owns the age, the last error and the list of waiters. Does not own the data (model does), does
 * not fetch (it calls `start`, which store provides) and does not run waiters: a woken waiter is
 * moved to the one ready list, which the loop runs.
 *
 * Order is decided by stamps (clock_stamp), not by time: "sent after that write" must be correct
 * within one millisecond too. Keeps rules 3, 4, 5, 9 and 10 of src/README.md.
 */
#ifndef PSCALEFS_RESOURCE_H
#define PSCALEFS_RESOURCE_H

#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/list.h"

struct resource;

/* What all resources of a mount share. */
struct cache {
	struct clock *clock; /* borrowed from main */
	struct list ready;   /* of struct waiter.link: run these */
	struct list asleep;  /* the same, the first to wake first */
	int64_t cache_ms;    /* how long a result serves operations that arrive after it */
	bool offline;        /* older data may serve when a fetch failed without an answer */
	/* When a fetch ended by timeout, or by a failure that was repeated for long, if nothing
	 * else came since then; else -1. */
	int64_t silent_ms;
	/* Called when a prefetch gets its first waiter. NULL: no call. */
	void (*awaited)(struct resource *r, void *ctx);
	void *ctx; /* borrowed; for awaited */
};

void cache_init(struct cache *cache, struct clock *clock, int64_t cache_ms, bool offline);
/* Run the waiters that are ready now, or whose sleep is over; waiters that become ready meanwhile
 * run in the next turn. False if there were none. */
bool cache_run_ready(struct cache *cache);
/* How long until the next sleeping waiter must wake; -1: none sleeps. */
int64_t cache_sleep_ms(const struct cache *cache);

/* How far a waiter has come through a long list of resources, so that it need not begin again each
 * time it runs. */
struct walk {
	uint64_t list;          /* stamp of the list; 0: none */
	size_t served, asked;   /* so many serve it; so many are there or under way */
	int64_t fresh_until_ms; /* clock_real_ms(): the first time at which one of them gets old */
};

/* What can be parked: an op, or a job of store. On one list at a time: a resource's, the ready
 * list or the list of sleeping waiters. */
struct waiter {
	struct list link;
	void (*run)(struct waiter *w); /* from the top, by the loop, once it is on the ready list */
	struct cache *cache;           /* borrowed */
	uint64_t arrived;              /* stamp */
	pid_t tid;       /* the calling thread; 0: none. For what is fetched in advance */
	int64_t wake_ms; /* asleep: clock.mono_ms */
	/* How long all that it needed since it last ran stays fresh; INT64_MAX: it needed nothing,
	 * or only what does not get old. 0 if some of it is old already. */
	int64_t fresh_ms;
	struct error error; /* why the last need failed */
	struct walk walk;
};

void waiter_init(struct waiter *w, struct cache *cache, void (*run)(struct waiter *w));
/* Remove it from the list it is on, if any. */
void waiter_leave(struct waiter *w);
/* Put it at the end of the ready list. */
void waiter_wake(struct waiter *w);
/* Put it on the ready list after `ms`. */
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

/* What the resources of one kind share, because there are thousands of some. */
struct resource_kind {
	struct cache *cache; /* borrowed */
	/* Begin a fetch, which must end in resource_landed, resource_failed or
	 * resource_fetch_discarded, but not before `start` returns. */
	void (*start)(struct resource *r, void *ctx);
	void *ctx; /* borrowed */
};

struct resource_failure {
	uint64_t started; /* stamps of the fetch that failed */
	uint64_t landed;
	struct error error;
};

struct resource {
	enum resource_state state;
	bool has_data;    /* something was applied once and not forgotten */
	bool read_ahead;  /* its owner's note: the last fetch was begun before anybody needed it */
	uint64_t started; /* stamp of the fetch under way, or of the last one */
	int64_t started_ms;    /* the same by clock->mono_ms */
	uint64_t data_started; /* stamp at which the request was sent whose answer is the data */
	uint64_t data_landed;
	int64_t data_ms;      /* when it landed; -1: forgotten */
	int64_t landed_ms;    /* the same, forgotten or not: how old it is */
	uint64_t invalidated; /* stamp of the last change of ours sent or answered: fetches begun
			     before it are discarded */
	struct list waiters;
	struct resource_failure *failure; /* owned; the last one, NULL after a success */
	const struct resource_kind *kind; /* borrowed */
};

void resource_init(struct resource *r, const struct resource_kind *kind);
/* Wakes the waiters, which will find that the object is gone. */
void resource_finish(struct resource *r);

/*
 * 0: the data serves. WAIT: `w` is parked. -errno: the fetch failed, w->error has the reason. Data
 * serves if it landed after `w` arrived or is younger than the cache time. With `offline`, if a
 * fetch has just waited for an answer in vain, the cached data serves at once and a fetch runs in
 * the background.
 */
int resource_need(struct resource *r, struct waiter *w);
/* The same, but only an answer to a request sent after the stamp `since` serves. So a command is
 * reported as done only when such an answer confirms it. */
int resource_need_since(struct resource *r, struct waiter *w, uint64_t since);
/* Begin a fetch that no operation waits for, unless the data is fresh or a fetch is under way. */
void resource_prefetch(struct resource *r);
/* Is the data, if not forgotten, an answer to a request sent after `since`? */
bool resource_sent_since(const struct resource *r, uint64_t since);
/* Did the last fetch fail, after the stamp `since`? */
bool resource_failed_since(const struct resource *r, uint64_t since);
/* Would the data serve an operation that arrives now? */
bool resource_fresh(const struct resource *r);
/* For how long it will; 0: it would not. */
int64_t resource_fresh_ms(const struct resource *r);
/* Did a fetch fail with `e` because no answer came, so that old data is the best available? */
bool resource_unreachable(const struct error *e);

/* Is the fetch begun at stamp `started` the one under way, with no later change of ours and no
 * data of a later request? */
bool resource_current(const struct resource *r, uint64_t started);
/* The fetch has ended and its data is applied: wake the waiters. */
void resource_landed(struct resource *r);
void resource_failed(struct resource *r, const struct error *e);
/* The fetch has ended, but a change has made it outdated: begin again if there are waiters, and
 * wake them, because each may have waited too long. */
void resource_fetch_discarded(struct resource *r);
/* Another answer, to a request sent at stamp `started`, has data for this resource. True if it is
 * newer than the data here and no change has made it outdated. */
bool resource_accepts(const struct resource *r, uint64_t started);
void resource_supply(struct resource *r, uint64_t started);
/* A change of ours was sent or answered: discard fetches begun before; cached data stays. */
void resource_invalidate_fetches(struct resource *r);
/* The data that has just landed contradicts other knowledge: let it serve only a few seconds. */
void resource_doubt(struct resource *r);
/* The cached data counts as too old: the next need fetches. */
void resource_expire(struct resource *r);

#endif
