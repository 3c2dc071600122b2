/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/explain/bundle.h"

#include <stdarg.h>

#include "image/json.h"
#include "oci/spec/line.h"
#include "util/strv.h"
#include "util/text.h"

void bundle_deinit(Bundle *bundle) {
        strv_free(bundle->pointers);
        id_map_deinit(&bundle->joined_uids);
        id_map_deinit(&bundle->joined_gids);
        *bundle = (Bundle) {};
}

Origin bundle_origin(Bundle *bundle, const char *fmt, ...) {
        const char *text = bundle->spec->text, *newline = strchr(text, '\n');
        _cleanup_free_ char *pointer = NULL;
        unsigned line;
        va_list ap;

        va_start(ap, fmt);
        pointer = formatv(fmt, ap);
        va_end(ap);
        line = pointer ? json_line(text, pointer) : 0;
        if (!pointer)
                bundle->oom = true;
        if (line == 0)
                return (Origin) {};
        if (newline && newline[1])
                return (Origin) { .file = "config.json", .line = line };
        if (strv_pushf(&bundle->pointers, "config.json#%s", pointer) < 0) {
                bundle->oom = true;
                return (Origin) {};
        }
        return (Origin) { .file = bundle->pointers[strv_length(bundle->pointers) - 1] };
}

Origin bundle_limit_origin(Bundle *bundle, size_t i) {
        const SpecLimit *l = &bundle->spec->process.limits[i];

        return l->policy_line.file ? l->policy_line : bundle_origin(bundle, "/process/rlimits/%zu", i);
}

Origin bundle_file_origin(Bundle *bundle, const SpecCgroupFile *file) {
        return file->policy_line.file ? file->policy_line : bundle_origin(bundle, "%s", file->pointer);
}

Origin bundle_namespace_origin(Bundle *bundle, size_t i) {
        const json_t *list = json_object_get(json_object_get(bundle->spec->json, "linux"), "namespaces");

        for (size_t k = 0; k < json_array_size(list); k++)
                if (streq(json_text_of(json_array_get(list, k), "type") ?: "", spec_namespaces[i].name))
                        return bundle_origin(bundle, "/linux/namespaces/%zu", k);
        return (Origin) {};
}

bool bundle_gains_nothing(const Spec *spec) {
        return spec->process.no_new_privileges || spec->policy;
}

/* With no_new_privs, execve(2) adds nothing to the permitted set, not even for root. */
uint64_t bundle_capabilities(const Spec *spec) {
        const SpecProcess *p = &spec->process;
        const uint64_t of_root = p->inheritable | p->bounding;
        const uint64_t kept = spec->policy ? spec->policy->capabilities : UINT64_MAX;

        if (p->uid != 0)
                return p->ambient & kept;
        return kept & (bundle_gains_nothing(spec) ? of_root & p->permitted : of_root);
}

Origin bundle_capabilities_line(const Bundle *bundle) {
        const SettingList *lines = &bundle->policy->source->settings[D_CapabilityBoundingSet];

        return lines->n > 0 ? lines->items[lines->n - 1].origin : (Origin) {};
}
