/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of the kernel that policies use, and their numbers. */

#include <stdbool.h>

typedef struct NamedNumber {
        const char *name;
        int number;
} NamedNumber;

extern const NamedNumber address_families[];  /* AF_*; ends with a NULL name */
extern const NamedNumber namespace_types[];   /* CLONE_NEW*, as in RestrictNamespaces=; ends with a NULL name */

/* The entry of this name in a table, or NULL. */
const NamedNumber *named_find(const NamedNumber *table, const char *name);

/* A group of system calls, such as "@file-system", from syscall-groups.txt. Its members are system calls and other
 * groups, ending with NULL. */
typedef struct SyscallGroup {
        const char *name;
        const char *const *members;
} SyscallGroup;

extern const SyscallGroup syscall_groups[]; /* ends with a NULL name */
extern const unsigned syscall_groups_systemd; /* the version of systemd that the groups are from */

const SyscallGroup *syscall_group_find(const char *name);

/* Whether any group has a system call of this name. A policy can use these names on every machine, even if its
 * libseccomp does not know them. */
bool syscall_is_listed(const char *name);
