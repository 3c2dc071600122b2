/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Output for a user at a terminal: colours, and a pager. */

#include <stdbool.h>

#define COLOUR_BOLD "\033[1m"
#define COLOUR_RED "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_YELLOW "\033[33m"
#define COLOUR_CYAN "\033[36m"
#define COLOUR_GREY "\033[90m"

/* From now on, standard output goes to a pager, if it is a terminal: $SYSTEMD_PAGER, $PAGER or less, as with
 * systemctl. */
void pager_open(void);

/* Waits until the user has left the pager. Does nothing without a pager. */
void pager_close(void);

/* Whether standard output is a terminal, or a pager on one. */
bool output_is_terminal(void);

/* Whether to use colours: not if NO_COLOR is set (no-color.org), or if the terminal is "dumb". */
bool output_has_colours(void);

/* Returns the escape sequence, or "" without colours. For NULL, returns the sequence that ends all colours. */
const char *colour(const char *sequence);
