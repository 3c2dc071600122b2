/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/answer.h"

#include "plan/make.h"
#include "plan/show/exposure.h"
#include "plan/show/source.h"
#include "plan/show/summary.h"
#include "plan/show/text.h"
#include "sandbox/inside/promises.h"

/* Calls print() for the plan with the calls and rules of its filter. */
static int print_with_rules(const Payload *payload, int (*print)(const Plan *plan, FILE *f), FILE *f) {
        _cleanup_(plan_freep) Plan *rules = NULL;
        Plan plan;
        int r = plan_with_rules(payload->inside->plan, &plan, &rules);

        return r < 0 ? r : print(&plan, f);
}

static int print_whole(const Plan *plan, FILE *f) {
        return plan_print_text(plan, plan->source, FORM_WHOLE, f);
}

static int write_plan(const Payload *payload, FILE *f) {
        return print_with_rules(payload, print_whole, f);
}

static int write_summary(const Payload *payload, FILE *f) {
        const Plan *plan = payload->inside->plan;

        return plan_print_text(plan, plan->source, FORM_SUMMARY, f);
}

static int write_words(const Payload *payload, FILE *f) {
        const Plan *plan = payload->inside->plan;

        return plan_write_summary(plan, plan->source, f);
}

static int write_tree(const Payload *payload, FILE *f) {
        const Plan *plan = payload->inside->plan;

        return plan_print_text(plan, plan->source, FORM_TREE, f);
}

static int write_exposure(const Payload *payload, FILE *f) {
        return print_with_rules(payload, plan_print_exposure, f);
}

static int write_policy(const Payload *payload, FILE *f) {
        return plan_print_source(payload->inside->plan, f);
}

AnswerWriter answer_writer(int32_t type) {
        switch (type) {
        case CONTROL_SUMMARY:
                return write_summary;
        case CONTROL_WORDS:
                return write_words;
        case CONTROL_TREE:
                return write_tree;
        case CONTROL_PLAN:
                return write_plan;
        case CONTROL_EXPOSURE:
                return write_exposure;
        case CONTROL_POLICY:
                return write_policy;
        case CONTROL_PROMISES:
                return promises_write;
        default:
                return NULL;
        }
}
