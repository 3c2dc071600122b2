/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl import --drop-in, before isoctl looks at the host: the drop-in, the policy beside it, and the paths that
 * belong to a service. */
#include "helper.h"

#include "convert/import.h"
#include "convert/package.h"
#include "convert/wrap.h"
#include "util/strv.h"
#include "util/text.h"

static void import_lines(Import *import, const char *lines, char **own_paths) {
        Buffer text;
        Log log;

        *import = (Import) { .unit = "a.service", .wraps = true, .own_paths = own_paths };
        log_init(&log);
        buffer_init(&text);
        fprintf(text.f, "[Service]\n%s\n", lines);
        buffer_text(&text);
        assert_int_equal(import_read(import, "unit", text.text, text.size, &log.report), 0);
        assert_int_equal(import_convert(import), 0);
        buffer_deinit(&text);
        log_deinit(&log);
}

/* Lines of the drop-in, separated by "; ", without comments, and without what all drop-ins begin with. */
static void expect_drop_in(const char *lines, const char *expected) {
        static const char start[] = "[Service]\nExecStart=\n";
        _cleanup_free_ char *text = NULL;
        char *position = NULL, *line;
        Buffer found;
        Import import;

        import_lines(&import, lines, NULL);
        text = wrap_compose(&import, "/isorun", "/isoctl", "a");
        assert_non_null(text);
        buffer_init(&found);
        assert_non_null(strstr(text, start));
        for (line = strtok_r(strstr(text, start) + strlen(start), "\n", &position); line;
             line = strtok_r(NULL, "\n", &position))
                if (*line != '#')
                        fprintf(found.f, "%s%s", ftell(found.f) > 0 ? "; " : "", line);
        expect_text(lines, buffer_text(&found), expected);
        buffer_deinit(&found);
        import_deinit(&import);
}

#define START "ExecStart=/isorun --policy a "
static void test_drop_in(_unused_ void **state) {
        static const struct {
                const char *lines, *expected;
        } table[] = {
                /* the start */
                { "ExecStart=/bin/a 'b c' $D \"$E\" ${F} %i", START "/bin/a 'b c' $D \"$E\" ${F} %i" },
                { "ExecStart=-:/bin/a", "ExecStart=-:/isorun --policy a /bin/a" },
                { "ExecStart=@/bin/a name b", START "/bin/a b" },
                { "ExecStart=-@/bin/a name", "ExecStart=-/isorun --policy a /bin/a" },
                { "ExecStart=@/bin/a", START "/bin/a" },
                { "Type=oneshot\nExecStart=/bin/a ; /bin/b ;\nExecStart=/bin/c",
                  START "/bin/a; " START "/bin/b; " START "/bin/c" },
                { "ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b", START "/bin/b" },
                { "ExecStart=", "" },
                { "Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/a",
                  "ExecStart=/isorun --policy a --notify=fork /bin/a; Type=notify; PIDFile=" },
                { "Type=forking\nType=simple\nExecStart=/bin/a", START "/bin/a" },
                { "ExecStart=+/bin/a\nUser=x", "ExecStart=+/isorun --policy a /bin/a" },

                /* isorun is root, and the command has the unit's user */
                { "User=x\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nExecStart=!/bin/a",
                  "ExecStart=!/isorun --policy a /bin/a" },
                { "User=x\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nExecStart=+/bin/a",
                  "ExecStart=+/isorun --policy a /bin/a" },
                { "User=x\nAmbientCapabilities=CAP_KILL\nExecStart=-/bin/a\nExecReload=/bin/a -r\nExecStop=/bin/kill "
                  "$MAINPID",
                  "ExecStart=-!/isorun --policy a /bin/a; ExecReload=; ExecReload=!/isoctl enter %n /bin/a -r; "
                  "ExecStop=; "
                  "ExecStop=!/bin/kill $MAINPID" },
                { "User=x\nAmbientCapabilities=CAP_KILL\nExecStart=/bin/a\nExecReload=@/bin/b name $MAINPID ; kill "
                  "$MAINPID",
                  "ExecStart=!/isorun --policy a /bin/a; ExecReload=; ExecReload=@/bin/b name $MAINPID; "
                  "ExecReload=!kill $MAINPID" },

                /* reload and stop */
                { "ExecStart=/bin/a\nExecReload=/bin/kill -HUP $MAINPID\nExecStop=/usr/bin/kill -TERM 5",
                  START "/bin/a" },
                { "ExecStart=/bin/a\nExecReload=/bin/a -t\nExecReload=-/bin/kill -HUP $MAINPID", START
                  "/bin/a; ExecReload=; ExecReload=/isoctl enter %n /bin/a -t; ExecReload=-/bin/kill -HUP $MAINPID" },
                { "ExecStart=/bin/a\nExecStop=@/bin/b name -x\nExecStop=-/bin/c",
                  START "/bin/a; ExecStop=; ExecStop=-/isoctl enter %n /bin/b -x; ExecStop=-/isoctl enter %n /bin/c" },
                { "ExecStart=/bin/a\nExecStop=/bin/b\nExecStop=", START "/bin/a" },

                /* what is in the way */
                { "ExecStart=/bin/a\nRestrictNamespaces=yes\nSystemCallFilter=read\nRestrictAddressFamilies=AF_UNIX",
                  START "/bin/a; RestrictNamespaces=no; SystemCallFilter=; RestrictAddressFamilies=" },
                { "ExecStart=/bin/a\nCapabilityBoundingSet=CAP_KILL\nSecureBits=noroot",
                  START "/bin/a; CapabilityBoundingSet=~; SecureBits=" },
                { "ExecStart=/bin/a\nCapabilityBoundingSet=CAP_KILL\nUser=x", START "/bin/a" },
                { "ExecStart=/bin/a\nCapabilityBoundingSet=CAP_KILL\nDynamicUser=yes", START "/bin/a" },
                { "ExecStart=/bin/a\nNoExecPaths=/\nExecPaths=/bin/a\nRootDirectory=/r",
                  START "/bin/a; RootDirectory=; NoExecPaths=; ExecPaths=" },
                { "ExecStart=/bin/a\nReadOnlyPaths=/", START "/bin/a; ReadWritePaths=/proc" },
                { "ExecStart=/bin/a\nReadOnlyDirectories=/a -/proc/sys", START "/bin/a; ReadWritePaths=/proc" },
                { "ExecStart=/bin/a\nReadOnlyPaths=/a", START "/bin/a" },
                { "ExecStart=/bin/a\nPrivateUsers=yes\nProtectHome=yes\nMemoryMax=1G\nLimitNOFILE=5\nAppArmorProfile=x",
                  START "/bin/a" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                expect_drop_in(table[i].lines, table[i].expected);
}

/* systemd does not start it either. */
static void test_unbalanced(_unused_ void **state) {
        Import import;

        import_lines(&import, "ExecStart=/bin/a 'b", NULL);
        assert_null(wrap_compose(&import, "/isorun", "/isoctl", "a"));
        import_deinit(&import);
}

/* Lines of the policy, but for those that all have. */
static void show_policy(const Import *import, FILE *f) {
        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];
                _cleanup_free_ char *value = import_item_value(item);

                if (!item->dropped && item->id != D_SystemCallFilter && item->id != D_PrivateNetwork &&
                    !(item->id == D_CapabilityBoundingSet && item->opened) && !strstr(value, "dev-log"))
                        fprintf(f, "%s%s=%s", ftell(f) > 0 ? "; " : "", directive_table[item->id].name, value);
        }
}

static void expect_policy(const char *lines, const char *expected, char **own_paths) {
        Buffer found;
        Import import;

        import_lines(&import, lines, own_paths);
        buffer_init(&found);
        show_policy(&import, found.f);
        expect_text(lines, buffer_text(&found), expected);
        buffer_deinit(&found);
        import_deinit(&import);
}

static void test_policies(_unused_ void **state) {
        static const struct {
                const char *lines, *expected;
        } table[] = {
                { "ExecStart=/bin/a", "PrivateUsers=no" },
                { "ExecStart=/bin/a\nUser=x", "" },
                { "ExecStart=/bin/a\nUser=x\nAmbientCapabilities=CAP_KILL", "User=x; AmbientCapabilities=CAP_KILL" },

                /* the unit's own lines stay, or are in the policy */
                { "ExecStart=/bin/a\nPrivateUsers=yes", "" },
                { "ExecStart=/bin/a\nPrivateUsers=no", "PrivateUsers=no" },
                { "ExecStart=/bin/a\nCapabilityBoundingSet=CAP_KILL",
                  "CapabilityBoundingSet=CAP_KILL; PrivateUsers=no" },
                { "ExecStart=/bin/a\nCapabilityBoundingSet=", "PrivateUsers=no" },
                { "ExecStart=/bin/a\nSecureBits=noroot-locked", "" },
                { "ExecStart=/bin/a\nUser=x\nRestrictAddressFamilies=AF_UNIX\nNoExecPaths=/\nRootDirectory=/r",
                  "RestrictAddressFamilies=AF_UNIX; NoExecPaths=-/; RootDirectory=/r" },

                /* variables */
                { "ExecStart=/bin/a\nUser=x\nEnvironment=B=1 \"C=2 3\" 'D=\\x41'",
                  "PassEnvironment=B; PassEnvironment=C; PassEnvironment=D" },
                { "ExecStart=/bin/a\nUser=x\nEnvironmentFile=-/e", "PassEnvironment=*" },
                { "ExecStart=/bin/a\nUser=x\nEnvironment='B=1", "" },

                /* directories that the unit makes, if they can be its own */
                { "ExecStart=/bin/a\nUser=x\nExecStartPre=-/bin/mkdir -p /var/run/a /etc/a /run /var/lib /home/x "
                  "/run/user /run/a/../user",
                  "BindPaths=-/run/a" },
                { "ExecStart=/bin/a\nUser=x\nExecStartPre=/usr/bin/install -d -o x /var/lib/a /run/%i",
                  "BindPaths=-/var/lib/a" },
                { "ExecStart=/bin/a\nUser=x\nExecStartPre=/usr/bin/install /var/lib/a /var/lib/b\nExecStartPre=+mkdir "
                  "'/run/b",
                  "" },
                { "ExecStart=/bin/a\nUser=x\nPIDFile=/run/a/pid", "BindPaths=-/run/a" },
                { "ExecStart=/bin/a\nUser=x\nPIDFile=/var/run/a/pid", "BindPaths=-/run/a" },
                { "ExecStart=/bin/a\nUser=x\nPIDFile=/run/a.pid", "" },
                { "ExecStart=/bin/a\nUser=x\nPIDFile=/a.pid", "" },
                { "ExecStart=/bin/a\nUser=x\nPIDFile=/etc/a.pid", "" },
                { "ExecStart=/bin/a\nUser=x\nPIDFile=/var/lib/a.pid", "" },
                { "ExecStart=/bin/a\nUser=x\nPIDFile=a.pid", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                expect_policy(table[i].lines, table[i].expected, NULL);
}

static void test_own_paths(_unused_ void **state) {
        char **paths = NULL;

        assert_int_equal(strv_push(&paths, "/var/lib/a"), 0);
        assert_int_equal(strv_push(&paths, "/etc/ssl/private/a"), 0);
        expect_policy("ExecStart=/bin/a\nUser=x", "BindPaths=-/var/lib/a; BindReadOnlyPaths=-/etc/ssl/private/a",
                      paths);
}

/* Each line that the drop-in removes is in the policy, or what it forbids is forbidden there. */
static void test_nothing_is_lost(_unused_ void **state) {
        static const char *const table[][3] = {
                /* a line, its key in the drop-in, and the policy */
                { "SystemCallFilter=~ptrace", "SystemCallFilter=\n", "SystemCallFilter=~ptrace" },
                { "RestrictAddressFamilies=none", "RestrictAddressFamilies=\n", "RestrictAddressFamilies=none" },
                { "CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_KILL", "CapabilityBoundingSet=~\n",
                  "CapabilityBoundingSet=~CAP_SYS_ADMIN" },
                { "NoExecPaths=/var", "NoExecPaths=\n", "NoExecPaths=-/var" },
                { "RootDirectory=/r", "RootDirectory=\n", "RootDirectory=/r" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *lines = format("ExecStart=/bin/a\n%s", table[i][0]), *drop_in = NULL,
                                    *policy = NULL;
                Import import;

                import_lines(&import, lines, NULL);
                drop_in = wrap_compose(&import, "/isorun", "/isoctl", "a");
                policy = import_compose(&import);
                expect_in(table[i][0], drop_in, table[i][1]);
                expect_in(table[i][0], policy, table[i][2]);
                import_deinit(&import);
        }
}

static void test_owns(_unused_ void **state) {
        static const struct {
                const char *path;
                bool owns;
        } table[] = {
                { "/var/lib/a", true }, { "/run/a", true },
                { "/run/a/b", true },   { "/var/spool/a", true },
                { "/", false },         { "/run", false },
                { "/run/", false },     { "/var/lib", false },
                { "/etc/a", false },    { "/var/lib/systemd", false },
                { "/var/spool/cron/a", true }, { "/var/spool/cron", false },
                { "/run/user", false }, { "/var/log/journal", false },
                { "/runa/b", false },   { "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (package_owns(table[i].path) != table[i].owns)
                        fail_msg("package_owns(\"%s\") is %d", table[i].path, !table[i].owns);
}

#define LISTS "var/lib/dpkg/info/"
static void expect_paths(const char *root, const char *unit, char *const *names, const char *expected) {
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_free_ char *text = NULL;

        assert_int_equal(package_paths(root, unit, names, &paths), 0);
        text = strv_join(paths, " ");
        expect_text(unit, text, expected);
}

static void test_package(_unused_ void **state) {
        const char *const names[] = { "a", "mail", "", NULL };
        char *root = temp_make();

        temp_text(root, LISTS "a.list",
                  "/.\n/etc/a\n/etc/a/a.conf\n/etc/pam.d/a\n/lib/systemd/system/a.service\n/var/lib\n"
                  "/var/lib/a\n/var/lib/a/deep\n/var/lib/dpkg\n/usr/lib/tmpfiles.d/a.conf\n/usr/bin/a\n");
        temp_text(root, LISTS "a-common.list", "/var/log/a\n");
        temp_text(root, LISTS "a-extra.list", "/var/log/extra\n");
        temp_text(root, LISTS "b:amd64.list", "/lib/systemd/system/b.service\n/var/cache/b");
        temp_text(root, LISTS "c.list", "");
        temp_text(root, LISTS "c.md5sums", "/lib/systemd/system/c.service\n/var/lib/c\n");
        temp_text(root, "usr/lib/tmpfiles.d/a.conf",
                  "d /run/a 0755 a a\nd /run/a/b\nf /run/file\nd\n\n# d /run/no\nD /var/run/old\nd /run/user\n");
        temp_text(root, "etc/a/a.conf",
                  "root /var/www/html\n key=/etc/ssl/private/used.key;\n#key=/etc/ssl/private/unused.key\n"
                  "key \"/etc/ssl/private/missing.key\"\nkey /etc/ssl/private/../../shadow\ndir /etc/ssl/private/\n");
        for (const char *key = "decb"; *key; key++) {
                _cleanup_free_ char *name = format("etc/ssl/private/%c.key", *key), *link = NULL, *target = NULL;

                link = format("etc/a/key-%c", *key);
                target = format("../ssl/private/%c.key", *key);
                assert_true(name && link && target);
                temp_text(root, name, "");
                temp_link(root, link, target);
        }
        temp_text(root, "etc/shadow", "");
        temp_text(root, "etc/ssl/private/used.key", "");
        temp_text(root, "etc/ssl/private/unused.key", "");
        temp_text(root, "etc/ssl/private/linked.key", "");
        temp_text(root, "etc/ssl/private/planted.key", "");
        temp_link(root, "etc/a/d/key", "../../ssl/private/linked.key");
        temp_link(root, "var/lib/a/planted", "../../../etc/ssl/private/planted.key");
        temp_text(root, "var/lib/a/names", "/etc/ssl/private/planted.key");
        temp_dir(root, "var/spool/mail");
        temp_dir(root, "var/spool/a");

        /* Sorted by name in each directory, whatever order the file system has. */
        expect_paths(
                root, "/x/a.service", (char *const *) names,
                "/var/www /etc/ssl/private/used.key /etc/ssl/private/linked.key /etc/ssl/private/b.key "
                "/etc/ssl/private/c.key /etc/ssl/private/d.key /etc/ssl/private/e.key /etc/shadow /var/lib/a "
                "/run/a /run/old /var/log/a /var/spool/a");
        expect_paths(root, "/x/b.service", NULL, "/var/cache/b");
        expect_paths(root, "/x/c.service", NULL, "");
        expect_paths(root, "", NULL, "");
        temp_remove(root);
        expect_paths("/nonexistent", "/x/a.service", (char *const *) names, "");
}

/* A directory that is shown hides the secrets in it, unless the policy has them, too. */
static void test_package_secrets(_unused_ void **state) {
        char *root = temp_make();

        temp_text(root, LISTS "samba.list", "/lib/systemd/system/smbd.service\n");
        temp_text(root, LISTS "samba-common.list", "/var/lib/samba\n/etc/ssh\n");
        temp_text(root, "var/lib/samba/private/secrets.tdb", "");
        temp_text(root, "var/lib/samba/public", "");
        temp_text(root, "etc/ssh/ssh_host_x_key", "");
        temp_text(root, "etc/ssh/ssh_host_x_key.pub", "");
        expect_paths(root, "/smbd.service", NULL, "/var/lib/samba /etc/ssh/ssh_host_x_key /var/lib/samba/private");
        temp_remove(root);
}

/* A hook of a package in a directory of many packages does not make their secrets its own. */
static void test_package_shared(_unused_ void **state) {
        char *root = temp_make();

        temp_text(root, LISTS "ntp.list",
                  "/lib/systemd/system/ntp.service\n/etc/letsencrypt\n/etc/letsencrypt/renewal-hooks\n/etc/apt\n"
                  "/etc/apt/apt.conf.d\n/etc/sudoers.d\n/etc/sudoers.d/ntp\n/var/lib/ntp\n");
        temp_text(root, "etc/letsencrypt/live/site.key", "");
        temp_text(root, "etc/apt/auth.conf.d/login", "");
        temp_text(root, "etc/sudoers.d/ntp", "");
        temp_text(root, LISTS "at.list",
                  "/lib/systemd/system/atd.service\n/var/spool/cron\n/var/spool/cron/atjobs\n");
        temp_text(root, LISTS "cron.list", "/lib/systemd/system/cron.service\n/var/spool/cron\n");
        temp_text(root, LISTS "cron-daemon-common.list", "/var/spool/cron\n/var/spool/cron/crontabs\n");
        temp_text(root, LISTS "slapd.list", "/etc/init.d/slapd\n/var/lib/ldap\n");
        expect_paths(root, "/lib/systemd/system/ntp.service", NULL, "/var/lib/ntp");
        expect_paths(root, "/lib/systemd/system/atd.service", NULL, "/var/spool/cron/atjobs");
        expect_paths(root, "/lib/systemd/system/cron.service", NULL, "/var/spool/cron/crontabs");
        expect_paths(root, "/run/systemd/generator.late/slapd.service", NULL, "/var/lib/ldap");
        expect_paths(root, "/etc/systemd/system/slapd.service", NULL, "");
        temp_remove(root);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_drop_in),         cmocka_unit_test(test_unbalanced),
                cmocka_unit_test(test_policies),          cmocka_unit_test(test_own_paths),
                cmocka_unit_test(test_nothing_is_lost), cmocka_unit_test(test_owns),
                cmocka_unit_test(test_package),         cmocka_unit_test(test_package_secrets),
                cmocka_unit_test(test_package_shared),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
