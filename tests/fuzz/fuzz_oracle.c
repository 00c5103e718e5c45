/* SPDX-License-Identifier: MIT */
/*
 * The input makes the choices that make a sequence of system calls: pscalefs without a kernel beside a
 * regular file, see tests/oracle/oracle.h.
 */
#include <stdio.h>

#include "base/log.h"
#include "fuzz.h"
#include "ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices c = {.input = data, .left = size};
	struct sequence s;
	struct failure f;
	struct counts counts = {0};

	log_set_level(LEVEL_ERROR);
	enum mode mode = (enum mode)below(&c, MODES);
	mount_pace(below(&c, 256));
	generate(&s, &c, mode);
	if (!run_sequence(&mount_subject, &s, &f, &counts)) {
		minimize(&mount_subject, &s, &f);
		failure_print(stderr, &s, &f);
		CHECK(!"as a regular file");
	}
	mount_end();
	return 0;
}
