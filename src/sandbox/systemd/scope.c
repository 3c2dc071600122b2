/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/scope.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "sandbox/systemd/unit.h"
#include "util/escape.h"
#include "util/strv.h"
#include "util/text.h"

struct Scope {
        const BusLibrary *lib;
        sd_bus *bus;        /* borrowed */
        const Plan *plan;
        Report *report;
        char *job;          /* object path of the job, from the reply */
        char *removed;      /* object path of the job that ended; its signal can come before the reply */
        char *result;
        int error;          /* of the reply, negative */
        uint64_t dropped;   /* bit i: systemd does not know property i, and Optional= names it */
        bool done, cancelled;
};

Scope *scope_free(Scope *scope) {
        if (!scope)
                return NULL;
        free(scope->job);
        free(scope->removed);
        free(scope->result);
        free(scope);
        return NULL;
}

static bool plan_has(const Plan *plan, DirectiveId id) {
        for (size_t i = 0; i < plan->n_properties; i++)
                if (directive_id(plan->properties[i].directive) == id)
                        return true;
        return false;
}

int scope_append_common(const BusLibrary *lib, sd_bus_message *m, const Plan *plan) {
        enum { DESCRIPTION_MAX = 256 };
        _cleanup_free_ char *command = strv_join(plan->arguments, " "), *text = NULL, *description = NULL;
        const char *separator = *plan->description ? ": " : "isorun ";
        int r;

        text = command ? format("%s%s%s", plan->description, separator, command) : NULL;
        /* systemd writes the description into a unit file without escaping it, so it must be one line. */
        description = text ? make_line(text, DESCRIPTION_MAX) : NULL;
        if (!description)
                return -ENOMEM;

        r = lib->sd_bus_message_append(m, "(sv)(sv)", "Description", "s", description, "CollectMode", "s",
                                       "inactive-or-failed");
        if (r >= 0 && !plan_has(plan, D_Slice))
                r = lib->sd_bus_message_append(m, "(sv)", "Slice", "s", "isorun.slice");
        return r;
}

/* Appends the properties that every scope has, and then those of the policy. */
static int append_properties(Scope *s, sd_bus_message *m) {
        int r;

        r = scope_append_common(s->lib, m, s->plan);
        if (r >= 0)
                r = s->lib->sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, 0); /* the sender: bus.h */
        for (size_t i = 0; r >= 0 && i < s->plan->n_properties; i++)
                if (!(s->dropped & UINT64_C(1) << i))
                        r = property_append(s->lib, m, &s->plan->properties[i]);
        return r;
}

static bool has_word(const char *text, const char *word) {
        size_t n = strlen(word);

        for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
                if ((p == text || !isalnum((unsigned char) p[-1])) && !isalnum((unsigned char) p[n]))
                        return true;
        return false;
}

/* systemd has refused a property of the scope, or its value. Reports an error at the policy line, with the systemd
 * version that knows the property; or a notice, if the property is optional. Returns 1 if the request is to be sent
 * again without it, or -errno. */
static int refuse_property(Scope *s, const char *message) {
        char hint[BUS_HINT_SIZE];

        for (size_t i = 0; i < s->plan->n_properties; i++) {
                const PlanProperty *p = &s->plan->properties[i];
                const Origin origin = p->settings->items[0].origin;
                char version[32] = "";

                if (!has_word(message, p->directive->property))
                        continue;
                if (p->directive->since)
                        snprintf(version, sizeof(version), " (systemd %u does)", p->directive->since);
                if (p->optional && i < 64 && !(s->dropped & UINT64_C(1) << i)) {
                        s->dropped |= UINT64_C(1) << i;
                        report_notice_at(s->report, origin, p->directive->name,
                                         "not enforced: this systemd does not support it for scopes%s", version);
                        return 1;
                }
                return report_error_at(s->report, origin, p->directive->name, EOPNOTSUPP,
                                       "this systemd does not support it for scopes%s: %s", version, message);
        }
        return report_error(s->report, EIO, "systemd refused to create %s: %s%s", s->plan->unit, message,
                            bus_refusal_hint(s->plan->user_manager, hint));
}

static int send_request(Scope *s);

/* Ends the wait for the job with an error, which it reports. Returns 0, as sd-bus handlers do. */
static int request_failed(Scope *s, int error) {
        s->error = report_error(s->report, -error, "cannot ask systemd to create %s: %s",
                                s->plan->unit, strerror(-error));
        return 0;
}

/* Keeps a job's path in *ret, in place of an earlier one. The scope is done when the job that was made is the one that
 * has ended. Returns 0; it reports a lack of memory, which would otherwise be a wait without end. */
static int note_job(Scope *s, char **ret, const char *job) {
        free(*ret);
        *ret = strdup(job);
        if (!*ret)
                return request_failed(s, -ENOMEM);
        s->done = s->job && s->removed && streq(s->job, s->removed);
        return 0;
}

static void stop_unit(Scope *s) {
        (void) s->lib->sd_bus_call_method_async(s->bus, NULL, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                "StopUnit", NULL, NULL, "ss", s->plan->unit, "replace");
}

static int on_reply(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        Scope *s = userdata;
        const sd_bus_error *e = s->lib->sd_bus_message_get_error(m);
        const char *job;

        if (!e) {
                int r = s->lib->sd_bus_message_read(m, "o", &job);

                if (r < 0)
                        return request_failed(s, r);
                if (s->cancelled)
                        stop_unit(s);
                return note_job(s, &s->job, job);
        }

        if (streq(e->name, "org.freedesktop.systemd1.UnitExists"))
                s->error = -EEXIST;
        else
                s->error = refuse_property(s, e->message ?: e->name);
        if (s->error > 0) {
                int r = send_request(s);

                s->error = 0;
                if (r < 0)
                        request_failed(s, r);
        }
        return 0;
}

static int on_job_removed(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *job, *unit, *result;
        Scope *s = userdata;

        if (s->lib->sd_bus_message_read(m, "uoss", NULL, &job, &unit, &result) < 0 || !streq(unit, s->plan->unit))
                return 0;
        if (s->done || (s->cancelled && s->removed)) /* a second job is the one that stops the unit */
                return 0;

        free(s->result);
        s->result = strdup(result);
        return s->result ? note_job(s, &s->removed, job) : request_failed(s, -ENOMEM);
}

static int send_request(Scope *s) {
        sd_bus_message *m = NULL;
        int r;

        r = unit_request_begin(s->lib, s->bus, s->plan->unit, &m);
        if (r >= 0)
                r = append_properties(s, m);
        if (r >= 0)
                r = unit_request_end(s->lib, m);
        if (r >= 0)
                r = s->lib->sd_bus_call_async(s->bus, NULL, m, on_reply, s, 0);
        s->lib->sd_bus_message_unref(m);
        return r;
}

int scope_request(Scope **ret, const Plan *plan, const Bus *bus, Report *report) {
        _cleanup_(scope_freep) Scope *s = calloc(1, sizeof(Scope));
        int r;

        if (!s)
                return report_oom(report);
        s->plan = plan;
        s->report = report;
        s->lib = bus->lib;
        s->bus = bus->bus;

        /* The match is sent before the call, and the bus handles both in that order. So the signal cannot be missed. */
        r = s->lib->sd_bus_match_signal_async(s->bus, NULL, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                              "JobRemoved", on_job_removed, NULL, s);
        if (r >= 0)
                r = send_request(s);
        /* Waiting here lets systemd work on the request early. */
        if (r >= 0)
                r = bus_send(bus);
        if (r == -EINTR)
                return r;
        if (r < 0)
                return report_error(report, -r, "cannot ask systemd to create %s: %s", plan->unit, strerror(-r));
        *ret = TAKE_PTR(s);
        return 0;
}

int scope_process(Scope *s, Report *report) {
        int r;

        do
                r = s->lib->sd_bus_process(s->bus, NULL);
        while (r > 0);

        if (r < 0)
                return report_error(report, -r, "cannot talk to systemd: %s", strerror(-r));
        if (s->error)
                return s->error;
        if (!s->done)
                return 0;
        if (s->cancelled)
                return -ECANCELED;
        if (!streq(s->result, "done"))
                return report_error(report, EIO, "systemd did not start %s: the result of its job is \"%s\"",
                                    s->plan->unit, s->result);
        return 1;
}

bool scope_name_taken(const Scope *s) {
        return s->error == -EEXIST;
}

void scope_cancel(Scope *s) {
        if (s->cancelled)
                return;
        s->cancelled = true;
        if (s->job)
                stop_unit(s);
}

int scope_fd(const Scope *s) {
        return s->lib->sd_bus_get_fd(s->bus);
}

short scope_events(const Scope *s) {
        int events = s->lib->sd_bus_get_events(s->bus);

        return events < 0 ? POLLIN : (short) events;
}

bool scope_has_ended(const Plan *plan, Patience *patience) {
        _cleanup_free_ char *path = NULL;
        sd_bus_message *reply = NULL;
        Report silent = {};
        const char *state;
        Bus bus = {};
        bool ended = false;

        /* For a unit that is not loaded any more, systemd says "inactive". */
        if (bus_connect(&bus, plan->user_manager, patience, &silent) >= 0 &&
            bus.lib->sd_bus_path_encode(SYSTEMD_PATH "/unit", plan->unit, &path) >= 0 &&
            bus_get_property(&bus, &(BusObject) { SYSTEMD_DESTINATION, path, SYSTEMD_UNIT }, "ActiveState", "s",
                             &reply) >= 0 &&
            bus.lib->sd_bus_message_read(reply, "s", &state) >= 0)
                ended = streq(state, "inactive") || streq(state, "failed");
        if (bus.lib)
                bus.lib->sd_bus_message_unref(reply);
        bus_deinit(&bus);
        return ended;
}
