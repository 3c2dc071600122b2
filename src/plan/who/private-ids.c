/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The private range of user ids: its id maps contain more than the caller's id. The other ids are subordinate ids,
 * which an administrator has assigned to the caller.
 *
 * With PrivateUsers=full there are two user namespaces. The outer one maps the caller's own id and the range, each to
 * itself. So the first process inside belongs to the caller until systemd has moved it into its unit. The inner one is
 * the payload's, and is made when the root is complete. It maps only the range, beginning at 0: neither the caller nor
 * the machine's root exists in it. */
#include "plan/who/private-ids.h"

#include <errno.h>
#include <stdio.h>

#include "plan/subordinate.h"
#include "util/parse.h"

bool build_has_private_ids(const Policy *policy) {
        return policy_choice(policy, D_PrivateUsers) == PRIVATE_USERS_FULL;
}

bool build_has_subordinate_ids(const Policy *policy) {
        return policy_choice(policy, D_PrivateUsers) == PRIVATE_USERS_SUBORDINATE;
}

bool build_nests(const Policy *policy) {
        return policy_is_true(policy, D_Nesting) || build_has_private_ids(policy);
}

bool build_lifts_default(const Policy *policy, DirectiveId id) {
        const Setting *s = policy_get(policy, id);

        return build_has_private_ids(policy) && !(s && s->origin.file);
}

/* Each of these functions returns NULL, or the reason why the ranges cannot be used. */

static const char *find_ranges(const Host *host, BuildRanges *ranges) {
        _cleanup_(host_user_deinit) HostUser user = {};
        const char *name;
        int r;

        r = host->find_ranges(host->uid, &ranges->uids, &ranges->gids);
        if (r < 0)
                return r == -ELIBACC ? "isorun cannot load libsubid" : "libsubid cannot read the subordinate ids";
        if (ranges->uids.count > 1 && ranges->gids.count > 1)
                return NULL;

        (void) host->find_user_by_uid(host->uid, &user);
        name = user.name ?: "USER";
        snprintf(ranges->why, sizeof(ranges->why),
                 "%s has no subordinate ids in %s (as root, add %d unused ids: usermod --add-subuids FIRST-LAST "
                 "--add-subgids FIRST-LAST %s)",
                 name, ranges->uids.count > 1 ? "/etc/subgid" : "/etc/subuid", PRIVATE_IDS, name);
        return ranges->why;
}

static bool holds(IdRange range, uint32_t id) {
        return id >= range.first && id - range.first < range.count;
}

/* A range with the machine's root or the caller in it would give the payload their rights. If root runs isorun, the
 * kernel would accept such a map. */
static const char *check_ranges(const Host *host, const BuildRanges *ranges) {
        if (holds(ranges->uids, 0) || holds(ranges->gids, 0) || holds(ranges->uids, host->uid) ||
            holds(ranges->gids, host->gid))
                return "the range of subordinate ids contains the caller's own id or 0: correct /etc/subuid and "
                       "/etc/subgid";
        return NULL;
}

/* Only the set-user-ID programs of shadow may write a map with more than the caller's own id. Root needs no help. */
static const char *find_helpers(const Host *host, Plan *plan) {
        if (host->uid == 0)
                return NULL;
        if (host->find_program("newuidmap", &plan->uid_helper) < 0 ||
            host->find_program("newgidmap", &plan->gid_helper) < 0)
                return "newuidmap and newgidmap are not installed (Debian: the package uidmap)";
        return NULL;
}

const char *build_ranges(const Host *host, Plan *plan, BuildRanges *ranges) {
        const char *why = find_ranges(host, ranges);

        if (!why)
                why = check_ranges(host, ranges);
        return why ?: find_helpers(host, plan);
}

static int map_range(uint32_t own, IdRange range, IdMap *outer, IdMap *inner) {
        if (id_map_add(outer, own, own, 1) < 0 || id_map_add(outer, range.first, range.first, range.count) < 0)
                return -ENOMEM;
        return id_map_add(inner, 0, range.first, range.count);
}

int build_private_maps(Builder *b) {
        const Setting *users = policy_get(b->policy, D_PrivateUsers), *delegate = policy_get(b->policy, D_Delegate);
        Plan *plan = b->plan;
        BuildRanges ranges = {};
        const char *why = build_ranges(b->host, plan, &ranges);

        if (why)
                return build_error(b, users, D_PrivateUsers, ENOENT, "\"full\" is not available: %s", why);
        if (plan->delegate)
                return build_error(b, delegate, D_Delegate, EINVAL,
                                   "does not work with PrivateUsers=full: the cgroup belongs to the caller, whose id "
                                   "is not in the private range");
        if (map_range(b->host->uid, ranges.uids, &plan->uid_map, &plan->inner_uid_map) < 0 ||
            map_range(b->host->gid, ranges.gids, &plan->gid_map, &plan->inner_gid_map) < 0)
                return -ENOMEM;

        plan->set_owner = true;
        plan->owner_uid = ranges.uids.first;
        plan->owner_gid = ranges.gids.first;
        return 0;
}

int build_name_root(Builder *b) {
        b->user = (HostUser) { .name = strdup("root"), .home = strdup("/root"), .shell = strdup("/bin/sh") };
        return b->user.name && b->user.home && b->user.shell ? 0 : -ENOMEM;
}

/* The names of the host's users have no meaning in such a range. */
static int parse_private_id(Builder *b, DirectiveId id, uint64_t count, uint32_t *ret) {
        const Setting *s = policy_get(b->policy, id);
        uint64_t number = 0;

        if (!s)
                return 0;
        if (!streq(s->value.text, "root") && parse_u64_range(s->value.text, 0, count - 1, &number) < 0)
                return build_error(b, s, id, EINVAL,
                                   "with PrivateUsers=%s, use root or a number from 0 to %llu, because the private "
                                   "range has no other names: \"%s\"",
                                   policy_get(b->policy, D_PrivateUsers)->value.text, (unsigned long long) count - 1,
                                   s->value.text);
        *ret = (uint32_t) number;
        return 1;
}

/* Without Group=, the group has the number of the user. */
static int parse_private_ids(Builder *b, const IdMap *uids, const IdMap *gids) {
        const IdMapEntry *uid = &uids->items[uids->n - 1], *gid = &gids->items[gids->n - 1];
        DirectiveId group = policy_get(b->policy, D_Group) ? D_Group : D_User;
        Plan *plan = b->plan;
        int r, q;

        r = parse_private_id(b, D_User, (uint64_t) uid->inside + uid->count, &plan->uid);
        q = r < 0 ? r : parse_private_id(b, group, (uint64_t) gid->inside + gid->count, &plan->gid);
        if (r < 0 || q < 0)
                return r < 0 ? r : q;

        /* Set also for uid 0, because the process has the caller's ids and groups until then. */
        plan->set_ids = true;
        return plan->uid == 0 ? build_name_root(b) : 0;
}

int build_private_ids(Builder *b) {
        Plan *plan = b->plan;
        int r;

        if (!plan->inner_gid_map.n)
                return 0; /* build_private_maps() has reported why */
        r = parse_private_ids(b, &plan->inner_uid_map, &plan->inner_gid_map);
        plan->owner_uid += plan->uid;
        plan->owner_gid += plan->gid;
        return r;
}

int build_map_from_own(uint32_t own, const IdRange *range, IdMap *ret) {
        int r = id_map_add(ret, 0, own, 1);

        return r < 0 || !range ? r : id_map_add(ret, 1, range->first, range->count);
}

int build_subordinate_maps(Builder *b) {
        const Setting *users = policy_get(b->policy, D_PrivateUsers);
        Plan *plan = b->plan;
        BuildRanges ranges = {};
        const char *why = build_ranges(b->host, plan, &ranges);

        if (why)
                return build_error(b, users, D_PrivateUsers, ENOENT, "\"subordinate\" is not available: %s", why);
        return build_map_from_own(b->host->uid, &ranges.uids, &plan->uid_map) < 0 ||
                       build_map_from_own(b->host->gid, &ranges.gids, &plan->gid_map) < 0 ? -ENOMEM : 0;
}

int build_subordinate_ids(Builder *b) {
        const Setting *delegate = policy_get(b->policy, D_Delegate);
        Plan *plan = b->plan;
        int r;

        if (!plan->gid_map.n)
                return 0; /* build_subordinate_maps() has reported why */
        r = parse_private_ids(b, &plan->uid_map, &plan->gid_map);
        if (r < 0)
                return r;
        if (plan->delegate && plan->uid != 0)
                return build_error(b, delegate, D_Delegate, EINVAL,
                                   "works with PrivateUsers=subordinate only for User=root: the cgroup belongs to the "
                                   "caller");
        plan->set_owner = plan->uid != 0 || plan->gid != 0;
        plan->owner_uid = plan->uid;
        plan->owner_gid = plan->gid;
        return 0;
}
