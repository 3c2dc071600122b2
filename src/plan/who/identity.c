/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users, groups and namespaces: user_namespaces(7). */
#include "plan/who/identity.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>

#include "plan/who/private-ids.h"
#include "plan/who/tree.h"
#include "util/array.h"
#include "util/parse.h"

static bool has_capability(const Host *host, int capability) {
        return host->capabilities & UINT64_C(1) << capability;
}

/* Maps each id of this user namespace to itself. */
static int map_to_itself(const IdMap *own, IdMap *ret) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < own->n; i++)
                r = id_map_add(ret, own->items[i].inside, own->items[i].inside, own->items[i].count);
        return r;
}

static int map_all_ids(Builder *b) {
        const Host *host = b->host;

        if (!host->uid_map.n || !host->gid_map.n)
                return report_error(b->report, ENODATA,
                                    "cannot read /proc/self/uid_map and gid_map, so isorun does not know which ids "
                                    "exist");
        if (map_to_itself(&host->uid_map, &b->plan->uid_map) < 0 ||
            map_to_itself(&host->gid_map, &b->plan->gid_map) < 0)
                return -ENOMEM;
        return 0;
}

static int map_ids(Builder *b) {
        bool all = has_capability(b->host, CAP_SETUID) && has_capability(b->host, CAP_SETGID);
        Plan *plan = b->plan;

        if (b->request->writable_root && b->host->uid != 0)
                return build_tree_maps(b);
        if (b->host->uid == 0 && !has_capability(b->host, CAP_SETFCAP))
                return report_error(
                        b->report, EPERM,
                        "root needs CAP_SETFCAP to map uid 0 into a user namespace: run isorun as another "
                        "user, or with CAP_SETFCAP in the CapabilityBoundingSet= of the unit or the policy around "
                        "it");

        if (b->host->uid == 0 && all)
                return map_all_ids(b);

        plan->deny_setgroups = true;
        if (id_map_add(&plan->uid_map, b->host->uid, b->host->uid, 1) < 0 ||
            id_map_add(&plan->gid_map, b->host->gid, b->host->gid, 1) < 0)
                return -ENOMEM;
        return 0;
}

static int build_users(Builder *b) {
        const Setting *users = policy_get(b->policy, D_PrivateUsers);
        const PrivateUsers choice = (PrivateUsers) users->value.number;

        if ((choice == PRIVATE_USERS_NO || choice == PRIVATE_USERS_IDENTITY) && b->host->uid != 0)
                return build_error(b, users, D_PrivateUsers, EPERM, "\"%s\" works only for root", users->value.text);
        if (choice == PRIVATE_USERS_SUBORDINATE && b->host->uid == 0)
                return build_error(b, users, D_PrivateUsers, EINVAL,
                                   "\"subordinate\" is for users: root inside would be the machine's root, who has all "
                                   "ids with \"self\"");
        if (b->host->uid == 0 && b->host->capabilities_error)
                return report_error(b->report, b->host->capabilities_error,
                                    "cannot read this process's capabilities: %s (a system call filter around it may "
                                    "deny capget)", strerror(b->host->capabilities_error));
        if (choice == PRIVATE_USERS_NO)
                return 0;
        if (choice == PRIVATE_USERS_FULL && b->request->writable_root)
                return build_error(b, users, D_PrivateUsers, EINVAL,
                                   "\"full\" does not work in a build: the tree belongs to the caller, whose id is not "
                                   "in the private range");

        b->plan->namespaces |= CLONE_NEWUSER;
        if (b->request->writable_root)
                return map_ids(b);
        return choice == PRIVATE_USERS_FULL ? build_private_maps(b)
                : choice == PRIVATE_USERS_SUBORDINATE ? build_subordinate_maps(b) : map_ids(b);
}

/* Whether the image of RootDirectory= names this user. It is a number, and has nothing of the host's user. */
static bool is_of_image(const Setting *user) {
        return user->origin.file && startswith(user->origin.file, ROOT_IMAGE_PREFIX);
}

static int find_group(Builder *b, const Setting *group, gid_t *ret) {
        uint64_t number;
        int r;

        if (parse_u64_range(group->value.text, 0, UINT32_MAX - 1, &number) >= 0) {
                *ret = (gid_t) number;
                return 0;
        }
        r = b->host->find_group(group->value.text, ret);
        if (r == -ENOMEM)
                return -ENOMEM;
        return r < 0 ? build_error(b, group, D_Group, ESRCH, "no such group: \"%s\"", group->value.text) : 0;
}

static int find_user(Builder *b, const Setting *user) {
        Plan *plan = b->plan;
        uint64_t number;
        bool numeric = parse_u64_range(user->value.text, 0, UINT32_MAX - 1, &number) >= 0;
        int r;

        if (numeric && is_of_image(user)) {
                plan->uid = (uid_t) number;
                plan->gid = (gid_t) number; /* Group= follows */
                return 0;
        }
        r = numeric ? b->host->find_user_by_uid((uid_t) number, &b->user)
                    : b->host->find_user(user->value.text, &b->user);
        if (r == -ENOMEM)
                return r;
        if (r < 0 && !numeric)
                return build_error(b, user, D_User, ESRCH, "no such user: \"%s\"", user->value.text);
        plan->uid = r < 0 ? (uid_t) number : b->user.uid;
        plan->gid = r < 0 ? (gid_t) number : b->user.gid;
        return 0;
}

static int find_supplementary(Builder *b, const char *name) {
        int r;

        r = b->host->find_groups(name, b->plan->gid, &b->plan->groups, &b->plan->n_groups);
        if (r == -ENOMEM)
                return r;
        return r < 0 ? report_error(b->report, -r, "the groups of %s changed while isorun read them: try again",
                                    name)
                     : 0;
}

/* The caller's groups would give the payload rights that no policy mentions. In a user namespace that maps only the
 * caller's own group, nobody can change them: user_namespaces(7). */
static int drop_groups(Builder *b) {
        const Host *host = b->host;
        Plan *plan = b->plan;

        plan->set_ids = host->uid == 0 && has_capability(host, CAP_SETGID) && !plan->deny_setgroups &&
                        !host->setgroups_denied;
        for (size_t i = 0; !plan->set_ids && i < host->n_groups; i++) {
                gid_t *kept = host->groups[i] == plan->gid ? NULL
                                                           : ARRAY_APPEND(plan->kept_groups, plan->n_kept_groups);

                if (kept)
                        *kept = host->groups[i];
                else if (host->groups[i] != plan->gid)
                        return -ENOMEM;
        }
        return 0;
}

static int build_ids(Builder *b) {
        const Setting *user = policy_get(b->policy, D_User), *group = policy_get(b->policy, D_Group);
        Plan *plan = b->plan;
        int r = 0;

        if (build_has_private_ids(b->policy))
                return build_private_ids(b);
        if (b->request->writable_root)
                return build_tree_ids(b);
        if (build_has_subordinate_ids(b->policy))
                return build_subordinate_ids(b);

        plan->uid = b->host->uid;
        plan->gid = b->host->gid;
        if (!user && !group)
                return drop_groups(b);

        if (user)
                r = find_user(b, user);
        if (r >= 0 && group)
                r = find_group(b, group, &plan->gid);
        if (r < 0)
                return r;

        if (plan->uid == b->host->uid && plan->gid == b->host->gid)
                return drop_groups(b);
        if (b->host->uid != 0 && user && is_of_image(user))
                return build_error(b, user, D_User, EPERM,
                                   "the image's user exists only with PrivateUsers=subordinate: set that, or User= to "
                                   "your own name");
        if (b->host->uid != 0 || plan->deny_setgroups)
                return build_error(b, user ?: group, user ? D_User : D_Group, EPERM,
                                   "only root can run a sandbox as another user or group");
        plan->set_ids = plan->set_owner = true;
        plan->owner_uid = plan->uid;
        plan->owner_gid = plan->gid;
        return b->user.name ? find_supplementary(b, b->user.name) : 0;
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
