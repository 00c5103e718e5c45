/* SPDX-License-Identifier: MIT */
#include "auth/credential.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define SECRET_PREFIX   "pscale_tkn_" /* how PlanetScale begins a service token's secret */
#define TOKEN_ID_LEN    12            /* how long its ids are: [a-z0-9] */
#define VARIABLE_PREFIX "PLANETSCALE_"

const char *const credential_key_names[CREDENTIAL_KEYS] = {
	[KEY_TOKEN_ID] = "PLANETSCALE_SERVICE_TOKEN_ID",
	[KEY_TOKEN_NAME] = "PLANETSCALE_SERVICE_TOKEN_NAME",
	[KEY_TOKEN_SECRET] = "PLANETSCALE_SERVICE_TOKEN",
	[KEY_API_TOKEN] = "PLANETSCALE_API_TOKEN",
	[KEY_ORG] = "PLANETSCALE_ORG",
};

void credential_finish(struct credential *c)
{
	free(c->origin);
	free(c->token_id);
	secret_free(c->header);
	memset(c, 0, sizeof(*c));
}

void credential_relock(struct credential *c)
{
	struct secret *old = c->header;

	if (old == NULL)
		return;
	c->header = secret_new(secret_expose(old), secret_len(old));
	secret_free(old);
}

/* Parsing a credentials file */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct credential_text trim(const char *s, size_t len)
{
	while (len > 0 && blank(s[0])) {
		s++;
		len--;
	}
	while (len > 0 && blank(s[len - 1]))
		len--;
	return (struct credential_text){s, len};
}

static bool text_starts(struct credential_text t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t.len >= n && memcmp(t.s, prefix, n) == 0;
}

static bool text_is(struct credential_text t, const char *s)
{
	return t.len == strlen(s) && text_starts(t, s);
}

/* May a message quote this key? Any other text could be a misplaced secret. */
static bool key_quotable(struct credential_text key)
{
	if (!text_starts(key, VARIABLE_PREFIX) || key.len > 48)
		return false;
	for (size_t i = 0; i < key.len; i++)
		if (key.s[i] != '_' && (key.s[i] < 'A' || key.s[i] > 'Z'))
			return false;
	return true;
}

static int unknown_key(struct credential_text key, unsigned line, struct error *e)
{
	if (key_quotable(key))
		error_set(e, EINVAL, "line %u: pscalefs does not know the key %.*s", line,
			  (int)key.len, key.s);
	else
		error_set(e, EINVAL, "line %u: pscalefs does not know this key", line);
	error_hint(e, "known are PLANETSCALE_SERVICE_TOKEN_ID, PLANETSCALE_SERVICE_TOKEN, "
		      "PLANETSCALE_API_TOKEN and PLANETSCALE_ORG");
	return -EINVAL;
}

static int unquote(struct credential_text *value, unsigned line, struct error *e)
{
	if (value->len == 0 || (value->s[0] != '"' && value->s[0] != '\''))
		return 0;
	const char *close = memchr(value->s + 1, value->s[0], value->len - 1);
	if (close == NULL)
		return error_set(e, EINVAL, "line %u: a quote is not closed", line);
	size_t inside = (size_t)(close - value->s) - 1;
	struct credential_text rest = trim(close + 1, value->len - inside - 2);
	if (rest.len > 0 && rest.s[0] != '#')
		return error_set(e, EINVAL, "line %u: something follows the closing quote", line);
	value->s++;
	value->len = inside;
	return 0;
}

static int parse_line(struct credential_text text, unsigned line, struct credential_fields *out,
		      struct error *e)
{
	const char *equals = memchr(text.s, '=', text.len);

	if (equals == NULL)
		return error_set(e, EINVAL, "line %u: not of the form KEY=value", line);
	if (text_starts(text, "export ") || text_starts(text, "export\t")) {
		size_t n = strlen("export ");
		text = trim(text.s + n, text.len - n);
	}
	struct credential_text key = {text.s, (size_t)(equals - text.s)};
	struct credential_text value = trim(equals + 1, text.len - key.len - 1);
	for (size_t k = 0; k < CREDENTIAL_KEYS; k++) {
		if (!text_is(key, credential_key_names[k]))
			continue;
		if (out->v[k].s != NULL)
			return error_set(e, EINVAL, "line %u: %s is given twice", line,
					 credential_key_names[k]);
		int r = unquote(&value, line, e);
		if (r == 0)
			out->v[k] = value;
		return r;
	}
	return unknown_key(key, line, e);
}

int credential_parse(const char *text, size_t len, struct credential_fields *out, struct error *e)
{
	const char *p = text, *end = text + len;

	memset(out, 0, sizeof(*out));
	for (unsigned line = 1; p < end; line++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline == NULL ? end : newline;
		struct credential_text t = trim(p, (size_t)(stop - p));
		if (t.len > 0 && t.s[0] != '#') {
			int r = parse_line(t, line, out, e);
			if (r != 0)
				return r;
		}
		p = newline == NULL ? end : newline + 1;
	}
	return 0;
}

/* Making the header from the fields */

static bool given(const struct credential_fields *f, enum credential_key k)
{
	return f->v[k].s != NULL;
}

/* Accepts only one word of characters that are allowed in an HTTP header. */
static int check_value(struct credential_text t, const char *name, struct error *e)
{
	if (t.len == 0)
		return error_set(e, EINVAL, "%s is empty", name);
	for (size_t i = 0; i < t.len; i++)
		if (t.s[i] <= ' ' || t.s[i] >= 0x7f)
			return error_set(e, EINVAL,
					 "%s holds a blank, a line end or a character that is no "
					 "plain ASCII",
					 name);
	return 0;
}

static bool looks_like_id(struct credential_text t)
{
	if (t.len != TOKEN_ID_LEN)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (!((t.s[i] >= 'a' && t.s[i] <= 'z') || (t.s[i] >= '0' && t.s[i] <= '9')))
			return false;
	return true;
}

/* `parts` joined; through a buffer of the final size, so that no copy is left on the heap. */
static struct secret *join(const struct credential_text *parts, size_t n)
{
	size_t len = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	char *whole = xmalloc(len);
	for (size_t i = 0; i < n; i++) {
		memcpy(whole + at, parts[i].s, parts[i].len);
		at += parts[i].len;
	}
	struct secret *s = secret_new(whole, len);
	secret_wipe(whole, len);
	free(whole);
	return s;
}

static int make_pair(struct credential_text id, const char *id_name, struct credential_text secret,
		     const char *secret_name, struct credential *out, struct error *e)
{
	int r = check_value(id, id_name, e);

	if (r == 0)
		r = check_value(secret, secret_name, e);
	if (r != 0)
		return r;
	if (text_starts(id, SECRET_PREFIX))
		return error_set(e, EINVAL,
				 "%s begins with " SECRET_PREFIX
				 " and so is a secret: are id and secret swapped?",
				 id_name);
	if (looks_like_id(secret))
		return error_set(e, EINVAL, "%s looks like an id: are id and secret swapped?",
				 secret_name);
	if (memchr(id.s, ':', id.len) != NULL)
		return error_set(e, EINVAL, "%s holds a colon, which no id does", id_name);
	out->kind = CREDENTIAL_SERVICE_TOKEN;
	out->token_id = xstrndup(id.s, id.len);
	out->header = join((const struct credential_text[]){id, {":", 1}, secret}, 3);
	return 0;
}

int credential_make_login(struct credential_text token, const char *name, struct credential *out,
			  struct error *e)
{
	int r = check_value(token, name, e);

	if (r != 0)
		return r;
	if (text_starts(token, SECRET_PREFIX)) {
		error_set(e, EINVAL, "%s holds a service token's secret without its id", name);
		error_hint(e, "give both: set PLANETSCALE_SERVICE_TOKEN_ID and "
			      "PLANETSCALE_SERVICE_TOKEN, or PLANETSCALE_API_TOKEN=ID:SECRET");
		return -EINVAL;
	}
	out->kind = CREDENTIAL_LOGIN;
	out->header = join((const struct credential_text[]){{"Bearer ", 7}, token}, 2);
	return 0;
}

static int make_api_token(struct credential_text t, struct credential *out, struct error *e)
{
	const char *name = credential_key_names[KEY_API_TOKEN];
	const char *colon = memchr(t.s, ':', t.len);

	if (colon == NULL)
		return credential_make_login(t, name, out, e);
	struct credential_text id = {t.s, (size_t)(colon - t.s)};
	struct credential_text secret = {colon + 1, t.len - id.len - 1};
	return make_pair(id, "the id in PLANETSCALE_API_TOKEN", secret,
			 "the secret in PLANETSCALE_API_TOKEN", out, e);
}

int credential_make(const struct credential_fields *f, struct credential *out, struct error *e)
{
	enum credential_key id = given(f, KEY_TOKEN_ID) ? KEY_TOKEN_ID : KEY_TOKEN_NAME;
	const char *secret_name = credential_key_names[KEY_TOKEN_SECRET];

	if (given(f, id) && given(f, KEY_TOKEN_SECRET))
		return make_pair(f->v[id], credential_key_names[id], f->v[KEY_TOKEN_SECRET],
				 secret_name, out, e);
	if (given(f, id))
		return error_set(e, EINVAL, "%s is given without %s", credential_key_names[id],
				 secret_name);
	if (given(f, KEY_TOKEN_SECRET))
		return error_set(e, EINVAL, "%s is given without %s", secret_name,
				 credential_key_names[KEY_TOKEN_ID]);
	if (given(f, KEY_API_TOKEN))
		return make_api_token(f->v[KEY_API_TOKEN], out, e);
	return -ENOENT;
}
