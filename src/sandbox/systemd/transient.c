/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/transient.h"

#include <errno.h>

#include "sandbox/systemd/bus.h"
#include "sandbox/systemd/scope.h"
#include "util/path.h"

/* Appends a command without arguments: systemd would expand variables in them, and show them to everybody. */
static int append_command(const BusLibrary *lib, sd_bus_message *m, const char *executable) {
        return lib->sd_bus_message_append(m, "(sv)", "ExecStart", "a(sasb)", 1, executable, 1, path_name(executable), 0);
}

static int append_environment(const BusLibrary *lib, sd_bus_message *m, char *const *environment) {
        int r = 0;

        for (; r >= 0 && *environment; environment++)
                r = lib->sd_bus_message_append(m, "(sv)", "Environment", "as", 1, *environment);
        return r;
}

static int append_properties(const BusLibrary *lib, sd_bus_message *m, const Plan *plan, const TransientService *s) {
        static const char *const names[] = { "StandardInputFileDescriptor", "StandardOutputFileDescriptor",
                                             "StandardErrorFileDescriptor" };
        int r;

        r = scope_append_common(lib, m, plan);
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "(sv)(sv)(sv)", "Type", "s", "exec", "WorkingDirectory", "s",
                                               s->directory, "UMask", "u", (uint32_t) s->umask);
        if (r >= 0)
                r = append_command(lib, m, s->executable);
        if (r >= 0)
                r = append_environment(lib, m, s->environment);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++)
                r = lib->sd_bus_message_append(m, "(sv)", names[i], "h", s->fds[i]);
        for (size_t i = 0; r >= 0 && i < plan->n_properties; i++)
                r = property_append(lib, m, &plan->properties[i]);
        return r;
}

static int send_request(const Bus *bus, const Plan *plan, const TransientService *s, sd_bus_error *error) {
        const BusLibrary *lib = bus->lib;
        sd_bus_message *m = NULL;
        int r;

        r = lib->sd_bus_message_new_method_call(bus->bus, &m, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                "StartTransientUnit");
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "ss", s->unit, "fail");
        if (r >= 0)
                r = lib->sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = append_properties(lib, m, plan, s);
        if (r >= 0)
                r = lib->sd_bus_message_close_container(m);
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r >= 0)
                r = bus_call(bus, m, 0, error, NULL);
        lib->sd_bus_message_unref(m);
        return r;
}

int transient_service_start(const Plan *plan, const TransientService *service, Patience *patience, Report *report) {
        sd_bus_error error = {};
        Bus bus = {};
        int r;

        r = bus_connect(&bus, plan->user_manager, patience, report);
        if (r < 0)
                return r;
        r = send_request(&bus, plan, service, &error);
        if (r < 0)
                r = report_error(report, -r, "systemd refused to create %s: %s", service->unit,
                                 error.message ?: strerror(-r));
        bus.lib->sd_bus_error_free(&error);
        bus_deinit(&bus);
        return r < 0 ? r : 0;
}
