/* SPDX-License-Identifier: MIT */
/*
 * keyring: reads the item in which `pscale auth login` keeps its login in the desktop's keyring
 * (the Secret Service on the session's D-Bus: gnome-keyring, KeePassXC, KWallet).
 *
 * Asked by a process of its own, the reader, that ends with the answer: neither the libraries nor
 * their threads nor their copies of the secret come into this one, and a keyring that hangs can be
 * left. The reader is this program, executed anew, which main() hands over to at once: a fork would
 * take our secrets along, and the locks of threads that libcurl has. It has what of the environment
 * D-Bus needs and a pipe for the answer, and ends with who started it. Knows nothing of what the
 * item holds.
 */
#ifndef PSCALEFS_KEYRING_H
#define PSCALEFS_KEYRING_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define KEYRING_TIMEOUT_MS 30000 /* somebody may have to type a password */

struct keyring_reader {
	pid_t pid; /* 0: none that has not been waited for; -1: another process's */
	int fd;    /* to poll for input; -1: none */
};

/*
 * What to execute to run this program anew, owned by the caller. To be called in the directory in
 * which it was started.
 */
char *keyring_program(void);
/* For main(), first of all but for daemon_harden(): is this process to be an reader? Then be it. */
bool keyring_is_asker(int argc, char **argv);
_Noreturn void keyring_be_asker(char **argv);

/* Another process that starts and ends readers in this one's place; see helper.h. */
struct keyring_delegate {
	int (*start)(int *fd, struct error *e); /* as keyring_ask(), which takes the descriptor */
	void (*end)(void);                      /* the one that was started last; all of it */
};
/* From now on; borrowed. */
void keyring_delegate(const struct keyring_delegate *d);

/*
 * Start an reader. 0; -ENOENT without a sentence where there is no session or no support for
 * keyrings in this build; another -errno with a sentence.
 */
int keyring_ask(struct keyring_reader *a, const char *program, struct error *e);
/*
 * What it has said so far, without blocking, into `out` of `size` bytes, always the same; *len is 0
 * at first. WAIT until it has said all. Then 0; -ENOENT without a sentence where there is no
 * keyring, no such item, or no answer; another -errno with a sentence: the keyring is locked.
 */
int keyring_answer(struct keyring_reader *a, char *out, size_t size, size_t *len, struct error *e);
/* It has taken too long: -ETIMEDOUT with a sentence. */
int keyring_late(struct error *e);
/* End it, whatever it does. */
void keyring_end(struct keyring_reader *a);
/* Is nothing left of it, after keyring_end()? If not, SIGCHLD says when to ask again. */
bool keyring_gone(struct keyring_reader *a);

/* All of it, for the start: blocks for KEYRING_TIMEOUT_MS at most. As keyring_answer(). */
int keyring_read(const char *program, char *out, size_t size, size_t *len, struct error *e);

#endif
