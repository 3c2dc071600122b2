/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <syslog.h>

#include "plan/network/peers.h"
#include "sandbox/watch/explain.h"
#include "util/clock.h"
#include "util/journal-entry.h"
#include "util/strv.h"
#include "util/text.h"

typedef enum RecordKind {
#define RECORD(name, ...) RECORD_##name,
#include "sandbox/systemd/journal-records.inc"
#undef RECORD
} RecordKind;

static const struct {
        const char *message_id;
        int priority;
} records[] = {
#define RECORD(name, message_id, priority) [RECORD_##name] = { message_id, priority },
#include "sandbox/systemd/journal-records.inc"
#undef RECORD
};

/* The instance that a record is about. */
typedef struct Subject {
        PlanUnit unit; /* borrowed */
        const char *name, *policy;
} Subject;

static Subject plan_subject(const Plan *plan) {
        return (Subject) { .unit = plan_unit_of(plan),
                           .name = plan->name,
                           .policy = plan->policy };
}

/* Begins a record with the fields that all kinds have. priority is -1 for the default of the kind. Returns whether to
 * send a record. */
static bool begin(JournalEntry *e, RecordKind kind, int priority, const Subject *s) {
        if (!plan_unit_is_real(&s->unit) || journal_entry_init(e) < 0)
                return false;

        journal_entry_add(e, "MESSAGE_ID", "%s", records[kind].message_id);
        journal_entry_add(e, "PRIORITY", "%d", priority < 0 ? records[kind].priority : priority);
        journal_entry_add(e, "SYSLOG_IDENTIFIER", "isorun");
        /* journalctl(1) finds the record by these: OBJECT_SYSTEMD_UNIT (from root) with --unit=, USER_UNIT (from the
         * user) with --user-unit=. */
        journal_entry_add(e, s->unit.user_manager ? "USER_UNIT" : "OBJECT_SYSTEMD_UNIT", "%s", s->unit.name);
        journal_entry_add(e, "ISORUN_UNIT", "%s", s->unit.name);
        journal_entry_add(e, "ISORUN_INSTANCE", "%s", s->name);
        journal_entry_add(e, "ISORUN_POLICY", "%s", s->policy);
        journal_entry_add(e, "ISORUN_VERSION", ISORUN_VERSION);
        return true;
}

static void end(JournalEntry *e) {
        (void) journal_entry_send(e, JOURNAL_SOCKET);
        journal_entry_deinit(e);
}

/* Names the policy line, if the record comes from one. */
static void add_origin(JournalEntry *e, Origin origin, const char *key) {
        if (origin.file && origin.line > 0) {
                journal_entry_add(e, "CONFIG_FILE", "%s", origin.file);
                journal_entry_add(e, "CONFIG_LINE", "%u", origin.line);
        }
        if (key)
                journal_entry_add(e, "ISORUN_DIRECTIVE", "%s", key);
}

void journal_started(const Plan *plan) {
        _cleanup_free_ char *command = NULL;
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_STARTED, -1, &s))
                return;
        command = strv_join(plan->arguments, " ");
        journal_entry_add(&e, "MESSAGE", "%s started: %s", plan->name, command ?: "?");
        journal_entry_add(&e, "COMMAND", "%s", command ?: "?");
        end(&e);
}

void journal_ready(const Plan *plan) {
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_READY, -1, &s))
                return;
        journal_entry_add(&e, "MESSAGE", "%s is ready", plan->name);
        end(&e);
}

void journal_ended(const Plan *plan, int wait_status, const char *left) {
        bool exited = WIFEXITED(wait_status);
        int status = exited ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status);
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_ENDED, exited && status == 0 && !left ? -1 : LOG_NOTICE, &s))
                return;
        if (exited)
                journal_entry_add(&e, "MESSAGE", "%s ended: exit status %d%s%s%s", plan->name, status,
                                  left ? "; it left \"" : "", left ?: "", left ? "\" behind, which was killed" : "");
        else
                journal_entry_add(&e, "MESSAGE", "%s was ended by SIG%s%s", plan->name, sigabbrev_np(status) ?: "?",
                                  WCOREDUMP(wait_status) ? ", with a core dump" : "");
        journal_entry_add(&e, "EXIT_CODE", "%s", exited ? "exited" : WCOREDUMP(wait_status) ? "dumped" : "killed");
        journal_entry_add(&e, "EXIT_STATUS", "%d", status);
        if (left)
                journal_entry_add(&e, "ISORUN_LEFT", "%s", left);
        end(&e);
}

void journal_oom_killed(const Plan *plan, Origin origin, const char *key) {
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_OOM_KILLED, -1, &s))
                return;
        journal_entry_add(&e, "MESSAGE", "%s: the kernel killed a process for lack of memory", plan->name);
        add_origin(&e, origin, key);
        end(&e);
}

void journal_limit_reached(const Plan *plan, Origin origin, const char *key) {
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_LIMIT_REACHED, -1, &s))
                return;
        journal_entry_add(&e, "MESSAGE", "%s has reached %s=", plan->name, key);
        add_origin(&e, origin, key);
        end(&e);
}

void journal_full(const Plan *plan, const char *directory, const char *size, Origin origin, const char *key) {
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_LIMIT_REACHED, -1, &s))
                return;
        journal_entry_add(&e, "MESSAGE", "%s has filled %s (size=%s)", plan->name, directory, size);
        journal_entry_add(&e, "ISORUN_FULL", "%s", directory);
        add_origin(&e, origin, key);
        end(&e);
}

/* Messages about a bad value contain the value, and messages about an unreadable line contain the line. Others can read
 * the journal, so it must not get a value that may be a secret. */
static bool is_secret(const ReportedError *error) {
        static const DirectiveId secrets[] = { D_File, D_SetCredential, D_Environment };

        if (error->error != EBADMSG)
                return false;
        for (size_t i = 0; error->key && i < ELEMENTSOF(secrets); i++)
                if (streq(error->key, directive_table[secrets[i]].name))
                        return true;
        return !error->key && error->origin.line > 0;
}

void journal_refused(const PlanUnit *unit, const char *name, const char *policy, const Report *report) {
        const Subject s = { .unit = *unit, .name = name, .policy = policy };
        const ReportedError *error = &report->first;
        _cleanup_free_ char *origin = error->origin.file ? origin_format(error->origin) : NULL;
        JournalEntry e;

        if (!error->error || !begin(&e, RECORD_REFUSED, -1, &s))
                return;
        journal_entry_add(&e, "MESSAGE", "%s was not started: %s%s%s%s%s", name, origin ?: "", origin ? ": " : "",
                          error->key ?: "", error->key ? "=: " : "",
                          is_secret(error) ? "invalid value (isorun --dry-run shows the details)" : error->text);
        add_origin(&e, error->origin, error->key);
        journal_entry_add(&e, "ERRNO", "%d", error->error);
        end(&e);
}

bool journal_turn(JournalRate *rate) {
        enum { RECORDS_MAX = 256, PERIOD_USEC = 1000000 };
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (now - rate->period >= PERIOD_USEC) {
                rate->period = now;
                rate->n = 0;
        }
        if (rate->n < RECORDS_MAX) {
                rate->n++;
                return true;
        }
        rate->n_lost++;
        return false;
}

static void end_counted(JournalEntry *e, uint64_t n_lost) {
        if (n_lost > 0)
                journal_entry_add(e, "ISORUN_LOST", "%" PRIu64, n_lost);
        end(e);
}

static void journal_unknown_name(const Plan *plan, const FlowRecord *r, uint64_t n_lost) {
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_PEER_REFUSED, -1, &s))
                return;
        if (r->kind == FLOW_TOO_MANY_NAMES)
                journal_entry_add(&e, "MESSAGE", "%s asked for more than %u names that patterns of ConnectTo= match: "
                                  "others do not resolve", plan->name, PEERS_NAMES_MAX);
        else if (r->kind == FLOW_UNKNOWN_NAMES)
                journal_entry_add(&e, "MESSAGE", "%s asked for more names that are not peers: they are not recorded",
                                  plan->name);
        else {
                journal_entry_add(&e, "MESSAGE",
                                  "%s asked for %s, which is not a peer: ConnectTo=%s:PORT in the policy would allow "
                                  "it", plan->name, *r->name ? r->name : "the root of all names", r->name);
                journal_entry_add(&e, "ISORUN_PEER", "%s", r->name);
        }
        journal_entry_add(&e, "ISORUN_COUNT", "%" PRIu64, r->count);
        end_counted(&e, n_lost);
}

static void add_peer_origin(JournalEntry *e, const Plan *plan, const FlowRecord *r) {
        if (r->peer == FLOW_PEER_GRANTED)
                add_origin(e, policy_get(plan->source, D_GrantPeers)->origin, "GrantPeers");
        else
                add_origin(e, plan->peers[r->peer].origin, "ConnectTo");
}

static void journal_reset(const Plan *plan, const FlowRecord *r, uint64_t n_lost) {
        _cleanup_free_ char *text = record_reset_text(plan, r);
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!text || !begin(&e, RECORD_PEER_REFUSED, -1, &s))
                return;
        journal_entry_add(&e, "MESSAGE", "%s was not connected to %s", plan->name, text);
        journal_entry_add(&e, "ISORUN_PEER", "%.*s", (int) (strstr(text, ": ") - text), text);
        add_peer_origin(&e, plan, r);
        journal_entry_add(&e, "ISORUN_COUNT", "%" PRIu64, r->count);
        end_counted(&e, n_lost);
}

static void journal_flows_max(const Plan *plan, const FlowRecord *r, uint64_t n_lost) {
        const Setting *setting = policy_get(plan->source, D_FlowsMax);
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_FLOWS_MAX, -1, &s))
                return;
        if (r->kind == FLOW_NO_FILES)
                journal_entry_add(&e, "MESSAGE", "%s has as many connections as isorun can have open files "
                                  "(LimitNOFILE= of the unit, or ulimit -Hn): further ones fail", plan->name);
        else {
                journal_entry_add(&e, "MESSAGE", "%s has %" PRIu64 " connections %s, as many as FlowsMax= allows: "
                                  "further ones are reset", plan->name, plan->flows_max,
                                  r->kind == FLOW_TOO_MANY ? "to peers" : "from clients");
                add_origin(&e, setting->origin, "FlowsMax");
        }
        journal_entry_add(&e, "ISORUN_COUNT", "%" PRIu64, r->count);
        end_counted(&e, n_lost);
}

static void add_peer(JournalEntry *e, const Plan *plan, const FlowRecord *r, const char *peer) {
        journal_entry_add(e, "MESSAGE", "%s: the connection to %s ended: %" PRIu64 " bytes sent, %" PRIu64 " received",
                          plan->name, peer, r->sent, r->received);
        journal_entry_add(e, "ISORUN_PEER", "%s", peer);
        add_peer_origin(e, plan, r);
}

static void add_client(JournalEntry *e, const Plan *plan, const FlowRecord *r, const char *place) {
        _cleanup_free_ char *client = address_format(&r->address);

        journal_entry_add(e, "MESSAGE", "%s: the connection from %s to %s ended: %" PRIu64 " bytes sent, %" PRIu64
                          " received", plan->name, client && *client ? client : "a client", place, r->sent,
                          r->received);
        journal_entry_add(e, "ISORUN_ENTRANCE", "%s", place);
        if (client && *client)
                journal_entry_add(e, "ISORUN_CLIENT", "%s", client);
        add_origin(e, plan->entrances[r->entrance].origin, "ListenOn");
}

static void journal_flow_ended(const Plan *plan, const FlowRecord *r, uint64_t n_lost) {
        const bool is_client = r->kind == FLOW_CLIENT_ENDED;
        _cleanup_free_ char *place = is_client ? plan_entrance_name(&plan->entrances[r->entrance])
                                               : record_peer_text(plan, r);
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!place || !begin(&e, RECORD_FLOW_ENDED, -1, &s))
                return;
        (is_client ? add_client : add_peer)(&e, plan, r, place);
        journal_entry_add(&e, "ISORUN_SENT", "%" PRIu64, r->sent);
        journal_entry_add(&e, "ISORUN_RECEIVED", "%" PRIu64, r->received);
        journal_entry_add(&e, "ISORUN_USEC", "%" PRIu64, r->usec);
        end_counted(&e, n_lost);
}

void journal_flow(const Plan *plan, const FlowRecord *r, uint64_t n_lost) {
        static void (*const kinds[_FLOW_RECORD_MAX])(const Plan *plan, const FlowRecord *r, uint64_t n_lost) = {
                [FLOW_UNKNOWN_NAME] = journal_unknown_name,
                [FLOW_UNKNOWN_NAMES] = journal_unknown_name,
                [FLOW_TOO_MANY_NAMES] = journal_unknown_name,
                [FLOW_REFUSED_ADDRESS] = journal_reset,
                [FLOW_NO_ADDRESS] = journal_reset,
                [FLOW_TOO_MANY] = journal_flows_max,
                [FLOW_TOO_MANY_CLIENTS] = journal_flows_max,
                [FLOW_NO_FILES] = journal_flows_max,
                [FLOW_ENDED] = journal_flow_ended,
                [FLOW_CLIENT_ENDED] = journal_flow_ended,
        };

        kinds[r->kind](plan, r, n_lost);
}

void journal_denied(const Plan *plan, const DenialRecord *r, uint64_t n_lost) {
        const char *call = explain_call_name(r->number), *family = explain_family(r->number, r->arguments);
        _cleanup_(why_answer_deinit) WhyAnswer a = {};
        _cleanup_free_ char *reason = NULL;
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!call || explain_call(plan, r->number, r->arguments, &a) < 0 || !begin(&e, RECORD_DENIED, -1, &s))
                return;
        reason = explain_reason(plan, &a);
        journal_entry_add(&e, "MESSAGE", "%s was denied %s%s%s: %s – %s%s%s", plan->name, call, *family ? " " : "",
                          family, strerrorname_np(r->error), reason ?: "?",
                          a.allow ? "; this would allow it: " : "", a.allow ?: "");
        journal_entry_add(&e, "ISORUN_DENIED", "%s%s%s", call, *family ? " " : "", family);
        journal_entry_add(&e, "ISORUN_COUNT", "%" PRIu64, r->count);
        journal_entry_add(&e, "ERRNO", "%d", r->error);
        if (a.has_origin)
                add_origin(&e, a.origin, explain_directive(plan->source, &a));
        if (a.allow)
                journal_entry_add(&e, "ISORUN_ALLOW", "%s", a.allow);
        end_counted(&e, n_lost);
}
