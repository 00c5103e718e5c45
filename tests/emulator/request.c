/* SPDX-License-Identifier: MIT */
#include "request.h"

#include "routes.h"
#include "util.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "base/xmalloc.h"

static void free_pairs(struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].name);
		free(pairs[i].value);
	}
}

void request_finish(struct request *request)
{
	struct request_headers *headers = &request->headers;

	free(request->method);
	free(request->target);
	free(request->path);
	for (size_t i = 0; i < request->segment_count; i++)
		free(request->segments[i]);
	free_pairs(request->query, request->query_count);
	free(headers->authorization);
	free(headers->content_type);
	free(headers->user_agent);
	free(headers->accept);
	free(headers->accept_encoding);
	free(request->body);
	cJSON_Delete(request->json);
	free(request->violation);
	free(request->caller.shown_id);
	reply_finish(&request->reply);
}

void request_violate(struct request *request, const char *format, ...)
{
	va_list arguments;

	if (request->violation)
		return;
	va_start(arguments, format);
	if (vasprintf(&request->violation, format, arguments) < 0)
		request->violation = NULL;
	va_end(arguments);
}

/* Path and query */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit = (char)tolower((unsigned char)digit);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool percent_decode(const char *text, size_t length, bool plus_is_space, char *out)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%') {
			int high = i + 1 < length ? hex_value(text[i + 1]) : -1;
			int low = i + 2 < length ? hex_value(text[i + 2]) : -1;

			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return false;
			*out++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*out++ = plus_is_space && text[i] == '+' ? ' ' : text[i];
		}
	}
	*out = '\0';
	return true;
}

/* Characters RFC 3986 lets stand for themselves in a path segment. */
static bool segment_character(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._~!$&'()*+,;=:@%", c));
}

static void add_segment(struct request *request, const char *text, size_t length)
{
	char *segment;

	if (request->segment_count == MAX_SEGMENTS) {
		request_violate(request, "the path has too many segments");
		return;
	}
	for (size_t i = 0; i < length; i++) {
		if (!segment_character(text[i])) {
			request_violate(request, "the path has the unescaped byte 0x%02x",
					(unsigned char)text[i]);
			return;
		}
	}
	segment = xcalloc(1, length + 1);
	request->segments[request->segment_count++] = segment;
	if (!percent_decode(text, length, false, segment))
		request_violate(request, "the path has a broken percent escape");
	else if (!*segment)
		request_violate(request, "the path has an empty segment");
	else if (!strcmp(segment, ".") || !strcmp(segment, ".."))
		request_violate(request, "the path has the segment \"%s\"", segment);
}

static void add_param(struct request *request, const char *text, size_t length)
{
	const char *equals = memchr(text, '=', length);
	size_t name_length = equals ? (size_t)(equals - text) : length;
	size_t value_length = equals ? length - name_length - 1 : 0;
	struct pair *param;

	if (request->query_count == MAX_PARAMS) {
		request_violate(request, "the query has too many keys");
		return;
	}
	param = &request->query[request->query_count++];
	param->name = xcalloc(1, name_length + 1);
	param->value = xcalloc(1, value_length + 1);
	if (!percent_decode(text, name_length, true, param->name) ||
	    (equals && !percent_decode(equals + 1, value_length, true, param->value)))
		request_violate(request, "the query has a broken percent escape");
	if (!equals)
		request_violate(request, "the query key \"%s\" has no value", param->name);
}

void request_parse_target(struct request *request)
{
	const char *query = strchr(request->target, '?');
	const char *at = request->target;

	request->path = xstrdup(request->target);
	if (query)
		request->path[query - request->target] = '\0';
	if (strchr(request->target, '#'))
		request_violate(request, "the request target has a fragment");
	if (*at != '/') {
		request_violate(request, "the request target is not a path");
		return;
	}
	for (at = request->path; *at;) {
		const char *end = strchrnul(at + 1, '/');

		add_segment(request, at + 1, (size_t)(end - at - 1));
		at = end;
	}
	while (query) {
		const char *start = query + 1;
		const char *end = strchrnul(start, '&');

		add_param(request, start, (size_t)(end - start));
		query = *end ? end : NULL;
	}
}

const char *request_query(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->query_count; i++) {
		if (!strcmp(request->query[i].name, name))
			return request->query[i].value;
	}
	return NULL;
}

static void check_query(struct request *request)
{
	static const char *const numbers[] = {"page", "per_page", "limit"};

	for (size_t i = 0; i < request->query_count; i++) {
		const struct pair *param = &request->query[i];

		if (!list_contains(request->route->query, ' ', param->name))
			request_violate(request, "unknown query key \"%s\"", param->name);
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(request->query[j].name, param->name))
				request_violate(request, "query key \"%s\" twice", param->name);
		}
		for (size_t j = 0; j < ARRAY_LEN(numbers); j++) {
			long long number;

			if (!strcmp(param->name, numbers[j]) &&
			    !parse_number(param->value, 1, 1000000000, &number))
				request_violate(request, "query key \"%s\" is not a number from 1",
						param->name);
		}
	}
}

/* Headers */

static void check_authorization(struct request *request)
{
	const char *value = request->headers.authorization;

	if (request->headers.authorization_count > 1) {
		request_violate(request, "more than one Authorization header");
		return;
	}
	if (!value) {
		if (request->route && request->route->access != ACCESS_PUBLIC) {
			request->anonymous = !request->violation;
			request_violate(request, "no Authorization header");
		}
		return;
	}
	if (!strncmp(value, "Bearer ", 7)) {
		value += 7;
		if (!*value)
			request_violate(request, "Authorization has an empty Bearer token");
	} else if (!strchr(value, ':') || value[0] == ':' || value[strlen(value) - 1] == ':') {
		request_violate(request, "Authorization is neither ID:SECRET nor Bearer TOKEN");
	}
	for (; *value; value++) {
		if (!isgraph((unsigned char)*value)) {
			request_violate(request, "Authorization has a blank or control byte");
			return;
		}
	}
}

/* Whether a header value names the media type, maybe with parameters. */
static bool is_media_type(const char *value, const char *type)
{
	size_t length = strlen(type);

	return !strncasecmp(value, type, length) && (!value[length] || strchr("; ", value[length]));
}

static void check_headers(struct request *request)
{
	const struct request_headers *headers = &request->headers;
	const char *type = request->route && request->route->form
				   ? "application/x-www-form-urlencoded"
				   : "application/json";

	check_authorization(request);
	if (!headers->user_agent || !*headers->user_agent)
		request_violate(request, "no User-Agent header");
	if (headers->accept && !strstr(headers->accept, "application/json") &&
	    !strstr(headers->accept, "*/*"))
		request_violate(request, "Accept \"%s\" excludes JSON", headers->accept);
	if (request->body_size && !headers->content_type)
		request_violate(request, "a body without Content-Type");
	else if (request->body_size && !is_media_type(headers->content_type, type))
		request_violate(request, "Content-Type is \"%s\", not %s", headers->content_type,
				type);
}

/* Body */

static bool is_integer(const cJSON *item)
{
	return cJSON_IsNumber(item) && item->valuedouble == floor(item->valuedouble) &&
	       fabs(item->valuedouble) < 9e15;
}

static bool is_strings(const cJSON *item)
{
	const cJSON *element;

	if (!cJSON_IsArray(item))
		return false;
	cJSON_ArrayForEach(element, item)
	{
		if (!cJSON_IsString(element))
			return false;
	}
	return true;
}

static bool has_kind(const cJSON *item, enum field_kind kind)
{
	switch (kind) {
	case FIELD_STRING:
		return cJSON_IsString(item);
	case FIELD_STRING_OR_NULL:
		return cJSON_IsString(item) || cJSON_IsNull(item);
	case FIELD_INTEGER:
		return is_integer(item);
	case FIELD_NUMBER_OR_NULL:
		return cJSON_IsNumber(item) || cJSON_IsNull(item);
	case FIELD_BOOLEAN:
		return cJSON_IsBool(item);
	case FIELD_STRINGS:
		return is_strings(item);
	case FIELD_OBJECT:
		return cJSON_IsObject(item);
	}
	return false;
}

static void check_field(struct request *request, const cJSON *item)
{
	const struct field *field = request->route->fields;

	while (field->name && strcmp(field->name, item->string) != 0)
		field++;
	if (!field->name)
		request_violate(request, "unknown body key \"%s\"", item->string);
	else if (!has_kind(item, field->kind))
		request_violate(request, "body key \"%s\" has the wrong type", item->string);
	if (cJSON_GetObjectItemCaseSensitive(request->json, item->string) != item)
		request_violate(request, "body key \"%s\" twice", item->string);
}

static void parse_json(struct request *request)
{
	const char *end = NULL;

	if (memchr(request->body, 0, request->body_size) ||
	    !utf8_valid(request->body, request->body_size)) {
		request_violate(request, "the body is not UTF-8 text");
		return;
	}
	request->json =
		cJSON_ParseWithLengthOpts(request->body, request->body_size + 1, &end, true);
	if (!request->json)
		request_violate(request, "the body is not JSON");
	else if (!cJSON_IsObject(request->json))
		request_violate(request, "the body is not a JSON object");
}

static void check_body(struct request *request)
{
	const cJSON *item;

	if (request->route->form)
		return;
	if (!request->route->fields) {
		if (request->body_size)
			request_violate(request, "%s of this path takes no body", request->method);
		return;
	}
	if (!request->body_size) {
		request_violate(request, "the body is missing");
		return;
	}
	parse_json(request);
	if (!cJSON_IsObject(request->json))
		return;
	cJSON_ArrayForEach(item, request->json)
	{
		check_field(request, item);
	}
}

void request_check(struct request *request)
{
	check_headers(request);
	if (!request->route)
		return;
	check_query(request);
	check_body(request);
}

const char *request_text(const struct request *request, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request->json, key));
}

/* Replies */

void reply_finish(struct reply *reply)
{
	cJSON_Delete(reply->json);
	free(reply->body);
	free_pairs(reply->headers, reply->header_count);
	*reply = (struct reply){0};
}

void reply_json(struct reply *reply, int status, cJSON *json)
{
	reply_finish(reply);
	reply->status = status;
	reply->json = json;
}

void reply_error(struct reply *reply, int status, const char *code, const char *message)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "code", code);
	cJSON_AddStringToObject(json, "message", message);
	reply_json(reply, status, json);
}

void reply_default_error(struct reply *reply, int status)
{
	static const struct {
		int status;
		const char *code, *message;
	} errors[] = {
		{400, "bad_request", "Bad Request"},
		{401, "unauthorized", "Unauthorized"},
		{403, "forbidden", "Forbidden"},
		{404, "not_found", "Not Found"},
		{409, "conflict", "Conflict"},
		{422, "unprocessable", "Unprocessable Entity"},
		{429, "too_many_requests", "Too Many Requests"},
		{500, "internal_server_error", "Internal Server Error"},
		{502, "bad_gateway", "Bad Gateway"},
		{503, "service_unavailable", "Service Unavailable"},
		{504, "gateway_timeout", "Gateway Timeout"},
	};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (errors[i].status == status) {
			reply_error(reply, status, errors[i].code, errors[i].message);
			return;
		}
	}
	if (status < 400)
		reply_json(reply, status, cJSON_CreateObject());
	else
		reply_error(reply, status, "error", "Error");
}

void reply_bytes(struct reply *reply, int status, const char *bytes, size_t size)
{
	reply_finish(reply);
	reply->status = status;
	reply->body = xcalloc(1, size + 1);
	memcpy(reply->body, bytes, size);
	reply->body_size = size;
}

void reply_empty(struct reply *reply, int status)
{
	reply_finish(reply);
	reply->status = status;
}

void reply_header(struct reply *reply, const char *name, const char *value)
{
	if (reply->header_count == MAX_HEADERS)
		return;
	reply->headers[reply->header_count].name = xstrdup(name);
	reply->headers[reply->header_count++].value = xstrdup(value);
}
