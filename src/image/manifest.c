/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/manifest.h"

#include <errno.h>
#include <stdio.h>

#include "image/json.h"
#include "image/store.h"
#include "policy/value/value.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

#define REF_NAME "org.opencontainers.image.ref.name"
enum { MANIFESTS_MAX = 1000 };

typedef struct MediaType {
        const char *name;
        Compression compression;
} MediaType;

static const char *const index_types[] = {
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json", NULL };
static const char *const manifest_types[] = {
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json", NULL };
static const char *const config_types[] = {
        "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json", NULL };
static const MediaType layer_types[] = {
        { "application/vnd.oci.image.layer.v1.tar", COMPRESSION_NONE },
        { "application/vnd.oci.image.layer.v1.tar+gzip", COMPRESSION_GZIP },
        { "application/vnd.oci.image.layer.v1.tar+zstd", COMPRESSION_ZSTD },
        { "application/vnd.docker.image.rootfs.diff.tar", COMPRESSION_NONE },
        { "application/vnd.docker.image.rootfs.diff.tar.gzip", COMPRESSION_GZIP },
        { "application/vnd.docker.image.rootfs.diff.tar.zstd", COMPRESSION_ZSTD },
};

/* GOARCH, which OCI uses: image-spec/image-index.md. */
#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "?"
#endif

void manifest_deinit(Manifest *m) {
        for (size_t i = 0; i < m->n_layers; i++)
                free(m->layers[i].path);
        free(m->layers);
        free(m->config_path);
        free(m->name);
        *m = (Manifest) {};
}

char *blob_path(const Digest *digest) {
        return format("blobs/sha256/%s", digest->hex);
}

static int bad_digest(const char *what, const char *text, Report *report) {
        return report_error(report, EBADMSG, "%s has no digest that isorun can check (sha256): \"%s\"", what,
                            text ?: "");
}

static int read_descriptor(const json_t *descriptor, const char *what, Descriptor *ret, Report *report) {
        const json_t *size = json_object_get(descriptor, "size");
        const char *text = json_text_of(descriptor, "digest");

        if (!text || digest_parse(text, &ret->digest) < 0)
                return bad_digest(what, text, report);
        ret->size = json_is_integer(size) ? json_integer_value(size) : -1;
        return ret->size >= 0 ? 0 : report_error(report, EBADMSG, "%s has no size", what);
}

static int unknown_type(const char *what, const char *type, Report *report) {
        return report_error(report, EMEDIUMTYPE, "unknown media type of %s: \"%s\"", what, type ?: "");
}

static bool is_for_this_machine(const json_t *descriptor) {
        const json_t *platform = json_object_get(descriptor, "platform");
        const char *os = json_text_of(platform, "os"), *architecture = json_text_of(platform, "architecture");

        return !platform || (os && streq(os, "linux") && architecture && streq(architecture, ARCHITECTURE));
}

/* The annotation is a tag, or a whole name with a tag. */
static bool has_tag(const json_t *descriptor, const char *tag) {
        const char *name = json_text_of(json_object_get(descriptor, "annotations"), REF_NAME);
        const char *colon = name ? strrchr(name, ':') : NULL;

        return name && (streq(name, tag) || (colon && streq(colon + 1, tag)));
}

static int list_tags(const json_t *manifests, char **ret) {
        _cleanup_strv_free_ char **tags = NULL;

        for (size_t i = 0; i < json_array_size(manifests); i++) {
                const json_t *annotations = json_object_get(json_array_get(manifests, i), "annotations");
                const char *name = json_text_of(annotations, REF_NAME);

                if (name && strv_push(&tags, name) < 0)
                        return -ENOMEM;
        }
        *ret = strv_join(tags, ", ");
        return *ret ? 0 : -ENOMEM;
}

/* Returns 0, or -errno, reported, with the first that matches and the number of matches. */
static int choose(const json_t *manifests, const char *tag, Report *report, const json_t **ret) {
        _cleanup_free_ char *tags = NULL;
        size_t n = 0, other = 0;

        for (size_t i = 0; i < json_array_size(manifests); i++) {
                const json_t *m = json_array_get(manifests, i);

                if (tag && !has_tag(m, tag))
                        continue;
                if (!is_for_this_machine(m))
                        other++;
                else if (n++ == 0)
                        *ret = m;
        }
        if (n == 1)
                return 0;
        if (list_tags(manifests, &tags) < 0)
                return report_oom(report);
        if (n > 1)
                return report_error(report, ENOTUNIQ, "the source has %zu images%s%s: add :TAG (tags: %s)", n,
                                    tag ? " with the tag " : "", tag ?: "", *tags ? tags : "-");
        if (other > 0)
                return report_error(report, EHOSTUNREACH, "the source has no image for linux/%s", ARCHITECTURE);
        return report_error(report, ENOENT, "the source has no image%s%s (tags: %s)",
                            tag ? " with the tag " : "", tag ?: "", *tags ? tags : "-");
}

static int take_chosen(const json_t *m, Chosen *ret, Report *report) {
        const char *type = json_text_of(m, "mediaType");
        const char *name = json_text_of(json_object_get(m, "annotations"), REF_NAME);
        Chosen chosen = {};
        int r;

        chosen.is_index = type && strv_contains((char *const *) index_types, type);
        if (!chosen.is_index && (!type || !strv_contains((char *const *) manifest_types, type)))
                return unknown_type("the manifest", type, report);
        r = read_descriptor(m, "the manifest", &chosen.blob, report);
        if (r < 0)
                return r;
        chosen.name = name ? strdup(name) : NULL;
        if (name && !chosen.name)
                return report_oom(report);
        *ret = chosen;
        return 0;
}

int index_choose(const char *text, size_t size, const char *tag, Chosen *ret, Report *report) {
        _cleanup_json_ json_t *json = json_parse(text, size, "the index of the image", report);
        const json_t *manifests = json_object_get(json, "manifests"), *m = NULL;
        int r;

        if (!json)
                return -EBADMSG;
        if (!json_is_array(manifests) || json_array_size(manifests) > MANIFESTS_MAX)
                return report_error(report, EBADMSG, "the index has no list of manifests, or one that is too long");
        r = choose(manifests, tag, report, &m);
        return r < 0 ? r : take_chosen(m, ret, report);
}

static int add_layer(Manifest *m, const json_t *descriptor, Report *report) {
        const char *type = json_text_of(descriptor, "mediaType");
        LayerBlob *layer = ARRAY_APPEND(m->layers, m->n_layers);
        int r;

        if (!layer)
                return report_oom(report);
        r = read_descriptor(descriptor, "a layer", &layer->blob, report);
        if (r < 0)
                return r;
        layer->verified = true;
        layer->path = blob_path(&layer->blob.digest);
        if (!layer->path)
                return report_oom(report);
        for (size_t i = 0; type && i < ELEMENTSOF(layer_types); i++)
                if (streq(type, layer_types[i].name)) {
                        layer->compression = layer_types[i].compression;
                        return 0;
                }
        return unknown_type("a layer", type, report);
}

static int check_count(const json_t *layers, Report *report) {
        if (!json_is_array(layers) || json_array_size(layers) == 0 || json_array_size(layers) > IMAGE_LAYERS_MAX)
                return report_error(report, EBADMSG, "an image must have 1 to %d layers", IMAGE_LAYERS_MAX);
        return 0;
}

static int read_config(const json_t *json, Manifest *m, Report *report) {
        const json_t *config = json_object_get(json, "config");
        const char *type = json_text_of(config, "mediaType");

        if (!type || !strv_contains((char *const *) config_types, type))
                return unknown_type("the image's config", type, report);
        m->verify_config = true;
        if (read_descriptor(config, "the image's config", &m->config, report) < 0)
                return -EBADMSG;
        m->config_path = blob_path(&m->config.digest);
        return m->config_path ? 0 : report_oom(report);
}

int manifest_read(const char *text, size_t size, Manifest *ret, Report *report) {
        _cleanup_json_ json_t *json = json_parse(text, size, "the image's manifest", report);
        const json_t *layers = json_object_get(json, "layers");
        _cleanup_(manifest_deinit) Manifest m = {};
        int r;

        if (!json)
                return -EBADMSG;
        r = read_config(json, &m, report);
        if (r >= 0)
                r = check_count(layers, report);
        for (size_t i = 0; r >= 0 && i < json_array_size(layers); i++)
                r = add_layer(&m, json_array_get(layers, i), report);
        if (r < 0)
                return r;
        *ret = m;
        m = (Manifest) {};
        return 0;
}

/* The first of an image's names that has the tag, which is the tag alone or all of the name; NULL: any. */
static const char *find_repository_tag(const json_t *image, const char *tag) {
        const json_t *tags = json_object_get(image, "RepoTags");

        for (size_t i = 0; i < json_array_size(tags); i++) {
                const char *name = json_string_value(json_array_get(tags, i));
                const char *colon = name ? strrchr(name, ':') : NULL;

                if (name && (!tag || streq(name, tag) || (colon && streq(colon + 1, tag))))
                        return name;
        }
        return NULL;
}

static int choose_docker(const json_t *json, const char *tag, const json_t **ret, Report *report) {
        size_t n = 0;

        for (size_t i = 0; i < json_array_size(json); i++)
                if (!tag || find_repository_tag(json_array_get(json, i), tag))
                        if (n++ == 0)
                                *ret = json_array_get(json, i);
        if (n == 1)
                return 0;
        return report_error(report, n ? ENOTUNIQ : ENOENT, "the source has %zu images%s%s%s", n,
                            tag ? " with the tag " : "", tag ?: "", n ? ": add :TAG" : "");
}

static int add_docker_layer(Manifest *m, const char *path, Report *report) {
        LayerBlob *layer = path ? ARRAY_APPEND(m->layers, m->n_layers) : NULL;

        if (!path)
                return report_error(report, EBADMSG, "a layer in manifest.json has no name");
        if (!layer)
                return report_oom(report);
        *layer = (LayerBlob) { .path = strdup(path), .sniff = true };
        return layer->path ? 0 : report_oom(report);
}

/* The file of the config is named by its digest. */
static int take_docker_config(Manifest *m, const char *path, Report *report) {
        _cleanup_free_ char *hex = path ? format("%.64s", path_name(path)) : NULL;

        if (!path)
                return report_error(report, EBADMSG, "manifest.json names no config");
        m->config_path = strdup(path);
        if (!m->config_path || !hex)
                return report_oom(report);
        m->verify_config = digest_is_hex(hex);
        m->config.size = -1;
        if (m->verify_config)
                memcpy(m->config.digest.hex, hex, sizeof(m->config.digest.hex));
        return 0;
}

int docker_manifest_read(const char *text, size_t size, const char *tag, Manifest *ret, Report *report) {
        _cleanup_json_ json_t *json = json_parse(text, size, "manifest.json", report);
        _cleanup_(manifest_deinit) Manifest m = {};
        const json_t *image = NULL, *layers;
        const char *name;
        int r;

        if (!json)
                return -EBADMSG;
        r = choose_docker(json, tag, &image, report);
        if (r < 0)
                return r;
        layers = json_object_get(image, "Layers");
        name = find_repository_tag(image, tag);
        r = take_docker_config(&m, json_text_of(image, "Config"), report);
        if (r >= 0)
                r = check_count(layers, report);
        for (size_t i = 0; r >= 0 && i < json_array_size(layers); i++)
                r = add_docker_layer(&m, json_string_value(json_array_get(layers, i)), report);
        if (r < 0)
                return r;
        m.name = name ? strdup(name) : NULL;
        if (name && !m.name)
                return report_oom(report);
        *ret = m;
        m = (Manifest) {};
        return 0;
}

static int read_layer_ids(const json_t *ids, Digest *digests, Report *report) {
        for (size_t i = 0; i < json_array_size(ids); i++) {
                const char *text = json_string_value(json_array_get(ids, i));

                if (!text || digest_parse(text, &digests[i]) < 0)
                        return bad_digest("a layer in the image's config", text, report);
        }
        return 0;
}

int config_read_layers(const char *text, size_t size, size_t n, Digest **ret, Report *report) {
        _cleanup_json_ json_t *json = json_parse(text, size, "the image's config", report);
        const json_t *rootfs = json_object_get(json, "rootfs"), *ids = json_object_get(rootfs, "diff_ids");
        const char *os = json_text_of(json, "os"), *architecture = json_text_of(json, "architecture");
        _cleanup_free_ Digest *digests = calloc(n, sizeof(Digest));

        if (!json)
                return -EBADMSG;
        if (!digests)
                return report_oom(report);
        if ((os && !streq(os, "linux")) || (architecture && !streq(architecture, ARCHITECTURE)))
                return report_error(report, EHOSTUNREACH, "the image is for %s/%s, not for linux/%s", os ?: "?",
                                    architecture ?: "?", ARCHITECTURE);
        if (json_array_size(ids) != n)
                return report_error(report, EBADMSG, "the image's manifest has %zu layers, and its config has %zu", n,
                                    json_array_size(ids));
        if (read_layer_ids(ids, digests, report) < 0)
                return -EBADMSG;
        *ret = TAKE_PTR(digests);
        return 0;
}
