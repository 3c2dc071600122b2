/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules for directives of systemd.exec(5), systemd.service(5) and similar that a policy has in another form.
 * systemd.inc has the directives that are the same, and policy/unit-line.c those that a policy does not have. */
#include "convert/import-rules.h"

#include <errno.h>
#include <stdio.h>

#include "convert/import-line.h"
#include "convert/systemd.h"
#include "policy/unit-line.h"
#include "policy/value/value.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

static int leave_out(Import *import, const ImportLine *line, const char *reason) {
        return *line->value ? import_note(import, line, false, "%s", reason) : 0;
}

/* Simplifies a path, and replaces /var/run by /run: with systemd, it is a symlink to it. */
static int clean_path(const char *path, char **ret) {
        const char *rest = startswith(path, "/var/run");
        _cleanup_free_ char *moved = NULL;

        if (rest && (*rest == '/' || !*rest)) {
                moved = format("/run%s", rest);
                if (!moved)
                        return -ENOMEM;
        }
        *ret = path_simplify(moved ?: path);
        return *ret ? 0 : -ENOMEM;
}

/* Returns a word of BindPaths= for a path with colons, on the heap. NULL when memory runs out. */
static char *bind_word(const char *path) {
        _cleanup_text_ Text word = {};

        if (text_open(&word) < 0)
                return NULL;
        fputc('-', word.f);
        for (; *path; path++) {
                fputs(*path == ':' ? "\\" : "", word.f);
                fputc(*path, word.f);
        }
        return text_finish(&word);
}

static int add_directory(Import *import, DirectiveId id, const ImportLine *line, const char *path) {
        _cleanup_free_ char *clean = NULL, *word = NULL;
        int r;

        r = clean_path(path, &clean);
        if (r < 0)
                return r;
        word = bind_word(clean);
        return word ? import_add(import, id, line, word, false) : -ENOMEM;
}

/* Skips the prefixes "-" and "+" of a path. */
static const char *plain_path(const char *word) {
        return word + strspn(word, "-+");
}

static int each_word(Import *import, const ImportLine *line,
                     int (*take)(Import *import, const ImportLine *line, const char *word, const char *argument),
                     const char *argument) {
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = import_words(import, line, line->value, &words);
        for (char **w = words; r >= 0 && w && *w; w++)
                r = take(import, line, *w, argument);
        return r < 0 ? r : 0;
}

static int take_writable(Import *import, const ImportLine *line, const char *word, _unused_ const char *argument) {
        const char *path = plain_path(word);

        if (path[0] != '/')
                return import_note(import, line, false, "not an absolute path: %s", word);
        if (streq(path, "/"))
                return import_note(import, line, false, "isorun never makes the root writable");
        return add_directory(import, D_BindPaths, line, path);
}

static int writable_paths(Import *import, const ImportLine *line, const char *argument) {
        return each_word(import, line, take_writable, argument);
}

/* import_finish() drops the path if it is read-only by default. */
static int take_read_only(Import *import, const ImportLine *line, const char *word, _unused_ const char *argument) {
        return add_directory(import, D_BindReadOnlyPaths, line, plain_path(word));
}

static int read_only_paths(Import *import, const ImportLine *line, const char *argument) {
        return each_word(import, line, take_read_only, argument);
}

static int take_inaccessible(Import *import, const ImportLine *line, const char *word, _unused_ const char *argument) {
        const char *path = plain_path(word);
        _cleanup_free_ char *out = NULL;

        out = format("%s%s", memchr(word, '-', (size_t) (path - word)) ? "-" : "", path);
        return out ? import_add(import, D_InaccessiblePaths, line, out, false) : -ENOMEM;
}

static int inaccessible_paths(Import *import, const ImportLine *line, const char *argument) {
        return each_word(import, line, take_inaccessible, argument);
}

/* A path that does not exist cannot be executed, either. */
static int take_exec(Import *import, const ImportLine *line, const char *word, const char *argument) {
        _cleanup_free_ char *clean = NULL, *out = NULL;
        int r = clean_path(plain_path(word), &clean);

        if (r < 0)
                return r;
        out = format("-%s", clean);
        return out ? import_add(import, directive_id(directive_find(argument)), line, out, false) : -ENOMEM;
}

static int exec_paths(Import *import, const ImportLine *line, const char *argument) {
        return each_word(import, line, take_exec, argument);
}

/* StateDirectory= and similar. argument is the parent directory for the system's manager, a space, and that for a
 * user's manager, which is empty if it depends on the version of systemd. */
static int take_own_directory(Import *import, const ImportLine *line, const char *word, const char *argument) {
        const char *parent = import->user ? strchr(argument, ' ') + 1 : argument;
        _cleanup_free_ char *path = NULL;

        if (!*parent)
                return import_note(import, line, false,
                                   "for a user, its path depends on systemd's version: add the path with BindPaths=");
        path = format("%.*s/%.*s", (int) strcspn(parent, " "), parent, (int) strcspn(word, ":"), word);
        return path ? add_directory(import, D_BindPaths, line, path) : -ENOMEM;
}

static int own_directories(Import *import, const ImportLine *line, const char *argument) {
        return each_word(import, line, take_own_directory, argument);
}

/* Options that isorun sets anyway, and those about times of access, which protect nothing. uid= and gid= normally name
 * the user of the payload, who owns the directory anyway. */
static bool is_usual_option(const char *option) {
        static const char *const usual[] = { "nosuid", "nodev", "rw", "exec", "mode=755", "mode=0755", "size=64M",
                                             "strictatime", "nostrictatime", "relatime", "norelatime", "atime",
                                             "noatime", "diratime", "nodiratime", "lazytime", "nolazytime" };

        for (size_t i = 0; i < ELEMENTSOF(usual); i++)
                if (streq(option, usual[i]))
                        return true;
        return startswith(option, "uid=") || startswith(option, "gid=");
}

/* Keeps the other options. Doubles their %, because systemd does not expand specifiers in them, and isorun does. */
static int tmpfs_options(char *options, char **ret) {
        _cleanup_text_ Text kept = {};
        const char *separator = ":";
        char *position = NULL;

        if (text_open(&kept) < 0)
                return -ENOMEM;
        for (char *o = strtok_r(options, ",", &position); o; o = strtok_r(NULL, ",", &position)) {
                if (is_usual_option(o))
                        continue;
                fputs(separator, kept.f);
                percent_write(kept.f, o);
                separator = ",";
        }
        *ret = text_finish(&kept);
        return *ret ? 0 : -ENOMEM;
}

/* An empty root in memory, which isorun has as a root of its own. In a root of the unit's, it would hide all of
 * that. */
static int empty_root(Import *import, const ImportLine *line) {
        int r;

        for (const ImportLine *l = import->lines; l < import->lines + import->n_lines; l++)
                if (l->key && *l->value && (streq(l->key, "RootDirectory") || streq(l->key, "RootImage")))
                        return import_note(import, line, false, "it would hide the root of %s=", l->key);
        r = import_add(import, D_RootDirectory, line, "none", false);
        return r < 0 ? r : import_note_replaced(import, line, "RootDirectory=none is an empty root, and read-only");
}

static int add_tmpfs(Import *import, const ImportLine *line, const char *path, char *options) {
        static const char *const builtin[] = { "/tmp:mode=1777", "/var/tmp:mode=1777", "/dev/shm:mode=1777", "/run" };
        _cleanup_free_ char *kept = NULL, *word = NULL;

        if (streq(path, "/"))
                return empty_root(import, line);
        if (options && tmpfs_options(options, &kept) < 0)
                return -ENOMEM;
        word = format("%s%s", path, kept ?: "");
        if (!word)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(builtin); i++)
                if (streq(word, builtin[i]))
                        return import_note(import, line, true, "%s is in memory by default", path);
        return import_add(import, D_TemporaryFileSystem, line, word, false);
}

/* Splits the words before it expands specifiers, because systemd expands them only in the paths. */
static int temporary(Import *import, const ImportLine *line, _unused_ const char *argument) {
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = word_split_as(line->value, WORD_PLAIN, &words);
        if (r == -EINVAL)
                return import_note(import, line, false, "unbalanced quote or backslash at the end of the value");
        if (r == -E2BIG)
                return import_note(import, line, false, "too many words, or a word that is too long");
        for (char **w = words; r >= 0 && w && *w; w++) {
                char *colon = strchr(*w, ':');
                _cleanup_free_ char *path = NULL, *clean = NULL;

                if (colon)
                        *colon++ = '\0';
                r = import_expand(import, line, *w, &path);
                if (r > 0)
                        r = clean_path(path, &clean);
                if (r >= 0 && clean)
                        r = add_tmpfs(import, line, clean, colon);
        }
        return r < 0 ? r : 0;
}

/* systemd does not expand specifiers in the text, so each % is doubled. */
static int set_credential(Import *import, const ImportLine *line, _unused_ const char *argument) {
        _cleanup_text_ Text doubled = {};
        _cleanup_free_ char *text = NULL;

        if (!*line->value)
                return 0;
        if (text_open(&doubled) < 0)
                return -ENOMEM;
        percent_write(doubled.f, line->value);
        text = text_finish(&doubled);
        return text ? import_add(import, D_SetCredential, line, text, false) : -ENOMEM;
}

/* systemd takes 0 for "infinity" here. */
static int stop_timeout(Import *import, const ImportLine *line, _unused_ const char *argument) {
        ImportLine infinite = { .origin = line->origin, .key = line->key, .value = (char *) "infinity" };
        uint64_t usec;

        if (parse_timespan(line->value, &usec) >= 0 && usec == 0)
                line = &infinite;
        return import_same(import, line, "TimeoutStopSec");
}

/* "call:kill" becomes an error, because isorun never kills a process for a call. */
static int take_system_call(Import *import, const ImportLine *line, const char *word, bool inverted) {
        size_t n = strcspn(word, ":");
        _cleanup_free_ char *text = NULL;
        int r;

        if (!streq(word + n, ":kill"))
                return import_add(import, D_SystemCallFilter, line, word, inverted);
        text = format("%.*s:EPERM", (int) n, word);
        if (!text)
                return -ENOMEM;
        r = import_add(import, D_SystemCallFilter, line, text, inverted);
        return r < 0 ? r : import_note_replaced(import, line,
                                                "isorun does not kill for a denied call: %s returns EPERM", word);
}

static int system_calls(Import *import, const ImportLine *line, _unused_ const char *argument) {
        _cleanup_strv_free_ char **words = NULL;
        bool inverted = line->value[0] == '~';
        int r;

        import->seen[D_SystemCallFilter] = true;
        if (!*line->value)
                return 0;
        /* systemd ignores a quoted name here, so that a list of allowed calls would be longer in the policy. */
        if (strpbrk(line->value, "\"'\\"))
                return import_note(import, line, false, "systemd does not read quotes and backslashes in this list");
        r = import_words(import, line, line->value + inverted, &words);
        if (r > 0 && !words && inverted)
                r = import_add(import, D_SystemCallFilter, line, "", true);
        for (char **w = words; r >= 0 && w && *w; w++)
                r = take_system_call(import, line, *w, inverted);
        return r < 0 ? r : 0;
}

static int ids(Import *import, const ImportLine *line, _unused_ const char *argument) {
        if (import->user && *line->value)
                return import_note(import, line, false, "a user's sandbox always runs as that user");
        return import_same(import, line, line->key);
}

/* A user's systemd accepts these lines and does nothing, so the policy is not weaker without them. */
static int addresses(Import *import, const ImportLine *line, _unused_ const char *argument) {
        int r;

        if (!import->user)
                return import_same(import, line, line->key);
        r = import_note(import, line, false,
                        "a user's systemd does not enforce it: ConnectTo= with PrivateNetwork=yes allows only the "
                        "peers that it names");
        if (r >= 0)
                import->notes[import->n_notes - 1].outcome = IMPORT_LEFT_OUT;
        return r;
}

/* The unit would join another service's namespace. argument is the directive with which isorun makes a new one, as it
 * does by default. */
static int other_namespace(Import *import, const ImportLine *line, const char *argument) {
        import->seen[directive_id(directive_find(argument))] = true;
        return leave_out(import, line, unit_line_find(line->key)->text);
}

/* import_apply_implied() handles it. */
static int dynamic_user(Import *import, const ImportLine *line, _unused_ const char *argument) {
        return import->user ? ids(import, line, argument) : 0;
}

static int error_number(Import *import, const ImportLine *line, _unused_ const char *argument) {
        import->seen[D_SystemCallErrorNumber] = true;
        if (streq(line->value, "kill"))
                return import_note(import, line, false,
                                   "\"kill\" is not supported: a denied call always returns an error");
        return import_same(import, line, "SystemCallErrorNumber");
}

static int private_users(Import *import, const ImportLine *line, _unused_ const char *argument) {
        import->seen[D_PrivateUsers] = true;
        if (streq(line->value, "full") || streq(line->value, "subordinate"))
                return import_note(import, line, false, "\"%s\" has another meaning in a policy", line->value);
        return import_same(import, line, "PrivateUsers");
}

/* isorun's process namespace already does what "ptraceable" does. */
static int protect_proc(Import *import, const ImportLine *line, _unused_ const char *argument) {
        if (streq(line->value, "ptraceable"))
                return import_note(import, line, true, "isorun always hides processes outside the instance");
        return import_same(import, line, "ProtectProc");
}

/* Prefixes of systemd.service(5), "Command lines". */
static int note_prefixes(Import *import, const ImportLine *line, const char *prefixes, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                switch (prefixes[i]) {
                case '@':
                        r = import_note(import, line, false,
                                        "\"@\" is not supported: argv[0] is always the command's path");
                        break;
                case '-':
                        r = import_note(import, line, false,
                                        "\"-\" is not supported: isorun always returns the command's exit status");
                        break;
                case '+':
                case '!':
                        r = import_note(import, line, false,
                                        "\"%c\" is not supported: the policy always applies to the command",
                                        prefixes[i]);
                        break;
                default: /* ':' prevents variables; isorun never expands them */
                        break;
                }
        return r;
}

/* Writes the words of the command in the syntax of a policy. literal: the prefix ":" was given, so that a $ is only a
 * character. Returns 1, 0 with a note if the command has a variable, or -ENOMEM. */
static int write_command(Import *import, const ImportLine *line, char **words, bool literal, FILE *f) {
        for (char **w = words; *w; w++) {
                if (!literal && word_resolve_dollars(*w) < 0)
                        return import_note(import, line, false, "isorun does not expand variables: %s", *w);
                fputs(w == words ? "" : " ", f);
                word_write(f, *w, WORD_DOLLAR);
        }
        return 1;
}

static int add_command(Import *import, const ImportLine *line, char **words, size_t n_prefixes) {
        _cleanup_text_ Text written = {};
        _cleanup_free_ char *text = NULL;
        bool literal = memchr(words[0], ':', n_prefixes), renamed = memchr(words[0], '@', n_prefixes);
        int r;

        r = note_prefixes(import, line, words[0], n_prefixes);
        if (r < 0)
                return r;
        memmove(words[0], words[0] + n_prefixes, strlen(words[0] + n_prefixes) + 1);
        if (renamed && words[1]) {
                free(words[1]);
                memmove(words + 1, words + 2, (strv_length(words + 2) + 1) * sizeof(char *));
        }
        if (text_open(&written) < 0)
                return -ENOMEM;
        r = write_command(import, line, words, literal, written.f);
        if (r <= 0)
                return r;
        text = text_finish(&written);
        return text ? import_add(import, D_ExecStart, line, text, false) : -ENOMEM;
}

/* Splits the line into the words of its first command. Returns like import_words(). */
static int command_words(Import *import, const ImportLine *line, char ***ret) {
        _cleanup_strv_free_ char **words = NULL;
        const char *rest = line->value;
        int r;

        r = word_split_command(&rest, &words);
        if (r == -EINVAL)
                return import_note(import, line, false, "unbalanced quote");
        if (r == -E2BIG)
                return import_note(import, line, false, "too many words, or a word that is too long");
        if (r >= 0 && *rest)
                r = import_note(import, line, false,
                                "a policy can have only one command: the part from \";\" on is left out");
        if (r >= 0)
                r = import_expand_words(import, line, words);
        if (r > 0)
                *ret = TAKE_PTR(words);
        return r;
}

static int command(Import *import, const ImportLine *line, _unused_ const char *argument) {
        _cleanup_strv_free_ char **words = NULL;
        size_t n;
        int r;

        for (size_t i = 0; i < import->n_items; i++)
                if (import->items[i].id == D_ExecStart)
                        return leave_out(import, line, "a policy can have only one command");
        r = command_words(import, line, &words);
        if (r <= 0 || !words)
                return r < 0 ? r : 0;
        n = strspn(words[0], "@-:+!");
        if (words[0][n] == '|' || !words[0][n])
                return import_note(import, line, false,
                                   "isorun cannot run this command: no program is named, or it has the prefix \"|\"");
        return add_command(import, line, words, n);
}

/* When the first process of the command ends, the instance ends, too. */
static int service_type(Import *import, const ImportLine *line, _unused_ const char *argument) {
        return leave_out(import, line,
                         streq(line->value, "forking")
                                 ? "an instance ends with the first process of its command: add the option to "
                                   "ExecStart= that keeps the server in the foreground"
                                 : unit_line_find(line->key)->text);
}

static const struct {
        const char *key;
        ImportRule rule;
        const char *argument;
} rules[] = {
        { "ExecStart", command, NULL },
        { "ReadWritePaths", writable_paths, NULL },
        { "ReadWriteDirectories", writable_paths, NULL },
        { "ReadOnlyPaths", read_only_paths, NULL },
        { "ReadOnlyDirectories", read_only_paths, NULL },
        { "InaccessiblePaths", inaccessible_paths, NULL },
        { "InaccessibleDirectories", inaccessible_paths, NULL },
        { "RuntimeDirectory", own_directories, "/run %t" },
        { "StateDirectory", own_directories, "/var/lib " },
        { "CacheDirectory", own_directories, "/var/cache %h/.cache" },
        { "LogsDirectory", own_directories, "/var/log " },
        { "ConfigurationDirectory", own_directories, "/etc " },
        { "TemporaryFileSystem", temporary, NULL },
        { "NoExecPaths", exec_paths, "NoExecPaths" },
        { "ExecPaths", exec_paths, "ExecPaths" },
        { "SetCredential", set_credential, NULL },
        { "TimeoutSec", stop_timeout, NULL },
        { "TimeoutStopSec", stop_timeout, NULL },
        { "SystemCallFilter", system_calls, NULL },
        { "SystemCallErrorNumber", error_number, NULL },
        { "PrivateUsers", private_users, NULL },
        { "ProtectProc", protect_proc, NULL },
        { "User", ids, NULL },
        { "Group", ids, NULL },
        { "DynamicUser", dynamic_user, NULL },
        { "IPAddressAllow", addresses, NULL },
        { "IPAddressDeny", addresses, NULL },
        { "NetworkNamespacePath", other_namespace, "PrivateNetwork" },
        { "IPCNamespacePath", other_namespace, "PrivateIPC" },
        { "UserNamespacePath", other_namespace, "PrivateUsers" },
        { "Type", service_type, NULL },
};

ImportRule import_rule(const char *key, const char **ret_argument) {
        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (streq(key, rules[i].key)) {
                        *ret_argument = rules[i].argument;
                        return rules[i].rule;
                }
        return NULL;
}

int import_unit_line(Import *import, const ImportLine *line, const UnitLine *known) {
        if (!*line->value)
                return 0;
        switch (known->kind) {
        case UNIT_LINE_DIRECTIVE:
                return import_same(import, line, known->directive);
        case UNIT_LINE_OTHER:
                return leave_out(import, line, known->text);
        case UNIT_LINE_ALWAYS:
                break;
        }
        if (unit_line_is_met(known, line->value))
                return import_note(import, line, true, "%s", known->text);
        return import_note(import, line, false, "%s%s", known->no ? "" : "not supported: ", known->no ?: known->text);
}
