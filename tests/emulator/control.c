/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "clock.h"
#include "data.h"
#include "exchange.h"
#include "grants.h"
#include "lines.h"
#include "request.h"
#include "server.h"
#include "store.h"
#include "util.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

struct control_call {
	struct request request; /* parsed like one of the API, but never checked */
	struct server *server;
	struct MHD_Connection *connection;
	struct timer timer; /* of GET /wait */
	bool headers_read;
	bool waiting; /* suspended and in server->waiting */
	bool expired;
	struct control_call *next;
};

struct control_route {
	const char *method, *path;
	/* Fills in the reply, or leaves it empty to be called again later. */
	void (*handle)(struct control_call *call);
	const char *help;
};

static const struct control_route *find_route(const struct request *request);

/* Answers */

static void complain(struct control_call *call, int status, const char *what)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "error", what);
	reply_json(&call->request.reply, status, json);
}

/* For an error text that is ours to free. */
static void complain_and_free(struct control_call *call, char *what)
{
	complain(call, 400, what);
	free(what);
}

static void done(struct control_call *call)
{
	reply_json(&call->request.reply, 200, cJSON_CreateObject());
}

static long long number_param(const struct control_call *call, const char *name, long long preset)
{
	const char *text = request_query(&call->request, name);
	long long number;

	return text && parse_number(text, 0, 1LL << 52, &number) ? number : preset;
}

static struct log_filter read_filter(const struct control_call *call)
{
	return (struct log_filter){
		.method = request_query(&call->request, "method"),
		.path = request_query(&call->request, "path"),
		.status = (int)number_param(call, "status", 0),
		.only_violations = number_param(call, "violations", 0) != 0,
		.only_answered = number_param(call, "answered", 0) != 0,
		.since = (uint64_t)number_param(call, "since", 0),
	};
}

/* Lines, which are ours to free; NULL is answered 404. */
static void answer_lines(struct control_call *call, char *lines)
{
	if (lines)
		reply_bytes(&call->request.reply, 200, lines, strlen(lines));
	else
		complain(call, 404, "there is none, or more than one");
	free(lines);
}

static const char *text_param(const struct control_call *call, const char *name)
{
	const char *text = request_query(&call->request, name);

	return text ? text : "";
}

static void answer_count(struct control_call *call, int status, size_t count)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, "count", (double)count);
	reply_json(&call->request.reply, status, json);
}

/* Log and history */

static void get_log(struct control_call *call)
{
	struct log_filter filter = read_filter(call);

	reply_json(&call->request.reply, 200, log_json(&call->server->emulator->log, &filter));
}

static void get_changes(struct control_call *call)
{
	struct log_filter filter = read_filter(call);

	filter.only_changed = true;
	reply_json(&call->request.reply, 200, log_json(&call->server->emulator->log, &filter));
}

static void get_requests(struct control_call *call)
{
	struct log_filter filter = read_filter(call);

	answer_lines(call, lines_requests(&call->server->emulator->log, &filter));
}

static void get_asked(struct control_call *call)
{
	struct log_filter filter = read_filter(call);

	answer_lines(call, lines_asked(&call->server->emulator->log, &filter));
}

static void delete_log(struct control_call *call)
{
	log_clear(&call->server->emulator->log);
	done(call);
}

static void get_count(struct control_call *call)
{
	struct log_filter filter = read_filter(call);

	answer_count(call, 200, log_count(&call->server->emulator->log, &filter));
}

static void get_wait(struct control_call *call)
{
	struct log_filter filter = read_filter(call);
	size_t count = log_count(&call->server->emulator->log, &filter);

	if (count >= (size_t)number_param(call, "count", 1))
		answer_count(call, 200, count);
	else if (call->expired || call->server->stopping)
		answer_count(call, 408, count);
}

static void get_events(struct control_call *call)
{
	bool tokens = number_param(call, "tokens", 0) == 1;
	const char *token = request_query(&call->request, "token");

	reply_json(&call->request.reply, 200,
		   grants_events_json(&call->server->emulator->state, tokens, token));
	if (number_param(call, "forget", 0) == 1)
		grants_clear_events(&call->server->emulator->state, token);
}

static void delete_events(struct control_call *call)
{
	grants_clear_events(&call->server->emulator->state, NULL);
	done(call);
}

/* State */

static void get_state(struct control_call *call)
{
	bool secrets = number_param(call, "secrets", 0) == 1;

	reply_json(&call->request.reply, 200, store_json(&call->server->emulator->state, secrets));
}

static void get_holdings(struct control_call *call)
{
	answer_lines(call, lines_holdings(&call->server->emulator->state));
}

static void get_token_id(struct control_call *call)
{
	answer_lines(call,
		     lines_token_id(&call->server->emulator->state, text_param(call, "name")));
}

static void get_scopes(struct control_call *call)
{
	answer_lines(call, lines_scopes(&call->server->emulator->state, text_param(call, "token"),
					text_param(call, "database")));
}

static void post_data(struct control_call *call)
{
	cJSON *result;
	char *error = data_run(call->server->emulator, call->request.json, &result);

	if (error)
		complain_and_free(call, error);
	else
		reply_json(&call->request.reply, 200, result);
}

static void post_save(struct control_call *call)
{
	const struct emulator *emulator = call->server->emulator;
	int error =
		emulator->state_file ? store_save_file(&emulator->state, emulator->state_file) : 0;

	if (!emulator->state_file)
		complain(call, 400, "started without --state");
	else if (error)
		complain(call, 500, strerror(-error));
	else
		done(call);
}

/* Faults */

static void get_faults(struct control_call *call)
{
	reply_json(&call->request.reply, 200, faults_json(&call->server->emulator->faults));
}

static void post_faults(struct control_call *call)
{
	const cJSON *json = call->request.json, *one = json;
	cJSON *answer = cJSON_CreateObject();
	uint64_t id = 0;
	char *error = NULL;

	if (cJSON_IsArray(json)) {
		cJSON_ArrayForEach(one, json)
		{
			error = faults_add(&call->server->emulator->faults, one, &id);
			if (error)
				break;
		}
	} else {
		error = faults_add(&call->server->emulator->faults, json, &id);
	}
	cJSON_AddNumberToObject(answer, "id", (double)id);
	reply_json(&call->request.reply, 200, answer);
	if (error)
		complain_and_free(call, error);
}

static void delete_faults(struct control_call *call)
{
	faults_clear(&call->server->emulator->faults, (uint64_t)number_param(call, "id", 0));
	exchange_wake_held(call->server, false);
	done(call);
}

/* Switches */

static void get_switches(struct control_call *call)
{
	const struct switches *switches = &call->server->emulator->switches;
	cJSON *json = cJSON_CreateObject();

	for (size_t i = 0; i < SWITCH_COUNT; i++)
		cJSON_AddStringToObject(json, switches_name((enum switch_id)i),
					switches_get(switches, (enum switch_id)i));
	reply_json(&call->request.reply, 200, json);
}

static char *set_switch(struct switches *switches, const cJSON *item)
{
	char number[32];

	if (cJSON_IsString(item))
		return switches_set(switches, item->string, item->valuestring);
	if (cJSON_IsBool(item))
		return switches_set(switches, item->string, cJSON_IsTrue(item) ? "on" : "off");
	if (cJSON_IsNull(item))
		return switches_set(switches, item->string, "null");
	snprintf(number, sizeof(number), "%d", item->valueint);
	return switches_set(switches, item->string, number);
}

static void post_switch(struct control_call *call)
{
	struct emulator *emulator = call->server->emulator;
	const cJSON *item;
	char *error = NULL;

	if (!cJSON_IsObject(call->request.json)) {
		complain(call, 400, "switches are a JSON object");
		return;
	}
	cJSON_ArrayForEach(item, call->request.json)
	{
		error = set_switch(&emulator->switches, item);
		if (error)
			break;
	}
	state_reorder(&emulator->state);
	emulator->window_requests = 0;
	if (error)
		complain_and_free(call, error);
	else
		get_switches(call);
}

static void delete_switches(struct control_call *call)
{
	switches_reset(&call->server->emulator->switches);
	state_reorder(&call->server->emulator->state);
	get_switches(call);
}

static void post_quit(struct control_call *call)
{
	call->server->quit = true;
	done(call);
}

/* clang-format off */
static const struct control_route table[] = {
	{"GET", "/log", get_log,
	 "all requests; ?method= ?path=GLOB ?status= ?violations=1 ?since=SEQ"},
	{"GET", "/log/changes", get_changes, "those that changed something; same filters"},
	{"GET", "/log/requests", get_requests, "the same as /log in lines \"METHOD PATH\", without queries"},
	{"GET", "/log/asked", get_asked, "lines \"METHOD PATH BODY\" of those that ask for a change"},
	{"DELETE", "/log", delete_log, "forget the requests"},
	{"GET", "/count", get_count, "how many requests; same filters"},
	{"GET", "/wait", get_wait,
	 "wait until ?count= (1) requests match the same filters or ?timeout_ms= (5000) have\n"
	 "      passed, then 408; ?answered=1 counts only those that were answered"},
	{"GET", "/events", get_events, "every change of a scope of a token; with ?tokens=1 also tokens made and deleted;\n"
	 "      ?token=ID only of this one; ?forget=1 forgets what it answers"},
	{"DELETE", "/events", delete_events, "forget them"},
	{"GET", "/state", get_state, "everything there is; secrets only with ?secrets=1"},
	{"GET", "/holdings", get_holdings, "of that, what a client's change could change"},
	{"GET", "/token-id", get_token_id, "the id of the only token that is called ?name=, as text"},
	{"GET", "/scopes", get_scopes, "what ?token=NAME may do on ?database=NAME, or on the organization, as text"},
	{"POST", "/data", post_data, "change data behind the client's back, see below"},
	{"POST", "/save", post_save, "write the file of --state"},
	{"GET", "/faults", get_faults, "the faults, how often they struck and hold now"},
	{"POST", "/faults", post_faults, "add a fault or an array of them, see below"},
	{"DELETE", "/faults", delete_faults, "end all faults, or ?id=; releases what they hold"},
	{"GET", "/switches", get_switches, "all switches"},
	{"POST", "/switch", post_switch, "{\"NAME\":\"VALUE\",...}"},
	{"DELETE", "/switches", delete_switches, "all switches back to what they were at start"},
	{"POST", "/quit", post_quit, "save and end"},
};
/* clang-format on */

static const struct control_route *find_route(const struct request *request)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (!strcmp(table[i].method, request->method) &&
		    !strcmp(table[i].path, request->path))
			return &table[i];
	}
	return NULL;
}

void control_print_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		fprintf(out, "  %-6s %s\n      %s\n", table[i].method, table[i].path,
			table[i].help);
}

/* Life of a call */

static void wake_expired(struct timer *timer)
{
	struct control_call *call = (void *)((char *)timer - offsetof(struct control_call, timer));

	call->expired = true;
	control_log_grew(call->server);
}

struct control_call *control_call_new(struct server *server, struct MHD_Connection *connection,
				      const char *target)
{
	struct control_call *call = xcalloc(1, sizeof(*call));

	call->server = server;
	call->connection = connection;
	call->timer.fire = wake_expired;
	call->request.target = xstrdup(target);
	return call;
}

static void stop_waiting(struct control_call *call)
{
	struct control_call **slot = &call->server->waiting;

	while (*slot && *slot != call)
		slot = &(*slot)->next;
	if (*slot)
		*slot = call->next;
	timers_stop(&call->server->timers, &call->timer);
	call->waiting = false;
}

void control_call_free(struct control_call *call)
{
	if (call->waiting)
		stop_waiting(call);
	request_finish(&call->request);
	free(call);
}

static void start_waiting(struct control_call *call)
{
	long long timeout_ms = number_param(call, "timeout_ms", 5000);

	call->waiting = true;
	call->next = call->server->waiting;
	call->server->waiting = call;
	timers_start(&call->server->timers, &call->timer, clock_monotonic_ms() + timeout_ms);
	MHD_suspend_connection(call->connection);
}

static void resume(struct control_call *call)
{
	stop_waiting(call);
	call->server->resumed = true;
	MHD_resume_connection(call->connection);
}

void control_log_grew(struct server *server)
{
	struct control_call *next;

	for (struct control_call *call = server->waiting; call; call = next) {
		next = call->next;
		get_wait(call);
		if (call->request.reply.status)
			resume(call);
	}
}

void control_wake_all(struct server *server)
{
	while (server->waiting)
		resume(server->waiting);
}

static void run(struct control_call *call)
{
	struct request *request = &call->request;
	const struct control_route *route;

	if (request->reply.status)
		return;
	if (!request->path)
		request_parse_target(request);
	if (request->body_size && !request->json)
		request->json = cJSON_ParseWithLength(request->body, request->body_size);
	others_act(call->server->emulator);
	route = find_route(request);
	if (!route)
		complain(call, 404, "no such control request");
	else if (!strcmp(request->method, "POST") && request->body_size && !request->json)
		complain(call, 400, "the body is not JSON");
	else
		route->handle(call);
	lag_prepare(call->server->emulator);
}

static bool send_reply(struct control_call *call)
{
	struct reply *reply = &call->request.reply;
	char *text = reply->json ? cJSON_PrintUnformatted(reply->json) : xstrdup(reply->body);
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result queued;

	MHD_add_response_header(response, "Content-Type",
				reply->json ? "application/json" : "text/plain");
	queued = MHD_queue_response(call->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return queued == MHD_YES;
}

bool control_call_feed(struct control_call *call, const char *method, const char *data,
		       size_t *size)
{
	struct request *request = &call->request;

	if (!call->headers_read) {
		call->headers_read = true;
		request->method = xstrdup(method);
		return true;
	}
	if (*size) {
		request->body = realloc(request->body, request->body_size + *size + 1);
		if (!request->body)
			abort();
		memcpy(request->body + request->body_size, data, *size);
		request->body_size += *size;
		request->body[request->body_size] = '\0';
		*size = 0;
		return true;
	}
	run(call);
	if (!request->reply.status) {
		start_waiting(call);
		return true;
	}
	return send_reply(call);
}
