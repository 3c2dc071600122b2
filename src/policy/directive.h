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

typedef struct Directive {
        const char *name;
        Section section;
        bool list;              /* assignments add up; otherwise the last one wins */
        const ValueType *type;
        const char *fallback;   /* the value if the policy does not set one, or the
                                 * lines of a list; NULL: none */
        const char *example;
        const char *help;       /* one line for the manual and for completion */
        int resource;           /* Limit*=: the RLIMIT_ of setrlimit(2) */

        /* [Scope] */
        const char *property;   /* of org.freedesktop.systemd1(5) */
        const char *signature;
        const char *cgroup_file; /* the file that shows the limit (cgroup-v2.rst), or "bpf" for a BPF program.
                                  * NULL: not a limit of the kernel: systemd does it itself */
        unsigned since;         /* the first version of systemd whose scopes have the property; 0: 252 or older */
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
