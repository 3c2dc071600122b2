/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* Called for each assignment. The strings are valid until the callback returns. value is trimmed, and its continuation
 * lines are joined with spaces. Returns 0, -EBADMSG if the assignment is bad (the next ones are still read), or another
 * negative errno, which ends the reading. */
typedef int (*UnitFileAssignment)(void *userdata, Origin origin, const char *section, const char *key,
                                  const char *value);

/* Parses text in systemd's unit file syntax (systemd.syntax(7)), and calls callback for each assignment in order. file
 * is the file name in messages and origins; it is borrowed.
 *
 * Reports each line that is not a section, an assignment or a comment, and reads on, so that one run reports all
 * errors. Returns 0; -EBADMSG, reported, if a line or assignment was bad or text contains a NUL byte; -ENOMEM,
 * reported; or the errno with which the callback ended the reading. */
int unit_file_parse(const char *file, const char *text, size_t size, UnitFileAssignment callback, void *userdata,
                    Report *report);
