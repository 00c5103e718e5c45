/* SPDX-License-Identifier: MIT */
/* What is written, and calls by chance. What real programs do is in programs.c. */
#include "generate.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

/* Long and short ones, ones of a length (to be overwritten by each other), and one that begins as
 * another does. */
static const char *const words[] = {
	"read_branch",   "create_branch", "delete_branch",  "delete_branch_password",
	"read_database", "read_backups",  "connect_branch", "read_comment",
	"write_backups", "restore_backup"};
static const char *const refused_words[] = {"read_brunch", "read_databases", "Read_branch", "x"};

static const char *some_word(struct choices *c, enum mode mode)
{
	if (mode == MODE_REFUSED && chance(c, 25))
		return refused_words[below(c, ARRAY_LEN(refused_words))];
	return words[below(c, chance(c, 60) ? 4 : ARRAY_LEN(words))];
}

void some_text(struct choices *c, struct call *call, enum mode mode)
{
	static const char *const between[] = {"\n", "\n", "\n",         "\n",
					      " ",  ", ", "\n# note\n", "\n\n"};
	unsigned n = 1 + below(c, chance(c, 60) ? 1 : 3);
	char text[2 * DATA_MAX] = "";

	for (unsigned i = 0; i < n; i++) {
		if (mode == MODE_SIGNS && chance(c, 35))
			strcat(text, chance(c, 60) ? "-" : "+");
		strcat(text, some_word(c, mode));
		strcat(text, i + 1 < n ? between[below(c, ARRAY_LEN(between))] : "\n");
	}
	size_t len = strlen(text);
	if (chance(c, 12))
		len--; /* no newline yet */
	else if (chance(c, 5))
		len = below(c, (unsigned)len) + 1;
	if (len > DATA_MAX)
		len = DATA_MAX;
	memcpy(call->data, text, len);
	call->len = (uint16_t)len;
	call->cut = (uint8_t)below(c, (unsigned)len + 1);
}

scopes some_start(struct choices *c)
{
	scopes set = 0;

	if (chance(c, 50))
		return scope_bit("create_branch", 13) | scope_bit("read_branch", 11);
	for (unsigned n = below(c, 4); n > 0; n--) {
		const char *word = words[below(c, ARRAY_LEN(words))];
		set |= scope_bit(word, strlen(word));
	}
	return set;
}

int some_flags(struct choices *c)
{
	static const int access[] = {O_WRONLY, O_WRONLY, O_RDWR, O_RDONLY};
	int flags = access[below(c, ARRAY_LEN(access))];

	if (chance(c, 40))
		flags |= O_TRUNC;
	if (chance(c, 30))
		flags |= O_APPEND;
	if (chance(c, 50))
		flags |= O_CREAT;
	if ((flags & O_CREAT) && chance(c, 15))
		flags |= O_EXCL;
	return flags;
}

/* Where lines of the words begin, mostly, and their ends. */
static int64_t some_offset(struct choices *c)
{
	static const int near[] = {0, 0, 0, 11, 12, 13, 14, 26, 28};

	return chance(c, 80) ? near[below(c, ARRAY_LEN(near))] : (int)below(c, 60);
}

static void some_place(struct choices *c, struct call *call)
{
	static const int whence[] = {SEEK_SET, SEEK_CUR, SEEK_END, SEEK_END};

	call->flags = whence[below(c, ARRAY_LEN(whence))];
	if (call->flags == SEEK_SET)
		call->offset = some_offset(c);
	else if (chance(c, 15))
		call->offset = -(int)below(c, 14);
}

enum name some_name(struct choices *c)
{
	return chance(c, 85) ? NAME_PERMISSIONS : chance(c, 60) ? NAME_SCRATCH : NAME_BACKUP;
}

static enum call_kind some_kind(struct choices *c, enum mode mode)
{
	static const uint8_t kinds[] = {
		CALL_OPEN,     CALL_OPEN,   CALL_OPEN,      CALL_OPEN,  CALL_WRITE,  CALL_WRITE,
		CALL_WRITE,    CALL_WRITE,  CALL_WRITE,     CALL_WRITE, CALL_PWRITE, CALL_WRITEV,
		CALL_LSEEK,    CALL_LSEEK,  CALL_FTRUNCATE, CALL_FSYNC, CALL_FSTAT,  CALL_STAT,
		CALL_DUP,      CALL_CLOSE,  CALL_CLOSE,     CALL_CLOSE, CALL_CLOSE,  CALL_RENAME,
		CALL_TRUNCATE, CALL_UNLINK, CALL_FORK,      CALL_READ,  CALL_EXIT,   CALL_KILL};
	unsigned kind = kinds[below(c, ARRAY_LEN(kinds) - (mode == MODE_KILLS ? 0 : 1))];

	/* A process more costs a spawn. */
	if ((kind == CALL_FORK || kind == CALL_EXIT) && !chance(c, 30))
		return CALL_WRITE;
	return (enum call_kind)kind;
}

void some_call(struct choices *c, struct call *call, enum mode mode, unsigned processes)
{
	*call = (struct call){
		.kind = (uint8_t)some_kind(c, mode),
		.process = (uint8_t)below(c, processes),
		.slot = (uint8_t)below(c, 3),
		.name = (uint8_t)some_name(c),
		.to = (uint8_t)below(c, 3),
	};
	switch ((int)call->kind) {
	case CALL_OPEN:
		call->flags = some_flags(c);
		break;
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_PWRITE:
		some_text(c, call, mode);
		call->offset = some_offset(c);
		break;
	case CALL_LSEEK:
		some_place(c, call);
		break;
	case CALL_TRUNCATE:
	case CALL_FTRUNCATE:
		call->offset = chance(c, 50) ? 0 : some_offset(c);
		if (chance(c, 2))
			call->offset = BIG + 1;
		break;
	case CALL_READ:
		call->offset = chance(c, 80) ? 1000 : 12;
		break;
	case CALL_RENAME:
		if (chance(c, 50))
			call->name = NAME_SCRATCH;
		call->to = call->name == NAME_PERMISSIONS ? NAME_BACKUP : NAME_PERMISSIONS;
		break;
	case CALL_FORK:
		call->to = (uint8_t)(processes < PROCESSES ? processes : below(c, PROCESSES));
		break;
	case CALL_KILL:
		call->flags = chance(c, 50) ? SIGKILL : SIGTERM;
		break;
	default:
		break;
	}
}

/* --- a sequence ------------------------------------------------------------------------------- */

/* Those of several programs, one after the other or mixed, each in its order. */
static void mix(struct sequence *s, struct choices *c, struct program *p, unsigned n)
{
	bool in_turn = chance(c, 30);
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++)
		left += p[i].n;
	for (; left > 0 && s->n < CALLS_MAX; left--) {
		unsigned i = in_turn ? 0 : below(c, n);
		while (p[i].at == p[i].n)
			i = (i + 1) % n;
		s->call[s->n++] = p[i].call[p[i].at++];
	}
}

void generate(struct sequence *s, struct choices *c, enum mode mode)
{
	struct program programs[PROCESSES];
	unsigned n = 1 + below(c, PROCESSES);
	bool random = chance(c, 30);

	*s = (struct sequence){.mode = mode, .start = some_start(c)};
	if (random) {
		for (unsigned calls = 4 + below(c, 20); s->n < calls; s->n++)
			some_call(c, &s->call[s->n], mode, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		program(&programs[i], c, mode, i, i == 0 && n < PROCESSES ? n : PROCESSES);
	mix(s, c, programs, n);
	/* And here and there one that none of them makes. */
	for (unsigned i = 0; i < s->n && chance(c, 40); i++) {
		unsigned at = below(c, s->n + 1);
		if (s->n == CALLS_MAX)
			break;
		memmove(&s->call[at + 1], &s->call[at], (s->n - at) * sizeof(*s->call));
		some_call(c, &s->call[at], mode, n);
		s->n++;
	}
}

void make_sequence(struct sequence *s, uint64_t seed, uint64_t number, int mode, uint32_t kinds)
{
	struct choices c;
	unsigned kept = 0;

	choices_seed(&c, seed * UINT64_C(1000003) + number);
	unsigned any = below(&c, 2 * MODES);
	generate(s, &c, mode >= 0 ? (enum mode)mode : any < MODES ? (enum mode)any : MODE_PLAIN);
	s->seed = number;
	for (unsigned i = 0; i < s->n; i++)
		if ((kinds >> s->call[i].kind & 1) == 0)
			s->call[kept++] = s->call[i];
	s->n = kept;
}
