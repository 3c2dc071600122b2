/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isorun and isoctl do alike as programs: their messages, and their standard input and output. */

#include "util/report.h"

/* Prints messages on standard error, each with the program's name before it. userdata: NULL, or an int that says
 * whether notices are left out. */
void print_report(void *userdata, Severity severity, const char *line);

/* To be called when all is written to standard output: returns 0, or -errno, reported, where not all of it went out. */
int flush_output(Report *report);

/* So that no file of ours is ever taken for standard input, output or error. */
void ensure_standard_fds(void);
