/*
 * keyring: reads the item in which `pscale auth login` keeps its login in the desktop's keyring
 * (the Secret Service on the session's D-Bus: gnome-keyring, KeePassXC, KWallet).
 *
 * Asked in a process of its own that ends with the answer: neither the libraries nor their threads
 * nor their copies of the secret come into this one, and a keyring that hangs can be left. Knows
 * nothing of what the item holds.
 */
#ifndef PSCALEFS_KEYRING_H
#define PSCALEFS_KEYRING_H

#include "error.h"

/*
 * The item's text into `out` of `size` bytes, its length into *len. 0; -ENOENT without a sentence
 * where there is no session, no keyring, no such item, or no support for it in this build; another
 * -errno with a sentence: the keyring is locked, or does not answer within `timeout_ms`.
 */
int keyring_read(char *out, size_t size, size_t *len, int timeout_ms, struct error *e);

#endif
