/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The commands of isorun-oci and their options, as data: isorun-oci reads its command line by these tables and prints
 * --help from them, and isoctl completes it for the shells. */

#include "cmd/option-table.h"

/* X(id, option, kind, metavariable, help, object, key): what an option sets in linux.resources. */
#define OCI_LIMITS(X)                                                                                              \
        X(MEMORY, "memory", SIZE, "SIZE", "bytes of memory; -1: no limit", "memory", "limit")                      \
        X(RESERVATION, "memory-reservation", SIZE, "SIZE", "bytes of memory to leave to it", "memory", "reservation")\
        X(SWAP, "memory-swap", SIZE, "SIZE", "bytes of memory and swap, as a sum", "memory", "swap")               \
        X(SHARES, "cpu-share", NUMBER, "N", "weight of processor time", "cpu", "shares")                           \
        X(QUOTA, "cpu-quota", NUMBER, "USEC", "processor time in each period; -1: no limit", "cpu", "quota")       \
        X(PERIOD, "cpu-period", NUMBER, "USEC", "the period", "cpu", "period")                                     \
        X(BURST, "cpu-burst", NUMBER, "USEC", "processor time that can be saved up", "cpu", "burst")               \
        X(IDLE, "cpu-idle", NUMBER, "N", "1: run only when nothing else does", "cpu", "idle")                      \
        X(CPUS, "cpuset-cpus", TEXT, "LIST", "the processors", "cpu", "cpus")                                      \
        X(MEMS, "cpuset-mems", TEXT, "LIST", "the memory nodes", "cpu", "mems")                                    \
        X(PIDS, "pids-limit", NUMBER, "N", "tasks; -1: no limit", "pids", "limit")                                 \
        X(BLKIO, "blkio-weight", NUMBER, "N", "weight of block devices", "blockIO", "weight")

#define OCI_LIMIT_ID(id, option, kind, metavariable, help, object, key) OCI_LIMIT_##id,

/* The values of options without a letter. */
enum {
        OCI_ROOT = 0x100,
        OCI_LOG,
        OCI_LOG_FORMAT,
        OCI_SYSTEMD_CGROUP,
        OCI_CGROUP_MANAGER,
        OCI_ROOTLESS,
        OCI_DEBUG,
        OCI_PID_FILE,
        OCI_CONSOLE_SOCKET,
        OCI_PRESERVE_FDS,
        OCI_NO_PIVOT,
        OCI_NO_NEW_KEYRING,
        OCI_CWD,
        OCI_NO_NEW_PRIVS,
        OCI_APPARMOR,
        OCI_PROCESS_LABEL,
        OCI_STATS,
        OCI_INTERVAL,
        OCI_IGNORE_PAUSED,
        OCI_CGROUP,
        OCI_KEEP,
        OCI_CONFIG,
        OCI_REGEX,
        OCI_PIDFD_SOCKET,
        OCI_LIMITS(OCI_LIMIT_ID)
};

typedef enum OciCommandId {
        OCI_CREATE,
        OCI_START,
        OCI_RUN,
        OCI_EXEC,
        OCI_STATE,
        OCI_KILL,
        OCI_DELETE,
        OCI_LIST,
        OCI_PS,
        OCI_PAUSE,
        OCI_RESUME,
        OCI_UPDATE,
        OCI_EVENTS,
        OCI_SPEC,
        OCI_FEATURES,
        OCI_CHECKPOINT,
        OCI_RESTORE,
        _OCI_COMMAND_MAX,
} OciCommandId;

typedef struct OciSyntax {
        const char *name;
        const char *help;      /* NULL: the command is not supported */
        const Option *options; /* may be NULL */
        const Argument *arguments;
} OciSyntax;

extern const OciSyntax oci_commands[_OCI_COMMAND_MAX];
extern const Syntax oci_global_syntax;

/* The syntax of a command, with the options that all of them have. */
Syntax oci_syntax(OciCommandId id);
