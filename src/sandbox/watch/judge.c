/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "plan/why/why.h"
#include "policy/value/names.h"
#include "sandbox/watch/explain.h"
#include "sandbox/watch/looker.h"
#include "sandbox/watch/told.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

enum {
        LINES_MAX = 100,       /* that people get */
        WORDS_MAX = 2 << 20,   /* bytes that programs get; isoctl takes twice as many */
        STUCK_MAX = 3,         /* paths that did not answer; the others are not looked up then */
};

/* In memory that both processes share. */
typedef struct Progress {
        size_t next; /* the denial that is being looked at */
        size_t lines, bytes, left_out;
} Progress;

typedef struct Judge {
        const Plan *plan;
        const Denials *denials;
        size_t n; /* of them, when this began */
        int fd;
        JudgeForm form;
        Progress *progress;
        uint64_t capabilities; /* of isorun: effective ones */
} Judge;

static void send_line(const Judge *j, const char *line) {
        (void) send(j->fd, line, strnlen(line, REPORT_LINE_MAX - 1) + 1, MSG_NOSIGNAL);
}

/* What is said of no single denial. */
static void remark(const Judge *j, const char *fmt, ...) _printf_(2, 3);

static void remark(const Judge *j, const char *fmt, ...) {
        _cleanup_free_ char *line = NULL;
        _cleanup_text_ Text text = {};
        va_list ap;

        va_start(ap, fmt);
        line = formatv(fmt, ap);
        va_end(ap);
        if (line && j->form == JUDGE_PACKETS)
                send_line(j, line);
        else if (line && text_open(&text) >= 0) {
                _cleanup_free_ char *words = NULL;

                told_write_remark(line, text.f);
                words = text_finish(&text);
                if (words)
                        (void) fd_write_all(j->fd, words, strlen(words));
        }
}

static void tell_people(const Judge *j, const Told *told) {
        _cleanup_free_ char *line = told_format(told);

        if (j->progress->lines == LINES_MAX) {
                j->progress->left_out++;
                return;
        }
        j->progress->lines++;
        if (line)
                send_line(j, line);
}

static void tell_program(const Judge *j, const Told *told) {
        _cleanup_free_ char *words = NULL;
        _cleanup_text_ Text text = {};
        size_t size;

        if (text_open(&text) < 0)
                return;
        told_write(told, text.f);
        words = text_finish(&text);
        size = words ? strlen(words) : 0;
        if (!words || size > WORDS_MAX - j->progress->bytes || fd_write_all(j->fd, words, size) < 0) {
                j->progress->left_out++;
                return;
        }
        j->progress->lines++;
        j->progress->bytes += size;
}

/* told borrows from a. */
static void tell(const Judge *j, const Denial *d, const char *object, const WhyAnswer *a) {
        _cleanup_free_ char *reason = explain_reason(j->plan, a);
        const Told told = { .call = explain_call_name(d->number), .object = object, .count = denial_count(d),
                            .reason = reason, .answer = *a };

        if (!reason || !told.call)
                return;
        if (j->form == JUDGE_PACKETS)
                tell_people(j, &told);
        else
                tell_program(j, &told);
}

/* Asks the plan. Returns whether it says that the call fails with this errno, because of the sandbox. */
static bool is_denied(const Judge *j, WhyAction action, const char *path, int error, WhyAnswer *ret) {
        const WhyQuestion question = { .action = action, .object = path };

        why_answer_deinit(ret);
        return plan_why(j->plan, &question, ret) >= 0 && ret->verdict == WHY_DENIED && ret->error == error &&
               ret->mechanism != BY_FILES;
}

/* The actions that a use may stand for, ended by _WHY_ACTION_MAX. */
static const WhyAction *actions_of(WatchedUse use) {
        static const WhyAction table[][4] = {
                [USE_LOOK] = { WHY_READ, _WHY_ACTION_MAX },
                [USE_READ] = { WHY_READ, _WHY_ACTION_MAX },
                [USE_OPEN] = { WHY_READ, _WHY_ACTION_MAX },
                [USE_CREATE_OPEN] = { WHY_CREATE, WHY_WRITE, WHY_READ, _WHY_ACTION_MAX },
                [USE_ATTRIBUTES] = { WHY_WRITE, WHY_REMOVE, _WHY_ACTION_MAX }, /* a directory cannot be written */
                [USE_CREATE] = { WHY_CREATE, _WHY_ACTION_MAX },
                [USE_REMOVE] = { WHY_REMOVE, _WHY_ACTION_MAX },
                [USE_RENAME] = { WHY_RENAME, _WHY_ACTION_MAX },
                [USE_EXECUTE] = { WHY_EXECUTE, _WHY_ACTION_MAX },
                [USE_CONNECT] = { WHY_CONNECT, _WHY_ACTION_MAX },
                [USE_BIND] = { WHY_LISTEN, _WHY_ACTION_MAX },
        };

        return table[use];
}

/* Whether this process may do that on the host. Paths are looked up by O_PATH, which opens no device and no FIFO. */
static bool may_reach(const char *path, int mode) {
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
        char link[64];

        if (fd < 0)
                return false;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        return faccessat(AT_FDCWD, link, mode, AT_EACCESS) >= 0 || errno == EROFS;
}

static bool host_allows(WhyAction action, WatchedUse use, const char *path) {
        _cleanup_free_ char *parent = path_parent(path);

        switch (action) {
        case WHY_CONNECT:
                return path[0] != '/' || may_reach(path, F_OK);
        case WHY_LISTEN:
                return true;
        case WHY_READ:
                return may_reach(path, use == USE_LOOK ? F_OK : R_OK);
        case WHY_WRITE:
                return may_reach(path, use == USE_ATTRIBUTES ? F_OK : W_OK);
        case WHY_EXECUTE:
                return may_reach(path, X_OK);
        default:
                return parent && may_reach(parent, W_OK | X_OK);
        }
}

/* What a mount of the policy shows need not be at the same path of the host. Then the mount alone decides. */
static bool would_work(const Denial *d, WhyAction action, const WhyAnswer *a) {
        _cleanup_free_ char *parent = path_parent(d->path);

        if (a->mechanism == BY_MOUNT && parent && !may_reach(parent, F_OK))
                return true;
        return host_allows(action, d->use, d->path);
}

/* What the question is about. Listening is asked for by port. */
static const char *object_of(const Denial *d) {
        const char *colon = d->use == USE_BIND && d->path[0] != '/' ? strrchr(d->path, ':') : NULL;

        return colon ? colon + 1 : d->path;
}

/* The place of a socket is a file that is created. */
static WatchedUse use_of(const Denial *d) {
        return d->use == USE_BIND && d->path[0] == '/' ? USE_CREATE : d->use;
}

/* A program that looks up a name asks a name server of the host. To reach that would not help: with peers, it asks
 * isorun's own name server, which knows them. */
static bool propose_peer(const Judge *j, const Denial *d, WhyAnswer *a) {
        char *text, *allow;

        if (d->use != USE_CONNECT || !endswith(d->path, ":53/udp") || plan_has_names(j->plan) || !a->allow)
                return true;
        text = strdup("the instance's own network has no name server; isorun finds only the names of peers");
        allow = strdup("ConnectTo=HOST:PORT");
        if (!text || !allow) {
                free(text);
                free(allow);
                return false;
        }
        free(a->text);
        free(a->allow);
        a->text = text;
        a->allow = allow;
        return true;
}

static void judge_file(const Judge *j, const Denial *d) {
        _cleanup_(why_answer_deinit) WhyAnswer a = {};

        for (const WhyAction *action = actions_of(use_of(d)); *action != _WHY_ACTION_MAX; action++)
                if (is_denied(j, *action, object_of(d), d->error, &a)) {
                        if (would_work(d, *action, &a) && propose_peer(j, d, &a))
                                tell(j, d, d->path, &a);
                        return;
                }
}

/* A call that the filter allows. Whether it would work outside depends on the capabilities of isorun itself. */
static void judge_capability(const Judge *j, const Denial *d) {
        _cleanup_(why_answer_deinit) WhyAnswer a = {};
        const WatchedCall *w = watched_calls;

        while (w->name && syscall_number(w->name) != d->number)
                w++;
        if (w->name && is_denied(j, WHY_CAPABILITY, w->capability, d->error, &a) &&
            j->capabilities & UINT64_C(1) << capability_find(w->capability)->number)
                tell(j, d, "", &a);
}

/* A limit of the policy, which the host does not have. */
static void judge_limit(const Judge *j, const Denial *d) {
        _cleanup_(why_answer_deinit) WhyAnswer a = {};

        if (is_denied(j, WHY_LIMIT, "LimitNOFILE", d->error, &a))
                tell(j, d, "", &a);
}

static void judge_call(const Judge *j, const Denial *d) {
        _cleanup_(why_answer_deinit) WhyAnswer a = {};

        if (explain_call(j->plan, d->number, d->arguments, &a) >= 0)
                tell(j, d, explain_family(d->number, d->arguments), &a);
}

/* In a child. Its progress is that of its predecessor. */
static void judge(void *userdata) {
        const Judge *j = userdata;
        Progress *p = j->progress;

        for (; p->next < j->n; __atomic_add_fetch(&p->next, 1, __ATOMIC_RELEASE)) {
                const Denial *d = denials_get(j->denials, p->next);

                if (d->by_filter)
                        judge_call(j, d);
                else if (d->use == USE_CAPABILITY)
                        judge_capability(j, d);
                else if (d->use == USE_LIMIT)
                        judge_limit(j, d);
                else
                        judge_file(j, d);
        }
}

/* The filter kills for calls of another architecture, and the payload may have filters that kill. */
static void tell_deaths(const Judge *j) {
        const DenialDeaths deaths = denials_deaths(j->denials);
        const char *name = deaths.number < 0 ? "a call of one of several threads" : explain_call_name(deaths.number);

        if (deaths.count == 0)
                return;
        if (deaths.architecture == NATIVE_ARCHITECTURE)
                remark(j, "%s: SIGSYS – a filter that the program itself has loaded kills it",
                       name ?: "a call that does not exist");
        else
                remark(j, "call %d of another architecture (%#x): SIGSYS – the filter kills the program, unless "
                       "SystemCallArchitectures= names that architecture", deaths.number, deaths.architecture);
        if (deaths.count > 1)
                remark(j, "%" PRIu32 " processes have died like this", deaths.count);
        j->progress->lines++;
}

/* After the last denial. */
static void end(const Judge *j) {
        const Progress *p = j->progress;
        const uint64_t lost = denials_lost(j->denials);

        tell_deaths(j);
        if (p->left_out > 0)
                remark(j, "%zu more that the sandbox denied are not shown", p->left_out);
        if (p->next < j->n)
                remark(j, "%zu calls that failed have not been looked at", j->n - p->next);
        if (lost > 0)
                remark(j, "%ju calls that failed have not been kept, because there were too many different ones",
                       (uintmax_t) lost);
        if (p->lines == 0 && p->next == j->n && j->form == JUDGE_PACKETS)
                remark(j, TOLD_NOTHING);
}

void judge_all(const Plan *plan, const Denials *denials, int fd, JudgeForm form) {
        Progress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        Judge j = { .plan = plan, .denials = denials, .n = denials_count(denials), .fd = fd, .form = form,
                    .progress = progress };
        CapabilitySets sets;
        unsigned stuck = 0;

        if (capability_get(&sets) >= 0)
                j.capabilities = sets.effective;
        if (progress == MAP_FAILED)
                return;
        while (stuck < STUCK_MAX && progress->next < j.n && !look_in_child(plan, &progress->next, judge, &j)) {
                const Denial *d = denials_get(denials, progress->next);

                remark(&j, "%s %s: %s – the host does not answer whether the sandbox denies that",
                       explain_call_name(d->number) ?: "?", d->by_filter ? "" : d->path, strerrorname_np(d->error));
                progress->next++;
                stuck++;
        }
        end(&j);
        munmap(progress, sizeof(*progress));
}
