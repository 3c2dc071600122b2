/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verb/status-json.h"

#include <errno.h>

#include "cmd/instance/flows.h"
#include "cmd/instance/places.h"
#include "cmd/show/json-instance.h"
#include "cmd/show/json-summary.h"
#include "cmd/show/json.h"
#include "sandbox/limits/cgroup.h"
#include "util/clock.h"
#include "util/fd.h"

static int set(json_t *object, const char *key, json_t *value, Report *report) {
        return json_object_set_new(object, key, value) < 0 ? report_oom(report) : 0;
}

static json_t *read_number(int cgroup, const char *file) {
        uint64_t n = 0;

        return json_number(cgroup >= 0 && cgroup_number(cgroup, file, NULL, &n) >= 0, n);
}

static json_t *read_text(const Instance *i, int cgroup, const char *attribute) {
        _cleanup_free_ char *text = instance_attribute_trusted(i, cgroup, attribute);

        return json_text_or_null(text);
}

/* A process id, or null if there is no such process. */
static json_t *process(pid_t pid) {
        return json_number(pid > 0, (uint64_t) pid);
}

static int add_facts(json_t *object, const InstanceList *list, const Instance *i, Report *report) {
        _cleanup_close_ int cgroup = instance_open(list, i);
        json_t *facts = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "image",
                                  read_text(i, cgroup, CGROUP_ATTRIBUTE("image")), "policy_digest",
                                  read_text(i, cgroup, CGROUP_ATTRIBUTE("policy-digest")), "memory_limit",
                                  read_number(cgroup, "memory.max"), "tasks_limit", read_number(cgroup, "pids.max"),
                                  "isorun_process", process(i->isorun), "first_process", process(i->pid),
                                  "main_process", process(i->main_pid));
        int r = facts && json_object_update(object, facts) >= 0 ? 0 : report_oom(report);

        json_decref(facts);
        return r;
}

static int add_grants(json_t *object, const Instance *i, Report *report) {
        _cleanup_(places_deinit) Places places = {};
        json_t *array = json_array();
        int r = places_find(&places, i, report);

        for (size_t k = 0; r >= 0 && k < places.n; k++) {
                const Place *p = &places.items[k];

                if (p->source &&
                    json_array_append_new(array, json_pack("{s:o, s:o, s:s}", "source", json_text(p->source), "path",
                                                           json_text(p->path), "access",
                                                           p->granted_write ? "writable" : "read-only")) < 0)
                        r = report_oom(report);
        }
        if (r >= 0)
                return set(object, "granted", array, report);
        json_decref(array);
        return r;
}

static json_t *make_peers(const Flows *flows) {
        json_t *array = json_array();

        for (size_t k = 0; k < flows->n_grants; k++)
                if (json_array_append_new(array, json_text(flows->grants[k])) < 0)
                        return json_decref(array), NULL;
        return array;
}

static int add_flows(json_t *object, const Instance *i, Report *report) {
        const uint64_t until = clock_usec(CLOCK_MONOTONIC) + CONTROL_SECONDS * UINT64_C(1000000);
        _cleanup_(flows_deinit) Flows flows = {};
        int r = flows_ask(i, FLOWS_SUM, NULL, until, &flows, report);

        if (r < 0)
                return r;
        if (r > 0)
                return set(object, "connections",
                           json_pack("{s:o, s:I, s:I, s:I, s:I}", "granted_peers", make_peers(&flows), "to_peers",
                                     (json_int_t) flows.n_peers, "from_clients", (json_int_t) flows.n_clients, "sent",
                                     (json_int_t) flows.sent, "received", (json_int_t) flows.received), report);
        return set(object, "connections", json_null(), report);
}

int status_json_add_summary(json_t *object, const Instance *i, Report *report) {
        _cleanup_free_ char *words = NULL;
        json_t *summary = NULL;
        JsonLibrary lib;
        int r = json_library_load(&lib, "--json", report);

        if (r >= 0)
                r = talk_ask(i, CONTROL_WORDS, &words, NULL, 0, NULL, report);
        if (r < 0)
                return r;
        r = json_summary(&lib, words, &summary);
        if (r == -EPROTO)
                return report_error(report, EPROTO, "%s: isoctl does not understand the instance's answer", i->name);
        return r < 0 ? report_oom(report) : set(object, "summary", summary, report);
}

/* A frozen instance does not answer, nor one that was handed over. */
static int add_nothing(json_t *object, Report *report) {
        static const char *const keys[] = { "granted", "connections", "summary" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(keys); i++)
                r = set(object, keys[i], json_null(), report);
        return r;
}

static int fill(json_t *object, const InstanceList *list, const Instance *i, Report *report) {
        int r = add_facts(object, list, i, report);

        if (r < 0)
                return r;
        if (i->handed_over || i->frozen)
                return add_nothing(object, report);
        r = add_grants(object, i, report);
        if (r >= 0)
                r = add_flows(object, i, report);
        return r < 0 ? r : status_json_add_summary(object, i, report);
}

int status_json_add(json_t *array, const InstanceList *list, const Instance *i, Report *report) {
        const Usage usage = usage_measure(list, i);
        json_t *object = json_instance(i, &usage);
        int r = object ? fill(object, list, i, report) : report_oom(report);

        if (r < 0)
                json_decref(object);
        else if (json_array_append_new(array, object) < 0)
                r = report_oom(report);
        return r;
}

int status_json_add_ended(json_t *array, const Ended *ended, Report *report) {
        json_t *object = json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", json_text(ended->name),
                                   "unit", json_text_or_null(ended->unit),
                                   "state", ended->refused ? "refused" : "ended",
                                   "exit_status", json_number(ended->status >= 0, (uint64_t) ended->status),
                                   "policy", json_text_or_null(ended->policy),
                                   "command", json_text_or_null(ended->command),
                                   "started_usec", json_number(ended->started_usec, ended->started_usec),
                                   "ended_usec", json_number(ended->ended_usec, ended->ended_usec),
                                   "journal", json_text(ended->message));

        return json_array_append_new(array, object) < 0 ? report_oom(report) : 0;
}
