/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl why POLICY|NAME (ACTION OBJECT)... [-- COMMAND]: says whether a payload may do something, and which line
 * decides it. isoctl why NAME: what isorun --why has seen so far. */
#include "plan/why/why.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/container/container.h"
#include "cmd/instance/find-word.h"
#include "cmd/instance/talk.h"
#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/terminal-output.h"
#include "cmd/start/program-policy.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "oci/explain/bundle.h"
#include "plan/request.h"
#include "plan/why/kept.h"
#include "policy/value/names.h"
#include "sandbox/watch/told.h"
#include "util/escape.h"
#include "util/path.h"
#include "util/similar.h"
#include "util/strv.h"

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
        printf(": %s%s%s", colour(colours[a->verdict]), why_verdicts[a->verdict], colour(NULL));
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
                         json_text(question[1]), "verdict", why_verdicts[a->verdict], "errno",
                         json_text_or_null(a->error ? strerrorname_np(a->error) : NULL), "mechanism",
                         why_mechanisms[a->mechanism], "because", json_text(a->text), "origin", make_origin(a), "allow",
                         json_text_or_null(a->allow), "opens", json_text_or_null(a->opens));
}

/* Adds an answer to array, or prints it if that is NULL. Returns 1 if it is no, 0 or -ENOMEM. */
static int show(const char *const question[static 2], const WhyAnswer *a, json_t *array) {
        int r = !array                                                        ? print_text(question, a)
                : json_array_append_new(array, make_object(question, a)) < 0 ? -ENOMEM
                                                                             : 0;

        return r < 0 ? r : a->verdict != WHY_ALLOWED;
}

/* What the questions are about. */
typedef struct Subject {
        const Plan *plan;
        Bundle *bundle;           /* if neither is there: an instance, which has answered */
        char *lines;              /* the rest of its answers */
} Subject;

/* Returns 0 or -errno, reported. */
static int find_answer(Subject *s, const char *const question[static 2], WhyAnswer *ret, Report *report) {
        _cleanup_free_ char *name = NULL;
        const char *line;
        WhyQuestion q;
        int r;

        if (!s->plan && !s->bundle) {
                line = strsep(&s->lines, "\n");
                r = line ? why_answer_parse(line, ret) : -EPROTO;
                return r < 0 ? report_error(report, -r, "isoctl cannot understand the answer: %s", strerror(-r)) : 0;
        }
        r = why_question_parse(question[0], question[1], &q, &name);
        if (r >= 0)
                r = s->bundle ? bundle_why(s->bundle, &q, ret) : plan_why(s->plan, &q, ret);
        if (r == -EINVAL)
                return report_error(report, EINVAL, WHY_NO_QUESTION, question[0], question[1]);
        return report_if_oom(report, r);
}

static int answer(Subject *s, const char *const question[static 2], json_t *array, Report *report) {
        _cleanup_(why_answer_deinit) WhyAnswer a = {};
        int r = find_answer(s, question, &a, report);

        return r < 0 ? r : report_if_oom(report, show(question, &a, array));
}

/* Returns an exit status. */
static int answer_all(Subject *s, const CommandLine *line, Report *report) {
        json_t *array = command_line_has(line, ARG_JSON) ? json_array() : NULL;
        int result = 0, r = 0;

        for (size_t i = 1; r >= 0 && i + 1 < line->n_arguments; i += 2) {
                r = answer(s, (const char *const *) line->arguments + i, array, report);
                result |= r > 0;
        }
        if (r >= 0 && array) {
                r = json_print(array, stdout);
                if (r < 0)
                        r = report_error(report, -r, "cannot print JSON: %s", strerror(-r));
        }
        json_decref(array);
        return r < 0 ? PLAN_FAILED : result;
}

static json_t *make_denied(const Told *t) {
        const WhyAnswer *a = &t->answer;

        return json_pack("{s:o, s:o, s:I, s:o, s:s, s:o, s:o, s:o, s:o}", "call", json_text(t->call), "object",
                         json_text_or_null(*t->object ? t->object : NULL), "times", (json_int_t) t->count, "errno",
                         json_text_or_null(a->error ? strerrorname_np(a->error) : NULL), "mechanism",
                         why_mechanisms[a->mechanism], "because", json_text(a->text), "origin", make_origin(a), "allow",
                         json_text_or_null(a->allow), "opens", json_text_or_null(a->opens));
}

/* Returns 1 if it is a denial, 0 or -ENOMEM. */
static int show_told(const ToldLine *l, json_t *array, Report *report) {
        _cleanup_free_ char *line = l->is_remark ? strdup(l->told.reason) : told_format(&l->told);

        if (!line)
                return -ENOMEM;
        if (array && l->is_remark)
                report_notice(report, "%s", line);
        else if (array)
                return json_array_append_new(array, make_denied(&l->told)) < 0 ? -ENOMEM : 1;
        else {
                escape_write(stdout, line);
                putchar('\n');
        }
        return !l->is_remark;
}

/* Returns an exit status. text is the instance's answer. */
static int show_denials(const Instance *instance, char *text, const CommandLine *line, Report *report) {
        json_t *array = command_line_has(line, ARG_JSON) ? json_array() : NULL;
        int result = 0, n = 0, r = 1;

        for (ToldLine l; r > 0 && (r = told_parse(&text, &l)) > 0; n++) {
                const int q = show_told(&l, array, report);

                told_line_deinit(&l);
                result |= q > 0;
                r = q < 0 ? q : 1;
        }
        if (r >= 0 && array)
                r = json_print(array, stdout);
        else if (r >= 0 && n == 0)
                puts(TOLD_NOTHING);
        json_decref(array);
        if (r == -EPROTO)
                r = report_error(report, EPROTO, "%s: isoctl does not understand the instance's answer",
                                 instance->name);
        else if (r < 0)
                r = report_error(report, -r, "cannot print what was denied: %s", strerror(-r));
        return r < 0 ? PLAN_FAILED : result;
}

static int ask_instance(const Instance *instance, const CommandLine *line, Report *report) {
        _cleanup_free_ char *text = NULL;

        if (talk_ask_why(instance, line->arguments + 1, &text, report) < 0)
                return PLAN_FAILED;
        if (line->n_arguments == 1)
                return show_denials(instance, text, line, report);
        return answer_all(&(Subject) { .lines = text }, line, report);
}

static int ask_policy(const CommandLine *line, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        const char *policy = line->arguments[0];
        char *const *command = *line->rest ? line->rest : NULL;
        PlanRequest request = { .policy = policy, .arguments = command, .only_plan = true,
                                .explain = true };
        int status;

        if (program_policy_read(&loaded, &program, policy, command, report) < 0)
                return PLAN_FAILED;
        status = loaded_plan(&loaded, NULL, 0, &request, &plan, report);
        return status ?: answer_all(&(Subject) { .plan = plan }, line, report);
}

/* Returns an exit status. *ret_found is whether the word is a bundle or a container of isorun-oci. */
static int ask_bundle(const CommandLine *line, bool *ret_found, Report *report) {
        _cleanup_(container_view_deinit) ContainerView view = {};
        int r = container_view_open(line->arguments[0], &view, report);

        *ret_found = r != 0;
        if (r > 0 && (*line->rest || line->n_arguments == 1))
                r = report_error(report, EINVAL, "%s is a bundle: %s", line->arguments[0],
                                 *line->rest ? "it has its own command" : "ask a question, such as read /etc");
        return r < 0 ? PLAN_FAILED : r > 0 ? answer_all(&(Subject) { .bundle = &view.bundle }, line, report) : 0;
}

/* Makes the path of a question absolute: the caller is in the directory that it means. */
static int complete_path(char **object, char ***made, Report *report) {
        _cleanup_free_ char *directory = getcwd(NULL, 0), *joined = NULL;

        if (!directory)
                return report_error(report, errno, "cannot find the working directory: %s", strerror(errno));
        joined = path_join(directory, *object);
        if (!joined || strv_push(made, joined) < 0)
                return report_oom(report);
        *object = (*made)[strv_length(*made) - 1];
        return 0;
}

/* Guesses what a mistyped word means. Returns 0 if it may be right, or -EINVAL, reported. */
static int check_words(const char *action, const char *object, Report *report) {
        Similar similar = { .word = action };
        bool is_action = false;

        for (const char *const *a = why_actions; *a; a++) {
                is_action = is_action || streq(*a, action);
                similar_try(&similar, *a);
        }
        if (!is_action && similar.found)
                return report_error(report, EINVAL, "no such action: \"%s\" (did you mean %s?)", action, similar.found);
        if (!streq(action, why_actions[WHY_CAPABILITY]) || capability_find(object))
                return 0;
        similar = (Similar) { .word = object };
        for (const NamedNumber *n = capability_names; n->name; n++)
                similar_try(&similar, n->name);
        return similar.found ? report_error(report, EINVAL, "no such capability: \"%s\" (did you mean %s?)", object,
                                            similar.found)
                             : 0;
}

/* made owns the paths. Returns 0 or -errno, reported. */
static int complete_questions(const CommandLine *line, char ***made, Report *report) {
        int r = 0;

        for (size_t i = 1; r >= 0 && i + 1 < line->n_arguments; i += 2) {
                const char *action = line->arguments[i];
                char **object = &line->arguments[i + 1];
                bool is_path = false;

                for (WhyAction a = WHY_READ; a <= WHY_EXECUTE; a++)
                        is_path = is_path || streq(action, why_actions[a]);
                r = check_words(action, *object, report);
                if (r >= 0 && is_path && **object && **object != '/')
                        r = complete_path(object, made, report);
        }
        return r;
}

/* Returns an exit status. */
static int answer_word(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        const char *word = line->arguments[0];
        const Instance *instance = *line->rest ? NULL : instances_find_word(&list, word, report);
        bool is_bundle = false;
        int status;

        if (instance)
                return ask_instance(instance, line, report);
        if (report->n_errors > 0)
                return PLAN_FAILED;
        status = ask_bundle(line, &is_bundle, report);
        if (is_bundle)
                return status;
        if (report->n_errors == 0 && line->n_arguments == 1)
                report_error(report, ENOENT, "%s is not a running instance; about a policy, ask a question, such as: "
                             "isoctl why %s read /etc/passwd", word, word);
        return report->n_errors > 0 ? PLAN_FAILED : ask_policy(line, report);
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_strv_free_ char **made = NULL;
        const char *word = line->arguments[0];
        int status;

        if (line->n_arguments % 2 == 0) {
                report_error(report, EINVAL, "a question is an action and its object: isoctl why %s read /etc/passwd",
                             word);
                return PLAN_FAILED;
        }
        if (complete_questions(line, &made, report) < 0)
                return PLAN_FAILED;
        status = answer_word(line, report);
        return flush_output(report) < 0 ? PLAN_FAILED : status;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON, an array with an object for each question or denial" },
        {},
};
static const Argument arguments[] = {
        { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE | ARGUMENT_CONTAINER },
        { "ACTION", ARGUMENT_OPTIONAL, why_actions },
        { "OBJECT", ARGUMENT_FILE | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
        {},
};

const Verb verb_why = {
        .name = "why",
        .help = "say what a program could do under a policy, and which line decides that",
        .details = "A question is an ACTION and an OBJECT: read, write, create, remove, rename or execute and a PATH;\n"
                   "connect and HOST:PORT[/udp], the PATH of a socket, or @NAME; listen and a PORT[/udp]; call and\n"
                   "NAME or NAME(ARGUMENT,...); capability, environment or limit and a NAME. More questions may\n"
                   "follow. The answer says whether a program may do that, which errno it gets, which policy line is\n"
                   "behind it, and the shortest line that would allow it. For a running instance, NAME or the pid of\n"
                   "a process in it, the plan is that which it was started with. POLICY may also be a bundle of\n"
                   "isorun-oci, and NAME the ID of a container. Without a question, prints what isorun --why has seen\n"
                   "denied in NAME so far. Starts nothing. Returns 0 if all is allowed, 1 if not.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
