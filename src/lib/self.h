/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The program that this process runs: its file, or the script that its file interprets. */

#include "util/report.h"

typedef struct Self {
        int fd;     /* of the program's file */
        char *path; /* its real path */
} Self;

void self_deinit(Self *self);

/* Whether this process can look at itself: fds 0 to 2 are open, or a file that is opened would become one of them, and
 * its root is that of its mount namespace. Returns 0, or -EBADF or -EXDEV, reported. Call it first. */
int self_check(Report *report);

/* Opens /proc/self/exe. Returns 0, or -errno, reported; -ESTALE if its path leads to another file by now. */
int self_open(Self *ret, Report *report);

/* Opens the script at path, which an interpreter runs in this process. Returns 0, or -errno, reported; -ENOEXEC if it
 * does not begin with "#!". */
int self_open_script(const char *path, Self *ret, Report *report);

/* Whether this process may start an instance: it has one thread, and no more rights than its caller. Returns 0, or
 * -EBUSY or -EPERM, reported. */
int self_check_rights(Report *report);
