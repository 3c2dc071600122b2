/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl's side of control.h. */

#include "sandbox/wire/control.h"
#include "util/report.h"

/* Connects to the isorun of that pid. *ret_uid and *ret_gid are its own. Returns the fd or -errno: -EPERM where it is
 * not that process that answers. */
int client_connect(pid_t isorun, uid_t *ret_uid, gid_t *ret_gid);

/* Sends a request with n_strings strings of size bytes together, NULs included. Returns 0 or -errno. */
int client_send(int fd, const ControlRequest *request, const char *strings, size_t size, const int *fds, unsigned n);

/* Waits for a reply of the instance with that name. The fds that came, n at most, belong to the caller; the others of fds
 * are -1. The text is terminated, and the numbers are in their ranges. Returns 1, 0 when the other side is gone, or
 * -errno, reported. */
int client_receive(int fd, const char *name, ControlReply *ret, int *fds, unsigned n, Report *report);
