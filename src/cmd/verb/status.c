/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl status [--verbose|--tree|--json] NAME...: prints the data and resources of instances, and the plans that they
 * were started with. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <time.h>

#include "cmd/instance/ended.h"
#include "cmd/instance/find.h"
#include "cmd/instance/flows.h"
#include "cmd/instance/places.h"
#include "cmd/instance/plan-text.h"
#include "cmd/instance/select.h"
#include "cmd/program.h"
#include "cmd/show/form.h"
#include "cmd/show/format.h"
#include "cmd/show/json.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/status-json.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "sandbox/limits/cgroup.h"
#include "util/clock.h"
#include "util/escape.h"
#include "util/fd.h"
#include "util/text.h"

static void print_field(const char *key, const char *value) {
        printf("  %-23s ", key);
        escape_write(stdout, value);
        putchar('\n');
}

static void print_time(const char *key, uint64_t usec) {
        time_t seconds = (time_t) (usec / 1000000);
        char age[FORMAT_MAX], date[64], text[128];
        struct tm tm;

        if (!usec || !localtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%F %T %Z", &tm))
                return;
        format_age(age, usec);
        snprintf(text, sizeof(text), "%s; %s ago", date, age);
        print_field(key, text);
}

static void format_amount(char ret[static FORMAT_MAX], uint64_t n, bool bytes) {
        if (bytes)
                format_bytes(ret, n);
        else
                snprintf(ret, FORMAT_MAX, "%" PRIu64, n);
}

/* Prints "USED of LIMIT", or nothing if the kernel does not count the resource. */
static void print_usage(int cgroup, const char *key, const char *used_file, const char *limit_file, bool bytes) {
        char used[FORMAT_MAX], limit[FORMAT_MAX] = "no limit", text[2 * FORMAT_MAX + 8];
        uint64_t n;

        if (cgroup_number(cgroup, used_file, NULL, &n) < 0)
                return;
        format_amount(used, n, bytes);
        if (cgroup_number(cgroup, limit_file, NULL, &n) >= 0)
                format_amount(limit, n, bytes);
        snprintf(text, sizeof(text), "%s of %s", used, limit);
        print_field(key, text);
}

/* The user who runs isorun. */
static void print_user(const Instance *i) {
        const struct passwd *user = i->isorun ? getpwuid(i->runner) : NULL;
        char text[128];

        if (!i->isorun)
                return;
        snprintf(text, sizeof(text), "%s (%u)", user ? user->pw_name : "?", i->runner);
        print_field("user", text);
}

/* Prints what isorun has written if the root is a container image. */
static void print_digest(const Instance *i, int cgroup, const char *key, const char *attribute) {
        _cleanup_free_ char *digest = instance_attribute_trusted(i, cgroup, attribute);

        if (digest)
                print_field(key, digest);
}

static void print_facts(const InstanceList *list, const Instance *i) {
        _cleanup_close_ int cgroup = instance_open(list, i);
        _cleanup_free_ char *name = instance_full_name(i);
        char pid[64], cpu[FORMAT_MAX];
        uint64_t usec;

        printf("%s", colour(COLOUR_BOLD));
        escape_write(stdout, name ?: i->name);
        printf("%s\n", colour(NULL));
        print_field("cgroup", i->cgroup);
        printf("  %-23s %s%s%s\n", "state", colour(i->frozen ? COLOUR_YELLOW : COLOUR_GREEN),
               instance_state(i), colour(NULL));
        print_user(i);
        if (i->policy)
                print_field("policy", i->policy);
        if (i->command)
                print_field("command", i->command);
        print_digest(i, cgroup, "image", CGROUP_ATTRIBUTE("image"));
        print_digest(i, cgroup, "policy digest", CGROUP_ATTRIBUTE("policy-digest"));
        if (i->handed_over)
                snprintf(pid, sizeof(pid), "%d (handed over to systemd)", i->pid);
        else
                snprintf(pid, sizeof(pid), "%d (isorun: %d)", i->pid, i->isorun);
        print_field("first process", pid);
        if (i->main_pid) {
                snprintf(pid, sizeof(pid), "%d (reported by the command)", i->main_pid);
                print_field("main process", pid);
        }
        print_time("started", i->started_usec);
        if (cgroup < 0)
                return;
        print_usage(cgroup, "memory", "memory.current", "memory.max", true);
        print_usage(cgroup, "tasks", "pids.current", "pids.max", false);
        if (cgroup_number(cgroup, "cpu.stat", "usage_usec", &usec) >= 0) {
                format_span(cpu, usec);
                print_field("cpu", cpu);
        }
}

static int print_grants(const Instance *i, Report *report) {
        _cleanup_(places_deinit) Places places = {};
        int r;

        r = places_find(&places, i, report);
        if (r < 0)
                return r;
        for (size_t k = 0; k < places.n; k++) {
                const Place *p = &places.items[k];
                _cleanup_free_ char *text = NULL;

                if (!p->source)
                        continue;
                text = format("%s on %s, %s", p->source, p->path, p->granted_write ? "writable" : "read-only");
                if (text)
                        print_field("granted", text);
        }
        return 0;
}

/* Prints which peers were granted and how many connections isorun carries, if it carries any for this instance. */
static int print_flows(const Instance *i, Report *report) {
        const uint64_t until = clock_usec(CLOCK_MONOTONIC) + CONTROL_SECONDS * UINT64_C(1000000);
        char sent[FORMAT_MAX], received[FORMAT_MAX];
        _cleanup_(flows_deinit) Flows flows = {};
        _cleanup_free_ char *text = NULL;
        int r = flows_ask(i, FLOWS_SUM, NULL, until, &flows, report);

        if (r <= 0)
                return r;
        for (size_t k = 0; k < flows.n_grants; k++) {
                _cleanup_free_ char *peer = format("peer:%s", flows.grants[k]);

                if (peer)
                        print_field("granted", peer);
        }
        format_bytes(sent, flows.sent);
        format_bytes(received, flows.received);
        text = format("%" PRIu64 " to peers, %" PRIu64 " from clients; %s sent, %s received so far", flows.n_peers,
                      flows.n_clients, sent, received);
        if (text)
                print_field("connections", text);
        return text ? 0 : report_oom(report);
}

static int show(const InstanceList *list, const Instance *i, PlanForm form, Report *report) {
        int r;

        print_facts(list, i);
        /* After a hand-over, no isorun is left to ask for the rest. A frozen instance does not answer. */
        if (i->handed_over || i->frozen)
                return 0;
        r = print_grants(i, report);
        if (r >= 0)
                r = print_flows(i, report);
        if (r < 0)
                return r;
        putchar('\n');
        return plan_text_print(i, form, report);
}

/* Prints what the journal says about an instance that does not run. */
static void show_ended(const Ended *ended) {
        printf("%s", colour(COLOUR_BOLD));
        escape_write(stdout, ended->name);
        printf("%s\n", colour(NULL));
        print_field("unit", ended->unit);
        print_field("state", ended->refused ? "not started" : ended->status >= 0 ? "ended" : "ended, not known how");
        if (ended->policy)
                print_field("policy", ended->policy);
        if (ended->command)
                print_field("command", ended->command);
        print_time("started", ended->started_usec);
        print_time(ended->refused ? "refused" : "ended", ended->ended_usec);
        print_field("journal", ended->message);
}

/* Shows all instances that the argument means, or adds them to the array, if there is one. Returns 0 or -errno,
 * reported. */
static int show_argument(const InstanceList *list, char *name, PlanForm form, json_t *array, Report *report) {
        _cleanup_(selection_deinit) Selection selection = {};
        _cleanup_(ended_deinit) Ended ended = {};
        int r;

        if (!instances_has(list, name) && ended_find(name, 0, &ended) > 0) {
                if (array)
                        return status_json_add_ended(array, &ended, report);
                show_ended(&ended);
                return 0;
        }
        r = instances_select(&selection, list, (char *[]) { name, NULL }, false, report);
        for (size_t i = 0; i < selection.n; i++) {
                const Instance *instance = selection.items[i];
                int q = array ? status_json_add(array, list, instance, report) : show(list, instance, form, report);

                r = q < 0 ? q : r;
        }
        return r;
}

/* Returns 0, or the errno of the last argument that failed, reported. */
static int show_all(const CommandLine *line, const InstanceList *list, json_t *array, Report *report) {
        int result = 0;

        for (char **name = line->arguments; *name; name++) {
                int r = show_argument(list, *name, form_of(line), array, report);

                result = r < 0 ? r : result;
        }
        return result;
}

static int print_json(const CommandLine *line, const InstanceList *list, Report *report) {
        json_t *array = json_array();
        int r = array ? show_all(line, list, array, report) : report_oom(report);
        int q = array ? json_print(array, stdout) : 0;

        json_decref(array);
        return q < 0 ? report_error(report, -q, "cannot print JSON: %s", strerror(-q)) : r;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        int r, q;

        r = instances_find(&list, report);
        if (r < 0)
                return PLAN_FAILED;
        r = command_line_has(line, ARG_JSON) ? print_json(line, &list, report) : show_all(line, &list, NULL, report);
        q = flush_output(report);
        return r < 0 || q < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        FORM_OPTIONS,
        { ARG_JSON, "json", "print JSON: an array of instances" },
        {},
};
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_status = {
        .name = "status",
        .help = "show what an instance uses and may do",
        .details = "Shows the state of an instance, what it uses, the directories that were granted to it, and a\n"
                   "summary of the plan that it was started with. Each line of the summary ends with the policy lines\n"
                   "that decided it. For an instance that has ended, shows what the journal says about its end.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
