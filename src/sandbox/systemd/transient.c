/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/transient.h"

#include <errno.h>
#include <poll.h>

#include "plan/hint.h"
#include "sandbox/systemd/bus.h"
#include "sandbox/systemd/scope.h"
#include "sandbox/systemd/unit.h"
#include "util/path.h"
#include "util/text.h"

/* Appends a command without arguments: systemd would expand variables in them, and show them to everybody. */
static int append_command(const BusLibrary *lib, sd_bus_message *m, const char *executable) {
        return lib->sd_bus_message_append(m, "(sv)", "ExecStart", "a(sasb)", 1, executable, 1,
                                          path_name(executable), 0);
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

        r = unit_request_begin(lib, bus->bus, s->unit, &m);
        if (r >= 0)
                r = append_properties(lib, m, plan, s);
        if (r >= 0)
                r = unit_request_end(lib, m);
        if (r >= 0)
                r = bus_call(bus, m, 0, error, NULL);
        lib->sd_bus_message_unref(m);
        return r;
}

int transient_service_start(const Plan *plan, const TransientService *service, Patience *patience, Report *report) {
        sd_bus_error error = {};
        char hint[BUS_HINT_SIZE];
        Bus bus = {};
        int r;

        r = bus_connect(&bus, plan->user_manager, patience, report);
        if (r < 0)
                return r;
        r = bus_send(&bus); /* to send fds, libsystemd itself waits for the bus, and no signal ends that */
        if (r >= 0)
                r = send_request(&bus, plan, service, &error);
        if (r < 0 && error.name && streq(error.name, "org.freedesktop.systemd1.UnitExists"))
                r = report_error(report, EEXIST, "the unit %s already exists%s", service->unit, plan_other_name(plan));
        else if (r < 0 && r != -EINTR)
                r = report_error(report, -r, "systemd refused to create %s: %s%s", service->unit,
                                 error.message ?: strerror(-r), bus_refusal_hint(plan->user_manager, hint));
        bus.lib->sd_bus_error_free(&error);
        bus_deinit(&bus);
        return r < 0 ? r : 0;
}

/* The path of the invocation that has the unit's name now. systemd also finds units by the id of their invocation, and
 * no later unit of the same name has this id. The id is missing as long as the job waits for others. */
static int find_invocation(const Bus *bus, const char *unit, char **ret) {
        enum { ID_SIZE = 16 };
        _cleanup_free_ char *path = NULL;
        sd_bus_message *reply = NULL;
        const unsigned char *id = NULL;
        char text[2 * ID_SIZE + 1];
        size_t size = 0;
        int r;

        r = bus->lib->sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path);
        if (r >= 0)
                r = bus_get_property(bus, &(BusObject) { SYSTEMD_DESTINATION, path, SYSTEMD_UNIT }, "InvocationID",
                                     "ay", &reply);
        if (r >= 0)
                r = bus->lib->sd_bus_message_read_array(reply, 'y', (const void **) &id, &size);
        if (r >= 0 && size == ID_SIZE)
                hex_write(id, ID_SIZE, text);
        bus->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return r;
        *ret = size == ID_SIZE ? format(SYSTEMD_PATH "/unit/%s", text) : TAKE_PTR(path);
        return *ret ? 0 : -ENOMEM;
}

int transient_service_stop(const Plan *plan, const char *unit, int socket, Patience *patience, Report *report) {
        BusObject object = { SYSTEMD_DESTINATION, NULL, SYSTEMD_UNIT };
        _cleanup_free_ char *path = NULL;
        sd_bus_error error = {};
        Bus bus = {};
        int r;

        r = bus_connect(&bus, plan->user_manager, patience, report);
        if (r < 0)
                return r;
        r = find_invocation(&bus, unit, &path);
        object.path = path;
        /* The service has not ended, so it was the unit of that name just before. */
        if (poll(&(struct pollfd) { .fd = socket }, 1, 0) == 0 && r >= 0)
                r = bus_call_method(&bus, &object, "Stop", &error, NULL, "s", "replace");
        if (r < 0 && r != -EINTR)
                r = report_error(report, -r, "cannot stop %s, which is starting: %s", unit,
                                 error.message ?: strerror(-r));
        bus.lib->sd_bus_error_free(&error);
        bus_deinit(&bus);
        return r < 0 ? r : 0;
}
