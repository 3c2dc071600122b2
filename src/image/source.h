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
        int input; /* a copy of standard input */
        bool own; /* nobody else can change the directory: it is in the store */
} ImageSource;

#define IMAGE_SOURCE_NONE ((ImageSource) { .directory = -1, .input = -1 })

void image_source_deinit(ImageSource *source);

/* Parses "oci:DIR[:TAG]" and so on, and reads standard input if the archive comes from there: without the store's lock,
 * because it may never end. Returns 0 or -errno, reported. */
int image_source_begin(const char *text, const Unpackers *u, ImageSource *ret);

/* Opens it. Returns 0 or -errno, reported. */
int image_source_open(ImageSource *source, Unpackers *u);

/* Opens a file of the source with the size and digest that are expected, or any if expected is NULL. The bytes that the
 * caller reads are those that have the digest: if others could change the file, this is a copy. The file has at most
 * archive_size_max() bytes. Returns the fd or -errno, reported. */
int image_source_take(const ImageSource *source, const char *path, const Descriptor *expected, Unpackers *u);

/* The same for a file of JSON, of at most 4 MiB. *ret is on the heap. Returns 0 or -errno, reported. */
int image_source_read(const ImageSource *source, const char *path, const Descriptor *expected, Unpackers *u, char **ret,
                      size_t *ret_size);

/* How a file is compressed, by its first bytes. */
Compression image_source_compression(int fd);
