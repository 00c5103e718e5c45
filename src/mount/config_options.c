/* SPDX-License-Identifier: MIT */
#include "mount/config_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "fs/grammar.h"

#define TRY_HELP      "`pscalefs -h` lists all options"
#define TIMEOUT_MAX_S 3600
#define CACHE_MAX_S   86400
#define RATE_MAX      100000

/*
 * An option has a letter (-f), a long name (--help), a word of -o, or several of these. `arg` names
 * its argument in -h; NULL: it has none. Options without `help` are words of mount(8) and fstab(5).
 */
struct mount_option {
	char letter;
	const char *name;
	const char *word;
	const char *arg;
	int (*set)(struct config *c, const struct mount_option *o, const char *value,
		   struct error *e);
	size_t field;
	int64_t number; /* set_flag, set_action: the value; set_seconds, set_count: the maximum */
	const char *help;
};

static int set_action(struct config *c, const struct mount_option *o, const char *value,
		      struct error *e)
{
	(void)value, (void)e;
	c->action = (enum config_action)o->number;
	return 0;
}

static int set_flag(struct config *c, const struct mount_option *o, const char *value,
		    struct error *e)
{
	bool flag = o->number != 0;

	(void)value, (void)e;
	memcpy((char *)c + o->field, &flag, sizeof(flag));
	return 0;
}

static int set_debug(struct config *c, const struct mount_option *o, const char *value,
		     struct error *e)
{
	(void)o, (void)value, (void)e;
	c->debug = true;
	c->foreground = true;
	return 0;
}

static int set_text(struct config *c, const struct mount_option *o, const char *value,
		    struct error *e)
{
	char **field = (void *)((char *)c + o->field);

	(void)e;
	free(*field);
	*field = xstrdup(value);
	return 0;
}

/* "30" or "0.25", to milliseconds; -1 if it is anything else. */
static int64_t parse_seconds(const char *s)
{
	size_t whole = strspn(s, "0123456789"), fraction = 0;
	int64_t ms = 0;

	if (s[whole] == '.')
		fraction = strspn(s + whole + 1, "0123456789");
	size_t len = whole + (s[whole] == '.') + fraction;
	if (whole == 0 || whole > 9 || s[len] != '\0' || (s[whole] == '.' && fraction == 0) ||
	    fraction > 3)
		return -1;
	for (size_t i = 0; i < whole; i++)
		ms = ms * 10 + (s[i] - '0');
	for (size_t i = 0; i < 3; i++)
		ms = ms * 10 + (i < fraction ? s[whole + 1 + i] - '0' : 0);
	return ms;
}

static int set_seconds(struct config *c, const struct mount_option *o, const char *value,
		       struct error *e)
{
	int64_t ms = parse_seconds(value);

	if (ms < 0)
		return error_set(e, EINVAL,
				 "%s=%s: not a number of seconds such as 30 or 0.5, without a unit",
				 o->word, value);
	if (ms > o->number * 1000)
		return error_set(e, EINVAL, "%s=%s: at most %lld seconds", o->word, value,
				 (long long)o->number);
	memcpy((char *)c + o->field, &ms, sizeof(ms));
	return 0;
}

static int set_timeout(struct config *c, const struct mount_option *o, const char *value,
		       struct error *e)
{
	int r = set_seconds(c, o, value, e);

	if (r == 0 && c->timeout_ms < 100)
		return error_set(e, EINVAL, "timeout=%s: at least 0.1 seconds", value);
	return r;
}

static int set_count(struct config *c, const struct mount_option *o, const char *value,
		     struct error *e)
{
	int count = 0;

	if (value[strspn(value, "0123456789")] != '\0')
		return error_set(e, EINVAL, "%s=%s: not a whole number", o->word, value);
	for (const char *p = value; *p != '\0'; p++) {
		count = count * 10 + (*p - '0');
		if (count > o->number)
			return error_set(e, EINVAL, "%s=%s: at most %lld", o->word, value,
					 (long long)o->number);
	}
	memcpy((char *)c + o->field, &count, sizeof(count));
	return 0;
}

static int set_ttl(struct config *c, const struct mount_option *o, const char *value,
		   struct error *e)
{
	(void)o;
	if (grammar_duration(value, &c->ttl_s) != 0)
		return error_set(e, EINVAL,
				 "ttl=%s: not a duration such as 90d, 12h or 45m (s, m, h, d, w)",
				 value);
	return 0;
}

static int set_sandbox(struct config *c, const struct mount_option *o, const char *value,
		       struct error *e)
{
	(void)o;
	c->sandbox = str_eq(value, "on");
	if (!c->sandbox && !str_eq(value, "off"))
		return error_set(e, EINVAL, "sandbox=%s: neither on nor off", value);
	return 0;
}

static int pass_on(struct config *c, const struct mount_option *o, const char *value,
		   struct error *e)
{
	(void)value, (void)e;
	char *all = c->fuse_options == NULL ? xstrdup(o->word)
					    : xasprintf("%s,%s", c->fuse_options, o->word);
	free(c->fuse_options);
	c->fuse_options = all;
	return 0;
}

static int drop(struct config *c, const struct mount_option *o, const char *value, struct error *e)
{
	(void)c, (void)o, (void)value, (void)e;
	return 0;
}

static int refuse_sharing(struct config *c, const struct mount_option *o, const char *value,
			  struct error *e)
{
	(void)c, (void)value;
	return error_set(e, EINVAL,
			 "%s is not offered: it would show the secrets of service tokens to other "
			 "users of this machine",
			 o->word);
}

static int set_words(struct config *c, const struct mount_option *o, const char *value,
		     struct error *e);

#define FIELD(name) offsetof(struct config, name)

static const struct mount_option options[] = {
	{'f', NULL, NULL, NULL, set_flag, FIELD(foreground), true,
	 "stay in the foreground and log to standard error"},
	{'d', NULL, NULL, NULL, set_debug, 0, 0, "debug: -f, and log every request and operation"},
	{'h', "help", NULL, NULL, set_action, 0, CONFIG_HELP, "show this text"},
	{'V', "version", NULL, NULL, set_action, 0, CONFIG_VERSION, "show the version"},
	{'o', NULL, NULL, "OPTION[,OPTION...]", set_words, 0, 0, "mount options, below"},
	{0, "api-url", "api-url", "URL", set_text, FIELD(api_url), 0,
	 "where the API is (" API_URL_DEFAULT ")"},
	{0, "cacert", "cacert", "FILE", set_text, FIELD(ca_file), 0,
	 "certificates to trust, PEM (the system's)"},
	{0, NULL, "credentials", "FILE", set_text, FIELD(credentials_file), 0,
	 "read the credential from FILE (see pscalefs(1))"},
	{0, NULL, "org", "NAME", set_text, FIELD(org), 0, "show this organization only"},
	{0, NULL, "timeout", "SECONDS", set_timeout, FIELD(timeout_ms), TIMEOUT_MAX_S,
	 "give up this long after the last progress (30)"},
	{0, NULL, "cache", "SECONDS", set_seconds, FIELD(cache_ms), CACHE_MAX_S,
	 "ask again for what is older; 0: always (30)"},
	{0, NULL, "ttl", "DURATION", set_ttl, FIELD(ttl_s), 0,
	 "tokens made by mkdir expire after, e.g., 90d (never)"},
	{0, NULL, "rate", "N", set_count, FIELD(rate_per_minute), RATE_MAX,
	 "requests a minute; 0: no limit (600)"},
	{0, NULL, "ro", NULL, set_flag, FIELD(read_only), true, "change nothing at PlanetScale"},
	{0, NULL, "rw", NULL, set_flag, FIELD(read_only), false, "allow changes (the default)"},
	{0, NULL, "offline", NULL, set_flag, FIELD(offline), true,
	 "while the API is unreachable, answer from older copies"},
	{0, NULL, "sandbox", "on|off", set_sandbox, 0, 0,
	 "keep this process from what it does not need (on)"},
	{0, "no-namespace", NULL, NULL, set_flag, FIELD(no_namespace), true,
	 "run: mount where other programs see it, too"},
	{0, NULL, "noexec", NULL, pass_on, 0, 0, NULL},
	{0, NULL, "exec", NULL, pass_on, 0, 0, NULL},
	{0, NULL, "noatime", NULL, pass_on, 0, 0, NULL},
	/* libfuse always mounts with nosuid and nodev; suid and dev have no effect. */
	{0, NULL, "nosuid", NULL, pass_on, 0, 0, NULL},
	{0, NULL, "nodev", NULL, pass_on, 0, 0, NULL},
	{0, NULL, "suid", NULL, drop, 0, 0, NULL},
	{0, NULL, "dev", NULL, drop, 0, 0, NULL},
	/* words for mount(8) itself, and some without a meaning for a network file system */
	{0, NULL, "defaults", NULL, drop, 0, 0, NULL},
	{0, NULL, "auto", NULL, drop, 0, 0, NULL},
	{0, NULL, "noauto", NULL, drop, 0, 0, NULL},
	{0, NULL, "user", NULL, drop, 0, 0, NULL},
	{0, NULL, "nouser", NULL, drop, 0, 0, NULL},
	{0, NULL, "users", NULL, drop, 0, 0, NULL},
	{0, NULL, "owner", NULL, drop, 0, 0, NULL},
	{0, NULL, "group", NULL, drop, 0, 0, NULL},
	{0, NULL, "nofail", NULL, drop, 0, 0, NULL},
	{0, NULL, "_netdev", NULL, drop, 0, 0, NULL},
	{0, NULL, "async", NULL, drop, 0, 0, NULL},
	{0, NULL, "sync", NULL, drop, 0, 0, NULL},
	{0, NULL, "atime", NULL, drop, 0, 0, NULL},
	{0, NULL, "relatime", NULL, drop, 0, 0, NULL},
	{0, NULL, "allow_other", NULL, refuse_sharing, 0, 0, NULL},
	{0, NULL, "allow_root", NULL, refuse_sharing, 0, 0, NULL},
};

/* The most similar long name, or word of -o; NULL if none is similar. */
static const struct mount_option *nearest(const char *text, bool word)
{
	const struct mount_option *best = NULL;
	size_t least =
		strlen(text) / 3 + 2; /* one typing error in a short word, more in a long one */

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const char *name = word ? options[i].word : options[i].name;
		size_t d = name == NULL ? SIZE_MAX : str_edits(text, name);
		if (d < least && d < strlen(text)) {
			least = d;
			best = &options[i];
		}
	}
	return best;
}

static int unknown(const char *prefix, const char *text, bool word, struct error *e)
{
	const struct mount_option *near = nearest(text, word);

	error_set(e, EINVAL, "unknown option %s%s", prefix, text);
	if (near != NULL)
		error_hint(e, "did you mean %s%s? " TRY_HELP, prefix,
			   word ? near->word : near->name);
	else
		error_hint(e, TRY_HELP);
	return -EINVAL;
}

/* Call the option's setter; `shown` is the option as the user wrote it, without the value. */
static int apply(struct config *c, const struct mount_option *o, const char *prefix,
		 const char *shown, const char *value, struct error *e)
{
	int r;

	if (o->arg != NULL && (value == NULL || value[0] == '\0'))
		r = error_set(e, EINVAL, "%s%s needs a value (%s)", prefix, shown, o->arg);
	else if (o->arg == NULL && value != NULL)
		r = error_set(e, EINVAL, "%s%s takes no value", prefix, shown);
	else
		r = o->set(c, o, value, e);
	if (r != 0 && e->hint[0] == '\0')
		error_hint(e, TRY_HELP);
	return r;
}

/* Words for other programs, such as systemd and the helpers of mount(8). */
static bool foreign(const char *word)
{
	return str_starts(word, "x-") || str_starts(word, "X-") || str_starts(word, "comment=");
}

/* Set one word of -o. Changes `word`. */
static int set_word(struct config *c, char *word, struct error *e)
{
	if (word[0] == '\0' || foreign(word))
		return 0;
	char *value = strchr(word, '=');
	if (value != NULL)
		*value++ = '\0';
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (str_eq(options[i].word, word))
			return apply(c, &options[i], "-o ", word, value, e);
	return unknown("-o ", word, true, e);
}

/* The words of -o: commas between them, a backslash before a comma or backslash inside one. */
static int set_words(struct config *c, const struct mount_option *o, const char *value,
		     struct error *e)
{
	cleanup(free_ptr) char *word = xmalloc(strlen(value) + 1);
	size_t len = 0;
	int r = 0;

	(void)o;
	for (const char *p = value; r == 0; p++) {
		if (*p == ',' || *p == '\0') {
			word[len] = '\0';
			r = set_word(c, word, e);
			len = 0;
		} else {
			if (*p == '\\' && p[1] != '\0')
				p++;
			word[len++] = *p;
		}
		if (*p == '\0')
			break;
	}
	return r;
}

/* getopt_long(3) returns this plus the index in the table of options for a long name. */
#define LONG_FIRST 256

/* The table of options, converted for getopt_long(3). */
struct getopt_tables {
	char letters[3 + 2 * ARRAY_LEN(options)];
	struct option names[ARRAY_LEN(options) + 1];
};

static void getopt_tables_fill(struct getopt_tables *t)
{
	char *letter = t->letters;
	size_t n = 0;

	memset(t, 0, sizeof(*t));
	*letter++ = '-'; /* operands are returned in order, as arguments of an option 1 */
	*letter++ = ':'; /* a missing argument is returned as ':', and nothing is printed */
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct mount_option *o = &options[i];
		if (o->letter != 0)
			*letter++ = o->letter;
		if (o->letter != 0 && o->arg != NULL)
			*letter++ = ':';
		if (o->name != NULL)
			t->names[n++] = (struct option){
				.name = o->name,
				.has_arg = o->arg != NULL ? required_argument : no_argument,
				.val = LONG_FIRST + (int)i,
			};
	}
}

/* "--name", "--name=value", "--name value"; `token` is the argument as it was written. */
static int take_long(struct config *c, int found, const char *token, struct error *e)
{
	cleanup(free_ptr) char *name = xstrndup(token + 2, strcspn(token + 2, "="));
	int i = found == '?' || found == ':' ? optopt : found;
	const struct mount_option *o = i < LONG_FIRST ? NULL : &options[i - LONG_FIRST];

	/* getopt_long(3) accepts abbreviations; refuse them, because a name that is added later may
	 * make them ambiguous. */
	if (o == NULL || !str_eq(o->name, name))
		return unknown("--", name, false, e);
	return apply(c, o, "--", name, found == '?' ? "" : found == ':' ? NULL : optarg, e);
}

/* "-f", "-fd", "-oWORDS", "-o WORDS" */
static int take_letter(struct config *c, int found, struct error *e)
{
	const char shown[2] = {(char)(found == '?' || found == ':' ? optopt : found), '\0'};

	for (size_t i = 0; found != '?' && i < ARRAY_LEN(options); i++)
		if (options[i].letter == shown[0])
			return apply(c, &options[i], "-", shown, found == ':' ? NULL : optarg, e);
	return unknown("-", shown, false, e);
}

struct operands {
	const char *v[2];
	size_t n;
};

/* Commands, which stand in place of the mount point, before all options. */
static const struct {
	const char *name;
	enum config_action action;
	const char *usage;
} commands[] = {
	{"run", CONFIG_RUN, "usage: pscalefs run [options] [--] COMMAND [ARGUMENT...]"},
	{"check", CONFIG_CHECK, "usage: pscalefs check [options]"},
	{NULL, CONFIG_MOUNT, "usage: pscalefs [options] MOUNTPOINT"},
};

static const char *usage(enum config_action action)
{
	size_t i = 0;

	while (commands[i].action != action)
		i++;
	return commands[i].usage;
}

static enum config_action find_command(const char *word)
{
	size_t i = 0;

	while (commands[i].name != NULL && !str_eq(commands[i].name, word))
		i++;
	return commands[i].action;
}

/* For each action, what its command line must have or must not have. */
static int check_action(const struct config *c, struct error *e)
{
	if (c->action == CONFIG_RUN && (c->command == NULL || c->command[0] == NULL)) {
		error_set(e, EINVAL, "no command to run is given");
		error_hint(e, "%s; to mount at a directory of this name, write ./run",
			   usage(c->action));
		return -EINVAL;
	}
	if (c->action != CONFIG_MOUNT && c->foreground && !c->debug)
		error_set(e, EINVAL, "-f is for mounting only");
	else if (c->action != CONFIG_RUN && c->no_namespace)
		error_set(e, EINVAL, "--no-namespace is for `pscalefs run` only");
	else
		return 0;
	error_hint(e, "%s", usage(c->action));
	return -EINVAL;
}

static int add_operand(struct operands *operands, const char *operand, struct error *e)
{
	if (operands->n == ARRAY_LEN(operands->v)) {
		error_set(e, EINVAL, "too many operands");
		error_hint(e, "%s", usage(CONFIG_MOUNT));
		return -EINVAL;
	}
	operands->v[operands->n++] = operand;
	return 0;
}

/* "MOUNTPOINT", or "SOURCE MOUNTPOINT" as mount(8) passes them. */
static int take_operands(struct config *c, const struct operands *operands, struct error *e)
{
	size_t n = operands->n;

	if (n == 0) {
		error_set(e, EINVAL, "no mount point given");
		error_hint(e, "%s", usage(c->action));
		return -EINVAL;
	}
	if (n > 1 && !str_eq(operands->v[0], "pscalefs") && !str_eq(operands->v[0], "none")) {
		error_set(e, EINVAL, "more than one mount point given");
		error_hint(e, "only the word pscalefs or none may precede the mount point, "
			      "as in fstab");
		return -EINVAL;
	}
	c->mountpoint = xstrdup(operands->v[n - 1]);
	return 0;
}

bool config_is_run(int argc, char **argv)
{
	return argc > 1 && find_command(argv[1]) == CONFIG_RUN;
}

/* Take one option or operand that getopt_long(3) has found. For CONFIG_RUN the first operand ends the
 * options. */
static int take(struct config *c, int found, const char *token, struct operands *operands,
		struct error *e)
{
	if (found == 1 && c->action == CONFIG_CHECK) {
		error_set(e, EINVAL, "check takes no operand");
		error_hint(e, "%s; to mount at a directory of this name, write ./check",
			   usage(c->action));
		return -EINVAL;
	}
	if (found == 1)
		return add_operand(operands, optarg, e);
	return str_starts(token, "--") ? take_long(c, found, token, e) : take_letter(c, found, e);
}

static bool showing(const struct config *c)
{
	return c->action == CONFIG_HELP || c->action == CONFIG_VERSION;
}

int config_options_parse(struct config *c, int argc, char **argv, struct error *e)
{
	struct operands operands = {0};
	struct getopt_tables tables;
	int r = 0;

	c->action = argc > 1 ? find_command(argv[1]) : CONFIG_MOUNT;
	if (c->action != CONFIG_MOUNT) {
		argc--;
		argv++;
	}
	getopt_tables_fill(&tables);
	optind = 0; /* start again, if another command line was read before */
	while (r == 0 && !showing(c)) {
		const char *token = optind < argc ? argv[optind > 0 ? optind : 1] : NULL;
		int found = getopt_long(argc, argv, tables.letters, tables.names, NULL);
		if (found == 1 && c->action == CONFIG_RUN) {
			optind--;
			break;
		}
		if (found == -1)
			break;
		r = take(c, found, token, &operands, e);
	}
	if (r != 0 || showing(c))
		return r;
	if (c->action == CONFIG_RUN)
		c->command = argv + optind;
	for (; r == 0 && c->action != CONFIG_RUN && optind < argc; optind++)
		r = take(c, 1, (optarg = argv[optind]), &operands, e);
	if (r == 0)
		r = check_action(c, e);
	return r == 0 && c->action == CONFIG_MOUNT ? take_operands(c, &operands, e) : r;
}

/* "-h, --help", "--cacert FILE", "-o org=NAME" */
static void describe(const struct mount_option *o, bool word, struct buf *out)
{
	size_t start = out->len;

	buf_adds(out, "  ");
	if (word)
		buf_addf(out, "-o %s", o->word);
	if (!word && o->letter != 0)
		buf_addf(out, "-%c%s", o->letter, o->name != NULL ? ", " : "");
	if (!word && o->name != NULL)
		buf_addf(out, "--%s", o->name);
	if (o->arg != NULL)
		buf_addf(out, "%c%s", word ? '=' : ' ', o->arg);
	buf_addf(out, "%*s%s\n", (int)(out->len < start + 26 ? start + 26 - out->len : 1), "",
		 o->help);
}

/* List the words without a help text, in lines that fit a terminal. */
static void list_words(struct buf *out)
{
	size_t line = out->len;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct mount_option *o = &options[i];
		if (o->help != NULL || o->set == refuse_sharing)
			continue;
		if (out->len - line + strlen(o->word) + 2 > 76) {
			buf_adds(out, "\n");
			line = out->len;
		}
		buf_addf(out, "%s%s,", out->len == line ? "  " : " ", o->word);
	}
	buf_adds(out, " x-*\n");
}

void config_help(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		buf_addf(out, "%s\n", commands[i].usage);
	buf_adds(out, "Mounts PlanetScale's organizations, databases and service tokens at a "
		      "directory.\nrun mounts at a temporary directory, $PSCALEFS, while COMMAND "
		      "runs.\ncheck says whether all that a mount needs is there.\n\nOptions, with "
		      "their defaults:\n");
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].help != NULL && (options[i].letter != 0 || options[i].name != NULL))
			describe(&options[i], false, out);
	buf_addc(out, '\n');
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].help != NULL && options[i].word != NULL)
			describe(&options[i], true, out);
	buf_adds(out, "\nWords of fstab(5) that -o takes, too:\n");
	list_words(out);
}
