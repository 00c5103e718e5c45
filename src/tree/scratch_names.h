/* SPDX-License-Identifier: MIT */
/*
 * scratch_names: the temporary names that editors and tools use beside `permissions`.
 *
 * One table: each row has a pattern, and the tools that need it. scratch stores the files.
 */
#ifndef PSCALEFS_SCRATCH_NAMES_H
#define PSCALEFS_SCRATCH_NAMES_H

#include <stdbool.h>

/* Is this such a name? The file is then kept in memory and never sent. See pscalefs(5). */
bool name_scratch(const char *file_name);
/* Did the user probably mean `permissions`? True if the name contains that word, in upper or lower
 * case, or differs from it by a typing error. */
bool name_near_permissions(const char *file_name);

#endif
