/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text of an sd_notify(3) message: lines KEY=VALUE. systemd also accepts "\r" as the end of a line. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Makes the socket address of a path "/…" or an abstract name "@…". Returns 0, -EINVAL for other texts, or
 * -ENAMETOOLONG. */
int notify_address(const char *text, struct sockaddr_un *ret, socklen_t *ret_size);

/* Whether the text has no NUL byte, except perhaps the last one. systemd refuses all other texts. */
bool notify_text_is_whole(const char *text, size_t size);

/* Removes the lines that name the main process (MAINPID=, MAINPIDFDID= and the like). *ret_pid is the pid in the last
 * valid MAINPID= line, or 0. Returns the new size, 0 if no line is left. The size does not change if no line is
 * removed. */
size_t notify_text_strip(char *text, size_t size, pid_t *ret_pid);

/* Whether the text has exactly this line. */
bool notify_text_has(const char *text, size_t size, const char *line);

/* Whether any line begins with key but is not exactly line. */
bool notify_text_denies(const char *text, size_t size, const char *key, const char *line);
