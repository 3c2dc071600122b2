/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of the kernel that policies use, and their numbers. */

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct NamedNumber {
        const char *name;
        int number;
} NamedNumber;

extern const NamedNumber address_families[];  /* AF_*; ends with a NULL name */
extern const NamedNumber namespace_types[];   /* CLONE_NEW*, as in RestrictNamespaces=; ends with a NULL name */

extern const NamedNumber capability_names[];  /* "cap_chown" and so on, by number; ends with a NULL name */

enum { CAPABILITY_NAME_MAX = 32 };

/* The name of a capability in lower case; its number, written into the buffer, if isorun does not know it. */
const char *capability_name(unsigned capability, char buffer[static CAPABILITY_NAME_MAX]);

/* Writes its name in upper case, as capabilities(7) has it. */
void capability_write(const NamedNumber *capability, char buffer[static CAPABILITY_NAME_MAX]);

/* The capability of this name, in upper or lower case, or NULL. */
const NamedNumber *capability_find(const char *name);

/* The entry of this name in a table, or NULL. */
const NamedNumber *named_find(const NamedNumber *table, const char *name);

/* A member of a group: a system call or another group. 0 is none. A number and not a name, for which the loader would
 * write a pointer at each start. */
typedef uint16_t SyscallMember;

/* A group of system calls, such as "@file-system", from syscall-groups.txt. */
typedef struct SyscallGroup {
        const char *name;
        const SyscallMember *members; /* ends with 0 */
} SyscallGroup;

extern const SyscallGroup syscall_groups[]; /* ends with a NULL name */
extern const unsigned syscall_groups_systemd; /* the version of systemd that the groups are from */

const SyscallGroup *syscall_group_find(const char *name);

const char *syscall_member_name(SyscallMember member);

/* The group that the member is, or NULL for a system call. */
const SyscallGroup *syscall_member_group(SyscallMember member);

/* Whether the group, or a group in it, has the call. */
bool syscall_group_has(const SyscallGroup *group, const char *call);

/* The place of a member that is a system call in syscall_numbers. */
size_t syscall_member_place(SyscallMember member);

/* The member of this name, or 0. */
SyscallMember syscall_member_find(const char *name);

/* Whether any group has a system call of this name. A policy can use these names on every machine, even if its
 * libseccomp does not know them. */
bool syscall_is_listed(const char *name);

/* The architecture that isorun is built for: AUDIT_ARCH_*. */
#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Without a pointer, which the loader would write to at each start. */
enum { SYSCALL_NAME_MAX = 32 };
typedef struct SyscallNumber {
        char name[SYSCALL_NAME_MAX];
        int number;
} SyscallNumber;

extern const SyscallNumber syscall_numbers[]; /* all listed calls, sorted by name; generated at build time */
extern const size_t n_syscall_numbers;

enum { SYSCALL_UNKNOWN = -1 };

/* The number of a system call on this architecture. If only other architectures have the call, a number below
 * SYSCALL_UNKNOWN. If the libseccomp that isorun was built with does not know the call, SYSCALL_UNKNOWN. */
int syscall_number(const char *name);

/* The architectures that policies can name, with systemd's and with libseccomp's names, and libseccomp's tokens of
 * them: 0 (SCMP_ARCH_NATIVE) for "native". Ends with a NULL name. */
extern const NamedNumber architectures[];
