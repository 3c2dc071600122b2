/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resource limits, nice level, umask, standard input and output. */
#include "plan/payload/resources.h"

#include <errno.h>
#include <linux/capability.h>

#include "plan/deny/filter.h"
#include "util/array.h"

static bool can_raise(const Builder *b) {
        return b->host->initial_users && b->host->capabilities & UINT64_C(1) << CAP_SYS_RESOURCE;
}

typedef enum Height {
        HEIGHT_WITHIN, /* the caller's hard limit */
        HEIGHT_RAISED, /* above it, or that is not known */
        HEIGHT_TOO_HIGH,
} Height;

static Height find_height(const Builder *b, DirectiveId id, rlim_t limit) {
        struct rlimit now;

        if (b->host->get_limit(directive_table[id].resource, &now) < 0)
                return HEIGHT_RAISED;
        if (limit <= now.rlim_max)
                return HEIGHT_WITHIN;
        return can_raise(b) ? HEIGHT_RAISED : HEIGHT_TOO_HIGH;
}

static int add_limit(Builder *b, DirectiveId id, struct rlimit limit, Height height, Origin origin) {
        PlanResourceLimit *l = ARRAY_APPEND(b->plan->limits, b->plan->n_limits);

        if (!l)
                return -ENOMEM;
        *l = (PlanResourceLimit) { .directive = &directive_table[id], .limit = limit, .raised = height == HEIGHT_RAISED,
                                   .origin = origin };
        return 0;
}

static int add_setting(Builder *b, DirectiveId id) {
        const Setting *s = policy_get(b->policy, id);
        const Height height = find_height(b, id, s->value.number2);

        if (height == HEIGHT_TOO_HIGH)
                return build_may_lack(b, id, s->origin,
                                      "it is above the caller's hard limit, and the caller may not raise that")
                               ? 0
                               : -EPERM;
        return add_limit(b, id, (struct rlimit) { s->value.number, s->value.number2 }, height, s->origin);
}

/* A program in core_pattern(5) runs as the host's root and reads the memory of the payload, whatever the limit on core
 * dumps is: only the limit 1 prevents that (do_coredump() of the kernel). A file needs a limit of a page. So with 1 the
 * kernel makes no core dump, also if the pattern changes later. Only the machine's root can raise a limit of 0 to 1. */
static int add_core_limit(Builder *b) {
        const Setting *s = policy_get(b->policy, D_LimitCORE);
        const char *why = "the caller's hard limit on core dumps is 0, which a program in core_pattern(5) ignores; "
                          "isorun needs 1";
        Height height;

        if (build_allows_core(b->policy))
                return add_setting(b, D_LimitCORE);
        height = find_height(b, D_LimitCORE, 1);
        if (height != HEIGHT_TOO_HIGH)
                return add_limit(b, D_LimitCORE, (struct rlimit) { 1, 1 }, height, s ? s->origin : (Origin) {});
        if (s)
                return build_may_lack(b, D_LimitCORE, s->origin, why) ? 0 : -EPERM;
        report_notice(b->report, "core dumps are not prevented: %s", why);
        return 0;
}

static int build_limits(Builder *b) {
        int result = 0;

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                int r;

                if (!startswith(directive_table[id].name, "Limit") || (id != D_LimitCORE && !policy_get(b->policy, id)))
                        continue;
                r = id == D_LimitCORE ? add_core_limit(b) : add_setting(b, id);
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
