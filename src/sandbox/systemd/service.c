/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/service.h"

#include <errno.h>
#include <stdio.h>

#include "plan/unit/lacking.h"
#include "sandbox/limits/limits.h"
#include "sandbox/systemd/scope.h"
#include "util/strv.h"
#include "util/text.h"

#define SYSTEMD_SERVICE "org.freedesktop.systemd1.Service"

/* Dependencies belong to the unit (systemd.unit(5)), all other properties to the service (systemd.service(5)). A
 * dependency is a list of names. */
static bool is_dependency(const Directive *d) {
        return d->signature[0] == 'a' && d->signature[1] == 's';
}

typedef struct Ensure {
        const Plan *plan;
        ServiceBus bus;
        int cgroup_fd;
        Patience *patience;
        Lacking lacking;
} Ensure;

/* Reports that the service lacks a property that a line in the unit file would give it. */
static int missing(Ensure *e, const PlanProperty *p, const char *why) {
        const Setting *s = &p->settings->items[0];
        const char *name = p->directive->name;
        Report *report = e->patience->report;
        const Plan *plan = e->plan;

        if (p->optional) {
                _cleanup_free_ char *reason = format("%s %s", plan->unit, why);

                return reason ? lacking_add(&e->lacking, p, reason) : report_oom(report);
        }
        return report_error_at(report, s->origin, name, EPERM, "%s %s: write %s=%s into the unit, section [%s]",
                               plan->unit, why, name, s->value.text, is_dependency(p->directive) ? "Unit" : "Service");
}

static int may_not_add(Ensure *e, const PlanProperty *p) {
        _cleanup_free_ char *why = format("has no %s=%s and, with User=, isorun may not add it", p->directive->name,
                                          p->settings->items[0].value.text);

        return why ? missing(e, p, why) : report_oom(e->patience->report);
}

void service_bus_deinit(ServiceBus *u) {
        bus_deinit(&u->bus);
        free(u->path);
        *u = (ServiceBus) {};
}

/* The bus may be that of another machine: in a container, for example, that shares the host's bus and has a service of
 * the same name. */
static int check_unit(ServiceBus *u, const Plan *plan, Report *report) {
        sd_bus_message *reply = NULL;
        const char *path;
        int r;

        r = bus_call_method(&u->bus, &bus_systemd, "GetUnitByPID", NULL, &reply, "u", 0); /* the sender: bus.h */
        if (r >= 0)
                r = u->bus.lib->sd_bus_message_read(reply, "o", &path);
        if (r >= 0 && !streq(path, u->path))
                r = -ESRCH;
        u->bus.lib->sd_bus_message_unref(reply);
        if (r >= 0 || r == -EINTR)
                return r;
        if (r == -ESRCH || r == -ENOENT)
                return report_error(report, EPERM,
                                    "the service manager on the bus does not know this process as one of %s",
                                    plan->unit);
        u->error = r; /* the bus may not serve the service's user, for example */
        return 0;
}

int service_bus_open(ServiceBus *u, const Plan *plan, Patience *patience, Report *report) {
        int r;

        r = bus_connect(&u->bus, plan->user_manager, patience, report);
        if (r < 0)
                return r;
        r = u->bus.lib->sd_bus_path_encode(SYSTEMD_PATH "/unit", plan->unit, &u->path);
        if (r < 0)
                return report_oom(report);
        r = check_unit(u, plan, report);
        return r < 0 ? r : 0;
}

static int get_property(const ServiceBus *u, const char *interface, const char *property, const char *type,
                        sd_bus_message **ret) {
        if (u->error)
                return u->error;
        return bus_get_property(&u->bus, &(BusObject) { SYSTEMD_DESTINATION, u->path, interface }, property, type, ret);
}

int service_bus_get_text(const ServiceBus *u, const char *property, char **ret) {
        sd_bus_message *reply;
        const char *text;
        int r;

        r = get_property(u, SYSTEMD_SERVICE, property, "s", &reply);
        if (r < 0)
                return r;
        r = u->bus.lib->sd_bus_message_read(reply, "s", &text);
        if (r >= 0) {
                *ret = strdup(text);
                r = *ret ? 0 : -ENOMEM;
        }
        u->bus.lib->sd_bus_message_unref(reply);
        return r;
}

int service_bus_get_number(const ServiceBus *u, const char *property, char type, int64_t *ret) {
        const char signature[] = { type, '\0' };
        sd_bus_message *reply;
        uint32_t n = 0; /* each of the three types has four bytes: sd_bus_message_read(3) */
        int r;

        r = get_property(u, SYSTEMD_SERVICE, property, signature, &reply);
        if (r < 0)
                return r;
        r = u->bus.lib->sd_bus_message_read(reply, signature, &n);
        u->bus.lib->sd_bus_message_unref(reply);
        if (r < 0)
                return r;
        *ret = type == 'i' ? (int32_t) n : (int64_t) n;
        return 0;
}

/* Whether the unit's property, in reply, has the directive's value. Returns 1, 0 or -errno. */
static int reply_matches(const ServiceBus *u, sd_bus_message *reply, const PlanProperty *p) {
        const Value *v = &p->settings->items[p->settings->n - 1].value;
        const BusLibrary *lib = u->bus.lib;
        const char *s;
        uint64_t t;
        int32_t i;
        int b, r;

        switch (p->directive->signature[0]) {
        case 't':
                r = lib->sd_bus_message_read(reply, "t", &t);
                return r < 0 ? r : t == v->number;
        case 's':
                r = lib->sd_bus_message_read(reply, "s", &s);
                return r < 0 ? r : streq(s, v->text);
        case 'b':
                r = lib->sd_bus_message_read(reply, "b", &b);
                return r < 0 ? r : !b == !v->number;
        case 'i':
                r = lib->sd_bus_message_read(reply, "i", &i);
                return r < 0 ? r : i == (int32_t) v->number;
        }
        return -EINVAL;
}

static int names_within(const ServiceBus *u, sd_bus_message *reply, const PlanProperty *p) {
        _cleanup_strv_free_ char **names = NULL;
        const char *s;
        int r;

        r = u->bus.lib->sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = u->bus.lib->sd_bus_message_read(reply, "s", &s)) > 0)
                r = strv_push(&names, s);
        if (r < 0)
                return r;
        for (size_t i = 0; i < p->settings->n; i++)
                if (!strv_contains(names, p->settings->items[i].value.text))
                        return 0;
        return 1;
}

/* Whether the unit file sets the same value. Returns 1, 0 or -errno. */
static int file_agrees(const ServiceBus *u, const PlanProperty *p) {
        const char *interface = is_dependency(p->directive) ? SYSTEMD_UNIT : SYSTEMD_SERVICE;
        sd_bus_message *reply;
        int r;

        r = get_property(u, interface, p->directive->property, p->directive->signature, &reply);
        if (r < 0)
                return r;
        r = is_dependency(p->directive) ? names_within(u, reply, p) : reply_matches(u, reply, p);
        u->bus.lib->sd_bus_message_unref(reply);
        return r;
}

/* One call for each limit, so that the answer is about one limit. There are few of them. */
static int set_property(const ServiceBus *u, const Plan *plan, const PlanProperty *p) {
        const BusLibrary *lib = u->bus.lib;
        sd_bus_message *m = NULL;
        int r;

        if (u->error)
                return u->error;
        r = lib->sd_bus_message_new_method_call(u->bus.bus, &m, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                "SetUnitProperties");
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "sb", plan->unit, 1);
        if (r >= 0)
                r = lib->sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = property_append(lib, m, p);
        if (r >= 0)
                r = lib->sd_bus_message_close_container(m);
        if (r >= 0)
                r = bus_call(&u->bus, m, 0, NULL, NULL);
        lib->sd_bus_message_unref(m);
        return r;
}

static int ensure(Ensure *e, const PlanProperty *p) {
        _cleanup_free_ char *actual = NULL;
        bool limit = p->directive->cgroup_file;
        int r;

        if (limit && limit_is_exact(p) && limit_is_held(p, e->cgroup_fd, NULL) > 0)
                return 0;
        if (!e->bus.bus.bus) {
                r = service_bus_open(&e->bus, e->plan, e->patience, e->patience->report);
                if (r < 0)
                        return r;
        }

        if (!limit) {
                r = file_agrees(&e->bus, p);
                if (r > 0 || r == -EINTR)
                        return r;
                return missing(e, p, "has another value, which isorun cannot change while the unit runs");
        }
        r = set_property(&e->bus, e->plan, p);
        if (r < 0)
                return r == -EINTR ? r : may_not_add(e, p);
        r = limit_is_held(p, e->cgroup_fd, &actual);
        return r > 0 ? 0 : lacking_add(&e->lacking, p, actual ?: strerror(-r));
}

static int by_name(const void *a, const void *b) {
        const PlanProperty *const *p = a, *const *q = b;

        return strcmp((*p)->directive->name, (*q)->directive->name);
}

/* In order of their names: systemd writes a drop-in file for each property that is set. If it does not write them in
 * that order, it thinks that the unit has changed on disk. */
int service_ensure(const Plan *plan, int cgroup_fd, Patience *patience) {
        _cleanup_free_ const PlanProperty **sorted = calloc(plan->n_properties + 1, sizeof(*sorted));
        _cleanup_free_ char *refusal = format("systemd set it on %s, but the kernel does not enforce it: ", plan->unit);
        Ensure e = { .plan = plan, .cgroup_fd = cgroup_fd, .patience = patience,
                     .lacking = { .report = patience->report, .plan = plan, .refusal = refusal } };
        int result = 0;

        if (!sorted || !refusal)
                return report_oom(patience->report);
        for (size_t i = 0; i < plan->n_properties; i++)
                sorted[i] = &plan->properties[i];
        qsort(sorted, plan->n_properties, sizeof(*sorted), by_name);

        for (size_t i = 0; i < plan->n_properties && result != -EINTR; i++) {
                int r = ensure(&e, sorted[i]);

                if (r < 0)
                        result = r;
                if (r < 0 && !e.bus.bus.bus) /* the others would fail in the same way */
                        break;
        }
        lacking_report(&e.lacking);
        service_bus_deinit(&e.bus);
        return result;
}
