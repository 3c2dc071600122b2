/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verb/compared.h"

#include <errno.h>
#include <unistd.h>

#include "cmd/instance/find-word.h"
#include "cmd/instance/places.h"
#include "cmd/instance/talk.h"
#include "cmd/start/other-root.h"
#include "cmd/verb/import-text.h"
#include "cmd/verify/kept-policy.h"
#include "cmd/verify/look.h"
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

static int check_owner(const Instance *i, const char *name, Report *report) {
        _cleanup_free_ char *owner = NULL;

        if (i->runner == geteuid() || i->runner == 0)
                return 0;
        owner = instance_runner_name(i);
        return report_error(report, EPERM,
                            "%s: only a process of %s could tell its policy, and it can tell what it likes: compare it "
                            "as that user, or compare the policy's file", name, owner ?: "its owner");
}

/* Whether the kernel and systemd show what the policy says. */
static int check_kept(const InstanceList *list, const Instance *i, const char *name, Report *report) {
        _cleanup_(promises_deinit) Promises promises = {};
        Verification v = { .list = list, .instance = i, .promises = &promises };
        int r = verification_ask(i, &promises, report);

        if (r < 0)
                return r;
        r = verification_look(&v);
        if (r < 0)
                report_error(report, -r, "%s: cannot verify it: %s", name, strerror(-r));
        for (size_t k = 0; k < v.findings.n; k++)
                if (v.findings.items[k].verdict >= VERDICT_UNREAD)
                        r = report_error(report, EPERM, "%s is not as its policy says (isoctl verify): %s: %s: %s",
                                         name, verdict_name(v.findings.items[k].verdict), v.findings.items[k].part,
                                         v.findings.items[k].details);
        verification_deinit(&v);
        return r;
}

/* A directory that isoctl grant has added is in no policy. After a hand-over, nothing can be granted. */
static int check_grants(const Instance *i, const char *name, Report *report) {
        _cleanup_(places_deinit) Places places = {};
        int r = i->handed_over ? 0 : places_find(&places, i, report);

        for (size_t k = 0; r >= 0 && k < places.n; k++) {
                const Place *p = &places.items[k];

                if (p->source)
                        return report_error(report, EPERM, "%s is not as its policy says: %s is granted at %s (isoctl "
                                            "revoke %s %s removes it)", name, p->source, p->path, name, p->path);
        }
        return r;
}

/* Replaces the policy by that of the instance. */
static int read_instance(Compared *c, const InstanceList *list, const Instance *i, Report *report) {
        Specifiers specifiers = c->loaded.policy->specifiers;
        _cleanup_free_ char *text = NULL, *name = instance_full_name(i);
        int r = name ? check_owner(i, name, report) : report_oom(report);

        if (r >= 0)
                r = talk_ask(i, CONTROL_POLICY, &text, NULL, 0, NULL, report);
        if (r < 0)
                return r;
        policy_free(c->loaded.policy);
        c->loaded.policy = policy_new(&specifiers);
        r = c->loaded.policy ? kept_policy_read(c->loaded.policy, name, text, report) : report_oom(report);
        if (r >= 0)
                r = check_kept(list, i, name, report);
        return r < 0 ? r : check_grants(i, name, report);
}

int compared_load(Compared *c, const char *name, bool unit, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        const Instance *instance = NULL;
        int r;

        unit = unit || endswith(name, ".service");
        *c = (Compared) { .name = name, .loaded.probe = other_root_probe() };
        instance = unit || c->loaded.probe ? NULL : instances_find_word(&list, name, report);
        r = loaded_init(&c->loaded, unit || instance ? NULL : name, NULL, NULL, report);
        if (r >= 0 && unit)
                r = read_unit(c, report);
        else if (r >= 0 && instance)
                r = read_instance(c, &list, instance, report);
        if (r >= 0)
                r = policy_complete(c->loaded.policy, report);
        return r < 0 ? r : permit_new(&c->permit, c->loaded.policy, permit_resolve, report);
}
