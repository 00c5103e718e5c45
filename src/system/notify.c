/* SPDX-License-Identifier: MIT */
#include "system/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

/* Fill in the address; returns its length, 0 if `name` is not the name of a local socket. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	size_t len = strlen(name);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(address->sun_path))
		return 0;
	memcpy(address->sun_path, name, len);
	if (name[0] == '/') /* ends with a zero byte */
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	address->sun_path[0] = '\0'; /* an abstract name is all bytes up to the length */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void notify_open(struct notify *n)
{
	cleanup(free_ptr) char *name = xstrdup(getenv("NOTIFY_SOCKET"));
	struct sockaddr_un address;

	n->fd = -1;
	if (name == NULL || name[0] == '\0')
		return;
	unsetenv("NOTIFY_SOCKET");
	socklen_t len = address_of(name, &address);
	if (len == 0) {
		log_warning("NOTIFY_SOCKET is not the address of a local socket");
		return;
	}
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0 || connect(n->fd, (struct sockaddr *)&address, len) != 0) {
		log_warning("cannot reach the service manager: %s", strerror(errno));
		notify_close(n);
	}
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

static void tell(const struct notify *n, const struct buf *message)
{
	if (send(n->fd, message->data, message->len, MSG_NOSIGNAL) < 0)
		log_warning("cannot tell the service manager: %s", strerror(errno));
}

/* Send `state`, which is lines of the protocol, and after it a status. NULL: none. */
static void tell_state(const struct notify *n, const char *state, const char *status)
{
	cleanup(buf_finish) struct buf message = BUF_INIT;
	char clean[512];

	if (n->fd < 0)
		return;
	buf_adds(&message, state);
	if (status != NULL) {
		text_clean(clean, sizeof(clean), status, strlen(status));
		buf_addf(&message, "STATUS=%s\n", clean);
	}
	tell(n, &message);
}

void notify_ready(const struct notify *n, const char *status)
{
	tell_state(n, "READY=1\n", status);
}

void notify_reloading(const struct notify *n)
{
	struct timespec now;
	char state[64];

	/* systemd compares it with the time of its own request to reload. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu\n",
		 (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
	tell_state(n, state, "reading the credential again");
}

void notify_stopping(const struct notify *n, const char *status)
{
	tell_state(n, "STOPPING=1\n", status);
}

void notify_status(const struct notify *n, const char *status)
{
	tell_state(n, "", status);
}

void notify_failed(const struct notify *n, const struct error *e)
{
	char state[32];

	snprintf(state, sizeof(state), "ERRNO=%d\n", e->err);
	tell_state(n, state, e->text);
}
