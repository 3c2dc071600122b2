/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

int library_load(const char *soname, const char *const *names, size_t n, void *functions) {
        void *handle = dlopen(soname, RTLD_NOW | RTLD_NODELETE);
        _cleanup_free_ void **found = calloc(n, sizeof(void *));

        if (!handle)
                return -ENOENT;
        if (!found)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                found[i] = dlsym(handle, names[i]);
                if (!found[i])
                        return -ENOSYS;
        }
        memcpy(functions, found, n * sizeof(void *));
        return 0;
}
