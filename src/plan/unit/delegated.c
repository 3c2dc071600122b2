/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/unit/delegated.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "plan/unit/controllers.h"
#include "plan/unit/name.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

bool delegated_can_set(const Directive *d) {
        return d->cgroup_file && !streq(d->cgroup_file, "bpf");
}

/* The text of a cgroup file, or "" if it cannot be read. */
static char *read_or_empty(const char *dir, const char *file) {
        _cleanup_free_ char *path = path_join(dir, file);
        char *text;

        return path && file_read(AT_FDCWD, path, &text, NULL) >= 0 ? text : strdup("");
}

/* Whether children of dir can have every controller that the properties need. A controller must be on for children, or
 * isorun must be able to switch it on. It is able to if dir itself has no processes (cgroup-v2.rst, "No Internal
 * Process Constraint"). */
static bool can_hold(const Plan *plan, const char *dir, bool with_optional) {
        _cleanup_free_ char *there = read_or_empty(dir, "cgroup.controllers"),
                            *on = read_or_empty(dir, "cgroup.subtree_control"),
                            *processes = read_or_empty(dir, "cgroup.procs"),
                            *type = path_join(dir, "cgroup.type"), *control = path_join(dir, "cgroup.procs");

        if (!there || !on || !processes || !type || !control || access(control, W_OK) < 0)
                return false;

        for (size_t i = 0; i < plan->n_properties; i++) {
                const Directive *d = plan->properties[i].directive;
                bool may_enable = !*processes || access(type, F_OK) < 0; /* the real root has no cgroup.type */

                if (!delegated_can_set(d) || (plan->properties[i].optional && !with_optional))
                        continue;
                if (!controllers_have(may_enable ? there : on, d->cgroup_file))
                        return false;
        }
        return true;
}

int delegated_find(const Builder *b, char **ret) {
        _cleanup_free_ char *parent = NULL;
        const char *candidates[2];

        if (!b->host->cgroup || !b->host->cgroup_root)
                return 0;
        parent = path_parent(b->host->cgroup);
        if (!parent)
                return -ENOMEM;
        candidates[0] = b->host->cgroup;
        candidates[1] = parent;

        /* First looks for one that can hold the optional limits, too. */
        for (size_t i = 0; i < 2 * ELEMENTSOF(candidates); i++) {
                const char *candidate = candidates[i % ELEMENTSOF(candidates)];
                _cleanup_free_ char *dir = path_join(b->host->cgroup_root, candidate + 1);

                if (!dir)
                        return -ENOMEM;
                if (!can_hold(b->plan, dir, i < ELEMENTSOF(candidates)))
                        continue;
                *ret = strdup(candidate);
                return *ret ? 1 : -ENOMEM;
        }
        return 0;
}

/* The length of the beginning of the path that is the cgroup of a service; 0: the process is in no service, or in a
 * user's manager. */
static size_t measure_service(const char *cgroup, bool *ret_of_user) {
        const UnitPlace place = unit_place_find(cgroup);

        *ret_of_user = place.of_user;
        if (!unit_place_ends(&place, ".service") || (!place.of_user && startswith(place.name, "user@")))
                return 0;
        return (size_t) (place.name + place.n - cgroup);
}

/* The system's manager marks what it delegates, so only a user's manager is asked. If it does not answer, this start
 * takes the service as not delegated, and the next one asks again. */
static int ask(const Host *host, DelegatedService *service) {
        int r = service->of_user && host->ask_delegated ? host->ask_delegated(service->unit) : -ENODATA;

        service->asked = r >= 0;
        return r == -ENOMEM ? r : r > 0;
}

int delegated_find_service(const Host *host, DelegatedService *ret) {
        _cleanup_(delegated_service_deinit) DelegatedService found = {};
        _cleanup_free_ char *dir = NULL;
        size_t n = host->cgroup && host->cgroup_root ? measure_service(host->cgroup, &found.of_user) : 0;
        const char *name;
        int r;

        if (n == 0)
                return 0;
        found.cgroup = strndup(host->cgroup, n);
        dir = found.cgroup ? path_join(host->cgroup_root, found.cgroup + 1) : NULL;
        name = dir ? path_name(dir) : "";
        found.unit = strdup(name + (*name == '_')); /* before names that could clash with the kernel's files */
        if (!dir || !found.unit)
                return -ENOMEM;
        r = host->is_delegated(dir, host->uid);
        if (r == -ENODATA)
                r = ask(host, &found);
        if (r < 0)
                return r;
        found.delegated = r > 0;
        *ret = found;
        found = (DelegatedService) {};
        return ret->delegated;
}

void delegated_service_deinit(DelegatedService *service) {
        free(service->cgroup);
        free(service->unit);
        *service = (DelegatedService) {};
}
