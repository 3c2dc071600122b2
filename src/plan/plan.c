/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan.h"

#include "util/path.h"
#include "util/strv.h"

Plan *plan_free(Plan *plan) {
        if (!plan)
                return NULL;

        for (size_t i = 0; i < plan->n_mounts; i++)
                plan_mount_deinit(&plan->mounts[i]);
        free(plan->mounts);
        free(plan->name);
        free(plan->unit);
        free(plan->policy);
        free(plan->image_id);
        free(plan->policy_digest);
        free(plan->description);
        strv_free(plan->bus_sockets);
        free(plan->cgroup);
        free(plan->cgroup_root);
        free(plan->pool);
        free(plan->pool_base);
        free(plan->pool_undelegated);
        free(plan->properties);
        id_map_deinit(&plan->uid_map);
        id_map_deinit(&plan->gid_map);
        id_map_deinit(&plan->inner_uid_map);
        id_map_deinit(&plan->inner_gid_map);
        free(plan->uid_helper);
        free(plan->gid_helper);
        free(plan->groups);
        free(plan->kept_groups);
        free(plan->peers);
        strv_free(plan->search_domains);
        free(plan->entrances);
        free(plan->calls);
        free(plan->argument_rules);
        free(plan->architectures);
        free(plan->program);
        free(plan->landlock_rules);
        strv_free(plan->landlock_paths);
        strv_free(plan->arguments);
        free(plan->executable);
        strv_free(plan->environment);
        strv_free(plan->unset);
        strv_free(plan->texts);
        strv_free(plan->service_origins);
        free(plan->working_directory);
        free(plan->limits);
        free(plan->user_limits);
        free(plan->notify);
        free(plan);
        return NULL;
}

void plan_forget_rules(Plan *plan) {
        if (!plan->program)
                return;
        free(TAKE_PTR(plan->calls));
        free(TAKE_PTR(plan->argument_rules));
        plan->n_calls = plan->n_argument_rules = 0;
}

/* Without bsearch(3), because a start looks up a name some hundred times. */
PlanCall *plan_find_call(const Plan *plan, const char *name) {
        size_t low = 0, high = plan->n_calls;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;
                PlanCall *call = &plan->calls[middle];
                int c = (unsigned char) name[0] - (unsigned char) call->name[0];

                if (c == 0)
                        c = strcmp(name, call->name);
                if (c == 0)
                        return call;
                if (c < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

bool plan_allows_call(const Plan *plan, const char *name) {
        const PlanCall *call = plan_find_call(plan, name);

        return call && !call->error;
}

int destination_compare(const char *a, const char *b) {
        for (; *a && *a == *b; a++, b++)
                ;
        if (*a == *b)
                return 0;
        /* The slash sorts before all other characters, so that "/a/b" comes between "/a" and "/a-b". */
        if (!*a || !*b)
                return *a ? 1 : -1;
        if (*a == '/' || *b == '/')
                return *a == '/' ? -1 : 1;
        return (unsigned char) *a < (unsigned char) *b ? -1 : 1;
}

const PlanMount *plan_find_mount(const Plan *plan, const char *destination) {
        size_t low = 0, high = plan->n_mounts;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int c = destination_compare(destination, plan->mounts[middle].destination);

                if (c == 0)
                        return &plan->mounts[middle];
                if (c < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

bool plan_mount_is_mounted(const PlanMount *m) {
        return m->kind != MOUNT_DIRECTORY && m->kind != MOUNT_SYMLINK;
}

bool plan_mount_is_memory(const PlanMount *m) {
        return (m->kind == MOUNT_TMPFS || m->kind == MOUNT_OVERLAY) && m->place != PLACE_IF_THERE &&
               !plan_mount_is_read_only(m);
}

const PlanMount *plan_mount_of(const Plan *plan, const char *path) {
        const PlanMount *found = &plan->mounts[0];

        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];

                if (plan_mount_is_mounted(m) && path_is_at_or_below(path, m->destination))
                        found = m; /* sorted: a later one is deeper */
        }
        return found;
}

const PlanProperty *plan_find_property(const Plan *plan, DirectiveId id) {
        for (size_t i = 0; i < plan->n_properties; i++)
                if (directive_id(plan->properties[i].directive) == id)
                        return &plan->properties[i];
        return NULL;
}

char *plan_peer_name(const PlanPeer *p) {
        return format(strchr(p->host, ':') ? "[%s]:%u%s" : "%s:%u%s", p->host, p->port, p->is_datagram ? "/udp" : "");
}

char *plan_entrance_name(const PlanEntrance *e) {
        return e->is_socket ? format("unix:%s", e->place) :
                              format(strchr(e->place, ':') ? "[%s]:%u" : "%s:%u", e->place, e->port);
}
