/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong meanwhile. No answer here lies so that nobody could know: none says that a change
 * was made that was not, or that something is gone that is there, but by its status.
 */
#include "model.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"

#define HTML "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

/* `careful`: never on DELETE, whose answer of 2xx is all there is to know. */
static const struct {
	const char *name;
	const char *keys;
	bool careful;
	int weight;
} faults[] = {
	{"400", "\"status\":400", false, 4},
	{"401", "\"status\":401", false, 4},
	{"403", "\"status\":403", false, 4},
	{"404", "\"status\":404", false, 4},
	{"409", "\"status\":409", false, 3},
	{"422", "\"status\":422", false, 4},
	{"429", "\"status\":429", false, 1},
	{"429 Retry-After in seconds", "\"status\":429,\"headers\":{\"Retry-After\":\"1\"}", false,
	 1},
	{"429 Retry-After decimal", "\"status\":429,\"headers\":{\"Retry-After\":\"0.1\"}", false,
	 1},
	{"429 Retry-After date",
	 "\"status\":429,\"headers\":{\"Retry-After\":\"Wed, 21 Oct 2015 07:28:00 GMT\"}", false,
	 1},
	{"500", "\"status\":500", false, 4},
	{"502", "\"status\":502", false, 4},
	{"503", "\"status\":503", false, 4},
	{"503 Retry-After", "\"status\":503,\"headers\":{\"Retry-After\":\"0.2\"}", false, 3},
	{"504", "\"status\":504", false, 4},
	{"403 but done", "\"status\":403,\"apply\":true", false, 2},
	{"500 but done", "\"status\":500,\"apply\":true", false, 4},
	{"502 but done", "\"status\":502,\"apply\":true", false, 4},
	{"504 but done", "\"status\":504,\"apply\":true", false, 4},
	{"HTML with 502",
	 "\"status\":502,\"body\":\"" HTML "\",\"headers\":{\"Content-Type\":\"text/html\"}", false,
	 3},
	{"HTML with 400",
	 "\"status\":400,\"body\":\"" HTML "\",\"headers\":{\"Content-Type\":\"text/html\"}", false,
	 3},
	{"HTML with 200", "\"body\":\"" HTML "\",\"headers\":{\"Content-Type\":\"text/html\"}",
	 false, 3},
	{"empty body", "\"body\":\"\"", false, 3},
	{"500 with an empty body", "\"status\":500,\"body\":\"\"", false, 3},
	{"{}", "\"body\":\"{}\"", false, 3},
	{"{} and nothing done", "\"status\":200,\"body\":\"{}\"", true, 3},
	{"null", "\"body\":\"null\"", false, 2},
	{"a number", "\"body\":\"42\"", false, 2},
	{"half JSON", "\"body\":\"{\\\"type\\\":\\\"list\\\",\\\"data\\\":[{\\\"id\\\":\"", false,
	 3},
	{"nonsense JSON", "\"body\":\"{\\\"data\\\":[[[]],{\\\"id\\\":[]}],\\\"id\\\":{}}\"", false,
	 3},
	{"wrong types",
	 "\"body\":\"{\\\"id\\\":7,\\\"data\\\":\\\"x\\\",\\\"next_page\\\":\\\"y\\\"}\"", false,
	 3},
	{"an id that is a path",
	 "\"body\":\"{\\\"id\\\":\\\"../x\\\",\\\"data\\\":[{\\\"id\\\":\\\"../x\\\"}]}\"", false,
	 3},
	{"NUL and no UTF-8", "\"body_base64\":\"eyJkYXRhIjpbAP/+XX0=\"", false, 2},
	{"an endless list",
	 "\"body\":\"{\\\"type\\\":\\\"list\\\",\\\"data\\\":[],\\\"next_page\\\":1}\"", true, 2},
	{"a redirect", "\"status\":302,\"headers\":{\"Location\":\"http://127.0.0.1:1/\"}", false,
	 2},
	{"418", "\"status\":418", false, 2},
	{"204 and nothing done", "\"status\":204,\"body\":\"\"", true, 2},
	{"not gzip", "\"body\":\"{\\\"data\\\":[]}\",\"headers\":{\"Content-Encoding\":\"gzip\"}",
	 false, 2},
	{"truncated", "\"truncate\":20", false, 4},
	{"truncated to nothing", "\"truncate\":0", false, 3},
	{"trickled", "\"trickle_ms\":1", false, 1},
	{"delayed", "\"delay_ms\":40", false, 6},
	{"delayed beyond the timeout", "\"delay_ms\":1500", false, 1},
	{"stalled", "\"stall_ms\":40", false, 6},
	{"closed before", "\"close\":\"before\"", false, 4},
	{"closed after", "\"close\":\"after\"", false, 5},
	{"closed when idle", "\"close\":\"idle\"", false, 4},
	{"reset before", "\"reset\":true", false, 4},
	{"reset after", "\"reset\":true,\"apply\":true", false, 5},
	{"silent", "\"silence\":true", false, 1},
	{"silent but done", "\"silence\":true,\"apply\":true", false, 2},
};

/* What is only guessed about the API, as it may be, too. */
static const char *const switches[] = {
	"\"list_accesses\":\"absent\"",
	"\"list_accesses\":\"null\"",
	"\"get_accesses\":\"absent\"",
	"\"create_accesses\":\"absent\"",
	"\"create_accesses\":\"null\"",
	"\"oauth_accesses\":\"absent\"",
	"\"secret_fields\":\"absent\"",
	"\"omit_type\":\"on\"",
	"\"drop_totals\":\"on\"",
	"\"drop_per_page\":\"on\"",
	"\"nullable\":\"absent\"",
	"\"unknown_keys\":\"on\"",
	"\"database_extras\":\"absent\"",
	"\"next_page_url\":\"foreign\"",
	"\"per_page_max\":3",
	"\"token_order\":\"created_asc\"",
	"\"database_order\":\"shuffled\"",
	"\"access_post_answer\":\"added\"",
	"\"access_post_answer\":\"empty\"",
	"\"access_post_answer\":\"truncated-page\",\"access_page_size\":2",
	"\"access_post_status\":\"201\"",
	"\"access_post_status\":\"204\"",
	"\"access_delete_status\":\"200\"",
	"\"access_duplicate\":\"422\"",
	"\"access_missing\":\"404\"",
	"\"access_missing\":\"422\"",
	"\"access_partial\":\"valid\"",
	"\"access_keys\":\"old\"",
	"\"access_keys\":\"old\",\"omit_type\":\"on\"",
	"\"grants_page_size\":1",
	"\"grants_paging\":\"off\"",
	/* Not "accept": writers of one text can make words together that are none of ours. */
	"\"unknown_scope\":\"404\"",
	"\"wrong_level\":\"accept\"",
	"\"bulk_delete\":\"422\"",
	"\"empty_grants\":\"shown\"",
	"\"duplicate_names\":\"409\"",
	"\"gzip\":\"off\"",
	"\"keep_alive\":\"off\"",
	"\"latency_ms\":3",
	"\"access_applies\":\"first\"",
	"\"changes_answered\":\"page\"",
	"\"changes_answered\":\"202\"",
	"\"undo_every\":3,\"undo_ms\":0",
	"\"undo_every\":2,\"undo_ms\":200",
};

/*
 * One of these a round, or none. Where an old answer can say the same as a change would have done,
 * nobody can know that the change was not made: with these no 2xx says so of what was not done.
 */
static const struct {
	const char *keys;
	int lag_ms;
} lies[] = {
	{"\"changes_answered\":\"page-undone\"", 0},
	{"\"changes_answered\":\"202-undone\"", 0},
	{"\"read_lag_ms\":100", 100},
	{"\"read_lag_ms\":700", 700},
	{"\"read_lag_ms\":2000", 2000},
	{"\"read_lag_ms\":3000", 3000},
	{"\"read_lag_ms\":700,\"replicas\":2", 700},
	{"\"read_lag_ms\":3000,\"replicas\":2", 3000},
};

enum {
	FAULTS = ARRAY_LEN(faults),
	SWITCHES = ARRAY_LEN(switches),
	LIES = ARRAY_LEN(lies),
};

static int lag_ms;

int disturb_lag_ms(void)
{
	return lag_ms;
}

unsigned fault_kinds(void)
{
	return FAULTS + SWITCHES + LIES;
}

void print_fault_kinds(void)
{
	for (int i = 0; i < FAULTS; i++)
		printf("fault: %s\n", faults[i].name);
	for (int i = 0; i < SWITCHES; i++)
		printf("switch: %s\n", switches[i]);
	for (int i = 0; i < LIES; i++)
		printf("switch: %s\n", lies[i].keys);
}

static void tell(const char *path, const char *body)
{
	cJSON_Delete(ask("POST", path, body));
}

static void add_fault(struct random *r)
{
	static const char *const methods[] = {"GET", "POST", "*", "DELETE"};
	static const char *const paths[] = {"*",
					    "*",
					    "*/access",
					    "*/access",
					    "*/service-tokens",
					    "*/service-tokens/*",
					    "*/databases",
					    "*/organizations"};
	char body[1024];
	int sum = 0, i = 0;

	for (i = 0; i < FAULTS; i++)
		sum += faults[i].weight;
	int pick = (int)below(r, (unsigned)sum);
	for (i = 0; (pick -= faults[i].weight) >= 0; i++)
		continue;
	if (faults[i].careful && lag_ms > 0)
		return;
	snprintf(body, sizeof(body),
		 "{\"method\":\"%s\",\"path\":\"%s\",\"skip\":%u,\"count\":%u,%s}",
		 methods[below(r, faults[i].careful ? 2 : 4)], paths[below(r, 8)], below(r, 3),
		 1 + below(r, chance(r, 20) ? 6 : 1), faults[i].keys);
	tell("/faults", body);
}

/* The answer to a deletion is lost, it seems, and was a refusal: the repeated one says 404, as a token
 * that is gone does. */
static void refuse_deletion(void)
{
	static const char *const answers[] = {"503", "404"};
	char body[128];

	for (int i = 0; i < 2; i++) {
		snprintf(body, sizeof(body),
			 "{\"method\":\"DELETE\",\"path\":\"*/service-tokens/????????????\","
			 "\"status\":%s}",
			 answers[i]);
		tell("/faults", body);
	}
}

static void change_scopes(struct random *r)
{
	char body[512], scopes[256], list[400] = "";
	int resource = chance(r, 25) ? ORGANIZATION : 1 + (int)below(r, RESOURCES - 1);
	bool bulk = resource != ORGANIZATION && chance(r, 4);
	const char *op = chance(r, bulk ? 30 : 50) ? "grant" : "revoke";
	char *word, *rest;

	print_scopes(scopes, sizeof(scopes), some_scopes(r, resource, 4));
	for (word = strtok_r(scopes, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		size_t at = strlen(list);
		snprintf(list + at, sizeof(list) - at, "%s\"%s\"", at > 0 ? "," : "", word);
	}
	snprintf(body, sizeof(body), "{\"op\":\"%s\",\"token\":\"%s\",%s%s%s,\"access\":[%s]}", op,
		 names[below(r, NAMES)], bulk ? "\"bulk\":true" : "\"database\":\"",
		 bulk || resource == ORGANIZATION ? "" : databases[resource], bulk ? "" : "\"",
		 list);
	tell("/data", body);
}

static void rename_database(const char *from, const char *from_end, const char *to_end)
{
	char body[256];

	snprintf(body, sizeof(body),
		 "{\"op\":\"update-database\",\"name\":\"%s%s\",\"new_name\":\"%s%s\"}", from,
		 from_end, from, to_end);
	tell("/data", body);
}

static void change_databases(struct random *r)
{
	const char *name = databases[1 + below(r, RESOURCES - 1)];

	if (chance(r, 40))
		rename_database(name, "", RENAMED);
	else
		rename_database(name, RENAMED, "");
}

static void change_tokens(struct random *r)
{
	char body[256];
	const char *name = names[STABLE + below(r, NAMES - STABLE)];

	if (chance(r, 40))
		snprintf(body, sizeof(body), "{\"op\":\"add-token\",\"name\":\"%s\"}", name);
	else
		snprintf(body, sizeof(body), "{\"op\":\"delete-token\",\"id\":\"%s\"}", name);
	tell("/data", body);
}

static char switches_set[512];

const char *disturb_switches(void)
{
	return switches_set;
}

static void set_switch(const char *keys)
{
	size_t at = strlen(switches_set);
	char body[256];

	snprintf(switches_set + at, sizeof(switches_set) - at, " %s", keys);
	snprintf(body, sizeof(body), "{%s}", keys);
	tell("/switch", body);
}

/*
 * With old answers: does a switch make a 2xx of a change that was not made, or not all of it? Or does
 * it make pages of a list, each of which then is from another time, so that a token is in none?
 */
static bool untrue(const char *keys)
{
	return strstr(keys, "access_applies") != NULL || strstr(keys, "per_page_max") != NULL;
}

/* Seldom all of the switches at once, often none. */
void disturb_begin(struct random *r)
{
	switches_set[0] = '\0';
	lag_ms = 0;
	if (chance(r, 35)) {
		unsigned i = below(r, LIES);
		lag_ms = lies[i].lag_ms;
		set_switch(lies[i].keys);
	}
	for (int n = (int)below(r, 7) - 1; n > 0; n--) {
		const char *keys = switches[below(r, SWITCHES)];
		if (lag_ms == 0 || !untrue(keys))
			set_switch(keys);
	}
}

void disturb_once(struct random *r)
{
	unsigned what = below(r, 100);

	if (what < 3)
		refuse_deletion();
	else if (what < 50)
		add_fault(r);
	else if (what < 80)
		change_scopes(r);
	else if (what < 88)
		change_tokens(r);
	else if (what < 90)
		change_databases(r);
	else
		cJSON_Delete(ask("DELETE", "/faults", NULL));
}

void disturb_end(void)
{
	cJSON_Delete(ask("DELETE", "/faults", NULL));
	cJSON_Delete(ask("DELETE", "/switches", NULL));
	for (int i = 1; i < RESOURCES; i++)
		rename_database(databases[i], RENAMED, "");
}
