/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an image comes from: a directory whose files others may change, or an archive, which is unpacked into the store
 * first. */

#include "image/layer.h"

typedef enum ImageFormat {
        IMAGE_OCI,            /* a directory: image-spec/image-layout.md */
        IMAGE_OCI_ARCHIVE,    /* the same as a tar archive */
        IMAGE_DOCKER_ARCHIVE, /* of docker save */
} ImageFormat;

typedef struct ImageSource {
        ImageFormat format;
        char *path, *tag; /* tag: NULL: none is given */
        int directory;
        bool own; /* nobody else can change the directory: it is in the store */
} ImageSource;

void image_source_deinit(ImageSource *source);

/* Parses "oci:DIR[:TAG]" and so on, and opens it. Returns 0 or -errno, reported. */
int image_source_open(const char *text, Unpackers *u, ImageSource *ret);

/* Opens a file of the source whose digest is expected, or any if that is NULL. The bytes that the caller reads are
 * those that have the digest: if others could change the file, this is a copy. Returns the fd or -errno, reported. */
int image_source_take(const ImageSource *source, const char *path, const Digest *expected, Unpackers *u);

/* The same for a file of less than 16 MiB. *ret is on the heap. Returns 0 or -errno, reported. */
int image_source_read(const ImageSource *source, const char *path, const Digest *expected, Unpackers *u, char **ret,
                      size_t *ret_size);

/* How a file is compressed, by its first bytes. */
Compression image_source_compression(int fd);
