/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/container/container-root.h"

#include <stdlib.h>
#include <unistd.h>

#include "util/process.h"
#include "util/text.h"

/* Root of a user namespace cannot write to /run. */
char *container_root(void) {
        const char *own = getenv("XDG_RUNTIME_DIR");

        return geteuid() == 0 && (process_is_host_root() || !own) ? strdup("/run/isorun-oci")
                                                                  : format("%s/isorun-oci", own ?: "/run");
}
