/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl's side of control.h: packets. */

#include "sandbox/wire/control.h"
#include "util/report.h"

/* Connects to the socket of that type (control_listen()) of the isorun with that pid. *ret_uid and *ret_gid are the ids
 * of isorun. Waits of the socket end after CONTROL_SECONDS, with -EAGAIN. Returns the fd, which the caller closes, or
 * -errno: -ENOENT if isorun does not listen in this network namespace, -EAGAIN if it does not accept connections. */
int client_connect(pid_t isorun, int type, uid_t *ret_uid, gid_t *ret_gid);

/* Reports that the instance, with that name, is of another version. Returns -EPROTONOSUPPORT. */
int client_version_differs(const char *name, const ControlHeader *theirs, Report *report);

/* Sends a request. strings are request->n_strings strings, each with a NUL, of size bytes together. Returns 0 or
 * -errno: -E2BIG if they are too long. */
int client_send(int fd, const ControlRequest *request, const char *strings, size_t size, const int *fds, unsigned n);

/* Waits for a reply of the instance, whose name is for messages. The fds that came, at most n, belong to the caller;
 * the other entries of fds are -1. The text is terminated, and the numbers are in their ranges. Returns 1, 0 if the
 * other side is gone, or -errno, reported. */
int client_receive(int fd, const char *name, ControlReply *ret, int *fds, unsigned n, Report *report);
