/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Whether fd is the master of a terminal. Checks the device, because the path that it was opened by proves nothing. */
bool terminal_is_master(int fd);

/* mask has a bit for each of fds 0 to 2 that is a terminal. Return the fd that the user types at, and the fd that shows
 * output; -1 if mask is 0. */
int terminal_find_input(unsigned mask);
int terminal_find_output(unsigned mask);
