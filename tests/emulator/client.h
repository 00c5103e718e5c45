/* SPDX-License-Identifier: MIT */
/*
 * client: what a test program asks of a running emulator by its control interface.
 *
 * Not a part of the emulator. Ends the process, with a sentence, if the emulator does not answer.
 */
#ifndef EMULATOR_CLIENT_H
#define EMULATOR_CLIENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/*
 * The JSON that it answers to `method` on `control_url` followed by `path`; the caller deletes it.
 * `body` is JSON text or NULL. `refusable`: another status than 200 is an answer, too. Not for
 * several threads at once; a child of fork(2) may use it.
 */
cJSON *emulator_ask(const char *control_url, const char *method, const char *path, const char *body,
		    bool refusable);

#endif
