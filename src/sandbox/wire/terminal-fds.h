/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Whether fd is the master of a terminal, without trust in the path that it was opened by. */
bool terminal_is_master(int fd);

/* Of fds 0 to 2, whose bits are in mask where they are terminals, the one that is typed at, and the one that shows what
 * is written on its own; -1: none. */
int terminal_find_input(unsigned mask);
int terminal_find_output(unsigned mask);
