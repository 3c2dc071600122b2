/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "policy/policy-load.h"
#include "util/fd.h"
#include "util/path.h"

char *instance_policy(const Instance *i, Report *report) {
        _cleanup_free_ char *directory = NULL, *joined = NULL;
        const char *policy = i->policy && *i->policy ? i->policy : "default";
        char path[64];
        int r;

        if (!i->policy) {
                report_error(report, ENODATA, "%s: its policy is not known, because a unit's User= keeps isorun from "
                             "recording it; see the unit's ExecStart=", i->name);
                return NULL;
        }
        if (policy[0] == '/' || (!strchr(policy, '/') && !endswith(policy, ".conf")))
                return strdup(policy);
        if (i->handed_over) {
                report_error(report, ESRCH,
                             "%s: cannot find the relative policy path %s, because its isorun has ended (--hand-over)",
                             i->name, policy);
                return NULL;
        }
        snprintf(path, sizeof(path), "/proc/%d/cwd", i->isorun);
        r = link_read(AT_FDCWD, path, &directory);
        if (r < 0) {
                report_error(report, -r, "%s: cannot find the directory that the policy path %s is relative to: %s",
                             i->name, policy, strerror(-r));
                return NULL;
        }
        joined = path_join(directory, policy);
        return joined && (strchr(policy, '/') || access(joined, F_OK) == 0)
                       ? TAKE_PTR(joined)
                       : policy_spec_name(policy);
}
