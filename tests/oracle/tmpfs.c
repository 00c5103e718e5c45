/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * All processes are this one: a handle that two of them share is two descriptors of one open file
 * here, too.
 */
static int directory;
static int file[PROCESSES][SLOTS];

static void close_process(unsigned p)
{
	for (unsigned s = 0; s < SLOTS; s++) {
		if (file[p][s] >= 0)
			close(file[p][s]);
		file[p][s] = -1;
	}
}

static int fork_process(unsigned from, unsigned to)
{
	for (unsigned s = 0; s < SLOTS; s++)
		file[to][s] = file[from][s] < 0 ? -1 : fcntl(file[from][s], F_DUPFD_CLOEXEC, 0);
	return 0;
}

static int64_t size_of(int r, const struct stat *st)
{
	return r == 0 ? st->st_size : -1;
}

static int64_t truncate_name(enum name name, int64_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name_texts[name]);
	return truncate(path, size);
}

static int64_t do_call(const struct call *c, struct result *out)
{
	int *f = &file[c->process][c->slot];
	const char *name = name_texts[c->name];
	struct stat st;
	struct iovec parts[2] = {{(char *)(uintptr_t)c->data, c->cut},
				 {(char *)(uintptr_t)c->data + c->cut, c->len - c->cut}};

	switch ((enum call_kind)c->kind) {
	case CALL_OPEN:
		*f = openat(directory, name, c->flags | O_CLOEXEC, 0600);
		return *f < 0 ? -1 : 0;
	case CALL_READ:
		out->len = 0;
		ssize_t n =
			read(*f, out->data, c->offset < TEXT_MAX ? (size_t)c->offset : TEXT_MAX);
		out->len = n > 0 ? (uint32_t)n : 0;
		return n;
	case CALL_WRITE:
		return write(*f, c->data, c->len);
	case CALL_PWRITE:
		return pwrite(*f, c->data, c->len, c->offset);
	case CALL_WRITEV:
		return writev(*f, parts, 2);
	case CALL_LSEEK:
		return lseek(*f, c->offset, c->flags);
	case CALL_FTRUNCATE:
		return ftruncate(*f, c->offset);
	case CALL_TRUNCATE:
		return truncate_name((enum name)c->name, c->offset);
	case CALL_FSYNC:
		return 0;
	case CALL_FSTAT:
		return size_of(fstat(*f, &st), &st);
	case CALL_STAT:
		return size_of(fstatat(directory, name, &st, 0), &st);
	case CALL_DUP:
		file[c->process][c->to] = fcntl(*f, F_DUPFD_CLOEXEC, 0);
		return 0;
	case CALL_CLOSE:
		close(*f);
		*f = -1;
		return 0;
	case CALL_RENAME:
		return renameat(directory, name, directory, name_texts[c->to]);
	case CALL_UNLINK:
		return unlinkat(directory, name, 0);
	case CALL_FORK:
		return fork_process(c->process, c->to);
	case CALL_EXIT:
	case CALL_KILL:
		close_process(c->process);
		return 0;
	case CALL_KINDS:
		break;
	}
	return -1;
}

static void mirror_call(void *ctx, const struct call *c, struct result *out)
{
	(void)ctx;
	out->len = 0;
	out->ret = do_call(c, out);
	out->err = out->ret < 0 ? errno : 0;
}

static void mirror_put(void *ctx, enum name name, const char *text, size_t len)
{
	int f = openat(directory, name_texts[name], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)ctx;
	if (f < 0 || write(f, text, len) != (ssize_t)len) {
		perror("tmpfs");
		exit(2);
	}
	close(f);
}

const struct mirror *tmpfs_begin(const char *path)
{
	static const struct mirror mirror = {NULL, mirror_call, mirror_put};

	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		perror(path);
		exit(2);
	}
	for (unsigned p = 0; p < PROCESSES; p++)
		for (unsigned s = 0; s < SLOTS; s++)
			file[p][s] = -1;
	return &mirror;
}

void tmpfs_reset(void)
{
	for (unsigned p = 0; p < PROCESSES; p++)
		close_process(p);
	for (unsigned i = 0; i < NAMES; i++)
		unlinkat(directory, name_texts[i], 0);
}
