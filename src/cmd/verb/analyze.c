/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl analyze [--threshold=N] POLICY|NAME [-- COMMAND...]: how exposed the system is to a payload, as
 * systemd-analyze security counts it. */
#include <errno.h>
#include <stdio.h>

#include "cmd/instance/find-word.h"
#include "cmd/instance/select.h"
#include "cmd/instance/talk.h"
#include "cmd/program.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/start/other-root.h"
#include "cmd/start/program-policy.h"
#include "cmd/verb/verb.h"
#include "cmd/verify/kept-exposure.h"
#include "lib/load.h"
#include "plan/deny/stage.h"
#include "plan/show/exposure.h"
#include "util/parse.h"
#include "util/text.h"

enum { STATUS_TOO_EXPOSED = 1, EXPOSURE_MAX = 100 };

/* Returns what improves the row and where its present value is from, on the heap, or NULL. */
static char *describe(const ExposureRow *row) {
        _cleanup_free_ char *where = row->better && row->origin ? origin_format(*row->origin) : NULL;

        return format("%s%s%s%s%s", row->details, row->better ? ": " : "", row->better ?: "", where ? "   # " : "",
                      where ?: "");
}

static int print_table(const Exposure *e, bool legend) {
        static const char *const headings[] = { "EXPOSURE", "NAME", "DETAILS: A BETTER LINE", NULL };
        struct libscols_table *table = rows_new(headings, legend);
        int r = table ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < e->n; i++) {
                const ExposureRow *row = &e->rows[i];
                _cleanup_free_ char *details = describe(row);
                const unsigned share = exposure_of(e, row);
                char number[16] = "";

                if (share)
                        snprintf(number, sizeof(number), "%u.%u", share / 10, share % 10);
                r = details ? rows_add(table, (const char *[]) { number, row->name, details }, share ? "yellow" : NULL)
                            : -ENOMEM;
        }
        return rows_end(table, r);
}

static json_t *make_origin(const Origin *origin) {
        return origin ? json_pack("{s:o, s:i}", "file", json_text_or_null(origin->file), "line", (int) origin->line)
                      : json_null();
}

static json_t *make_row(const Exposure *e, const ExposureRow *row) {
        return json_pack("{s:s, s:i, s:i, s:i, s:f, s:s, s:o, s:o}", "name", row->name, "weight", (int) row->weight,
                         "range", (int) row->range, "badness", (int) row->badness,
                         "exposure", exposure_of(e, row) / 10.0, "details", row->details,
                         "better", json_text_or_null(row->better), "origin", make_origin(row->origin));
}

static int print_json(const Exposure *e, const char *name) {
        const unsigned total = exposure_total(e);
        json_t *rows = json_array(), *all = NULL;
        int r = rows ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < e->n; i++)
                r = json_array_append_new(rows, make_row(e, &e->rows[i])) < 0 ? -ENOMEM : 0;
        all = r < 0 ? NULL : json_pack("{s:o, s:f, s:s, s:O}", "policy", json_text(name), "exposure", total / 10.0,
                                       "word", exposure_word(total), "rows", rows);
        if (r >= 0)
                r = all ? json_print(all, stdout) : -ENOMEM;
        json_decref(all);
        json_decref(rows);
        return r;
}

/* name: as the caller gave it; full_name: for people. Returns an exit status. */
static int show(const Exposure *e, const char *name, const char *full_name, const CommandLine *line, uint64_t threshold,
                Report *report) {
        const unsigned total = exposure_total(e);
        int r = command_line_has(line, ARG_JSON) ? print_json(e, name)
                                                 : print_table(e, !command_line_has(line, ARG_NO_LEGEND));

        if (r < 0) {
                report_error(report, -r, "analyze: %s", strerror(-r));
                return PLAN_FAILED;
        }
        if (!command_line_has(line, ARG_JSON))
                printf("\nOverall exposure of %s: %u.%u %s\n", full_name, total / 10, total % 10, exposure_word(total));
        return total > threshold ? STATUS_TOO_EXPOSED : 0;
}

static int show_instance(const Instance *instance, const CommandLine *line, uint64_t threshold, Report *report) {
        _cleanup_(kept_exposure_deinit) KeptExposure kept = {};
        _cleanup_free_ char *text = NULL, *name = instance_full_name(instance);
        int r = name ? talk_ask(instance, CONTROL_EXPOSURE, &text, NULL, 0, NULL, report) : report_oom(report);

        if (r < 0)
                return PLAN_FAILED;
        r = kept_exposure_parse(text, &kept);
        if (r >= 0)
                return show(&kept.exposure, name, name, line, threshold, report);
        report_error(report, -r, "%s: isoctl cannot understand its plan: %s", name, strerror(-r));
        return PLAN_FAILED;
}

/* Plans a stage of the policy, which is complete. */
static int plan_stage(StagePlan *ret, const Loaded *loaded, const char *name, Report *report) {
        const PolicyStage *stage = policy_find_stage(loaded->policy, name);

        if (!stage)
                return report_error(report, ENOENT, "--stage: the policy has no section [Stage.%s]", name);
        return stage_plan_init(ret, loaded->policy, stage, &loaded->host, report);
}

/* What a program has in the stage; stage may be NULL. The rows point into *ret_stage and the plan. */
static int assess(const Plan *plan, const Loaded *loaded, const char *stage, StagePlan *ret_stage, Exposure *ret,
                  Report *report) {
        Plan narrowed = *plan;
        int r = stage ? plan_stage(ret_stage, loaded, stage, report) : 0;

        if (r < 0)
                return r;
        if (stage)
                stage_plan_narrow(ret_stage, &narrowed);
        return report_if_oom(report, plan_exposure(&narrowed, ret));
}

static int show_policy(const CommandLine *line, Loaded *loaded, uint64_t threshold, Report *report) {
        char *const *arguments = *line->rest ? line->rest : NULL;
        PlanRequest request = { .policy = line->arguments[0], .arguments = arguments, .explain = true };
        _cleanup_(stage_plan_deinit) StagePlan stage = {};
        _cleanup_(exposure_deinit) Exposure e = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        int status = loaded_plan(loaded, NULL, 0, &request, &plan, report);

        if (status)
                return status;
        if (assess(plan, loaded, command_line_get(line, ARG_STAGE), &stage, &e, report) < 0)
                return PLAN_FAILED;
        return show(&e, line->arguments[0], plan->policy, line, threshold, report);
}

static int run(const CommandLine *line, Report *report) {
        const char *limit = command_line_get(line, ARG_THRESHOLD);
        char *const *arguments = *line->rest ? line->rest : NULL;
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(program_policy_deinit) ProgramPolicy program = {};
        _cleanup_(loaded_deinit) Loaded loaded = { .probe = other_root_probe() };
        const Instance *instance;
        uint64_t threshold = EXPOSURE_MAX;
        int status;

        if (limit && parse_u64_range(limit, 0, EXPOSURE_MAX, &threshold) < 0) {
                report_error(report, EINVAL, "--threshold: not a number from 0 to 100, in tenths: \"%s\"", limit);
                return PLAN_FAILED;
        }
        instance = arguments || command_line_has(line, ARG_STAGE) || loaded.probe
                           ? NULL
                           : instances_find_word(&list, line->arguments[0], report);
        if (instance)
                status = show_instance(instance, line, threshold, report);
        else if (program_policy_read(&loaded, &program, line->arguments[0], arguments, report) < 0)
                return PLAN_FAILED;
        else
                status = show_policy(line, &loaded, threshold, report);
        return flush_output(report) < 0 ? PLAN_FAILED : status;
}

static const Option options[] = {
        { ARG_JSON, "json", "print JSON" },
        { ARG_NO_LEGEND, "no-legend", "print no headings" },
        { ARG_STAGE, "stage", "of a program that has entered [Stage.NAME] of the policy", { "NAME" } },
        OTHER_ROOT_OPTIONS,
        { ARG_THRESHOLD, "threshold", "exit with 1 if the exposure is more than N tenths", { "N" } },
        {},
};
static const Argument arguments[] = {
        { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED | ARGUMENT_DASHES },
        {},
};

const Verb verb_analyze = {
        .name = "analyze",
        .help = "say how exposed the system is to a program under a policy",
        .details = "Makes the plan for a start as you, and counts as systemd-analyze security does, from 0 to 10.\n"
                   "Each row has what improves it, and the line of the policy that it comes from. Starts nothing.\n"
                   "For a running instance, the plan is that which the instance was started with.",
        .options = options,
        .arguments = arguments,
        .pager = true,
        .run = run,
};
