/* SPDX-License-Identifier: MIT */
/*
 * scratch_names: the temporary names that editors and tools use beside `permissions`.
 *
 * One table, a pattern a row, with the tools that need it. What such a file is, scratch says.
 */
#ifndef PSCALEFS_SCRATCH_NAMES_H
#define PSCALEFS_SCRATCH_NAMES_H

#include <stdbool.h>

/* Is this one of them (held in memory, never sent)? See pscalefs(5). */
bool name_scratch(const char *file_name);
/* Was `permissions` probably meant: is the name in it, in any case, or a slip of the finger away? */
bool name_near_permissions(const char *file_name);

#endif
