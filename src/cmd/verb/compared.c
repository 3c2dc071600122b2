/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verb/compared.h"

#include <errno.h>

#include "cmd/verb/import-text.h"
#include "plan/permit/read.h"
#include "util/text.h"

void compared_deinit(Compared *c) {
        permit_free(c->permit);
        loaded_deinit(&c->loaded);
        *c = (Compared) {};
}

/* Replaces the policy by that of the unit. */
static int read_unit(Compared *c, Report *report) {
        Specifiers specifiers = c->loaded.policy->specifiers;
        _cleanup_free_ char *text = NULL;
        int r;

        r = import_text(c->name, &text, report);
        if (r < 0)
                return r;
        policy_free(c->loaded.policy);
        c->loaded.policy = policy_new(&specifiers);
        return c->loaded.policy ? policy_read(c->loaded.policy, c->name, text, strlen(text), report)
                                : report_oom(report);
}

int compared_load(Compared *c, const char *name, bool unit, Report *report) {
        int r;

        unit = unit || endswith(name, ".service");
        *c = (Compared) { .name = name };
        r = loaded_init(&c->loaded, unit ? NULL : name, NULL, NULL, report);
        if (r >= 0 && unit)
                r = read_unit(c, report);
        if (r >= 0)
                r = policy_complete(c->loaded.policy, report);
        return r < 0 ? r : permit_new(&c->permit, c->loaded.policy, permit_resolve, report);
}
