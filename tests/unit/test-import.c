/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy that the lines of a unit become, before isoctl looks at the host. */
#include "helper.h"

#include <errno.h>

#include "convert/import-strict.h"
#include "convert/import.h"

typedef struct ImportCase {
        const char *unit;     /* the unit's name */
        const char *lines;    /* of [Service] */
        const char *expected; /* lines of the policy, separated by "; ", without those that isoctl always adds */
        const char *note;     /* text in one of the notes; NULL: there are no notes */
} ImportCase;

static const ImportCase cases[] = {
        /* commands */
        { "a.service", "ExecStart=/bin/a 'b c' $$5", "ExecStart=/bin/a \"b c\" $$5", NULL },
        { "a.service", "ExecStart=-/bin/a", "ExecStart=/bin/a", "\"-\" is not supported: isorun always returns" },
        { "a.service", "ExecStart=@/bin/a named x", "ExecStart=/bin/a x", "\"@\" is not supported: argv[0] is always" },
        { "a.service", "ExecStart=+/bin/a", "ExecStart=/bin/a", "\"+\" is not supported: the policy always applies" },
        { "a.service", "ExecStart=!!/bin/a", "ExecStart=/bin/a", "\"!\" is not supported: the policy always applies" },
        { "a.service", "ExecStart=-@/bin/a named", "ExecStart=/bin/a", "\"@\"" },
        { "a.service", "ExecStart=:/bin/a $HOME", "ExecStart=/bin/a $$HOME", NULL },
        { "a.service", "ExecStart=|/bin/a", "", "isorun cannot run this command" },
        { "a.service", "ExecStart=/bin/a $HOME", "", "isorun does not expand variables: $HOME" },
        { "a.service", "ExecStart=/bin/a ${HOME}", "", "isorun does not expand variables: ${HOME}" },
        { "a.service", "ExecStart=/bin/a ; /bin/b", "ExecStart=/bin/a", "a policy can have only one command" },
        { "a.service", "ExecStart=/bin/a\nExecStart=/bin/b", "ExecStart=/bin/a", "a policy can have only one command" },
        { "a.service", "ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b", "ExecStart=/bin/b", NULL },
        { "a.service", "ExecStart=/bin/a 'b", "", "unbalanced quote" },
        { "a.service", "ExecStart=/bin/a 'a\\tb' 'it\\'s' \"\\-x\"", "ExecStart=/bin/a \"a\\x09b\" \"it's\" \\\\-x", NULL },
        { "a.service", "ExecStart=/bin/a -x \\; b", "ExecStart=/bin/a -x \";\" b", NULL },
        { "a.service", "ExecStart=/bin/a ';' \\073", "ExecStart=/bin/a \";\" \";\"", NULL },
        { "a.service", "ExecStart=; /bin/a ;", "ExecStart=/bin/a", NULL },
        { "a.service", "ExecStart=/bin/sh -c 'x=$(date) $$y'", "ExecStart=/bin/sh -c \"x=$$(date) $$y\"", NULL },
        { "a.service", "ExecStart=/bin/sh -c $(date)", "", "isorun does not expand variables: $(date)" },
        { "a.service", "Environment='A=b\\tc' 'B=\\d'", "Environment=\"A=b\\x09c\"; Environment=B=\\\\d", NULL },
        { "a.service", "ReadWritePaths=/a\\x20b '/c\\ d'", "BindPaths=-/ax20b; BindPaths=\"-/c d\"", NULL },
        { "a.service", "BindPaths='/a:b':/c /d\\:e", "BindPaths=/a\\:b:/c; BindPaths=/d\\:e", NULL },
        { "a.service", "ExecStart=/bin/a \\\n# no\n  b", "ExecStart=/bin/a b", NULL },

        /* specifiers */
        { "a-b@c-d.service", "ExecStart=/bin/a %p %i %I %n %N %% %h",
          "ExecStart=/bin/a a-b c-d c/d a-b@c-d.service a-b@c-d %% %h", NULL },
        { "a@x\\x2dy.service", "ExecStart=/bin/a %I", "ExecStart=/bin/a x-y", NULL },
        { "a@.service", "ExecStart=/bin/a %p-%i", "ExecStart=/bin/a a-%i", NULL },
        { "a@.service", "ExecStart=/bin/a %n", "", "a policy cannot use the specifier %n" },
        { "a.service", "ExecStart=/bin/a %q", "", "a policy cannot use the specifier %q" },
        { "a.service", "ExecStart=/bin/a %b %G %g %H %v", "ExecStart=/bin/a %b %G %g %H %v", NULL },
        { "a-b\\x2dc@d.service", "ExecStart=/bin/a %P %j %J", "ExecStart=/bin/a a/b-c b\\\\x2dc b-c", NULL },
        { "a.service", "ExecStart=/bin/a %P %j", "ExecStart=/bin/a a a", NULL },
        { "a.service", "ExecStart=/bin/a %", "", "% at the end of the value" },
        { "a.service", "BindPaths=%S/x %t/y", "BindPaths=/var/lib/x; BindPaths=%t/y", NULL },
        { "a.service", "MemoryMax=50%", "MemoryMax=50%", NULL },

        /* a value that would be more than one line of the policy */
        { "a@\\x0aPrivateNetwork=no.service", "Description=%I", "", "control characters" },
        { "a@\\x5c.service", "WorkingDirectory=/%I", "", "ends with a backslash" },
        { "a\nPrivateNetwork=no.service", "Description=%p", "", "control characters" },
        { "a.service", "Description=a\\ ", "", "ends with a backslash" },
        { "a.service", "Description=a\x1b[2J", "", "control characters" },
        { "a.service", "SetCredential=a:\xc2\x9b" "2J", "", "control characters" },
        { "a.service", "Description=a\tb \xc3\xa4", "Description=a\tb \xc3\xa4", NULL },
        { "a@\\x0aPrivateNetwork=no.service", "ExecStart=/bin/a %I", "ExecStart=/bin/a \"\\x0aPrivateNetwork=no\"", NULL },
        { "a@x\\x20\\x22\\x25h.service", "ExecStart=/bin/a %I", "ExecStart=/bin/a \"x \\\"%%h\"", NULL },

        /* isorun does it by default */
        { "a.service", "NoNewPrivileges=true", "", "isorun always sets no_new_privs" },
        { "a.service", "ProtectKernelTunables=no", "", "not supported: isorun makes /proc read-only and hides /sys" },
        { "a.service", "ProtectHome=true\nPrivateTmp=on\nProtectHostname=1", "", "this is isorun's default" },
        { "a.service", "ProtectHome=read-only", "ProtectHome=read-only", NULL },
        { "a.service", "ProtectHome=tmpfs", "", "this is isorun's default" },
        { "a.service", "PrivateUsers=yes", "", "this is isorun's default" },
        { "a.service", "PrivateUsers=full", "", "another meaning in a policy" },
        { "a.service", "RestrictNamespaces=true", "", "this is isorun's default" },
        { "a.service", "RestrictNamespaces=off", "RestrictNamespaces=no", NULL },
        { "a.service", "RestrictNamespaces=~user net", "RestrictNamespaces=~user; RestrictNamespaces=~net", NULL },
        { "a.service", "LockPersonality=false", "LockPersonality=no", NULL },
        { "a.service", "ProtectSystem=full", "", "isorun always makes the root read-only" },
        { "a.service", "ProtectSystem=no", "", "isorun never makes the root writable" },
        { "a.service", "ProtectProc=ptraceable", "", "isorun always hides processes outside the instance" },

        { "a.service", "Type=forking", "", "an instance ends with the first process of its command" },
        { "a.service", "Type=notify", "", "it concerns the service, not its sandbox" },

        /* paths */
        { "a.service", "ReadWritePaths=-/var/run/a /srv", "BindPaths=-/run/a; BindPaths=-/srv", NULL },
        { "a.service", "ReadWritePaths=/", "", "isorun never makes the root writable" },
        { "a.service", "ReadWritePaths=/a\nRuntimeDirectory=a\nReadWriteDirectories=-/run/a", "BindPaths=-/a; BindPaths=-/run/a", NULL },
        { "a.service", "StateDirectory=a b/c:d", "BindPaths=-/var/lib/a; BindPaths=-/var/lib/b/c", NULL },
        { "a.service", "ReadOnlyPaths=/opt", "", "isorun makes /opt read-only by default" },
        { "a.service", "ReadOnlyPaths=/srv /etc/ssl/private", "BindReadOnlyPaths=-/srv; BindReadOnlyPaths=-/etc/ssl/private", NULL },
        { "a.service", "InaccessiblePaths=/srv/a /etc/ssh/ssh_host_rsa_key", "", "isorun hides /etc/ssh/ssh_host_rsa_key by default" },
        { "a.service", "ReadWritePaths=/srv\nReadOnlyPaths=/srv/a /srvb", "BindPaths=-/srv; BindReadOnlyPaths=-/srv/a", "isorun makes /srvb read-only by default" },
        { "a.service", "InaccessiblePaths=-/boot +-/opt/a /etc/b", "InaccessiblePaths=-/opt/a; InaccessiblePaths=/etc/b", "isorun hides /boot by default" },
        { "a.service", "InaccessiblePaths=/a\nInaccessiblePaths=\nInaccessiblePaths=/b", "InaccessiblePaths=/b", NULL },
        { "a.service", "NoExecPaths=/ +/var/run/a\nExecPaths=-/usr/bin/a /usr/lib",
          "NoExecPaths=-/; NoExecPaths=-/run/a; ExecPaths=-/usr/bin/a; ExecPaths=-/usr/lib", NULL },
        { "a.service", "NoExecPaths=/\nNoExecPaths=\nNoExecPaths=/b", "NoExecPaths=-/b", NULL },
        { "a.service", "TemporaryFileSystem=/run:mode=0755 /a:ro,size=50%,nodev", "TemporaryFileSystem=/a:ro,size=50%%", "/run is in memory by default" },
        { "a.service", "TemporaryFileSystem=/var:mode=0755", "TemporaryFileSystem=/var", NULL }, /* it shows less than isorun by default */
        { "a.service", "TemporaryFileSystem=/var\nBindReadOnlyPaths=/var/lib/dpkg", "TemporaryFileSystem=/var; BindReadOnlyPaths=/var/lib/dpkg", NULL },
        { "a.service", "TemporaryFileSystem=/var\nBindReadOnlyPaths=/var/lib /var/cache", "BindReadOnlyPaths=/var/lib; BindReadOnlyPaths=/var/cache", "/var is in memory by default" },
        { "a.service", "TemporaryFileSystem=/var\nInaccessiblePaths=/var/lib /var/cache", "InaccessiblePaths=/var/lib; InaccessiblePaths=/var/cache", "/var is in memory by default" },
        { "a.service", "TemporaryFileSystem=/tmp:mode=1777,size=1M", "TemporaryFileSystem=/tmp:mode=1777,size=1M", NULL },
        { "a.service", "TemporaryFileSystem=/a:noatime,ro,nostrictatime,lazytime", "TemporaryFileSystem=/a:ro", NULL },

        { "a.service", "TemporaryFileSystem=/:ro,size=1M\nBindReadOnlyPaths=/usr", "RootDirectory=none; BindReadOnlyPaths=/usr",
          "RootDirectory=none is an empty root" },
        { "a.service", "TemporaryFileSystem=//", "RootDirectory=none", "RootDirectory=none is an empty root" },

        /* sets */
        { "a.service", "SystemCallFilter=@system-service", "SystemCallFilter=@system-service", NULL },
        { "a.service", "SystemCallFilter=@system-service\nSystemCallFilter=~ @privileged  x:EPERM",
          "SystemCallFilter=@system-service; SystemCallFilter=~@privileged; SystemCallFilter=~x:EPERM", NULL },
        { "a.service", "SystemCallFilter=@basic-io\nSystemCallFilter=~add_key keyctl openat2:ENOSYS", "SystemCallFilter=@basic-io", "isorun denies these calls by default" },
        { "a.service", "SystemCallFilter=~add_key", "SystemCallFilter=~add_key", NULL },
        { "a.service", "SystemCallFilter=@keyring\nSystemCallFilter=~add_key", "SystemCallFilter=@keyring; SystemCallFilter=~add_key", NULL },
        { "a.service", "RestrictSUIDSGID=no\nSystemCallFilter=@basic-io\nSystemCallFilter=~openat2",
          "RestrictSUIDSGID=no; SystemCallFilter=@basic-io; SystemCallFilter=~openat2", NULL },
        { "a.service", "SystemCallErrorNumber=kill", "", "\"kill\" is not supported" },
        { "a.service", "AmbientCapabilities=CAP_KILL\nCapabilityBoundingSet=CAP_KILL CAP_CHOWN",
          "AmbientCapabilities=CAP_KILL; CapabilityBoundingSet=CAP_CHOWN", NULL },

        /* never weaker than the unit */
        { "a.service", "ReadOnlyPaths=/tmp", "TemporaryFileSystem=/tmp:ro", "/tmp is empty and read-only" },
        { "a.service", "PrivateTmp=yes\nReadOnlyPaths=/tmp /tmp/a", "TemporaryFileSystem=/tmp:ro", "PrivateTmp= hides /tmp/a" },
        { "a.service", "PrivateTmp=yes\nBindReadOnlyPaths=/var/tmp", "BindReadOnlyPaths=/var/tmp", "this is isorun's default" },
        { "a.service", "PrivateTmp=no\nBindReadOnlyPaths=/var/tmp", "PrivateTmp=no", "isorun makes /var/tmp read-only by default" },
        { "a.service", "PrivateTmp=no\nReadOnlyPaths=/tmp", "PrivateTmp=no", "isorun makes /tmp read-only by default" },
        { "a.service", "ReadWritePaths=/srv\nReadOnlyPaths=/srv/a:b", "BindPaths=-/srv; BindReadOnlyPaths=-/srv/a\\:b", NULL },
        { "a.service", "ReadOnlyPaths=/run/systemd /var/lib/a", "BindReadOnlyPaths=-/run/systemd; BindReadOnlyPaths=-/var/lib/a", NULL },
        { "a.service", "BindReadOnlyPaths=-/var/lib/dpkg /var/lib/texmf/web2c", "", "isorun shows /var/lib/dpkg by default, read-only" },
        { "a.service", "ReadOnlyPaths=/var/lib/aspell", "", "isorun shows /var/lib/aspell by default, read-only" },
        { "a.service", "BindReadOnlyPaths=/var/lib/dpkg:/a /b:/var/lib/texmf /var/lib", "BindReadOnlyPaths=/var/lib/dpkg:/a; BindReadOnlyPaths=/b:/var/lib/texmf; BindReadOnlyPaths=/var/lib", NULL },
        { "a.service", "BindReadOnlyPaths=/var/lib/dpkg\nBindPaths=/var/lib", "BindReadOnlyPaths=/var/lib/dpkg; BindPaths=/var/lib", NULL },
        { "a.service", "TemporaryFileSystem=/var/lib:ro\nBindReadOnlyPaths=/var/lib/dpkg",
          "TemporaryFileSystem=/var/lib:ro; BindReadOnlyPaths=/var/lib/dpkg", NULL },
        { "a.service", "RootDirectory=/srv\nBindReadOnlyPaths=/var/lib/dpkg\nInaccessiblePaths=/var/lib/dpkg/lock",
          "RootDirectory=/srv; BindReadOnlyPaths=/var/lib/dpkg; InaccessiblePaths=/var/lib/dpkg/lock", NULL },
        { "a.service", "BindReadOnlyPaths=/var/lib/dpkg\nInaccessiblePaths=-/var/lib/dpkg/lock", "", "isorun hides /var/lib/dpkg/lock by default" },
        { "a.service", "ReadOnlyPaths=/dev", "ReadOnlyPaths=-/dev", NULL },
        { "a.service", "ReadOnlyPaths=/", "ReadOnlyPaths=-/", NULL },
        { "a.service", "PrivateTmp=yes\nReadOnlyPaths=/", "ReadOnlyPaths=-/; TemporaryFileSystem=/tmp:mode=1777; "
          "TemporaryFileSystem=/var/tmp:mode=1777", "this is isorun's default" },
        { "a.service", "RootDirectory=/srv\nPrivateTmp=yes\nReadOnlyPaths=/\nBindPaths=/a:/tmp", "RootDirectory=/srv; "
          "ReadOnlyPaths=-/; BindPaths=/a:/tmp; TemporaryFileSystem=/var/tmp:mode=1777", "this is isorun's default" },
        { "a.service", "DynamicUser=yes\nReadOnlyPaths=/", "ReadOnlyPaths=-/; User=nobody; "
          "TemporaryFileSystem=/tmp:mode=1777; TemporaryFileSystem=/var/tmp:mode=1777", "isorun does not create users" },
        { "a.service", "PrivateDevices=yes\nReadOnlyPaths=/", "ReadOnlyPaths=-/; TemporaryFileSystem=/dev/shm:mode=1777",
          "this is isorun's default" },
        { "a.service", "PrivateDevices=yes\nReadOnlyPaths=/dev /", "ReadOnlyPaths=-/dev; ReadOnlyPaths=-/",
          "this is isorun's default" },
        { "a.service", "PrivateDevices=yes\nReadOnlyPaths=/ /dev", "ReadOnlyPaths=-/; ReadOnlyPaths=-/dev",
          "this is isorun's default" },
        { "a.service", "ReadOnlyPaths=/\nReadWritePaths=/run /srv", "ReadOnlyPaths=-/; BindPaths=-/run; BindPaths=-/srv", NULL },
        { "a.service", "PrivateDevices=no\nReadOnlyPaths=/dev", "PrivateDevices=no; ReadOnlyPaths=-/dev", NULL },
        { "a.service", "BindPaths=/var/lib/dpkg\nInaccessiblePaths=/var/lib/dpkg/lock",
          "BindPaths=/var/lib/dpkg; InaccessiblePaths=/var/lib/dpkg/lock", NULL },
        { "a.service", "ReadWritePaths=/srv\nReadOnlyPaths=/srv", "BindReadOnlyPaths=-/srv", NULL },
        { "a.service", "ReadWritePaths=/a:b\nReadOnlyPaths=/a:b", "BindReadOnlyPaths=-/a\\:b", NULL },
        { "a.service", "InaccessiblePaths=/opt\nReadWritePaths=/opt/a /opt /srvb", "InaccessiblePaths=/opt; BindPaths=-/srvb",
          "makes this path inaccessible" },
        { "a.service", "InaccessiblePaths=/sys\nBindPaths=/sys/fs", "", "makes this path inaccessible" },
        { "a.service", "ProtectHome=yes\nBindPaths=/home/a:/home/b /home/a:/b", "BindPaths=/home/a:/b", "makes this path inaccessible" },
        { "a.service", "PrivateTmp=yes\nReadWritePaths=/tmp/a", "", "with PrivateTmp=, /tmp/a is in memory" },
        { "a.service", "PrivateDevices=no\nInaccessiblePaths=/dev/mqueue", "PrivateDevices=no; InaccessiblePaths=/dev/mqueue", NULL },
        { "a.service", "SystemCallFilter=~@mount:kill @raw-io", "SystemCallFilter=~@mount:EPERM; SystemCallFilter=~@raw-io",
          "isorun does not kill for a denied call: @mount:kill returns EPERM" },
        { "a.service", "DynamicUser=yes", "User=nobody", "isorun does not create users: the policy uses nobody" },
        { "a.service", "DynamicUser=yes\nUser=a", "User=a", NULL },
        { "a.service", "DynamicUser=no", "", NULL },
        { "a.service", "PrivateTmp=no\nRestrictSUIDSGID=no\nProtectHome=no\nDynamicUser=yes", "User=nobody", "DynamicUser= overrides it" },
        { "a.service", "CapabilityBoundingSet=CAP_SYS_TIME CAP_KILL\nAmbientCapabilities=CAP_SYS_TIME\nProtectClock=yes",
          "CapabilityBoundingSet=CAP_KILL", "takes this capability away" },
        { "a.service", "CapabilityBoundingSet=~CAP_KILL\nSystemCallFilter=~@mount\nProtectKernelModules=yes",
          "CapabilityBoundingSet=~CAP_KILL; SystemCallFilter=~@mount; CapabilityBoundingSet=~CAP_SYS_MODULE; SystemCallFilter=~@module",
          "isorun denies this" },
        { "a.service", "SystemCallFilter=@system-service @module\nProtectKernelModules=yes",
          "SystemCallFilter=@system-service; SystemCallFilter=@module; SystemCallFilter=~@module", "isorun denies this" },
        { "a.service", "ProtectKernelTunables=yes", "", "isorun makes /proc read-only and hides /sys" },
        { "a.service", "KeyringMode=private", "", "the payload cannot use the caller's keyrings" },
        { "a.service", "KeyringMode=shared", "", "not supported: the payload cannot use the caller's keyrings" },
        { "a.service", "SystemCallFilter=@system-service @debug\nProtectClock=yes",
          "SystemCallFilter=@system-service; SystemCallFilter=@debug", "isorun denies this" },
        { "a.service", "SystemCallFilter=~syslog:ENOSYS\nProtectKernelLogs=yes",
          "SystemCallFilter=~syslog:ENOSYS; SystemCallFilter=~syslog", "isorun denies this" },

        /* the rest */
        { "a.service", "UMask=0022\nUMask=0077", "UMask=0077", NULL },
        { "a.service", "Environment=A=1 'B=2 3'\nEnvironment=C=4", "Environment=A=1; Environment=\"B=2 3\"; Environment=C=4", NULL },
        { "a.service", "TimeoutStopSec=0", "TimeoutStopSec=infinity", NULL },
        { "a.service", "TimeoutSec=5min", "TimeoutStopSec=5min", NULL },
        { "a.service", "SetCredential=a:50% 'x'\\n", "SetCredential=a:50%% 'x'\\n", NULL },
        { "a.service", "Type=notify", "", "it concerns the service, not its sandbox" },
        { "a.service", "ExecStartPre=/bin/a\nRestartSec=1", "", "it concerns the service, not its sandbox" },
        { "a.service", "X-Mine=1\nNonsense=", "", NULL },
        { "a.service", "Nonsense=1", "", "isoctl import does not support this directive" },
        { "a.service", "Volume=/a:/b\nNesting=yes", "", "isoctl import does not support this directive" },
        { "a.service", "After=b.service", "", "isoctl import does not support this directive" },
};

static void import_text(Import *import, const char *unit, const char *lines, Log *log) {
        Buffer text;

        *import = (Import) { .unit = unit };
        buffer_init(&text);
        fprintf(text.f, "[Unit]\nAfter=c.service\n[Service]\nCapabilityBoundingSet=\nPrivateNetwork=yes\nSystemCallFilter=\nSystemCallErrorNumber=\n%s\n[Install]\nAlias=x\n",
                lines);
        buffer_text(&text);
        assert_int_equal(import_read(import, "unit", text.text, text.size, &log->report), 0);
        assert_int_equal(import_convert(import), 0);
        buffer_deinit(&text);
}

static void show_items(const Import *import, FILE *f) {
        const char *separator = "";

        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];
                _cleanup_free_ char *value = import_item_value(item);

                if (item->dropped)
                        continue;
                fprintf(f, "%s%s=%s%s", separator, directive_table[item->id].name, item->inverted ? "~" : "", value);
                separator = "; ";
        }
}

/* The frame's PrivateNetwork=yes makes one note in each case. */
static bool has_note(const Import *import, const char *text) {
        size_t n = 0;

        for (size_t i = 0; i < import->n_notes; i++)
                if (text ? strstr(import->notes[i].reason, text) != NULL : !streq(import->notes[i].key, "PrivateNetwork"))
                        n++;
        return text ? n > 0 : n == 0;
}

static void test_cases(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Import import;
                Buffer items;
                Log log;

                log_init(&log);
                buffer_init(&items);
                import_text(&import, cases[i].unit, cases[i].lines, &log);
                show_items(&import, items.f);
                expect_text(cases[i].lines, buffer_text(&items), cases[i].expected);
                if (!has_note(&import, cases[i].note))
                        fail_msg("%s: no note \"%s\"", cases[i].lines, cases[i].note ?: "(none)");
                import_deinit(&import);
                buffer_deinit(&items);
                log_deinit(&log);
        }
}

/* Lines that isoctl adds if the unit does not have them, because a service needs them. */
#define CALLS                                                                                                     \
        "SystemCallFilter=@system-service; SystemCallFilter=~userfaultfd; SystemCallFilter=~kcmp; "                 \
        "SystemCallFilter=~process_vm_readv; SystemCallFilter=~process_vm_writev"
static void test_opened(_unused_ void **state) {
        static const struct {
                const char *lines;
                bool user;
                const char *expected;
        } table[] = {
                { "UMask=0077", false,
                  "UMask=0077; PrivateNetwork=no; CapabilityBoundingSet=CAP_CHOWN; CapabilityBoundingSet=CAP_DAC_OVERRIDE; "
                  "CapabilityBoundingSet=CAP_FOWNER; CapabilityBoundingSet=CAP_KILL; CapabilityBoundingSet=CAP_SETGID; "
                  "CapabilityBoundingSet=CAP_SETUID; CapabilityBoundingSet=CAP_NET_BIND_SERVICE; " CALLS },
                { "UMask=0077", true, "UMask=0077; PrivateNetwork=no; " CALLS },
                { "User=a", false, "User=a; PrivateNetwork=no; " CALLS },
                { "User=a", true, "PrivateNetwork=no; " CALLS },
                { "DynamicUser=yes", false, "User=nobody; PrivateNetwork=no; " CALLS },
                { "DynamicUser=yes", true, "PrivateNetwork=no; " CALLS },
                { "NetworkNamespacePath=/run/netns/a\nUser=a", false, "User=a; " CALLS },
                { "CapabilityBoundingSet=", false, "PrivateNetwork=no; " CALLS },
                { "CapabilityBoundingSet=CAP_KILL\nPrivateNetwork=no", false,
                  "CapabilityBoundingSet=CAP_KILL; PrivateNetwork=no; " CALLS },
                { "RuntimeDirectory=a", true, "BindPaths=-%t/a; PrivateNetwork=no; " CALLS },
                { "StateDirectory=a", true, "PrivateNetwork=no; " CALLS },
                { "SystemCallFilter=read\nPrivateNetwork=yes\nUser=a", false, "SystemCallFilter=read; User=a" },
                { "SystemCallFilter=~mount\nPrivateNetwork=yes\nUser=a", false, "SystemCallFilter=~mount; User=a" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Import import = { .unit = "a.service", .user = table[i].user };
                Buffer items, text;
                Log log;

                log_init(&log);
                buffer_init(&items);
                buffer_init(&text);
                fprintf(text.f, "[Service]\n%s\n", table[i].lines);
                buffer_text(&text);
                assert_int_equal(import_read(&import, "unit", text.text, text.size, &log.report), 0);
                assert_int_equal(import_convert(&import), 0);
                show_items(&import, items.f);
                expect_text(table[i].lines, buffer_text(&items), table[i].expected);
                import_deinit(&import);
                buffer_deinit(&items);
                buffer_deinit(&text);
                log_deinit(&log);
        }
}

/* Lines of which no policy may be made, since it would be weaker without them. */
/* promise P42 */
static void test_refused(_unused_ void **state) {
        static const struct {
                const char *lines;
                size_t n;
        } table[] = {
                { "RestrictFileSystems=ext4", 1 },
                { "AppArmorProfile=a\nSELinuxContext=b\nSocketBindDeny=any", 3 },
                { "RestrictFileSystems=", 0 },
                { "InaccessiblePaths=/a %q", 1 },
                { "ReadOnlyPaths='/a", 1 },
                { "SystemCallFilter='read' write", 1 },
                { "LimitNOFILE=%q", 1 },
                { "TemporaryFileSystem=/tmp:size=1M\nReadOnlyPaths=/tmp", 1 },
                { "RootDirectory=/srv\nTemporaryFileSystem=/", 1 },
                { "RootImage=/srv/a\nTemporaryFileSystem=/.", 1 },
                { "RootDirectory=\nTemporaryFileSystem=/", 0 },
                { "BindPaths=/srv:/ /a:/b\nBindReadOnlyPaths=-/srv:// /", 2 },
                { "BindPaths=%q", 0 },
                { "SystemCallErrorNumber=kill", 0 },
                { "Nonsense=1", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Import import;
                size_t n = 0;
                Log log;

                log_init(&log);
                import_text(&import, "a.service", table[i].lines, &log);
                for (size_t k = 0; k < import.n_notes; k++)
                        n += import.notes[k].outcome == IMPORT_REFUSED;
                expect_number(table[i].lines, n, table[i].n);
                import_deinit(&import);
                log_deinit(&log);
        }
}

/* What may be left out if the host refuses it. */
static void test_may_drop(_unused_ void **state) {
        static const struct {
                const char *lines;
                bool may;
        } table[] = { /* of the last item */
                { "SystemCallFilter=~read", false },
                { "SystemCallFilter=~read:EPERM", false },
                { "SystemCallFilter=~fexecve", true }, /* systemd knows no such call, either */
                { "SystemCallFilter=~fexecve:EPERM", true },
                { "SystemCallFilter=~@fexecve", false }, /* a newer systemd may know the group */
                { "SystemCallFilter=fexecve", false },
                { "SystemCallFilter=read", false }, /* the default list would hold */
                { "SystemCallFilter=read write", true },
                { "RestrictAddressFamilies=AF_UNIX", false },
                { "RestrictAddressFamilies=AF_INET AF_UNIX", true },
                { "CapabilityBoundingSet=CAP_KILL", true },
                { "CapabilityBoundingSet=~CAP_KILL", false },
                { "RestrictNamespaces=net", true },
                { "RestrictNamespaces=~net", false },
                { "User=a", false },
                { "InaccessiblePaths=/a", false },
                { "NoExecPaths=/a", false },
                { "ExecPaths=/a", true },
                { "RootDirectory=/a", false },
                { "MemoryMax=1G", false },
                { "LimitNOFILE=5", false },
                { "BindPaths=/a", true },
                { "UMask=0077", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Import import;
                Log log;

                log_init(&log);
                import_text(&import, "a.service", table[i].lines, &log);
                expect_number(table[i].lines, import_may_drop(&import, &import.items[import.n_items - 1]), table[i].may);
                import_deinit(&import);
                log_deinit(&log);
        }
}

/* A user's systemd does not enforce these lines. A policy with them would be refused. */
static void test_addresses_of_users(_unused_ void **state) {
        static const char unit[] = "[Service]\nIPAddressDeny=any\nIPAddressAllow=10.0.0.0/8\n";

        for (int user = 0; user < 2; user++) {
                Import import = { .unit = "a.service", .user = user };
                Log log;

                log_init(&log);
                assert_int_equal(import_read(&import, "unit", unit, sizeof(unit) - 1, &log.report), 0);
                assert_int_equal(import_convert(&import), 0);
                assert_int_equal(import.n_notes, user ? 2 : 0);
                for (size_t i = 0; i < import.n_notes; i++) {
                        assert_int_equal(import.notes[i].outcome, IMPORT_LEFT_OUT);
                        assert_non_null(strstr(import.notes[i].reason, "ConnectTo="));
                }
                import_deinit(&import);
                log_deinit(&log);
        }
}

/* Two lines of two files stay two lines, even if their numbers are the same. */
static void test_files(_unused_ void **state) {
        static const char unit[] = "[Service]\nSystemCallFilter=@basic-io\n",
                          drop_in[] = "[Service]\nSystemCallFilter=~add_key\n";
        Import import = { .unit = "a.service", .user = true };
        Buffer items;
        Log log;

        log_init(&log);
        buffer_init(&items);
        assert_int_equal(import_read(&import, "unit", unit, sizeof(unit) - 1, &log.report), 0);
        assert_int_equal(import_read(&import, "drop-in", drop_in, sizeof(drop_in) - 1, &log.report), 0);
        assert_int_equal(import_convert(&import), 0);
        show_items(&import, items.f);
        expect_text("two files", buffer_text(&items), "SystemCallFilter=@basic-io; PrivateNetwork=no");
        import_deinit(&import);
        buffer_deinit(&items);
        log_deinit(&log);
}

/* systemd's own default is to kill. */
static void test_no_kill(_unused_ void **state) {
        static const struct {
                const char *lines, *note;
        } table[] = {
                { "SystemCallFilter=~mount", "so systemd kills a process at a denied call; isorun returns EPERM" },
                { "SystemCallErrorNumber=EACCES\nSystemCallFilter=~mount", NULL },
                { "SystemCallFilter=~mount\nSystemCallErrorNumber=kill", "\"kill\" is not supported" },
                { "SystemCallFilter=", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = format("[Service]\n%s\n", table[i].lines);
                Import import = { .unit = "a.service" };
                Log log;

                log_init(&log);
                assert_int_equal(import_read(&import, "unit", text, strlen(text), &log.report), 0);
                assert_int_equal(import_convert(&import), 0);
                expect_number(table[i].lines, import.n_notes, table[i].note ? 1 : 0);
                if (table[i].note)
                        expect_in(table[i].lines, import.notes[0].reason, table[i].note);
                import_deinit(&import);
                log_deinit(&log);
        }
}

/* The lines of one unit line stay one line; sections are in order, and comments are in the right section. */
static void test_print(_unused_ void **state) {
        Import import;
        _cleanup_free_ char *out = NULL;
        Log log;

        log_init(&log);
        import_text(&import, "a.service", "Type=exec\nMemoryMax=1G\nUser=a\nSystemCallFilter=@basic-io\nSystemCallFilter=~read write\nExecStart=/bin/a", &log);
        import.optional[D_MemoryMax] = true;
        import_sort(&import);
        out = import_compose(&import);
        expect_text("print", out,
                    "# Made by isoctl import from unit. isoctl(1) lists the parts of a unit that isoctl does not import.\n"
                    "[Policy]\n"
                    "# The host that ran isoctl import cannot enforce these:\n"
                    "Optional=MemoryMax\n"
                    "ExecStart=/bin/a\n"
                    "\n"
                    "[Scope]\n"
                    "MemoryMax=1G\n"
                    "\n"
                    "[Sandbox]\n"
                    "User=a\n"
                    "SystemCallFilter=@basic-io\n"
                    "SystemCallFilter=~read write\n"
                    "# unit:5: PrivateNetwork=yes: not needed: this is isorun's default\n"
                    "# unit:8: Type=exec: left out: it concerns the service, not its sandbox: put it into the unit that starts isorun\n");
        import_deinit(&import);
        log_deinit(&log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases),
                cmocka_unit_test(test_opened),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_may_drop),
                cmocka_unit_test(test_addresses_of_users),
                cmocka_unit_test(test_files),
                cmocka_unit_test(test_no_kill),
                cmocka_unit_test(test_print),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
