/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directories and credentials that systemd has made for the service whose main process isorun is: systemd.exec(5).
 * They are at the same paths as without isorun, even if the policy hides these. If the policy puts something at the
 * same path, the policy wins. */
#include "plan/root/service.h"

#include <errno.h>
#include <sys/stat.h>

#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* systemd.exec(5), "Environment Variables in Spawned Processes". */
static const struct {
        const char *variable, *directive;
        bool read_only;
} directories[] = {
        { "RUNTIME_DIRECTORY", "RuntimeDirectory", false },
        { "STATE_DIRECTORY", "StateDirectory", false },
        { "CACHE_DIRECTORY", "CacheDirectory", false },
        { "LOGS_DIRECTORY", "LogsDirectory", false },
        { "CONFIGURATION_DIRECTORY", "ConfigurationDirectory", true },
};

/* The variable, unless isorun has only inherited it and is not the service's main process. */
static const char *service_variable(const Builder *b, const char *name) {
        const char *value = b->host->unit ? host_variable(b->host, name) : NULL;

        return value && *value ? value : NULL;
}

const char *build_service_credentials(const Builder *b) {
        return service_variable(b, "CREDENTIALS_DIRECTORY");
}

int build_visit_service_variables(const Builder *b, int (*visit)(void *userdata, const char *name, const char *value),
                               void *userdata) {
        /* The peer of a socket with Accept=yes. */
        static const char *const others[] = { "REMOTE_ADDR", "REMOTE_PORT" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++)
                r = visit(userdata, directories[i].variable, service_variable(b, directories[i].variable));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(others); i++)
                r = visit(userdata, others[i], service_variable(b, others[i]));
        return r;
}

const char *build_service_origin(const Builder *b, const char *what) {
        Plan *plan = b->plan;

        if (strv_pushf(&plan->service_origins, "%s of %s", what, plan->unit) < 0)
                return NULL;
        return plan->service_origins[strv_length(plan->service_origins) - 1];
}

static int variable_error(const Builder *b, const char *variable, int error, const char *path, const char *why) {
        return report_error(b->report, error, "cannot use $%s of %s: %s: %s", variable, b->plan->unit, path, why);
}

static int check_clean(const Builder *b, const char *variable, const char *path) {
        _cleanup_free_ char *clean = path_simplify(path);

        if (!clean)
                return -ENOMEM;
        return path_is_safe(path) && streq(clean, path)
                       ? 0
                       : variable_error(b, variable, EINVAL, path,
                                        "not an absolute path, or it contains \"..\", \".\" or empty parts");
}

int build_resolve_service_directory(const Builder *b, const char *variable, const char *path, char **ret) {
        _cleanup_free_ char *real = NULL;
        struct stat st;
        int r;

        r = check_clean(b, variable, path);
        if (r < 0)
                return r;
        real = realpath(path, NULL);
        if (!real || stat(real, &st) < 0)
                return variable_error(b, variable, errno, path, strerror(errno));
        if (!S_ISDIR(st.st_mode))
                return variable_error(b, variable, ENOTDIR, path, strerror(ENOTDIR));
        *ret = TAKE_PTR(real);
        return 0;
}

/* Two variables can name one directory: a user's manager has one for state and configuration. */
static bool has_directory(const RootBuilder *rb, const char *path) {
        for (size_t i = 0; i < rb->n_wanted; i++)
                if (rb->wanted[i].mount.asker == ASKED_BY_SERVICE && streq(rb->wanted[i].mount.destination, path))
                        return true;
        return false;
}

static int add_directory(RootBuilder *rb, const char *variable, const char *path, bool read_only, const char *origin) {
        char *real = NULL;
        PlanMount m;
        int r;

        if (has_directory(rb, path))
                return 0;
        r = build_resolve_service_directory(rb->b, variable, path, &real);
        if (r < 0)
                return r;
        m = plan_bind(path, plan_source_directory(real),
                      (MountAttributes) { .read_only = read_only, .recursive = true });
        return root_builder_want(rb, mount_of_service(origin, m));
}

/* The variable lists directories, separated by colons. */
static int add_directories(RootBuilder *rb, size_t i) {
        const char *value = service_variable(rb->b, directories[i].variable), *origin;
        _cleanup_free_ char *what = NULL;
        int result = 0;

        if (!value)
                return 0;
        what = format("%s=", directories[i].directive);
        origin = what ? build_service_origin(rb->b, what) : NULL;
        if (!origin)
                return -ENOMEM;
        for (const char *p = value; p && result != -ENOMEM; p = strchr(p, ':'), p = p ? p + 1 : NULL) {
                _cleanup_free_ char *path = strndup(p, strcspn(p, ":"));
                int r = path ? add_directory(rb, directories[i].variable, path, directories[i].read_only, origin)
                             : -ENOMEM;

                if (r < 0)
                        result = r;
        }
        return result;
}

int build_service_mounts(RootBuilder *rb) {
        int result = 0;

        for (size_t i = 0; i < ELEMENTSOF(directories) && result != -ENOMEM; i++) {
                int r = add_directories(rb, i);

                if (r < 0)
                        result = r;
        }
        return result;
}
