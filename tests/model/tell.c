/* SPDX-License-Identifier: MIT */
#include "tell.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int violations;
int64_t round_begin;

double ms(int64_t us)
{
	return (double)(us - round_begin) / 1000;
}

void print_record(const struct record *r)
{
	char words[512];

	printf("    %.3f..%.3f ms: %s %s/%s: %s at %s", ms(r->begin), ms(r->end), r->what,
	       names[r->name], databases[r->resource] != NULL ? databases[r->resource] : "",
	       strerror(-r->result), r->step);
	print_scopes(words, sizeof(words), r->grant);
	printf("; grants [%s]", words);
	print_scopes(words, sizeof(words), r->revoke);
	printf(" revokes [%s]%s%s%s\n", r->revoke == ALL_SCOPES ? "all" : words,
	       r->loose ? " loose" : "", r->makes ? " makes" : "", r->removes ? " removes" : "");
	for (int i = 0; i < r->claim_count; i++) {
		const struct claim *c = &r->claims[i];
		print_scopes(words, sizeof(words), c->present);
		printf("        told in %.3f..%.3f: granted [%s]", ms(c->from), ms(c->to), words);
		print_scopes(words, sizeof(words), c->absent);
		printf(" not granted [%s]\n", words);
	}
}

static int64_t number_of(const cJSON *json, const char *key)
{
	return (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, key));
}

static void print_events(int name, int64_t from, int64_t to)
{
	char added[512], removed[512];

	for (size_t i = 0; i < history_event_count; i++) {
		const struct event *e = &history_events[i];
		const struct token *t = &history_tokens[e->token];
		if (t->name != name || e->at < from - 1000000 || e->at > to + 1000000)
			continue;
		print_scopes(added, sizeof(added), e->added);
		print_scopes(removed, sizeof(removed), e->removed);
		printf("    event at %.0f, request %llu: %s %s%s level %d +[%s] -[%s]\n", ms(e->at),
		       (unsigned long long)e->request, t->id, e->made ? "made" : "",
		       e->deleted ? "deleted" : "", e->level, added, removed);
	}
}

/* The two clocks differ by what a request says that both know. */
static void print_requests(int name, int64_t from, int64_t to)
{
	cJSON *log = ask("GET", "/log", NULL);
	int64_t base = 0;
	const cJSON *entry;

	for (size_t i = 0; i < history_event_count && base == 0; i++) {
		cJSON_ArrayForEach(entry, log)
		{
			if (number_of(entry, "seq") == (int64_t)history_events[i].request)
				base = history_events[i].at - number_of(entry, "time") * 1000;
		}
	}
	cJSON_ArrayForEach(entry, log)
	{
		const char *path = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "path"));
		int64_t at = base + number_of(entry, "time") * 1000;
		bool about = strstr(path, "/service-tokens?") != NULL;
		for (size_t i = 0; i < history_token_count; i++)
			about = about || (history_tokens[i].name == name &&
					  strstr(path, history_tokens[i].id) != NULL);
		if (!about || at < from - 1500000 || at > to + 500000)
			continue;
		char *body = cJSON_PrintUnformatted(cJSON_GetObjectItem(entry, "body"));
		printf("    request %lld at %.0f: %s %s %s -> %lld%s\n",
		       (long long)number_of(entry, "seq"), ms(at),
		       cJSON_GetStringValue(cJSON_GetObjectItem(entry, "method")), path, body,
		       (long long)number_of(entry, "status"),
		       cJSON_IsNumber(cJSON_GetObjectItem(entry, "fault")) ? " (fault)" : "");
		free(body);
	}
	cJSON_Delete(log);
}

void violation(const struct record *r, const char *format, ...)
{
	va_list ap;

	violations++;
	printf("VIOLATION: ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	if (r == NULL)
		return;
	print_record(r);
	print_events(r->name, r->begin, r->end);
	print_requests(r->name, r->begin, r->end);
}

/* Who else was at a file, and what became of it. */
void print_others(const struct record *r, int name, int resource)
{
	if (name != r->name)
		print_events(name, r->begin - 2 * lookback_us(), r->end);
	if (name != r->name)
		print_requests(name, r->begin - 2 * lookback_us(), r->end);
	EACH_RECORD(x)
	if (x->name == name && x->begin <= r->end &&
	    (x->resource == resource || x->makes || x->removes) &&
	    x->end >= r->begin - 2 * lookback_us() &&
	    (x->writes || x->makes || x->removes || (x->grant | x->revoke) != 0))
		print_record(x);
}
