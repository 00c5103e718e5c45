/* SPDX-License-Identifier: MIT */
/*
 * store_source: what can be fetched, one row for each list. A new list only needs its row, its
 * decoder and a resource of the model. Only store's files include this.
 *
 * A row says which resource a fetch serves, how its pages are requested, decoded and applied, and
 * which permission that needs. store_fetch.c does the rest of a fetch.
 */
#ifndef PSCALEFS_STORE_SOURCE_H
#define PSCALEFS_STORE_SOURCE_H

#include "cache/store_internal.h"
#include "cache/token_list.h"
#include "planetscale/decode.h"

struct source;

/* One fetch under way: all pages of a list, or a token's grants. */
struct fetch {
	struct waiter
		waiter; /* first; waits for the organizations when a 404 has to be explained */
	struct list link;
	struct store *store; /* borrowed */
	const struct source *source;
	struct target target; /* owned; the token NULL for lists */
	uint64_t started;
	struct list asked; /* of struct asked_page: the requests under way */
	int64_t page;      /* the last one asked for */
	char *cursor;      /* owned; of that page, if they have cursors; NULL: the first page */
	int64_t last;      /* how many the list has, if its pages are read side by side; else 0 */
	bool one_by_one;   /* its pages were not numbered as the first one promised */
	int pages;         /* answered, and followed by others */
	size_t bytes;      /* of all pages so far */
	uint64_t probe_since;     /* not 0: waiting for the list that explains a 404 */
	struct settling settling; /* of a 404 to a token that was just made */
	struct error refusal;     /* the 404 to explain */
	union {
		struct organization_records organizations;
		struct database_records databases;
		struct token_records tokens;
		struct grants grants;
		struct audit_records audit;
	} got;                     /* by source */
	struct sliced sliced;      /* a complete list that is being applied */
	struct token_list *tokens; /* owned; the same, of tokens; or NULL */
	/* To see whether the list changed while its pages were read: see fetch_shifted(). */
	int64_t total;
	bool changed;
	bool whole;  /* it has been seen that it did not */
	bool landed; /* it was applied; what is left is to free it */
	int rereads;
	size_t had; /* items in the reading before; 0: none */
	int64_t had_total;
};

struct source {
	/* The resource to fetch; NULL: it is gone. */
	struct resource *(*resource)(const struct fetch *f);
	struct api_call *(*ask)(struct api *api, const struct api_target *t, int64_t page);
	/* Add a page to `got`. For pages with cursors page->next is the next number, and the next
	 * cursor is stored in the fetch. */
	int (*decode)(struct fetch *f, const struct api_answer *a, struct decode_page *page,
		      struct error *e);
	size_t (*count)(const struct fetch *f);             /* of what was got */
	const char *(*id)(const struct fetch *f, size_t i); /* of one item; NULL: they have none */
	/* Sort what was got and count the different items, in slices. True: done; else it is called
	 * again in a later turn. NULL: the items have no ids, or are few. */
	bool (*sort)(struct fetch *f);
	size_t (*different)(const struct fetch *f);
	/* Apply what was got to the model. True: done; else as above. *contradicted is set if it
	 * contradicted what was just confirmed. */
	bool (*apply)(struct fetch *f, bool *contradicted);
	/* Free what was got and applied, in slices, as above; NULL: `finish` does not take long. */
	bool (*bury)(struct fetch *f);
	void (*finish)(struct fetch *f); /* frees what was got */
	const char *needs;               /* the permission that is needed; NULL: none */
};

enum source_name {
	SOURCE_ORGANIZATIONS,
	SOURCE_DATABASES,
	SOURCE_TOKENS,
	SOURCE_TOKEN, /* the token itself, for its grants */
	SOURCE_GRANTS,
	SOURCE_AUDIT_LOG,
};

extern const struct source sources[]; /* by enum source_name */

/* The organization of the fetch, looked up again; NULL: gone, or the list of organizations. */
struct organization *fetch_organization(const struct fetch *f);

/* How many different objects its pages had; only when they are sorted, if the source sorts. */
size_t fetch_different(const struct fetch *f);

#endif
