/* SPDX-License-Identifier: MIT */
#include "mount/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/credential.h"
#include "auth/keyring.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "system/capability.h"
#include "system/descriptors.h"
#include "system/mountpoint.h"
#include "system/outside.h"
#include "system/process.h"

#define HELPER_NAME "pscalefs-helper" /* its argv[0], which identifies it, and its comm */
#define SOCKET_FD   3
#define OWNER_FD    4 /* of a temporary mount point */
#define TEMPORARY   "temporary"
/* The helper counts as lost after this many waits for an answer, each of this many seconds. Not one
 * long wait: after the machine was suspended that would end before the helper could answer. */
#define PATIENCE_S     1
#define PATIENCE_WAITS 20

extern char **environ;

enum request_kind {
	PROCESS_READ,
	PROCESS_GROUP,
	PROCESS_END,
	OPEN_CREDENTIAL,
	KEYRING_START,
	KEYRING_END,
	UNMOUNT,
	FINISH,
};

struct request {
	enum request_kind kind;
	pid_t tid;
};

/* A descriptor may be sent with it. Both ends are the same program, so this needs no encoding. */
struct reply {
	int result;
	struct process process;
	struct error error;
};

/* --- messages --------------------------------------------------------------------------------- */

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static bool send_reply(int socket, const struct reply *reply, int fd)
{
	union control control = {.room = {0}};
	struct iovec part = {(void *)(uintptr_t)reply, sizeof(*reply)};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0) {
		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(socket, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(*reply);
}

/* *fd: the descriptor that came with the reply, or -1. */
static bool receive_reply(int socket, struct reply *reply, int *fd)
{
	union control control = {.room = {0}};
	struct iovec part = {reply, sizeof(*reply)};
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t n;
	int waits = 0;

	*fd = -1;
	do
		n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || (errno == EAGAIN && ++waits < PATIENCE_WAITS)));
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n == (ssize_t)sizeof(*reply);
}

/* --- in the helper ---------------------------------------------------------------------------- */

struct duties {
	const char *mountpoint;
	const char *credential_file; /* "": none */
	const char *program;
	bool temporary; /* the mount point is a temporary directory, to be removed */
	struct keyring_reader reader;
};

static void end_reader(struct duties *d)
{
	keyring_end(&d->reader);
	while (!keyring_gone(&d->reader))
		usleep(1000); /* not long: it was killed */
}

static int start_reader(struct duties *d, struct error *e)
{
	end_reader(d);
	int r = keyring_ask(&d->reader, d->program, e);
	return r != 0 ? r : d->reader.fd;
}

/* Carry out a request. Returns the descriptor to send, or -1. */
static int fulfil(struct duties *d, const struct request *request, struct reply *reply)
{
	int fd = -1;

	switch (request->kind) {
	case PROCESS_READ:
		reply->result = process_read(request->tid, &reply->process);
		break;
	case PROCESS_GROUP:
		reply->result = process_group(request->tid);
		break;
	case PROCESS_END:
		process_handle(request->tid);
		reply->result = process_end(request->tid);
		reply->process.tgid = process_group(request->tid);
		process_handle(0);
		break;
	case OPEN_CREDENTIAL:
		fd = d->credential_file[0] != '\0'
			     ? outside_open(d->credential_file, CREDENTIAL_OPEN_FLAGS)
			     : -ENOENT;
		reply->result = fd >= 0 ? 0 : fd;
		break;
	case KEYRING_START:
		fd = start_reader(d, &reply->error);
		reply->result = fd >= 0 ? 0 : fd;
		break;
	case KEYRING_END:
		end_reader(d);
		break;
	case UNMOUNT:
		reply->result = mountpoint_detach(d->mountpoint, &reply->error);
		break;
	case FINISH:
		if (d->temporary)
			rmdir(d->mountpoint);
		break;
	}
	return fd >= 0 ? fd : -1;
}

/* Close a descriptor that was sent, so that the daemon has the only copy. */
static void close_sent(struct duties *d, int fd)
{
	if (fd >= 0)
		close(fd);
	if (fd == d->reader.fd)
		d->reader.fd = -1;
}

/* Leave terminal, directory and open files, and ignore signals that are meant for the daemon. */
static void leave_surroundings(bool temporary)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
	int null = open("/dev/null", O_RDWR);

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (null < 0 || chdir("/") != 0)
		_exit(EXIT_FAILURE);
	setsid();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	close_above(SOCKET_FD, temporary ? OWNER_FD : -1);
	prctl(PR_SET_NAME, HELPER_NAME);
}

bool helper_is_this(int argc, char **argv)
{
	return (argc == 4 || argc == 5) && str_eq(argv[0], HELPER_NAME);
}

/*
 * The daemon was killed. If its mount point is temporary, nobody else may remove it: wait for the
 * end of its owner, who would do that, and until then let the dead mount be seen as such.
 */
_Noreturn static void outlive_daemon(const struct duties *d)
{
	struct error e;
	char byte;

	if (!d->temporary)
		_exit(EXIT_SUCCESS);
	while (read(OWNER_FD, &byte, 1) > 0)
		;
	if (rmdir(d->mountpoint) != 0 && errno == EBUSY) {
		mountpoint_detach(d->mountpoint, &e);
		rmdir(d->mountpoint);
	}
	_exit(EXIT_SUCCESS);
}

_Noreturn void helper_be(char **argv)
{
	struct duties d = {argv[1], argv[2], argv[3], argv[4] != NULL, .reader = {.fd = -1}};
	struct request request;

	if (fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC) != 0)
		_exit(EXIT_FAILURE);
	if (d.temporary && fcntl(OWNER_FD, F_SETFD, FD_CLOEXEC) != 0)
		_exit(EXIT_FAILURE);
	leave_surroundings(d.temporary);
	/* Only root has capabilities to drop; for other users fusermount3 must gain privileges. */
	if (geteuid() == 0) {
		capability_keep(CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SYS_PTRACE) |
				CAPABILITY(CAP_DAC_READ_SEARCH));
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	}
	for (;;) {
		ssize_t n = recv(SOCKET_FD, &request, sizeof(request), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(request))
			outlive_daemon(&d);
		struct reply reply = {0};
		int fd = fulfil(&d, &request, &reply);
		bool sent = send_reply(SOCKET_FD, &reply, fd);
		close_sent(&d, fd);
		if (request.kind == FINISH)
			_exit(EXIT_SUCCESS);
		if (!sent)
			outlive_daemon(&d);
	}
}

/* --- in the daemon ---------------------------------------------------------------------------- */

static struct {
	pid_t pid;             /* 0: none */
	int fd;                /* -1: none, or lost */
	char *credential_file; /* owned; NULL: none */
	bool delegated;
	bool temporary; /* it has to remove the mount point */
} helper = {.fd = -1};

/* False: the helper is lost. The socket is then closed, so that a late reply is not taken for the
 * reply to another request. */
static bool ask_helper(enum request_kind kind, pid_t tid, struct reply *reply, int *fd)
{
	const struct request request = {kind, tid};
	int other = -1;

	*reply = (struct reply){0};
	if (helper.fd < 0)
		return false;
	bool answered = send(helper.fd, &request, sizeof(request), MSG_NOSIGNAL) ==
				(ssize_t)sizeof(request) &&
			receive_reply(helper.fd, reply, fd != NULL ? fd : &other);
	if (other >= 0)
		close(other);
	if (!answered) {
		log_error("the helper process is lost: pscalefs cannot see its callers any more; "
			  "unmount and mount again");
		close(helper.fd);
		helper.fd = -1;
	}
	return answered;
}

static int lost(struct error *e)
{
	return error_set(e, EPIPE, "the helper process is lost");
}

static int delegated_read(pid_t tid, struct process *p)
{
	struct reply reply;

	if (!ask_helper(PROCESS_READ, tid, &reply, NULL))
		reply.result = -ESRCH;
	*p = reply.process;
	return reply.result;
}

static pid_t delegated_group(pid_t tid)
{
	struct reply reply;

	return ask_helper(PROCESS_GROUP, tid, &reply, NULL) ? reply.result : 0;
}

static enum process_end delegated_process_end(pid_t tid, pid_t *group)
{
	struct reply reply;

	/* If it is unknown whether a signal ends the process, nothing may be revoked. */
	if (!ask_helper(PROCESS_END, tid, &reply, NULL))
		reply = (struct reply){.result = PROCESS_END_UNSEEN};
	*group = reply.process.tgid;
	return (enum process_end)reply.result;
}

static int delegated_open(const char *path)
{
	struct reply reply;
	int fd;

	if (!str_eq(path, helper.credential_file))
		return -EACCES;
	if (!ask_helper(OPEN_CREDENTIAL, 0, &reply, &fd))
		return -EPIPE;
	return reply.result != 0 ? reply.result : fd >= 0 ? fd : -EIO;
}

static int delegated_reader(int *fd, struct error *e)
{
	struct reply reply;

	if (!ask_helper(KEYRING_START, 0, &reply, fd))
		return lost(e);
	*e = reply.error;
	return reply.result;
}

static void delegated_end(void)
{
	struct reply reply;

	ask_helper(KEYRING_END, 0, &reply, NULL);
}

/* 0 or a positive errno. */
static int spawn_helper(const char *program, const char *mountpoint, int owner_fd, int socket)
{
	char *argv[] = {xstrdup(HELPER_NAME),
			xstrdup(mountpoint),
			xstrdup(helper.credential_file != NULL ? helper.credential_file : ""),
			xstrdup(program),
			xstrdup(owner_fd >= 0 ? TEMPORARY : NULL),
			NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, socket, SOCKET_FD);
	if (owner_fd >= 0)
		posix_spawn_file_actions_adddup2(&files, owner_fd, OWNER_FD);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	int r = posix_spawn(&helper.pid, program, &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	return r;
}

/* The same descriptor, with a number that no dup2(2) of spawn_helper() replaces. */
static int move_up(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, OWNER_FD + 1);

	if (fd >= 0)
		close(fd);
	return high;
}

int helper_start(const char *program, const char *mountpoint, int owner_fd,
		 const char *credential_file, struct error *e)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return error_set(e, errno, "cannot start the helper process: %s", strerror(errno));
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	helper.credential_file = xstrdup(credential_file);
	fds[1] = move_up(fds[1]);
	int owner = owner_fd < 0 ? -1 : move_up(dup(owner_fd));
	int r = spawn_helper(program, mountpoint, owner, fds[1]);
	close(fds[1]);
	if (owner >= 0)
		close(owner);
	helper.fd = fds[0];
	helper.temporary = r == 0 && owner_fd >= 0;
	if (r == 0)
		return 0;
	helper.pid = 0;
	helper_stop();
	return error_set(e, r, "cannot start the helper process: %s: %s", program, strerror(r));
}

int helper_delegate(struct error *e)
{
	static const struct process_delegate look = {
		.read = delegated_read,
		.group = delegated_group,
		.end = delegated_process_end,
	};
	static const struct keyring_delegate keyring = {
		.start = delegated_reader,
		.end = delegated_end,
	};

	if (helper.fd < 0)
		return lost(e);
	if (delegated_group(getpid()) != getpid())
		return error_set(e, ESRCH, "the helper process does not see this one in /proc");
	process_delegate(&look);
	keyring_delegate(&keyring);
	credential_open_with(delegated_open);
	helper.delegated = true;
	return 0;
}

int helper_unmount(const char *mountpoint, struct error *e)
{
	struct reply reply;

	if (!helper.delegated)
		return mountpoint_detach(mountpoint, e);
	if (!ask_helper(UNMOUNT, 0, &reply, NULL))
		return lost(e);
	*e = reply.error;
	return reply.result;
}

void helper_stop(void)
{
	struct reply reply;

	if (helper.temporary)
		ask_helper(FINISH, 0, &reply, NULL);
	/* Do not wait for one that is lost: it may never end. */
	if (helper.fd < 0)
		helper.pid = 0;
	else
		close(helper.fd);
	helper.fd = -1;
	while (helper.pid > 0 && waitpid(helper.pid, NULL, 0) < 0 && errno == EINTR)
		;
	helper.pid = 0;
	free(helper.credential_file);
	helper.credential_file = NULL;
}
