/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files are answered by the code for plans, from a plan that has the container's ids, capabilities and mounts. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>

#include "oci/explain/bundle.h"
#include "oci/explain/call.h"
#include "oci/explain/files.h"
#include "plan/why/answer.h"
#include "plan/why/target.h"
#include "policy/value/names.h"
#include "util/landlock.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/text.h"

static int why_capability(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        const NamedNumber *c = capability_find(q->object);
        const SpecProcess *p = &b->spec->process;
        const char *set = p->uid != 0 ? "ambient" : "bounding";
        char name[CAPABILITY_NAME_MAX];
        int r;

        if (!c)
                return -EINVAL;
        capability_write(c, name);
        if (p->uid == 0 && bundle_gains_nothing(b->spec) && p->bounding & UINT64_C(1) << c->number)
                set = "permitted";
        answer_origin(a, bundle_origin(b, "/process/capabilities/%s", set));
        if (b->spec->policy && !(b->spec->policy->capabilities & UINT64_C(1) << c->number)) {
                answer_origin(a, bundle_capabilities_line(b));
                return answer_denied(a, EPERM, BY_CAPABILITY, "the policy %s does not allow %s", b->spec->policy->name,
                                     name);
        }
        if (bundle_capabilities(b->spec) & UINT64_C(1) << c->number)
                return answer_allowed(a, "the command has %s%s", name,
                                      spec_has_user_namespace(b->spec) ? ", over its own namespaces alone" : "");
        if (!a->has_origin)
                answer_origin(a, bundle_origin(b, "/process"));
        r = answer_denied(a, EPERM, BY_CAPABILITY, "the %s capabilities do not have %s", set, name);
        return r < 0 ? r : answer_allow(a, spec_has_user_namespace(b->spec)
                                        ? "all that this capability allows in the container"
                                        : "all that this capability allows on the machine",
                                        "%s in /process/capabilities: %s", name,
                                        p->uid == 0 ? "bounding, permitted and effective" :
                                                      "bounding, permitted, inheritable and ambient");
}

static int why_environment(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        char **environment = b->spec->process.environment;
        const char *name = q->object;
        const bool is_home = streq(name, "HOME");
        int r;

        if (!*name || strchr(name, '='))
                return -EINVAL;
        /* As environment_make() has it: the last one counts, and an empty HOME is none. */
        for (size_t i = strv_length(environment); i-- > 0;) {
                const char *rest = startswith(environment[i], name);

                if (!rest || *rest != '=')
                        continue;
                if (is_home && !rest[1])
                        break;
                answer_origin(a, bundle_origin(b, "/process/env/%zu", i));
                return answer_allowed(a, "%s is \"%s\"", name, rest + 1);
        }
        if (is_home)
                return answer_depends(a, "HOME is that of the user in the root's /etc/passwd");
        answer_origin(a, bundle_origin(b, "/process/env"));
        r = answer_denied(a, 0, BY_ENVIRONMENT, "%s is not set: no variable of the caller reaches the command", name);
        return r < 0 ? r : answer_allow(a, "a variable of this value, and nothing else", "\"%s=VALUE\" in /process/env",
                                        name);
}

/* NOFILE, RLIMIT_NOFILE, or a file of the cgroup such as memory.max. */
static int why_limit(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        const char *bare = startswith(q->object, "RLIMIT_") ?: q->object;

        /* "unified" may have a file that another field has, too: the last one counts. */
        for (size_t i = b->spec->n_cgroup_files; i-- > 0;) {
                const SpecCgroupFile *f = &b->spec->cgroup_files[i];

                if (!streq(f->file, q->object))
                        continue;
                answer_origin(a, bundle_file_origin(b, f));
                return answer_denied(a, streq(f->file, "pids.max") ? EAGAIN : 0, BY_LIMIT,
                                     "%s is %s for the whole container", f->file, f->value);
        }
        for (size_t i = 0; i < b->spec->process.n_limits; i++) {
                const SpecLimit *l = &b->spec->process.limits[i];
                const rlim_t soft = l->limit.rlim_cur;
                const char *type = spec_limit_name(l->resource);

                if (!streq(type + strlen("RLIMIT_"), bare))
                        continue;
                answer_origin(a, bundle_limit_origin(b, i));
                return soft == RLIM_INFINITY ? answer_allowed(a, "%s is unlimited", type)
                                             : answer_denied(a, 0, BY_LIMIT, "%s is %ju for each process", type,
                                                             (uintmax_t) soft);
        }
        return answer_allowed(a, "config.json sets no %s: the limit is the caller's", q->object);
}

static void network_origin(Bundle *b, WhyAnswer *a) {
        const Origin origin = bundle_namespace_origin(b, SPEC_NETWORK);

        answer_origin(a, origin.file ? origin : bundle_origin(b, "/linux/namespaces"));
}

/* The network of a container is the engine's: config.json names it, and does not say where it leads. */
static int why_network(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        const bool is_new = b->spec->new_namespaces & CLONE_NEWNET;
        WhyTarget target = {};
        uint64_t port;
        int r;

        if (q->action == WHY_LISTEN) {
                _cleanup_free_ char *number = strndup(q->object, strcspn(q->object, "/"));

                if (!number)
                        return -ENOMEM;
                if (parse_u64_range(number, 1, UINT16_MAX, &port) < 0)
                        return -EINVAL;
        } else {
                r = why_target_parse(q->object, &target);
                why_target_deinit(&target);
                if (r < 0)
                        return r;
        }
        network_origin(b, a);
        if (!is_new && !b->spec->joined[SPEC_NETWORK])
                return answer_allowed(a, "the network is the host's; whether %s is another question",
                                      q->action == WHY_LISTEN ? "the port is free" : "a server is there");
        return answer_depends(a, "the network is %s, and its devices are the engine's",
                              is_new ? "the container's own" : b->spec->joined[SPEC_NETWORK]);
}

static int why_abstract_socket(Bundle *b, WhyAnswer *a) {
        const Plan *landlock = b->spec->policy ? b->spec->policy->landlock : NULL;

        network_origin(b, a);
        if (b->spec->new_namespaces & CLONE_NEWNET || b->spec->joined[SPEC_NETWORK])
                return answer_denied(a, ECONNREFUSED, BY_NAMESPACE,
                                     "abstract sockets belong to a network, and the container has its own");
        if (!landlock || !(landlock->landlock_scope & LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET))
                return answer_allowed(a, "the network is the host's");
        answer_directive(a, landlock, D_AbstractSockets);
        return answer_denied(a, EPERM, BY_LANDLOCK, "the policy %s does not allow abstract sockets of others",
                             b->spec->policy->name);
}

/* Only the kernel of the host knows what a label or profile may do. */
static int add_label(const SpecProcess *p, const WhyQuestion *q, WhyAnswer *a) {
        const bool profile = p->apparmor && !streq(p->apparmor, "unconfined");
        char *text;

        if (a->verdict != WHY_ALLOWED || q->action == WHY_ENVIRONMENT || q->action == WHY_LIMIT ||
            (!p->selinux && !profile))
                return 0;
        text = format("%s; the %s %s may deny it", a->text, p->selinux ? "SELinux label" : "AppArmor profile",
                      p->selinux ?: p->apparmor);
        if (!text)
                return -ENOMEM;
        free(a->text);
        a->text = text;
        return 0;
}

int bundle_why(Bundle *b, const WhyQuestion *q, WhyAnswer *ret) {
        const bool is_socket = q->action == WHY_CONNECT && (q->object[0] == '/' || q->object[0] == '@');
        WhyAnswer a = {};
        int r;

        if (q->action == WHY_CALL)
                r = bundle_why_call(b, q, &a);
        else if (q->action == WHY_CAPABILITY)
                r = why_capability(b, q, &a);
        else if (q->action == WHY_ENVIRONMENT)
                r = why_environment(b, q, &a);
        else if (q->action == WHY_LIMIT)
                r = why_limit(b, q, &a);
        else if (is_socket && q->object[0] == '@')
                r = why_abstract_socket(b, &a);
        else if (!is_socket && (q->action == WHY_CONNECT || q->action == WHY_LISTEN))
                r = why_network(b, q, &a);
        else
                r = q->object[0] == '/' ? bundle_why_file(b, q, &a) : -EINVAL;
        if (r >= 0)
                r = b->oom ? -ENOMEM : add_label(&b->spec->process, q, &a);
        if (r < 0)
                why_answer_deinit(&a);
        else
                *ret = a;
        return r;
}
