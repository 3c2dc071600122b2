/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/root/builder.h"

#include <inttypes.h>
#include <errno.h>

#include "util/array.h"
#include "util/text.h"

PlanMount mount_of_setting(DirectiveId id, const Setting *s, PlanMount mount) {
        mount.asker = ASKED_BY_POLICY;
        mount.origin = s->origin;
        mount.key = directive_table[id].name;
        return mount;
}

PlanMount mount_of_service(const char *origin, PlanMount mount) {
        mount.asker = ASKED_BY_SERVICE;
        mount.origin.file = origin;
        return mount;
}

PlanMount mount_because_of(Origin origin, PlanMount mount) {
        mount.asker = origin.file ? ASKED_INDIRECTLY : ASKED_BY_NOBODY;
        mount.origin = origin;
        return mount;
}

static int want(RootBuilder *rb, WantedMount wanted) {
        WantedMount *w = ARRAY_APPEND(rb->wanted, rb->n_wanted);

        if (!w) {
                plan_mount_deinit(&wanted.mount);
                return -ENOMEM;
        }
        *w = wanted;
        return plan_mount_is_whole(&w->mount) ? 0 : -ENOMEM;
}

int root_builder_want(RootBuilder *rb, PlanMount mount) {
        return want(rb, (WantedMount) { .mount = mount });
}

int root_builder_want_if_there(RootBuilder *rb, PlanMount mount) {
        return want(rb, (WantedMount) { .mount = mount, .optional = true });
}

int root_builder_add_all(RootBuilder *rb, const RootDirective *table, size_t n) {
        int result = 0;

        for (size_t i = 0; i < n; i++) {
                const SettingList *list = build_list(rb->b, table[i].id);

                for (size_t k = 0; k < list->n && result != -ENOMEM; k++) {
                        int r = table[i].add(rb, table[i].id, &list->items[k]);

                        if (r < 0)
                                result = r;
                }
        }
        return result;
}

char *root_builder_tmpfs_options(const Plan *plan, const char *mode, Size size, uint64_t inodes) {
        _cleanup_free_ char *bytes = size_format(size), *owner = NULL, *count = NULL;

        owner = plan->set_owner ? format("uid=%u,gid=%u,", plan->owner_uid, plan->owner_gid) : strdup("");
        count = inodes ? format(",nr_inodes=%" PRIu64, inodes) : strdup("");
        return bytes && owner && count ? format("mode=%s,%ssize=%s%s", mode, owner, bytes, count) : NULL;
}

void root_builder_deinit(RootBuilder *rb) {
        for (size_t i = 0; i < rb->n_wanted; i++)
                plan_mount_deinit(&rb->wanted[i].mount);
        free(rb->wanted);
        for (size_t i = 0; i < rb->n_hide_options; i++)
                free(rb->hide_options[i].volume);
        free(rb->hide_options);
        for (size_t i = 0; i < rb->n_links; i++) {
                free(rb->links[i].link);
                free(rb->links[i].source);
        }
        free(rb->links);
        free(rb->bound);
        root_model_deinit(&rb->model);
}
