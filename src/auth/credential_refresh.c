/* SPDX-License-Identifier: MIT */
#include "auth/credential_refresh.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "auth/keyring.h"
#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/xmalloc.h"

/* After the keyring was asked without success, wait this long before asking again. */
#define REST_MS 5000

struct credential_refresh {
	const struct credential *first; /* borrowed */
	struct credential renewed;      /* owned; in use once its header is not NULL */
	struct list retired;            /* of struct retired */
	unsigned generation;
	struct clock *clock;                  /* borrowed */
	const char *program;                  /* borrowed */
	struct credential_question *question; /* owned; NULL: all questions are freed */
	bool asking;                          /* the question has no answer yet */
	bool overdue;                         /* no caller waits for the answer any more */
	int64_t asked_ms;
	int64_t rest_until_ms;
	int64_t patience_ms;
	void (*over)(void *ctx, const struct error *e);
	void *ctx; /* borrowed; for over */
};

/* A credential that was replaced, kept until no request can hold its header. */
struct retired {
	struct list link;
	struct credential credential;
};

static void ignore_over(void *ctx, const struct error *e)
{
	(void)ctx, (void)e;
}

struct credential_refresh *credential_refresh_new(const struct credential *first,
						  const char *program, int64_t patience_ms,
						  struct clock *clock)
{
	struct credential_refresh *r = xcalloc(1, sizeof(*r));

	r->first = first;
	r->program = program;
	r->patience_ms = patience_ms;
	r->clock = clock;
	r->over = ignore_over;
	list_init(&r->retired);
	return r;
}

void credential_refresh_listen(struct credential_refresh *r,
			       void (*over)(void *ctx, const struct error *e), void *ctx)
{
	r->over = over;
	r->ctx = ctx;
}

const struct credential *credential_refresh_credential(const struct credential_refresh *r)
{
	return r->renewed.header != NULL ? &r->renewed : r->first;
}

unsigned credential_refresh_generation(const struct credential_refresh *r)
{
	return r->generation;
}

void credential_refresh_drop_old(struct credential_refresh *r)
{
	list_for_each(pos, &r->retired) {
		struct retired *old = container_of(pos, struct retired, link);
		list_remove(pos);
		credential_finish(&old->credential);
		free(old);
	}
}

void credential_refresh_free(struct credential_refresh *r)
{
	if (r == NULL)
		return;
	/* If its process has not ended yet, init will reap it, as this process ends, too. */
	if (r->question != NULL && !credential_question_end(r->question))
		free(r->question);
	credential_refresh_drop_old(r);
	credential_finish(&r->renewed);
	free(r);
}

static bool same_header(const struct credential *a, const struct credential *b)
{
	return secret_len(a->header) == secret_len(b->header) &&
	       memcmp(secret_expose(a->header), secret_expose(b->header), secret_len(a->header)) ==
		       0;
}

/* Takes ownership of `next`. False if it equals the credential in use. */
static bool replace_credential(struct credential_refresh *r, struct credential *next)
{
	if (same_header(next, credential_refresh_credential(r))) {
		credential_finish(next);
		return false;
	}
	if (r->renewed.header != NULL) {
		struct retired *old = xmalloc(sizeof(*old));
		old->credential = r->renewed;
		list_append(&r->retired, &old->link);
	}
	r->renewed = *next;
	r->generation++;
	log_notice("credential read again from %s", next->origin);
	return true;
}

/* --- the keyring ------------------------------------------------------------------------------ */

/* Free the last question if its process has ended: true if there is none left. */
static bool question_freed(struct credential_refresh *r)
{
	if (r->question != NULL && credential_question_end(r->question))
		r->question = NULL;
	return r->question == NULL;
}

static void rest(struct credential_refresh *r)
{
	r->rest_until_ms = r->clock->mono_ms + REST_MS;
}

static int ask_keyring(struct credential_refresh *r, struct error *e)
{
	if (r->asking)
		return r->overdue ? keyring_late(e) : WAIT;
	if (r->clock->mono_ms < r->rest_until_ms || !question_freed(r))
		return error_set(e, EAGAIN, "the keyring was asked without success just now");
	r->question = credential_ask(r->program, e);
	if (r->question == NULL) {
		rest(r);
		return -e->err;
	}
	r->asking = true;
	r->overdue = false;
	r->asked_ms = r->clock->mono_ms;
	return WAIT;
}

static int64_t refresh_deadline_ms(const struct credential_refresh *r)
{
	bool patient = !r->overdue && r->patience_ms < KEYRING_TIMEOUT_MS;

	return r->asked_ms + (patient ? r->patience_ms : KEYRING_TIMEOUT_MS);
}

static void answered(struct credential_refresh *r, int result, struct credential *next,
		     struct error *e)
{
	r->asking = false;
	question_freed(r);
	if (result != 0)
		log_warning("the credential could not be read again: %s", e->text);
	if (result != 0 || !replace_credential(r, next))
		rest(r);
	r->over(r->ctx, result != 0 ? e : NULL);
}

void credential_refresh_turn(struct credential_refresh *r)
{
	struct credential next;
	struct error e;

	if (!r->asking) {
		question_freed(r);
		return;
	}
	int result = credential_answer(r->question, &next, &e);
	bool late = result == WAIT && r->clock->mono_ms >= refresh_deadline_ms(r);
	if (late)
		result = keyring_late(&e);
	if (late && r->clock->mono_ms < r->asked_ms + KEYRING_TIMEOUT_MS) {
		r->overdue = true;
		r->over(r->ctx, &e);
	} else if (result != WAIT) {
		answered(r, result, &next, &e);
	}
}

int credential_refresh_fd(const struct credential_refresh *r)
{
	return r->asking ? credential_question_fd(r->question) : -1;
}

int64_t credential_refresh_sleep_ms(const struct credential_refresh *r)
{
	if (!r->asking)
		return -1;
	int64_t left = refresh_deadline_ms(r) - r->clock->mono_ms;
	return left > 0 ? left : 0;
}

/* --- any source ------------------------------------------------------------------------------- */

int credential_refresh_begin(struct credential_refresh *r, struct error *e)
{
	struct credential next;

	if (r->first->source == SOURCE_KEYRING)
		return ask_keyring(r, e);
	int result = credential_reload(r->first, &next, e);
	if (result == 0)
		replace_credential(r, &next);
	return result;
}

void credential_refresh_now(struct credential_refresh *r)
{
	struct error e;

	r->rest_until_ms = 0;
	/* A credential from the environment cannot change: that needs no warning. */
	if (credential_refresh_begin(r, &e) < 0 && e.err != ENOTSUP)
		log_warning("the credential could not be read again: %s", e.text);
}
