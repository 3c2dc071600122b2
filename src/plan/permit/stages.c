/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/permit/stages.h"

#include <errno.h>

#include "plan/permit/base.h"
#include "plan/permit/words.h"
#include "policy/stage.h"
#include "util/text.h"

typedef struct Comparison {
        const PolicyStage *stage;
        Report *report;
        DirectiveId id; /* of the names that are collected */
        Text names;
        int result;
} Comparison;

static int report_wider(const Comparison *c, DirectiveId id, const char *more) {
        return report_error_at(c->report, stage_has(c->stage, id) ? c->stage->given[id] : c->stage->origin,
                               directive_table[id].name, EBADMSG,
                               "the stage %s permits more than the policy, but a stage can only narrow: %s",
                               c->stage->name, more);
}

/* Names of one set make one message. */
static int report_names(Comparison *c) {
        _cleanup_free_ char *names = NULL;

        if (c->names.size == 0)
                return 0;
        names = text_finish(&c->names);
        if (!names)
                return -ENOMEM;
        c->result = report_wider(c, c->id, names);
        c->names = (Text) {};
        return 0;
}

/* A PermitVisit. */
static int take_difference(void *userdata, DirectiveId id, const char *key, const Grain *inner, const Grain *outer) {
        const bool bits = directive_table[id].order == ORDER_BITS;
        _cleanup_free_ char *words = NULL, *more = NULL;
        Comparison *c = userdata;

        if (key && permit_is_set(id)) {
                if (c->id != id && report_names(c) < 0)
                        return -ENOMEM;
                c->id = id;
                text_add(&c->names, c->names.size ? " " : "");
                text_add(&c->names, key);
                return c->names.failed ? -ENOMEM : 0;
        }
        words = bits ? permit_describe_bits(id, inner, outer) : permit_describe(id, inner);
        more = words ? format("%s%s%s", key ?: "", key && *key ? ": " : "", words) : NULL;
        if (!more)
                return -ENOMEM;
        c->result = report_wider(c, id, more);
        return 0;
}

/* What Landlock does not take away stays as the policy has it, so such a line would only look as if it gave
 * something. */
static void check_writable(Comparison *c, const Permit *permit) {
        const SettingList *list = &c->stage->writable;

        for (size_t i = 0; i < list->n; i++) {
                const Grain place = facet_get(&permit->facets[D_Volume], list->items[i].value.text);

                if (place.level == PLACE_HOST && !(place.bits & (PLACE_WRITE | PLACE_KEEP)))
                        c->result = report_error_at(c->report, list->items[i].origin, "ReadWritePaths", EBADMSG,
                                                    "the stage %s permits more than the policy, but a stage can only "
                                                    "narrow: %s is read-only", c->stage->name,
                                                    list->items[i].value.text);
        }
}

static int check_one(const Policy *policy, const Permit *permit, const PolicyStage *stage, Report *report) {
        Comparison c = { .stage = stage, .report = report, .result = stage_check(stage, report) };
        _cleanup_(policy_freep) Policy *narrowed = NULL;
        _cleanup_(permit_freep) Permit *inner = NULL;
        int r;

        r = stage_policy(&narrowed, policy, stage, report);
        if (r >= 0)
                r = permit_new(&inner, narrowed, NULL, report);
        if (r >= 0)
                r = permit_diff(inner, permit, take_difference, &c);
        if (r >= 0)
                r = report_names(&c);
        text_deinit(&c.names);
        if (r < 0)
                return r;
        check_writable(&c, permit);
        return c.result;
}

int permit_check_stages(const Policy *policy, Report *report) {
        _cleanup_(policy_freep) Policy *complete = NULL;
        _cleanup_(permit_freep) Permit *permit = NULL;
        int result, r;

        if (policy->n_stages == 0)
                return 0;
        result = stage_policy(&complete, policy, NULL, report);
        if (result >= 0)
                result = permit_new(&permit, complete, NULL, report);
        for (size_t i = 0; result != -ENOMEM && permit && i < policy->n_stages; i++) {
                r = check_one(policy, permit, &policy->stages[i], report);
                if (r < 0)
                        result = r;
        }
        return report_if_oom(report, result);
}
