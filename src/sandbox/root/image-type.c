/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/root/image-type.h"

#include <blkid/blkid.h>
#include <errno.h>

#include "util/library.h"

#define BLKID_FUNCTIONS(X)                     \
        X(blkid_new_probe)                     \
        X(blkid_free_probe)                    \
        X(blkid_probe_set_device)              \
        X(blkid_probe_enable_superblocks)      \
        X(blkid_probe_set_superblocks_flags)   \
        X(blkid_probe_filter_superblocks_type) \
        X(blkid_probe_enable_partitions)       \
        X(blkid_do_safeprobe)                  \
        X(blkid_probe_lookup_value)

typedef struct BlkidLibrary {
        BLKID_FUNCTIONS(LIBRARY_POINTER)
} BlkidLibrary;

LIBRARY_NOTE(blkid, "images", "Images of file systems as roots (RootDirectory=)", "suggested", "libblkid.so.1");

static const char *const types[] = { "squashfs", "erofs", "ext2", "ext3", "ext4", "xfs", "btrfs", NULL };

static int load(BlkidLibrary *ret) {
        static const char *const names[] = { BLKID_FUNCTIONS(LIBRARY_NAME) };

        return library_load("libblkid.so.1", names, ELEMENTSOF(names), ret);
}

/* A file system with a wrong checksum is still found: the kernel decides whether to mount it, and says why not. The
 * search for partition tables is only for a better message. Returns the result of blkid_do_safeprobe(). */
static int look(const BlkidLibrary *lib, blkid_probe probe, int image) {
        if (lib->blkid_probe_set_device(probe, image, 0, 0) < 0 ||
            lib->blkid_probe_enable_superblocks(probe, true) < 0 ||
            lib->blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_BADCSUM) < 0 ||
            lib->blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_ONLYIN, (char **) types) < 0 ||
            lib->blkid_probe_enable_partitions(probe, true) < 0)
                return -1;
        return lib->blkid_do_safeprobe(probe);
}

/* The ext4 driver also mounts ext2 and ext3. Some kernels do not know the types ext2 and ext3. */
static const char *type_to_mount(const char *type) {
        if (startswith(type, "ext"))
                return "ext4";
        for (const char *const *t = types; *t; t++)
                if (streq(*t, type))
                        return *t;
        return NULL;
}

static int find(const BlkidLibrary *lib, blkid_probe probe, int image, const char *path, Origin origin,
                const char **ret, Report *report) {
        enum { AMBIVALENT = -2 };
        const char *type = NULL, *partitions = NULL;
        int r = look(lib, probe, image);

        if (r == AMBIVALENT)
                return report_error_at(report, origin, "RootDirectory", ENOTUNIQ,
                                       "%s has the signatures of several file systems (wipefs(8) shows and removes "
                                       "them)", path);
        if (r < 0)
                return report_error_at(report, origin, "RootDirectory", EIO, "libblkid cannot read %s", path);
        if (lib->blkid_probe_lookup_value(probe, "TYPE", &type, NULL) >= 0)
                type = type_to_mount(type);
        if (type) {
                *ret = type;
                return 0;
        }
        if (lib->blkid_probe_lookup_value(probe, "PTTYPE", &partitions, NULL) >= 0)
                return report_error_at(report, origin, "RootDirectory", EMEDIUMTYPE,
                                       "%s has a partition table (%s): the image of a root must be one file system "
                                       "without partitions", path, partitions);
        return report_error_at(report, origin, "RootDirectory", EMEDIUMTYPE,
                               "%s is neither a directory nor an image of a known file system (squashfs, erofs, ext2 "
                               "to ext4, xfs, btrfs)", path);
}

int image_find_type(int image, const char *path, Origin origin, const char **ret, Report *report) {
        BlkidLibrary lib;
        blkid_probe probe;
        int r;

        if (load(&lib) < 0)
                return report_error_at(report, origin, "RootDirectory", ENOPKG,
                                       "%s is not a directory, and isorun needs libblkid to mount it as an image%s",
                                       path, library_advice());
        probe = lib.blkid_new_probe();
        if (!probe)
                return report_oom(report);
        r = find(&lib, probe, image, path, origin, ret, report);
        lib.blkid_free_probe(probe);
        return r;
}
