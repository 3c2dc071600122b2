/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "sandbox/wire/given.h"
#include "sandbox/wire/standard-io.h"

/* Finds the files of given.h among the fds that the payload gets. standard_io and read are from standard_io_open().
 * Prints a notice for a file that it cannot find by its path, although it has one. Returns 0 or -errno, reported. The
 * caller frees *ret with given_deinit(). */
int given_find(const Plan *plan, const int standard_io[static 3], ReadFiles read, GivenFiles *ret, Report *report);

/* Keeps the fd of a MESSAGE_GIVEN. Returns 0, or -EPROTO if it is not expected; the fd is closed then. */
int given_keep(GivenFiles *files, size_t index, int fd);

/* At the end: gives the caller's fds the offsets that the payload has left. */
void given_return_offsets(const GivenFiles *files);

void given_deinit(GivenFiles *files);
