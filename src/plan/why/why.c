/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/why/why.h"

#include <errno.h>

#include "plan/payload/environment.h"
#include "plan/why/answer.h"
#include "plan/why/call.h"
#include "plan/why/file.h"
#include "plan/why/network.h"
#include "policy/value/names.h"
#include "util/strv.h"
#include "util/text.h"

const char *const why_actions[] = {
        [WHY_READ] = "read",
        [WHY_WRITE] = "write",
        [WHY_CREATE] = "create",
        [WHY_REMOVE] = "remove",
        [WHY_RENAME] = "rename",
        [WHY_EXECUTE] = "execute",
        [WHY_CONNECT] = "connect",
        [WHY_LISTEN] = "listen",
        [WHY_CALL] = "call",
        [WHY_CAPABILITY] = "capability",
        [WHY_ENVIRONMENT] = "environment",
        [WHY_LIMIT] = "limit",
        NULL,
};

const char *const why_verdicts[] = {
        [WHY_ALLOWED] = "allowed", [WHY_DENIED] = "denied", [WHY_DEPENDS] = "depends", NULL,
};

const char *const why_mechanisms[] = {
        [BY_NOTHING] = "none",          [BY_MOUNT] = "mount",          [BY_HIDING] = "hidden",
        [BY_FILTER] = "filter",         [BY_CAPABILITY] = "capability", [BY_NAMESPACE] = "namespace",
        [BY_FLOWS] = "flow",            [BY_LANDLOCK] = "Landlock",    [BY_LIMIT] = "limit",
        [BY_ENVIRONMENT] = "environment", [BY_FILES] = "files",       NULL,
};

static int why_capability(const Plan *plan, const WhyQuestion *question, WhyAnswer *a) {
        const NamedNumber *c = capability_find(question->object);
        char name[CAPABILITY_NAME_MAX];
        int r;

        if (!c)
                return -EINVAL;
        capability_write(c, name);
        if (why_capabilities(plan) & UINT64_C(1) << c->number)
                r = answer_allowed(a, "the payload has %s%s", name,
                                   plan->uid_map.n ? ", over its own namespaces alone" : "");
        else
                r = answer_denied(a, EPERM, BY_CAPABILITY, "the payload does not have %s", name);
        answer_directive(a, plan, plan->ambient & UINT64_C(1) << c->number ? D_AmbientCapabilities
                                                                          : D_CapabilityBoundingSet);
        if (r < 0 || a->verdict == WHY_ALLOWED)
                return r;
        return answer_allow(a, plan->uid_map.n ? "what this capability allows in the namespaces of the instance" :
                                                 "what this capability allows on the machine",
                            "%s=%s", plan->uid == 0 ? "CapabilityBoundingSet" : "AmbientCapabilities", name);
}

/* The line of UnsetEnvironment= that removes a variable of this value, which may be NULL, or NULL. */
static const Setting *find_unset(const Plan *plan, const char *name, const char *value) {
        const SettingList *list = &plan->source->settings[D_UnsetEnvironment];

        for (size_t i = 0; i < list->n; i++) {
                const char *rest = startswith(list->items[i].value.text, name);

                if (rest && (!*rest || (*rest == '=' && value && streq(rest + 1, value))))
                        return &list->items[i];
        }
        return NULL;
}

static int answer_unset(const Setting *setting, const char *name, bool removed, WhyAnswer *a) {
        int r = answer_denied(a, 0, BY_ENVIRONMENT, "UnsetEnvironment= removes %s%s", name,
                              removed ? "" : ", which the payload would not have without it either");

        answer_origin(a, setting->origin);
        return r < 0 || !removed ? r : answer_allow(a, "all variables that lines of UnsetEnvironment= remove",
                                                    "UnsetEnvironment=");
}

static int answer_not_set(const char *name, bool callers, WhyAnswer *a) {
        int r;

        if (callers)
                r = answer_denied(a, 0, BY_ENVIRONMENT,
                                  "%s is not set: the policy does not pass on this variable of the caller", name);
        else
                r = answer_denied(a, 0, BY_ENVIRONMENT, "%s is not set: the caller does not have it%s", name,
                                  environment_passes(name) ? " (if it did, the payload would get it)" : "");
        /* systemd's own socket reaches no payload: build_environment(). */
        if (r < 0 || streq(name, "NOTIFY_SOCKET"))
                return r;
        return callers ? answer_allow(a, "the value of this variable, which programs inside can read",
                                      "PassEnvironment=%s", name)
                       : answer_allow(a, "a variable of this value, and nothing else", "Environment=%s=VALUE", name);
}

static int why_environment(const Plan *plan, const WhyQuestion *question, WhyAnswer *a) {
        const char *name = question->object, *value = strv_variable(plan->environment, name);
        const char *removed = strv_variable(plan->unset, name);
        const char *callers = strv_variable(plan->caller_environment, name);
        const Setting *unset = find_unset(plan, name, removed ?: callers);

        if (!*name || strchr(name, '='))
                return -EINVAL;
        if (value)
                return answer_allowed(a, "%s is \"%s\"", name, value);
        return unset ? answer_unset(unset, name, removed, a) : answer_not_set(name, callers, a);
}

/* What a process that reaches a limit gets; 0: it is slowed down, or killed. Source: the manuals of the calls. */
static int limit_error(DirectiveId id) {
        switch (id) {
        case D_TasksMax:
        case D_LimitNPROC:
        case D_LimitSIGPENDING:
                return EAGAIN;
        case D_LimitNOFILE:
                return EMFILE;
        case D_LimitFSIZE:
                return EFBIG;
        case D_LimitAS:
        case D_LimitDATA:
        case D_LimitMEMLOCK:
                return ENOMEM;
        case D_LimitMSGQUEUE:
                return EMFILE;
        default:
                return 0;
        }
}

static const PlanResourceLimit *find_limit(const Plan *plan, const Directive *d) {
        for (size_t i = 0; i < plan->n_limits; i++)
                if (plan->limits[i].directive == d)
                        return &plan->limits[i];
        return NULL;
}

/* The directive of this name, or of the name without "Limit". */
static const Directive *find_directive(const char *name) {
        const Directive *d = directive_find(name);
        char longer[64];

        if (!d && snprintf(longer, sizeof(longer), "Limit%s", name) < (int) sizeof(longer))
                d = directive_find(longer);
        return d;
}

/* A limit of the policy that the plan does not have: the host lacks it, and it is optional. */
static const Setting *find_unenforced(const Plan *plan, const Directive *d) {
        const SettingList *list = &plan->source->settings[directive_id(d)];
        const Setting *last = list->n > 0 ? &list->items[list->n - 1] : NULL;

        return last && *last->value.text && !streq(last->value.text, "infinity") ? last : NULL;
}

static int why_limit(const Plan *plan, const WhyQuestion *question, WhyAnswer *a) {
        const Directive *d = find_directive(question->object);
        const PlanResourceLimit *limit = d ? find_limit(plan, d) : NULL;
        const PlanProperty *property = d ? plan_find_property(plan, directive_id(d)) : NULL;
        const Setting *unenforced = d ? find_unenforced(plan, d) : NULL;
        int r;

        if (!d || (!d->property && !startswith(d->name, "Limit")))
                return -EINVAL;
        if (limit && limit->limit.rlim_cur != RLIM_INFINITY) {
                answer_origin(a, limit->origin);
                r = answer_denied(a, limit_error(directive_id(d)), BY_LIMIT, "%s is %ju for each process%s", d->name,
                                  (uintmax_t) limit->limit.rlim_cur, limit->origin.file ? "" : ", a bound of isorun");
        } else if (property) {
                answer_origin(a, property->settings->items[0].origin);
                r = answer_denied(a, limit_error(directive_id(d)), BY_LIMIT, "%s is %s for the whole instance", d->name,
                                  property->settings->items[0].value.text);
        } else if (unenforced) {
                answer_origin(a, unenforced->origin);
                return answer_allowed(a, "%s=%s is in the policy, but this host cannot enforce it", d->name,
                                      unenforced->value.text);
        } else
                return answer_allowed(a, "the policy sets no %s: the limit is the caller's", d->name);
        return r < 0 ? r : answer_allow(a, "a larger limit, and nothing else", "%s=VALUE", d->name);
}

/* A number, or the name of an address family. */
static bool parse_argument(const char *word, uint64_t *ret) {
        const NamedNumber *family = named_find(address_families, word);
        char *end;

        if (family)
                *ret = (uint64_t) family->number;
        else {
                errno = 0;
                *ret = strtoull(word, &end, 0);
                if (errno != 0 || !*word || *end)
                        return false;
        }
        return true;
}

/* Splits "socket(AF_INET,1)" in place. */
static int parse_call(char *text, WhyQuestion *q) {
        char *open = strchr(text, '('), *close = open ? open + strlen(open) - 1 : NULL;

        q->object = text;
        if (!open)
                return 0;
        if (*close != ')')
                return -EINVAL;
        *open = *close = '\0';
        for (char *word = open + 1, *next; word && *word; word = next) {
                next = strchr(word, ',');
                if (next)
                        *next++ = '\0';
                if (q->n_arguments == WHY_ARGUMENTS_MAX ||
                    !parse_argument(text_trim(word), &q->arguments[q->n_arguments++]))
                        return -EINVAL;
        }
        return 0;
}

int why_question_parse(const char *action, const char *object, WhyQuestion *ret, char **ret_name) {
        _cleanup_free_ char *name = NULL;
        WhyQuestion q = { .object = object };
        int r = 0;

        while (why_actions[q.action] && !streq(why_actions[q.action], action))
                q.action++;
        if (!why_actions[q.action])
                return -EINVAL;
        if (q.action == WHY_CALL) {
                name = strdup(object);
                r = name ? parse_call(name, &q) : -ENOMEM;
        }
        if (r < 0)
                return r;
        *ret = q;
        *ret_name = TAKE_PTR(name);
        return 0;
}

int plan_why(const Plan *plan, const WhyQuestion *question, WhyAnswer *ret) {
        WhyAnswer a = {};
        int r;

        switch (question->action) {
        case WHY_CALL:
                r = why_call(plan, question, &a);
                break;
        case WHY_CONNECT:
        case WHY_LISTEN:
                r = why_network(plan, question, &a);
                break;
        case WHY_CAPABILITY:
                r = why_capability(plan, question, &a);
                break;
        case WHY_ENVIRONMENT:
                r = why_environment(plan, question, &a);
                break;
        case WHY_LIMIT:
                r = why_limit(plan, question, &a);
                break;
        default:
                r = question->object[0] == '/' ? why_file(plan, question, &a) : -EINVAL;
        }
        if (r < 0)
                why_answer_deinit(&a);
        else
                *ret = a;
        return r;
}
