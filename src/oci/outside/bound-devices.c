/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/bound-devices.h"

#include <sys/stat.h>

#include "oci/spec/place.h"
#include "util/process.h"

/* A device that is not there, or is another one, is an error later. */
static bool differs(const Spec *spec, const SpecDevice *d, struct stat *ret) {
        uint64_t uid, gid;

        if (!d->owned || lstat(d->path, ret) < 0 || (ret->st_mode & S_IFMT) != d->type || ret->st_rdev != d->number)
                return false;
        return !id_map_find(&spec->uid_map, d->uid, &uid) || !id_map_find(&spec->gid_map, d->gid, &gid) ||
               uid != ret->st_uid || gid != ret->st_gid || (ret->st_mode & 07777) != d->mode;
}

void bound_devices_tell(const Spec *spec, Report *report) {
        const Place top = { .value = spec->json, .file = spec->file, .text = spec->text, .report = report },
                    linux_part = place_member(&top, "linux"), devices = place_member(&linux_part, "devices");
        struct stat st;

        if (spec_has_own_devices(spec) || (process_is_host_root() && !spec_has_user_namespace(spec)))
                return;
        for (size_t i = 0; i < spec->n_devices; i++)
                if (differs(spec, &spec->devices[i], &st)) {
                        const Place p = place_item(&devices, i);

                        place_notice(&p, "%s of the host is bound, and keeps its owner %u:%u and mode %o: root of a "
                                     "user namespace cannot make devices", spec->devices[i].path, st.st_uid, st.st_gid,
                                     st.st_mode & 07777);
                }
}
