/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "image/json.h"
#include "oci/spec/parts.h"
#include "util/array.h"
#include "util/strv.h"

const char *const spec_hook_names[SPEC_HOOKS] = {
        [SPEC_PRESTART] = "prestart",
        [SPEC_CREATE_RUNTIME] = "createRuntime",
        [SPEC_CREATE_CONTAINER] = "createContainer",
        [SPEC_START_CONTAINER] = "startContainer",
        [SPEC_POSTSTART] = "poststart",
        [SPEC_POSTSTOP] = "poststop",
};

static int read_hook(const Place *p, SpecHook *ret) {
        int64_t timeout = 0;
        int r;

        ret->path = json_text_of(p->value, "path");
        if (!ret->path || *ret->path != '/')
                return place_error(p, EINVAL, "path must be absolute");
        r = place_number(p, "timeout", 1, INT32_MAX / 1000, &timeout);
        if (r >= 0)
                r = place_texts(p, "args", &ret->arguments);
        if (r >= 0)
                r = place_texts(p, "env", &ret->environment);
        if (r >= 0 && !ret->arguments && strv_push(&ret->arguments, ret->path) < 0)
                return report_oom(p->report);
        ret->timeout = (unsigned) timeout;
        return r;
}

int hooks_read(const Place *place, Spec *ret) {
        const Place hooks = place_member(place, "hooks");
        int r = 0;

        for (size_t kind = 0; r >= 0 && kind < SPEC_HOOKS; kind++) {
                const Place list = place_member(&hooks, spec_hook_names[kind]);

                for (size_t i = 0; r >= 0 && i < json_array_size(list.value); i++) {
                        const Place p = place_item(&list, i);
                        SpecHook *h = ARRAY_APPEND(ret->hooks[kind], ret->n_hooks[kind]);

                        r = h ? read_hook(&p, h) : report_oom(place->report);
                }
        }
        return r;
}

void hooks_deinit(Spec *spec) {
        for (size_t kind = 0; kind < SPEC_HOOKS; kind++) {
                for (size_t i = 0; i < spec->n_hooks[kind]; i++) {
                        strv_free(spec->hooks[kind][i].arguments);
                        strv_free(spec->hooks[kind][i].environment);
                }
                free(spec->hooks[kind]);
        }
}
