/* SPDX-License-Identifier: MIT */
/*
 * permissions_file_internal: what the files of permissions_file share; no other file includes it.
 *
 * permissions_file.c remembers files, failures and removals; permissions_file_text.c has the text
 * and its changes; permissions_file_close.c decides what to do when a handle is closed.
 */
#ifndef PSCALEFS_PERMISSIONS_FILE_INTERNAL_H
#define PSCALEFS_PERMISSIONS_FILE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "fs/permissions_file.h"

/* Remember what closed handles have left to do. This holds the text. */
void text_set_due(struct permissions_text *t, enum closing what);
/* Forget that. The text may be freed. */
void text_clear_due(struct permissions_text *t);
/* A writer was killed, or its line refused: the text is spoiled. The caller holds it. */
void text_spoil(struct permissions_text *t, const struct error *e);
/* The offset where the complete lines of the first `len` bytes, or of the whole text, end. */
size_t text_lines_before(const struct permissions_text *t, size_t len);
size_t text_lines_end(const struct permissions_text *t);
/* Does a handle other than `w` owe its close? Until then the text is not whole. */
bool text_others_owe(const struct permissions_text *t, const struct permissions_writer *w);
/* If the last line was granted before its newline came, and has become another word since: add the
 * permissions that it granted then to what `out` revokes. `end`: of what counts of the text now. */
void text_outgrown(const struct permissions_text *t, size_t end, struct edit *out);

#endif
