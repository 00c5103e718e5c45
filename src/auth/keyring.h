/* SPDX-License-Identifier: MIT */
/*
 * keyring: reads the item in which `pscale auth login` stores its login in the desktop's keyring
 * (the Secret Service on the session's D-Bus: gnome-keyring, KeePassXC, KWallet).
 *
 * A process of its own, the reader, asks the keyring and ends with the answer. So the libraries,
 * their threads and their copies of the secret stay out of this process, and a keyring that hangs
 * can be given up. The reader is this program, executed again; main() calls keyring_is_asker()
 * first. A fork alone would copy our secrets, and locks held by libcurl's threads. The reader gets
 * only the environment that D-Bus needs and a pipe for the answer, and ends when its parent ends.
 * Does not know the format of the item.
 */
#ifndef PSCALEFS_KEYRING_H
#define PSCALEFS_KEYRING_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define KEYRING_TIMEOUT_MS 30000 /* a user may have to type a password */

struct keyring_reader {
	pid_t pid; /* 0: none to wait for; -1: it is another process's child */
	int fd;    /* to poll for input; -1: none */
};

/*
 * The program file to execute as the reader, owned by the caller. Call it in the directory in
 * which the program was started.
 */
char *keyring_program(void);
/* For main(), directly after daemon_harden(): was this process started as the reader? Run it. */
bool keyring_is_asker(int argc, char **argv);
_Noreturn void keyring_be_asker(char **argv);

/* Another process that starts and ends readers for this one; see helper.h. */
struct keyring_delegate {
	int (*start)(int *fd, struct error *e); /* like keyring_ask(), which owns the descriptor */
	void (*end)(void);                      /* the last reader, with its process */
};
/* Use `d`, borrowed, from now on. */
void keyring_delegate(const struct keyring_delegate *d);

/*
 * Start a reader. 0; -ENOENT without a sentence if there is no session or this build has no
 * support for keyrings; another -errno with a sentence.
 */
int keyring_ask(struct keyring_reader *a, const char *program, struct error *e);
/*
 * Read the answer so far, without blocking, into `out` of `size` bytes, the same in each call;
 * *len is 0 at first. WAIT until it is complete. Then 0; -ENOENT without a sentence if there is no
 * keyring, no such item, or no answer; another -errno with a sentence: the keyring is locked.
 */
int keyring_answer(struct keyring_reader *a, char *out, size_t size, size_t *len, struct error *e);
/* The error for a keyring that took too long: -ETIMEDOUT with a sentence. */
int keyring_late(struct error *e);
/* End the reader, whatever its state. */
void keyring_end(struct keyring_reader *a);
/* After keyring_end(): has its process ended? If not, SIGCHLD says when to ask again. */
bool keyring_gone(struct keyring_reader *a);

/* Ask and wait, at mount time: blocks for KEYRING_TIMEOUT_MS at most. Results as
 * keyring_answer(). */
int keyring_read(const char *program, char *out, size_t size, size_t *len, struct error *e);

#endif
