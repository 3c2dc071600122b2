/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Steps that create and exec share. Functions return 0 or -errno, reported. */

#include <sys/un.h>

#include "oci/outside/container.h"
#include "oci/spec/spec.h"
#include "sandbox/wire/message.h"
#include "util/report.h"

/* Sets limits, the scheduler and priorities: the process may have no right to set them itself. */
int steps_set_limits(const SpecProcess *process, pid_t pid, Report *report);

/* Sets the OOM score that process names, if it does. pid 0: of this process. Only as long as the process is dumpable,
 * its file belongs to its user: proc(5). */
int steps_set_oom_score(const SpecProcess *process, pid_t pid, Report *report);

/* Fails if the host cannot confine the process as it is to be: -EOPNOTSUPP. */
int steps_check_security(const SpecProcess *process, Report *report);

/* Writes the pid to a file, all at once: whoever waits for the file finds all of it. */
int steps_write_pid(const char *path, pid_t pid, Report *report);

/* Sends a pidfd of a child of this process to a socket, for --pidfd-socket. kind comes with it: runc's word for a
 * process of create, "standard", or of exec, "setns". */
int steps_send_pidfd(const char *path, const char *kind, pid_t pid, Report *report);

/* Connects to a socket, which does not block. Returns the fd or -errno, which is not reported: -EINTR if a signal has
 * come. steps_connect() connects to a stream socket. */
int steps_connect_to(int type, const struct sockaddr_un *address);
int steps_connect(const char *path);

/* Sends a text, and with its beginning an fd, to a socket of steps_connect(), whatever the text's size. Returns 0 or
 * -errno, which is not reported. */
int steps_send_text(int socket, const char *text, int fd);

/* Waits for a message of the process inside. Returns 1, 0 if it has ended, -EINTR if a signal has come, or -errno. */
int steps_receive(int socket, Message *ret, int *ret_fd);

/* What maps the ids of a mount that the first process has made: id-mapped.h. */
typedef struct StepsMapper {
        const Spec *spec;
        int users;
} StepsMapper;

/* Waits until the process inside is ready. If it has a terminal, hands that to console. mapper NULL: it maps no ids.
 * Returns 1 if it only waits for hooks. */
int steps_hear(int socket, const Console *console, const StepsMapper *mapper, Report *report);

/* Connects to the engine's socket for a terminal. It is an error if console has a path and the process has no terminal,
 * or if it has a terminal and console has neither path nor master. The caller closes ret->socket, which may be -1. */
int steps_connect_console(const SpecProcess *process, const Console *console, Console *ret, Report *report);

/* Sends a message without a value to the process inside. An error says that this one has ended. */
int steps_send(int socket, MessageType type, Report *report);
