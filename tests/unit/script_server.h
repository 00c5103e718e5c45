/* SPDX-License-Identifier: MIT */
/*
 * script_server: an HTTP server, in a thread of the test, that follows a table of steps.
 *
 * The n-th request of all connections gets the n-th step; later requests get the last step.
 * Requests are logged; read the log when the server has stopped. `requests` may be read at any
 * time. Replies are sent as they are in the table, so they need not be valid HTTP.
 */
#ifndef PSCALEFS_SCRIPT_SERVER_H
#define PSCALEFS_SCRIPT_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

#define OK_REPLY(body_len, body)                                                                   \
	"HTTP/1.1 200 OK\r\nContent-Length: " body_len "\r\nX-Request-Id: req-1\r\n\r\n" body
#define STATUS_REPLY(status, headers)                                                              \
	"HTTP/1.1 " status " x\r\n" headers "Content-Length: 4\r\n\r\nbody"

enum then {
	KEEP,
	CLOSE,
	RESET,
	TRICKLE
};

struct step {
	const char *reply; /* NULL: none */
	enum then then;    /* TRICKLE: after the reply, a byte every TRICKLE_MS, without end */
	int delay_ms;      /* before the reply */
	size_t reply_len;  /* 0: strlen(reply) */
};

#define TRICKLE_MS      15
#define CONNECTIONS_MAX 16
#define REQUESTS_MAX    64

struct server_connection {
	int fd; /* -1: free */
	char in[4096];
	size_t in_len;
	const struct step *step; /* the current one; NULL: none */
	int64_t due_ms;
};

struct server_request {
	char text[4096];
	int connection; /* its number, from 0 */
};

struct server {
	const struct step *steps;
	size_t step_count;
	int listener, stop[2];
	int port;
	pthread_t thread;
	atomic_int requests;
	atomic_int accepted;
	atomic_int most_at_once; /* requests waiting for their answer */
	struct server_request log[REQUESTS_MAX];
	struct server_connection connections[CONNECTIONS_MAX];
	int numbers[CONNECTIONS_MAX];
};

static int64_t server_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void server_close(struct server_connection *c, bool reset)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(c->fd);
	c->fd = -1;
	c->step = NULL;
}

/* The length of the request at the start of `in`; 0: it is not complete. */
static size_t server_request_len(const char *in, size_t len)
{
	const char *end = memmem(in, len, "\r\n\r\n", 4);
	size_t body = 0;

	if (len > 5 && in[0] == 0x16)
		return len; /* a TLS hello */
	if (end == NULL)
		return 0;
	for (const char *line = in; line < end; line = strstr(line, "\r\n") + 2)
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			body = strtoul(line + 15, NULL, 10);
	size_t whole = (size_t)(end - in) + 4 + body;
	return whole <= len ? whole : 0;
}

static void server_take_request(struct server *s, int i)
{
	struct server_connection *c = &s->connections[i];
	size_t len = server_request_len(c->in, c->in_len);

	if (c->step != NULL || len == 0)
		return;
	int n = atomic_load(&s->requests);
	if (n < REQUESTS_MAX) {
		memcpy(s->log[n].text, c->in, len);
		s->log[n].text[len] = '\0';
		s->log[n].connection = s->numbers[i];
	}
	c->in_len -= len;
	memmove(c->in, c->in + len, c->in_len + 1);
	c->step = &s->steps[(size_t)n < s->step_count ? (size_t)n : s->step_count - 1];
	c->due_ms = server_now_ms() + c->step->delay_ms;
	int waiting = 0;
	for (int k = 0; k < CONNECTIONS_MAX; k++)
		waiting += s->connections[k].step != NULL;
	if (waiting > atomic_load(&s->most_at_once))
		atomic_store(&s->most_at_once, waiting);
	atomic_fetch_add(&s->requests, 1);
}

static void server_answer(struct server_connection *c)
{
	const struct step *step = c->step;
	const char *reply = step->reply;
	bool again = c->due_ms < 0;

	if (again)
		send(c->fd, "x", 1, MSG_NOSIGNAL);
	else if (reply != NULL)
		send(c->fd, reply, step->reply_len ? step->reply_len : strlen(reply), MSG_NOSIGNAL);
	if (step->then == TRICKLE)
		c->due_ms = -(server_now_ms() + TRICKLE_MS);
	else if (step->then != KEEP)
		server_close(c, step->then == RESET);
	else if (reply != NULL)
		c->step = NULL;
	else
		c->due_ms = INT64_MAX; /* silence */
}

static int64_t server_due_ms(const struct server_connection *c)
{
	return c->due_ms < 0 ? -c->due_ms : c->due_ms;
}

static void server_read(struct server *s, int i)
{
	struct server_connection *c = &s->connections[i];
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - 1 - c->in_len, MSG_DONTWAIT);

	if (n <= 0) {
		server_close(c, false);
		return;
	}
	c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	server_take_request(s, i);
}

static void server_accept(struct server *s)
{
	int fd = accept(s->listener, NULL, NULL);

	for (int i = 0; i < CONNECTIONS_MAX; i++) {
		if (s->connections[i].fd >= 0)
			continue;
		s->connections[i] = (struct server_connection){.fd = fd};
		s->numbers[i] = atomic_fetch_add(&s->accepted, 1);
		return;
	}
	close(fd);
}

static void *server_main(void *arg)
{
	struct server *s = arg;

	for (;;) {
		struct pollfd fds[2 + CONNECTIONS_MAX] = {
			{.fd = s->stop[0], .events = POLLIN},
			{.fd = s->listener, .events = POLLIN},
		};
		int64_t now = server_now_ms(), next = now + 1000;

		for (int i = 0; i < CONNECTIONS_MAX; i++) {
			struct server_connection *c = &s->connections[i];
			fds[2 + i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
			if (c->step != NULL && server_due_ms(c) < next)
				next = server_due_ms(c);
		}
		poll(fds, ARRAY_LEN(fds), next > now ? (int)(next - now) : 0);
		if (fds[0].revents != 0)
			return NULL;
		for (int i = 0; i < CONNECTIONS_MAX; i++) {
			struct server_connection *c = &s->connections[i];
			if (fds[2 + i].revents != 0)
				server_read(s, i);
			if (c->step != NULL && server_due_ms(c) <= server_now_ms())
				server_answer(c);
			if (c->fd >= 0)
				server_take_request(s, i);
		}
		if (fds[1].revents != 0)
			server_accept(s);
	}
}

static void server_start(struct server *s, const struct step *steps, size_t step_count)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);

	memset(s, 0, sizeof(*s));
	s->steps = steps;
	s->step_count = step_count;
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		s->connections[i].fd = -1;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(s->listener, (struct sockaddr *)&sin, len) != 0 || listen(s->listener, 64) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&sin, &len) != 0 || pipe(s->stop) != 0)
		abort();
	s->port = ntohs(sin.sin_port);
	if (pthread_create(&s->thread, NULL, server_main, s) != 0)
		abort();
}

static void server_stop(struct server *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->listener);
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (s->connections[i].fd >= 0)
			close(s->connections[i].fd);
}

#endif
