/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Kernel names that policies use, and their numbers. */

#include <stdbool.h>

typedef struct NamedNumber {
        const char *name;
        int number;
} NamedNumber;

extern const NamedNumber address_families[];  /* AF_*, ends with a NULL name */
extern const NamedNumber namespace_types[];   /* CLONE_NEW* by the names of RestrictNamespaces= */

/* The entry of that name in such a table, or NULL. */
const NamedNumber *named_find(const NamedNumber *table, const char *name);

/* A group of system calls, "@file-system", as syscall-groups.txt lists it: names of system calls and of other groups,
 * ending with NULL. */
typedef struct SyscallGroup {
        const char *name;
        const char *const *members;
} SyscallGroup;

extern const SyscallGroup syscall_groups[]; /* ends with a NULL name */
extern const unsigned syscall_groups_systemd; /* the version of systemd that has these groups */

const SyscallGroup *syscall_group_find(const char *name);

/* Whether a group holds a system call of that name. Policies can use these names on every machine, whatever libseccomp
 * knows there. */
bool syscall_is_listed(const char *name);
