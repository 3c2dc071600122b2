/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table is not in directive.c because it needs the types of values, and these need directive.c. */
#include <sys/resource.h>

#include "policy/directive.h"
#include "policy/value/value.h"

const char *const section_names[_SECTION_MAX] = {
        [SECTION_POLICY] = "Policy",
        [SECTION_SCOPE] = "Scope",
        [SECTION_SANDBOX] = "Sandbox",
};

const Directive directive_table[_DIRECTIVE_MAX] = {
#define POLICY(n, l, t, f, e, h)                                                                     \
        [D_##n] = { .name = #n, .section = SECTION_POLICY, .list = l, .type = &type_##t, .fallback = f, \
                    .example = e, .help = h },
#define SCOPE(n, l, t, p, s, file, v, e, h)                                                             \
        [D_##n] = { .name = #n, .section = SECTION_SCOPE, .list = l, .type = &type_##t, .property = p, \
                    .signature = s, .cgroup_file = file, .since = v, .example = e, .help = h },
#define SANDBOX(n, l, t, f, e, h)                                                                     \
        [D_##n] = { .name = #n, .section = SECTION_SANDBOX, .list = l, .type = &type_##t, .fallback = f, \
                    .example = e, .help = h },
#define LIMIT(n, r)                                                                                           \
        [D_Limit##n] = { .name = "Limit" #n, .section = SECTION_SANDBOX, .type = &type_resource_limit,        \
                         .resource = RLIMIT_##r, .example = "10:20", .help = "RLIMIT_" #r " of setrlimit(2), SOFT:HARD" },
#include "policy/directives.inc"
#undef POLICY
#undef SCOPE
#undef SANDBOX
#undef LIMIT
};
