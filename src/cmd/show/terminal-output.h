/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is done for a reader at a terminal, and for no other: colours, and a pager. */

#include <stdbool.h>

#define COLOUR_BOLD "\033[1m"
#define COLOUR_RED "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_YELLOW "\033[33m"
#define COLOUR_CYAN "\033[36m"
#define COLOUR_GREY "\033[90m"

/* Has what is written to standard output from now on shown by the pager that systemctl would take, where it is a
 * terminal: $SYSTEMD_PAGER, $PAGER, less. */
void pager_open(void);

/* Waits until the reader has done with it. Nothing where there is none. */
void pager_close(void);

/* Whether standard output is, behind the pager, a terminal. */
bool output_is_terminal(void);

/* Whether it takes colours. NO_COLOR (no-color.org) takes them away, and so does a terminal called dumb. */
bool output_has_colours(void);

/* The escape sequence, or "" where there are no colours; with NULL, that which ends it. */
const char *colour(const char *sequence);
