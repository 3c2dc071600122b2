/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table of all directives that a policy may hold: directives.inc, one row each. What parses, prints, applies,
 * documents and completes a directive goes by this table. */

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

typedef struct Directive {
        const char *name;
        Section section;
        bool list;              /* assignments add up; otherwise the last one counts */
        const ValueType *type;
        const char *fallback;   /* the value where the policy is silent; NULL: none */
        const char *example;
        const char *help;       /* one line for the manual and for completion */
        int resource;           /* Limit*=: the RLIMIT_ of setrlimit(2) */

        /* [Scope] */
        const char *property;   /* of org.freedesktop.systemd1(5) */
        const char *signature;
        const char *cgroup_file; /* where the kernel shows the limit (cgroup-v2.rst), "bpf" for a BPF program's;
                                  * NULL: not a limit but systemd's own work */
        unsigned since;         /* the first systemd that has the property for scopes; 0: 252 or older */
} Directive;

extern const Directive directive_table[_DIRECTIVE_MAX];
extern const char *const section_names[_SECTION_MAX];

/* The directive of that name (case counts, as in systemd), or NULL. */
const Directive *directive_find(const char *name);

/* The directive whose name is nearest to an unknown one, or NULL where none is near. */
const Directive *directive_suggest(const char *name);

static inline DirectiveId directive_id(const Directive *d) {
        return (DirectiveId) (d - directive_table);
}
