/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bindings of names, from the command line and from tables. */
#include "helper.h"

#include <errno.h>

#include "policy/bindings.h"
#include "policy/value/value.h"
#include "util/strv.h"

typedef struct Fixture {
        char *dir;
        Bindings bindings;
        Log log;
} Fixture;

static int set_up(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        assert_non_null(f);
        f->dir = temp_make();
        f->bindings.specifiers = &test_specifiers;
        log_init(&f->log);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;

        bindings_deinit(&f->bindings);
        log_deinit(&f->log);
        temp_remove(f->dir);
        free(f);
        return 0;
}

/* Empties the bindings and the log for the next row. */
static void reset(Fixture *f) {
        bindings_deinit(&f->bindings);
        f->bindings.specifiers = &test_specifiers;
        log_deinit(&f->log);
        log_init(&f->log);
}

static int argue(Fixture *f, const char *argument) {
        return bindings_add_argument(&f->bindings, "--bind", argument, &f->log.report);
}

/* Reads the tables of the directories "host" and "user". */
static int read_tables(Fixture *f) {
        char host[PATH_MAX], user[PATH_MAX];
        char *directories[] = { (char *) temp_path(host, f->dir, "host"), (char *) temp_path(user, f->dir, "user"), NULL };

        return bindings_read_tables(&f->bindings, directories, &f->log.report);
}

/* Expects bindings in the form "name=/source f=1 [hide=x|hide=y]; …". */
static void expect_bindings(const char *what, const Bindings *b, const char *expected) {
        Buffer buffer;

        buffer_init(&buffer);
        for (size_t i = 0; i < b->n; i++) {
                const Binding *one = &b->items[i];
                _cleanup_free_ char *options = strv_join(one->options, "|");

                fprintf(buffer.f, "%s%s=", i ? "; " : "", one->name);
                if (one->fd >= 0)
                        fprintf(buffer.f, "fd:%d%s", one->fd, one->source ? "?" : "");
                else
                        fputs(one->source, buffer.f);
                if (one->flags)
                        fprintf(buffer.f, " f=%llu", (unsigned long long) one->flags);
                if (one->size.number)
                        fprintf(buffer.f, " size=%llu%s", (unsigned long long) one->size.number,
                                one->size.relative ? "%" : "");
                if (one->options)
                        fprintf(buffer.f, " [%s]", options);
        }
        expect_text(what, buffer_text(&buffer), expected);
        buffer_deinit(&buffer);
}

static void test_arguments(void **state) {
        static const struct {
                const char *argument, *expected;
        } cases[] = {
                { "data=/srv", "data=/srv" },
                { "_a.b-1=/srv//x/", "_a.b-1=/srv/x" },
                { "data=/a=b", "data=/a=b" },
                { "data=/a\\:b", "data=/a:b" },
                { "data=/50%", "data=/50%" },       /* the command line is not a policy: nothing is expanded */
                { "data=/%h b\\n", "data=/%h b\\n" },
                { "data=/srv:", "data=/srv" },
                { "data=/srv:ro", "data=/srv f=1" },
                { "data=/srv:rw,rbind,exec", "data=/srv" },
                { "data=/srv:norbind,noexec", "data=/srv f=6" },
                { "data=/srv:overlay", "data=/srv f=8" },
                { "data=/srv:overlay,size=1M", "data=/srv f=8 size=1048576" },
                { "data=/srv:ro,hide=*.key,hide=.git", "data=/srv f=1 [hide=*.key|hide=.git]" },
                { "data=fd:7", "data=fd:7" },
                { "data=fd:0:ro", "data=fd:0 f=1" },
                { "data=fd:2147483647", "data=fd:2147483647" },
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                expect_result(cases[i].argument, argue(f, cases[i].argument), 0);
                expect_text(cases[i].argument, log_text(&f->log), "");
                expect_bindings(cases[i].argument, &f->bindings, cases[i].expected);
                expect_text(cases[i].argument, f->bindings.items[0].origin.file, "--bind");
                expect_number(cases[i].argument, f->bindings.items[0].origin.line, 0);
                reset(f);
        }
}

static void test_bad_arguments(void **state) {
        static const struct {
                const char *argument, *message;
        } cases[] = {
                { "", "error: --bind: not NAME=SOURCE: \"\"" },
                { "data", "error: --bind: not NAME=SOURCE: \"data\"" },
                { "=/srv", "error: --bind: not the name of a volume: \"\"" },
                { "-data=/srv", "error: --bind: not the name of a volume: \"-data\"" },
                { ".data=/srv", "not the name of a volume" },
                { "a/b=/srv", "not the name of a volume: \"a/b\"" },
                { "..=/srv", "not the name of a volume: \"..\"" },
                { "a b=/srv", "not the name of a volume" },
                { "d\xc3\xa4=/srv", "not the name of a volume" },
                { "data=", "error: --bind: data=: " },
                { "data=srv", "error: --bind: data=: " },
                { "data=/srv/../etc", "\"/srv/../etc\"" },
                { "data=:ro", "error: --bind: data=: " },
                { "data=/srv:ro:rw", "not SOURCE[:OPTIONS]: \"/srv\"" },
                { "data=/srv:z", "unknown option: \"z\"" },
                { "data=/srv:ro,", NULL }, /* as in a policy */
                { "data=/srv:,ro", "unknown option: \"\"" },
                { "data=/srv:ro,overlay", "\"overlay\" cannot be combined with \"ro\"" },
                { "data=/srv:idmap", "\"idmap\" can be set only by the policy, not by a binding" },
                { "data=/srv:overlay,size=0", "not a size greater than 0 (such as 64M or 10%): \"0\"" },
                { "data=/srv:size=1M", "\"size=\" limits an overlay's memory and needs the option \"overlay\"" },
                { "data=/srv:hide=/etc", "not a pattern relative to the volume (such as *.key)" },
                { "data=/srv:hide=", "not a pattern relative to the volume (such as *.key)" },
                { "data=/srv:hide=a/../../b", "not a pattern relative to the volume (such as *.key)" },
                { "data=fd", "error: --bind: data=: " },
                { "data=fd:", "not the number of a file descriptor: \"\"" },
                { "data=fd:-1", "not the number of a file descriptor: \"-1\"" },
                { "data=fd:1x", "not the number of a file descriptor: \"1x\"" },
                { "data=fd:2147483648", "not the number of a file descriptor" },
                { "data=fd:99999999999999999999", "not the number of a file descriptor" },
                { "data=fd:7:ro:x", "not SOURCE[:OPTIONS]" },
                { "data=fd:7:idmap", "\"idmap\" can be set only by the policy, not by a binding" },
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                expect_result(cases[i].argument, argue(f, cases[i].argument), cases[i].message ? -EBADMSG : 0);
                expect_in(cases[i].argument, log_text(&f->log), cases[i].message ?: "");
                expect_number(cases[i].argument, f->log.report.n_errors, cases[i].message != NULL);
                expect_number(cases[i].argument, f->bindings.n, !cases[i].message);
                reset(f);
        }
}

/* The last binding of a name wins as a whole. A bad one leaves the one before it. */
static void test_later_argument(void **state) {
        Fixture *f = *state;

        assert_int_equal(argue(f, "data=/one:ro,hide=x"), 0);
        assert_int_equal(argue(f, "other=/other"), 0);
        assert_int_equal(argue(f, "data=fd:3"), 0);
        expect_bindings("an fd for a path", &f->bindings, "data=fd:3; other=/other");
        assert_int_equal(argue(f, "data=/two"), 0);
        assert_int_equal(argue(f, "data=/three:bad"), -EBADMSG);
        expect_bindings("a path for an fd", &f->bindings, "data=/two; other=/other");
        assert_ptr_equal(bindings_find(&f->bindings, "other"), &f->bindings.items[1]);
        assert_null(bindings_find(&f->bindings, "dat"));
}

static void expect_origin(const Fixture *f, const char *name, const char *file, unsigned line) {
        const Binding *b = bindings_find(&f->bindings, name);

        assert_non_null(b);
        expect_number(name, b->origin.line, line);
        expect_text(name, startswith(b->origin.file, f->dir) ?: b->origin.file, file);
}

static void test_tables(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "host/20-b.conf", "# a comment\n[Volumes]\n\none=/b/one\ntwo=/b/two:ro\n");
        temp_text(f->dir, "host/10-a.conf", "[Volumes]\none=/a/one:ro,hide=x\nthree = %h/three \\\n\n");
        temp_text(f->dir, "host/.hidden.conf", "broken");
        temp_text(f->dir, "host/30-c.conf~", "broken");
        temp_text(f->dir, "host/readme", "broken");
        temp_text(f->dir, "user/00.conf", "[Volumes]\ntwo=/user/two\nfour=/user/four\n[Volumes]\nfour=/user/%u:norbind\n");
        assert_int_equal(read_tables(f), 0);
        expect_text("nothing to say", log_text(&f->log), "");
        expect_bindings("the last one counts", &f->bindings,
                        "one=/b/one; three=/home/ada/three; two=/user/two; four=/user/ada f=2");
        expect_origin(f, "one", "/host/20-b.conf", 4);
        expect_origin(f, "three", "/host/10-a.conf", 3);
        expect_origin(f, "two", "/user/00.conf", 2);
        expect_origin(f, "four", "/user/00.conf", 5);
}

/* Files are sorted by name, whatever their order in the file system. */
static void test_order_of_tables(void **state) {
        Fixture *f = *state;

        for (unsigned i = 0; i < 10; i++) {
                char name[32], text[64];

                snprintf(name, sizeof(name), "host/%u.conf", i * 7 % 10);
                snprintf(text, sizeof(text), "[Volumes]\ndata=/from-%u\n", i * 7 % 10);
                temp_text(f->dir, name, text);
        }
        assert_int_equal(read_tables(f), 0);
        expect_bindings("the last one counts", &f->bindings, "data=/from-9");
        for (size_t i = 0; i < 10; i++) {
                char expected[32];

                snprintf(expected, sizeof(expected), "/host/%zu.conf", i);
                expect_text("read", startswith(f->bindings.files[i], f->dir), expected);
        }
}

static void test_arguments_before_tables(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "host/a.conf", "[Volumes]\none=/table/one:ro\ntwo=/table/two\n");
        temp_text(f->dir, "user/a.conf", "[Volumes]\none=/user/one:hide=x\n");
        assert_int_equal(argue(f, "one=/argument"), 0);
        assert_int_equal(read_tables(f), 0);
        expect_bindings("the command line counts", &f->bindings, "one=/argument; two=/table/two");
        expect_origin(f, "one", "--bind", 0);
        assert_int_equal(argue(f, "two=fd:9"), 0);
        expect_bindings("whenever it comes", &f->bindings, "one=/argument; two=fd:9");
        assert_int_equal(read_tables(f), 0);
        expect_bindings("the tables a second time", &f->bindings, "one=/argument; two=fd:9");
}

static void test_no_tables(void **state) {
        static char *none[] = { NULL };
        Fixture *f = *state;

        assert_int_equal(read_tables(f), 0); /* the directories do not exist */
        assert_int_equal(bindings_read_tables(&f->bindings, none, &f->log.report), 0);
        temp_text(f->dir, "host", "no directory");
        temp_dir(f->dir, "user");
        assert_int_equal(read_tables(f), 0);
        temp_text(f->dir, "user/empty.conf", "");
        assert_int_equal(read_tables(f), 0);
        expect_number("bindings", f->bindings.n, 0);
        expect_text("nothing to say", log_text(&f->log), "");
}

static void test_bad_tables(void **state) {
        static const struct {
                const char *text, *message;
        } cases[] = {
                { "[Volumes]\nok=/ok\ndata\n", "/user/t.conf:3: neither a [Section] nor a KEY=VALUE line: \"data\"" },
                { "data=/srv\n", "/user/t.conf:1: this line comes before the first [Section]" },
                { "[Volume]\ndata=/srv\n", "/user/t.conf:2: data=: unknown section [Volume]: a table of volumes has only the section [Volumes]" },
                { "[Volumes]\n\n#\ndata=srv\n", "/user/t.conf:4: data=: " },
                { "[Volumes]\ndata=/srv:no\n", "/user/t.conf:2: data=: unknown option: \"no\"" },
                { "[Volumes]\ndata=/srv:idmap\n", "/user/t.conf:2: data=: \"idmap\" can be set only by the policy, not by a binding" },
                { "[Volumes]\ndata=/srv/%y\n", "/user/t.conf:2: data=: " },
                { "[Volumes]\ndata=\n", "/user/t.conf:2: data=: " },
                { "[Volumes]\na b=/srv\n", "/user/t.conf:2: not the name of a volume: \"a b\"" },
                /* An fd belongs to one process, but a table is for all. */
                { "[Volumes]\ndata=fd:3\n", "/user/t.conf:2: data=: " },
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                temp_text(f->dir, "user/t.conf", cases[i].text);
                expect_result(cases[i].text, read_tables(f), -EBADMSG);
                expect_in(cases[i].text, log_text(&f->log), cases[i].message);
                expect_number(cases[i].text, f->log.report.n_errors, 1);
                expect_number(cases[i].text, f->bindings.n, 0);
                reset(f);
        }
}

/* All errors of a file are reported, and none of its lines is used. */
static void test_all_mistakes(void **state) {
        Fixture *f = *state;

        temp_text(f->dir, "host/t.conf", "[Volumes]\none=/one\n-=/x\n[Other]\ntwo=/two\n");
        assert_int_equal(argue(f, "zero=/zero"), 0);
        assert_int_equal(read_tables(f), -EBADMSG);
        expect_number("errors", f->log.report.n_errors, 2);
        expect_in("first", log_text(&f->log), "t.conf:3: not the name of a volume: \"-\"");
        expect_in("second", log_text(&f->log), "t.conf:5: two=: unknown section [Other]");
        expect_bindings("only what was", &f->bindings, "zero=/zero");
}

static void test_many_names(void **state) {
        Fixture *f = *state;
        Buffer text;

        buffer_init(&text);
        fputs("[Volumes]\n", text.f);
        for (unsigned i = 0; i < 20000; i++)
                fprintf(text.f, "v%u=/srv\n", i);
        temp_dir(f->dir, "host");
        temp_text(f->dir, "host/t.conf", buffer_text(&text));
        buffer_deinit(&text);
        assert_int_equal(read_tables(f), -E2BIG);
        expect_number("errors", f->log.report.n_errors, 1);
        expect_in("message", log_text(&f->log), "host/t.conf:5002: v5000=: the tables bind more than 5000 names");
}

static void test_unreadable_tables(void **state) {
        Fixture *f = *state;

        temp_dir(f->dir, "host");
        temp_dir(f->dir, "host/d.conf");
        assert_int_equal(read_tables(f), -EISDIR);
        expect_in("a directory", log_text(&f->log), "/host/d.conf: Is a directory");
        reset(f);
        temp_link(f->dir, "user/dangling.conf", "nowhere");
        assert_int_not_equal(read_tables(f), 0);
        expect_number("errors", f->log.report.n_errors, 1);
}

static void test_nul_in_table(void **state) {
        Fixture *f = *state;

        temp_file(f->dir, "user/nul.conf", "[Volumes]\0\n", 11);
        assert_int_equal(read_tables(f), -EBADMSG);
        expect_in("a NUL", log_text(&f->log), "/user/nul.conf: not a text file");
}

static void test_directories(_unused_ void **state) {
        static const struct {
                const char *config, *home, *expected;
        } cases[] = {
                { "/config", "/home/ada", "/etc/isorun/volumes.d:/config/isorun/volumes.d" },
                { NULL, "/home/ada", "/etc/isorun/volumes.d:/home/ada/.config/isorun/volumes.d" },
                { "", "/home/ada", "/etc/isorun/volumes.d:/home/ada/.config/isorun/volumes.d" },
                { "config", "/home/ada", "/etc/isorun/volumes.d:/home/ada/.config/isorun/volumes.d" },
                { NULL, "ada", "/etc/isorun/volumes.d" },
                { NULL, NULL, "/etc/isorun/volumes.d" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **dirs = bindings_directories(cases[i].config, cases[i].home, getuid());
                _cleanup_free_ char *joined = strv_join(dirs, ":");

                expect_text(cases[i].config ?: "no config", joined, cases[i].expected);
        }
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_DIRECTORY(test_arguments),
                IN_DIRECTORY(test_bad_arguments),
                IN_DIRECTORY(test_later_argument),
                IN_DIRECTORY(test_tables),
                IN_DIRECTORY(test_order_of_tables),
                IN_DIRECTORY(test_arguments_before_tables),
                IN_DIRECTORY(test_no_tables),
                IN_DIRECTORY(test_bad_tables),
                IN_DIRECTORY(test_all_mistakes),
                IN_DIRECTORY(test_many_names),
                IN_DIRECTORY(test_unreadable_tables),
                IN_DIRECTORY(test_nul_in_table),
                cmocka_unit_test(test_directories),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
