/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/verification.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "sandbox/limits/limits.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/text.h"

/* A limit of the cgroup or the unit, with the values of all its promises. */
typedef struct Limit {
        const Promise *promise; /* the last one */
        Policy *policy; /* holds the values */
        PlanProperty property;
} Limit;

/* Values that do not parse are those of another version, or forged. Returns 0 or -errno. */
static int limit_parse(const Promises *promises, const Promise *last, Limit *ret) {
        static const Specifiers none = {};
        const char *name = promise_value(last, 0);
        const Directive *d = directive_find(name);
        Report silent = {};
        int r = 0;

        *ret = (Limit) { .promise = last, .policy = policy_new(&none) };
        if (!ret->policy)
                return -ENOMEM;
        if (!d || d->section != SECTION_SCOPE)
                return -EPROTO;
        for (const Promise *p = promises->items; r >= 0 && p <= last; p++)
                if (promise_is(p, "property") && streq(promise_value(p, 0), name))
                        r = policy_assign(ret->policy, (Origin) {}, NULL, name, promise_value(p, 1), &silent);
        if (r < 0 || !ret->policy->settings[directive_id(d)].n)
                return r < 0 ? r : -EPROTO;
        ret->property = (PlanProperty) { d, &ret->policy->settings[directive_id(d)], promise_number_of(last, 2) };
        return 0;
}

static bool is_last(const Promises *promises, const Promise *p) {
        for (const Promise *q = p + 1; q < promises->items + promises->n; q++)
                if (promise_is(q, "property") && streq(promise_value(q, 0), promise_value(p, 0)))
                        return false;
        return true;
}

/* Whether the kernel has no means for an optional limit, as at the start. */
static bool may_be_absent(const PlanProperty *p, int cgroup) {
        const char *file = p->directive->cgroup_file;

        return p->optional && (streq(file, "bpf") || faccessat(cgroup, file, F_OK, 0) < 0);
}

static void verify_cgroup(Verification *v, const Limit *l, int cgroup) {
        _cleanup_free_ char *actual = NULL;
        const char *name = l->property.directive->name, *origin = promise_origin(l->promise);
        int r = cgroup < 0 ? cgroup : limit_is_held(&l->property, cgroup, &actual);

        if (r < 0)
                finding_add(&v->findings, VERDICT_UNREAD, name, origin, "the limit of the cgroup cannot be read: %s",
                            strerror(-r));
        else if (r == 0)
                finding_add(&v->findings, may_be_absent(&l->property, cgroup) ? VERDICT_ABSENT : VERDICT_BROKEN, name,
                            origin, "%s, and not %s", actual ?: "the cgroup has another limit",
                            promise_value(l->promise, 1));
        else if (!limit_is_exact(&l->property))
                finding_add(&v->findings, VERDICT_UNSEEN, name, origin,
                            "the cgroup has a limit of this kind, but the kernel does not show which");
        else
                finding_add(&v->findings, VERDICT_HOLDS, name, origin, "%s", actual ?: "as promised");
}

/* Whether systemd's value is that of the plan. It keeps a share of the memory as bytes, rounded. */
static bool is_same(const PlanProperty *p, const ManagerValue *actual) {
        const Value *wanted = &p->settings->items[p->settings->n - 1].value;
        uint64_t bytes, all = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);

        if (p->directive->signature[0] == 's')
                return actual->text && streq(actual->text, wanted->text);
        if (!wanted->relative)
                return actual->number == wanted->number;
        bytes = (uint64_t) ((long double) all * wanted->number / 10000);
        return actual->number <= bytes + bytes / 100;
}

/* Lists, shares that only systemd can compute, and lists of controllers are not compared. */
static bool is_comparable(const PlanProperty *p) {
        const Value *wanted = &p->settings->items[p->settings->n - 1].value;

        return !p->directive->signature[1] && !(wanted->relative && directive_id(p->directive) == D_TasksMax) &&
               !wanted->words;
}

static void verify_property(Verification *v, const Limit *l, Manager *manager) {
        _cleanup_free_ char *part = format("%s of the unit", l->property.directive->name);
        const Directive *d = l->property.directive;
        const char *origin = promise_origin(l->promise);
        ManagerValue actual = {};
        Report silent = {};
        int r;

        if (!part || !is_comparable(&l->property)) {
                finding_add(&v->findings, VERDICT_UNSEEN, part ?: d->name, origin, "systemd's value is not compared");
                return;
        }
        r = manager ? manager_read_property(manager, v->instance->unit, d->property, d->signature[0], &actual, &silent)
                    : -ENOTCONN;
        if (r < 0)
                finding_add(&v->findings, VERDICT_UNREAD, part, origin, "%s", silent.n_errors ? silent.first.text :
                                                                              "systemd cannot be asked");
        else if (is_same(&l->property, &actual))
                finding_add(&v->findings, VERDICT_HOLDS, part, origin, "%s", promise_value(l->promise, 1));
        else if (d->signature[0] == 's')
                finding_add(&v->findings, VERDICT_BROKEN, part, origin, "it is %s, and not %s", actual.text ?: "",
                            promise_value(l->promise, 1));
        else
                finding_add(&v->findings, VERDICT_BROKEN, part, origin, "it is %" PRIu64 ", and not %s", actual.number,
                            promise_value(l->promise, 1));
        free(actual.text);
}

static void verify_unit(Verification *v, Managers *managers) {
        _cleanup_close_ int cgroup = instance_open(v->list, v->instance);
        Report silent = {};
        Manager *manager = v->instance->unit ? managers_get(managers, v->instance, &silent) : NULL;

        for (const Promise *p = v->promises->items; p < v->promises->items + v->promises->n; p++) {
                Limit l;
                int r;

                if (!promise_is(p, "property") || !is_last(v->promises, p))
                        continue;
                r = limit_parse(v->promises, p, &l);
                if (r < 0)
                        finding_add(&v->findings, VERDICT_UNREAD, promise_value(p, 0), promise_origin(p),
                                    "isoctl cannot read the promise \"%s\"", promise_value(p, 1));
                else if (l.property.directive->cgroup_file)
                        verify_cgroup(v, &l, cgroup);
                if (r >= 0 && v->instance->unit)
                        verify_property(v, &l, manager);
                policy_free(l.policy);
                v->findings.oom = v->findings.oom || r == -ENOMEM;
        }
}

/* The hard limit in a text like /proc/PID/limits: the name of the limit, then the soft and the hard one. prlimit(2)
 * needs more rights than to read that. Returns false if the text does not have it. */
static bool find_hard_limit(const char *text, int resource, uint64_t *ret) {
        static const char *const names[RLIM_NLIMITS] = {
                [RLIMIT_CPU] = "Max cpu time",           [RLIMIT_FSIZE] = "Max file size",
                [RLIMIT_DATA] = "Max data size",         [RLIMIT_STACK] = "Max stack size",
                [RLIMIT_CORE] = "Max core file size",    [RLIMIT_RSS] = "Max resident set",
                [RLIMIT_NPROC] = "Max processes",        [RLIMIT_NOFILE] = "Max open files",
                [RLIMIT_MEMLOCK] = "Max locked memory",  [RLIMIT_AS] = "Max address space",
                [RLIMIT_LOCKS] = "Max file locks",       [RLIMIT_SIGPENDING] = "Max pending signals",
                [RLIMIT_MSGQUEUE] = "Max msgqueue size", [RLIMIT_NICE] = "Max nice priority",
                [RLIMIT_RTPRIO] = "Max realtime priority", [RLIMIT_RTTIME] = "Max realtime timeout",
        };
        const char *line = names[resource] ? strstr(text, names[resource]) : NULL;
        char hard[32];

        if (!line || sscanf(line + strlen(names[resource]), "%*s %31s", hard) != 1)
                return false;
        *ret = UINT64_MAX;
        return streq(hard, "unlimited") || parse_u64(hard, ret) >= 0;
}

static Verdict check_rlimit(_unused_ const Verification *v, const Promise *p, const Task *t, char why[static WHY_MAX]) {
        const Directive *d = directive_find(promise_value(p, 0));
        uint64_t actual;

        snprintf(why, WHY_MAX, "isoctl cannot read the promise");
        if (!d || !startswith(d->name, "Limit"))
                return VERDICT_UNREAD;
        if (t->reaper || t->being_made) /* these have isorun's own, and do not run the payload's code */
                return VERDICT_HOLDS;
        snprintf(why, WHY_MAX, "its limit cannot be read");
        if (!find_hard_limit(t->limits, d->resource, &actual))
                return VERDICT_UNREAD;
        snprintf(why, WHY_MAX, "its hard limit is %" PRIu64 ", and not %s", actual, promise_value(p, 2));
        return actual <= promise_number_of(p, 2) ? VERDICT_HOLDS : VERDICT_BROKEN;
}

/* These limits are those of the reaper's user namespace, so only a process there sees them. */
static void verify_user_limit(Verification *v, const Promise *p) {
        const Promise *is = promises_find(v->promises, "user-limit-is", promise_value(p, 0));
        Verdict verdict;

        if (!is) {
                finding_add(&v->findings, VERDICT_UNSEEN, promise_value(p, 0), promise_origin(p),
                            "its file is not visible inside");
                return;
        }
        verdict = promise_number_of(is, 1) <= promise_number_of(p, 1) ? VERDICT_HOLDS : VERDICT_BROKEN;
        finding_add(&v->findings, verdict, promise_value(p, 0), promise_origin(p), "%s, as a process inside reads",
                    promise_value(is, 1));
}

void verify_limits(Verification *v, Managers *managers) {
        verify_unit(v, managers);
        for (size_t i = 0; i < v->promises->n; i++) {
                const Promise *p = &v->promises->items[i];

                if (promise_is(p, "rlimit"))
                        verify_tasks(v, p, promise_value(p, 0), check_rlimit);
                else if (promise_is(p, "user-limit"))
                        verify_user_limit(v, p);
                else if (promise_is(p, "keyring"))
                        finding_add(&v->findings, VERDICT_UNSEEN, "session keyring", promise_origin(p),
                                    "the kernel does not show whose session keyring a process has");
        }
}
