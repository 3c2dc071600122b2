/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether systemd-machined(8) can register the instance: org.freedesktop.machine1(5). */
#include "plan/unit/machine.h"

#include <errno.h>

#include "plan/hint.h"
#include "plan/unit/holder.h"

/* Whether machined accepts the name: labels as in a host name, separated by dots. */
static bool is_machine_name(const char *name) {
        enum { NAME_MAX_LENGTH = 64 };
        static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

        for (const char *label = name;; label++) {
                size_t n = strcspn(label, ".");

                if (n == 0 || label[0] == '-' || label[n - 1] == '-' || strspn(label, characters) < n)
                        return false;
                label += n;
                if (!*label)
                        return strlen(name) <= NAME_MAX_LENGTH;
        }
}

/* The reason why the instance cannot be registered, or NULL. */
static const char *reason_against(const Builder *b) {
        if (!holder_is_unit(b->plan->holder))
                return build_holder_reason(b);
        /* machined would take all units of the user's manager for the machine. */
        if (b->plan->user_manager)
                return "systemd-machined does not register units of a user's service manager";
        return b->host->uid != 0 ? "only root may register a machine" : NULL;
}

int build_machine(Builder *b) {
        const Setting *setting = policy_get(b->policy, D_Register);
        Plan *plan = b->plan;
        const char *reason;

        if (!policy_is_true(b->policy, D_Register))
                return 0;
        reason = reason_against(b);
        if (reason)
                return build_may_lack(b, D_Register, setting->origin, reason) ? 0 : -EOPNOTSUPP;
        if (!is_machine_name(plan->name))
                return build_error(b, setting, D_Register, EINVAL,
                                   "\"%s\" is not a machine name: use letters, digits, \"-\" and single \".\"%s",
                                   plan->name, plan_other_name(plan));
        plan->machine = true;
        plan->machine_origin = setting->origin;
        plan->machine_optional = policy_optional(b->policy, D_Register);
        return 0;
}
