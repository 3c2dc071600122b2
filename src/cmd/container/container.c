/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cmd/container/container-root.h"
#include "cmd/start/policy-file.h"
#include "oci/spec/load.h"
#include "oci/state/state.h"
#include "util/path.h"

static bool has_file(const char *directory, const char *name) {
        _cleanup_free_ char *path = path_join(directory, name);
        struct stat st;

        return path && stat(path, &st) >= 0 && S_ISREG(st.st_mode);
}

/* The container was made of the copy: the bundle may have changed since. */
static int load_state(const char *root, const char *id, Spec *ret, Report *report) {
        _cleanup_state_ State state = { .directory = -1 };
        int r = state_load(root, id, &state, report);

        if (r >= 0)
                r = spec_load_copy(state.directory, state.bundle, ret, report);
        return r < 0 ? r : 1;
}

static int load_directory(const char *directory, Spec *ret, Report *report) {
        _cleanup_free_ char *parent = path_parent(directory);
        int r;

        if (!parent)
                return report_oom(report);
        if (has_file(directory, STATE_FILE))
                return load_state(parent, path_name(directory), ret, report);
        r = spec_load(directory, NULL, ret, report);
        return r < 0 ? r : 1;
}

/* Reads a path as a bundle only if there is a config.json: other files and directories may be policies. */
static int find_path(const char *word, Spec *ret, Report *report) {
        _cleanup_free_ char *path = realpath(word, NULL), *parent = NULL;
        struct stat st;

        if (!path || stat(path, &st) < 0)
                return 0;
        if (S_ISDIR(st.st_mode))
                return has_file(path, STATE_CONFIG) ? load_directory(path, ret, report) : 0;
        if (!streq(path_name(path), STATE_CONFIG))
                return 0;
        parent = path_parent(path);
        return parent ? load_directory(parent, ret, report) : report_oom(report);
}

static int find_spec(const char *word, Spec *ret, Report *report) {
        _cleanup_free_ char *root = NULL;
        Report silent = {};

        if (strchr(word, '/'))
                return find_path(word, ret, report);
        if (!container_exists(word) || policy_file_exists(word, &silent) != 0)
                return 0;
        root = container_root();
        return root ? load_state(root, word, ret, report) : report_oom(report);
}

int container_view_open(const char *word, ContainerView *ret, Report *report) {
        int q, r = find_spec(word, &ret->spec, report);

        if (r <= 0)
                return r;
        q = container_policy_apply(&ret->policy, &ret->spec, false, report);
        ret->bundle = (Bundle) { .spec = &ret->spec, .policy = ret->policy.plan };
        if (q >= 0 && bundle_find_users(&ret->bundle) < 0)
                q = report_oom(report);
        return q < 0 ? q : 1;
}

void container_view_deinit(ContainerView *view) {
        bundle_deinit(&view->bundle);
        spec_deinit(&view->spec);
        container_policy_deinit(&view->policy);
}
