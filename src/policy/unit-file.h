/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* One assignment of a file in systemd's unit-file syntax. The strings live until the callback returns. value is
 * trimmed, its continuation lines joined by one space. Returns 0 or a negative errno that ends the reading. */
typedef int (*UnitFileAssignment)(void *userdata, Origin origin, const char *section, const char *key,
                                  const char *value);

/* Takes text apart as systemd.syntax(7) describes it and calls for each assignment in order. file is what messages
 * call the text, and the file of each origin.
 *
 * A line that is no section, assignment or comment is reported, and the reading goes on, so that one run shows
 * all mistakes. Returns 0; or, reported, -EBADMSG where at least one line was bad, or -ENOMEM; or what the callback
 * returned. */
int unit_file_parse(const char *file, const char *text, size_t size, UnitFileAssignment callback, void *userdata,
                    Report *report);
