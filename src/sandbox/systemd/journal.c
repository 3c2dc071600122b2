/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/journal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <syslog.h>

#include "util/journal-entry.h"
#include "util/strv.h"

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
        _cleanup_free_ char *command = strv_join(plan->arguments, " ");
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_STARTED, -1, &s))
                return;
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

void journal_ended(const Plan *plan, int wait_status) {
        bool exited = WIFEXITED(wait_status);
        int status = exited ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status);
        const Subject s = plan_subject(plan);
        JournalEntry e;

        if (!begin(&e, RECORD_ENDED, exited && status == 0 ? -1 : LOG_NOTICE, &s))
                return;
        if (exited)
                journal_entry_add(&e, "MESSAGE", "%s ended: exit status %d", plan->name, status);
        else
                journal_entry_add(&e, "MESSAGE", "%s was ended by SIG%s%s", plan->name, sigabbrev_np(status) ?: "?",
                                  WCOREDUMP(wait_status) ? ", with a core dump" : "");
        journal_entry_add(&e, "EXIT_CODE", "%s", exited ? "exited" : WCOREDUMP(wait_status) ? "dumped" : "killed");
        journal_entry_add(&e, "EXIT_STATUS", "%d", status);
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
