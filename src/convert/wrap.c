/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/wrap.h"

#include <errno.h>
#include <stdio.h>

#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

#define PREFIXES "@-:+!"

/* The line of this key that is in force, or NULL. */
static const ImportLine *find(const Import *import, const char *key) {
        const ImportLine *found = NULL;

        for (size_t i = 0; i < import->n_lines; i++)
                if (import->lines[i].key && streq(import->lines[i].key, key))
                        found = *import->lines[i].value ? &import->lines[i] : NULL;
        return found;
}

static bool is_forking(const Import *import) {
        const ImportLine *type = find(import, "Type");

        return type && streq(type->value, "forking");
}

/* Ambient capabilities have no effect on the host's network in the user namespace of a user, so isorun starts as root
 * then, and the policy has the User=. */
static bool has_ambient(const Import *import) {
        return find(import, "AmbientCapabilities") != NULL;
}

/* Without this privilege of root, a program of root has no capabilities: capabilities(7), SECBIT_NOROOT. */
static bool has_no_root(const ImportLine *bits) {
        return bits && strstr(bits->value, "noroot");
}

bool wrap_is_root(const Import *import) {
        const ImportLine *command = find(import, "ExecStart"), *user = find(import, "User");
        size_t n = command ? strspn(command->value, PREFIXES) : 0;

        if (import->user || find(import, "DynamicUser"))
                return false;
        return !user || streq(user->value, "root") || streq(user->value, "0") || has_ambient(import) ||
               (command && (memchr(command->value, '!', n) || memchr(command->value, '+', n)));
}

bool wrap_keeps(const ImportLine *line, const UnitLine *known) {
        static const char *const kept[] = {
                "ExecStart", "Nice", "UMask", "Environment", "PassEnvironment", "UnsetEnvironment", "WorkingDirectory",
                "StandardInput", "StandardOutput", "StandardError", "LoadCredential", "SetCredential", "Type",
                "MemoryLimit", NULL,
        };
        const Directive *d = directive_find(line->key);

        if (streq(line->key, "SecureBits"))
                return has_no_root(line);
        return startswith(line->key, "Limit") || strv_contains((char *const *) kept, line->key) ||
               (known && known->kind == UNIT_LINE_OTHER) || (d && d->section == SECTION_SCOPE);
}

/* Lines of the unit that would keep isorun from making the sandbox, and their value that does not. The policy has them
 * instead. Tried with systemd 252. */
static const struct {
        const char *key, *reset, *why;
        bool root; /* only if isorun runs as root */
} in_the_way[] = {
        { "RestrictNamespaces", "no", "isorun makes namespaces", false },
        { "SystemCallFilter", "", "isorun makes mounts", false },
        { "CapabilityBoundingSet", "~", "isorun, as root, needs capabilities to make the sandbox", true },
        { "SecureBits", "", "isorun, as root, needs capabilities to make the sandbox", true },
        { "PrivateUsers", "no", "the host's capabilities have no effect in a user namespace", true },
        { "RestrictAddressFamilies", "", "isorun talks to systemd, and makes a loopback device", false },
        { "RootDirectory", "", "isorun is not in that root", false },
        { "RootImage", "", "isorun is not in that root", false },
        { "NoExecPaths", "", "isorun is a program, too", false },
        { "ExecPaths", "", "it belongs to NoExecPaths=", false },
};

static void write_removed(const Import *import, FILE *f) {
        for (size_t i = 0; i < ELEMENTSOF(in_the_way); i++)
                if (find(import, in_the_way[i].key) && (!in_the_way[i].root || wrap_is_root(import)))
                        fprintf(f, "# %s; the policy has this line:\n%s=%s\n", in_the_way[i].why, in_the_way[i].key,
                                in_the_way[i].reset);
        /* With the whole root read-only, the id maps cannot be written. */
        if (find(import, "ReadOnlyPaths") || find(import, "ReadOnlyDirectories"))
                fputs("# isorun writes the id maps:\nReadWritePaths=/proc\n", f);
}

/* Writes a command. renamed: its second word is argv[0], which isorun cannot set. */
static void write_command(const char *start, const char *end, bool renamed, FILE *f) {
        if (renamed) {
                size_t program = strcspn(start, " \t");

                fprintf(f, "%.*s", (int) program, start);
                start += program;
                start += strspn(start, " \t");
                start += strcspn(start, " \t");
                if (start > end)
                        start = end;
        }
        fprintf(f, "%.*s\n", (int) (end - start), start);
}

/* Writes the commands of a line, each with wrapper before it. systemd keeps on replacing variables and specifiers in
 * what follows. */
static int write_commands(const ImportLine *line, const char *wrapper, bool as_root, FILE *f) {
        const char *rest = line->value;

        while (*rest) {
                _cleanup_strv_free_ char **words = NULL;
                const char *start = rest + strspn(rest, " \t"), *end;
                size_t n = strspn(start, PREFIXES);
                int r = word_split_command(&rest, &words);

                if (r < 0)
                        return r;
                if (!words)
                        continue;
                for (end = rest; end > start && strchr(" \t;", end[-1]); end--)
                        ;
                /* A command that stops the service does not outlive it. */
                fprintf(f, "%s=%s", line->key, streq(line->key, "ExecStop") && !memchr(start, '-', n) ? "-" : "");
                for (size_t i = 0; i < n; i++)
                        if (start[i] != '@' && !(as_root && start[i] == '!'))
                                fputc(start[i], f);
                fprintf(f, "%s%s ", as_root ? "!" : "", wrapper);
                write_command(start + n, end, memchr(start, '@', n), f);
        }
        return 0;
}

/* Whether the command must run inside: it may read a pid file or use a socket that exists only there. A command with
 * $MAINPID means isorun, which passes signals on. */
static bool belongs_inside(const ImportLine *line) {
        const char *program = line->value + strspn(line->value, PREFIXES);

        return !strstr(line->value, "MAINPID") && !strstr(line->value, "resolvconf") && !startswith(program, "/bin/true") &&
               !startswith(program, "/bin/kill") && !startswith(program, "/usr/bin/kill");
}

static int write_key(const Import *import, const char *key, const char *wrapper, const char *other, bool as_root, FILE *f) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_lines; i++) {
                const ImportLine *line = &import->lines[i];

                if (!line->key || !streq(line->key, key) || !*line->value)
                        continue;
                if (other && !belongs_inside(line))
                        fprintf(f, "%s=%s\n", key, line->value);
                else
                        r = write_commands(line, wrapper, as_root, f);
        }
        return r;
}

/* Reload and stop, if any of their commands must run inside. */
static int write_control(const Import *import, const char *key, const char *wrapper, FILE *f) {
        bool any = false;

        for (size_t i = 0; i < import->n_lines; i++)
                any = any || (import->lines[i].key && streq(import->lines[i].key, key) && *import->lines[i].value &&
                              belongs_inside(&import->lines[i]));
        if (!any)
                return 0;
        fprintf(f, "# The command runs inside, where its pid files and sockets are:\n%s=\n", key);
        return write_key(import, key, wrapper, key, false, f);
}

char *wrap_compose(const Import *import, const char *isorun, const char *isoctl, const char *policy) {
        _cleanup_free_ char *start = NULL, *enter = NULL;
        bool forking = is_forking(import);
        _cleanup_text_ Text out = {};
        int r;

        start = format("%s --policy %s%s", isorun, policy, forking ? " --notify=fork" : "");
        enter = format("%s enter %%n", isoctl);
        if (!start || !enter || text_open(&out) < 0)
                return NULL;
        fprintf(out.f, "# Made by isoctl import --drop-in %s.\n[Service]\nExecStart=\n", import->unit);
        r = write_key(import, "ExecStart", start, NULL, has_ambient(import) && wrap_is_root(import), out.f);
        if (forking)
                fputs("# isorun follows the daemon into the background:\nType=notify\nPIDFile=\n", out.f);
        if (r >= 0)
                r = write_control(import, "ExecReload", enter, out.f);
        if (r >= 0)
                r = write_control(import, "ExecStop", enter, out.f);
        write_removed(import, out.f);
        return r < 0 ? NULL : text_finish(&out);
}

/* The names of the variables that the unit sets. Those of a file are known only when the service starts. */
static int pass_variables(Import *import) {
        static const char why[] = "the unit sets these variables";
        int r = 0;

        if (find(import, "EnvironmentFile") || find(import, "PassEnvironment"))
                return import_open(import, D_PassEnvironment, "*", "the unit has variables from elsewhere");
        for (size_t i = 0; r >= 0 && i < import->n_lines; i++) {
                _cleanup_strv_free_ char **words = NULL;

                if (!import->lines[i].key || !streq(import->lines[i].key, "Environment"))
                        continue;
                r = word_split_as(import->lines[i].value, WORD_C, &words);
                for (char **w = words; r >= 0 && w && *w; w++) {
                        (*w)[strcspn(*w, "=")] = '\0';
                        r = import_open(import, D_PassEnvironment, *w, why);
                }
                r = r == -ENOMEM ? r : 0;
        }
        return r;
}

/* What the commands before the start make: mkdir and install -d. */
static int show_made(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_lines; i++) {
                const ImportLine *line = &import->lines[i];
                _cleanup_strv_free_ char **words = NULL;

                if (!line->key || !streq(line->key, "ExecStartPre") || word_split_as(line->value, WORD_C, &words) < 0 ||
                    !words || (!endswith(words[0], "mkdir") && !(endswith(words[0], "install") && strv_contains(words, "-d"))))
                        continue;
                for (char **w = words + 1; r >= 0 && *w; w++) {
                        const char *rest = startswith(*w, "/var/run/");
                        _cleanup_free_ char *bind = format("-%s%s", rest ? "/run/" : "", rest ?: *w);

                        if (bind && **w == '/' && !strchr(*w, '%'))
                                r = import_open(import, D_BindPaths, bind, "the unit makes this directory");
                }
        }
        return r;
}

/* The directory of the pid file, if it is not /run itself. */
static int show_pid_file(Import *import) {
        const ImportLine *line = find(import, "PIDFile");
        _cleanup_free_ char *parent = line ? path_parent(line->value) : NULL, *bind = NULL;

        if (!parent || *parent != '/' || streq(parent, "/run") || streq(parent, "/var/run"))
                return 0;
        bind = format("-%s%s", startswith(parent, "/var/run/") ? "/run/" : "", startswith(parent, "/var/run/") ?: parent);
        return bind ? import_open(import, D_BindPaths, bind, "the directory of the unit's PIDFile=") : -ENOMEM;
}

static int show_paths(Import *import, char *const *paths) {
        int r = 0;

        for (char *const *p = paths; r >= 0 && p && *p; p++) {
                bool own = startswith(*p, "/run/") || startswith(*p, "/var/lib/") || startswith(*p, "/var/log/") ||
                           startswith(*p, "/var/cache/") || startswith(*p, "/var/spool/");
                _cleanup_free_ char *bind = format("-%s", *p);

                r = bind ? import_open(import, own ? D_BindPaths : D_BindReadOnlyPaths, bind,
                                       "it belongs to the service's package") : -ENOMEM;
        }
        return r;
}

/* What a daemon of root usually does: it changes ids and roots, and takes a port below 1024. */
#define DAEMON_CAPABILITIES \
        "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_SYS_CHROOT " \
        "CAP_SYS_RESOURCE CAP_AUDIT_WRITE CAP_NET_BIND_SERVICE"

/* The unit's ReadWritePaths=/run and PrivateTmp=no: the directories in memory are writable, too, and have nothing of the
 * host's. */
static bool is_loose(const ImportItem *item) {
        return (item->id == D_BindPaths && streq(item->text, "-/run")) ||
               (item->id == D_PrivateTmp && streq(item->text, "no"));
}

/* Drops what the unit does already, and what isorun's user cannot have. */
static int drop_kept(Import *import, bool powerless) {
        bool root = wrap_is_root(import);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                bool ids = item->id == D_User || item->id == D_Group;

                if (item->id == D_AmbientCapabilities && !root && !item->dropped)
                        r = import_drop(import, item, "isorun runs as the unit's user, who cannot keep it");
                else if ((ids && !(root && has_ambient(import))) || (item->id == D_CapabilityBoundingSet && powerless) ||
                         (item->id == D_PrivateUsers && root) || is_loose(item))
                        item->dropped = true;
        }
        return r;
}

/* What a service of root may do, where its unit does not say so. */
static int open_privileges(Import *import, bool powerless) {
        int r = 0;

        if (!powerless && !has_ambient(import)) {
                r = import_open(import, D_PrivateUsers, "no", "capabilities have no effect on the host in a user namespace");
                if (r >= 0 && !import->seen[D_CapabilityBoundingSet])
                        r = import_open(import, D_CapabilityBoundingSet, DAEMON_CAPABILITIES,
                                        "the unit does not limit the capabilities; daemons of root usually need only these");
        }
        import->seen[D_CapabilityBoundingSet] = true;
        if (!wrap_is_root(import))
                return r;
        import->seen[D_PrivateUsers] = false;
        if (r >= 0 && !import->seen[D_SystemCallFilter])
                r = import_open(import, D_SystemCallFilter, "@system-service chroot",
                                "the unit does not limit the system calls; daemons usually need only these");
        import->seen[D_SystemCallFilter] = true;
        return r;
}

int wrap_open(Import *import, char *const *paths) {
        bool powerless = !wrap_is_root(import) || has_no_root(find(import, "SecureBits"));
        int (*const steps[])(Import *import) = { pass_variables, show_made, show_pid_file };
        int r = drop_kept(import, powerless);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(steps); i++)
                r = steps[i](import);
        if (r >= 0)
                r = show_paths(import, paths);
        if (r >= 0)
                r = import_open(import, D_BindReadOnlyPaths, "-/run/systemd/journal/dev-log:/dev/log",
                                "the journal takes the messages of syslog(3)");
        return r < 0 ? r : open_privileges(import, powerless);
}
