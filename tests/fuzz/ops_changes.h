/*
 * ops_changes: changes of PlanetScale's under way, each with what it may do and why.
 */
#ifndef PSCALEFS_FUZZ_OPS_CHANGES_H
#define PSCALEFS_FUZZ_OPS_CHANGES_H

#include "ops_rules.h"
#include "ops_texts.h"

void changes_begin(struct fs *fs, struct http *h);
void changes_end(void);
bool changes_none(void);
/* The file whose last handle is just closed; NULL: none is. */
void changes_releasing(struct text *t);
/* It removed something, or looked from above, in vain: see sweep.h. */
void changes_refused_removal(pid_t pid);
void changes_read_above(pid_t pid);

void changes_sent(void *ctx, struct http_call *c);
void changes_answered(struct http_call *c, const struct http_result *r);

#endif
