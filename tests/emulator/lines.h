/* SPDX-License-Identifier: MIT */
/*
 * lines: what tests ask for most often, as plain text: a shell reads that without
 * starting another program, which costs more than the answer.
 *
 * All returned text is the caller's to free; NULL where there is no such thing.
 */
#ifndef EMULATOR_LINES_H
#define EMULATOR_LINES_H

#include "log.h"
#include "state.h"

/* "METHOD PATH" of each request, without its query. */
char *lines_requests(const struct log *log, const struct log_filter *filter);

/* "METHOD PATH BODY" of those that ask for a change. */
char *lines_asked(const struct log *log, const struct log_filter *filter);

/* The id of the only token of that name. */
char *lines_token_id(const struct state *state, const char *name);

/* What the first token of that name may do on a database, or ("") on the organization; sorted. */
char *lines_scopes(const struct state *state, const char *token, const char *database);

/* What a change of the client's could change, for comparing before and after. */
char *lines_holdings(const struct state *state);

#endif
