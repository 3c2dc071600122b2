/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/oci/command.h"
#include "oci/spec/spec.h"
#include "policy/value/names.h"

static json_t *namespace_names(void) {
        json_t *list = json_array();

        for (size_t i = 0; i < SPEC_NAMESPACES; i++)
                (void) json_array_append_new(list, json_string(spec_namespaces[i].name));
        return list;
}

static json_t *capabilities(void) {
        json_t *list = json_array();

        for (const NamedNumber *c = capability_names; c->name; c++) {
                char name[CAPABILITY_NAME_MAX];

                capability_write(c, name);
                (void) json_array_append_new(list, json_string(name));
        }
        return list;
}

static json_t *hook_names(void) {
        json_t *list = json_array();

        for (size_t i = 0; i < SPEC_HOOKS; i++)
                (void) json_array_append_new(list, json_string(spec_hook_names[i]));
        return list;
}

/* features.md and features-linux.md of the runtime specification. */
int oci_features(const OciCall *call) {
        json_t *linux_part = json_pack(
                "{so so s{sb sb sb sb sb} so* s{sb} s{sb} s{sb} s{s{sb}} s{sb} so*}", "namespaces", namespace_names(),
                "capabilities", capabilities(), "cgroup", "v1", 0, "v2", 1, "systemd", 1, "systemdUser", 1, "rdma", 1,
                "seccomp", spec_filter_features(), "apparmor", "enabled", 1, "selinux", "enabled", 1, "intelRdt",
                "enabled", 0, "mountExtensions", "idmap", "enabled", 1, "netDevices", "enabled", 1,
                "memoryPolicy", spec_memory_policy_features());

        return oci_print(json_pack("{ss ss so so so* s[s]}", "ociVersionMin", "1.0.0", "ociVersionMax", SPEC_VERSION,
                                   "hooks", hook_names(), "mountOptions", spec_mount_options(), "linux", linux_part,
                                   "potentiallyUnsafeConfigAnnotations", SPEC_CRUN_ANNOTATIONS),
                         call->report);
}
