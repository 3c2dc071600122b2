/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directives whose value is one of a few words. The list of a directive makes its enum here, and the words of its type
 * in choice.c. Value.number is the enum's value: see policy_choice(). */

#define CHOICE_ENUM(id, word) id,

#define DEVICE_POLICY_CHOICES(X)         \
        X(DEVICE_POLICY_AUTO, "auto")     \
        X(DEVICE_POLICY_CLOSED, "closed") \
        X(DEVICE_POLICY_STRICT, "strict")
typedef enum DevicePolicy { DEVICE_POLICY_CHOICES(CHOICE_ENUM) } DevicePolicy;

#define OOM_POLICY_CHOICES(X)             \
        X(OOM_POLICY_CONTINUE, "continue") \
        X(OOM_POLICY_STOP, "stop")         \
        X(OOM_POLICY_KILL, "kill")
typedef enum OOMPolicy { OOM_POLICY_CHOICES(CHOICE_ENUM) } OOMPolicy;

#define KILL_MODE_CHOICES(X)                       \
        X(KILL_MODE_CONTROL_GROUP, "control-group") \
        X(KILL_MODE_MIXED, "mixed")                 \
        X(KILL_MODE_PROCESS, "process")             \
        X(KILL_MODE_NONE, "none")
typedef enum KillMode { KILL_MODE_CHOICES(CHOICE_ENUM) } KillMode;

#define PRIVATE_USERS_CHOICES(X)                   \
        X(PRIVATE_USERS_SELF, "self")               \
        X(PRIVATE_USERS_IDENTITY, "identity")       \
        X(PRIVATE_USERS_NO, "no")                   \
        X(PRIVATE_USERS_SUBORDINATE, "subordinate") \
        X(PRIVATE_USERS_FULL, "full")
typedef enum PrivateUsers { PRIVATE_USERS_CHOICES(CHOICE_ENUM) } PrivateUsers;

#define PROTECT_HOME_CHOICES(X)               \
        X(PROTECT_HOME_YES, "yes")             \
        X(PROTECT_HOME_NO, "no")               \
        X(PROTECT_HOME_READ_ONLY, "read-only") \
        X(PROTECT_HOME_TMPFS, "tmpfs")
typedef enum ProtectHome { PROTECT_HOME_CHOICES(CHOICE_ENUM) } ProtectHome;

#define PROTECT_PROC_CHOICES(X)                 \
        X(PROTECT_PROC_DEFAULT, "default")       \
        X(PROTECT_PROC_NOACCESS, "noaccess")     \
        X(PROTECT_PROC_INVISIBLE, "invisible")   \
        X(PROTECT_PROC_PTRACEABLE, "ptraceable")
typedef enum ProtectProc { PROTECT_PROC_CHOICES(CHOICE_ENUM) } ProtectProc;

#define PROC_SUBSET_CHOICES(X)  \
        X(PROC_SUBSET_ALL, "all") \
        X(PROC_SUBSET_PID, "pid")
typedef enum ProcSubset { PROC_SUBSET_CHOICES(CHOICE_ENUM) } ProcSubset;

#define PROGRAM_CHOICES(X)        \
        X(PROGRAM_NARROW, "narrow") \
        X(PROGRAM_IGNORE, "ignore")
typedef enum ProgramChoice { PROGRAM_CHOICES(CHOICE_ENUM) } ProgramChoice;

#define LOG_DENIALS_CHOICES(X)      \
        X(LOG_DENIALS_NO, "no")       \
        X(LOG_DENIALS_YES, "yes")     \
        X(LOG_DENIALS_AUDIT, "audit") \
        X(LOG_DENIALS_BOTH, "yes+audit")
typedef enum LogDenials { LOG_DENIALS_CHOICES(CHOICE_ENUM) } LogDenials;

#define TERMINAL_CHOICES(X)           \
        X(TERMINAL_PRIVATE, "private") \
        X(TERMINAL_SHARED, "shared")
typedef enum TerminalChoice { TERMINAL_CHOICES(CHOICE_ENUM) } TerminalChoice;
