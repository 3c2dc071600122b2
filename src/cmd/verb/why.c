/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl why POLICY (ACTION OBJECT)... [-- COMMAND]: says whether a payload may do something, and which line decides
 * it. */
#include "plan/why/why.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "plan/request.h"
#include "util/escape.h"

static const char *const verdicts[] = { [WHY_ALLOWED] = "allowed", [WHY_DENIED] = "denied", [WHY_DEPENDS] = "depends" };

/* Prints text with control characters escaped: paths and values may be from others. */
static void print_field(const char *key, const char *text) {
        printf("  %-8s ", key);
        escape_write(stdout, text);
        putchar('\n');
}

static int print_text(const char *const question[static 2], const WhyAnswer *a) {
        const char *colours[] = { [WHY_ALLOWED] = COLOUR_GREEN, [WHY_DENIED] = COLOUR_YELLOW,
                                  [WHY_DEPENDS] = COLOUR_BOLD };
        _cleanup_free_ char *origin = a->has_origin ? origin_format(a->origin) : strdup("built-in");

        if (!origin)
                return -ENOMEM;
        printf("%s ", question[0]);
        escape_write(stdout, question[1]);
        printf(": %s%s%s", colour(colours[a->verdict]), verdicts[a->verdict], colour(NULL));
        if (a->error)
                printf(", %s", strerrorname_np(a->error));
        putchar('\n');
        print_field("because", a->text);
        if (a->has_origin || (a->verdict == WHY_DENIED && a->mechanism != BY_FILES))
                print_field("line", origin);
        if (a->allow) {
                print_field("to allow", a->allow);
                print_field("opens", a->opens);
        }
        return 0;
}

static json_t *make_origin(const WhyAnswer *a) {
        return a->has_origin ? json_pack("{s:o, s:i}", "file", json_text(a->origin.file), "line", (int) a->origin.line)
                             : json_null();
}

static json_t *make_object(const char *const question[static 2], const WhyAnswer *a) {
        return json_pack("{s:s, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "action", question[0], "object",
                         json_text(question[1]), "verdict", verdicts[a->verdict], "errno",
                         json_text_or_null(a->error ? strerrorname_np(a->error) : NULL), "mechanism",
                         why_mechanisms[a->mechanism], "because", json_text(a->text), "origin", make_origin(a), "allow",
                         json_text_or_null(a->allow), "opens", json_text_or_null(a->opens));
}

/* Answers one question: adds the answer to array, or prints it if that is NULL. Returns 1 if it is no, 0, or -errno,
 * reported. */
static int answer(const Plan *plan, const char *const question[static 2], json_t *array, Report *report) {
        _cleanup_(why_answer_deinit) WhyAnswer a = {};
        _cleanup_free_ char *name = NULL;
        WhyQuestion q;
        int r;

        r = why_question_parse(question[0], question[1], &q, &name);
        if (r >= 0)
                r = plan_why(plan, &q, &a);
        if (r == -EINVAL)
                return report_error(report, EINVAL,
                                    "not a question that isoctl can answer: %s %s (see isoctl why --help)",
                                    question[0], question[1]);
        if (r >= 0 && array)
                r = json_array_append_new(array, make_object(question, &a)) < 0 ? -ENOMEM : 0;
        else if (r >= 0)
                r = print_text(question, &a);
        return r < 0 ? report_if_oom(report, r) : a.verdict != WHY_ALLOWED;
}

static int answer_all(const Plan *plan, const CommandLine *line, Report *report) {
        json_t *array = command_line_has(line, ARG_JSON) ? json_array() : NULL;
        int result = 0, r = 0;

        for (size_t i = 1; r >= 0 && i + 1 < line->n_arguments; i += 2) {
                r = answer(plan, (const char *const *) line->arguments + i, array, report);
                result |= r > 0;
        }
        if (r >= 0 && array) {
                r = json_print(array, stdout);
                if (r < 0)
                        r = report_error(report, -r, "cannot print JSON: %s", strerror(-r));
        }
        json_decref(array);
        return r < 0 ? r : result;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        const char *policy = line->arguments[0];
        char *const *command = *line->rest ? line->rest : NULL;
        PlanRequest request = { .policy = policy, .arguments = command, .only_plan = true,
                                .explain = true };
        int r;

        if (line->n_arguments % 2 == 0) {
                report_error(report, EINVAL, "a question is an action and its object: isoctl why %s read /etc/passwd",
                             policy);
                return PLAN_FAILED;
        }
        if (loaded_init(&loaded, policy, NULL, command, report) < 0)
                return PLAN_FAILED;
        r = loaded_plan(&loaded, NULL, 0, &request, &plan, report);
        if (r)
                return r;
        r = answer_all(plan, line, report);
        return flush_output(report) < 0 || r < 0 ? PLAN_FAILED : r;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON, an array with an object for each question" },
        {},
};
static const Argument arguments[] = {
        { "POLICY", ARGUMENT_POLICY },
        { "ACTION", 0, why_actions },
        { "OBJECT", ARGUMENT_FILE | ARGUMENT_REPEATED },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
        {},
};

const Verb verb_why = {
        .name = "why",
        .help = "say what a program could do under a policy, and which line decides that",
        .details = "A question is an ACTION and an OBJECT: read, write, create, remove, rename or execute and a PATH;\n"
                   "connect and HOST:PORT[/udp], the PATH of a socket, or @NAME; listen and a PORT[/udp]; call and NAME\n"
                   "or NAME(ARGUMENT,...); capability, environment or limit and a NAME. More questions may follow. The answer says whether a program may do that, which errno it gets, which policy line\n"
                   "is behind it, and the shortest line that would allow it. Starts nothing. Returns 0 if all is\n"
                   "allowed, 1 if not.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
