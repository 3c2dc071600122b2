/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/digest.h"
#include "image/expand.h"
#include "image/store.h"

/* What unpacks layers. */
typedef struct Unpackers {
        const Store *store;
        HashLibrary hash;
        ArchiveLibrary archive;
        uint64_t size_max;
        uint64_t devices, xattrs; /* left out so far */
        uint32_t others;          /* of the last layer, users and groups of files that are not root, */
        uint64_t size;            /* and the bytes of its files */
        Report *report;
} Unpackers;

/* How many bytes an archive may have, compressed or not: it also has names, of files without contents. */
uint64_t archive_size_max(const Unpackers *u);

/* Unpacks a tar archive, from the beginning of the file, into a directory. what names it in messages. *ret is the
 * digest of the archive as it is after decompression. plain: see Unpacking. Returns 0 or -errno, reported. */
int unpack_archive(Unpackers *u, int file, Compression compression, int directory, bool plain, const char *what,
                   Digest *ret);

/* Puts a layer into the store, if it does not have it: unpacked, and with the digest that is expected. Returns 0 or
 * -errno, reported; the store is then as before. */
int layer_add(Unpackers *u, int file, Compression compression, const Digest *diff_id);

/* Whether the store has the layer: 1, 0 or -errno. */
int layer_exists(const Store *store, const char *diff_id);

/* Whether some files of the layer belong to others than root: 1, 0 or -errno. */
int layer_has_others(const Store *store, const char *diff_id);

/* The bytes of the layer's files, with holes. Returns 0, -ENOENT if an older isoctl has unpacked it, or -errno. */
int layer_size(const Store *store, const char *diff_id, uint64_t *ret);

/* Compares a layer with its digest of the time when it was unpacked. Returns 1 if it is the same, 0, or -errno. */
int layer_verify(const HashLibrary *hash, const Store *store, const char *diff_id);
