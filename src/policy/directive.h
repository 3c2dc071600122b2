/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table of all directives, one row each: directives.inc. The parser, explain, the manual, the shell completion and
 * the start all use this table. */

#include <stdbool.h>
#include <stdint.h>

typedef struct ValueType ValueType;

typedef enum Section {
        SECTION_POLICY,
        SECTION_SCOPE,
        SECTION_SANDBOX,
        _SECTION_MAX,
} Section;

typedef enum DirectiveId {
#define POLICY(name, ...) D_##name,
#define SCOPE(name, ...) D_##name,
#define SANDBOX(name, ...) D_##name,
#define LIMIT(name, ...) D_Limit##name,
#include "policy/directives.inc"
#undef POLICY
#undef SCOPE
#undef SANDBOX
#undef LIMIT
        _DIRECTIVE_MAX,
} DirectiveId;

/* How two policies compare in a directive, and which value permits only what both permit: plan/permit. Values that no
 * order below compares are within each other only if they are the same. The last column of directives.inc has:
 *
 *   FREE                permits nothing, and does not limit the payload
 *   KEPT                the same, but the payload relies on it: two policies must not contradict each other
 *   SAME                each value permits something else, and a directive that is not set permits something else again
 *   YES, NO             permits less than the other
 *   RANK("a b < - < c") the words from the one that permits least; "-" if it is not set
 *   LESS                a smaller number permits less; not set: no limit. A share and a number do not compare
 *   LESS_UNSET(N)       a smaller number permits less; not set: N
 *   LESS_OWN            a smaller number permits less; not set: a limit that the policy does not know
 *   NICE                a larger number permits less; not set: 0
 *   ALLOWS              a list of allowed things: a shorter list permits less
 *   DENIES              a list of denied things: a longer list permits less
 *   PART(name)          its values are part of another directive's
 * and the others, for a kind of value with an order of its own. */
typedef enum Order {
        ORDER_MISSING,
        ORDER_FREE,
        ORDER_KEPT,
        ORDER_SAME,
        ORDER_YES,
        ORDER_NO,
        ORDER_RANK,
        ORDER_LESS,
        ORDER_LESS_OWN,
        ORDER_NICE,
        ORDER_ALLOWS,
        ORDER_DENIES,
        ORDER_PART,
        ORDER_NUMBERS,     /* a bitmap of allowed numbers; not set: all numbers */
        ORDER_PER_DEVICE,  /* a number for each device */
        ORDER_ADDRESSES,   /* IPAddressDeny= and IPAddressAllow= */
        ORDER_DEVICES,     /* DeviceAllow= and DevicePolicy= */
        ORDER_ROOT,
        ORDER_PLACES,      /* the paths inside, and what is there */
        ORDER_CREDENTIALS,
        ORDER_EXEC,        /* ExecPaths= and NoExecPaths= */
        ORDER_GRANTS,
        ORDER_USER,        /* User= and Group= */
        ORDER_STREAM,      /* standard input and output */
        ORDER_BITS,        /* capabilities, address families, namespaces */
        ORDER_CALLS,
        _ORDER_MAX,
} Order;

/* The loader writes to the whole table, for each process, so small numbers share a word. */
typedef struct Directive {
        const char *name;
        Section section : 8;
        Order order : 8;
        DirectiveId part_of : 16; /* PART */
        unsigned since : 16;    /* the first version of systemd whose scopes have the property; 0: 252 or older */
        unsigned resource : 8;  /* Limit*=: the RLIMIT_ of setrlimit(2) */
        bool list : 1;          /* assignments add up; otherwise the last one wins */
        const ValueType *type;
        const char *fallback;   /* the value if the policy does not set one, or the
                                 * lines of a list; NULL: none */
        const char *example;
        const char *help;       /* one line for the manual and for completion */
        const char *ranks;      /* RANK */
        uint64_t unset;         /* LESS, LESS_UNSET: the number if the policy sets none */

        /* [Scope] */
        const char *property;   /* of org.freedesktop.systemd1(5) */
        const char *signature;
        const char *cgroup_file; /* the file that shows the limit (cgroup-v2.rst), or "bpf" for a BPF program.
                                  * NULL: not a limit of the kernel: systemd does it itself */
} Directive;

extern const Directive directive_table[_DIRECTIVE_MAX];
extern const char *const section_names[_SECTION_MAX];

/* The directive of this name, or NULL. Upper and lower case differ, as in systemd. */
const Directive *directive_find(const char *name);

/* The directive whose name is most similar to an unknown name, or NULL if none is similar. */
const Directive *directive_suggest(const char *name);

static inline DirectiveId directive_id(const Directive *d) {
        return (DirectiveId) (d - directive_table);
}
