/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/unit/name.h"

#include <errno.h>
#include <stdio.h>

#include "util/parse.h"
#include "util/text.h"

bool plan_stays_in_unit(const Host *host, const PlanRequest *request, UnitPlace *ret) {
        const UnitPlace place = unit_place_find(host->cgroup ?: "/");
        const char *below = place.name + place.n;

        *ret = place;
        return request->manager == MANAGER_AUTO &&
               (unit_place_ends(&place, ".scope") || unit_place_ends(&place, ".service")) && *below &&
               !streq(below, "/.control"); /* systemd's own, for ExecStartPre= and the like */
}

int plan_unit(const Host *host, const PlanRequest *request, PlanUnit *ret) {
        bool user = request->manager == MANAGER_USER || (request->manager == MANAGER_AUTO && host->uid != 0);
        PlanUnit unit = { .holder = HOLDER_NONE, .user_manager = user };
        UnitPlace around;

        if (host->unit) {
                unit.holder = HOLDER_SERVICE;
                unit.user_manager = strstr(host->cgroup, "/user@") && strstr(host->cgroup, ".service/");
                unit.name = strdup(host->unit);
        } else {
                if (!request->no_scope && (user ? host->user_manager : host->system_manager) &&
                    !plan_stays_in_unit(host, request, &around))
                        unit.holder = HOLDER_SCOPE;
                unit.name = format("isorun-%s.scope", request->name);
        }
        if (!unit.name)
                return -ENOMEM;
        *ret = unit;
        return 0;
}

bool unit_place_ends(const UnitPlace *place, const char *end) {
        const size_t n = strlen(end);

        return place->n > n && strncmp(place->name + place->n - n, end, n) == 0;
}

/* Whether it is user@UID.service, a user's service manager. */
static bool is_user_manager(const UnitPlace *place, uid_t *ret) {
        const size_t around = strlen("user@.service");
        char uid[16] = "";
        uint64_t number;

        if (!startswith(place->name, "user@") || !unit_place_ends(place, ".service") || place->n <= around ||
            place->n - around >= sizeof(uid))
                return false;
        memcpy(uid, place->name + strlen("user@"), place->n - around);
        if (parse_u64_range(uid, 0, UINT32_MAX - 1, &number) < 0)
                return false;
        *ret = (uid_t) number;
        return true;
}

UnitPlace unit_place_find(const char *cgroup) {
        UnitPlace place = { .name = cgroup + 1 };

        for (;; place.name += place.n + 1) {
                place.n = strcspn(place.name, "/");
                if (!place.name[place.n])
                        return place;
                if (unit_place_ends(&place, ".slice"))
                        continue;
                if (place.of_user || !is_user_manager(&place, &place.uid))
                        return place;
                place.of_user = true;
        }
}

PlanUnit plan_unit_of(const Plan *plan) {
        bool without_unit = plan->pool_base && !plan_unit_is_service(plan->pool);

        return (PlanUnit) { .holder = without_unit ? HOLDER_CGROUP : plan->holder, .user_manager = plan->user_manager,
                            .name = plan->pool ?: plan->unit };
}
