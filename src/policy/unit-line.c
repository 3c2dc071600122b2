/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/unit-line.h"

#include "util/macro.h"
#include "util/parse.h"

#define OF_THE_SERVICE "it concerns the service, not its sandbox: put it into the unit that starts isorun"
#define DENIED "isorun denies this to the payload"
#define NO_JOINING "isorun makes a new namespace instead of joining one"
#define OF_THE_CGROUP \
        "a policy has nothing like it: put it into the unit that starts isorun, whose cgroup it applies to"
#define UNSUPPORTED "isorun has nothing like it"
#define DIRECTORY(where) "put it into the unit that starts isorun, or write BindPaths=" where "/NAME"

#define LIST(...) ((const char *const[]) { __VA_ARGS__, NULL })
#define ALWAYS_VALUE(k, t) .key = k, .kind = UNIT_LINE_ALWAYS, .text = t
#define ALWAYS(k, t) ALWAYS_VALUE(k, t), .boolean = true
#define WRITE(k, d, t) { .key = k, .kind = UNIT_LINE_DIRECTIVE, .directive = d, .text = t }
#define OTHER(k, t) { .key = k, .kind = UNIT_LINE_OTHER, .text = t }
#define SERVICE(k) { .key = k, .kind = UNIT_LINE_OTHER, .prefix = true, .text = OF_THE_SERVICE }

/* systemd.exec(5) says what each line does. An entry that is a prefix comes after those that it would hide.
 * docs/policy.md has the lines that are accepted: docs/gen-directives.py copies them. */
const UnitLine unit_lines[] = {
        { ALWAYS("NoNewPrivileges", "isorun always sets no_new_privs") },
        { ALWAYS("ProtectSystem", "isorun always makes the root read-only"), .values = LIST("full", "strict"),
          .no = "isorun never makes the root writable: add writable directories with BindPaths=",
          .conditions = UNIT_LINE_WRITABLE_ROOT },
        { ALWAYS("ProtectKernelTunables", "isorun makes /proc read-only and hides /sys"),
          .hidden = LIST("/proc/kallsyms", "/proc/kcore"), .conditions = UNIT_LINE_PROC | UNIT_LINE_SYS },
        { ALWAYS("ProtectKernelModules", DENIED), .capabilities = LIST("CAP_SYS_MODULE"), .calls = "@module",
          .hidden = LIST("/usr/lib/modules") },
        { ALWAYS("ProtectKernelLogs", DENIED), .capabilities = LIST("CAP_SYSLOG"), .calls = "syslog",
          .conditions = UNIT_LINE_DEVICES },
        { ALWAYS("ProtectClock", DENIED), .capabilities = LIST("CAP_SYS_TIME", "CAP_WAKE_ALARM"), .calls = "@clock",
          .conditions = UNIT_LINE_DEVICES },
        { ALWAYS("ProtectControlGroups", "isorun hides /sys"), .values = LIST("private", "strict"),
          .conditions = UNIT_LINE_SYS },
        { ALWAYS("PrivatePIDs", "isorun always makes a process namespace") },
        { ALWAYS("PrivateMounts", "isorun always makes a mount namespace") },
        { ALWAYS("MountAPIVFS", "isorun always mounts /proc and /dev") },
        { ALWAYS("RemoveIPC", "the IPC objects end with the instance's IPC namespace"), .conditions = UNIT_LINE_IPC },
        { ALWAYS_VALUE("KeyringMode", "the payload cannot use the caller's keyrings"), .values = LIST("private") },

        WRITE("ReadWritePaths", "BindPaths", NULL),
        WRITE("ReadWriteDirectories", "BindPaths", NULL),
        WRITE("ReadOnlyDirectories", "ReadOnlyPaths", NULL),
        WRITE("InaccessibleDirectories", "InaccessiblePaths", NULL),
        WRITE("RootImage", "RootDirectory", NULL),
        WRITE("MemoryLimit", "MemoryMax", "in [Scope]"),
        WRITE("TimeoutSec", "TimeoutStopSec", "in [Scope]"),

        OTHER("RuntimeDirectoryMode", OF_THE_SERVICE),
        OTHER("RuntimeDirectoryPreserve", OF_THE_SERVICE),
        OTHER("StateDirectoryMode", OF_THE_SERVICE),
        OTHER("CacheDirectoryMode", OF_THE_SERVICE),
        OTHER("LogsDirectoryMode", OF_THE_SERVICE),
        OTHER("ConfigurationDirectoryMode", OF_THE_SERVICE),
        OTHER("RuntimeDirectory", DIRECTORY("/run")),
        OTHER("StateDirectory", DIRECTORY("/var/lib")),
        OTHER("CacheDirectory", DIRECTORY("/var/cache")),
        OTHER("LogsDirectory", DIRECTORY("/var/log")),
        OTHER("ConfigurationDirectory",
              "put it into the unit that starts isorun, or write BindReadOnlyPaths=/etc/NAME"),
        OTHER("DynamicUser",
              "isorun does not create users: put it into the unit that starts isorun, or write User=nobody"),
        OTHER("NetworkNamespacePath", NO_JOINING),
        OTHER("IPCNamespacePath", NO_JOINING),
        OTHER("UserNamespacePath", NO_JOINING),
        OTHER("SupplementaryGroups", "isorun always uses the groups of the user"),
        OTHER("EnvironmentFile", "set the variables with Environment="),
        OTHER("RestrictNetworkInterfaces", OF_THE_CGROUP),
        OTHER("SocketBindAllow", OF_THE_CGROUP),
        OTHER("SocketBindDeny", OF_THE_CGROUP),
        OTHER("IPIngressFilterPath", OF_THE_CGROUP),
        OTHER("IPEgressFilterPath", OF_THE_CGROUP),
        OTHER("BPFProgram", OF_THE_CGROUP),
        OTHER("AppArmorProfile", UNSUPPORTED),
        OTHER("SELinuxContext", UNSUPPORTED),
        OTHER("SmackProcessLabel", UNSUPPORTED),
        OTHER("RestrictFileSystems", UNSUPPORTED),
        OTHER("RootHash", UNSUPPORTED),
        OTHER("RootVerity", UNSUPPORTED),
        OTHER("SecureBits", UNSUPPORTED),
        OTHER("SystemCallLog", UNSUPPORTED),

        SERVICE("Type"),
        SERVICE("ExitType"),
        SERVICE("BusName"),
        SERVICE("PIDFile"),
        SERVICE("Restart"),
        SERVICE("RemainAfterExit"),
        SERVICE("ExecStartP"),
        SERVICE("ExecReload"),
        SERVICE("ExecStop"),
        SERVICE("ExecCond"),
        SERVICE("GuessMainPID"),
        SERVICE("NotifyAccess"),
        SERVICE("Watchdog"),
        SERVICE("TimeoutStart"),
        SERVICE("TimeoutAbort"),
        SERVICE("SuccessExit"),
        SERVICE("FileDesc"),
        SERVICE("Sockets"),
        SERVICE("NonBlocking"),
        SERVICE("Syslog"),
        SERVICE("LogLevel"),
        SERVICE("LogRate"),
        SERVICE("LogExtra"),
        SERVICE("LogName"),
        SERVICE("TTY"),
        SERVICE("Utmp"),
        SERVICE("PAMName"),
        SERVICE("OnFailure"),
        SERVICE("Success"),
        SERVICE("Failure"),
        SERVICE("StartLimit"),
        SERVICE("RootDirectoryStartOnly"),
        SERVICE("PermissionsStartOnly"),
        SERVICE("USBFunction"),
        SERVICE("ManagedOOM"),
        SERVICE("OOMScoreAdjust"),
        SERVICE("CPUScheduling"),
        SERVICE("IOScheduling"),
        SERVICE("IgnoreSIGPIPE"),
        {},
};

const UnitLine *unit_line_find(const char *key) {
        for (const UnitLine *line = unit_lines; line->key; line++)
                if (line->prefix ? startswith(key, line->key) != NULL : streq(key, line->key))
                        return line;
        return NULL;
}

bool unit_line_is_met(const UnitLine *line, const char *value) {
        bool b;

        if (line->boolean && parse_boolean(value, &b) >= 0)
                return b;
        for (const char *const *v = line->values; v && *v; v++)
                if (streq(value, *v))
                        return true;
        return false;
}
