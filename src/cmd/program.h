/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The common parts of the two programs: their messages, and their standard input and output. */

#include "util/report.h"

/* A Report's sink. Prints a message on standard error, with the program's name before it. userdata is NULL, or an int
 * that is true to leave out notices. */
void print_report(void *userdata, Severity severity, const char *line);

/* Call this once, before the first output. stdio forgets the errno of a write if its buffer has room for what follows;
 * flush_output() then still knows it. */
void keep_output_error(void);

/* Call this after the last output. Returns 0, or -errno, reported, if standard output could not take all of it. */
int flush_output(Report *report);

/* Opens /dev/null for those of fds 0 to 2 that are closed. Otherwise a file that is opened later would become standard
 * input, output or error. */
void ensure_standard_fds(void);
