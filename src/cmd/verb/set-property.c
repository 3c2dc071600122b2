/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl set-property NAME LIMIT=VALUE...: parses the values as in a policy, lets systemd set them, and reads them back
 * from the kernel. */
#include <errno.h>
#include <fcntl.h>

#include "cmd/instance/find.h"
#include "cmd/instance/managers.h"
#include "cmd/instance/pooled.h"
#include "cmd/instance/select.h"
#include "cmd/verb/verb.h"
#include "sandbox/limits/limits.h"
#include "util/array.h"
#include "util/fd.h"

typedef struct Change {
        Policy *policy; /* holds the values */
        PlanProperty *properties;
        size_t n;
} Change;

static void change_deinit(Change *c) {
        policy_free(c->policy);
        free(c->properties);
}

static int not_a_limit(Origin origin, const char *key, Report *report) {
        return report_error_at(report, origin, key, EOPNOTSUPP, "isoctl can change only limits while an instance runs");
}

static int add_property(Change *c, DirectiveId id, Report *report) {
        const Directive *d = &directive_table[id];
        const Setting *first = &c->policy->settings[id].items[0];
        PlanProperty *p;

        if (d->section != SECTION_SCOPE || !d->cgroup_file)
                return not_a_limit(first->origin, d->name, report);
        p = ARRAY_APPEND(c->properties, c->n);
        if (!p)
                return report_oom(report);
        *p = (PlanProperty) { .directive = d, .settings = &c->policy->settings[id] };
        return 0;
}

static int parse(Change *c, char *const *assignments, Report *report) {
        static const Specifiers none = {};
        int result = 0;

        c->policy = policy_new(&none);
        if (!c->policy)
                return report_oom(report);
        for (; *assignments; assignments++) {
                int r = policy_assign_argument(c->policy, "set-property", *assignments, report);

                if (r >= 0 && endswith(*assignments, "="))
                        r = report_error(report, EINVAL,
                                         "set-property: %s: the value is missing (infinity removes the limit)",
                                         *assignments);
                if (r < 0)
                        result = r;
        }
        for (DirectiveId id = 0; result >= 0 && id < _DIRECTIVE_MAX; id++)
                if (c->policy->settings[id].n > 0)
                        result = add_property(c, id, report);
        if (result >= 0 && c->policy->n_claims > 0)
                result = not_a_limit(c->policy->claims[0].origin, c->policy->claims[0].line->key, report);
        return result;
}

static int check_held(const PlanProperty *p, int cgroup, const Instance *instance, Report *report) {
        _cleanup_free_ char *actual = NULL;
        const char *accepted = instance->pool ? "" : "systemd accepted it, but ";
        const Origin origin = p->settings->items[0].origin;
        int r = limit_is_held(p, cgroup, &actual);

        if (r > 0)
                return 0;
        if (r < 0)
                return report_error_at(report, origin, p->directive->name, -r,
                                       "%s: %sisoctl cannot read whether the kernel enforces it: %s", instance->name,
                                       accepted, strerror(-r));
        return report_error_at(report, origin, p->directive->name, EOPNOTSUPP,
                               "%s: %sthe kernel does not enforce it: %s", instance->name, accepted,
                               actual ?: "the cgroup has another limit");
}

/* With Delegate=, the payload's cgroup has copies of the limits, which the kernel enforces as well. */
static void change_copy(const PlanProperty *p, int cgroup) {
        _cleanup_close_ int inside = openat(cgroup, "inside", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (inside >= 0)
                limit_copy(p, cgroup, inside);
}

static int ask_systemd(const Change *c, const Instance *instance, Report *report) {
        _cleanup_(managers_deinit) Managers managers = {};
        Manager *manager = managers_get(&managers, instance, report);

        return manager ? manager_set_properties(manager, instance->unit, instance->name, c->properties, c->n, report)
                       : -EINVAL;
}

/* Sets the limits of an instance in a pool. Nothing is written if systemd would have to do it for one of them. */
static int write_limits(const Change *c, int cgroup, const Instance *instance, Report *report) {
        int r = 0;

        for (size_t i = 0; i < c->n; i++) {
                const PlanProperty *p = &c->properties[i];

                if (streq(p->directive->cgroup_file, "bpf"))
                        return report_error_at(report, p->settings->items[0].origin, p->directive->name, EOPNOTSUPP,
                                               "only systemd can set it, and %s is only a part of %s", instance->name,
                                               instance->pool);
        }
        for (size_t i = 0; r >= 0 && i < c->n; i++) {
                const PlanProperty *p = &c->properties[i];

                r = limit_write(p, cgroup);
                if (r < 0)
                        return report_error_at(report, p->settings->items[0].origin, p->directive->name, -r,
                                               "%s: cannot set it: %s", instance->name, strerror(-r));
        }
        return r;
}

static int open_cgroup(const InstanceList *list, const Instance *instance, Report *report) {
        int cgroup;

        if (instance->pool)
                return pooled_open(list, instance, report);
        cgroup = instance_open(list, instance);
        return cgroup < 0 ? report_error(report, -cgroup, "%s: %s", instance->cgroup, strerror(-cgroup)) : cgroup;
}

static int apply(const Change *c, const InstanceList *list, const Instance *instance, Report *report) {
        _cleanup_close_ int cgroup = open_cgroup(list, instance, report);
        int r;

        if (cgroup < 0)
                return cgroup;
        r = instance->pool ? write_limits(c, cgroup, instance, report) : ask_systemd(c, instance, report);
        for (size_t i = 0, n = r < 0 ? 0 : c->n; i < n; i++) {
                int held = check_held(&c->properties[i], cgroup, instance, report);

                change_copy(&c->properties[i], cgroup);
                if (held < 0)
                        r = held;
        }
        return r;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(change_deinit) Change change = {};
        const Instance *instance;

        if (parse(&change, line->arguments + 1, report) < 0 || instances_find(&list, report) < 0)
                return PLAN_FAILED;
        instance = instances_pick(&list, line->arguments[0], report);
        return instance && apply(&change, &list, instance, report) >= 0 ? 0 : PLAN_FAILED;
}

static const Argument arguments[] = {
        { "NAME", ARGUMENT_INSTANCE },
        { "LIMIT=VALUE", ARGUMENT_LIMIT | ARGUMENT_REPEATED },
        {},
};

const Verb verb_set_property = {
        .name = "set-property",
        .help = "change limits of a running instance",
        .details = "LIMIT is a limit of a policy's [Scope] section, and VALUE is written as in a policy. The change\n"
                   "lasts as long as the instance runs. isoctl reads the limit back from the kernel, and reports an\n"
                   "error if the kernel does not enforce it. For a list, such as IPAddressDeny=, VALUE is added to\n"
                   "the current list.",
        .arguments = arguments,
        .run = run,
};
