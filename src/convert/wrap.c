/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "convert/package.h"
#include "util/parse.h"
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

/* Whether the line sets this key to something. */
static bool has_key(const ImportLine *line, const char *key) {
        return line->key && streq(line->key, key) && *line->value;
}

/* Whether a command, after its prefixes, begins with the program of this name. */
static bool is_program(const char *command, const char *name) {
        const char *program = command + strspn(command, PREFIXES);
        size_t n = strcspn(program, " \t"), length = strlen(name);

        return n >= length && strncmp(program + n - length, name, length) == 0 &&
               (n == length || program[n - length - 1] == '/');
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

/* Whether the unit has a user namespace, in which the host's capabilities have no effect. */
static bool has_own_users(const Import *import) {
        const ImportLine *users = find(import, "PrivateUsers");
        bool b;

        return users && (parse_boolean(users->value, &b) < 0 || b);
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
        { "RestrictAddressFamilies", "", "isorun talks to systemd, and makes a loopback device", false },
        { "RootDirectory", "", "isorun is not in that root", false },
        { "RootImage", "", "isorun is not in that root", false },
        { "NoExecPaths", "", "isorun is a program, too", false },
        { "ExecPaths", "", "it belongs to NoExecPaths=", false },
};

static bool makes_proc_read_only(const Import *import) {
        for (size_t i = 0; i < import->n_lines; i++) {
                _cleanup_strv_free_ char **words = NULL;

                if (!has_key(&import->lines[i], "ReadOnlyPaths") && !has_key(&import->lines[i], "ReadOnlyDirectories"))
                        continue;
                if (word_split_as(import->lines[i].value, WORD_PLAIN, &words) < 0)
                        return true;
                for (char **w = words; w && *w; w++) {
                        const char *path = *w + strspn(*w, "-+");

                        if (!path[strspn(path, "/")] || startswith(path, "/proc"))
                                return true;
                }
        }
        return false;
}

static void write_removed(const Import *import, FILE *f) {
        for (size_t i = 0; i < ELEMENTSOF(in_the_way); i++)
                if (find(import, in_the_way[i].key) && (!in_the_way[i].root || wrap_is_root(import)))
                        fprintf(f, "# %s; the policy does this:\n%s=%s\n", in_the_way[i].why, in_the_way[i].key,
                                in_the_way[i].reset);
        if (makes_proc_read_only(import))
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

/* raised: the command needs root, and the unit has a User=. systemd takes only one of "+" and "!". */
static void write_prefixes(const char *prefixes, size_t n, bool wrapped, bool raised, FILE *f) {
        for (size_t i = 0; i < n; i++)
                if (!(wrapped && prefixes[i] == '@') && !(raised && prefixes[i] == '!'))
                        fputc(prefixes[i], f);
        if (raised && !memchr(prefixes, '+', n))
                fputc('!', f);
}

/* Writes the commands of a line, each with wrapper, if any, before it. systemd keeps on replacing variables and
 * specifiers in what follows. raised: isorun runs as root, in a unit with User=: only root may enter or signal it. */
static int write_commands(const ImportLine *line, const char *wrapper, bool raised, FILE *f) {
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
                /* A command inside that stops the service does not outlive it. */
                fprintf(f, "%s=%s", line->key,
                        wrapper && streq(line->key, "ExecStop") && !memchr(start, '-', n) ? "-" : "");
                write_prefixes(start, n, wrapper != NULL, raised && (wrapper || is_program(words[0], "kill")), f);
                if (wrapper)
                        fprintf(f, "%s ", wrapper);
                write_command(start + n, end, wrapper && memchr(start, '@', n), f);
        }
        return 0;
}

static int write_start(const Import *import, const char *wrapper, FILE *f) {
        bool raised = has_ambient(import) && wrap_is_root(import);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_lines; i++)
                if (has_key(&import->lines[i], "ExecStart"))
                        r = write_commands(&import->lines[i], wrapper, raised, f);
        return r;
}

/* Whether the command must run inside: it may read a pid file or use a socket that exists only there. A command with
 * $MAINPID means isorun, which passes signals on. */
static bool belongs_inside(const ImportLine *line) {
        return !strstr(line->value, "MAINPID") && !strstr(line->value, "resolvconf") &&
               !is_program(line->value, "kill") && !is_program(line->value, "true");
}

/* Reload and stop, if any of their commands must run inside, or as root. */
static int write_control(const Import *import, const char *key, const char *wrapper, FILE *f) {
        const ImportLine *user = find(import, "User");
        bool raised = wrap_is_root(import) && user && !streq(user->value, "root"), any = false;
        int r = 0;

        for (size_t i = 0; i < import->n_lines; i++)
                any = any || (has_key(&import->lines[i], key) && (raised || belongs_inside(&import->lines[i])));
        if (!any)
                return 0;
        if (raised)
                fputs("# isorun runs as root, so only root may do this:\n", f);
        else
                fputs("# The command runs inside, where its pid files and sockets are:\n", f);
        fprintf(f, "%s=\n", key);
        for (size_t i = 0; r >= 0 && i < import->n_lines; i++)
                if (has_key(&import->lines[i], key))
                        r = write_commands(&import->lines[i], belongs_inside(&import->lines[i]) ? wrapper : NULL,
                                           raised, f);
        return r;
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
        r = write_start(import, start, out.f);
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

/* Shows a directory that the unit names, writable, if it can belong to this service alone. */
static int show_directory(Import *import, const char *path, const char *why) {
        const char *rest = startswith(path, "/var/run/");
        _cleanup_free_ char *place = format("%s%s", rest ? "/run/" : "", rest ?: path), *bind = NULL;

        if (!place)
                return -ENOMEM;
        if (!path_is_safe(place) || strchr(place, '%') || !package_owns(place))
                return 0;
        bind = format("-%s", place);
        return bind ? import_open(import, D_BindPaths, bind, why) : -ENOMEM;
}

static bool makes_directories(char *const *words) {
        return is_program(words[0], "mkdir") || (is_program(words[0], "install") && strv_contains(words, "-d"));
}

/* What the commands before the start make. */
static int show_made(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_lines; i++) {
                _cleanup_strv_free_ char **words = NULL;

                if (!has_key(&import->lines[i], "ExecStartPre"))
                        continue;
                r = word_split_as(import->lines[i].value, WORD_C, &words);
                for (char **w = words; r >= 0 && w && makes_directories(words) && *w; w++)
                        r = show_directory(import, *w, "the unit makes this directory");
                r = r == -ENOMEM ? r : 0;
        }
        return r;
}

/* root on the bus can start programs through systemd, so the sandbox hides it. */
static int note_bus(Import *import) {
        const ImportLine *line = find(import, "BusName");

        return line ? import_note(import, line, false,
                                  "the sandbox hides D-Bus, through which root can start programs on the host; if the "
                                  "service may do that, add BindReadOnlyPaths=/run/dbus to the policy")
                    : 0;
}

/* The directory of the pid file, if it is not /run itself. */
static int show_pid_file(Import *import) {
        const ImportLine *line = find(import, "PIDFile");
        _cleanup_free_ char *parent = line ? path_parent(line->value) : NULL;

        if (!line)
                return 0;
        return parent ? show_directory(import, parent, "the directory of the unit's PIDFile=") : -ENOMEM;
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

/* The unit's ReadWritePaths=/run and PrivateTmp=no: the directories in memory are writable, too, and have nothing of
 * the host's. */
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
                else if ((ids && !(root && has_ambient(import))) ||
                         (item->id == D_CapabilityBoundingSet && powerless) ||
                         (item->id == D_PrivateUsers && root && !has_own_users(import)) || is_loose(item))
                        item->dropped = true;
        }
        return r;
}

/* What a service of root may do, where its unit does not say so. */
static int open_privileges(Import *import, bool powerless) {
        bool host_users = !powerless && !has_own_users(import);
        int r = 0;

        if (host_users && !has_ambient(import))
                r = import_open(import, D_PrivateUsers, "no",
                                "capabilities have no effect on the host in a user namespace");
        if (r >= 0 && !powerless && !has_ambient(import) && !import->seen[D_CapabilityBoundingSet])
                r = import_open(import, D_CapabilityBoundingSet, DAEMON_CAPABILITIES,
                                "the unit does not limit the capabilities; daemons of root usually need only these");
        import->seen[D_CapabilityBoundingSet] = true;
        if (!wrap_is_root(import))
                return r;
        /* With ambient capabilities, isoctl may still set it, for the host's network. */
        import->seen[D_PrivateUsers] = !host_users || !has_ambient(import);
        if (r >= 0 && !import->seen[D_SystemCallFilter])
                r = import_open_calls(import, "@system-service chroot",
                                      "the unit does not limit the system calls; daemons usually need only these");
        import->seen[D_SystemCallFilter] = true;
        return r;
}

int wrap_open(Import *import, char *const *paths) {
        bool powerless = !wrap_is_root(import) || has_no_root(find(import, "SecureBits"));
        int (*const steps[])(Import *import) = { pass_variables, show_made, show_pid_file, note_bus };
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
