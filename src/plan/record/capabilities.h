/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For which capabilities the kernel may look in which system call: capabilities(7), and the page of each call. */

#include <stdint.h>

#include "plan/record/record.h"

/* For the calls of watch_quiet_groups, which are not stopped: prlimit64(2), mmap(2), and read(2) and write(2) of files
 * in /proc and /sys. */
extern const uint64_t record_quiet_capabilities;

/* Fills in the capabilities by the number of the call; 0: not known. */
void record_find_capabilities(uint64_t ret[static RECORD_CALLS]);
