/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The frame of an exported unit, and what isorun does in every instance. */
#include "convert/export.h"

#include <errno.h>
#include <stdio.h>
#include <sys/capability.h>

#include "convert/export-mounts.h"
#include "convert/export-values.h"
#include "util/escape.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

#define BIT(c) (UINT64_C(1) << (c))

/* Of what a service of systemd's cannot be, nothing would be left. */
static int check_kind(Exporter *e) {
        const Setting *users = policy_get(e->policy, D_PrivateUsers), *root = policy_get(e->policy, D_RootDirectory);

        if (users->value.number == PRIVATE_USERS_FULL)
                return report_error_at(e->report, users->origin, "PrivateUsers", EOPNOTSUPP,
                                       "\"full\": a service of systemd's has no such world of its own");
        if (root->value.number == ROOT_NONE || root->value.words[1])
                return report_error_at(e->report, root->origin, "RootDirectory", EOPNOTSUPP,
                                       "a service of systemd's has no root that is put together: export one that is a "
                                       "directory, or an image");
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
                /* A lone semicolon would part two commands. */
                if (streq(*a, ";"))
                        fputs("\";\"", f);
                else
                        word_write(f, *a, WORD_PERCENT | WORD_DOLLAR);
        }
        fputc('\n', f);
}

/* Lines that take something away which a policy may keep by a capability. */
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
                export_lacks(e, policy_get(e->policy, D_Delegate)->origin, "Delegate", "/sys/fs/cgroup is not seen");
}

/* systemd's "yes" knows root and the payload's own user only: with capabilities over others, that is not the same. */
static void write_users(Exporter *e) {
        const Setting *users = policy_get(e->policy, D_PrivateUsers);

        if (users->value.number == PRIVATE_USERS_NO)
                fputs("PrivateUsers=no\n", export_stream(e, users->origin));
        else if (e->user || !e->plan->bounding)
                fputs("PrivateUsers=yes\n", export_stream(e, users->origin));
        else
                export_lacks(e, users->origin, "PrivateUsers",
                             "\"identity\" of systemd 257 comes near; without, the capabilities are those of the host's "
                             "users");
}

/* Processes of the host are there: what can be done is to show only what can be traced, which all isorun shows can. */
static void write_processes(Exporter *e) {
        const Setting *who = policy_get(e->policy, D_ProtectProc);
        bool silent = who->value.number == PROTECT_PROC_DEFAULT;

        if (silent && policy_is_true(e->policy, D_Nesting))
                return;
        fprintf(export_stream(e, who->origin), "ProtectProc=%s\n", silent ? "ptraceable" : who->value.text);
}

/* What no directive of a policy stands for. */
static void say_differences(Exporter *e) {
        export_lacks(e, (Origin) {}, "a process namespace",
                     "PrivatePIDs= of systemd 257; without, processes of the same user's outside of the unit can be "
                     "signalled, and seen as ProtectProc= allows");
        export_lacks(e, (Origin) {}, "a cgroup namespace", "the unit's place in the cgroup tree can be read");
        export_lacks(e, (Origin) {}, "ioctl TIOCSTI and TIOCLINUX", "they type on a terminal, if the unit has one");
        if (!policy_is_true(e->policy, D_PrivateNetwork))
                export_lacks(e, policy_get(e->policy, D_PrivateNetwork)->origin, "PrivateNetwork",
                             "the host's abstract unix sockets can be reached: systemd has nothing like Landlock's "
                             "scopes");
        export_lacks(e, (Origin) {}, "the directories /var/cache, /var/lib, /var/log and /run/lock",
                     "they are not made in the empty /var and /run");
}

static int write_all(Exporter *e, FILE *f, const Text *texts) {
        const Setting *description = policy_get(e->policy, D_Description);
        _cleanup_free_ char *line = make_line(description ? description->value.text : "", 4096),
                            *policy = make_line(e->plan->policy, 4096);

        if (!line || !policy)
                return -ENOMEM;
        fprintf(f, "# Made by isoctl export from the policy %s. isorun itself enforces all of it:\n", policy);
        fprintf(f, "# see isorun.policy(5), and isorun@.service for policies as services.\n[Unit]\n%s",
                *line ? "Description=" : "");
        percent_write(f, line);
        fprintf(f, "\n%s\n[Service]\n%s\n", texts[0].bytes, texts[3].bytes);
        fprintf(f, "# What isorun does by itself.\n%s", texts[1].bytes);
        if (texts[2].size > 0)
                fprintf(f, "\n# What the policy asks for.\n%s", texts[2].bytes);
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
                r = write_all(&e, f, texts);
        for (size_t i = 0; i < ELEMENTSOF(streams); i++)
                text_deinit(&texts[i]);
        return report_if_oom(report, r);
}
