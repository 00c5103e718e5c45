/* SPDX-License-Identifier: MIT */
/*
 * The reference model: what random operations on the mount asked for and were told, against the
 * history that the emulator kept.
 *
 *   main.c     rounds: start, wait, check; the seed and the options
 *   emulator.c the emulator's control port
 *   words.c    scopes as bits, names, random numbers
 *   history.c  what was true when: tokens and their scopes, from the emulator's events
 *   memory.c   what the mount may know better than an answer, for it was just confirmed
 *   worker.c   processes that do what they are told by chance
 *   look.c     the operations that read, change.c those that change, remove.c those that remove,
 *              ends.c writers that are threaded or killed
 *   mounts.c   unmounting under load, and what the daemon's log says was not done
 *   disturb.c  faults, switches and changes behind the mount's back
 *   check.c    the properties, by truth.c: what was so, or can have been seen; tell.c prints
 *
 * All times are microseconds of CLOCK_MONOTONIC.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STABLE = 5, /* tokens s0 to s4 live for ever, v0 to v3 come and go */
	QUIET = 4,  /* of s4 only one operation writes the permissions */
	NAMES = 9,
	ORGANIZATION = 0, /* resources: the organization, three databases … */
	RESOURCES = 4,
	BULK = 4, /* … and what is granted for all databases */
	LEVELS = 5,
	WORKERS_MAX = 16,
	CLAIMS_MAX = 6,
	MIXED = -1, /* a record's mount: there was another before it ended */
	NOTE_MAX = 240,
};

/* --- words.c ---------------------------------------------------------------------------------- */

extern const char *const names[NAMES];
extern const char *const databases[RESOURCES]; /* NULL for the organization */
#define RENAMED "-renamed" /* behind the name of a database: for a while it is called so */
extern const char *const scope_names[];
extern const unsigned scope_count;
#define ALL_SCOPES ((uint32_t)((1ull << scope_count) - 1))
/* The scopes that make sense on a resource, and one that PlanetScale does not know. */
uint32_t scopes_for(int resource);
int name_index(const char *name); /* of a file name "v0" or "v0@id" too; -1: none of ours */
int database_index(const char *name);
int name_index_of_path(const char *path);         /* of its first component */
uint32_t scope_bit(const char *name, size_t len); /* 0: none of ours */
/* "a\nb\n", sorted, as `permissions` must be: false if it is not. */
bool read_scopes(const char *text, size_t len, uint32_t *out);
size_t scopes_length(uint32_t set); /* of that text */
void print_scopes(char *out, size_t size, uint32_t set);

struct random {
	uint64_t state;
};
struct random random_of(uint64_t seed, uint64_t round, uint64_t who);
uint64_t random_number(struct random *r);
unsigned below(struct random *r, unsigned n);
bool chance(struct random *r, unsigned percent);
uint32_t some_scopes(struct random *r, int resource, unsigned most);
int64_t now_us(void);

/* --- what an operation leaves, in memory shared with the parent ------------------------------- */

enum sight {
	SAW_NOTHING,
	SAW_SCOPES,    /* masks[0] of name and resource */
	SAW_SIZE,      /* of the same */
	SAW_INFO,      /* masks[resource] of a token */
	SAW_ACCESS,    /* masks[name], of a resource */
	SAW_TOKENS,    /* masks[0]: names in service-tokens/ or by-id/ */
	SAW_DATABASES, /* masks[0]: resources in a token's databases/ */
	SAW_LINKS,     /* masks[0]: names in a database's service-tokens/ */
	SAW_SECRET,    /* text */
	SAW_ID,        /* text: an id of that name */
	SAW_NAME,      /* text: the name itself */
};

/* "Each of `present` was granted, each of `absent` was not, at an instant between the two." */
struct claim {
	int64_t from, to;
	uint32_t present, absent;
	bool shared; /* holds only if no other operation wrote the same file meanwhile */
};

struct record {
	const char *what;
	int name, resource;
	int64_t begin, end; /* end 0: still at it */
	int result;         /* 0 or -errno of the call that failed … */
	const char *step;   /* … or is under way */
	/* What it asks for. */
	uint32_t grant, revoke;
	uint32_t named; /* in its text, with whatever sign */
	bool makes, removes;
	bool empties; /* revokes on every resource of the token, not only its own */
	bool loose;   /* killed, or released without anybody waiting: effects may come later */
	/* What it was told. */
	struct claim claims[CLAIMS_MAX];
	int claim_count;
	bool made, removed;
	int64_t left; /* closed, with what the text lacks left to be revoked: done, or told; 0: no */
	int mount;    /* which it was done on */
	bool writes;  /* it opened the file to write */
	enum sight sight;
	int64_t seen_from;
	uint32_t masks[NAMES];
	int64_t size;
	bool wrong; /* by itself, as the note says */
	char note[NOTE_MAX];
};

/* --- main.c: memory that all processes see ---------------------------------------------------- */

struct lane {
	struct record *records; /* of this round */
	int count;              /* done or begun */
	struct record *current;
};

struct shared {
	int round;       /* rises when a round starts; -1: end */
	int running;     /* workers still at it */
	int done;        /* operations of this round */
	int mount;       /* rises when another is made */
	bool unmounting; /* … and meanwhile */
	bool unmount_wanted;
	struct lane lanes[WORKERS_MAX];
};

extern struct shared *shared;
extern struct options {
	uint64_t seed;
	int operations, workers, round_size;
	int timeout_ms, cache_ms;
	const char *mount, *control, *log;
	int inside; /* a file descriptor of the workers' pid namespace; -1: none */
	bool verbose, calm, last, remount;
} options;

void run_worker(int number);

/* --- operations ------------------------------------------------------------------------------- */

struct work {
	struct random *random;
	struct record *record;
};

typedef void operation(struct work *w);

extern operation read_permissions, stat_permissions, list_tokens, list_ids, list_databases,
	list_links, read_access, read_info, read_values, read_secrets, read_links, read_own,
	read_organization;
extern operation append, replace, replace_in_pieces, empty_by_open, truncate_path, overwrite,
	rename_over, back_up, make_token, write_create_token, refresh, wrong_things;
extern operation remove_permissions, remove_database, remove_token, remove_all, remove_and_create,
	sweep, killed_writer, killed, threaded_writer, process_tree, take_back, close_unended,
	empty_and_unmount;

/* What is written to a permissions file, and what it says. */
struct text {
	char s[2048];
	size_t len;
	uint32_t plain, plus, minus;
};

void make_text(struct work *w, struct text *t, unsigned signs); /* some lines; signs in percent */
uint32_t grants(const struct text *t);
int open_permissions(struct work *w, int flags);
/* In one write(2) each piece; a write may take less than it was given. */
bool write_all(struct record *r, int fd, const char *data, size_t len);
bool write_lines(struct record *r, int fd, const struct text *t); /* and notes what it was told */

void path_of(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void permissions_path(char *out, size_t size, const struct record *r);
/* A call's result as 0 or more, or -errno; what is under way is told to the parent. */
#define CALL(record, name, call) ((record)->step = (name), call_result(record, (long)(call)))
long call_result(struct record *r, long result);
void claim(struct record *r, int64_t from, uint32_t present, uint32_t absent);
/* The same of a whole text. Several writers of a file share its text, as of any file, and the last
 * close decides: what then is right the oracle test says (tests/oracle). */
void claim_text(struct record *r, int64_t from, uint32_t present, uint32_t absent);
void complain(struct record *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Is this process one that the daemon cannot see? */
extern bool outside;
/* In a process of its own, killed by a signal after so many microseconds (0: not at all). */
void in_child(struct work *w, operation *do_it, int signal, int after_us);

/* --- emulator.c ------------------------------------------------------------------------------- */

struct cJSON;
struct cJSON *ask(const char *method, const char *path, const char *body); /* exits on failure */

/* --- mounts.c --------------------------------------------------------------------------------- */

int mount_number(void);                  /* of the one that is there; waits for it */
bool same_mount(const struct record *r); /* is it the one that r began with? */
void want_unmount(void);
void mounts_begin(void);
void mounts_turn(struct random *r);
void mounts_end(void); /* the daemons of earlier mounts have ended */
/* What was logged in this round; how many changes were dropped, printed. */
int mounts_read_log(void);
bool told_of_close(int name, int resource);

/* --- disturb.c -------------------------------------------------------------------------------- */

void disturb_begin(struct random *r);
void disturb_once(struct random *r);
void disturb_end(void);
const char *disturb_switches(void); /* those of this round */
int disturb_lag_ms(void);           /* how old what is answered may be, in this round */
unsigned fault_kinds(void);
void print_fault_kinds(void);

/* --- history.c -------------------------------------------------------------------------------- */

struct span { /* from one event to the next */
	int64_t from, to;
	bool alive;
	uint32_t scopes[LEVELS];
};

struct token {
	char id[16];
	int name;
	char *secret; /* owned; NULL: never seen */
	struct span *spans;
	size_t count;
};

struct event {
	int64_t at;
	uint64_t request; /* 0: behind the mount's back */
	size_t token;
	int level;
	uint32_t added, removed;
	bool made, deleted;
};

extern struct token *history_tokens;
extern size_t history_token_count;
extern struct event *history_events;
extern size_t history_event_count;

void history_begin(void); /* nothing is under way: the past does not matter */
void history_end(void);   /* fetch what happened since */
uint32_t effective(const struct span *s, int resource);
struct token *history_token(const char *id);

/* --- memory.c --------------------------------------------------------------------------------- */

void memory_note(void); /* what was asked for in this round */
/* The scopes that the mount may show as granted, or as revoked, for it asked for that. */
void memory_of(const struct token *t, int resource, const struct record *r, uint32_t *granted,
	       uint32_t *revoked);
/* May it show a token of this name because it has made one? */
bool memory_made(int name, const struct record *r);

/* --- check.c ---------------------------------------------------------------------------------- */

int check_round(int round); /* how many violations, printed */
int check_calm(void);       /* with nothing under way: the tree is what the emulator says */

#endif
