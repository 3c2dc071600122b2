/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users, groups and namespaces: user_namespaces(7). */
#include "plan/who/identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/sched.h>
#include <pwd.h>
#include <sys/capability.h>

#include "plan/who/tree.h"
#include "plan/who/world.h"
#include "util/parse.h"

static bool has_capability(const Host *host, int capability) {
        return host->capabilities & UINT64_C(1) << capability;
}

/* Every id that exists here, each mapped to itself. */
static int map_to_itself(const IdMap *own, IdMap *ret) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < own->n; i++)
                r = id_map_add(ret, own->items[i].inside, own->items[i].inside, own->items[i].count);
        return r;
}

static int map_all_ids(Builder *b) {
        const Host *host = b->host;

        if (!host->uid_map.n || !host->gid_map.n)
                return report_error(b->report, ENODATA, "/proc/self/uid_map and gid_map cannot be read: which ids there "
                                                        "are is not known");
        if (map_to_itself(&host->uid_map, &b->plan->uid_map) < 0 || map_to_itself(&host->gid_map, &b->plan->gid_map) < 0)
                return report_oom(b->report);
        return 0;
}

static int map_ids(Builder *b) {
        bool all = has_capability(b->host, CAP_SETUID) && has_capability(b->host, CAP_SETGID);
        Plan *plan = b->plan;

        if (b->request->writable_root && b->host->uid != 0)
                return build_tree_maps(b);
        if (b->host->uid == 0 && !has_capability(b->host, CAP_SETFCAP))
                return report_error(b->report, EPERM,
                                    "uid 0 cannot be mapped into a user namespace without CAP_SETFCAP (Linux 5.12): "
                                    "run isorun as another user, or, inside a sandbox, under a policy that keeps "
                                    "CAP_SETFCAP");

        if (b->host->uid == 0 && all)
                return map_all_ids(b);

        plan->deny_setgroups = true;
        if (id_map_add(&plan->uid_map, b->host->uid, b->host->uid, 1) < 0 ||
            id_map_add(&plan->gid_map, b->host->gid, b->host->gid, 1) < 0)
                return report_oom(b->report);
        return 0;
}

static int build_users(Builder *b) {
        const Setting *users = policy_get(b->policy, D_PrivateUsers);
        const PrivateUsers choice = (PrivateUsers) users->value.number;

        if ((choice == PRIVATE_USERS_NO || choice == PRIVATE_USERS_IDENTITY) && b->host->uid != 0)
                return build_error(b, users, D_PrivateUsers, EPERM, "\"%s\" is for root only", users->value.text);
        if (choice == PRIVATE_USERS_NO)
                return 0;
        if (choice == PRIVATE_USERS_FULL && b->request->writable_root)
                return build_error(b, users, D_PrivateUsers, EINVAL,
                                   "\"full\" is not for building: the tree is the caller's, who does not exist in that "
                                   "world");

        b->plan->namespaces |= CLONE_NEWUSER;
        return build_is_world(b->policy) ? build_world_maps(b) : map_ids(b);
}

static int find_group(Builder *b, const Setting *group, gid_t *ret) {
        uint64_t number;
        struct group *g;

        if (parse_u64_range(group->value.text, 0, UINT32_MAX - 1, &number) >= 0) {
                *ret = (gid_t) number;
                return 0;
        }
        g = getgrnam(group->value.text);
        if (!g)
                return build_error(b, group, D_Group, ESRCH, "no such group: \"%s\"", group->value.text);
        *ret = g->gr_gid;
        return 0;
}

static int find_user(Builder *b, const Setting *user) {
        Plan *plan = b->plan;
        struct passwd *pw;
        uint64_t number;

        if (parse_u64_range(user->value.text, 0, UINT32_MAX - 1, &number) >= 0) {
                pw = getpwuid((uid_t) number);
                plan->uid = (uid_t) number;
                plan->gid = (gid_t) number;
        } else {
                pw = getpwnam(user->value.text);
                if (!pw)
                        return build_error(b, user, D_User, ESRCH, "no such user: \"%s\"", user->value.text);
        }
        if (!pw)
                return 0;

        plan->uid = pw->pw_uid;
        plan->gid = pw->pw_gid;
        b->user_name = strdup(pw->pw_name);
        b->user_home = strdup(pw->pw_dir);
        b->user_shell = strdup(pw->pw_shell);
        return b->user_name && b->user_home && b->user_shell ? 0 : report_oom(b->report);
}

static int find_supplementary(Builder *b, const char *name) {
        int n = 64;

        b->plan->groups = calloc((size_t) n, sizeof(gid_t));
        if (!b->plan->groups)
                return report_oom(b->report);

        if (getgrouplist(name, b->plan->gid, b->plan->groups, &n) < 0) {
                gid_t *more = reallocarray(b->plan->groups, (size_t) n, sizeof(gid_t));

                if (!more)
                        return report_oom(b->report);
                b->plan->groups = more;
                if (getgrouplist(name, b->plan->gid, b->plan->groups, &n) < 0)
                        return report_error(b->report, E2BIG, "the groups of %s change while they are read", name);
        }
        b->plan->n_groups = (size_t) n;
        return 0;
}

static int build_ids(Builder *b) {
        const Setting *user = policy_get(b->policy, D_User), *group = policy_get(b->policy, D_Group);
        Plan *plan = b->plan;
        int r = 0;

        if (build_is_world(b->policy))
                return build_world_ids(b);
        if (b->request->writable_root)
                return build_tree_ids(b);

        plan->uid = b->host->uid;
        plan->gid = b->host->gid;
        if (!user && !group)
                return 0;

        if (user)
                r = find_user(b, user);
        if (r >= 0 && group)
                r = find_group(b, group, &plan->gid);
        if (r < 0)
                return r;

        if (plan->uid == b->host->uid && plan->gid == b->host->gid)
                return 0;
        if (b->host->uid != 0 || plan->deny_setgroups)
                return build_error(b, user ?: group, user ? D_User : D_Group, EPERM,
                                   "only root can run a sandbox as another user or group");
        plan->set_ids = plan->set_owner = true;
        plan->owner_uid = plan->uid;
        plan->owner_gid = plan->gid;
        return b->user_name ? find_supplementary(b, b->user_name) : 0;
}

static void build_namespaces(Builder *b) {
        static const struct {
                DirectiveId id;
                uint64_t flag;
        } table[] = {
                { D_PrivateNetwork, CLONE_NEWNET },
                { D_PrivateIPC, CLONE_NEWIPC },
        };

        b->plan->namespaces |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS;
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (policy_is_true(b->policy, table[i].id))
                        b->plan->namespaces |= table[i].flag;
}

int build_identity(Builder *b) {
        int r, q;

        r = build_users(b);
        build_namespaces(b);
        q = build_ids(b);
        return r < 0 ? r : q;
}
