/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/machine.h"

#include <errno.h>

#include "plan/hint.h"

#define MACHINED_DESTINATION "org.freedesktop.machine1"
#define MACHINED_PATH "/org/freedesktop/machine1"
#define MACHINED_MANAGER "org.freedesktop.machine1.Manager"
#define MACHINED_MACHINE "org.freedesktop.machine1.Machine"

static const BusObject manager = { MACHINED_DESTINATION, MACHINED_PATH, MACHINED_MANAGER };

typedef struct Machined {
        const Bus *bus;
        sd_bus_error error;
} Machined;

static void machined_deinit(Machined *m) {
        if (m->bus->lib)
                m->bus->lib->sd_bus_error_free(&m->error);
}

/* The root directory, for machinectl to show, or "" if it is the host's or not a single directory. */
static const char *root_directory(const Plan *plan) {
        const PlanSource *root = &plan->mounts[0].source;

        return plan_source_has_path(root) && !streq(root->path, "/") ? root->path : "";
}

static int ask(Machined *m, const Plan *plan) {
        enum { TIMEOUT_MSEC = 10000 }; /* systemd may have to start machined first */
        const BusLibrary *lib = m->bus->lib;
        sd_bus_message *message = NULL;
        int r;

        lib->sd_bus_error_free(&m->error);
        r = lib->sd_bus_message_new_method_call(m->bus->bus, &message, MACHINED_DESTINATION, MACHINED_PATH,
                                                MACHINED_MANAGER, "RegisterMachine");
        if (r >= 0)
                r = lib->sd_bus_message_append(message, "sayssus", plan->name, 0, "isorun", "container",
                                               0, root_directory(plan)); /* 0: the sender, see bus.h */
        if (r >= 0)
                r = bus_call(m->bus, message, TIMEOUT_MSEC, &m->error, NULL);
        lib->sd_bus_message_unref(message);
        return r;
}

/* Whether the machine of that name is an earlier instance of the same unit. machined may notice late that it has ended,
 * and does not notice it at all while a service restarts. */
static bool is_own(Machined *m, const Plan *plan) {
        const BusLibrary *lib = m->bus->lib;
        sd_bus_message *reply = NULL, *property = NULL;
        const char *path, *unit;
        bool own = false;

        if (bus_call_method(m->bus, &manager, "GetMachine", NULL, &reply, "s", plan->name) >= 0 &&
            lib->sd_bus_message_read(reply, "o", &path) >= 0 &&
            bus_get_property(m->bus, &(BusObject) { MACHINED_DESTINATION, path, MACHINED_MACHINE }, "Unit", "s",
                             &property) >= 0)
                own = lib->sd_bus_message_read(property, "s", &unit) >= 0 && streq(unit, plan->unit);
        lib->sd_bus_message_unref(property);
        lib->sd_bus_message_unref(reply);
        return own;
}

static bool has_error(const Machined *m, const char *name) {
        return m->error.name && streq(m->error.name, name);
}

/* Unregisters the machine that is_own() has found. It may be gone by now. */
static void forget(Machined *m, const Plan *plan) {
        (void) bus_call_method(m->bus, &manager, "UnregisterMachine", NULL, NULL, "s", plan->name);
}

/* Whether the error is from machined itself. Otherwise it is from the bus, or from systemd, which could not start
 * machined. */
static bool is_refusal(const Machined *m) {
        return m->error.name && (startswith(m->error.name, "org.freedesktop.machine1.") ||
                                 has_error(m, "org.freedesktop.DBus.Error.InvalidArgs"));
}

int machine_register(const Plan *plan, const Bus *bus, Report *report) {
        _cleanup_(machined_deinit) Machined m = { .bus = bus };
        _cleanup_free_ char *hint = plan_optional_hint(plan, (const char *[]) { "Register", NULL });
        const char *text;
        int r;

        r = bus->bus ? ask(&m, plan) : bus->error;
        if (r < 0 && has_error(&m, "org.freedesktop.machine1.MachineExists") && is_own(&m, plan)) {
                forget(&m, plan);
                r = ask(&m, plan);
        }
        if (r >= 0 || r == -EINTR)
                return r;

        text = m.error.message ?: strerror(-r);
        if (is_refusal(&m) && !plan->machine_optional)
                return report_error_at(report, plan->machine_origin, "Register", -r,
                                       "systemd-machined refused it: %s%s", text, hint ?: "");
        report_notice_at(report, plan->machine_origin, "Register", "not registered: systemd-machined %s: %s",
                         is_refusal(&m) ? "refused it" : "cannot be reached", text);
        return 0;
}
