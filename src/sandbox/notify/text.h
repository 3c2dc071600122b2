/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text of a message of sd_notify(3): lines KEY=VALUE. systemd takes "\r" for the end of a line, too. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Fills the address of "/…", or of "@…", an abstract name. Returns 0, or -EINVAL for another kind, -ENAMETOOLONG. */
int notify_address(const char *text, struct sockaddr_un *ret, socklen_t *ret_size);

/* Whether it holds no NUL but one at the end, which is all that systemd takes. */
bool notify_text_is_whole(const char *text, size_t size);

/* Takes the lines out that name the main process (MAINPID=, MAINPIDFDID= and the like), and leaves the others as they
 * are. *ret_pid is what MAINPID= said, 0 where it said nothing that can be a pid. Returns the new size, 0 where no line
 * is left; the old size where nothing was taken out. */
size_t notify_text_strip(char *text, size_t size, pid_t *ret_pid);

/* Whether there is that line. */
bool notify_text_has(const char *text, size_t size, const char *line);

/* Whether there is a line that begins with key, and none such is exactly line; either may not be there at all. */
bool notify_text_denies(const char *text, size_t size, const char *key, const char *line);
