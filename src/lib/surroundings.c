/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a sandbox around takes away without an error. If it makes a mount read-only, lowers a hard limit or drops a
 * capability, and the policy wants that, the plan cannot be made, and the error names the policy's line. Its network is
 * taken as it is. Its filter applies, too, and nobody can read it. */
#include "lib/surroundings.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/stat.h>

#include "lib/measure.h"
#include "util/array.h"
#include "util/strv.h"

/* A sandbox has a pid namespace and a filter; a service of systemd with a filter has none. The number is that of the
 * initial namespace: include/linux/proc_ns.h. */
static bool is_in_sandbox(void) {
        struct stat st;

        return measure_is_worthwhile() && stat("/proc/self/ns/pid", &st) >= 0 && st.st_ino != 0xEFFFFFFC;
}

static bool is_of_program(const Policy *policy, const Origin *origin) {
        return origin->file && policy->program_files && strv_contains(policy->program_files, origin->file);
}

static int add_network(Policy *policy) {
        const Setting *s = policy_get(policy, D_PrivateNetwork);
        Decision *d = ARRAY_APPEND(policy->decisions, policy->n_decisions);

        if (!d)
                return -ENOMEM;
        *d = (Decision) { .directive = "PrivateNetwork", .key = strdup(""), .value = strdup("only a loopback device"),
                          .lost_value = strdup("no"), .lost = s->origin, .decides = SIDE_AROUND,
                          .loses = is_of_program(policy, &s->origin) ? SIDE_PROGRAM : SIDE_ADMINISTRATOR };
        return d->key && d->value && d->lost_value ? 0 : -ENOMEM;
}

int surroundings_add(Policy *policy, const Plan *plan, Report *report) {
        policy->is_in_sandbox = is_in_sandbox();
        if (!policy->is_in_sandbox || plan->namespaces & CLONE_NEWNET || measure_private_network() <= 0)
                return 0; /* where it cannot be measured, nothing is claimed */
        return report_if_oom(report, add_network(policy));
}
