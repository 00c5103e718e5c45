/* SPDX-License-Identifier: MIT */
#include "planetscale/target.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/xmalloc.h"

struct target target_copy(const struct target *t)
{
	return (struct target){
		.organization_id = xstrdup(t->organization_id),
		.token_id = xstrdup(t->token_id),
		.database_id = xstrdup(t->database_id),
	};
}

void target_finish(struct target *t)
{
	free((void *)(uintptr_t)t->organization_id);
	free((void *)(uintptr_t)t->token_id);
	free((void *)(uintptr_t)t->database_id);
	*t = (struct target){0};
}

bool target_equal(const struct target *a, const struct target *b)
{
	return str_eq(a->organization_id, b->organization_id) && str_eq(a->token_id, b->token_id) &&
	       str_eq(a->database_id, b->database_id);
}
