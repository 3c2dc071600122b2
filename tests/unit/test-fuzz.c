/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random values, the same in each run. A parser must accept a value or report why not, and an accepted value must be
 * valid. */
#include "helper.h"

#include <errno.h>

#include "policy/bindings.h"
#include "policy/value/value.h"
#include "util/path.h"
#include "util/strv.h"

enum { ROUNDS = 20000 };

/* Joins pieces that have a meaning for parsers, and sometimes any byte. */
static void make_text(uint32_t *seed, char *text, size_t size) {
        static const char *const pieces[] = { "/", "/srv", "data", ":", ":", "\\:", "?", "-", ",", "ro", "rw", "overlay", "idmap",
                                              "hide=", "size=", "1M", "50%%", "*", "[", "..", ".", "/..", "//", "none", "%h",
                                              "%", "%%", "\\", "\\x41", "\\n", "\\x00", "\\u00e4", "'", "\"", " ", "\t", "=",
                                              "fd", "fd:3", "noexec", "norbind" };
        unsigned n = next_random(seed) % 12;

        *text = '\0';
        for (unsigned i = 0; i < n; i++) {
                char any[2] = { (char) (1 + next_random(seed) % 255), '\0' };
                const char *piece = next_random(seed) % 8 ? pieces[next_random(seed) % ELEMENTSOF(pieces)] : any;

                if (strlen(text) + strlen(piece) + 1 < size)
                        strcat(text, piece);
        }
}

static void check_path(const char *text, const char *path) {
        _cleanup_free_ char *simple = path_simplify(path);

        if (!path_is_safe(path) || !streq(simple, path))
                fail_msg("\"%s\" gave the path \"%s\"", text, path);
}

static void check_source(const char *text, const char *source) {
        if (source[0] == '/')
                check_path(text, source);
        else if (!volume_name_is_valid(source))
                fail_msg("\"%s\" gave the source \"%s\"", text, source);
}

static void check_options(const char *text, char *const *options, uint64_t flags) {
        for (char *const *o = options; o && *o; o++) {
                const char *pattern = startswith(*o, "hide=");

                if (!pattern)
                        fail_msg("\"%s\" gave the option \"%s\"", text, *o);
                if (pattern && (!*pattern || pattern[0] == '/' || streq(pattern, "..") || strstr(pattern, "/../")))
                        fail_msg("\"%s\" gave the pattern \"%s\"", text, pattern);
        }
        if (flags & BIND_OVERLAY && flags & (BIND_READ_ONLY | BIND_IDMAP))
                fail_msg("\"%s\" gave the flags %#llx", text, (unsigned long long) flags);
}

static void check_volume(const char *text, const Value *v) {
        if (strv_length(v->words) < 2)
                fail_msg("\"%s\" gave less than two words", text);
        check_source(text, v->words[0]);
        check_path(text, v->words[1]);
        check_options(text, v->words + 2, v->number);
}

static void check_root(const char *text, const Value *v) {
        size_t n = strv_length(v->words);

        if (n < 1)
                fail_msg("\"%s\" gave no layer", text);
        for (char **layer = v->words; *layer; layer++) {
                check_source(text, *layer);
                if (streq(*layer, "none") && n > 1)
                        fail_msg("\"%s\" gave \"none\" as a layer", text);
        }
}

static void check_file(const char *text, const Value *v) {
        expect_number(text, strv_length(v->words), 2);
        check_path(text, v->words[0]);
}

static void check_symlink(const char *text, const Value *v) {
        expect_number(text, strv_length(v->words), 2);
        check_path(text, v->words[0]);
        if (!*v->words[1])
                fail_msg("\"%s\" gave no target", text);
}

static void check_credential(const char *text, const Value *v) {
        expect_number(text, strv_length(v->words), 2);
        if (!*v->words[0] || streq(v->words[0], "..") || strchr(v->words[0], '/'))
                fail_msg("\"%s\" gave the name \"%s\"", text, v->words[0]);
}

static const struct {
        const char *key;
        void (*check)(const char *text, const Value *v);
        const char *before; /* makes some values good */
} directives[] = {
        { "Volume", check_volume, "" },
        { "Volume", check_volume, "/a:/b" },
        { "Volume", check_volume, "data:/b:" },
        { "RootDirectory", check_root, "" },
        { "RootDirectory", check_root, "/a" },
        { "File", check_file, "" },
        { "File", check_file, "/f:" },
        { "Symlink", check_symlink, "/l" },
        { "SetCredential", check_credential, "" },
        { "LoadCredential", check_credential, "a" },
};

/* promise P33 */
static void test_values(_unused_ void **state) {
        size_t good = 0, bad = 0;
        uint32_t seed = 4711;

        for (unsigned i = 0; i < ROUNDS; i++) {
                const typeof(directives[0]) *d = &directives[i % ELEMENTSOF(directives)];
                const Directive *directive = directive_find(d->key);
                Policy *policy = test_policy();
                const SettingList *list = &policy->settings[directive_id(directive)];
                char text[256], rest[192];
                Log log;
                int r;

                make_text(&seed, rest, sizeof(rest));
                snprintf(text, sizeof(text), "%s%s", d->before, rest);
                log_init(&log);
                r = test_assign(policy, &log, d->key, text);
                if (r != 0 && r != -EBADMSG)
                        fail_msg("%s=%s: returned %d", d->key, text, r);
                expect_number(text, log.report.n_errors > 0, r < 0);
                for (size_t k = 0; k < list->n; k++)
                        d->check(text, &list->items[k].value);
                *(r < 0 ? &bad : &good) += 1;
                log_deinit(&log);
                policy_free(policy);
        }
        /* If this fails, the pieces are badly chosen. */
        assert_true(good > ROUNDS / 20 && bad > ROUNDS / 20);
}

static void test_bindings(_unused_ void **state) {
        uint32_t seed = 815;
        size_t good = 0;

        for (unsigned i = 0; i < ROUNDS / 4; i++) {
                Bindings bindings = { .specifiers = &test_specifiers };
                char text[256], rest[192];
                Log log;
                int r;

                make_text(&seed, rest, sizeof(rest));
                snprintf(text, sizeof(text), "%s%s", i % 3 == 0 ? "" : i % 3 == 1 ? "a=/b" : "a=fd:", rest);
                log_init(&log);
                r = bindings_add_argument(&bindings, "--bind", text, &log.report);
                if (r != 0 && r != -EBADMSG)
                        fail_msg("%s: returned %d", text, r);
                expect_number(text, log.report.n_errors, r < 0);
                expect_number(text, bindings.n, r == 0);
                if (r == 0) {
                        const Binding *b = &bindings.items[0];

                        if (!volume_name_is_valid(b->name) || (b->fd >= 0) == (b->source != NULL))
                                fail_msg("\"%s\" was taken", text);
                        if (b->source)
                                check_path(text, b->source);
                        check_options(text, b->options, b->flags);
                        good++;
                }
                bindings_deinit(&bindings);
                log_deinit(&log);
        }
        assert_true(good > 100);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_bindings),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
