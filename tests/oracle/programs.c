/* SPDX-License-Identifier: MIT */
/* What real programs do with `permissions`, call by call. */
#include "generate.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

/* Which process it is, and the program whose calls are being put together. */
struct author {
	struct program *p;
	struct choices *c;
	enum mode mode;
	uint8_t process, child;
};

static struct call *add(struct author *a, enum call_kind kind, unsigned slot)
{
	struct program *p = a->p;
	static struct call beyond;
	struct call *call = p->n < ARRAY_LEN(p->call) ? &p->call[p->n++] : &beyond;

	*call = (struct call){.kind = (uint8_t)kind, .process = a->process, .slot = (uint8_t)slot};
	return call;
}

static void open_as(struct author *a, unsigned slot, enum name name, int flags)
{
	struct call *call = add(a, CALL_OPEN, slot);

	call->name = (uint8_t)name;
	call->flags = flags;
}

static void write_some(struct author *a, unsigned slot)
{
	struct call *call = add(a, chance(a->c, 8) ? CALL_WRITEV : CALL_WRITE, slot);

	some_text(a->c, call, a->mode);
}

static void seek(struct author *a, unsigned slot, int whence)
{
	add(a, CALL_LSEEK, slot)->flags = whence;
}

static void read_all(struct author *a, unsigned slot)
{
	add(a, CALL_READ, slot)->offset = 1000;
}

static void move(struct author *a, enum name from, enum name to)
{
	struct call *call = add(a, CALL_RENAME, 0);

	call->name = (uint8_t)from;
	call->to = (uint8_t)to;
}

static void put(struct author *a, unsigned slot)
{
	for (unsigned n = 1 + below(a->c, 3); n > 0; n--)
		write_some(a, slot);
}

/* A shell opens, moves the handle to its place and closes the first one: a flush before a write. */
static unsigned redirect(struct author *a, int flags)
{
	open_as(a, 0, NAME_PERMISSIONS, O_WRONLY | O_CREAT | flags);
	if (chance(a->c, 40))
		return 0;
	add(a, CALL_DUP, 0)->to = 1;
	add(a, CALL_CLOSE, 0);
	return 1;
}

static void echo_over(struct author *a)
{
	unsigned slot = redirect(a, O_TRUNC);

	if (chance(a->c, 90))
		put(a, slot);
	add(a, CALL_CLOSE, slot);
}

static void echo_behind(struct author *a)
{
	unsigned slot = redirect(a, O_APPEND);

	put(a, slot);
	add(a, CALL_CLOSE, slot);
}

/* exec 3> f; … >&3; exec 3>&-: a flush after each. */
static void keep_open(struct author *a)
{
	open_as(a, 2, NAME_PERMISSIONS,
		O_WRONLY | O_CREAT | (chance(a->c, 60) ? O_TRUNC : O_APPEND));
	for (unsigned n = below(a->c, 3); n > 0; n--) {
		add(a, CALL_DUP, 2)->to = 1;
		write_some(a, 1);
		add(a, CALL_CLOSE, 1);
	}
	add(a, CALL_CLOSE, 2);
}

/* The cp of uutils, and `cat new > f 2> f`: opened twice. */
static void open_twice(struct author *a)
{
	open_as(a, 0, NAME_PERMISSIONS, O_WRONLY | O_CREAT | O_TRUNC);
	open_as(a, 1, NAME_PERMISSIONS, O_WRONLY | (chance(a->c, 70) ? O_CREAT | O_TRUNC : 0));
	unsigned which = below(a->c, 2);
	put(a, which);
	add(a, CALL_CLOSE, which);
	add(a, CALL_CLOSE, 1 - which);
}

/* perl "+<", Java's RandomAccessFile: to the end, and on. */
static void add_in_place(struct author *a)
{
	open_as(a, 0, NAME_PERMISSIONS, O_RDWR);
	if (chance(a->c, 40))
		read_all(a, 0);
	for (unsigned n = 1 + below(a->c, 2); n > 0; n--) {
		seek(a, 0, SEEK_END);
		write_some(a, 0);
	}
	add(a, CALL_CLOSE, 0);
}

/* Python r+: read, back, write, cut off. */
static void rewrite_in_place(struct author *a)
{
	open_as(a, 0, NAME_PERMISSIONS, O_RDWR);
	read_all(a, 0);
	seek(a, 0, SEEK_SET);
	struct call *call = add(a, CALL_WRITE, 0);
	some_text(a->c, call, a->mode);
	add(a, CALL_FTRUNCATE, 0)->offset = call->len;
	add(a, CALL_CLOSE, 0);
}

/* dd conv=notrunc, busybox vi */
static void overwrite(struct author *a)
{
	open_as(a, 0, NAME_PERMISSIONS, O_WRONLY | (chance(a->c, 50) ? O_CREAT : 0));
	put(a, 0);
	if (chance(a->c, 40))
		add(a, CALL_FTRUNCATE, 0)->offset = below(a->c, 30);
	add(a, CALL_CLOSE, 0);
}

/* fopen(F, "w"), fseek(SEEK_END), fwrite: PHP, Python */
static void write_at_end(struct author *a)
{
	open_as(a, 0, NAME_PERMISSIONS, O_WRONLY | O_CREAT | O_TRUNC);
	seek(a, 0, SEEK_END);
	write_some(a, 0);
	if (chance(a->c, 30)) {
		seek(a, 0, SEEK_END);
		write_some(a, 0);
	}
	add(a, CALL_CLOSE, 0);
}

/* sort -o f f, ed, vim without a backup: emptied through the handle. */
static void empty_and_write(struct author *a)
{
	open_as(a, 0, NAME_PERMISSIONS, O_WRONLY | O_CREAT);
	if (chance(a->c, 50)) {
		open_as(a, 1, NAME_PERMISSIONS, O_RDONLY);
		read_all(a, 1);
		add(a, CALL_CLOSE, 1);
	}
	add(a, CALL_FTRUNCATE, 0);
	put(a, 0);
	if (chance(a->c, 40))
		add(a, CALL_FSYNC, 0);
	add(a, CALL_CLOSE, 0);
}

/* sed -i, rsync, mv */
static void replace_by_rename(struct author *a)
{
	open_as(a, 0, NAME_SCRATCH, O_WRONLY | O_CREAT | (chance(a->c, 50) ? O_EXCL : O_TRUNC));
	put(a, 0);
	if (chance(a->c, 30))
		add(a, CALL_FSYNC, 0);
	if (chance(a->c, 70)) {
		add(a, CALL_CLOSE, 0);
		move(a, NAME_SCRATCH, NAME_PERMISSIONS);
	} else { /* GTK editors close afterwards */
		move(a, NAME_SCRATCH, NAME_PERMISSIONS);
		if (chance(a->c, 30))
			write_some(a, 0);
		add(a, CALL_CLOSE, 0);
	}
}

/* vim, cp -b, emacs: aside, and made anew; or back again. */
static void back_up(struct author *a)
{
	move(a, NAME_PERMISSIONS, NAME_BACKUP);
	if (chance(a->c, 20)) {
		move(a, NAME_BACKUP, NAME_PERMISSIONS);
		return;
	}
	open_as(a, 0, NAME_PERMISSIONS, O_WRONLY | O_CREAT | (chance(a->c, 50) ? O_EXCL : O_TRUNC));
	put(a, 0);
	if (chance(a->c, 50))
		add(a, CALL_FSYNC, 0);
	add(a, CALL_CLOSE, 0);
	add(a, CALL_UNLINK, 0)->name = NAME_BACKUP;
}

/* install, tar x, mv from elsewhere */
static void remove_and_make(struct author *a)
{
	add(a, CALL_UNLINK, 0)->name = NAME_PERMISSIONS;
	open_as(a, 0, NAME_PERMISSIONS, O_WRONLY | O_CREAT | O_EXCL);
	put(a, 0);
	add(a, CALL_CLOSE, 0);
}

/* { a; b; } > f: the children write. */
static void group(struct author *a)
{
	uint8_t parent = a->process;
	unsigned slot = redirect(a, chance(a->c, 70) ? O_TRUNC : O_APPEND);
	bool parent_first = chance(a->c, 30);

	add(a, CALL_FORK, 0)->to = a->child;
	if (parent_first)
		add(a, CALL_CLOSE, slot);
	a->process = a->child;
	put(a, slot);
	add(a, chance(a->c, 50) ? CALL_CLOSE : CALL_EXIT, slot);
	a->process = parent;
	if (parent_first)
		return;
	if (chance(a->c, 50))
		write_some(a, slot);
	add(a, CALL_CLOSE, slot);
}

static void look(struct author *a)
{
	open_as(a, 0, NAME_PERMISSIONS, O_RDONLY);
	read_all(a, 0);
	if (chance(a->c, 50))
		add(a, CALL_FSTAT, 0);
	if (chance(a->c, 30))
		add(a, CALL_FSYNC, 0); /* sync f */
	add(a, CALL_CLOSE, 0);
}

static void empty(struct author *a)
{
	add(a, CALL_TRUNCATE, 0)->offset = chance(a->c, 80) ? 0 : below(a->c, 30);
}

typedef void author_step(struct author *a);

void program(struct program *p, struct choices *c, enum mode mode, unsigned process, unsigned child)
{
	static author_step *const programs[] = {echo_over,
						echo_over,
						echo_behind,
						echo_behind,
						keep_open,
						keep_open,
						open_twice,
						open_twice,
						add_in_place,
						add_in_place,
						rewrite_in_place,
						overwrite,
						write_at_end,
						empty_and_write,
						replace_by_rename,
						replace_by_rename,
						back_up,
						remove_and_make,
						look,
						empty,
						group};
	struct author a = {
		.p = p, .c = c, .mode = mode, .process = (uint8_t)process, .child = (uint8_t)child};
	unsigned which = below(c, ARRAY_LEN(programs));

	*p = (struct program){.n = 0};
	/* A process more costs a spawn. */
	if (programs[which] == group && (child == PROCESSES || chance(c, 60)))
		which = 0;
	programs[which](&a);
	if (mode == MODE_KILLS && p->n > 1 && chance(c, 40)) {
		p->n = 1 + below(c, p->n - 1);
		a.process = (uint8_t)process;
		add(&a, CALL_KILL, 0)->flags = chance(c, 50) ? SIGKILL : SIGTERM;
	}
}
