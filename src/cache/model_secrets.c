/* SPDX-License-Identifier: MIT */
/* The part of model that keeps the secrets of tokens that this mount made. */
#include "base/secret.h"
#include "base/xmalloc.h"
#include "cache/model.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void model_keep_secret(struct model *m, const char *token_id, struct secret *secret)
{
	model_drop_secret(m, token_id);
	m->kept = xrealloc(m->kept, (m->n_kept + 1) * sizeof(*m->kept));
	m->kept[m->n_kept++] = (struct kept_secret){xstrdup(token_id), secret, 0};
}

static struct kept_secret *kept_secret(const struct model *m, const char *token_id)
{
	for (size_t i = 0; i < m->n_kept; i++)
		if (strcmp(m->kept[i].token_id, token_id) == 0)
			return &m->kept[i];
	return NULL;
}

const struct secret *model_secret(const struct model *m, const char *token_id)
{
	const struct kept_secret *kept = kept_secret(m, token_id);

	return kept != NULL ? kept->secret : NULL;
}

bool model_shows_secret(const struct model *m, const char *token_id, enum secret_form form)
{
	const struct kept_secret *kept = kept_secret(m, token_id);

	return kept != NULL && (kept->removed & form) == 0;
}

void model_remove_secret(struct model *m, const char *token_id, enum secret_form form)
{
	struct kept_secret *kept = kept_secret(m, token_id);

	if (form == SECRET_TOKEN)
		model_drop_secret(m, token_id);
	else if (kept != NULL)
		kept->removed |= form;
}

void model_drop_secret(struct model *m, const char *token_id)
{
	struct kept_secret *kept = kept_secret(m, token_id);

	if (kept == NULL)
		return;
	secret_free(kept->secret);
	free(kept->token_id);
	*kept = m->kept[--m->n_kept];
}

size_t model_unlocked(const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_kept; i++)
		n += !secret_locked(m->kept[i].secret);
	return n;
}
