/* SPDX-License-Identifier: MIT */
/*
 * relay MS PORT: a TCP relay to 127.0.0.1:PORT that makes it look MS milliseconds away, in each
 * direction. It keeps the order of bytes and does not limit how many pass. Its own listening socket
 * accepts at once, so what a client sends first is held back for the round trip that a handshake
 * with a far server takes.
 *
 * Prints "listening PORT" and runs until it is killed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 512
#define CHUNK_SIZE      65536

struct chunk {
	struct chunk *next;
	int64_t due_ns;
	size_t len, written; /* len 0: the sender has ended */
	char bytes[];
};

/* One direction: from fd[i] to fd[!i]. */
struct direction {
	struct chunk *first, **last;
	bool ended; /* nothing more is read */
};

struct connection {
	int fd[2]; /* the client's, the server's */
	struct direction from[2];
	int64_t established_ns; /* when a far server's handshake would be over */
};

static struct connection connections[CONNECTIONS_MAX];
static unsigned count;
static int64_t delay_ns;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in local(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_anywhere(void)
{
	struct sockaddr_in at = local(0);
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 128) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		die("listen");
	printf("listening %u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void accept_client(int listener, uint16_t to_port)
{
	struct sockaddr_in to = local(to_port);
	struct connection c = {.established_ns = now_ns() + 2 * delay_ns};
	int on = 1;

	c.fd[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c.fd[0] < 0)
		return;
	c.fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c.fd[1] < 0)
		die("socket");
	if (count == CONNECTIONS_MAX ||
	    (connect(c.fd[1], (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)) {
		close(c.fd[0]);
		close(c.fd[1]);
		return;
	}
	for (int i = 0; i < 2; i++)
		setsockopt(c.fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connections[count] = c;
	for (int i = 0; i < 2; i++)
		connections[count].from[i].last = &connections[count].from[i].first;
	count++;
}

static void chunks_free(struct direction *d)
{
	for (struct chunk *chunk = d->first, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
}

static void drop(unsigned n)
{
	struct connection *c = &connections[n];

	for (int i = 0; i < 2; i++) {
		chunks_free(&c->from[i]);
		close(c->fd[i]);
	}
	*c = connections[--count];
	/* An empty queue's end points into the connection, which has moved. */
	for (int i = 0; i < 2; i++)
		if (c->from[i].first == NULL)
			c->from[i].last = &c->from[i].first;
}

/* Takes what has arrived; false when the connection is broken. */
static bool take(struct connection *c, int i)
{
	static char bytes[CHUNK_SIZE];
	struct direction *d = &c->from[i];
	ssize_t len = read(c->fd[i], bytes, sizeof(bytes));
	int64_t now = now_ns();

	if (len < 0)
		return errno == EAGAIN || errno == EINTR;
	struct chunk *chunk = malloc(sizeof(*chunk) + (size_t)len);
	if (chunk == NULL)
		die("malloc");
	if (i == 0 && now < c->established_ns)
		now = c->established_ns;
	*chunk = (struct chunk){.due_ns = now + delay_ns, .len = (size_t)len};
	memcpy(chunk->bytes, bytes, (size_t)len);
	*d->last = chunk;
	d->last = &chunk->next;
	d->ended = len == 0;
	return true;
}

/* Passes on what is due; false when the connection is broken or over. */
static bool give(struct connection *c, int i)
{
	struct direction *d = &c->from[i];
	int to = c->fd[!i];

	while (d->first != NULL && d->first->due_ns <= now_ns()) {
		struct chunk *chunk = d->first;

		if (chunk->len == 0)
			shutdown(to, SHUT_WR);
		while (chunk->written < chunk->len) {
			ssize_t n = send(to, chunk->bytes + chunk->written,
					 chunk->len - chunk->written, MSG_NOSIGNAL);
			if (n < 0)
				return errno == EAGAIN || errno == EINTR;
			chunk->written += (size_t)n;
		}
		d->first = chunk->next;
		if (d->first == NULL)
			d->last = &d->first;
		free(chunk);
	}
	return d->first != NULL || !d->ended || !c->from[!i].ended || c->from[!i].first != NULL;
}

/* What to wait for on the side i: bytes from it, and room in it for what is due. */
static short wanted(const struct connection *c, int i, int64_t now)
{
	const struct chunk *first = c->from[!i].first;

	return (short)((c->from[i].ended ? 0 : POLLIN) |
		       (first != NULL && first->due_ns <= now ? POLLOUT : 0));
}

static void turn(int listener, uint16_t to_port)
{
	static struct pollfd fds[1 + 2 * CONNECTIONS_MAX];
	int64_t now = now_ns(), next = INT64_MAX;

	fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (unsigned n = 0; n < 2 * count; n++) {
		const struct connection *c = &connections[n / 2];
		const struct chunk *first = c->from[n % 2].first;

		/* A negative one is left out: POLLHUP would be reported again and again. */
		short events = wanted(c, n % 2, now);
		fds[1 + n] =
			(struct pollfd){.fd = events != 0 ? c->fd[n % 2] : -1, .events = events};
		if (first != NULL && first->due_ns > now && first->due_ns < next)
			next = first->due_ns;
	}
	struct timespec wait = {.tv_sec = (next - now) / 1000000000,
				.tv_nsec = (next - now) % 1000000000};
	unsigned before = count;
	if (ppoll(fds, 1 + 2 * before, next == INT64_MAX ? NULL : &wait, NULL) < 0)
		die("ppoll");
	/* From last to first: drop() puts the last into the gap. */
	for (unsigned n = before; n-- > 0;) {
		struct connection *c = &connections[n];
		bool good = true;

		for (int i = 0; i < 2; i++) {
			if (good && (fds[1 + 2 * n + (unsigned)i].revents & ~POLLOUT) != 0 &&
			    !c->from[i].ended)
				good = take(c, i);
			good = good && give(c, i);
		}
		if (!good)
			drop(n);
	}
	if (fds[0].revents != 0)
		accept_client(listener, to_port);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: relay MS PORT\n");
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1UL); /* or each delay is 50 us longer */
	delay_ns = (int64_t)(strtod(argv[1], NULL) * 1e6);
	uint16_t port = (uint16_t)strtoul(argv[2], NULL, 10);
	int listener = listen_anywhere();
	for (;;)
		turn(listener, port);
}
