/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/subordinate.h"

#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <shadow/subid.h>
#include <stdio.h>

/* As of sandbox/bus.c. */
#define DLOPEN_NOTE                                                                                          \
        "[{\"feature\":\"subid\",\"description\":\"PrivateUsers=full, and isoctl build with all ids\"," \
        "\"priority\":\"suggested\",\"soname\":[\"libsubid.so.5\",\"libsubid.so.4\"]}]"

static const struct {
        uint32_t name_size, content_size, type;
        char name[4];
        char content[sizeof(DLOPEN_NOTE)] __attribute__((aligned(4)));
} dlopen_note __attribute__((used, section(".note.dlopen"), aligned(4))) = {
        .name_size = 4,
        .content_size = sizeof(DLOPEN_NOTE),
        .type = 0x407c0c0a,
        .name = "FDO",
        .content = DLOPEN_NOTE,
};

/* The functions used are the same in both. */
static void *load(void) {
        static const char *const names[] = { "libsubid.so.5", "libsubid.so.4" };
        void *handle = NULL;

        for (size_t i = 0; i < ELEMENTSOF(names) && !handle; i++)
                handle = dlopen(names[i], RTLD_NOW | RTLD_NODELETE);
        return handle;
}

/* A range that ends above what an id can be counts for nothing. */
static bool is_valid(const struct subid_range *r) {
        return r->start < UINT32_MAX && r->count > 0 && r->count < UINT32_MAX - r->start;
}

static IdRange choose(const struct subid_range *ranges, int n) {
        IdRange best = {};

        for (int i = 0; i < n && best.count < WORLD_IDS; i++) {
                uint32_t count = ranges[i].count < WORLD_IDS ? (uint32_t) ranges[i].count : WORLD_IDS;

                if (is_valid(&ranges[i]) && count > best.count)
                        best = (IdRange) { .first = (uint32_t) ranges[i].start, .count = count };
        }
        return best;
}

typedef int (*GetRanges)(const char *owner, struct subid_range **ranges);

static IdRange find(GetRanges get, const char *owner) {
        struct subid_range *ranges = NULL;
        int n = get(owner, &ranges); /* negative where it knows none */
        IdRange best = choose(ranges, n);

        free(ranges);
        return best;
}

int subordinate_find(uid_t owner, IdRange *ret_uids, IdRange *ret_gids) {
        void *handle = load(), *uids, *gids, *init;
        const struct passwd *pw;
        char number[16];

        init = handle ? dlsym(handle, "subid_init") : NULL;
        uids = handle ? dlsym(handle, "subid_get_uid_ranges") : NULL;
        gids = handle ? dlsym(handle, "subid_get_gid_ranges") : NULL;
        if (!init || !uids || !gids)
                return -ELIBACC;

        /* Without a stream, what it has to say goes nowhere. */
        if (!((typeof(&subid_init)) init)(NULL, NULL))
                return -EIO;
        pw = getpwuid(owner);
        snprintf(number, sizeof(number), "%u", owner);
        *ret_uids = find((GetRanges) uids, pw ? pw->pw_name : number);
        *ret_gids = find((GetRanges) gids, pw ? pw->pw_name : number);
        return 0;
}
