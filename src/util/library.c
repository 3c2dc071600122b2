/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const char *soname, const char *const *names, size_t n, void *functions) {
        void *handle = dlopen(soname, RTLD_NOW | RTLD_NODELETE);

        if (!handle)
                return -ENOENT;
        for (size_t i = 0; i < n; i++) {
                void *symbol = dlsym(handle, names[i]);

                if (!symbol)
                        return -ENOSYS;
                memcpy((char *) functions + i * sizeof(symbol), &symbol, sizeof(symbol));
        }
        return 0;
}
