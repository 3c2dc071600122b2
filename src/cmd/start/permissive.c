/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/permissive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/record/setting.h"
#include "plan/root/builtin.h"
#include "util/mount-table.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

enum { SOCKETS_MAX = 256 };

typedef struct Opener {
        const Policy *policy;
        MountTable mounts;
        char **taken;    /* destinations that have a line already */
        char **overlays; /* those that are overlays */
        FILE *f;
} Opener;

static int take_destinations(Opener *o) {
        static const DirectiveId ids[] = { D_BindPaths, D_BindReadOnlyPaths, D_Volume, D_TemporaryFileSystem };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                for (size_t j = 0; r >= 0 && j < o->policy->settings[ids[i]].n; j++) {
                        char *const *words = o->policy->settings[ids[i]].items[j].value.words;
                        const bool is_tmpfs = ids[i] == D_TemporaryFileSystem;

                        if (words)
                                r = strv_push(&o->taken, is_tmpfs || !words[1] ? words[0] : words[1]);
                }
        return r;
}

static bool has_mounts(const Opener *o, const char *path) {
        for (size_t i = 0; i < o->mounts.n; i++)
                if (path_is_below(o->mounts.items[i].path, path))
                        return true;
        return false;
}

/* Whether it can be a line, and is none yet. */
static bool may_write_line(const Opener *o, const char *path) {
        return setting_can_have_path(path) && !strv_contains(o->taken, path);
}

static int add_bind(Opener *o, const char *path) {
        if (!may_write_line(o, path) || access(path, F_OK) < 0)
                return 0;
        fputs("BindReadOnlyPaths=", o->f);
        setting_write_path(o->f, path);
        fputc('\n', o->f);
        return strv_push(&o->taken, path);
}

static int add_overlay(Opener *o, const char *path) {
        int r;

        if (!may_write_line(o, path))
                return 0;
        fputs("Volume=", o->f);
        setting_write_path(o->f, path);
        fputc(':', o->f);
        setting_write_path(o->f, path);
        fputs(":overlay,size=50%%\n", o->f);
        r = strv_push(&o->taken, path);
        return r < 0 ? r : strv_push(&o->overlays, path);
}

static bool is_directory(const char *path) {
        struct stat st;

        return lstat(path, &st) >= 0 && S_ISDIR(st.st_mode);
}

static int add_directory(Opener *o, const char *path) {
        if (!has_mounts(o, path) && access(path, W_OK | X_OK) >= 0)
                return add_overlay(o, path);
        return add_bind(o, path);
}

/* What is in a directory for which the sandbox has memory. */
static int add_entries(Opener *o, const char *path) {
        DIR *d = opendir(path);
        int r = 0;

        for (struct dirent *e; r >= 0 && d && (e = readdir(d));) {
                _cleanup_free_ char *entry = streq(e->d_name, ".") || streq(e->d_name, "..") ? NULL
                                                                             : path_join(path, e->d_name);

                if (entry && is_directory(entry))
                        r = add_directory(o, entry);
                else if (entry && (e->d_type == DT_REG || e->d_type == DT_SOCK))
                        r = add_bind(o, entry);
        }
        if (d)
                closedir(d);
        return r;
}

/* Whether isorun shows the directory as an empty one, where the root is the host's. */
static bool is_hidden(const char *path) {
        return root_hides(path) || streq(path, "/run") || streq(path, "/var") || streq(path, "/tmp");
}

/* Directories in /. */
static int add_top(Opener *o) {
        static const char *const memory[] = { "/run", "/var", "/tmp", "/home" };
        static const char *const own[] = { "proc", "sys", "dev", "lost+found", ".", ".." };
        DIR *d = opendir("/");
        int r = d ? 0 : -errno;

        for (struct dirent *e; r >= 0 && d && (e = readdir(d));) {
                _cleanup_free_ char *path = path_join("/", e->d_name);
                bool skip = !path || !is_directory(path), in_memory = false;

                for (size_t i = 0; i < ELEMENTSOF(own); i++)
                        skip = skip || streq(e->d_name, own[i]);
                for (size_t i = 0; !skip && i < ELEMENTSOF(memory); i++)
                        in_memory = in_memory || streq(path, memory[i]);
                if (skip)
                        continue;
                if (in_memory && has_mounts(o, path))
                        r = add_entries(o, path);
                else if (is_hidden(path) || (!has_mounts(o, path) && access(path, W_OK | X_OK) >= 0))
                        r = add_directory(o, path);
        }
        if (d)
                closedir(d);
        return r;
}

/* File systems of their own, and the places in which a user may write. */
static int add_places(Opener *o) {
        _cleanup_free_ char *here = realpath(".", NULL), *home = NULL;
        const char *variable = getenv("HOME");
        const char *const more[] = { home = variable ? realpath(variable, NULL) : NULL, "/var/tmp", here };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < o->mounts.n + ELEMENTSOF(more); i++) {
                const char *path = i < o->mounts.n ? o->mounts.items[i].path : more[i - o->mounts.n];
                bool skip = !path || path_is_at_or_below(path, "/proc") || path_is_at_or_below(path, "/sys") ||
                            path_is_at_or_below(path, "/dev") || streq(path, "/");

                for (char *const *above = o->overlays; !skip && above && *above; above++)
                        skip = path_is_at_or_below(path, *above);
                if (skip || !is_directory(path) || has_mounts(o, path) || access(path, W_OK | X_OK) < 0)
                        continue;
                r = add_overlay(o, path);
        }
        return r;
}

static bool is_in_overlay(const Opener *o, const char *path) {
        for (char *const *above = o->overlays; above && *above; above++)
                if (path_is_below(path, *above))
                        return true;
        return false;
}

/* "…: 00000002 00000000 00010000 0001 01 12345 /run/x": flags (listening), type, state, inode, path. */
static int add_sockets(Opener *o) {
        FILE *f = fopen("/proc/net/unix", "re");
        unsigned n = 0;
        char line[512];
        int r = 0;

        while (r >= 0 && n < SOCKETS_MAX && f && fgets(line, sizeof(line), f)) {
                unsigned flags, type;
                struct stat st;
                int at = 0;

                line[strcspn(line, "\n")] = '\0';
                if (sscanf(line, "%*s %*x %*x %x %x %*x %*u %n", &flags, &type, &at) != 2 || line[at] != '/' ||
                    (!flags && type != SOCK_DGRAM) || !is_in_overlay(o, line + at) ||
                    stat(line + at, &st) < 0 || !S_ISSOCK(st.st_mode))
                        continue;
                r = add_bind(o, line + at);
                n++;
        }
        if (f)
                fclose(f);
        return r;
}

/* AF_ALG and AF_RXRPC reach the keys of the kernel. */
static const char opened[] =
        "[Scope]\n"
        "IPAddressAllow=\n"
        "IPAddressDeny=\n"
        "[Sandbox]\n"
        "ProtectHome=no\n"
        "PrivateNetwork=no\n"
        "ConnectTo=\n"
        "ListenOn=\n"
        "GrantPeers=no\n"
        "AbstractSockets=yes\n"
        "RestrictAddressFamilies=\n"
        "RestrictAddressFamilies=~AF_ALG AF_RXRPC\n"
        "SystemCallFilter=\n"
        "SystemCallFilter=@known\n"
        "SystemCallFilter=~ptrace process_vm_readv process_vm_writev @keyring io_setup\n"
        "SystemCallFilter=~io_uring_setup io_uring_enter io_uring_register userfaultfd\n";

static int write_lines(Opener *o) {
        int r;

        fputs(opened, o->f);
        r = take_destinations(o);
        if (r >= 0)
                r = add_top(o);
        if (r >= 0)
                r = add_places(o);
        return r < 0 ? r : add_sockets(o);
}

static void opener_deinit(Opener *o) {
        mount_table_deinit(&o->mounts);
        strv_free(o->taken);
        strv_free(o->overlays);
}

int permissive_apply(Policy *policy, Report *report) {
        _cleanup_(opener_deinit) Opener o = { .policy = policy };
        _cleanup_free_ char *lines = NULL;
        _cleanup_text_ Text text = {};
        int r;

        r = mount_table_read("/proc/self/mountinfo", &o.mounts);
        if (r >= 0)
                r = text_open(&text);
        o.f = text.f;
        if (r >= 0)
                r = write_lines(&o);
        lines = r < 0 ? NULL : text_finish(&text);
        if (!lines)
                return report_error(report, r < 0 ? -r : ENOMEM, "--permissive: cannot look at the host's files: %s",
                                    strerror(r < 0 ? -r : ENOMEM));
        return policy_read(policy, SETTING_PERMISSIVE, lines, strlen(lines), report);
}

int permissive_check(const Policy *policy, Report *report) {
        const Setting *root = policy_get(policy, D_RootDirectory);

        if (!root || (root->value.words && streq(root->value.words[0], "/")))
                return 0;
        return report_error_at(report, root->origin, directive_table[D_RootDirectory].name, EINVAL,
                               "--permissive opens the host's own root, so it cannot be combined with another");
}

/* Sockets, FIFOs and character devices have nothing of the host to change: what the command sends to them is real. */
static bool can_change(const PlanMount *m) {
        struct stat st;

        return plan_mount_is_writable_bind(m) &&
               (!plan_source_has_path(&m->source) || stat(m->source.path, &st) < 0 ||
                !(S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)));
}

static int refuse_mount(const PlanMount *m, Report *report) {
        _cleanup_free_ char *source = plan_source_format(&m->source);

        return report_error_at(report, m->origin, m->asker == ASKED_BY_POLICY ? m->key : NULL, EPERM,
                               "with --permissive, the command may change nothing of the host, but here it could write "
                               "to %s: show it read-only%s", source ?: m->destination,
                               m->source.directory ? ", or in an overlay (Volume=SOURCE:PLACE:overlay)" : "");
}

int permissive_check_plan(const Plan *plan, Report *report) {
        int r = 0;

        for (size_t i = 0; i < plan->n_mounts; i++)
                if (can_change(&plan->mounts[i]))
                        r = refuse_mount(&plan->mounts[i], report);
        for (size_t fd = 1; fd < ELEMENTSOF(plan->standard_io); fd++) {
                const PlanStandardIO *io = &plan->standard_io[fd];

                if (io->path)
                        r = report_error_at(report, io->origin, NULL, EPERM,
                                            "with --permissive, the command may change nothing of the host, but here "
                                            "it would write to %s: redirect it on the command line", io->path);
        }
        return r;
}
