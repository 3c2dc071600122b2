/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* policy_load() in temporary directories. "high" comes before "low" in the search path. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "policy/policy-load.h"
#include "util/strv.h"

typedef struct Fixture {
        char *dir;
        char **search_path;
        Policy *policy;
        Log log;
} Fixture;

static int set_up(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        assert_non_null(f);
        f->dir = temp_make();
        temp_dir(f->dir, "high");
        temp_dir(f->dir, "low");
        assert_int_equal(strv_pushf(&f->search_path, "%s/high", f->dir), 0);
        assert_int_equal(strv_pushf(&f->search_path, "%s/missing", f->dir), 0);
        assert_int_equal(strv_pushf(&f->search_path, "%s/low", f->dir), 0);
        f->policy = test_policy();
        log_init(&f->log);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;

        log_deinit(&f->log);
        policy_free(f->policy);
        strv_free(f->search_path);
        temp_remove(f->dir);
        free(f);
        return 0;
}

static int load(Fixture *f, const char *spec) {
        return policy_load(f->policy, spec, f->search_path, &f->log.report);
}

static int load_path(Fixture *f, const char *name) {
        char path[PATH_MAX];

        return load(f, temp_path(path, f->dir, name));
}

static void expect_loaded(Fixture *f, const char *spec, const char *directive, const char *values) {
        int r = load(f, spec);

        expect_text(spec, log_text(&f->log), "");
        expect_result(spec, r, 0);
        expect_values(spec, f->policy, directive, values);
}

static void expect_failure(Fixture *f, int r, int error, const char *message) {
        expect_result(message, r, -error);
        expect_in("message", log_text(&f->log), message);
        expect_number(message, f->log.report.n_errors, 1);
}

/* A policy line that adds a word to Environment=, so that the words show the order of reading. */
#define MARK(word) "[Sandbox]\nEnvironment=" word "=1\n"

static void test_name(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/web.conf", MARK("low"));
        temp_text(f->dir, "low/db.conf", MARK("db"));
        temp_text(f->dir, "high/web.conf", MARK("high"));
        expect_loaded(f, "web", "Environment", "high=1");
        expect_loaded(f, "db", "Environment", "high=1; db=1");
        expect_loaded(f, "web.conf", "Environment", "high=1; db=1; high=1");
}

static void test_path(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];

        temp_text(f->dir, "elsewhere/web.conf", MARK("path"));
        temp_text(f->dir, "high/web.conf", MARK("high"));
        temp_text(f->dir, "elsewhere/no-suffix", MARK("odd"));
        expect_loaded(f, temp_path(path, f->dir, "elsewhere/web.conf"), "Environment", "path=1");
        expect_loaded(f, temp_path(path, f->dir, "elsewhere/no-suffix"), "Environment", "path=1; odd=1");
}

static void test_origin(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];

        temp_text(f->dir, "low/web.conf", "\n" MARK("low"));
        assert_int_equal(load(f, "web"), 0);
        expect_text("file", policy_get(f->policy, D_Environment)->origin.file, temp_path(path, f->dir, "low/web.conf"));
        assert_int_equal(policy_get(f->policy, D_Environment)->origin.line, 3);
}

static void test_builtin_default(void **state) {
        Fixture *f = *state;

        assert_int_equal(load(f, "default"), 0);
        expect_text("messages", log_text(&f->log), "");
        assert_non_null(policy_get(f->policy, D_SystemCallFilter));
        expect_in("file", policy_get(f->policy, D_SystemCallFilter)->origin.file, "built-in");
}

static void test_default_replaced(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/default.conf", MARK("mine"));
        expect_loaded(f, "default", "Environment", "mine=1");
        assert_null(policy_get(f->policy, D_SystemCallFilter));
}

/* Drop-ins come from all directories and are sorted by name. For two with the same name, the first directory wins. */
static void test_drop_ins(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "high/web.conf", MARK("web"));
        temp_text(f->dir, "low/web.conf.d/10-first.conf", MARK("first"));
        temp_text(f->dir, "high/web.conf.d/20-both.conf", MARK("high"));
        temp_text(f->dir, "low/web.conf.d/20-both.conf", MARK("low"));
        temp_text(f->dir, "low/web.conf.d/30-last.conf", MARK("last"));
        temp_text(f->dir, "high/web.conf.d/25-middle.conf", MARK("middle"));
        temp_text(f->dir, "high/web.conf.d/.hidden.conf", MARK("hidden"));
        temp_text(f->dir, "high/web.conf.d/backup.conf~", MARK("backup"));
        temp_text(f->dir, "high/other.conf.d/10-other.conf", MARK("other"));
        expect_loaded(f, "web", "Environment", "web=1; first=1; high=1; middle=1; last=1");
}

static void test_drop_in_masked(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/web.conf", MARK("web"));
        temp_text(f->dir, "low/web.conf.d/10-a.conf", MARK("a"));
        temp_text(f->dir, "low/web.conf.d/20-b.conf", MARK("b"));
        temp_link(f->dir, "high/web.conf.d/10-a.conf", "/dev/null");
        expect_loaded(f, "web", "Environment", "web=1; b=1");
}

static void test_drop_in_resets(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/web.conf", MARK("web") "Nice=1\n");
        temp_text(f->dir, "low/web.conf.d/10.conf", "[Sandbox]\nEnvironment=\nNice=2\n");
        expect_loaded(f, "web", "Environment", "");
        expect_values("web", f->policy, "Nice", "2 n=2");
}

static void test_drop_in_of_default(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/default.conf.d/10.conf", MARK("more"));
        expect_loaded(f, "default", "Environment", "more=1");
        assert_non_null(policy_get(f->policy, D_SystemCallFilter));
}

static void test_drop_in_unreadable(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/web.conf", MARK("web"));
        temp_dir(f->dir, "low/web.conf.d/10.conf");
        expect_failure(f, load(f, "web"), EISDIR, "low/web.conf.d/10.conf: Is a directory");
}

/* The top policy is read last, so that its lines win. */
static void test_base_by_name(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/bottom.conf", MARK("bottom") "Nice=1\n");
        temp_text(f->dir, "low/bottom.conf.d/10.conf", MARK("drop"));
        temp_text(f->dir, "low/middle.conf", "[Policy]\nBase=bottom\n" MARK("middle") "Nice=2\n");
        temp_text(f->dir, "high/top.conf", MARK("top") "Nice=3\n[Policy]\nBase=middle\n");
        expect_loaded(f, "top", "Environment", "bottom=1; drop=1; middle=1; top=1");
        expect_values("top", f->policy, "Nice", "3 n=3");
}

static void test_base_by_path(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];

        temp_text(f->dir, "a/b/top.conf", "[Policy]\nBase=../base.conf\n" MARK("top"));
        temp_text(f->dir, "a/base.conf", "[Policy]\nBase=./b/deep.conf\n" MARK("base"));
        temp_text(f->dir, "a/b/deep.conf", MARK("deep"));
        expect_loaded(f, temp_path(path, f->dir, "a/b/top.conf"), "Environment", "deep=1; base=1; top=1");
}

static void test_base_absolute(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text, "[Policy]\nBase=%s/else/base.conf\n" MARK("top"), f->dir) > 0);
        temp_text(f->dir, "else/base.conf", MARK("base"));
        temp_text(f->dir, "low/top.conf", text);
        expect_loaded(f, "top", "Environment", "base=1; top=1");
}

static void test_base_in_drop_in(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/one.conf", MARK("one"));
        temp_text(f->dir, "low/two.conf", MARK("two"));
        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=one\n" MARK("top"));
        temp_text(f->dir, "low/top.conf.d/10.conf", "[Policy]\nBase=two\n");
        expect_loaded(f, "top", "Environment", "two=1; top=1");
}

static void test_base_taken_back(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=nowhere\nBase=\n" MARK("top"));
        expect_loaded(f, "top", "Environment", "top=1");
}

static void test_base_default(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=default\n" MARK("top"));
        expect_loaded(f, "top", "Environment", "top=1");
        assert_non_null(policy_get(f->policy, D_SystemCallFilter));
}

/* The name of a base is looked up in the search path, even if the working directory has a file of this name. */
static void test_base_not_from_working_directory(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *before = getcwd(NULL, 0);
        char path[PATH_MAX];

        temp_text(f->dir, "low/base.conf", MARK("installed"));
        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=base.conf\n" MARK("top"));
        temp_text(f->dir, "cwd/base.conf", MARK("stray"));
        assert_non_null(before);
        assert_int_equal(chdir(temp_path(path, f->dir, "cwd")), 0);
        assert_int_equal(load(f, "top"), 0);
        assert_int_equal(chdir(before), 0);
        expect_values("top", f->policy, "Environment", "installed=1; top=1");
}

/* promise P33 */
static void test_cycles(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/self.conf", "[Policy]\nBase=self\n");
        temp_text(f->dir, "low/a.conf", "[Policy]\nBase=b\n");
        temp_text(f->dir, "low/b.conf", "[Policy]\n\nBase=../low/./a.conf\n");
        expect_failure(f, load(f, "self"), ELOOP, "low/self.conf:2: Base=: the policy is its own base: ");
        f->log.report.n_errors = 0;
        expect_failure(f, load(f, "a"), ELOOP, "low/b.conf:3: Base=: the policy is its own base: ");
}

/* Two paths lead to the same file. */
static void test_cycle_through_link(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/a.conf", "[Policy]\nBase=b\n");
        temp_link(f->dir, "low/b.conf", "a.conf");
        expect_failure(f, load(f, "a"), ELOOP, "the policy is its own base: ");
}

static void test_missing(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=nowhere\n");
        expect_failure(f, load(f, "nothing"), ENOENT, "error: no policy \"nothing\" in ");
        f->log.report.n_errors = 0;
        expect_failure(f, load_path(f, "nothing.conf"), ENOENT, "/nothing.conf: No such file or directory");
        f->log.report.n_errors = 0;
        expect_failure(f, load(f, "top"), ENOENT, "low/top.conf:2: no policy \"nowhere\" in ");
}

static void test_not_a_name(void **state) {
        static const char *const specs[] = { "", ".", "..", ".conf", ".hidden" };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(specs); i++) {
                f->log.report.n_errors = 0;
                expect_failure(f, load(f, specs[i]), EINVAL, "not the name of a policy: ");
        }
}

static void test_directory(void **state) {
        Fixture *f = *state;

        temp_dir(f->dir, "low/dir.conf");
        expect_failure(f, load(f, "dir"), EISDIR, "policy dir in ");
}

/* The errors of all files are reported. */
static void test_all_errors(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/base.conf", "[Sandbox]\nNice=base\n");
        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=base\n[Sandbox]\nNice=top\n");
        temp_text(f->dir, "low/top.conf.d/10.conf", "[Sandbox]\nNice=drop\n");
        assert_int_equal(load(f, "top"), -EBADMSG);
        expect_number("errors", f->log.report.n_errors, 3);
        expect_in("messages", log_text(&f->log), "low/base.conf:2: Nice=: ");
        expect_in("messages", log_text(&f->log), "low/top.conf:4: Nice=: ");
        expect_in("messages", log_text(&f->log), "low/top.conf.d/10.conf:2: Nice=: ");
}

static void test_nul(void **state) {
        static const char text[] = "[Sandbox]\nNice=1\0\n";
        Fixture *f = *state;

        temp_file(f->dir, "low/nul.conf", text, sizeof(text) - 1);
        expect_failure(f, load(f, "nul"), EBADMSG, "low/nul.conf: not a text file: it contains a NUL byte");
}

static void test_empty(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/empty.conf", "");
        expect_loaded(f, "empty", "Environment", "");
}

/* The file is sparse, so it needs no space. */
/* promise P33 */
static void test_huge(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];

        temp_text(f->dir, "low/huge.conf", MARK("huge"));
        assert_int_equal(truncate(temp_path(path, f->dir, "low/huge.conf"), (16 << 20) + 1), 0);
        expect_failure(f, load(f, "huge"), EFBIG, "policy huge in ");
}

/* Only regular files are opened: a FIFO would block, and a device may have side effects. */
/* promise P33 */
static void test_other_kinds(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];

        assert_int_equal(mkfifo(temp_path(path, f->dir, "low/fifo.conf"), 0600), 0);
        temp_link(f->dir, "low/zero.conf", "/dev/zero");
        temp_text(f->dir, "low/web.conf", MARK("web"));
        temp_dir(f->dir, "low/web.conf.d");
        temp_link(f->dir, "low/web.conf.d/10.conf", "../fifo.conf");
        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=fifo\n");
        expect_failure(f, load(f, "fifo"), EINVAL, ": not a regular file");
        f->log.report.n_errors = 0;
        expect_failure(f, load(f, "zero"), EINVAL, "cannot read the policy zero in ");
        f->log.report.n_errors = 0;
        expect_failure(f, load_path(f, "low/fifo.conf"), EINVAL, "/low/fifo.conf: not a regular file");
        f->log.report.n_errors = 0;
        expect_failure(f, load(f, "web"), EINVAL, "low/web.conf.d/10.conf: not a regular file");
        f->log.report.n_errors = 0;
        expect_failure(f, load(f, "top"), EINVAL, "low/top.conf:2: cannot read the policy fifo in ");
}

/* The owner of a file can take a lease, which makes open(2) wait for up to 45 seconds. */
static void test_lease(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];
        int fd;

        temp_text(f->dir, "low/lease.conf", MARK("lease"));
        fd = open(temp_path(path, f->dir, "low/lease.conf"), O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        signal(SIGIO, SIG_IGN);
        if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
                expect_failure(f, load(f, "lease"), EAGAIN, ": reading it would block");
        close(fd);
}

static void test_deep(void **state) {
        Fixture *f = *state;

        for (unsigned i = 0; i < 2000; i++) {
                char name[32], text[64];

                snprintf(name, sizeof(name), "low/p%u.conf", i);
                snprintf(text, sizeof(text), "[Policy]\nBase=p%u\n", i + 1);
                temp_text(f->dir, name, text);
        }
        expect_failure(f, load(f, "p0"), ELOOP, "low/p32.conf:2: Base=: more than 32 policies are based on each other");
        f->log.report.n_errors = 0;
        temp_text(f->dir, "low/p32.conf", MARK("bottom"));
        f->log.report.n_errors = 0;
        assert_int_equal(load(f, "p0"), 0);
        expect_values("p0", f->policy, "Environment", "bottom=1");
}

static void write_drop_ins(Fixture *f, const char *directory, unsigned n, const char *text) {
        temp_dir(f->dir, directory);
        for (unsigned i = 0; i < n; i++) {
                char name[64];

                snprintf(name, sizeof(name), "%s/%u.conf", directory, i);
                temp_text(f->dir, name, text);
        }
}

/* promise P33 */
static void test_many_files(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "low/web.conf", MARK("web"));
        write_drop_ins(f, "low/web.conf.d", 1001, "");
        expect_failure(f, load(f, "web"), E2BIG, "low/web.conf.d: too many files");
        f->log.report.n_errors = 0;
        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=base\n");
        temp_text(f->dir, "low/base.conf", MARK("base"));
        write_drop_ins(f, "low/top.conf.d", 998, "");
        write_drop_ins(f, "low/base.conf.d", 1, "");
        expect_failure(f, load(f, "top"), E2BIG, "low/base.conf.d/0.conf: too many files");
}

/* Each file is smaller than the limit. */
static void test_large_together(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *text = malloc(600001);

        assert_non_null(text);
        memset(text, '\n', 600000);
        text[600000] = '\0';
        temp_text(f->dir, "low/top.conf", "[Policy]\nBase=base\n");
        temp_text(f->dir, "low/base.conf", text);
        assert_int_equal(load(f, "top"), 0);
        write_drop_ins(f, "low/top.conf.d", 1, text);
        expect_failure(f, load(f, "top"), EFBIG, "low/top.conf:2: cannot read the policy base in ");
        expect_in("limit", log_text(&f->log), ": too large (the limit is 1 MiB)");
}

/* The limit counts all values: in lines, in words, and in several files. */
static void test_many_values(void **state) {
        Fixture *f = *state;
        Buffer lines, words;

        buffer_init(&lines);
        buffer_init(&words);
        fputs("[Sandbox]\n", lines.f);
        fputs("[Sandbox]\nEnvironment=", words.f);
        for (unsigned i = 0; i < 12000; i++) {
                fprintf(lines.f, "Environment=V%u=1\n", i);
                if (i < 6000)
                        fprintf(words.f, "V%u=1 ", i);
        }
        temp_text(f->dir, "low/lines.conf", buffer_text(&lines));
        temp_text(f->dir, "low/words.conf", buffer_text(&words));
        temp_text(f->dir, "low/words.conf.d/10.conf", buffer_text(&lines));
        temp_text(f->dir, "low/words.conf.d/20.conf", buffer_text(&lines));
        expect_failure(f, load(f, "words"), E2BIG, "low/words.conf.d/20.conf:2002: Environment=: the policy has more "
                       "than 20000 values");
        f->log.report.n_errors = 0;
        for (unsigned i = 0; i < 6000; i++)
                fprintf(words.f, "W%u=1 ", i);
        temp_text(f->dir, "low/one.conf", buffer_text(&words));
        expect_failure(f, load(f, "one"), EBADMSG, "low/one.conf:2: Environment=: too many words, or a word that is "
                       "too long");
        buffer_deinit(&lines);
        buffer_deinit(&words);
}

/* One long logical line. */
static void test_long(void **state) {
        Fixture *f = *state;
        Buffer b;

        buffer_init(&b);
        fputs("[Sandbox]\nEnvironment=", b.f);
        for (unsigned i = 0; i < 2000; i++)
                fprintf(b.f, "V%u=1 \\\n", i);
        temp_text(f->dir, "low/long.conf", buffer_text(&b));
        buffer_deinit(&b);
        assert_int_equal(load(f, "long"), 0);
        assert_int_equal(f->policy->settings[D_Environment].n, 2000);
        assert_int_equal(policy_get(f->policy, D_Environment)->origin.line, 2);
}

static void test_search_path(_unused_ void **state) {
        static const char installed[] = "/etc/isorun/policies /usr/local/lib/isorun/policies /usr/lib/isorun/policies";
        bool elsewhere = !strstr(installed, INSTALLED_POLICIES);
        static const struct {
                const char *config_home, *home, *first;
        } cases[] = {
                { "/c", "/home/ada", "/c/isorun/policies " },
                { NULL, "/home/ada", "/home/ada/.config/isorun/policies " },
                { "relative", "/home/ada", "/home/ada/.config/isorun/policies " },
                { "", "/home/ada", "/home/ada/.config/isorun/policies " },
                { NULL, NULL, "" },
                { NULL, "relative", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **path = policy_search_path(cases[i].config_home, cases[i].home, getuid());
                _cleanup_free_ char *joined = strv_join(path, " ");
                char expected[256];

                snprintf(expected, sizeof(expected), "%s%s%s", cases[i].first, installed,
                         elsewhere ? " " INSTALLED_POLICIES : "");
                expect_text(cases[i].first, joined, expected);
        }
}

static void test_spec(_unused_ void **state) {
        static const struct {
                const char *spec, *name;
                bool path;
        } cases[] = {
                { "web", "web", false },          { "not-here.conf", "not-here", false }, { "./web.conf", "web", true },
                { "/etc/a/web.conf", "web", true }, { "a/web", "web", true },   { "web.d", "web.d", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *name = policy_spec_name(cases[i].spec);

                expect_text(cases[i].spec, name, cases[i].name);
                expect_number(cases[i].spec, policy_spec_is_path(cases[i].spec), cases[i].path);
        }
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_DIRECTORY(test_name),
                IN_DIRECTORY(test_path),
                IN_DIRECTORY(test_origin),
                IN_DIRECTORY(test_builtin_default),
                IN_DIRECTORY(test_default_replaced),
                IN_DIRECTORY(test_drop_ins),
                IN_DIRECTORY(test_drop_in_masked),
                IN_DIRECTORY(test_drop_in_resets),
                IN_DIRECTORY(test_drop_in_of_default),
                IN_DIRECTORY(test_drop_in_unreadable),
                IN_DIRECTORY(test_base_by_name),
                IN_DIRECTORY(test_base_by_path),
                IN_DIRECTORY(test_base_absolute),
                IN_DIRECTORY(test_base_in_drop_in),
                IN_DIRECTORY(test_base_taken_back),
                IN_DIRECTORY(test_base_default),
                IN_DIRECTORY(test_base_not_from_working_directory),
                IN_DIRECTORY(test_cycles),
                IN_DIRECTORY(test_cycle_through_link),
                IN_DIRECTORY(test_missing),
                IN_DIRECTORY(test_not_a_name),
                IN_DIRECTORY(test_directory),
                IN_DIRECTORY(test_all_errors),
                IN_DIRECTORY(test_nul),
                IN_DIRECTORY(test_empty),
                IN_DIRECTORY(test_huge),
                IN_DIRECTORY(test_other_kinds),
                IN_DIRECTORY(test_lease),
                IN_DIRECTORY(test_deep),
                IN_DIRECTORY(test_many_files),
                IN_DIRECTORY(test_large_together),
                IN_DIRECTORY(test_many_values),
                IN_DIRECTORY(test_long),
                cmocka_unit_test(test_search_path),
                cmocka_unit_test(test_spec),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
