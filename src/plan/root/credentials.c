/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Credentials (systemd.exec(5)): those of the policy, and those of the service whose main process isorun is. */
#include "plan/root/credentials.h"

#include <dirent.h>
#include <errno.h>

#include "plan/root/service.h"
#include "plan/root/source.h"
#include "util/path.h"
#include "util/text.h"

int build_credentials_directory(const Builder *b, char **ret) {
        *ret = NULL;
        if (b->policy->settings[D_SetCredential].n + b->policy->settings[D_LoadCredential].n == 0 &&
            !build_service_credentials(b))
                return 0;
        *ret = format("/run/credentials/%s", b->plan->unit);
        return *ret ? 0 : -ENOMEM;
}

/* Only the payload can read the files: systemd.exec(5). */
#define CREDENTIAL_MODE 0400

/* The path of a credential inside, on the heap. NULL when memory runs out. */
static char *credential_path(const Builder *b, const char *name) {
        _cleanup_free_ char *dir = NULL;

        return build_credentials_directory(b, &dir) < 0 ? NULL : path_join(dir, name);
}

static int add_set_credential(RootBuilder *rb, DirectiveId id, const Setting *s) {
        _cleanup_free_ char *path = credential_path(rb->b, s->value.words[0]);

        return root_builder_want(rb, mount_of_setting(id, s, plan_file(path, s->value.words[1], CREDENTIAL_MODE)));
}

/* A name instead of a path means a credential of the service. */
static int add_load_credential(RootBuilder *rb, DirectiveId id, const Setting *s) {
        const char *source = s->value.words[1], *own = host_variable(rb->b->host, "CREDENTIALS_DIRECTORY");
        _cleanup_free_ char *joined = NULL, *path = NULL;
        PlanSource found;
        int r;

        if (source[0] != '/' && !own)
                return build_error(rb->b, s, id, ENOENT,
                                   "cannot pass on the credential %s: isorun itself has no credentials "
                                   "($CREDENTIALS_DIRECTORY is not set)",
                                source);
        joined = source[0] == '/' ? strdup(source) : path_join(own, source);
        r = joined ? root_builder_resolve(rb, s, id, joined, &found) : -ENOMEM;
        if (r <= 0)
                return r;
        if (found.directory) {
                plan_source_deinit(&found);
                return build_error(rb->b, s, id, EISDIR, "%s is a directory, not a file", source);
        }
        path = credential_path(rb->b, s->value.words[0]);
        return root_builder_want(rb, mount_of_setting(id, s, plan_copy(path, found, CREDENTIAL_MODE)));
}

static Origin credentials_origin(const Builder *b) {
        const SettingList *set = &b->policy->settings[D_SetCredential], *load = &b->policy->settings[D_LoadCredential];

        return set->n ? set->items[0].origin : load->n ? load->items[0].origin
                                                       : (Origin) { .file = build_service_origin(b, "credentials") };
}

static int add_credentials_directory(RootBuilder *rb) {
        _cleanup_free_ char *dir = NULL;
        Origin origin;
        PlanMount m;
        int r;

        r = build_credentials_directory(rb->b, &dir);
        if (r < 0 || !dir)
                return r;
        origin = credentials_origin(rb->b);
        if (!origin.file)
                return -ENOMEM;
        m = plan_tmpfs(dir, root_builder_tmpfs_options(rb->b->plan, "0500", (Size) { .number = 4096 }, 0),
                       (MountAttributes) { .read_only = true });
        return root_builder_want(rb, mount_because_of(origin, m));
}

static int add_service_credential(RootBuilder *rb, const char *dir, const char *name, const char *origin) {
        _cleanup_free_ char *path = credential_path(rb->b, name);
        PlanMount m = plan_copy(path, plan_source_file(path_join(dir, name)), CREDENTIAL_MODE);

        return root_builder_want(rb, mount_of_service(origin, m));
}

/* Adds the service's credentials; one of the policy with the same name wins. systemd has them in one flat directory: a
 * file that it loads from a directory is NAME_FILE. */
static int add_service_credentials(RootBuilder *rb) {
        const char *value = build_service_credentials(rb->b), *origin = NULL;
        _cleanup_free_ char *real = NULL;
        struct dirent *e;
        int r;
        DIR *d;

        if (!value)
                return 0;
        r = build_resolve_service_directory(rb->b, "CREDENTIALS_DIRECTORY", value, &real);
        if (r >= 0) {
                origin = build_service_origin(rb->b, "a credential");
                r = origin ? 0 : -ENOMEM;
        }
        if (r < 0)
                return r;
        d = opendir(real);
        if (!d)
                return report_error(rb->b->report, errno, "cannot use $CREDENTIALS_DIRECTORY of %s: %s: %s",
                                    rb->b->plan->unit,
                                    value, strerror(errno));
        while (r >= 0 && (e = readdir(d)))
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = add_service_credential(rb, real, e->d_name, origin);
        closedir(d);
        return r;
}

int build_credentials(RootBuilder *rb) {
        static const RootDirective table[] = { { D_SetCredential, add_set_credential },
                                               { D_LoadCredential, add_load_credential } };
        int result = add_credentials_directory(rb), r;

        if (result >= 0)
                result = add_service_credentials(rb);
        if (result == -ENOMEM)
                return result;
        r = root_builder_add_all(rb, table, ELEMENTSOF(table));
        return r < 0 ? r : result;
}
