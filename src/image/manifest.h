/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The JSON of container images: image-spec/image-layout.md, index.md, manifest.md and config.md of OCI, and the archive
 * of docker save. All of it is a stranger's: a value of another type or form is an error, and nothing is guessed. */

#include "image/digest.h"
#include "image/expand.h"

/* A choice from an index. */
typedef struct Chosen {
        Descriptor blob;
        bool is_index; /* of the manifests for several platforms */
        char *name;    /* the annotation org.opencontainers.image.ref.name, on the heap; NULL: it has none */
} Chosen;

typedef struct LayerBlob {
        char *path; /* below the source */
        Descriptor blob;
        bool verified; /* blob is known; otherwise, only the diff_id is */
        bool sniff;    /* its first bytes say how it is compressed */
        Compression compression;
} LayerBlob;

typedef struct Manifest {
        char *config_path;
        Descriptor config;
        bool verify_config; /* its digest is known */
        LayerBlob *layers;  /* lowest first */
        size_t n_layers;
        char *name;         /* NULL: the archive has none */
} Manifest;

void manifest_deinit(Manifest *m);

/* Chooses the manifest with this tag (NULL: there must be only one) and for this machine. Returns 0 or -errno,
 * reported. */
int index_choose(const char *text, size_t size, const char *tag, Chosen *ret, Report *report);

/* Reads a manifest of OCI, or of docker's second schema. Returns 0 or -errno, reported. */
int manifest_read(const char *text, size_t size, Manifest *ret, Report *report);

/* Reads manifest.json of docker save. tag as above. Returns 0 or -errno, reported. */
int docker_manifest_read(const char *text, size_t size, const char *tag, Manifest *ret, Report *report);

/* Reads the diff_ids of a config; there must be n of them. Returns 0 or -errno, reported. */
int config_read_layers(const char *text, size_t size, size_t n, Digest **ret, Report *report);

/* The path of a blob in the layout, on the heap; NULL when memory runs out. */
char *blob_path(const Digest *digest);
