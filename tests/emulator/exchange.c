/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include "auth.h"
#include "clock.h"
#include "control.h"
#include "data.h"
#include "gzip.h"
#include "request.h"
#include "routes.h"
#include "server.h"
#include "util.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/macros.h"
#include "base/xmalloc.h"

#define BODY_LIMIT (1 << 20)

enum phase {
	READING,  /* the request is not complete */
	ARRIVED,  /* complete; not yet looked at */
	STALLED,  /* logged and caught by its fault; not carried out */
	DELAYED,  /* carried out; not answered */
	ANSWERED, /* handed to the connection, or given up */
};

struct exchange {
	struct request request;
	struct server *server;             /* borrowed */
	struct MHD_Connection *connection; /* borrowed */
	struct fault *fault;               /* borrowed, given back at the end */
	struct timer timer;
	enum phase phase;
	bool suspended;
	bool held;  /* by silence, without a timer */
	bool slept; /* it was suspended before it was answered */
	bool headers_read;
	char *sent; /* owned: the body as it goes out */
	size_t sent_size;
	int64_t next_byte_ms; /* when trickling */
	struct exchange *next, *previous;
};

/* Life */

static void wake(struct exchange *exchange)
{
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	exchange->held = false;
	timers_stop(&exchange->server->timers, &exchange->timer);
	exchange->server->resumed = true;
	MHD_resume_connection(exchange->connection);
}

static void wake_by_timer(struct timer *timer)
{
	wake((struct exchange *)(void *)((char *)timer - offsetof(struct exchange, timer)));
}

static void suspend(struct exchange *exchange)
{
	exchange->suspended = true;
	exchange->slept = true;
	MHD_suspend_connection(exchange->connection);
}

static void suspend_until(struct exchange *exchange, int64_t due_ms)
{
	suspend(exchange);
	timers_start(&exchange->server->timers, &exchange->timer, due_ms);
}

struct exchange *exchange_new(struct server *server, struct MHD_Connection *connection,
			      const char *target)
{
	struct exchange *exchange = xcalloc(1, sizeof(*exchange));

	exchange->server = server;
	exchange->connection = connection;
	exchange->timer.fire = wake_by_timer;
	exchange->request.target = xstrdup(target);
	exchange->next = server->exchanges;
	if (exchange->next)
		exchange->next->previous = exchange;
	server->exchanges = exchange;
	return exchange;
}

static void shutdown_connection(struct exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info)
		shutdown(info->connect_fd, SHUT_RDWR);
}

void exchange_free(struct exchange *exchange)
{
	if (exchange->next)
		exchange->next->previous = exchange->previous;
	if (exchange->previous)
		exchange->previous->next = exchange->next;
	else
		exchange->server->exchanges = exchange->next;
	timers_stop(&exchange->server->timers, &exchange->timer);
	if (exchange->fault && exchange->fault->close_idle)
		shutdown_connection(exchange);
	if (exchange->fault)
		faults_release(&exchange->server->emulator->faults, exchange->fault);
	request_finish(&exchange->request);
	free(exchange->sent);
	free(exchange);
}

void exchange_wake_held(struct server *server, bool everything)
{
	for (struct exchange *exchange = server->exchanges; exchange; exchange = exchange->next) {
		if (everything || (exchange->held && exchange->fault->ended))
			wake(exchange);
	}
}

/* Arrival */

static enum MHD_Result read_header(void *context, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	struct request_headers *headers = context;
	const struct {
		const char *name;
		char **slot;
	} fields[] = {
		{"Content-Type", &headers->content_type},
		{"User-Agent", &headers->user_agent},
		{"Accept", &headers->accept},
		{"Accept-Encoding", &headers->accept_encoding},
		{"Authorization", &headers->authorization},
	};

	(void)kind;
	if (!strcasecmp(name, "Authorization"))
		headers->authorization_count++;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!strcasecmp(name, fields[i].name))
			replace_string(fields[i].slot, value ? value : "");
	}
	return MHD_YES;
}

static uint64_t connection_number(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info && info->socket_context ? (uint64_t)(uintptr_t)info->socket_context : 0;
}

/* Parses, logs and finds the fault. */
static void arrive(struct exchange *exchange)
{
	struct emulator *emulator = exchange->server->emulator;
	struct request *request = &exchange->request;

	request_parse_target(request);
	request->route = routes_find(request);
	request_check(request);
	if (request->anonymous && switches_is(&emulator->switches, SWITCH_ANONYMOUS, "refused"))
		replace_string(&request->violation, NULL);
	auth_identify(emulator, request);
	log_arrival(&emulator->log, request, connection_number(exchange->connection));
	exchange->fault = faults_take(&emulator->faults, request);
	if (exchange->fault && exchange->fault->data)
		data_run_quietly(emulator, exchange->fault->data);
	control_log_grew(exchange->server);
}

/* Carrying out */

static void replace_reply(struct reply *reply, const struct fault *fault)
{
	int status = fault->status ? fault->status : reply->status ? reply->status : 200;
	const cJSON *header;

	if (fault->status && !fault->body)
		reply_default_error(reply, status);
	if (fault->body)
		reply_bytes(reply, status, fault->body, fault->body_size);
	cJSON_ArrayForEach(header, fault->headers)
	{
		const char *value = cJSON_GetStringValue(header);

		reply_header(reply, header->string, value ? value : "");
	}
}

/* Whether the request is carried out in spite of its fault. */
static bool takes_effect(const struct fault *fault)
{
	if (!fault || fault->apply || fault->close_after)
		return true;
	return !fault->status && !fault->close_before && !fault->reset;
}

static void carry_out(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	const struct fault *fault = exchange->fault;

	if (takes_effect(fault))
		routes_run(exchange->server->emulator, request);
	if (fault && (fault->status || fault->body || fault->headers))
		replace_reply(&request->reply, fault);
}

/* Whether the client has hung up while it was not being looked at. */
static bool client_gone(struct exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd poller = {.fd = info->connect_fd, .events = POLLRDHUP};

	return poll(&poller, 1, 0) > 0 && (poller.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* Answering */

/* Makes the kernel send RST at once: disconnecting a socket does that. */
static void reset_connection(struct exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	connect(info->connect_fd, &nowhere, sizeof(nowhere));
}

static ssize_t read_sent(void *context, uint64_t position, char *buffer, size_t most)
{
	struct exchange *exchange = context;
	const struct fault *fault = exchange->fault;
	size_t left = exchange->sent_size - (size_t)position;

	if (exchange->server->stopping)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (fault->truncate >= 0) {
		if (position >= (uint64_t)fault->truncate)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (left > (size_t)fault->truncate - (size_t)position)
			left = (size_t)fault->truncate - (size_t)position;
	}
	if (fault->trickle_ms) {
		int64_t now_ms = clock_monotonic_ms();

		if (now_ms < exchange->next_byte_ms) {
			suspend_until(exchange, exchange->next_byte_ms);
			return 0;
		}
		exchange->next_byte_ms = now_ms + fault->trickle_ms;
		left = 1;
	}
	if (left > most)
		left = most;
	memcpy(buffer, exchange->sent + position, left);
	return (ssize_t)left;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	const struct fault *fault = exchange->fault;

	if (fault && (fault->trickle_ms || fault->truncate >= 0) && exchange->sent_size)
		return MHD_create_response_from_callback(exchange->sent_size, 16384, read_sent,
							 exchange, NULL);
	return MHD_create_response_from_buffer(exchange->sent_size, exchange->sent,
					       MHD_RESPMEM_MUST_COPY);
}

static bool has_header(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++) {
		if (!strcasecmp(reply->headers[i].name, name))
			return true;
	}
	return false;
}

/* Turns the reply into the bytes that go out. */
static void prepare_body(struct exchange *exchange)
{
	struct emulator *emulator = exchange->server->emulator;
	struct reply *reply = &exchange->request.reply;
	const char *accepted = exchange->request.headers.accept_encoding;
	bool raw = exchange->fault && exchange->fault->body;

	if (reply->json) {
		exchange->sent = cJSON_PrintUnformatted(reply->json);
		exchange->sent_size = strlen(exchange->sent);
	} else {
		exchange->sent = reply->body;
		exchange->sent_size = reply->body_size;
		reply->body = NULL;
	}
	if (!has_header(reply, "Content-Type") && exchange->sent_size)
		reply_header(reply, "Content-Type", "application/json; charset=utf-8");
	if (!raw && exchange->sent_size && accepted && strstr(accepted, "gzip") &&
	    switches_is(&emulator->switches, SWITCH_GZIP, "on") &&
	    gzip_replace(&exchange->sent, &exchange->sent_size))
		reply_header(reply, "Content-Encoding", "gzip");
	if (switches_is(&emulator->switches, SWITCH_KEEP_ALIVE, "off"))
		reply_header(reply, "Connection", "close");
}

/* Notes the end of the exchange in the log. */
static void finish(struct exchange *exchange, int status)
{
	struct emulator *emulator = exchange->server->emulator;

	exchange->phase = ANSWERED;
	log_answer(&emulator->log, &exchange->request, status,
		   exchange->fault ? exchange->fault->id : 0);
	control_log_grew(exchange->server);
}

/* The date by the emulator's clock, which a switch may move; libmicrohttpd would add its own. */
static void add_date(struct exchange *exchange, struct MHD_Response *response)
{
	time_t now = (time_t)(state_now_ms(&exchange->server->emulator->state) / 1000);
	struct tm broken_down;
	char text[64];

	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &broken_down));
	MHD_add_response_header(response, "Date", text);
}

static bool answer(struct exchange *exchange)
{
	struct reply *reply = &exchange->request.reply;
	const struct fault *fault = exchange->fault;
	struct MHD_Response *response;
	enum MHD_Result queued;

	if (fault && (fault->close_before || fault->close_after || fault->reset)) {
		if (fault->reset)
			reset_connection(exchange);
		finish(exchange, 0);
		return false;
	}
	prepare_body(exchange);
	response = make_response(exchange);
	for (size_t i = 0; i < reply->header_count; i++)
		MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
	add_date(exchange, response);
	queued = MHD_queue_response(exchange->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	finish(exchange, queued == MHD_YES ? reply->status : 0);
	return queued == MHD_YES;
}

/* Waits as the fault and the latency say. Returns whether the exchange now sleeps. */
static bool hold(struct exchange *exchange, long long wait_ms, bool silence)
{
	if (silence && !exchange->fault->ended) {
		exchange->held = true;
		suspend(exchange);
		return true;
	}
	if (wait_ms > 0)
		suspend_until(exchange, clock_monotonic_ms() + wait_ms);
	return wait_ms > 0;
}

/* Goes as far as it can without waiting. Returns whether the connection lives on. */
static bool proceed(struct exchange *exchange)
{
	const struct fault *fault;
	long long latency_ms =
		switches_number(&exchange->server->emulator->switches, SWITCH_LATENCY_MS);

	if (exchange->phase == ARRIVED) {
		arrive(exchange);
		exchange->phase = STALLED;
		fault = exchange->fault;
		if (fault && hold(exchange, fault->stall_ms, fault->silence && !fault->apply))
			return true;
	}
	fault = exchange->fault;
	if (exchange->server->stopping || (exchange->slept && client_gone(exchange))) {
		finish(exchange, 0);
		return false;
	}
	if (exchange->phase == STALLED) {
		carry_out(exchange);
		exchange->phase = DELAYED;
		if (hold(exchange, latency_ms + (fault ? fault->delay_ms : 0),
			 fault && fault->silence && fault->apply))
			return true;
	}
	return answer(exchange);
}

static void add_body(struct exchange *exchange, const char *data, size_t size)
{
	struct request *request = &exchange->request;

	if (request->body_size + size > BODY_LIMIT) {
		request_violate(request, "the body is too long");
		return;
	}
	request->body = realloc(request->body, request->body_size + size + 1);
	if (!request->body)
		abort();
	memcpy(request->body + request->body_size, data, size);
	request->body_size += size;
	request->body[request->body_size] = '\0';
}

bool exchange_feed(struct exchange *exchange, const char *method, const char *data, size_t *size)
{
	if (!exchange->headers_read) {
		exchange->headers_read = true;
		exchange->request.method = xstrdup(method);
		MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, read_header,
					  &exchange->request.headers);
		return true;
	}
	if (*size) {
		add_body(exchange, data, *size);
		*size = 0;
		return true;
	}
	if (exchange->phase == READING)
		exchange->phase = ARRIVED;
	return proceed(exchange);
}
