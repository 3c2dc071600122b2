/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/marks.h"

#include <fcntl.h>
#include <stdio.h>

#include "plan/record/capabilities.h"
#include "util/fd.h"
#include "util/process.h"

enum {
        THREADS = 4096,
        MARK = 0x100, /* PF_SUPERPRIV in the kernel's include/linux/sched.h */
};

typedef struct MarkedThread {
        pid_t tid; /* 0: free */
        bool marked;
        uint64_t effective; /* before the call in which it is, if that may use any */
} MarkedThread;

struct Marks {
        Record *record;
        uint64_t held; /* by the payload, at most */
        uint64_t by_call[RECORD_CALLS];
        MarkedThread threads[THREADS]; /* if two have the same place, a mark counts once more */
};

Marks *marks_new(const Plan *plan, Record *record) {
        Marks *m = calloc(1, sizeof(*m));

        if (!m)
                return NULL;
        m->record = record;
        m->held = plan->bounding | plan->ambient;
        record_find_capabilities(m->by_call);
        return m;
}

Marks *marks_free(Marks *m) {
        free(m);
        return NULL;
}

static MarkedThread *thread_of(Marks *m, pid_t tid) {
        MarkedThread *t = &m->threads[(unsigned) tid % THREADS];

        if (t->tid != tid)
                *t = (MarkedThread) { .tid = tid };
        return t;
}

/* The flags are the seventh number behind the name, which may contain spaces and parentheses. */
static bool is_marked(pid_t tid) {
        _cleanup_free_ char *line = NULL;
        unsigned long flags;
        const char *behind;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/stat", tid);
        if (file_read_line(AT_FDCWD, path, &line) < 0)
                return false;
        behind = strrchr(line, ')');
        return behind && sscanf(behind, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 && flags & MARK;
}

/* If the thread is gone already, all that it may have had. */
static uint64_t read_effective(const Marks *m, pid_t tid) {
        _cleanup_free_ char *text = NULL;

        return process_status(tid, "CapEff", &text) < 0 ? m->held : strtoull(text, NULL, 16) & m->held;
}

/* Whether it has got its mark since this was asked last. */
static bool is_new(MarkedThread *t) {
        if (t->marked || !is_marked(t->tid))
                return false;
        return t->marked = true;
}

bool marks_want(const Marks *m, int number) {
        return m && number >= 0 && number < RECORD_CALLS && m->by_call[number] & m->held;
}

static void note(Marks *m, uint64_t capabilities, bool certain, const char *program) {
        if (capabilities)
                record_privilege(m->record, capabilities, certain, program);
}

/* isorun itself may have used a capability before it has executed the command. */
void marks_before(Marks *m, pid_t tid, int number, bool executed, const char *program) {
        MarkedThread *t = m ? thread_of(m, tid) : NULL;

        if (!m)
                return;
        if (is_new(t) && executed)
                note(m, record_quiet_capabilities & read_effective(m, tid), false, program);
        t->effective = marks_want(m, number) ? read_effective(m, tid) : 0;
}

void marks_after(Marks *m, pid_t tid, int number, bool succeeded, bool executed, const char *program) {
        MarkedThread *t = m ? thread_of(m, tid) : NULL;
        const bool is_known = m && number >= 0 && number < RECORD_CALLS && m->by_call[number];
        const bool is_first = m && is_new(t);

        if (!m || !executed)
                return;
        if (is_first)
                note(m, is_known ? m->by_call[number] & t->effective : read_effective(m, tid), is_known, program);
        else if (t->marked && succeeded && is_known)
                note(m, m->by_call[number] & t->effective, false, program);
}

void marks_end(Marks *m, pid_t tid, bool executed, const char *program) {
        if (m && is_new(thread_of(m, tid)) && executed)
                note(m, record_quiet_capabilities & read_effective(m, tid), false, program);
}

void marks_forget(Marks *m, pid_t tid) {
        if (m)
                *thread_of(m, tid) = (MarkedThread) {};
}
