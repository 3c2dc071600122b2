/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments of the command line become values of a policy. Reading them back must give the original argument. */
#include "helper.h"

#include <fcntl.h>

#include "cmd/start/argument.h"
#include "policy/bindings.h"
#include "policy/value/value.h"
#include "util/strv.h"

typedef struct Fixture {
        char *dir;
        int before; /* the working directory */
} Fixture;

static int set_up(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        assert_non_null(f);
        f->dir = temp_make();
        f->before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(f->before >= 0);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;

        assert_int_equal(fchdir(f->before), 0);
        close(f->before);
        temp_remove(f->dir);
        free(f);
        return 0;
}

/* Makes a directory of this name, and changes to it. */
static void enter(const Fixture *f, const char *name) {
        char path[PATH_MAX];

        temp_dir(f->dir, name);
        assert_int_equal(chdir(temp_path(path, f->dir, name)), 0);
}

/* Puts "~" in the place of each directory, in place. */
static void shorten(char *text, const char *directory) {
        size_t length = strlen(directory);

        for (char *p; (p = strstr(text, directory));) {
                *p = '~';
                memmove(p + 1, p + length, strlen(p + length) + 1);
        }
}

/* The words of the value that the argument becomes, separated by "|", with "~" for the fixture's directory. If the
 * argument is refused, the error. */
static char *read_back(const Fixture *f, char *argument, DirectiveId id) {
        _cleanup_free_ char *text = argument, *joined = NULL;
        Policy *policy = test_policy();
        const Setting *s;
        char *out;
        Log log;
        int r;

        assert_non_null(text);
        log_init(&log);
        r = policy_assign_argument(policy, "-x", text, &log.report);
        s = policy_get(policy, id);
        if (r < 0)
                out = strdup(log_text(&log));
        else if (!s)
                out = strdup("nothing");
        else {
                joined = s->value.words ? strv_join(s->value.words, "|") : strdup(s->value.text);
                shorten(joined, f->dir);
                assert_true(asprintf(&out, "%s%s", s->value.optional ? "?" : "", joined) > 0);
        }
        policy_free(policy);
        log_deinit(&log);
        return out;
}

static void expect_volume(const Fixture *f, const char *argument, const char *expected) {
        _cleanup_free_ char *got = read_back(f, argument_volume(argument), D_Volume);

        if (startswith(expected, "error: "))
                expect_in(argument, got, expected);
        else
                expect_text(argument, got, expected);
}

static void test_volume(void **state) {
        static const struct {
                const char *argument, *expected;
        } cases[] = {
                { "/srv:/data", "/srv|/data" },
                { "/srv:/data:ro,hide=*.key", "/srv|/data|hide=*.key" },
                { "data:/data", "data|/data" },
                { "?data:/data", "?data|/data" },
                { "./data:/data", "~/here/data|/data" },
                { ".:/data", "~/here|/data" },
                { "sub/dir:/data", "~/here/sub/dir|/data" },
                { "?./data:/data:ro", "?~/here/data|/data" },
                { "/50%:/%h", "/50%|/%h" },
                { "/with space:/a\tb", "/with space|/a\tb" },
                { "/it's \"quoted\":/x", "/it's \"quoted\"|/x" },
                { "/back\\slash\\n:/x", "/back\\slash\\n|/x" },
                { "/a\\:b:/x", "/a:b|/x" },
                { "./a\\:b:/x", "~/here/a:b|/x" },
                { "-:/x", "~/here/-|/x" },
                { "../up:/x", "~/up|/x" }, /* the plan reports that it does not exist */
                { "..:/x", "~|/x" },
                { "../here:/x:ro", "~/here|/x" },
                { "/srv", "/srv|/srv" },
                { "?/srv", "?/srv|/srv" },
                { ".", "~/here|~/here" },
                { "./sub:ro,hide=a/b", "~/here/sub|~/here/sub|hide=a/b" },
                { "/srv:./data", "/srv|~/here/data" },
                { "/srv:", "/srv|/srv" },
                { "/srv::ro", "/srv|/srv" },
                { "~/x:/x", "~/home/x|/x" },
                { "~:/x", "~/home|/x" },
                { "~/x", "~/home/x|~/home/x" },
                { "/srv:~/x:ro", "/srv|~/home/x" },
                { "~other/x:/x", "~/here/~other/x|/x" }, /* a shell would have replaced it */
                { "data", "error: " }, /* a name, which has no place of its own */
                { "data:ro", "error: " },
                { "", "error: " },
                { ":/data", "error: " }, /* an empty variable must not become the working directory */
                { "?:/data", "error: " },
        };
        Fixture *f = *state;
        char home[PATH_MAX];

        enter(f, "here");
        assert_int_equal(setenv("HOME", temp_path(home, f->dir, "home"), true), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_volume(f, cases[i].argument, cases[i].expected);
}

/* A relative path begins at the working directory, whatever characters its name has. */
static void test_strange_working_directories(void **state) {
        static const char *const names[] = { "a:b", "a\\:b", "50%h", "\"quoted\"", "it's", "back\\slash", "a b", "end\\" };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char expected[64], path[PATH_MAX];
                Bindings bindings = {};
                _cleanup_free_ char *bind = NULL;
                Log log;

                enter(f, names[i]);
                snprintf(expected, sizeof(expected), "~/%s/data|/x", names[i]);
                expect_volume(f, "./data:/x", expected);

                log_init(&log);
                bind = argument_bind("name=data:ro");
                expect_result(names[i], bindings_add_argument(&bindings, "--bind", bind, &log.report), 0);
                snprintf(expected, sizeof(expected), "%s/data", names[i]);
                expect_text(names[i], bindings.items[0].source, temp_path(path, f->dir, expected));
                expect_number(names[i], bindings.items[0].flags, BIND_READ_ONLY);
                bindings_deinit(&bindings);
                log_deinit(&log);
        }
}

static void test_lost_working_directory(void **state) {
        _cleanup_free_ char *bind = NULL;
        Fixture *f = *state;
        char path[PATH_MAX];

        enter(f, "gone");
        assert_int_equal(rmdir(temp_path(path, f->dir, "gone")), 0);
        expect_volume(f, "./data:/x", "error: ");
        bind = argument_bind("name=etc");
        expect_text("not /etc", bind, "name=etc");
}

static void test_bind(void **state) {
        static const char *const same[] = { "name=/srv", "name=/srv:ro", "name=fd:3", "name", "", "name=", "name=:ro",
                                            "name=/a\\:b", "name=/50%" };
        Fixture *f = *state;

        enter(f, "here");
        for (size_t i = 0; i < ELEMENTSOF(same); i++) {
                _cleanup_free_ char *got = argument_bind(same[i]);

                expect_text(same[i], got, same[i]);
        }
        for (size_t i = 0; i < 2; i++) {
                _cleanup_free_ char *got = argument_bind(i ? "a=b=c:ro" : "a=./x");

                expect_text("relative", startswith(got + 2, f->dir), i ? "/here/b=c:ro" : "/here/./x");
        }
}

static void test_other_arguments(void **state) {
        static const struct {
                char *(*become)(const char *argument);
                const char *argument;
                DirectiveId id;
                const char *expected;
        } cases[] = {
                { argument_here, NULL, D_Volume, "~/it's:50%|~/it's:50%" },
                { argument_here, "ro", D_Volume, "~/it's:50%|~/it's:50%" },
                { argument_variable, "A=b c\"d'e%h\\n\n:$f", D_Environment, "A=b c\"d'e%h\\n\n:$f" },
                { argument_variable, "A=", D_Environment, "A=" },
                { argument_variable, "A", D_PassEnvironment, "A" },
                { argument_variable, "", D_PassEnvironment, "error: " },
                { argument_variable, "a b", D_PassEnvironment, "error: " },
                { argument_variable, "=b", D_Environment, "error: " },
                { argument_directory, "/srv/50% off", D_WorkingDirectory, "/srv/50% off" },
                { argument_directory, "sub", D_WorkingDirectory, "~/it's:50%/sub" },
                { argument_directory, "..", D_WorkingDirectory, "~" },
        };
        Fixture *f = *state;

        enter(f, "it's:50%");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = read_back(f, cases[i].become(cases[i].argument), cases[i].id);

                if (startswith(cases[i].expected, "error: "))
                        expect_in("argument", got, cases[i].expected);
                else
                        expect_text("argument", got, cases[i].expected);
        }
}

static void expect_root(const Fixture *f, const char *argument, const char *expected) {
        _cleanup_free_ char *got = read_back(f, argument_root(argument), D_RootDirectory);

        if (startswith(expected, "error: "))
                expect_in(argument, got, expected);
        else
                expect_text(argument, got, expected);
}

static void test_root(void **state) {
        static const struct {
                const char *argument, *expected;
        } cases[] = {
                { "/", "/" },
                { "/nowhere", "/nowhere" },
                { "name", "name" },
                { "none", "none" },
                { "base:top", "base|top" },
                { "./base", "~/here/base" },
                { ".", "~/here" },
                { "..", "~" },
                { "./link", "~/here/link" }, /* the plan resolves it */
                { "./base:name:/nowhere", "~/here/base|name|/nowhere" },
                { "./a\\:b%h:name", "~/here/a:b%h|name" },
                { "./no", "~/here/no" },
                { "none:/srv", "error: " },
                { "/srv:", "error: " },
                { ":", "error: " },
                { "", "error: " }, /* without the option, it would be the host's root */
        };
        Fixture *f = *state;

        enter(f, "here");
        temp_dir(f->dir, "here/base");
        temp_dir(f->dir, "here/a:b%h");
        temp_link(f->dir, "here/link", "base");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_root(f, cases[i].argument, cases[i].expected);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_DIRECTORY(test_volume),
                IN_DIRECTORY(test_strange_working_directories),
                IN_DIRECTORY(test_lost_working_directory),
                IN_DIRECTORY(test_bind),
                IN_DIRECTORY(test_other_arguments),
                IN_DIRECTORY(test_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
