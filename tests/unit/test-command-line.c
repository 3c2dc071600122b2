/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table describes a command line: how it is read, checked and documented. */
#include "helper.h"

#include <errno.h>

#include "cmd/options.h"
#include "util/text.h"

static const char *const sizes[] = { "small", "big", NULL };
static const Option options[] = {
        { 'q', "quiet", "say less" },
        { 's', "size", "the size", { .choices = sizes } },
        { ARG_HERE, "here", "a place", { .flags = ARGUMENT_OPTIONAL, .choices = sizes } },
        { ARG_NAME, "name", "a name", { "NAME" }, .required = true },
        {},
};
static const Option many[] = {
        { 'a', "all", "" }, { 'b', "bare", "" }, { ARG_JSON, "json", "" }, { ARG_ROOT, "root", "", { "DIR" } }, {},
};

static const Argument none[] = { {} };
static const Argument names[] = { { "NAME", ARGUMENT_REPEATED }, {} };
static const Argument any_names[] = { { "NAME", ARGUMENT_OPTIONAL | ARGUMENT_REPEATED }, {} };
static const Argument two[] = { { "ONE" }, { "TWO" }, {} };
static const Argument command[] = { { "NAME" }, { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED }, {} };
static const Argument dashes[] = { { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_REPEATED | ARGUMENT_DASHES }, {} };
static const Argument rest[] = { { "NAME", ARGUMENT_REPEATED },
                                 { "OPTION", ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
                                 {} };

static void test_usage(_unused_ void **state) {
        static const struct {
                Syntax syntax;
                const char *usage;
        } rows[] = {
                { { "do", NULL, isoctl_options, none }, "do" },
                { { "do", options, NULL, none }, "do --name NAME [-q|--quiet] [-s|--size small|big] [--here[=small|big]]" },
                { { "do", many, NULL, names }, "do [OPTION...] NAME..." },
                { { "do", NULL, NULL, any_names }, "do [NAME...]" },
                { { "do", NULL, NULL, two }, "do ONE TWO" },
                { { "do", NULL, NULL, command }, "do NAME [COMMAND...]" },
                { { "do", NULL, NULL, dashes }, "do -- COMMAND..." },
                { { "do", NULL, NULL, rest }, "do NAME... [-- OPTION...]" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_text_ Text text = {};

                assert_int_equal(text_open(&text), 0);
                syntax_print(&rows[i].syntax, text.f);
                expect_text(rows[i].usage, text_so_far(&text), rows[i].usage);
        }
}

static const char *name_of(int value) {
        static const Option *const tables[] = { options, isoctl_options };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const Option *o = tables[i]; o->name; o++)
                        if (o->value == value)
                                return o->name;
        fail();
        return NULL;
}

/* "quiet size=big | ARGUMENT ARGUMENT | REST REST" */
static char *describe(const CommandLine *line) {
        _cleanup_text_ Text text = {};

        assert_int_equal(text_open(&text), 0);
        for (size_t i = 0; i < line->n_options; i++) {
                const GivenOption *o = &line->options[i];

                fprintf(text.f, "%s%s%s ", name_of(o->value), o->argument ? "=" : "", o->argument ?: "");
        }
        fputc('|', text.f);
        for (char **a = line->arguments; *a; a++)
                fprintf(text.f, " %s", *a);
        fputs(" |", text.f);
        for (char **a = line->rest; *a; a++)
                fprintf(text.f, " %s", *a);
        return text_finish(&text);
}

static int parse(const Syntax *syntax, const char *words, CommandLine *ret, Report *report) {
        static char copy[128];
        static char *argv[16];
        int argc = 0;

        snprintf(copy, sizeof(copy), "%s", words);
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
                argv[argc++] = word;
        argv[argc] = NULL;
        return command_line_parse(ret, syntax, argc, argv, report);
}

static void test_parse(_unused_ void **state) {
        static const struct {
                const Argument *arguments;
                const char *words, *line;
                const char *mistake; /* NULL: none */
        } rows[] = {
                { names, "do --name=x a b", "name=x | a b |", NULL },
                { names, "do a --name x -q b", "name=x quiet | a b |", NULL },
                { names, "do --name x -- --quiet -h", "name=x | --quiet -h |", NULL },
                { names, "do --name x -sbig a", "name=x size=big | a |", NULL },
                { names, "do --here --name x a", "here name=x | a |", NULL },
                { names, "do --here=big a --name x", "here=big name=x | a |", NULL },
                { names, "do --name -- -q a", "name=-- quiet | a |", NULL },
                { names, "do --name x a -- --", "name=x | a -- |", NULL },
                { names, "do --name x a --user --no-pager", "name=x user no-pager | a |", NULL },
                { names, "do --name x", "name=x | |", "do: NAME is missing; usage: test-command-line do --name NAME [-q|--quiet] [-s|--size small|big] [--here[=small|big]] NAME..." },
                { names, "do a", "| a |", "do: --name NAME is missing; usage: " },
                { any_names, "do --name x", "name=x | |", NULL },
                { two, "do --name x 1", "name=x | 1 |", "do: TWO is missing; usage: " },
                { two, "do --name x 1 2", "name=x | 1 2 |", NULL },
                { two, "do --name x 1 2 3", "name=x | 1 2 | 3", "do: \"3\" is one argument too many; usage: " },
                { two, "do --name x 1 -- -2", "name=x | 1 -2 |", NULL },
                { command, "do --name x a", "name=x | a |", NULL },
                { command, "do a --name x ls --help -q", "name=x | a | ls --help -q", NULL },
                { command, "do --name x a -- -q --", "name=x | a | -q --", NULL },
                { command, "do --name x -- a -q", "name=x | a | -q", NULL },
                { command, "do --name x", "name=x | |", "do: NAME is missing; usage: " },
                { dashes, "do --name x -- ls -q", "name=x | | ls -q", NULL },
                { dashes, "do --name x ls -q", "name=x | | ls -q", NULL },
                { dashes, "do --name x --", "name=x | |", "do: COMMAND is missing; usage: " },
                { rest, "do --name x a b -- -o cat", "name=x | a b | -o cat", NULL },
                { rest, "do --name x -- -o", "name=x | | -o", "do: NAME is missing; usage: " },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Syntax syntax = { "do", options, isoctl_options, rows[i].arguments };
                _cleanup_(command_line_deinit) CommandLine line = {};
                _cleanup_free_ char *text = NULL;
                Report report = {};

                expect_result(rows[i].words, parse(&syntax, rows[i].words, &line, &report), 0);
                text = describe(&line);
                expect_text(rows[i].words, text, rows[i].line);
                expect_result(rows[i].words, command_line_check(&line, &syntax, &report), rows[i].mistake ? -EINVAL : 0);
                expect_in(rows[i].words, report.first.text, rows[i].mistake ?: "");
        }
}

static void test_refused(_unused_ void **state) {
        static const struct {
                const char *words, *error;
        } rows[] = {
                { "do --bad", "the option --bad does not exist; see --help" },
                { "do --siez=big", "the option --siez does not exist (did you mean --size?); see --help" },
                { "do --no-pagr", "the option --no-pagr does not exist (did you mean --no-pager?); see --help" },
                { "do --us=x", "the option --user takes no value; see --help" },
                { "do --s a", "the option --s is ambiguous: --size or --system; see --help" },
                { "do a -z", "the option -z does not exist; see --help" },
                { "do -qzs", "the option -z does not exist; see --help" },
                { "do --size", "the option --size needs a value; see --help" },
                { "do a -s", "the option --size needs a value; see --help" },
                { "do --quiet=x", "the option --quiet takes no value; see --help" },
                { "do --size medium", "--size: not small or big: \"medium\"" },
                { "do -s smal", "--size: not small or big: \"smal\"" },
                { "do --here=medium", "--here: not small or big: \"medium\"" },
        };
        const Syntax syntax = { "do", options, isoctl_options, names };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(command_line_deinit) CommandLine line = {};
                Report report = {};

                expect_result(rows[i].words, parse(&syntax, rows[i].words, &line, &report), -EINVAL);
                expect_text(rows[i].words, report.first.text, rows[i].error);
        }
}

static void test_last(_unused_ void **state) {
        const Syntax syntax = { "do", options, NULL, names };
        _cleanup_(command_line_deinit) CommandLine line = {};
        Report report = {};

        expect_result("both", parse(&syntax, "do -s small a -s big", &line, &report), 0);
        expect_text("the last one counts", command_line_get(&line, 's'), "big");
        assert_null(command_line_get(&line, ARG_NAME));
        assert_true(command_line_has(&line, 's'));
        assert_false(command_line_has(&line, 'q'));
}

/* The options that all verbs have. */
static void test_common(_unused_ void **state) {
        static const struct {
                const char *words;
                Whose whose;
                bool pager;
        } rows[] = {
                { "stop a", WHOSE_ANY, true },
                { "stop --user a", WHOSE_USER, true },
                { "stop a --system --no-pager", WHOSE_SYSTEM, false },
                { "stop --user --system a", WHOSE_SYSTEM, true },
                { "stop a -- --user", WHOSE_ANY, true },
        };
        const Syntax syntax = { "stop", NULL, isoctl_options, names };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(command_line_deinit) CommandLine line = {};
                Report report = {};

                arg_whose = WHOSE_ANY;
                arg_pager = true;
                expect_result(rows[i].words, parse(&syntax, rows[i].words, &line, &report), 0);
                options_take(&line);
                expect_number(rows[i].words, arg_whose, rows[i].whose);
                expect_number(rows[i].words, arg_pager, rows[i].pager);
        }
        arg_whose = WHOSE_ANY;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_usage),
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_last),
                cmocka_unit_test(test_common),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
