/* SPDX-License-Identifier: MIT */
#include "fake_keyring.h"

#include "base/macros.h"

static int readers;
static int verdict = WAIT;
static char item[256];
static bool running, vanished, lingering;

void fake_keyring_reset(void)
{
	assert_false(running);
	readers = 0;
	verdict = WAIT;
	vanished = lingering = false;
}

int fake_keyring_readers(void)
{
	return readers;
}

/* base64 of what three letters at a time give is without an end mark: enough for here. */
void fake_keyring_holds(const char *token)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t at = (size_t)snprintf(item, sizeof(item), "{\"Data\":\"");

	assert_int_equal(strlen(token) % 3, 0);
	for (const char *t = token; *t != '\0'; t += 3) {
		unsigned bits = (unsigned)t[0] << 16 | (unsigned)t[1] << 8 | (unsigned)t[2];
		for (int shift = 18; shift >= 0; shift -= 6)
			item[at++] = digits[bits >> shift & 63];
	}
	snprintf(item + at, sizeof(item) - at, "\"}");
	verdict = 0;
}

void fake_keyring_fails(int err)
{
	verdict = -err;
}

void fake_keyring_vanishes(void)
{
	vanished = true;
}

void fake_keyring_lingers(bool lingers)
{
	lingering = lingers;
}

/* --- keyring.h -------------------------------------------------------------------------------- */

int keyring_ask(struct keyring_reader *a, const char *program, struct error *e)
{
	(void)e;
	assert_non_null(program);
	assert_false(running);
	if (vanished)
		return -ENOENT;
	*a = (struct keyring_reader){.pid = 1, .fd = 77};
	running = true;
	readers++;
	verdict = WAIT;
	return 0;
}

int keyring_answer(struct keyring_reader *a, char *out, size_t size, size_t *len, struct error *e)
{
	assert_true(running);
	assert_int_equal(a->fd, 77);
	if (verdict == -EACCES) {
		error_set(e, EACCES, "it is locked");
		error_hint(e, "unlock it");
	}
	if (verdict == 0)
		*len = (size_t)snprintf(out, size, "%s", item);
	return verdict;
}

int keyring_late(struct error *e)
{
	return error_set(e, ETIMEDOUT, "late");
}

void keyring_end(struct keyring_reader *a)
{
	a->fd = -1;
}

bool keyring_gone(struct keyring_reader *a)
{
	assert_int_equal(a->fd, -1);
	if (!lingering)
		running = false;
	return !running;
}

int keyring_read(const char *program, char *out, size_t size, size_t *len, struct error *e)
{
	(void)program, (void)out, (void)size, (void)len, (void)e;
	return -ENOENT;
}
