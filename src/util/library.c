/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#ifdef ISORUN_STATIC

int library_load(_unused_ const char *soname, _unused_ const char *const *names, _unused_ size_t n,
                 _unused_ void *functions) {
        return -ENOENT;
}

const char *library_advice(void) {
        return ", and this isorun is linked statically, so it cannot load it";
}

bool library_can_load(void) {
        return false;
}

#else

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

const char *library_advice(void) {
        return "";
}

bool library_can_load(void) {
        return true;
}

#endif
