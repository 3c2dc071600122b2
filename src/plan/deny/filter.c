/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls that the payload may make, and with which arguments: seccomp(2). */
#include "plan/deny/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "plan/deny/connections.h"
#include "plan/deny/families.h"
#include "plan/deny/program.h"
#include "plan/deny/rules.h"
#include "plan/who/namespaces.h"
#include "plan/who/private-ids.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/landlock.h"

enum { SETTING_DEPTH_MAX = 8 }; /* groups in groups; systemd's are three deep */

/* The calls of a plan while their results are set. */
typedef struct Calls {
        Plan *plan;
        uint16_t *places; /* in plan->calls, from 1, of each call in syscall_numbers; 0: the plan does not have it */
} Calls;

static void calls_deinit(Calls *calls) {
        free(calls->places);
}

/* Adds all system calls that @known and the architectures of the plan have, as denied. The group is sorted by name, and
 * so are the plan's calls. */
static int add_known(Calls *calls, int error) {
        Plan *plan = calls->plan;

        for (const SyscallMember *m = syscall_group_find("@known")->members; *m; m++) {
                const SyscallNumber *n = syscall_member_group(*m) ? NULL : &syscall_numbers[syscall_member_place(*m)];
                PlanCall *call;

                if (!n || !may_have_rule(plan, n->number)) /* @obsolete is in @known */
                        continue;
                call = ARRAY_APPEND(plan->calls, plan->n_calls);
                if (!call)
                        return -ENOMEM;
                *call = (PlanCall) { .name = n->name, .number = n->number, .error = error };
                calls->places[syscall_member_place(*m)] = (uint16_t) plan->n_calls;
        }
        return 0;
}

/* Sets the result of a call, or of all calls of a group. Ignores a call that the plan does not have. */
static void set_member(const Calls *calls, SyscallMember member, int error, unsigned depth) {
        const SyscallGroup *group = syscall_member_group(member);

        if (!group) {
                const uint16_t place = calls->places[syscall_member_place(member)];

                if (place > 0)
                        calls->plan->calls[place - 1].error = error;
                return;
        }
        for (const SyscallMember *m = group->members; *m && depth < SETTING_DEPTH_MAX; m++)
                set_member(calls, *m, error, depth + 1);
}

static void set_calls(const Calls *calls, const char *name, int error) {
        const SyscallMember member = syscall_member_find(name);

        if (member)
                set_member(calls, member, error, 0);
}

/* A sandbox in the payload needs namespaces and mounts. The calls for its filters (@sandbox) are in @default. */
static void allow_nesting(const Calls *known) {
        static const char *const calls[] = { "@mount", "open_tree", "unshare", "setns", "clone", "clone3",
                                             "sethostname" };

        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                set_calls(known, calls[i], 0);
}

/* With a private range of user ids, the payload may also change owners, ids and capabilities. */
static void allow_private_ids(const Calls *known) {
        static const char *const calls[] = { "@chown", "@setuid", "capset", "setdomainname" };

        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                set_calls(known, calls[i], 0);
}

/* Denies a call unless the policy names it, or this group that it is in. A larger group is not enough. */
static void deny_unless_named(Plan *plan, const SettingList *list, const char *group, const char *call, int error) {
        PlanCall *known = plan_find_call(plan, call);
        bool named = false;

        for (size_t i = 0; i < list->n && !named; i++) {
                const Value *v = &list->items[i].value;

                named = v->words && !v->inverted && (streq(v->words[0], group) || streq(v->words[0], call));
        }
        if (!named && known && !known->error)
                known->error = error;
}

static void deny_named(Plan *plan, const Policy *policy, int error) {
        /* A file in memory is on no mount that could be noexec. */
        static const char *const memory_files[] = { "memfd_create", "memfd_secret" };
        const SettingList *list = &policy->settings[D_SystemCallFilter];
        const bool deny_files = policy_is_true(policy, D_MemoryDenyWriteExecute);

        /* The kernel's keyrings belong to users, not to namespaces, so the payload could read the caller's keys. */
        for (const SyscallMember *m = syscall_group_find("@keyring")->members; *m; m++)
                deny_unless_named(plan, list, "@keyring", syscall_member_name(*m), error);
        for (size_t i = 0; deny_files && i < ELEMENTSOF(memory_files); i++)
                deny_unless_named(plan, list, "", memory_files[i], error);
}

int build_permitted_calls(Plan *plan, const Policy *policy) {
        const SettingList *list = &policy->settings[D_SystemCallFilter];
        _cleanup_(calls_deinit) Calls known = { plan, calloc(n_syscall_numbers, sizeof(*known.places)) };
        int error = (int) policy_get(policy, D_SystemCallErrorNumber)->value.number;

        if (!known.places || add_known(&known, error) < 0)
                return -ENOMEM;
        set_calls(&known, list->items[0].value.inverted ? "@known" : "@default", 0);
        if (build_nests(policy))
                allow_nesting(&known);
        if (build_has_private_ids(policy))
                allow_private_ids(&known);

        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;
                int denied = v->number2 ? (int) v->number : error;

                if (v->words)
                        set_calls(&known, v->words[0], v->inverted || v->number2 ? denied : 0);
        }
        deny_named(plan, policy, error);
        return 0;
}

static void notice_unknown(Builder *b, const Setting *s) {
        const Value *v = &s->value;

        if (v->words && v->words[0][0] != '@' && !v->inverted && !v->number2 &&
            syscall_number(v->words[0]) == SYSCALL_UNKNOWN)
                report_notice_at(b->report, s->origin, directive_table[D_SystemCallFilter].name,
                                 "the libseccomp that isorun was built with does not know %s, so the call fails with "
                                 "ENOSYS", v->words[0]);
}

static int build_calls(Builder *b) {
        const SettingList *list = build_list(b, D_SystemCallFilter);
        Plan *plan = b->plan;

        if (build_permitted_calls(plan, b->policy) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++)
                notice_unknown(b, &list->items[i]);

        /* Without execve, the command cannot be started. systemd.exec(5) always allows @default. */
        if (!b->stage && plan_find_call(plan, "execve") && plan_find_call(plan, "execve")->error)
                return build_error(b, &list->items[list->n - 1], D_SystemCallFilter, EINVAL,
                                   "this denies execve, which isorun needs to start the command");
        return 0;
}

#define CREATES(call, n, m, flag)                                                                          \
        { .name = call, .argument = n, .test = ARGUMENT_MASKED_EQUAL, .mask = m, .value = m, .error = EPERM, \
          .flags_argument = n - 1, .flags = flag, .reason = D_RestrictSUIDSGID }

/* No policy can remove these rules. */
static const PlanArgumentRule fixed_rules[] = {
        /* They type on the user's terminal: ioctl_tty(2). */
        MASKED("ioctl", 1, UINT32_MAX, TIOCSTI, EPERM, _DIRECTIVE_MAX),
        MASKED("ioctl", 1, UINT32_MAX, TIOCLINUX, EPERM, _DIRECTIVE_MAX),
        /* The limits and the scheduling of the reaper: the payload could end it with them, or let it wait. */
        MASKED("prlimit64", 0, UINT32_MAX, 1, EPERM, _DIRECTIVE_MAX),
        MASKED("sched_setaffinity", 0, UINT32_MAX, 1, EPERM, _DIRECTIVE_MAX),
        MASKED("sched_setparam", 0, UINT32_MAX, 1, EPERM, _DIRECTIVE_MAX),
        MASKED("sched_setscheduler", 0, UINT32_MAX, 1, EPERM, _DIRECTIVE_MAX),
        MASKED("sched_setattr", 0, UINT32_MAX, 1, EPERM, _DIRECTIVE_MAX),
        MASKED("setpriority", 1, UINT32_MAX, 1, EPERM, _DIRECTIVE_MAX),
        MASKED("ioprio_set", 1, UINT32_MAX, 1, EPERM, _DIRECTIVE_MAX),
        /* All processes of a user: the reaper is one of them. */
        MASKED("setpriority", 0, UINT32_MAX, 2 /* PRIO_USER */, EPERM, _DIRECTIVE_MAX),
        MASKED("ioprio_set", 0, UINT32_MAX, 3 /* IOPRIO_WHO_USER */, EPERM, _DIRECTIVE_MAX),
        /* fcntl(2): the kernel counts the memory of large pipes for each user, over all namespaces. With a lease, the
         * payload delays each open(2) of a file of its user on the host by 45 seconds. */
        MASKED("fcntl", 1, UINT32_MAX, F_SETPIPE_SZ, EPERM, _DIRECTIVE_MAX),
        MASKED("fcntl64", 1, UINT32_MAX, F_SETPIPE_SZ, EPERM, _DIRECTIVE_MAX),
        MASKED("fcntl", 1, UINT32_MAX, F_SETLEASE, EPERM, _DIRECTIVE_MAX),
        MASKED("fcntl64", 1, UINT32_MAX, F_SETLEASE, EPERM, _DIRECTIVE_MAX),
        /* Group 0 is the payload's own, which is the caller's with Terminal=shared. The kernel finds all its processes,
         * also those outside of the pid namespace. (With PRIO_USER, it finds only those inside.) */
        MASKED("setpriority", 0, UINT32_MAX, 1 /* PRIO_PGRP */, EPERM, _DIRECTIVE_MAX),
        MASKED("ioprio_set", 0, UINT32_MAX, 2 /* IOPRIO_WHO_PGRP */, EPERM, _DIRECTIVE_MAX),
};

/* With Terminal=shared, the payload's process group is also that of isorun and the caller. kill(2) with pid 0 reaches
 * them even from another pid namespace. */
static const PlanArgumentRule group_rules[] = {
        MASKED("kill", 0, UINT32_MAX, 0, EPERM, _DIRECTIVE_MAX),
};

static const PlanArgumentRule hostname_rules[] = {
        ANY("sethostname", EPERM, D_ProtectHostname),
        ANY("setdomainname", EPERM, D_ProtectHostname),
};

/* The real-time classes, with or without SCHED_RESET_ON_FORK. sched_setattr(2) has its argument in memory, where the
 * filter cannot see it. */
#define NO_RESET (UINT32_MAX & ~(uint64_t) SCHED_RESET_ON_FORK)
static const PlanArgumentRule realtime_rules[] = {
        MASKED("sched_setscheduler", 1, NO_RESET, SCHED_FIFO, EPERM, D_RestrictRealtime),
        MASKED("sched_setscheduler", 1, NO_RESET, SCHED_RR, EPERM, D_RestrictRealtime),
        MASKED("sched_setscheduler", 1, NO_RESET, 6 /* SCHED_DEADLINE */, EPERM, D_RestrictRealtime),
        ANY("sched_setattr", EPERM, D_RestrictRealtime),
};

#define TMPFILE (O_TMPFILE & ~O_DIRECTORY)
static const PlanArgumentRule suid_rules[] = {
#define BOTH(call, n)                                                            \
        MASKED(call, n, S_ISUID, S_ISUID, EPERM, D_RestrictSUIDSGID),            \
                MASKED(call, n, S_ISGID, S_ISGID, EPERM, D_RestrictSUIDSGID)
        BOTH("chmod", 1),   BOTH("fchmod", 1),  BOTH("fchmodat", 2), BOTH("fchmodat2", 2), BOTH("mkdir", 1),
        BOTH("mkdirat", 2), BOTH("mknod", 1),   BOTH("mknodat", 2),  BOTH("creat", 1),
        CREATES("open", 2, S_ISUID, O_CREAT),   CREATES("open", 2, S_ISGID, O_CREAT),
        CREATES("open", 2, S_ISUID, TMPFILE),   CREATES("open", 2, S_ISGID, TMPFILE),
        CREATES("openat", 3, S_ISUID, O_CREAT), CREATES("openat", 3, S_ISGID, O_CREAT),
        CREATES("openat", 3, S_ISUID, TMPFILE), CREATES("openat", 3, S_ISGID, TMPFILE),
        ANY("openat2", ENOSYS, D_RestrictSUIDSGID), /* its mode is in memory */
        ANY("io_uring_setup", ENOSYS, D_RestrictSUIDSGID), /* the filter does not see the operations of a ring */
#undef BOTH
};

static const PlanArgumentRule write_execute_rules[] = {
        MASKED("mmap", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC, EPERM, D_MemoryDenyWriteExecute),
        MASKED("mmap2", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC, EPERM, D_MemoryDenyWriteExecute),
        MASKED("mprotect", 2, PROT_EXEC, PROT_EXEC, EPERM, D_MemoryDenyWriteExecute),
        MASKED("pkey_mprotect", 2, PROT_EXEC, PROT_EXEC, EPERM, D_MemoryDenyWriteExecute),
        MASKED("shmat", 2, SHM_EXEC, SHM_EXEC, EPERM, D_MemoryDenyWriteExecute),
};

/* i386's old mmap(2) and shmat(2) have their arguments in memory, where the filter cannot see them. */
static int check_write_execute(Builder *b) {
        const Setting *s = policy_get(b->policy, D_MemoryDenyWriteExecute);

        if (!s->value.number || b->plan->n_architectures == 0)
                return 0;
        return build_error(b, s, D_MemoryDenyWriteExecute, EINVAL,
                           "cannot be enforced for the system calls of other architectures: remove them from "
                           "SystemCallArchitectures=");
}

/* The tracer looks at the program for this machine's calls, and would not see the flags of others' clone(2). */
static int check_watched(Builder *b) {
        if (plan_is_recorded(b->plan) && b->policy->n_stages > 0)
                return report_error_at(b->report, b->policy->stages[0].origin, NULL, EINVAL,
                                       "--record cannot write a policy with stages");
        if (!b->plan->watched || b->plan->n_architectures == 0)
                return 0;
        return build_error(b, policy_get(b->policy, D_SystemCallArchitectures), D_SystemCallArchitectures, EINVAL,
                           "%s cannot watch the system calls of other architectures (-p "
                           "SystemCallArchitectures=native leaves them out)",
                           plan_is_recorded(b->plan) ? "--record" : "--why");
}

/* The process that answers for the filter needs isorun, and the program. */
static int check_logged(Builder *b) {
        const Setting *s = policy_get(b->policy, D_LogDenials);

        if (s->value.number != LOG_DENIALS_YES && s->value.number != LOG_DENIALS_BOTH)
                return 0;
        if (b->request->hand_over)
                return build_error(b, s, D_LogDenials, EINVAL, "isorun writes the records, so it cannot end after "
                                                               "--hand-over");
        if (b->plan->n_architectures > 0)
                return build_error(b, s, D_LogDenials, EINVAL,
                                   "isorun cannot watch the system calls of other architectures: remove them from "
                                   "SystemCallArchitectures=");
        if (b->request->watch)
                report_notice_at(b->report, s->origin, "LogDenials", "--why tells what is denied, so the journal does "
                                                                     "not record it");
        b->plan->log_denials = !b->request->watch;
        return 0;
}

/* A payload without core dumps has the limit 1, and must not lower it: see add_core_limit(). For a program that lowers
 * it so that it leaves no core dump, nothing changes. */
static const PlanArgumentRule core_rules[] = {
        { .name = "setrlimit", .argument = 0, .test = ARGUMENT_MASKED_EQUAL, .mask = UINT32_MAX, .value = RLIMIT_CORE,
          .set_argument = 1, .reason = D_LimitCORE },
        { .name = "prlimit64", .argument = 1, .test = ARGUMENT_MASKED_EQUAL, .mask = UINT32_MAX, .value = RLIMIT_CORE,
          .set_argument = 2, .reason = D_LimitCORE },
};

bool build_allows_core(const Policy *policy) {
        const Setting *s = policy_get(policy, D_LimitCORE);

        return s && s->value.number2 > 1;
}

static int add_simple_rules(Builder *b) {
        static const struct {
                DirectiveId id;
                const PlanArgumentRule *rules;
                size_t n;
                bool may_lift; /* with a private range of user ids, it protects nothing outside */
        } table[] = {
                { D_ProtectHostname, hostname_rules, ELEMENTSOF(hostname_rules), true },
                { D_RestrictRealtime, realtime_rules, ELEMENTSOF(realtime_rules), false },
                { D_RestrictSUIDSGID, suid_rules, ELEMENTSOF(suid_rules), true },
                { D_MemoryDenyWriteExecute, write_execute_rules, ELEMENTSOF(write_execute_rules), false },
        };
        const bool lock = policy_is_true(b->policy, D_LockPersonality);
        int r;

        /* The core limit of pid 1 is not an error either, so these are first. */
        r = build_allows_core(b->policy) ? 0 : argument_rules_add(b->plan, core_rules, ELEMENTSOF(core_rules));
        if (r >= 0)
                r = argument_rules_add(b->plan, fixed_rules, ELEMENTSOF(fixed_rules));
        if (r >= 0 && b->host->landlock_abi < LANDLOCK_ABI_SCOPE)
                r = argument_rules_add(b->plan, group_rules, ELEMENTSOF(group_rules));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(table); i++)
                if (policy_is_true(b->policy, table[i].id) &&
                    !(table[i].may_lift && build_lifts_default(b->policy, table[i].id)))
                        r = argument_rules_add(b->plan, table[i].rules, table[i].n);

        /* READ_IMPLIES_EXEC would make all readable memory executable. */
        if (r >= 0 && (lock || policy_is_true(b->policy, D_MemoryDenyWriteExecute)))
                r = argument_rule_add(b->plan, (PlanArgumentRule) { .name = "personality", .test = ARGUMENT_NOT_EQUAL,
                                                           .value = b->host->get_personality(),
                                                           .error = EPERM,
                                                           .reason = lock ? D_LockPersonality
                                                                          : D_MemoryDenyWriteExecute });
        return r;
}

static int deny_namespace(Plan *plan, uint64_t flag) {
        const PlanArgumentRule rules[] = {
                MASKED("unshare", 0, flag, flag, EPERM, D_RestrictNamespaces),
                MASKED("setns", 1, flag, flag, EPERM, D_RestrictNamespaces),
                MASKED("clone", 0, flag, flag, EPERM, D_RestrictNamespaces),
        };

        /* clone(2) does not have CLONE_NEWTIME: its bit is part of the signal number. */
        return argument_rules_add(plan, rules, ELEMENTSOF(rules) - (flag == CLONE_NEWTIME));
}

static int add_namespace_rules(Builder *b) {
        static const PlanArgumentRule any_kind[] = {
                MASKED("setns", 1, UINT32_MAX, 0, EPERM, D_RestrictNamespaces), /* 0: any kind of namespace */
                ANY("clone3", ENOSYS, D_RestrictNamespaces), /* its flags are in memory; libc falls back to clone */
        };
        uint64_t allowed = build_allowed_namespaces(b->policy);
        Plan *plan = b->plan;
        int r = 0;

        if (allowed == build_all_namespaces())
                return 0;

        for (const NamedNumber *n = namespace_types; r >= 0 && n->name; n++)
                if (!(allowed & (uint64_t) n->number))
                        r = deny_namespace(plan, (uint64_t) n->number);
        return r < 0 ? r : argument_rules_add(plan, any_kind, ELEMENTSOF(any_kind));
}

/* On x86 and others, socketcall(2) and ipc(2) make these calls, too: their first argument says which. */
static const struct {
        const char *name, *by;
        unsigned number;
} indirect_calls[] = {
        { "socket", "socketcall", 1 },       { "bind", "socketcall", 2 },         { "connect", "socketcall", 3 },
        { "listen", "socketcall", 4 },       { "accept", "socketcall", 5 },       { "getsockname", "socketcall", 6 },
        { "getpeername", "socketcall", 7 },  { "socketpair", "socketcall", 8 },   { "send", "socketcall", 9 },
        { "recv", "socketcall", 10 },        { "sendto", "socketcall", 11 },      { "recvfrom", "socketcall", 12 },
        { "shutdown", "socketcall", 13 },    { "setsockopt", "socketcall", 14 },  { "getsockopt", "socketcall", 15 },
        { "sendmsg", "socketcall", 16 },     { "recvmsg", "socketcall", 17 },     { "accept4", "socketcall", 18 },
        { "recvmmsg", "socketcall", 19 },    { "sendmmsg", "socketcall", 20 },

        { "semop", "ipc", 1 },   { "semget", "ipc", 2 },  { "semctl", "ipc", 3 },  { "semtimedop", "ipc", 4 },
        { "msgsnd", "ipc", 11 }, { "msgrcv", "ipc", 12 }, { "msgget", "ipc", 13 }, { "msgctl", "ipc", 14 },
        { "shmat", "ipc", 21 },  { "shmdt", "ipc", 22 },  { "shmget", "ipc", 23 }, { "shmctl", "ipc", 24 },
};

/* What the call returns if it is made indirectly, with its arguments in memory, where the filter cannot see them. */
static int indirect_error(const Plan *plan, const char *name) {
        const PlanCall *call = plan_find_call(plan, name);

        if (!call || call->error)
                return call ? call->error : ENOSYS;
        for (size_t i = 0; i < plan->n_argument_rules; i++)
                if (streq(plan->argument_rules[i].name, name))
                        return ENOSYS;
        return 0;
}

/* A denied call must not run by another one. ipc(2) has a version in the upper half of its first argument. */
static int add_indirect_rules(Plan *plan) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(indirect_calls) && plan->n_architectures > 0; i++) {
                const int error = indirect_error(plan, indirect_calls[i].name);
                const uint64_t mask = streq(indirect_calls[i].by, "ipc") ? UINT16_MAX : UINT32_MAX;

                if (error)
                        r = argument_rule_add(plan, (PlanArgumentRule) MASKED(indirect_calls[i].by, 0, mask,
                                                                    indirect_calls[i].number, error,
                                                                    D_SystemCallFilter));
        }
        return r;
}

static int build_architectures(Builder *b) {
        const SettingList *list = build_list(b, D_SystemCallArchitectures);

        for (size_t i = 0; i < list->n; i++) {
                uint32_t arch = (uint32_t) list->items[i].value.number, *slot;

                if (arch == 0 || arch == NATIVE_ARCHITECTURE)
                        continue;
                /* No kernel runs both, and one filter cannot contain both: seccomp_arch_add(3). */
                if ((arch ^ NATIVE_ARCHITECTURE) & __AUDIT_ARCH_LE)
                        return build_error(b, &list->items[i], D_SystemCallArchitectures, EINVAL,
                                           "this machine cannot run programs of %s, which has another byte order",
                                           list->items[i].value.text);
                slot = ARRAY_APPEND(b->plan->architectures, b->plan->n_architectures);
                if (!slot)
                        return -ENOMEM;
                *slot = arch;
        }
        return 0;
}

/* Only libseccomp knows the calls of other architectures. */
static int build_program(Builder *b) {
        const SettingList *list = build_list(b, D_SystemCallFilter);
        Plan *plan = b->plan;
        int r;

        r = plan->n_architectures > 0 ? 0 : program_make(plan, &plan->program, &plan->n_program);
        return r != -E2BIG ? r : build_error(b, &list->items[list->n - 1], D_SystemCallFilter, E2BIG,
                                             "the filter needs more than the %d instructions that the kernel takes",
                                             BPF_MAXINSNS);
}

int build_filter_rules(Builder *b) {
        int r;

        r = build_architectures(b);
        if (r < 0)
                return r;
        r = build_calls(b);
        if (r < 0)
                return r;
        r = check_watched(b);
        if (r < 0)
                return r;
        r = check_logged(b);
        if (r < 0)
                return r;
        r = check_write_execute(b);
        if (r < 0)
                return r;
        if (add_simple_rules(b) < 0 || add_namespace_rules(b) < 0)
                return -ENOMEM;
        r = build_family_rules(b);
        if (r >= 0)
                r = build_connection_rules(b);
        if (r >= 0)
                r = add_indirect_rules(b->plan);
        return r;
}

int build_filter(Builder *b) {
        int r = build_filter_rules(b);

        return r < 0 ? r : build_program(b);
}
