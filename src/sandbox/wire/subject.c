/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/subject.h"

#include <errno.h>

Subject subject_mount(const Plan *plan, const PlanMount *m) {
        return (Subject) { SUBJECT_MOUNT, (uint32_t) (m - plan->mounts) };
}

int subject_find(const Plan *plan, Subject subject, Origin *ret_origin, const char **ret_key) {
        size_t i = subject.index;

        switch (subject.kind) {
        case SUBJECT_NONE:
                *ret_origin = (Origin) {};
                *ret_key = NULL;
                return 0;
        case SUBJECT_MOUNT:
                if (i >= plan->n_mounts)
                        return -EPROTO;
                *ret_origin = plan->mounts[i].origin;
                *ret_key = plan->mounts[i].key;
                return 0;
        case SUBJECT_LIMIT:
                if (i >= plan->n_limits)
                        return -EPROTO;
                *ret_origin = plan->limits[i].origin;
                *ret_key = plan->limits[i].directive->name;
                return 0;
        case SUBJECT_STANDARD_IO:
                if (i >= ELEMENTSOF(plan->standard_io))
                        return -EPROTO;
                *ret_origin = plan->standard_io[i].origin;
                *ret_key = NULL;
                return 0;
        case SUBJECT_PEER:
                if (i >= plan->n_peers)
                        return -EPROTO;
                *ret_origin = plan->peers[i].origin;
                *ret_key = "ConnectTo";
                return 0;
        }
        return -EPROTO;
}
