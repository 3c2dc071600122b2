/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of [Sandbox] that decide which files the payload sees: roots, volumes, directories in memory, and files
 * that the policy itself contains. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "policy/value/value.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/word.h"

bool volume_name_is_valid(const char *s) {
        if (!isalnum((unsigned char) s[0]) && s[0] != '_')
                return false;
        for (; *s; s++)
                if (!isalnum((unsigned char) *s) && !strchr("_.-", *s))
                        return false;
        return true;
}

int value_path_item(ValueParser *p, const char *word) {
        _cleanup_free_ char *path = NULL;
        bool optional = word[0] == '-';
        int r;

        r = value_path(p, word + optional, &path);
        return r < 0 ? r : value_emit(p, path, (Value) { .optional = optional });
}

static int parse_paths(ValueParser *p, const char *text) {
        return value_each(p, text, value_path_item);
}

/* Also takes "./PATH", which stays as it is: the plan knows the working directory of the caller. */
static int check_read_only(ValueParser *p, const char *word) {
        const char *here = startswith(word + (word[0] == '-'), "./");
        _cleanup_free_ char *path = NULL, *absolute = here ? path_join("/", here) : NULL;
        char *text;
        int r;

        if (!here)
                return value_path_item(p, word);
        r = absolute ? value_path(p, absolute, &path) : -ENOMEM;
        if (r < 0)
                return r;
        if (streq(path, "/"))
                return value_not(p, "a path below the working directory", word);
        text = path_join(".", path + 1);
        r = text ? value_emit(p, text, (Value) { .optional = word[0] == '-' }) : -ENOMEM;
        free(text);
        return r;
}

static int parse_read_only(ValueParser *p, const char *text) {
        return value_each(p, text, check_read_only);
}

/* Parses a source: an absolute path, or the name of a volume. */
static int parse_source(ValueParser *p, const char *text, char **ret) {
        if (text[0] == '/')
                return value_path(p, text, ret);
        if (!volume_name_is_valid(text))
                return value_not(p, "an absolute path or a volume name", text);
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static int take_size(ValueParser *p, const char *text, Size *ret) {
        int r = size_parse(text, ret);

        return r < 0 ? value_not_size(p, "a size greater than 0 (such as 64M or 10%)", text) : r;
}

/* Parses "overlay[,size=SIZE]". */
static int take_overlay(ValueParser *p, const char *text, Size *ret) {
        const char *rest = startswith(text, "overlay"), *size = startswith(rest, ",size=");

        *ret = (Size) { .number = 64 << 20 };
        return size ? take_size(p, size, ret) : *rest ? value_not(p, "overlay or overlay,size=SIZE", text) : 0;
}

/* The store decides whether it is a name. */
static int emit_image(ValueParser *p, const char *text) {
        _cleanup_strv_free_ char **words = NULL;
        const char *name = text + strlen(ROOT_IMAGE_PREFIX), *last = strrchr(name, ':');
        const bool overlay = last && (streq(last, ":overlay") || startswith(last, ":overlay,"));
        Size size = {};
        int r = overlay ? take_overlay(p, last + 1, &size) : 0;

        if (r < 0)
                return r;
        if (!*name || last == name || strpbrk(name, " \t"))
                return value_not(p, "image:NAME[:TAG][:overlay]", text);
        if (strv_consume(&words, format("%.*s", (int) (overlay ? last - text : (ptrdiff_t) strlen(text)), text)) < 0)
                return -ENOMEM;
        return value_emit(p, text, (Value) { .words = TAKE_PTR(words), .number = ROOT_IMAGE, .size = size });
}

/* words: the layers, lowest first; number: ROOT_*. */
static int parse_root(ValueParser *p, const char *text) {
        _cleanup_strv_free_ char **fields = NULL, **words = NULL;
        _cleanup_free_ char *expanded = NULL, *joined = NULL;
        int r;

        r = value_expand(p, text, &expanded);
        if (r < 0)
                return r;
        if (startswith(expanded, ROOT_IMAGE_PREFIX))
                return emit_image(p, expanded);
        if (word_split_colons(expanded, &fields) < 0)
                return -ENOMEM;
        if (strv_length(fields) > ROOT_LAYERS_MAX)
                return value_error(p, "a root can have at most %d layers", ROOT_LAYERS_MAX);
        for (char **f = fields; *f; f++) {
                char *source;

                if (streq(*f, "none") && fields[1])
                        return value_error(p, "\"none\" cannot be one of several layers: \"%s\"", text);
                r = parse_source(p, *f, &source);
                if (r < 0)
                        return r;
                if (strv_consume(&words, source) < 0)
                        return -ENOMEM;
        }

        joined = strv_join(words, ":");
        if (!joined)
                return -ENOMEM;
        return value_emit(p, joined, (Value) { .words = TAKE_PTR(words),
                                               .number = streq(joined, "none") ? ROOT_NONE : ROOT_LAYERS });
}

static bool ends_in_dot(const char *pattern) {
        size_t n = strlen(pattern);

        while (n > 0 && pattern[n - 1] == '/')
                n--;
        return n > 0 && pattern[n - 1] == '.' && (n == 1 || pattern[n - 2] == '/');
}

static int check_hide(ValueParser *p, const char *pattern) {
        _cleanup_free_ char *absolute = path_join("/", pattern);

        if (!absolute)
                return -ENOMEM;
        /* A match that ends in "." is never hidden, because ".*" also matches the directory itself. */
        if (!*pattern || pattern[0] == '/' || !path_is_safe(absolute) || ends_in_dot(pattern))
                return value_not(p, "a pattern relative to the volume (such as *.key)", pattern);
        return 0;
}

/* Takes an option that has a value. Returns 1, or 0 if it is another option. */
static int option_with_value(ValueParser *p, const char *option, char ***words, Size *size) {
        const char *pattern = startswith(option, "hide="), *limit = startswith(option, "size=");
        int r;

        if (limit) {
                r = take_size(p, limit, size);
                return r < 0 ? r : 1;
        }
        if (!pattern)
                return 0;
        r = check_hide(p, pattern);
        if (r < 0)
                return r;
        return strv_push(words, option) < 0 ? -ENOMEM : 1;
}

static int check_options(ValueParser *p, const char *options, uint64_t flags, const Size *size) {
        if (flags & BIND_OVERLAY && flags & (BIND_READ_ONLY | BIND_IDMAP))
                return value_error(p, "\"overlay\" cannot be combined with \"%s\"",
                                   flags & BIND_IDMAP ? "idmap" : "ro");
        if (flags & BIND_DEVICES && flags & (BIND_OVERLAY | BIND_IDMAP))
                return value_error(p, "\"dev\" cannot be combined with \"overlay\" or \"idmap\"");
        if (size->number > 0 && !(flags & BIND_OVERLAY))
                return value_error(p, "\"size=\" limits an overlay's memory and needs the option \"overlay\": \"%s\"",
                                   options);
        return 0;
}

int value_volume_options(ValueParser *p, const char *options, const char *hint, uint64_t *flags, char ***words,
                         Size *size) {
        static const struct {
                const char *name;
                uint64_t set, clear;
        } table[] = {
                { "ro", BIND_READ_ONLY, 0 },       { "rw", 0, BIND_READ_ONLY }, { "rbind", 0, BIND_NO_RECURSE },
                { "norbind", BIND_NO_RECURSE, 0 }, { "exec", 0, BIND_NO_EXEC }, { "noexec", BIND_NO_EXEC, 0 },
                { "overlay", BIND_OVERLAY, 0 },    { "idmap", BIND_IDMAP, 0 },
                { "dev", BIND_DEVICES, 0 },
        };
        _cleanup_free_ char *copy = strdup(options);
        char *position = copy;

        if (!copy)
                return -ENOMEM;
        while (position && *position) {
                const char *o = strsep(&position, ",");
                size_t i;
                int r;

                r = option_with_value(p, o, words, size);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;

                for (i = 0; i < ELEMENTSOF(table) && !streq(table[i].name, o); i++)
                        ;
                if (i == ELEMENTSOF(table))
                        return value_error(p, "unknown option: \"%s\"%s", o, hint);
                *flags = (*flags | table[i].set) & ~table[i].clear;
        }

        if (check_options(p, options, *flags, size) < 0)
                return -EBADMSG;
        if (*flags & BIND_DEVICES)
                *flags |= BIND_READ_ONLY;
        return 0;
}

/* words: source and destination, then the options that have a value; number: BIND_*. */
static int emit_bind(ValueParser *p, const char *word, size_t min_fields, uint64_t flags,
                     int (*source)(ValueParser *p, const char *text, char **ret)) {
        _cleanup_strv_free_ char **fields = NULL, **words = NULL;
        bool optional = word[0] == '-' || word[0] == '?';
        const char *destination, *hint;
        Size size = {};
        char *path;
        size_t n;
        int r;

        if (word_split_colons(word + optional, &fields) < 0)
                return -ENOMEM;
        n = strv_length(fields);
        if (n < min_fields || n > 3)
                return value_not(p, min_fields > 1 ? "SRC:DEST[:OPTIONS]" : "SRC[:DEST[:OPTIONS]]", word);

        r = source(p, fields[0], &path);
        if (r < 0)
                return r;
        if (strv_consume(&words, path) < 0)
                return -ENOMEM;
        destination = n > 1 && *fields[1] ? fields[1] : fields[0];
        r = value_path(p, destination, &path);
        if (r < 0)
                return r;
        if (strv_consume(&words, path) < 0)
                return -ENOMEM;
        /* isorun -v SRC:X makes this of an X that does not look like a path. */
        hint = n > 2 && streq(fields[0], fields[1]) ? " (a path inside begins with \"/\")" : "";
        r = n > 2 ? value_volume_options(p, fields[2], hint, &flags, &words, &size) : 0;
        if (r < 0)
                return r;

        return value_emit(p, word, (Value) { .words = TAKE_PTR(words), .number = flags, .size = size,
                                             .optional = optional });
}

static int check_bind(ValueParser *p, const char *word) {
        bool read_only = directive_id(p->directive) == D_BindReadOnlyPaths;

        return emit_bind(p, word, 1, read_only ? BIND_READ_ONLY : 0, value_path);
}

static int check_volume(ValueParser *p, const char *word) {
        return emit_bind(p, word, 2, 0, parse_source);
}

static int parse_bind(ValueParser *p, const char *text) {
        return value_each(p, text, check_bind);
}

static int parse_volume(ValueParser *p, const char *text) {
        return value_each(p, text, check_volume);
}

/* Whether this is "ro" or an option of tmpfs(5) that is useful for a directory of the payload. */
static bool is_tmpfs_option(const char *option) {
        const char *text = startswith(option, "mode=");
        uint32_t mode;

        if (text)
                return parse_mode(text, &mode) >= 0;
        return streq(option, "ro") || streq(option, "rw") || streq(option, "noexec") || streq(option, "exec");
}

static int take_tmpfs_option(ValueParser *p, const char *option, Value *v, char ***words) {
        const char *size = startswith(option, "size="), *inodes = startswith(option, "nr_inodes=");

        if (size)
                return take_size(p, size, &v->size);
        if (inodes)
                return size_parse_inodes(inodes, &v->number) < 0
                       ? value_not(p, "a number of inodes greater than 0 (such as 10K)", inodes) : 0;
        if (!is_tmpfs_option(option))
                return value_not(p, "one of the options ro, rw, exec, noexec, mode=, size= and nr_inodes=", option);
        return strv_push(words, option);
}

/* PATH[:OPTIONS]. words: the path, then each option but size= and nr_inodes=; number: the inodes, 0: any number. */
static int check_tmpfs(ValueParser *p, const char *word) {
        _cleanup_strv_free_ char **fields = NULL, **words = NULL;
        char *path, *position = NULL;
        Value v = {};
        int r;

        if (word_split_colons(word, &fields) < 0)
                return -ENOMEM;
        if (strv_length(fields) > 2)
                return value_not(p, "PATH[:OPTIONS]", word);

        r = value_path(p, fields[0], &path);
        if (r < 0)
                return r;
        if (strv_consume(&words, path) < 0)
                return -ENOMEM;

        for (char *o = fields[1] ? strtok_r(fields[1], ",", &position) : NULL; o; o = strtok_r(NULL, ",", &position)) {
                r = take_tmpfs_option(p, o, &v, &words);
                if (r < 0)
                        return r;
        }

        v.words = TAKE_PTR(words);
        return value_emit(p, word, v);
}

static int parse_tmpfs(ValueParser *p, const char *text) {
        return value_each(p, text, check_tmpfs);
}

/* PATH[:ro|rw]. A writable place cannot be directly in /, because its Landlock rule allows writing below its parent
 * directory (plan/deny/landlock.c). */
static int check_grant(ValueParser *p, const char *word) {
        _cleanup_strv_free_ char **fields = NULL;
        _cleanup_free_ char *path = NULL, *parent = NULL;
        bool writable;
        int r;

        if (word_split_colons(word, &fields) < 0)
                return -ENOMEM;
        if (strv_length(fields) > 2 || (fields[1] && !streq(fields[1], "ro") && !streq(fields[1], "rw")))
                return value_not(p, "PATH[:ro|rw]", word);
        writable = fields[1] && streq(fields[1], "rw");
        r = value_path(p, fields[0], &path);
        if (r < 0)
                return r;
        parent = path_parent(path);
        if (!parent)
                return -ENOMEM;
        if (streq(path, "/") || (writable && streq(parent, "/")))
                return value_error(p,
                                   "%s cannot be a place for grants: a place cannot be /, and a writable place cannot "
                                   "be directly below / (use, for example, /mnt/in)", path);
        return value_emit(p, path, (Value) { .number = writable ? 0 : BIND_READ_ONLY });
}

static int parse_grant(ValueParser *p, const char *text) {
        return value_each(p, text, check_grant);
}

/* Splits KEY:REST. *ret_key has its specifiers replaced; *ret_rest is still to be parsed. */
static int split_key(ValueParser *p, const char *text, const char *syntax, char **ret_key, const char **ret_rest) {
        const char *colon = strchr(text, ':');
        _cleanup_strv_free_ char **fields = NULL;
        _cleanup_free_ char *key = NULL;
        int r;

        while (colon && colon > text && colon[-1] == '\\')
                colon = strchr(colon + 1, ':');
        if (!colon || colon == text)
                return value_not(p, syntax, text);
        key = strndup(text, (size_t) (colon - text));
        if (!key || word_split_colons(key, &fields) < 0)
                return -ENOMEM;
        r = value_expand(p, fields[0], ret_key);
        if (r >= 0)
                *ret_rest = colon + 1;
        return r;
}

/* The content of a file. It extends to the end of the line, with specifiers and C escapes, but without quotes. */
static int parse_content(ValueParser *p, const char *text, char **ret) {
        _cleanup_free_ char *expanded = NULL;
        int r;

        r = value_expand(p, text, &expanded);
        if (r < 0)
                return r;
        r = word_unescape(expanded, ret);
        return r == -EINVAL ? value_error(p, "unknown escape sequence: \"%s\"", text) : r;
}

/* Emits two words. Takes over both, also on failure; second may be NULL if memory has run out. */
static int emit_pair(ValueParser *p, const char *text, char *key, char *second) {
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = strv_consume(&words, key);
        if (r < 0) {
                free(second);
                return r;
        }
        r = strv_consume(&words, second);
        return r < 0 ? r : value_emit(p, text, (Value) { .words = TAKE_PTR(words) });
}

/* PATH:TEXT. words: the path, the content. */
static int parse_file(ValueParser *p, const char *text) {
        _cleanup_free_ char *key = NULL, *path = NULL;
        const char *rest;
        char *content;
        int r;

        r = split_key(p, text, "PATH:TEXT", &key, &rest);
        if (r >= 0)
                r = value_path(p, key, &path);
        if (r >= 0)
                r = parse_content(p, rest, &content);
        return r < 0 ? r : emit_pair(p, text, TAKE_PTR(path), content);
}

/* PATH:TARGET. words: the path, the target. */
static int check_symlink(ValueParser *p, const char *word) {
        _cleanup_strv_free_ char **fields = NULL;
        char *path;
        int r;

        if (word_split_colons(word, &fields) < 0)
                return -ENOMEM;
        if (strv_length(fields) != 2 || !*fields[1] || strlen(fields[1]) >= PATH_MAX)
                return value_not(p, "PATH:TARGET", word);
        r = value_path(p, fields[0], &path);
        return r < 0 ? r : emit_pair(p, word, path, strdup(fields[1]));
}

static int parse_symlink(ValueParser *p, const char *text) {
        return value_each(p, text, check_symlink);
}

/* systemd uses the name as a file name: systemd.exec(5). */
static int check_credential_id(ValueParser *p, const char *id) {
        bool good = *id && strlen(id) <= NAME_MAX && !streq(id, ".") && !streq(id, "..") && !strchr(id, '/');

        for (const char *c = id; good && *c; c++)
                good = isgraph((unsigned char) *c);
        return good ? 0 : value_not(p, "the name of a credential", id);
}

/* ID:TEXT. words: the name, the content. text: only the name, because isorun prints it. */
static int parse_set_credential(ValueParser *p, const char *text) {
        _cleanup_free_ char *id = NULL;
        const char *rest;
        char *content;
        int r;

        r = split_key(p, text, "ID:TEXT", &id, &rest);
        if (r >= 0)
                r = check_credential_id(p, id);
        if (r >= 0)
                r = parse_content(p, rest, &content);
        return r < 0 ? r : emit_pair(p, id, strdup(id), content);
}

/* ID[:PATH]. words: the name, and its source: a path or the name of a credential of the service. */
static int parse_load_credential(ValueParser *p, const char *text) {
        _cleanup_free_ char *expanded = NULL;
        _cleanup_strv_free_ char **fields = NULL;
        const char *source;
        int r;

        r = value_expand(p, text, &expanded);
        if (r < 0)
                return r;
        if (word_split_colons(expanded, &fields) < 0)
                return -ENOMEM;
        if (strv_length(fields) > 2)
                return value_not(p, "ID[:PATH]", text);
        source = fields[1] ?: fields[0];
        r = check_credential_id(p, fields[0]);
        if (r >= 0 && source[0] == '/' && !path_is_safe(source))
                r = value_error(p, "the path contains \"..\": \"%s\"", source);
        if (r >= 0 && source[0] != '/')
                r = check_credential_id(p, source);
        return r < 0 ? r : emit_pair(p, expanded, strdup(fields[0]), strdup(source));
}

const ValueType type_paths = { "[-]PATH…", parse_paths, NULL };
const ValueType type_read_only_paths = { "[-]PATH|./PATH…", parse_read_only, NULL };
const ValueType type_root = { "PATH|NAME[:…]|image:NAME[:TAG]|none", parse_root,
                              (const char *const[]) { "none", NULL } };
const ValueType type_bind = { "[-]SRC[:DEST[:OPTIONS]]…", parse_bind, NULL };
const ValueType type_volume = { "[?]SRC|NAME:DEST[:OPTIONS]…", parse_volume, NULL };
const ValueType type_tmpfs = { "PATH[:OPTIONS]…", parse_tmpfs, NULL };
const ValueType type_grant = { "PATH[:ro|rw]…", parse_grant, NULL };
const ValueType type_file = { "PATH:TEXT", parse_file, NULL };
const ValueType type_symlink = { "PATH:TARGET…", parse_symlink, NULL };
const ValueType type_set_credential = { "ID:TEXT", parse_set_credential, NULL };
const ValueType type_load_credential = { "ID[:PATH]", parse_load_credential, NULL };
