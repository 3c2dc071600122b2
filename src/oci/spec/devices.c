/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "oci/spec/spec.h"
#include "util/path.h"
#include "util/strv.h"

/* makedev(3) of small numbers, as a constant. */
#define NUMBER(major, minor) ((major) << 8 | (minor))

/* The runtime specification, config-linux.md, "Default Devices". */
const SpecDevice spec_default_devices[SPEC_DEFAULT_DEVICES] = {
        { "/dev/null", S_IFCHR, 0666, NUMBER(1, 3), 0, 0 },    { "/dev/zero", S_IFCHR, 0666, NUMBER(1, 5), 0, 0 },
        { "/dev/full", S_IFCHR, 0666, NUMBER(1, 7), 0, 0 },    { "/dev/random", S_IFCHR, 0666, NUMBER(1, 8), 0, 0 },
        { "/dev/urandom", S_IFCHR, 0666, NUMBER(1, 9), 0, 0 }, { "/dev/tty", S_IFCHR, 0666, NUMBER(5, 0), 0, 0 },
};

bool spec_mounts_dev(const SpecMount *mount) {
        _cleanup_free_ char *absolute = path_join("/", mount->destination),
                            *path = absolute ? path_simplify(absolute) : NULL;

        return !path || streq(path, "/dev"); /* without memory, both uses are safe with yes */
}

bool spec_has_own_devices(const Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (!spec->mounts[i].type && spec_mounts_dev(&spec->mounts[i]))
                        return true;
        return false;
}
