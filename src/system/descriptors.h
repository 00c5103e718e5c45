/* SPDX-License-Identifier: MIT */
/*
 * descriptors: those that a new process is not to have.
 */
#ifndef PSCALEFS_DESCRIPTORS_H
#define PSCALEFS_DESCRIPTORS_H

/* Close every file descriptor of ours above `lowest` but `except`. */
void close_above(int lowest, int except);

#endif
