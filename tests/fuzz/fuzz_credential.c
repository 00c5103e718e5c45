/* SPDX-License-Identifier: MIT */
/*
 * The same bytes as a credentials file, as a login's token and as what the keyring holds: whatever is
 * parsed lies inside, what is made of it can stand in a header, and no sentence quotes what may be
 * a secret: it is the same one when the letters are others.
 */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "auth/credential.h"
#include "fuzz.h"
#include "auth/keyring_document.h"

static void check_fields(const struct credential_fields *f, const char *text, size_t size)
{
	for (size_t k = 0; k < CREDENTIAL_KEYS; k++) {
		const struct credential_text *t = &f->v[k];
		if (t->s == NULL)
			continue;
		CHECK(t->s >= text && t->len <= size && t->s + t->len <= text + size);
		CHECK(memchr(t->s, '\n', t->len) == NULL);
	}
}

static void check_made(const struct credential *c)
{
	const char *header = secret_expose(c->header);

	CHECK(strlen(header) == secret_len(c->header));
	if (c->kind == CREDENTIAL_LOGIN) {
		CHECK(c->token_id == NULL && str_starts(header, "Bearer ") && strlen(header) > 7);
		header += 7;
	} else {
		CHECK(str_starts(header, c->token_id) && header[strlen(c->token_id)] == ':');
	}
	for (; *header != '\0'; header++)
		CHECK(*header > ' ' && *header < 0x7f);
}

/* --- other letters of the same kind ----------------------------------------------------------- */

#define PREFIX "pscale_tkn_" /* what begins so is known for a secret */

static void mask(char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (len - i >= strlen(PREFIX) && memcmp(s + i, PREFIX, strlen(PREFIX)) == 0)
			i += strlen(PREFIX) - 1;
		else if (s[i] >= 'a' && s[i] <= 'z')
			s[i] = 'q';
		else if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = 'Q';
		else if (s[i] >= '0' && s[i] <= '9')
			s[i] = '7';
	}
}

/* All but the keys. */
static void mask_file(char *s, size_t len)
{
	for (size_t n; len > 0; s += n, len -= n) {
		const char *newline = memchr(s, '\n', len);
		n = newline == NULL ? len : (size_t)(newline - s) + 1;
		const char *equals = memchr(s, '=', n);
		size_t key = equals == NULL ? 0 : (size_t)(equals - s);
		if (memmem(s, key, "PLANETSCALE_", strlen("PLANETSCALE_")) == NULL)
			key = 0;
		mask(s + key, n - key);
	}
}

/* All strings but "Data". */
static void mask_json(char *s, size_t len)
{
	const char *end = s + len;

	if (memchr(s, '\\', len) != NULL)
		return; /* an escape's letters are no text */
	for (char *open, *close; (open = memchr(s, '"', (size_t)(end - s))) != NULL;
	     s = close + 1) {
		close = memchr(open + 1, '"', (size_t)(end - open) - 1);
		if (close == NULL)
			return;
		if (close - open != 5 || memcmp(open, "\"Data", 5) != 0)
			mask(open + 1, (size_t)(close - open) - 1);
	}
}

/* --- the three ways --------------------------------------------------------------------------- */

static int as_file(const char *text, size_t size, struct error *e)
{
	struct credential_fields f;
	struct credential c = {0};
	int r = credential_parse(text, size, &f, e);

	if (r == 0) {
		check_fields(&f, text, size);
		r = credential_make(&f, &c, e);
		if (r == 0)
			check_made(&c);
		else
			CHECK(c.header == NULL && c.token_id == NULL);
	}
	credential_finish(&c);
	return r;
}

static int as_login(const char *text, size_t size, struct error *e)
{
	struct credential c = {0};
	int r = credential_make_login((struct credential_text){text, size}, "the login", &c, e);

	if (r == 0) {
		check_made(&c);
		CHECK(secret_len(c.header) == strlen("Bearer ") + size);
	}
	credential_finish(&c);
	return r;
}

static void check_way(int (*way)(const char *, size_t, struct error *),
		      void (*mask_letters)(char *, size_t), char *text, size_t size)
{
	struct error e = {0}, masked = {0};
	int r = way(text, size, &e);

	CHECK(r == 0 || r == -ENOENT || r == -EINVAL || r == -EREMOTEIO);
	if (r == 0 || r == -ENOENT)
		return;
	CHECK(e.err == -r && e.text[0] != '\0' && printable(e.text, strlen(e.text)));
	mask_letters(text, size);
	CHECK(way(text, size, &masked) == r);
	CHECK(strcmp(e.text, masked.text) == 0 && strcmp(e.hint, masked.hint) == 0);
}

/* What is in it is a login. */
static int as_keyring(const char *text, size_t size, struct error *e)
{
	struct secret *token = NULL;
	int r = keyring_document_read(text, size, &token, e);

	CHECK((r == 0) == (token != NULL));
	if (r == 0) {
		CHECK(secret_len(token) > 0 && secret_len(token) <= size / 4 * 3);
		cleanup(free_ptr) char *copy = xstrndup(secret_expose(token), secret_len(token));
		check_way(as_login, mask, copy, secret_len(token));
	}
	secret_free(token);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		int (*way)(const char *, size_t, struct error *);
		void (*mask)(char *, size_t);
	} ways[] = {{as_file, mask_file}, {as_login, mask}, {as_keyring, mask_json}};
	/* A copy of its own size, so that the sanitizer sees a byte read too far. */
	cleanup(free_ptr) char *text = xmalloc(size);

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (size > 0)
			memcpy(text, data, size);
		check_way(ways[i].way, ways[i].mask, text, size);
	}
	return 0;
}
