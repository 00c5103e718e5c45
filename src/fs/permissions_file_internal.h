/* SPDX-License-Identifier: MIT */
/*
 * permissions_file_internal: what the files of permissions_file share; nobody else includes it.
 *
 * permissions_file.c remembers files, failures and removals; permissions_file_text.c has the text and
 * what changes it; permissions_file_close.c says what closing asks for.
 */
#ifndef PSCALEFS_PERMISSIONS_FILE_INTERNAL_H
#define PSCALEFS_PERMISSIONS_FILE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "fs/permissions_file.h"

/* Something is left to do though the handles that asked for it are closed: holds the text. */
void text_set_due(struct permissions_text *t, enum closing what);
/* The text may be gone afterwards. */
void text_clear_due(struct permissions_text *t);
/* A writer was killed, or refused: nothing is revoked by this text. The caller holds it. */
void text_spoil(struct permissions_text *t, const struct error *e);
/* Where the complete lines of the first `len` bytes end; of the text. */
size_t text_lines_before(const struct permissions_text *t, size_t len);
size_t text_lines_end(const struct permissions_text *t);
/* Does another handle than `w` owe its close? Until it is closed the text is not whole. */
bool text_others_owe(const struct permissions_text *t, const struct permissions_writer *w);
/* Permissions that the unterminated last line granted, when it was another word than it is now: add
 * them to what `out` revokes. `end`: of what counts of the text now. */
void text_outgrown(const struct permissions_text *t, size_t end, struct edit *out);

#endif
