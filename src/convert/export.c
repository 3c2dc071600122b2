/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts an exported unit together, and writes what isorun does in every instance. */
#include "convert/export.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>

#include "convert/export-mounts.h"
#include "convert/export-values.h"
#include "plan/deny/filter.h"
#include "util/escape.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

#define BIT(c) (UINT64_C(1) << (c))

/* Rejects a policy that a systemd service cannot implement at all. */
static int check_kind(Exporter *e) {
        const Setting *users = policy_get(e->policy, D_PrivateUsers), *root = policy_get(e->policy, D_RootDirectory);
        const Binding *binding = e->plan->mounts[0].source.binding;

        if (users->value.number == PRIVATE_USERS_FULL || users->value.number == PRIVATE_USERS_SUBORDINATE)
                return report_error_at(e->report, users->origin, "PrivateUsers", EOPNOTSUPP,
                                       "\"%s\" cannot be exported: a systemd service cannot have subordinate ids",
                                       users->value.text);
        if (root->value.number != ROOT_NONE && (root->value.number != ROOT_LAYERS || root->value.words[1]))
                return report_error_at(e->report, root->origin, "RootDirectory", EOPNOTSUPP,
                                       "cannot be exported: isorun builds this root (systemd needs a root that is one "
                                       "directory or image)");
        if (binding && binding->fd >= 0)
                return report_error_at(e->report, root->origin, "RootDirectory", EOPNOTSUPP,
                                       "cannot be exported: the root is a file descriptor of isoctl (bind a path)");
        return 0;
}

static void write_command(Exporter *e) {
        const char *name = e->plan->arguments[0], *path = e->plan->executable;
        bool renamed = !streq(path_name(name), path_name(path));
        FILE *f = e->builtin;

        fprintf(f, "Type=exec\nExecStart=%s", renamed ? "@" : "");
        word_write(f, path, WORD_PERCENT | WORD_DOLLAR);
        for (char **a = e->plan->arguments + !renamed; *a; a++) {
                fputc(' ', f);
                /* Without quotes, a semicolon would separate two commands. */
                if (streq(*a, ";"))
                        fputs("\";\"", f);
                else
                        word_write(f, *a, WORD_PERCENT | WORD_DOLLAR);
        }
        fputc('\n', f);
}

/* Protections that isorun has in every instance. A line is not written if the policy keeps a capability that it would
 * take away. */
static void write_protections(Exporter *e) {
        static const struct {
                const char *line;
                uint64_t unless;
        } table[] = {
                { "NoNewPrivileges=yes", 0 },
                { "KeyringMode=private", 0 },
                { "ProtectKernelModules=yes", BIT(CAP_SYS_MODULE) },
                { "ProtectKernelLogs=yes", BIT(CAP_SYSLOG) },
                { "ProtectClock=yes", BIT(CAP_SYS_TIME) | BIT(CAP_WAKE_ALARM) },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (!(e->plan->bounding & table[i].unless))
                        fprintf(e->builtin, "%s\n", table[i].line);
        if (!policy_is_true(e->policy, D_Nesting))
                fputs("ProtectKernelTunables=yes\n", e->builtin);
        if (!e->plan->delegate)
                fputs("ProtectControlGroups=yes\n", e->builtin);
        else
                export_lacks(e, policy_get(e->policy, D_Delegate)->origin, "Delegate",
                             "the service cannot see /sys/fs/cgroup");
}

/* With "yes", systemd maps only root and the service's own user. That differs from isorun if the service has
 * capabilities, which could then not be used on files of other users. */
static void write_users(Exporter *e) {
        const Setting *users = policy_get(e->policy, D_PrivateUsers);

        if (users->value.number == PRIVATE_USERS_NO)
                fputs("PrivateUsers=no\n", export_stream(e, users->origin));
        else if (e->user || !e->plan->bounding)
                fputs("PrivateUsers=yes\n", export_stream(e, users->origin));
        else
                export_lacks(e, users->origin, "PrivateUsers",
                             "the service has no user namespace, so its capabilities apply to the host's users "
                             "(PrivateUsers=identity of systemd 257 is similar)");
}

/* The service can see processes of the host. "ptraceable" hides those that it may not trace. */
static void write_processes(Exporter *e) {
        const Setting *protect = policy_get(e->policy, D_ProtectProc);
        bool silent = protect->value.number == PROTECT_PROC_DEFAULT;

        if (silent && policy_is_true(e->policy, D_Nesting))
                return;
        fprintf(export_stream(e, protect->origin), "ProtectProc=%s\n", silent ? "ptraceable" : protect->value.text);
}

/* Reports the differences that do not belong to a directive. */
static void say_differences(Exporter *e) {
        export_lacks(e, (Origin) {}, "a process namespace",
                     "the service can signal the user's processes outside the unit, and see them as far as "
                     "ProtectProc= allows (PrivatePIDs= of systemd 257 prevents this)");
        if (!build_allows_core(e->policy))
                export_lacks(e, (Origin) {}, "the ban on core dumps",
                             "a program in core_pattern(5) gets those of the service");
        export_lacks(e, (Origin) {}, "a cgroup namespace", "the service can read the unit's path in the cgroup tree");
        export_lacks(e, (Origin) {}, "the ban on ioctl TIOCSTI and TIOCLINUX",
                     "the service can use them to type on its terminal, if it has one");
        if (!policy_is_true(e->policy, D_PrivateNetwork) && !policy_is_true(e->policy, D_AbstractSockets))
                export_lacks(e, policy_get(e->policy, D_PrivateNetwork)->origin, "PrivateNetwork",
                             "the service can reach the host's abstract unix sockets: systemd does not use Landlock to "
                             "prevent this");
        export_lacks(e, (Origin) {}, "the directories /var/cache, /var/lib, /var/log and /run/lock",
                     "systemd does not create them in the empty /var and /run");
}

static int write_all(Exporter *e, FILE *f, const Text *texts) {
        const Setting *description = policy_get(e->policy, D_Description);
        _cleanup_free_ char *line = make_line(description ? description->value.text : "", 4096),
                            *policy = make_line(e->plan->policy, 4096);

        if (!line || !policy)
                return -ENOMEM;
        fprintf(f, "# Made by isoctl export from the policy %s. Comments list what systemd does not enforce.\n",
                policy);
        fprintf(f,
                "# isorun enforces the whole policy: see isorun.policy(5) and isorun@.service.\n[Unit]\n%s",
                *line ? "Description=" : "");
        percent_write(f, line);
        fprintf(f, "\n%s\n[Service]\n%s\n", texts[0].bytes, texts[3].bytes);
        fprintf(f, "# isorun does this in every instance.\n%s", texts[1].bytes);
        if (texts[2].size > 0)
                fprintf(f, "\n# The policy sets this.\n%s", texts[2].bytes);
        fprintf(f, "\n[Install]\nWantedBy=%s\n", e->user ? "default.target" : "multi-user.target");
        return 0;
}

static void write_parts(Exporter *e) {
        say_differences(e);
        write_command(e);
        write_protections(e);
        write_users(e);
        write_processes(e);
        export_mounts(e);
        export_values(e);
}

int export_unit(const Plan *plan, bool user, FILE *f, Report *report) {
        Exporter e = { .plan = plan, .policy = plan->source, .user = user, .report = report };
        FILE **streams[] = { &e.unit, &e.builtin, &e.asked, &e.lacking };
        Text texts[ELEMENTSOF(streams)] = {};
        int r;

        r = check_kind(&e);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(streams) && r >= 0; i++) {
                r = text_open(&texts[i]);
                *streams[i] = texts[i].f;
        }
        if (r >= 0)
                write_parts(&e);
        for (size_t i = 0; i < ELEMENTSOF(streams) && r >= 0; i++)
                r = text_so_far(&texts[i]) && !e.oom ? 0 : -ENOMEM;
        if (r >= 0)
                r = e.failed ? -EINVAL : write_all(&e, f, texts);
        for (size_t i = 0; i < ELEMENTSOF(streams); i++)
                text_deinit(&texts[i]);
        return report_if_oom(report, r);
}
