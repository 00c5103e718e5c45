/* SPDX-License-Identifier: MIT */
/*
 * emulator: the parts of the running emulator in one place, for the
 * handlers. It does nothing itself.
 */
#ifndef EMULATOR_EMULATOR_H
#define EMULATOR_EMULATOR_H

#include "audit.h"
#include "faults.h"
#include "lag.h"
#include "log.h"
#include "oauth.h"
#include "others.h"
#include "state.h"
#include "switches.h"

struct emulator {
	struct switches switches;
	struct state state;
	struct faults faults;
	struct log log;
	struct device_logins device_logins;
	struct lag lag;
	struct others others;
	struct audit audit;
	int64_t window_start_ms; /* of the rate limit, monotonic */
	long long window_requests;
	char *base_url;         /* owned: how the API port is reached */
	const char *state_file; /* borrowed, NULL without --state */
};

#endif
