/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/policy-load.h"

#include <errno.h>
#include <stdio.h>

#include "policy/builtin.h"
#include "policy/own-policy.h"
#include "policy/unit-file.h"
#include "util/array.h"
#include "util/config-home.h"
#include "util/drop-in.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/similar.h"
#include "util/strv.h"
#include "util/text.h"

/* A file of the policy, or one of its drop-ins. */
typedef struct Document {
        char *file, *text;
        size_t size;
} Document;

typedef struct Documents {
        Document *items;
        size_t n;
} Documents;

/* Limits for one policy with all that it is based on. They keep a hostile policy from using up time and memory. */
enum { FILES_MAX = 1000, TEXTS_MAX = TEXT_FILE_MAX, BASES_MAX = 32 };

typedef struct Loader {
        Policy *policy;
        char *const *search_path;
        Report *report;
        size_t n_files, size; /* of all files */
        char **chain; /* the files on the way from the policy to its base, to detect a loop */
        bool of_notes; /* the policy is that of a program's notes */
        PolicyVisit visit; /* called instead of parsing; NULL: parse */
        void *userdata;
} Loader;

static void documents_deinit(Documents *d) {
        for (size_t i = 0; i < d->n; i++) {
                free(d->items[i].file);
                free(d->items[i].text);
        }
        free(d->items);
}

char **policy_search_path(const char *config_home, const char *home, uid_t uid) {
        static const char *const system[] = { "/etc/isorun/policies", "/usr/local/lib/isorun/policies",
                                              "/usr/lib/isorun/policies", INSTALLED_POLICIES };
        _cleanup_strv_free_ char **path = NULL;
        char *own;

        if (config_home_find(config_home, home, uid, "policies", &own) < 0 || (own && strv_consume(&path, own) < 0))
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(system); i++)
                if (!strv_contains(path, system[i]) && strv_push(&path, system[i]) < 0)
                        return NULL;
        return TAKE_PTR(path);
}

bool policy_spec_is_path(const char *spec) {
        return strchr(spec, '/') || (endswith(spec, ".conf") && access(spec, F_OK) == 0);
}

char *policy_spec_name(const char *spec) {
        const char *name = path_name(spec);

        return endswith(name, ".conf") ? strndup(name, strlen(name) - 5) : strdup(name);
}

/* Adds the file. Takes over the string file, also on failure. Returns 0 or -errno. */
static int add_file(Loader *l, Documents *documents, char *file) {
        Document d = { .file = file }, *added;
        int r;

        if (!file)
                return -ENOMEM;

        r = l->n_files >= FILES_MAX ? -E2BIG : text_file_read(file, &d.text, &d.size);
        if (r >= 0 && (l->size += d.size) > TEXTS_MAX)
                r = -EFBIG;
        added = r < 0 ? NULL : ARRAY_APPEND(documents->items, documents->n);
        if (!added) {
                free(d.file);
                free(d.text);
                return r < 0 ? r : -ENOMEM;
        }
        *added = d;
        l->n_files++;
        return 0;
}

static const char builtin_name[] = "default.conf (built-in)";

/* Takes over the strings. */
static int add_note(Loader *l, Documents *documents, Note *note) {
        Document *d;

        if (l->n_files >= FILES_MAX || (l->size += note->size) > TEXTS_MAX)
                return report_error(l->report, EFBIG, "%s: the program's policy is %s", note->name,
                                    text_file_strerror(EFBIG));
        d = ARRAY_APPEND(documents->items, documents->n);
        if (!d)
                return -ENOMEM;
        *d = (Document) { .file = TAKE_PTR(note->name), .text = TAKE_PTR(note->text), .size = note->size };
        l->n_files++;
        return 0;
}

static bool is_elf(int fd) {
        char magic[4];

        return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

/* Adds the policy of a program. Returns 1; 0 if the file is not a program with a policy, and so a policy itself; or
 * -errno, reported. */
static int add_program(Loader *l, const char *file, Documents *documents) {
        _cleanup_close_ int fd = file_open_regular(file);
        _cleanup_(notes_deinit) Notes notes = {};
        int r;

        if (fd < 0) /* add_file() reports it */
                return 0;
        r = own_policy_read(fd, file, &notes, l->report);
        if (r == -ENODATA)
                return is_elf(fd) ? report_error(l->report, ENODATA, "the program %s carries no policy", file) : 0;
        for (size_t i = 0; r >= 0 && i < notes.n; i++)
                r = add_note(l, documents, &notes.items[i]);
        return r < 0 ? r : 1;
}

static int add_builtin(Documents *documents) {
        Document *d = ARRAY_APPEND(documents->items, documents->n);

        if (!d)
                return -ENOMEM;
        d->file = strdup(builtin_name);
        d->text = strdup(builtin_default_policy);
        d->size = strlen(builtin_default_policy);
        return d->file && d->text ? 0 : -ENOMEM;
}

static int collect_drop_ins(Loader *l, Origin from, const char *name, Documents *documents) {
        _cleanup_strv_free_ char **paths = NULL;
        int r;

        for (char *const *dir = l->search_path; *dir; dir++) {
                _cleanup_free_ char *path = format("%s/%s.conf.d", *dir, name);

                if (!path)
                        return -ENOMEM;
                r = drop_ins_collect(path, &paths);
                if (r < 0)
                        return report_error_at(l->report, from, NULL, -r, "%s: %s", path, text_file_strerror(-r));
        }
        drop_ins_sort(paths);

        for (char **p = paths; p && *p; p++) {
                r = add_file(l, documents, strdup(*p));
                if (r < 0)
                        return report_error_at(l->report, from, NULL, -r, "%s: %s", *p, text_file_strerror(-r));
        }
        return 0;
}

/* Reports that there is no policy of this name, with the most similar one. */
static int no_such_policy(const Loader *l, Origin from, const char *name) {
        _cleanup_free_ char *dirs = strv_join(l->search_path, ", ");
        _cleanup_strv_free_ char **names = NULL;
        Similar similar = { .word = name };

        (void) policy_list(l->search_path, &names);
        for (char **n = names; n && *n; n++)
                similar_try(&similar, *n);
        if (similar.found)
                return report_error_at(l->report, from, NULL, ENOENT, "no policy \"%s\" in %s (did you mean %s?)", name,
                                       dirs ?: "?", similar.found);
        return report_error_at(l->report, from, NULL, ENOENT, "no policy \"%s\" in %s", name, dirs ?: "?");
}

static int collect_by_name(Loader *l, Origin from, const char *name, Documents *documents) {
        int r = -ENOENT;

        for (char *const *dir = l->search_path; *dir && r == -ENOENT; dir++) {
                r = add_file(l, documents, format("%s/%s.conf", *dir, name));
                if (r < 0 && r != -ENOENT)
                        return report_error_at(l->report, from, NULL, -r, "cannot read the policy %s in %s: %s",
                                               name, *dir, text_file_strerror(-r));
        }

        if (r == -ENOENT && streq(name, "default"))
                r = add_builtin(documents);
        if (r == -ENOENT)
                return no_such_policy(l, from, name);
        return r < 0 ? r : collect_drop_ins(l, from, name, documents);
}

static int collect(Loader *l, Origin from, const char *spec, Documents *documents) {
        _cleanup_free_ char *name = NULL;
        int r;

        if (from.file ? strchr(spec, '/') != NULL : policy_spec_is_path(spec)) {
                r = from.file || endswith(spec, ".conf") ? 0 : add_program(l, spec, documents);
                if (r != 0)
                        return r < 0 ? r : 0;
                r = add_file(l, documents, strdup(spec));
                return r < 0 ? report_error_at(l->report, from, NULL, -r, "cannot read the policy %s: %s",
                                               spec, text_file_strerror(-r)) : 0;
        }

        if (!*spec || spec[0] == '.')
                return report_error_at(l->report, from, NULL, EINVAL, "not the name of a policy: \"%s\"", spec);
        name = policy_spec_name(spec);
        return name ? collect_by_name(l, from, name, documents) : -ENOMEM;
}

/* The Base= line of a policy, and its place. */
typedef struct BaseLine {
        char *spec;
        Origin origin;
} BaseLine;

static int find_base(void *userdata, Origin origin, const char *section, const char *key, const char *value) {
        BaseLine *base = userdata;

        if (!streq(section, "Policy") || !streq(key, "Base"))
                return 0;

        free(base->spec);
        base->spec = strdup(value);
        base->origin = origin;
        return base->spec ? 0 : -ENOMEM;
}

/* A relative path, or a file NAME.conf that exists, starts at the directory of the file that has the Base= line. */
static int resolve_base(BaseLine *base) {
        _cleanup_free_ char *dir = NULL, *joined = NULL;
        bool has_slash = strchr(base->spec, '/');

        if (base->spec[0] == '/' || (!has_slash && !endswith(base->spec, ".conf")))
                return 0;

        dir = path_parent(base->origin.file);
        joined = dir ? path_join(dir, base->spec) : NULL;
        if (!joined)
                return -ENOMEM;
        if (!has_slash && access(joined, F_OK) < 0)
                return 0;
        free(base->spec);
        base->spec = TAKE_PTR(joined);
        return 0;
}

static int load(Loader *l, Origin from, const char *spec);

static int load_base(Loader *l, const Documents *documents) {
        BaseLine base = {};
        Report silent = {}; /* policy_read() reports the same errors later */
        int r = 0;

        for (size_t i = 0; i < documents->n && r != -ENOMEM; i++)
                r = unit_file_parse(documents->items[i].file, documents->items[i].text, documents->items[i].size,
                                    find_base, &base, &silent);
        if (r == -ENOMEM || !base.spec || !*base.spec) {
                free(base.spec);
                return r == -ENOMEM ? r : 0;
        }

        r = resolve_base(&base);
        if (r >= 0)
                r = load(l, base.origin, base.spec);
        free(base.spec);
        return r;
}

/* No Base= names a note. */
static int enter(Loader *l, Origin from, const char *file) {
        const bool is_file = !streq(file, builtin_name) && (l->chain || !l->of_notes);
        _cleanup_free_ char *real = is_file ? realpath(file, NULL) : NULL, *chain = NULL;
        const char *name = real ?: file;

        if (strv_length(l->chain) > BASES_MAX)
                return report_error_at(l->report, from, "Base", ELOOP, "more than %d policies are based on each other",
                                       BASES_MAX);
        if (!strv_contains(l->chain, name))
                return strv_push(&l->chain, name);

        chain = strv_join(l->chain, " → ");
        return report_error_at(l->report, from, "Base", ELOOP, "the policy is its own base: %s → %s",
                               chain ?: "…", name);
}

/* Reads the base before the policy, so that the policy's lines win. */
static int load_documents(Loader *l, Origin from, const Documents *documents) {
        int r, result;

        r = enter(l, from, documents->items[0].file);
        if (r < 0)
                return r;

        result = load_base(l, documents);
        for (size_t i = 0; i < documents->n && (result == 0 || result == -EBADMSG); i++) {
                const Document *d = &documents->items[i];

                r = l->visit ? l->visit(l->userdata, d->file, d->text, d->size)
                             : policy_read(l->policy, d->file, d->text, d->size, l->report);
                if (r < 0)
                        result = r;
        }
        return result;
}

static int load(Loader *l, Origin from, const char *spec) {
        _cleanup_(documents_deinit) Documents documents = {};
        int r;

        r = collect(l, from, spec, &documents);
        return r < 0 ? r : load_documents(l, from, &documents);
}

int policy_load_notes(Policy *policy, const Notes *notes, char *const *search_path, Report *report) {
        Loader l = { .policy = policy, .search_path = search_path, .report = report, .of_notes = true };
        _cleanup_(documents_deinit) Documents documents = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < notes->n; i++) {
                Note copy = { .name = strdup(notes->items[i].name), .text = strdup(notes->items[i].text),
                              .size = notes->items[i].size };

                r = copy.name && copy.text ? add_note(&l, &documents, &copy) : -ENOMEM;
                free(copy.name);
                free(copy.text);
        }
        if (r >= 0)
                r = load_documents(&l, (Origin) {}, &documents);
        strv_free(l.chain);
        return report_if_oom(report, r);
}

int policy_load(Policy *policy, const char *spec, char *const *search_path, Report *report) {
        Loader l = { .policy = policy, .search_path = search_path, .report = report };
        int r;

        r = load(&l, (Origin) {}, spec);
        strv_free(l.chain);
        return report_if_oom(report, r);
}

int policy_visit(const char *spec, char *const *search_path, PolicyVisit visit, void *userdata, Report *report) {
        Loader l = { .search_path = search_path, .report = report, .visit = visit, .userdata = userdata };
        int r;

        r = load(&l, (Origin) {}, spec);
        strv_free(l.chain);
        return report_if_oom(report, r);
}
