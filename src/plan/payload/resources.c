/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits, nice level, umask, standard input and output. */
#include "plan/payload/resources.h"

#include <errno.h>
#include <sys/capability.h>

#include "util/array.h"

static bool can_raise(const Builder *b) {
        return b->host->initial_users && b->host->capabilities & UINT64_C(1) << CAP_SYS_RESOURCE;
}

static int add_limit(Builder *b, DirectiveId id) {
        const Setting *s = policy_get(b->policy, id);
        PlanResourceLimit *l;
        struct rlimit now;

        if (b->host->get_limit(directive_table[id].resource, &now) >= 0 && s->value.number2 > now.rlim_max &&
            !can_raise(b))
                return build_may_lack(b, id, s->origin,
                                      "it is above the caller's hard limit, and the caller may not raise that")
                               ? 0
                               : -EPERM;

        l = ARRAY_APPEND(b->plan->limits, b->plan->n_limits);
        if (!l)
                return -ENOMEM;
        *l = (PlanResourceLimit) {
                .directive = &directive_table[id],
                .limit = { .rlim_cur = s->value.number, .rlim_max = s->value.number2 },
                .origin = s->origin,
        };
        return 0;
}

static int build_limits(Builder *b) {
        int result = 0;

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                int r;

                if (!startswith(directive_table[id].name, "Limit") || !policy_get(b->policy, id))
                        continue;
                r = add_limit(b, id);
                if (r < 0)
                        result = r;
        }
        return result;
}

static void build_standard_io(Builder *b) {
        static const DirectiveId ids[3] = { D_StandardInput, D_StandardOutput, D_StandardError };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                const Setting *s = policy_get(b->policy, ids[i]);

                b->plan->standard_io[i] = (PlanStandardIO) {
                        .kind = (StandardIO) s->value.number,
                        .path = s->value.words ? s->value.words[0] : NULL,
                        .origin = s->origin,
                };
        }
        b->plan->given_no_exec = policy_is_true(b->policy, D_MemoryDenyWriteExecute);
}

int build_resources(Builder *b) {
        const Setting *mask = policy_get(b->policy, D_UMask), *nice = policy_get(b->policy, D_Nice);

        if (mask) {
                b->plan->set_umask = true;
                b->plan->umask = (mode_t) mask->value.number;
        }
        if (nice) {
                b->plan->set_nice = true;
                b->plan->nice = (int) (int64_t) nice->value.number;
                b->plan->nice_origin = nice->origin;
        }
        build_standard_io(b);
        return build_limits(b);
}
