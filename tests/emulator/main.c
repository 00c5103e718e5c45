/* SPDX-License-Identifier: MIT */
/*
 * pscale-emulator — a PlanetScale HTTP API on loopback, for tests.
 *
 * It answers the calls about organizations, databases, service tokens and
 * their permissions as PlanetScale's documentation and clients describe them,
 * keeps its data in memory, and refuses with 400 whatever no documented client
 * would send. Where the real API is not known, a switch chooses (--help lists
 * them). A second port is for tests: it tells what was asked, injects faults
 * and changes data behind the client's back.
 *
 *     $ pscale-emulator --sample --port 0
 *     listening http://127.0.0.1:40001
 *     control http://127.0.0.1:40002
 *     admin-token emuadmin0001:pscale_tkn_…
 *     bearer pscale_oauth_…
 *     $ curl -sH 'Authorization: emuadmin0001:pscale_tkn_…' \
 *           http://127.0.0.1:40001/v1/organizations
 *     $ curl -s http://127.0.0.1:40002/log
 *
 * It is not a PlanetScale: no branches, passwords or teams, no
 * HTTP/2, no real secrets. All of it runs in one thread; see server.h.
 */
#include "control.h"
#include "emulator.h"
#include "seed.h"
#include "server.h"
#include "store.h"
#include "tls.h"
#include "util.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/xmalloc.h"

#define ADMIN_TOKEN  "emuadmin0001:pscale_tkn_emulator_admin_secret_not_a_real_one_0000001"
#define ADMIN_BEARER "pscale_oauth_emulator_bearer_not_a_real_one_00000000001"

struct options {
	struct server_options server;
	struct seed_sizes sizes;
	bool sized, sample, tls;
	uint64_t random_seed;
	const char *state_file, *tls_dir, *tls_kind, *admin_token, *bearer;
};

static const char usage[] =
	"Usage: pscale-emulator [OPTION]...\n"
	"Emulates PlanetScale's HTTP API on loopback for tests.\n"
	"\n"
	"  --port=N              port of the API, 0 (the default) for any\n"
	"  --control-port=N      port of the control requests, the same\n"
	"  --sample              start with a small organization as people have them\n"
	"  --seed-data=SIZES     start with as many of everything as SIZES says:\n"
	"                        orgs=1,databases=4,tokens=10,grants=2 (the default)\n"
	"  --random-seed=N       another set of ids and secrets\n"
	"  --state=FILE          load FILE if there is one, and save to it at the end\n"
	"  --set=NAME=VALUE      set a switch, see below\n"
	"  --latency=MS          delay every answer\n"
	"  --admin-token=ID:SECRET\n"
	"                        service token with all permissions\n"
	"  --bearer=TOKEN        OAuth token of a user who may do everything\n"
	"  --tls                 serve the API over HTTPS\n"
	"  --tls-dir=DIR         where ca.pem and the rest go (pscale-emulator-tls)\n"
	"  --tls-cert=KIND       good, untrusted, wrong-host or expired\n"
	"  --help, --version\n"
	"\n"
	"Prints, each on a line: listening URL, control URL, ca PATH (with --tls),\n"
	"admin-token ID:SECRET, bearer TOKEN. Ends on SIGTERM, SIGINT and POST /quit.\n"
	"\n"
	"Control requests:\n";

static const char control_help[] =
	"\n"
	"Faults: POST /faults with an object of\n"
	"  method, path, query   globs; * also matches slashes; all requests by default\n"
	"  count                 how many requests it strikes (1), 0 for every one\n"
	"  skip                  how many it lets pass first\n"
	"  status                answer with this status; the request has no effect\n"
	"  body, body_base64     answer with these bytes\n"
	"  headers               answer with these headers, too\n"
	"  apply                 the request takes effect in spite of status or reset,\n"
	"                        and before silence\n"
	"  stall_ms              wait before the request takes effect\n"
	"  delay_ms              wait after that, before the answer\n"
	"  close                 \"before\" or \"after\" the request takes effect, without\n"
	"                        an answer; \"idle\" after a whole answer, as servers\n"
	"                        do with idle connections\n"
	"  reset                 the same with a TCP reset\n"
	"  truncate              send so many bytes of the body, then close\n"
	"  trickle_ms            wait so long between two bytes of the body\n"
	"  silence               hold the request until the fault is deleted\n"
	"  data                  operations as for POST /data, done when it strikes\n"
	"\n"
	"Data: POST /data with an object of op and its operands, or an array of them;\n"
	"organization defaults to the first one, tokens are named by id or name:\n"
	"  add-organization name          update-organization name new_name\n"
	"  delete-organization name\n"
	"  add-database name [kind state region notes created_at ...]\n"
	"  update-database name [new_name kind state needs_second_admin ...]\n"
	"  delete-database name\n"
	"  add-event [count] [members of an event, such as created_at, audit_action]\n"
	"  drop-events [count], the newest ones\n"
	"  add-token [name id secret ttl created_at expires_at last_used_at oauth]\n"
	"  update-token id [new_name ttl created_at expires_at last_used_at ...]\n"
	"  delete-token id\n"
	"  grant token access [database | bulk | resource_type resource_id resource_name]\n"
	"  revoke, the same\n"
	"  add-bearer token [name expires_at]   delete-bearer token\n"
	"\n"
	"Examples, with $C the control URL:\n"
	"  curl -s $C/log | jq '.[] | select(.violation)'\n"
	"  curl -s \"$C/count?method=GET&path=/v1/organizations/*/service-tokens\"\n"
	"  curl -s \"$C/wait?method=POST&path=*/access&count=2&answered=1\"\n"
	"  curl -s $C/faults -d '{\"path\":\"*/grants\",\"status\":502,\"count\":3}'\n"
	"  curl -s $C/faults -d '{\"method\":\"POST\",\"close\":\"after\"}'\n"
	"  curl -s $C/faults -d '{\"path\":\"*/access\",\"silence\":true,\"apply\":true}'\n"
	"  curl -sX DELETE $C/faults\n"
	"  curl -s $C/switch -d '{\"unknown_scope\":\"accept\",\"rate_limit\":600}'\n"
	"  curl -s $C/data -d '{\"op\":\"grant\",\"token\":\"token-1\",\"database\":\"db-1\",\n"
	"                      \"access\":[\"read_branch\"]}'\n"
	"\n"
	"Switches, with the default in parentheses:\n";

enum option_id {
	OPTION_PORT = 256,
	OPTION_CONTROL_PORT,
	OPTION_SAMPLE,
	OPTION_SEED_DATA,
	OPTION_RANDOM_SEED,
	OPTION_STATE,
	OPTION_SET,
	OPTION_LATENCY,
	OPTION_ADMIN_TOKEN,
	OPTION_BEARER,
	OPTION_TLS,
	OPTION_TLS_DIR,
	OPTION_TLS_CERT,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"port", required_argument, NULL, OPTION_PORT},
	{"control-port", required_argument, NULL, OPTION_CONTROL_PORT},
	{"sample", no_argument, NULL, OPTION_SAMPLE},
	{"seed-data", required_argument, NULL, OPTION_SEED_DATA},
	{"random-seed", required_argument, NULL, OPTION_RANDOM_SEED},
	{"state", required_argument, NULL, OPTION_STATE},
	{"set", required_argument, NULL, OPTION_SET},
	{"latency", required_argument, NULL, OPTION_LATENCY},
	{"admin-token", required_argument, NULL, OPTION_ADMIN_TOKEN},
	{"bearer", required_argument, NULL, OPTION_BEARER},
	{"tls", no_argument, NULL, OPTION_TLS},
	{"tls-dir", required_argument, NULL, OPTION_TLS_DIR},
	{"tls-cert", required_argument, NULL, OPTION_TLS_CERT},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

static void print_help(void)
{
	fputs(usage, stdout);
	control_print_help(stdout);
	fputs(control_help, stdout);
	switches_print_help(stdout);
}

static bool read_port(const char *text, uint16_t *port)
{
	long long number;

	if (!parse_number(text, 0, 65535, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool read_seed(const char *text, uint64_t *seed)
{
	long long number;

	if (!parse_number(text, 0, 1LL << 62, &number))
		return false;
	*seed = (uint64_t)number;
	return true;
}

/* Sets a switch from NAME=VALUE. */
static bool read_switch(struct emulator *emulator, const char *text)
{
	char *name = xstrdup(text);
	char *equals = strchr(name, '=');
	char *error;

	if (!equals) {
		free(name);
		return false;
	}
	*equals = '\0';
	error = switches_set(&emulator->switches, name, equals + 1);
	if (error)
		fprintf(stderr, "pscale-emulator: %s\n", error);
	free(name);
	free(error);
	return !error;
}

static bool valid_admin_token(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789") == ID_LENGTH &&
	       text[ID_LENGTH] == ':' && text[ID_LENGTH + 1];
}

/* Takes one option; false when its argument is wrong. */
static bool take_option(struct emulator *emulator, struct options *options, int option,
			const char *argument)
{
	switch (option) {
	case OPTION_PORT:
		return read_port(argument, &options->server.port);
	case OPTION_CONTROL_PORT:
		return read_port(argument, &options->server.control_port);
	case OPTION_SAMPLE:
		return options->sample = true;
	case OPTION_SEED_DATA:
		return options->sized = seed_parse(argument, &options->sizes);
	case OPTION_RANDOM_SEED:
		return read_seed(argument, &options->random_seed);
	case OPTION_STATE:
		options->state_file = argument;
		return true;
	case OPTION_SET:
		return read_switch(emulator, argument);
	case OPTION_LATENCY:
		return !switches_set(&emulator->switches, "latency_ms", argument);
	case OPTION_ADMIN_TOKEN:
		options->admin_token = argument;
		return valid_admin_token(argument);
	case OPTION_BEARER:
		options->bearer = argument;
		return *argument;
	case OPTION_TLS:
		return options->tls = true;
	case OPTION_TLS_DIR:
		options->tls_dir = argument;
		return true;
	case OPTION_TLS_CERT:
		options->tls_kind = argument;
		return list_contains(tls_kinds, '|', argument);
	default:
		return false;
	}
}

/* Returns -1 to go on, or the exit status. */
static int read_options(struct emulator *emulator, struct options *options, int argc, char **argv)
{
	int option, place = 0;

	while ((option = getopt_long(argc, argv, "", long_options, &place)) != -1) {
		if (option == OPTION_HELP) {
			print_help();
			return 0;
		}
		if (option == OPTION_VERSION) {
			puts("pscale-emulator " PSCALEFS_VERSION);
			return 0;
		}
		if (option == '?')
			return 2;
		if (!take_option(emulator, options, option, optarg)) {
			fprintf(stderr, "pscale-emulator: wrong value for --%s\n",
				long_options[place].name);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "pscale-emulator: unexpected argument: %s\n", argv[optind]);
		return 2;
	}
	return -1;
}

/* Loads or makes the data. */
static int prepare_state(struct emulator *emulator, const struct options *options)
{
	int error = -ENOENT;
	char *admin;

	if (options->state_file)
		error = store_load_file(&emulator->state, options->state_file);
	if (error && error != -ENOENT) {
		fprintf(stderr, "pscale-emulator: %s: %s\n", options->state_file, strerror(-error));
		return error;
	}
	if (error && options->sample)
		seed_sample(&emulator->state);
	if (error && (options->sized || !options->sample))
		seed_sizes(&emulator->state, &options->sizes);
	admin = xstrdup(options->admin_token);
	admin[ID_LENGTH] = '\0';
	seed_admin(&emulator->state, admin, admin + ID_LENGTH + 1);
	free(admin);
	state_add_bearer(&emulator->state, options->bearer, "Ada", 0);
	emulator->state.recording = true;
	emulator->state.audit = &emulator->audit;
	return 0;
}

/* 500 held requests need 500 descriptors, and some. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void block_signals(void)
{
	sigset_t signals;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void announce(struct emulator *emulator, const struct server *server,
		     const struct options *options, const struct tls_files *tls)
{
	emulator->base_url = xasprintf("%s://127.0.0.1:%u", options->tls ? "https" : "http",
				       server_port(server));
	printf("listening %s\n", emulator->base_url);
	printf("control http://127.0.0.1:%u\n", server_control_port(server));
	if (options->tls)
		printf("ca %s\n", tls->ca_path);
	printf("admin-token %s\nbearer %s\n", options->admin_token, options->bearer);
	fflush(stdout);
}

static int serve(struct emulator *emulator, struct options *options)
{
	struct tls_files tls = {0};
	struct server server;
	int error = 0;

	if (options->tls)
		error = tls_make(&tls, options->tls_dir, options->tls_kind);
	options->server.certificate_pem = tls.certificate_pem;
	options->server.key_pem = tls.key_pem;
	if (!error)
		error = server_init(&server, emulator, &options->server);
	if (error) {
		fprintf(stderr, "pscale-emulator: %s\n", strerror(-error));
	} else {
		announce(emulator, &server, options, &tls);
		server_run(&server);
		server_finish(&server);
	}
	if (!error && options->state_file)
		error = store_save_file(&emulator->state, options->state_file);
	tls_finish(&tls);
	return error;
}

int main(int argc, char **argv)
{
	struct options options = {
		.sizes = {1, 4, 10, 2},
		.random_seed = 1,
		.tls_dir = "pscale-emulator-tls",
		.tls_kind = "good",
		.admin_token = ADMIN_TOKEN,
		.bearer = ADMIN_BEARER,
	};
	struct emulator emulator = {0};
	int status = read_options(&emulator, &options, argc, argv);

	if (status >= 0) {
		switches_finish(&emulator.switches);
		return status;
	}
	switches_keep(&emulator.switches);
	emulator.state_file = options.state_file;
	block_signals();
	raise_descriptor_limit();
	state_init(&emulator.state, &emulator.switches, options.random_seed);
	log_init(&emulator.log);
	status = prepare_state(&emulator, &options) || serve(&emulator, &options) ? 1 : 0;

	faults_finish(&emulator.faults);
	log_finish(&emulator.log);
	oauth_finish(&emulator.device_logins);
	lag_finish(&emulator.lag);
	others_finish(&emulator.others);
	state_finish(&emulator.state);
	audit_finish(&emulator.audit);
	switches_finish(&emulator.switches);
	free(emulator.base_url);
	return status;
}
