/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun-oci update: changes the limits of a container. */
#include <errno.h>

#include "cmd/container/container-policy.h"
#include "cmd/oci/command.h"
#include "oci/outside/container.h"
#include "oci/spec/load.h"
#include "oci/state/state.h"
#include "util/parse.h"
#include "util/text.h"

typedef enum LimitKind { LIMIT_NUMBER, LIMIT_SIZE, LIMIT_TEXT } LimitKind;

#define AS_LIMIT(id, option, kind, metavariable, help, object, key) \
        { OCI_LIMIT_##id, LIMIT_##kind, option, object, key },

static const struct {
        int option;
        LimitKind kind;
        const char *name, *object, *key;
} limits[] = { OCI_LIMITS(AS_LIMIT) };

static json_t *read_limit(size_t i, const char *text, Report *report) {
        const int64_t sign = *text == '-' ? -1 : 1;
        uint64_t size;

        if (limits[i].kind == LIMIT_TEXT)
                return json_string(text);
        if (limits[i].kind == LIMIT_SIZE && sign > 0 && parse_size(text, 1024, &size) >= 0 && size <= INT64_MAX)
                return json_integer((json_int_t) size);
        if (parse_u64_range(text + (sign < 0), 0, INT64_MAX, &size) >= 0)
                return json_integer(sign * (json_int_t) size);
        report_error(report, EINVAL, "--%s: not a number: \"%s\"", limits[i].name, text);
        return NULL;
}

static int add(json_t *changes, size_t i, const char *text, Report *report) {
        json_t *object = json_object_get(changes, limits[i].object), *value = read_limit(i, text, report);

        if (!value)
                return report->n_errors > 0 ? -EINVAL : report_oom(report);
        if (!object) {
                object = json_object();
                if (json_object_set_new(changes, limits[i].object, object) < 0)
                        object = NULL;
        }
        if (json_object_set_new(object, limits[i].key, value) < 0)
                return report_oom(report);
        return 0;
}

/* Of a file, or of the options. */
static int read_changes(const OciCall *call, json_t **ret) {
        const char *file = command_line_get(call->line, 'r');
        json_t *changes;
        int r = 0;

        for (size_t i = 0; file && i < ELEMENTSOF(limits); i++)
                if (command_line_has(call->line, limits[i].option))
                        return report_error(call->report, EINVAL, "--resources cannot be combined with --%s",
                                            limits[i].name);
        if (file)
                return spec_read_resources(file, ret, call->report);
        changes = json_object();
        if (!changes)
                return report_oom(call->report);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(limits); i++) {
                const char *text = command_line_get(call->line, limits[i].option);

                r = text ? add(changes, i, text, call->report) : 0;
        }
        if (r >= 0 && json_object_size(changes) == 0)
                r = report_error(call->report, EINVAL, "update: type a limit, or --resources");
        if (r < 0)
                json_decref(changes);
        else
                *ret = changes;
        return r;
}

int oci_update(const OciCall *call) {
        const char *name = command_line_get(call->line, 'r') ?: "options of update";
        _cleanup_state_ State state = { .directory = -1 };
        ContainerPolicy policies[2] = {};
        Spec old = {}, changed = {};
        json_t *changes = NULL;
        int r;

        r = state_load(call->root, call->id, &state, call->report);
        if (r >= 0)
                r = read_changes(call, &changes);
        if (r >= 0)
                r = oci_load_spec(call, &state, &old);
        if (r >= 0)
                r = spec_change_resources(&old, changes, name, &changed, call->report);
        if (r >= 0)
                r = container_policy_apply(&policies[0], &old, true, call->report);
        if (r >= 0)
                r = container_policy_apply(&policies[1], &changed, true, call->report);
        if (r >= 0)
                r = container_update(&state, &old, &changed, call->report);
        json_decref(changes);
        spec_deinit(&changed);
        spec_deinit(&old);
        container_policy_deinit(&policies[0]);
        container_policy_deinit(&policies[1]);
        return r < 0;
}
