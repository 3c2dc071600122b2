/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/subordinate.h"

#include <errno.h>
#include <pwd.h>
#include <shadow/subid.h>
#include <stdio.h>

#include "util/library.h"

LIBRARY_NOTE(subid, "subid", "PrivateUsers=full, and isoctl build with all ids", "suggested",
             "libsubid.so.5\",\"libsubid.so.4");

#define SUBID_FUNCTIONS(X)      \
        X(subid_init)           \
        X(subid_get_uid_ranges) \
        X(subid_get_gid_ranges)

typedef struct SubidLibrary {
        SUBID_FUNCTIONS(LIBRARY_POINTER)
} SubidLibrary;

static int load(SubidLibrary *ret) {
        static const char *const names[] = { SUBID_FUNCTIONS(LIBRARY_NAME) };
        int r;

        /* These functions are the same in both versions. */
        r = library_load("libsubid.so.5", names, ELEMENTSOF(names), ret);
        return r >= 0 ? 0 : library_load("libsubid.so.4", names, ELEMENTSOF(names), ret);
}

/* A range that ends above the largest id is ignored. */
static bool is_valid(const struct subid_range *r) {
        return r->start < UINT32_MAX && r->count > 0 && r->count < UINT32_MAX - r->start;
}

static IdRange choose(const struct subid_range *ranges, int n) {
        IdRange best = {};

        for (int i = 0; i < n && best.count < PRIVATE_IDS; i++) {
                uint32_t count = ranges[i].count < PRIVATE_IDS ? (uint32_t) ranges[i].count : PRIVATE_IDS;

                if (is_valid(&ranges[i]) && count > best.count)
                        best = (IdRange) { .first = (uint32_t) ranges[i].start, .count = count };
        }
        return best;
}

static IdRange find(int (*get)(const char *owner, struct subid_range **ranges), const char *owner) {
        struct subid_range *ranges = NULL;
        int n = get(owner, &ranges); /* negative if there are none */
        IdRange best = choose(ranges, n);

        free(ranges);
        return best;
}

int subordinate_find(uid_t owner, IdRange *ret_uids, IdRange *ret_gids) {
        SubidLibrary lib = {};
        const struct passwd *pw;
        char number[16];

        if (load(&lib) < 0)
                return -ELIBACC;
        /* With NULL for the stream, libsubid prints nothing. */
        if (!lib.subid_init(NULL, NULL))
                return -EIO;
        pw = getpwuid(owner);
        snprintf(number, sizeof(number), "%u", owner);
        *ret_uids = find(lib.subid_get_uid_ranges, pw ? pw->pw_name : number);
        *ret_gids = find(lib.subid_get_gid_ranges, pw ? pw->pw_name : number);
        return 0;
}
