/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* Converts the hardening lines of a unit, a name or a file, to the text of a policy, on the heap. Does not test whether
 * the policy works on this host. Returns 0 or -errno, reported. */
int import_text(const char *spec, char **ret, Report *report);
