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

#define FREE .order = ORDER_FREE
#define KEPT .order = ORDER_KEPT
#define SAME .order = ORDER_SAME
#define YES .order = ORDER_YES
#define NO .order = ORDER_NO
#define RANK(words) .order = ORDER_RANK, .ranks = words
#define LESS LESS_UNSET(UINT64_MAX)
#define LESS_UNSET(number) .order = ORDER_LESS, .unset = number
#define LESS_OWN .order = ORDER_LESS_OWN
#define NICE .order = ORDER_NICE
#define ALLOWS .order = ORDER_ALLOWS
#define DENIES .order = ORDER_DENIES
#define PART(name) .order = ORDER_PART, .part_of = D_##name
#define NUMBERS .order = ORDER_NUMBERS
#define PER_DEVICE .order = ORDER_PER_DEVICE
#define ADDRESSES .order = ORDER_ADDRESSES
#define DEVICES .order = ORDER_DEVICES
#define ROOT .order = ORDER_ROOT
#define PLACES .order = ORDER_PLACES
#define CREDENTIALS .order = ORDER_CREDENTIALS
#define EXEC .order = ORDER_EXEC
#define GRANTS .order = ORDER_GRANTS
#define USER .order = ORDER_USER
#define STREAM .order = ORDER_STREAM
#define BITS .order = ORDER_BITS
#define CALLS .order = ORDER_CALLS

const Directive directive_table[_DIRECTIVE_MAX] = {
#define POLICY(n, l, t, f, e, h, o)                                                                  \
        [D_##n] = { .name = #n, .section = SECTION_POLICY, .list = l, .type = &type_##t, .fallback = f, \
                    .example = e, .help = h, o },
#define SCOPE(n, l, t, p, s, file, v, e, h, o)                                                          \
        [D_##n] = { .name = #n, .section = SECTION_SCOPE, .list = l, .type = &type_##t, .property = p, \
                    .signature = s, .cgroup_file = file, .since = v, .example = e, .help = h, o },
#define SANDBOX(n, l, t, f, e, h, o)                                                                  \
        [D_##n] = { .name = #n, .section = SECTION_SANDBOX, .list = l, .type = &type_##t, .fallback = f, \
                    .example = e, .help = h, o },
#define LIMIT(n, r, o)                                                                                        \
        [D_Limit##n] = { .name = "Limit" #n, .section = SECTION_SANDBOX, .type = &type_resource_limit,        \
                         .resource = RLIMIT_##r, .example = "10:20",                                          \
                         .help = "RLIMIT_" #r " of setrlimit(2), SOFT:HARD", o },
#include "policy/directives.inc"
#undef POLICY
#undef SCOPE
#undef SANDBOX
#undef LIMIT
};
