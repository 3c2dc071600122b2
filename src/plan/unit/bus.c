/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the bus is: as sd_bus_open_system(3) and sd_bus_open_user(3) look for it. */
#include "plan/unit/bus.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "util/strv.h"

/* Replaces "%2f" and the like by the byte itself, in place: D-Bus Specification, "Server Addresses". */
static void unescape(char *s) {
        char *out = s;

        for (; *s; s++) {
                unsigned char byte = (unsigned char) *s;

                if (*s == '%' && isxdigit((unsigned char) s[1]) && isxdigit((unsigned char) s[2])) {
                        (void) sscanf(s + 1, "%2hhx", &byte);
                        s += 2;
                }
                *out++ = (char) byte;
        }
        *out = '\0';
}

/* pair is one "KEY=VALUE" of an address. */
static int take_pair(char *pair, char ***ret) {
        const char *path = startswith(pair, "path="), *name = startswith(pair, "abstract=");
        char *value = pair + strcspn(pair, "=") + 1;

        if (!path && !name)
                return 0;
        unescape(value);
        return strv_pushf(ret, "%s%s", name ? "@" : "", value);
}

int bus_address_sockets(const char *addresses, char ***ret) {
        _cleanup_free_ char *copy = strdup(addresses);
        char *outer = NULL;
        int r = copy ? 0 : -ENOMEM;

        for (char *a = copy ? strtok_r(copy, ";", &outer) : NULL; a && r >= 0; a = strtok_r(NULL, ";", &outer)) {
                char *inner = NULL, *pair = startswith(a, "unix:") ? strtok_r(a + strlen("unix:"), ",", &inner) : NULL;

                for (; pair && r >= 0; pair = strtok_r(NULL, ",", &inner))
                        r = take_pair(pair, ret);
        }
        return r;
}

/* su and sudo remove XDG_RUNTIME_DIR from the environment. The user's bus is still at its usual place. */
static int add_usual(const Builder *b, char ***ret) {
        const char *runtime = host_variable(b->host, "XDG_RUNTIME_DIR");

        if (!b->plan->user_manager)
                return strv_push(ret, "/run/dbus/system_bus_socket");
        return runtime ? strv_pushf(ret, "%s/bus", runtime) : strv_pushf(ret, "/run/user/%u/bus", b->host->uid);
}

int build_bus(Builder *b) {
        Plan *plan = b->plan;
        const char *variable = plan->user_manager ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS",
                   *addresses = host_variable(b->host, variable);

        if (plan->holder != HOLDER_SCOPE && !plan->pool_by_bus && !plan->machine && !plan->hand_over)
                return 0;
        if (!addresses)
                return add_usual(b, &plan->bus_sockets);
        if (bus_address_sockets(addresses, &plan->bus_sockets) < 0)
                return -ENOMEM;
        return plan->bus_sockets ? 0 : report_error(b->report, EOPNOTSUPP,
                                                    "%s=%s names no unix socket, so isorun cannot connect to the bus",
                                                    variable, addresses);
}
