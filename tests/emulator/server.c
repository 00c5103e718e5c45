/* SPDX-License-Identifier: MIT */
#include "server.h"

#include "clock.h"
#include "control.h"
#include "exchange.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/macros.h"

#define CONNECTION_LIMIT 8192

/* Callbacks of the API port */

static void *api_target(void *context, const char *target, struct MHD_Connection *connection)
{
	return exchange_new(context, connection, target);
}

static enum MHD_Result api_request(void *context, struct MHD_Connection *connection,
				   const char *url, const char *method, const char *version,
				   const char *data, size_t *size, void **slot)
{
	(void)context;
	(void)connection;
	(void)url;
	(void)version;
	return exchange_feed(*slot, method, data, size) ? MHD_YES : MHD_NO;
}

static void api_completed(void *context, struct MHD_Connection *connection, void **slot,
			  enum MHD_RequestTerminationCode code)
{
	(void)context;
	(void)connection;
	(void)code;
	if (*slot)
		exchange_free(*slot);
	*slot = NULL;
}

static void number_connection(void *context, struct MHD_Connection *connection, void **slot,
			      enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*slot = (void *)(uintptr_t)++server->connection_count;
}

/* Callbacks of the control port */

static void *control_target(void *context, const char *target, struct MHD_Connection *connection)
{
	return control_call_new(context, connection, target);
}

static enum MHD_Result control_request(void *context, struct MHD_Connection *connection,
				       const char *url, const char *method, const char *version,
				       const char *data, size_t *size, void **slot)
{
	(void)context;
	(void)connection;
	(void)url;
	(void)version;
	return control_call_feed(*slot, method, data, size) ? MHD_YES : MHD_NO;
}

static void control_completed(void *context, struct MHD_Connection *connection, void **slot,
			      enum MHD_RequestTerminationCode code)
{
	(void)context;
	(void)connection;
	(void)code;
	if (*slot)
		control_call_free(*slot);
	*slot = NULL;
}

/* Life */

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static struct MHD_Daemon *start_api(struct server *server, const struct server_options *options)
{
	struct sockaddr_in address = loopback(options->port);
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->certificate_pem},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->key_pem},
		{MHD_OPTION_END, 0, NULL},
	};

	if (options->certificate_pem)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	return MHD_start_daemon(
		flags, options->port, NULL, NULL, api_request, server, MHD_OPTION_SOCK_ADDR,
		&address, MHD_OPTION_URI_LOG_CALLBACK, api_target, server,
		MHD_OPTION_NOTIFY_COMPLETED, api_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
		number_connection, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_LIMIT,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static struct MHD_Daemon *start_control(struct server *server, const struct server_options *options)
{
	struct sockaddr_in address = loopback(options->control_port);

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, options->control_port,
				NULL, NULL, control_request, server, MHD_OPTION_SOCK_ADDR, &address,
				MHD_OPTION_URI_LOG_CALLBACK, control_target, server,
				MHD_OPTION_NOTIFY_COMPLETED, control_completed, server,
				MHD_OPTION_END);
}

int server_init(struct server *server, struct emulator *emulator,
		const struct server_options *options)
{
	*server = (struct server){.emulator = emulator};
	errno = 0;
	server->api = start_api(server, options);
	if (!server->api)
		return errno ? -errno : -EADDRINUSE;
	server->control = start_control(server, options);
	if (server->control)
		return 0;
	MHD_stop_daemon(server->api);
	return errno ? -errno : -EADDRINUSE;
}

void server_finish(struct server *server)
{
	server->stopping = true;
	exchange_wake_held(server, true);
	control_wake_all(server);
	MHD_run(server->api);
	MHD_run(server->control);
	MHD_stop_daemon(server->api);
	MHD_stop_daemon(server->control);
	timers_finish(&server->timers);
}

static uint16_t daemon_port(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

uint16_t server_port(const struct server *server)
{
	return daemon_port(server->api);
}

uint16_t server_control_port(const struct server *server)
{
	return daemon_port(server->control);
}

/* The loop */

static int daemon_fd(struct MHD_Daemon *daemon)
{
	return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

/* The shorter of two waits, where -1 has no end. */
static int64_t shorter(int64_t a_ms, int64_t b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t daemon_wait_ms(struct MHD_Daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	if (MHD_get_timeout(daemon, &wait_ms) != MHD_YES)
		return -1;
	return wait_ms > INT_MAX ? INT_MAX : (int64_t)wait_ms;
}

static int poll_wait_ms(struct server *server)
{
	int64_t wait_ms = timers_wait_ms(&server->timers, clock_monotonic_ms());

	if (server->resumed)
		return 0;
	wait_ms = shorter(wait_ms, daemon_wait_ms(server->api));
	wait_ms = shorter(wait_ms, daemon_wait_ms(server->control));
	return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void server_run(struct server *server)
{
	int signal_fd = open_signals();
	struct pollfd fds[] = {
		{.fd = daemon_fd(server->api), .events = POLLIN},
		{.fd = daemon_fd(server->control), .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
	};

	while (!server->quit) {
		int wait_ms = poll_wait_ms(server);

		server->resumed = false;
		if (poll(fds, ARRAY_LEN(fds), wait_ms) < 0 && errno != EINTR)
			break;
		if (fds[2].revents)
			server->quit = true;
		timers_run(&server->timers, clock_monotonic_ms());
		MHD_run(server->api);
		MHD_run(server->control);
	}
	close(signal_fd);
}
