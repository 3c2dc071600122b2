/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/look.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "cmd/instance/member.h"
#include "cmd/instance/talk.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/strv.h"

/* A process that isorun makes for a request, such as isoctl enter, gets its filter last. Until then, isoctl looks
 * again. */
enum { TRIES = 200, TRY_MSEC = 10 };

static void verify_landlock(Verification *v, const Promise *p) {
        const Promise *denies = promises_find(v->promises, "landlock-denies", NULL);
        const bool files = streq(promise_value(p, 0), "files");

        if (files && denies)
                finding_add(&v->findings, promise_number_of(denies, 0) ? VERDICT_HOLDS : VERDICT_BROKEN,
                            "Landlock", promise_origin(p), promise_number_of(denies, 0) ?
                            "a process that enters cannot mount, which only a domain denies" :
                            "a process that enters can mount, so it is in no domain that handles files");
        finding_add(&v->findings, VERDICT_UNSEEN, files ? "Landlock's rules" : "Landlock's scope", promise_origin(p),
                    "the kernel shows no domain of a process, nor its rules");
}

/* One look at everything. */
static int look(Verification *v, Managers *managers) {
        const bool in_service = promises_have(v->promises, "holder", "service");
        int r = tasks_find(v->instance, in_service, &v->tasks);

        if (r < 0)
                return r;
        verify_identity(v);
        if (promises_find(v->promises, "mount", NULL))
                verify_root(v);
        for (size_t i = 0; i < v->promises->n; i++) {
                const Promise *p = &v->promises->items[i];

                if (promise_is(p, "filter"))
                        verify_filter_bytes(v, p);
                else if (promise_is(p, "landlock"))
                        verify_landlock(v, p);
        }
        verify_limits(v, managers);
        if (promises_find(v->promises, "descriptors", NULL))
                verify_reaper(v);
        return v->findings.oom ? -ENOMEM : 0;
}

void verification_deinit(Verification *v) {
        tasks_deinit(&v->tasks);
        findings_deinit(&v->findings);
}

int verification_look(Verification *v) {
        _cleanup_close_ int pidfd = v->instance->pid ? sys_pidfd_open(v->instance->pid, 0) : -1;
        _cleanup_(managers_deinit) Managers managers = {};
        int r = v->instance->pid && pidfd < 0 ? -errno : look(v, &managers);

        for (unsigned i = 1; r >= 0 && v->findings.may_pass && i < TRIES; i++) {
                nanosleep(&(struct timespec) { .tv_nsec = (long) TRY_MSEC * 1000000 }, NULL);
                verification_deinit(v);
                r = look(v, &managers);
        }
        /* What was not there any more is not a finding then. */
        return r >= 0 && !member_runs(pidfd) ? -ESRCH : r;
}

/* After a hand-over, only root can get the plan. What every plan promises can be verified all the same. */
bool verification_knows_plan(const Instance *instance) {
        return !instance->handed_over || geteuid() == 0;
}

int verification_ask(const Instance *instance, Promises *ret, Report *report) {
        static const char every_plan[] = "\"\" holder service\n\"\" no_new_privs\n\"\" filter 0 \"\"\n";
        _cleanup_free_ char *text = NULL;
        int r;

        if (instance->frozen)
                return report_error(report, EBUSY,
                                    "%s is frozen, so it cannot be asked for its plan: isoctl thaw it first",
                                    instance->name);
        r = verification_knows_plan(instance) ? talk_ask(instance, CONTROL_PROMISES, &text, NULL, 0, NULL, report) : 0;
        if (r < 0)
                return r;
        r = promises_parse(text ?: every_plan, ret);
        if (r < 0)
                return report_error(report, -r, "%s: isoctl cannot understand its plan: %s", instance->name,
                                    strerror(-r));
        return 0;
}
