/* SPDX-License-Identifier: MIT */
/*
 * The oracle test: a `permissions` file must behave like a file. It makes sequences of system
 * calls, by a few handles in a few processes, both on a regular file and on pscalefs, and compares
 * the results.
 *
 *   words.c     scopes as bits; what a text grants and revokes
 *   call.c      prints a sequence as text or as a Python program, and reads it
 *   generate.c  random sequences; programs.c: the calls that real programs make
 *   regular.c   a regular file (and the names beside it) in memory
 *   judge.c     what pscalefs may answer to each call; texts.c: calls that change a text; names.c:
 *               calls that name a file; differ.c: the differences that are intended
 *   grants.c    what may and what must be granted after each call
 *   run.c       runs one sequence on both; finds a smaller one that also fails
 *
 * With a kernel (pscalefs-oracle): main.c, actors.c (the processes), tmpfs.c (a regular file, which
 * regular.c is compared with), emulator.c. Without one (oracle-ops): ops_*.c.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	PROCESSES = 3,
	SLOTS = 6, /* of one process: numbers of its open files */
	CALLS_MAX = 48,
	DATA_MAX = 112,
	TEXT_MAX = 4096, /* of a file; bytes after this offset are not stored */
	BIG = 1 << 20,   /* the maximum size of a permissions file */
};

/* --- words.c ---------------------------------------------------------------------------------- */

typedef uint64_t scopes; /* one bit for each scope */

extern const char *const scope_words[];
extern const unsigned scope_word_count;
/* What a text grants and revokes. The last word about a scope counts. */
struct reading {
	scopes plain;       /* named without a sign */
	scopes plus, minus; /* named with a sign */
	bool sign;          /* a word has a sign */
	bool refused;       /* PlanetScale does not know one of the words */
	bool invalid;       /* it is not a valid text */
};
struct reading read_text(const char *text, size_t len);
static inline bool reading_bad(const struct reading *r)
{
	return r->refused || r->invalid;
}
/* The length up to and with the last newline. */
size_t complete_lines(const char *text, size_t len);
/* One scope per line, sorted, as pscalefs prints it. Returns the length. */
size_t scopes_text(scopes set, char *out, size_t size);
size_t scopes_size(scopes set);
/* The reverse of scopes_text(). False: it is no such text. */
bool scopes_of_text(const char *text, size_t len, scopes *out);
void print_scopes(FILE *out, scopes set);
scopes scope_bit(const char *word, size_t len); /* 0: not in scope_words */

/* --- calls ------------------------------------------------------------------------------------ */

enum name {
	NAME_PERMISSIONS,
	NAME_SCRATCH, /* permissions.tmp */
	NAME_BACKUP,  /* permissions~ */
	NAMES
};
extern const char *const name_texts[NAMES];

enum call_kind {
	CALL_OPEN,
	CALL_READ,
	CALL_WRITE,
	CALL_PWRITE,
	CALL_WRITEV,
	CALL_LSEEK,
	CALL_FTRUNCATE,
	CALL_TRUNCATE,
	CALL_FSYNC,
	CALL_FSTAT,
	CALL_STAT,
	CALL_DUP,
	CALL_CLOSE,
	CALL_RENAME,
	CALL_UNLINK,
	CALL_FORK,
	CALL_EXIT,
	CALL_KILL,
	CALL_KINDS
};

struct call {
	uint8_t kind;
	uint8_t process;
	uint8_t slot; /* the file; open: the new slot */
	uint8_t to;   /* dup: the new slot; fork: the new process; rename: the new name */
	uint8_t name;
	uint8_t cut;    /* writev: bytes of the first piece */
	uint16_t len;   /* of data */
	int32_t flags;  /* open: O_*; lseek: whence; kill: the signal */
	int64_t offset; /* lseek, pwrite; ftruncate, truncate: the size; read: how much */
	char data[DATA_MAX];
};

enum mode {
	MODE_PLAIN,   /* scopes only */
	MODE_REFUSED, /* and words that PlanetScale refuses */
	MODE_SIGNS,   /* and instructions */
	MODE_KILLS,   /* and processes that are killed */
	MODES
};
extern const char *const mode_names[MODES];

struct sequence {
	uint64_t seed; /* it was generated from this; 0: it was read from a file */
	enum mode mode;
	scopes start; /* granted at the start */
	unsigned n;
	struct call call[CALLS_MAX];
};

struct result {
	int64_t ret; /* what the call returned; fstat, stat: the size */
	int err;     /* errno, or 0 */
	uint32_t len;
	char data[TEXT_MAX]; /* read */
};

extern const char *const call_names[CALL_KINDS];
void call_print(FILE *out, const struct call *c);
/* With `remark` at call number `at`. */
void sequence_print(FILE *out, const struct sequence *s, unsigned at, const char *remark);
void sequence_python(FILE *out, const struct sequence *s);
bool sequence_load(const char *path, struct sequence *s); /* false: prints the reason */

/* --- choices, from a seed or from a fuzzer's input -------------------------------------------- */

struct choices {
	uint64_t state;
	const uint8_t *input; /* NULL: none */
	size_t left;
};
void choices_seed(struct choices *c, uint64_t seed);
unsigned below(struct choices *c, unsigned n);
bool chance(struct choices *c, unsigned percent);

void generate(struct sequence *s, struct choices *c, enum mode mode);
/* Generate sequence `number` of a seed. `mode` -1: any, half of them plain. Leaves out the calls in
 * `kinds` (bits). */
void make_sequence(struct sequence *s, uint64_t seed, uint64_t number, int mode, uint32_t kinds);

#endif
