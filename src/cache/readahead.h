/* SPDX-License-Identifier: MIT */
/*
 * readahead: which items of a directory a process that reads one after another will need next.
 *
 * Only decides: fetches nothing, and knows neither the network nor what the items are. It is told
 * by number (its place in the directory) which item a process needs, and answers with a range of
 * items to fetch.
 *
 * A process that needs one item gets nothing fetched in advance. Once it needs another one beside
 * it, the next 4 in that direction are. When it comes to the first of those, the next 8, then 16,
 * then 32 at a time. What it does not come to is all that was fetched for nothing. If it goes to
 * another place of the directory, if it turns, or if what was fetched in advance did not serve it
 * (the fetch failed, or the data was too old), this ends; then more items have to be needed in order
 * until it begins again.
 *
 * The order need not be exact: a shell sorts names by the rules of a language, so `cat *` needs
 * items before others that come first in the directory. Capital letters may even make two sequences
 * of one, so a process may read at two places of a directory. bash asks for the attributes of
 * what it expands from the last to the first.
 */
#ifndef PSCALEFS_READAHEAD_H
#define PSCALEFS_READAHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define READAHEAD_FIRST 4
#define READAHEAD_MOST  32
/* How many places are remembered in all, and of one process in one directory. */
#define READAHEAD_PLACES     64
#define READAHEAD_OF_PROCESS 2

/* A place at which a process reads a directory. */
struct readahead_place {
	pid_t process;         /* 0: unused */
	const void *directory; /* only compared */
	size_t low, high;      /* the items needed there so far */
	unsigned in_order;     /* how many in a row were beyond those before, on the same side */
	unsigned begin_after;  /* how many of those it takes to begin */
	bool backwards;        /* that side is the beginning of the directory */
	/* The last range; items are counted from the end of the directory if `backwards`. */
	size_t window; /* its length as planned; 0: nothing is fetched ahead */
	size_t first;
	size_t end;    /* behind it: where the next one begins */
	uint64_t used; /* when the place was used last; larger is later */
};

struct readahead {
	struct readahead_place place[READAHEAD_PLACES];
	uint64_t uses;
};

/* What became of the item that is needed. */
enum readahead_result {
	READAHEAD_MISS, /* it was not fetched in advance */
	READAHEAD_HIT,  /* it was, or is being fetched */
	READAHEAD_LOST, /* it was, but that does not serve */
};

struct readahead_range {
	size_t first;
	size_t n; /* may be 0 */
};

/*
 * `process` needs `item` of the `n` that `directory` has. The range to fetch in advance: `room`
 * items at most, `item` not among them.
 */
struct readahead_range readahead_need(struct readahead *r, pid_t process, const void *directory,
				      size_t item, size_t n, enum readahead_result result,
				      size_t room);

#endif
