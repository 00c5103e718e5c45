/*
 * A credentials file of any bytes: whatever is parsed lies inside it, and no sentence quotes what
 * may be a secret.
 */
#include <errno.h>
#include <string.h>

#include "credential.h"
#include "fuzz.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own size, so that the sanitizer sees a byte read too far. */
	cleanup(free_ptr) char *text = xmalloc(size);
	struct credential_fields f;
	struct credential c = {0};
	struct error e = {0};

	if (size > 0)
		memcpy(text, data, size);
	int r = credential_parse(text, size, &f, &e);
	if (r == 0) {
		check_fields(&f, text, size);
		r = credential_make(&f, &c, &e);
		if (r == 0)
			check_made(&c);
		else
			CHECK(c.header == NULL && c.token_id == NULL);
	}
	CHECK(r == 0 || r == -ENOENT || r == -EINVAL);
	CHECK(r != -EINVAL || (e.text[0] != '\0' && printable(e.text, strlen(e.text))));
	credential_finish(&c);
	return 0;
}
