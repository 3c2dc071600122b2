/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* If a system call filter is loaded already, tries the calls of a start in a process of its own. Returns 0, or -EPERM,
 * reported, if the filter stops calls that every start needs. Otherwise isorun would die of SIGSYS without a word.
 * Without a filter, this costs one system call. */
int around_check_filter(Report *report);
