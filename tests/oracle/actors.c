/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xmalloc.h"

enum {
	PATIENCE_MS = 30000,
	BASE = 40, /* the first descriptor that is none of a slot's */
};

struct actors {
	int near[PROCESSES], far[PROCESSES]; /* of a pair of sockets each */
	pid_t pid[PROCESSES];                /* 0: not alive */
	int watch[PROCESSES];                /* pidfd */
	int directory;
};

/* What is said back. */
struct answer {
	int64_t ret;
	int32_t err;
	uint32_t len;
	char data[TEXT_MAX];
};

/* --- in a process ----------------------------------------------------------------------------- */

static int files[SLOTS];

static void serve(struct actors *a, unsigned number);

static int64_t do_fork(struct actors *a, unsigned child)
{
	pid_t pid = fork();

	if (pid == 0) {
		serve(a, child);
		_exit(0);
	}
	return pid;
}

static int64_t size_of(int r, const struct stat *st)
{
	return r == 0 ? st->st_size : -1;
}

static int64_t truncate_name(const struct actors *a, const char *name, int64_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", a->directory, name);
	return truncate(path, size);
}

static int64_t do_call(struct actors *a, const struct call *c, struct answer *out)
{
	int *f = &files[c->slot];
	const char *name = name_texts[c->name];
	struct stat st;
	struct iovec parts[2] = {{(char *)(uintptr_t)c->data, c->cut},
				 {(char *)(uintptr_t)c->data + c->cut, c->len - c->cut}};

	switch ((enum call_kind)c->kind) {
	case CALL_OPEN:
		*f = openat(a->directory, name, c->flags | O_CLOEXEC, 0600);
		return *f < 0 ? -1 : 0;
	case CALL_READ: {
		ssize_t n =
			read(*f, out->data, c->offset < TEXT_MAX ? (size_t)c->offset : TEXT_MAX);
		out->len = n > 0 ? (uint32_t)n : 0;
		return n;
	}
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
		return truncate_name(a, name, c->offset);
	case CALL_FSYNC:
		return fsync(*f);
	case CALL_FSTAT:
		return size_of(fstat(*f, &st), &st);
	case CALL_STAT:
		return size_of(fstatat(a->directory, name, &st, 0), &st);
	case CALL_DUP:
		files[c->to] = fcntl(*f, F_DUPFD_CLOEXEC, 0);
		return files[c->to] < 0 ? -1 : 0;
	case CALL_CLOSE: {
		int fd = *f;
		*f = -1;
		return close(fd);
	}
	case CALL_RENAME:
		return renameat(a->directory, name, a->directory, name_texts[c->to]);
	case CALL_UNLINK:
		return unlinkat(a->directory, name, 0);
	case CALL_FORK:
		return do_fork(a, c->to);
	case CALL_EXIT:
		_exit(0);
	case CALL_KILL:
	case CALL_KINDS:
		break;
	}
	errno = ENOSYS;
	return -1;
}

static void serve(struct actors *a, unsigned number)
{
	static struct call c;
	static struct answer out;
	int end = a->far[number];

	while (recv(end, &c, sizeof(c), 0) == (ssize_t)sizeof(c)) {
		out.len = 0;
		out.ret = do_call(a, &c, &out);
		out.err = out.ret < 0 ? errno : 0;
		send(end, &out, offsetof(struct answer, data) + out.len, 0);
	}
	_exit(0);
}

/* --- of the conductor ------------------------------------------------------------------------- */

static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

static void watch(struct actors *a, unsigned p, pid_t pid)
{
	a->pid[p] = pid;
	a->watch[p] = (int)syscall(SYS_pidfd_open, pid, 0);
	if (a->watch[p] < 0)
		give_up("pidfd_open");
}

static void spawn(struct actors *a, unsigned p)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		/* What it forks is nobody's concern there. */
		signal(SIGCHLD, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			serve(a, p);
		_exit(0);
	}
	watch(a, p, pid);
}

static int above(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, BASE);

	if (fd < 0 || moved < 0)
		give_up("descriptors");
	close(fd);
	return moved;
}

struct actors *actors_new(const char *directory)
{
	struct actors *a = xcalloc(1, sizeof(*a));
	int pair[2];

	if (a == NULL)
		abort();
	/* Who is left without its parent is ended here. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	a->directory = above(open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
	for (unsigned p = 0; p < PROCESSES; p++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
			give_up("socketpair");
		a->near[p] = above(pair[0]);
		a->far[p] = above(pair[1]);
		a->watch[p] = -1;
	}
	for (unsigned s = 0; s < SLOTS; s++)
		files[s] = -1;
	return a;
}

/* All its files are closed when this returns. */
static bool wait_for_end(struct actors *a, unsigned p)
{
	struct pollfd poller = {.fd = a->watch[p], .events = POLLIN};

	if (poll(&poller, 1, PATIENCE_MS) != 1)
		return false;
	waitpid(a->pid[p], NULL, WNOHANG);
	close(a->watch[p]);
	a->watch[p] = -1;
	a->pid[p] = 0;
	return true;
}

static bool end(struct actors *a, unsigned p, int signal)
{
	if (a->pid[p] == 0)
		return true;
	kill(a->pid[p], signal);
	return wait_for_end(a, p);
}

void actors_free(struct actors *a)
{
	for (unsigned p = 0; p < PROCESSES; p++)
		end(a, p, SIGKILL);
	free(a);
}

static bool exchange(struct actors *a, const struct call *c, struct answer *out)
{
	struct pollfd poller = {.fd = a->near[c->process], .events = POLLIN};

	if (send(a->near[c->process], c, sizeof(*c), 0) != (ssize_t)sizeof(*c) ||
	    poll(&poller, 1, PATIENCE_MS) != 1)
		return false;
	return recv(a->near[c->process], out, sizeof(*out), 0) > 0;
}

bool actors_call(struct actors *a, const struct call *c, struct result *out)
{
	static struct answer answer;

	if (c->kind == CALL_KILL) {
		out->ret = 0;
		return end(a, c->process, c->flags);
	}
	if (c->kind == CALL_EXIT) {
		out->ret = 0;
		return send(a->near[c->process], c, sizeof(*c), 0) > 0 &&
		       wait_for_end(a, c->process);
	}
	if (!exchange(a, c, &answer))
		return false;
	out->ret = answer.ret;
	out->err = answer.err;
	out->len = answer.len;
	memcpy(out->data, answer.data, answer.len);
	if (c->kind != CALL_FORK || answer.err != 0)
		return true;
	watch(a, c->to, (pid_t)answer.ret);
	out->ret = 0;
	return true;
}

/* A sequence that failed in the middle left files open: the process goes with them. */
static bool anything_open(struct actors *a, unsigned p)
{
	static struct answer answer;
	bool open = false;

	for (uint8_t s = 0; s < SLOTS; s++) {
		struct call seek = {
			.kind = CALL_LSEEK, .process = (uint8_t)p, .slot = s, .flags = SEEK_CUR};
		open |= !exchange(a, &seek, &answer) || answer.err != EBADF;
	}
	return open;
}

bool actors_reset(struct actors *a, const bool alive[PROCESSES], bool clean)
{
	for (unsigned p = 0; p < PROCESSES; p++) {
		if (a->pid[p] != 0 && (!alive[p] || (!clean && anything_open(a, p))) &&
		    !end(a, p, SIGKILL))
			return false;
		if (alive[p] && a->pid[p] == 0)
			spawn(a, p);
	}
	return true;
}
