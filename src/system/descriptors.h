/* SPDX-License-Identifier: MIT */
/*
 * descriptors: closes file descriptors that a new process must not inherit.
 */
#ifndef PSCALEFS_DESCRIPTORS_H
#define PSCALEFS_DESCRIPTORS_H

/* Close every file descriptor above `lowest` except `except`. */
void close_above(int lowest, int except);

#endif
