/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/bus.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "util/fd.h"

int run_make_bus_socket(Run *run) {
        if (!run->plan->bus_sockets)
                return 0;
        run->bus_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return run->bus_socket < 0 ? report_error(run->report, errno, "cannot make a socket: %s", strerror(errno)) : 0;
}

/* Returns 0 with the errno of connect(2), or 0, in *ret. */
static int hear_connected(Run *run, int *ret) {
        Message m;
        int r;

        r = message_receive(run->socket, MESSAGE_TO_ISORUN, &m, NULL, 0);
        if (r == 0)
                return report_error(run->report, ECHILD, "the first process inside ended before it was ready");
        if (r < 0 || m.type != MESSAGE_CONNECTED)
                return run_talk_failed(run, r < 0 ? -r : EPROTO);
        *ret = m.value;
        return 0;
}

static int await_connected(Run *run, int *ret) {
        struct pollfd fd = { .fd = run->socket, .events = POLLIN };

        while (!fd.revents) {
                int r;

                patience_check(&run->patience, (Origin) {}, NULL, "waiting until the bus accepts a connection");
                r = patience_poll(&run->patience, &fd, 1, -1);
                if (r < 0)
                        return run_wait_failed(run, r);
        }
        return hear_connected(run, ret);
}

int run_open_bus(Run *run) {
        const Plan *plan = run->plan;
        int error, fd, r;

        if (!plan->bus_sockets)
                return 0;
        if (!bus_library(run->report))
                return -ENOENT;
        r = await_connected(run, &error);
        if (r < 0)
                return r;
        if (error && (plan->holder == HOLDER_SCOPE || plan->hand_over))
                return report_error(run->report, error, "cannot connect to the %s bus: %s%s%s",
                                    plan->user_manager ? "user" : "system", strerror(error), failure_socket_hint(error),
                                    plan->holder == HOLDER_SCOPE && plan->typed ? " (--no-scope runs without a unit)"
                                                                                : "");
        if (error) {
                run->bus.error = -error;
                return 0;
        }
        fd = run->bus_socket;
        run->bus_socket = -1;
        return bus_adopt(&run->bus, fd, &run->patience, run->report);
}
