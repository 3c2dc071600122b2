/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/container/container-root.h"

#include <stdlib.h>
#include <unistd.h>

#include "oci/state/state.h"
#include "util/path.h"
#include "util/process.h"
#include "util/text.h"

/* Root of a user namespace cannot write to /run. */
char *container_root(void) {
        const char *own = getenv("XDG_RUNTIME_DIR");

        return geteuid() == 0 && (process_is_host_root() || !own) ? strdup("/run/isorun-oci")
                                                                  : format("%s/isorun-oci", own ?: "/run");
}

bool container_exists(const char *id) {
        _cleanup_free_ char *root = container_root(), *directory = root ? path_join(root, id) : NULL;
        _cleanup_free_ char *file = directory ? path_join(directory, STATE_FILE) : NULL;

        return file && *id && *id != '.' && !strchr(id, '/') && access(file, F_OK) >= 0;
}
