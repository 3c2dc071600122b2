/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order is that of trust: each file is compared with its digest, which the file before it has named, and only then
 * read. What is made gets its place in the store when it is complete: first the layers, then the image, then a name. */
#include "image/add.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "image/change.h"
#include "image/config.h"
#include "image/manifest.h"
#include "image/source.h"
#include "image/tree.h"
#include "image/user.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

#define NEW_IMAGE "images/" STORE_NEW

typedef struct Adder {
        Store *store;
        Unpackers unpackers;
        ImageSource source;
        Manifest manifest;
        char *text;      /* the manifest; NULL: docker's archives have none */
        size_t size;
        char *config;
        size_t config_size;
        char *policy;
        Digest *diff_ids; /* of manifest.layers */
        char *ref_name;  /* the annotation of the layout; NULL: none */
        Report *report;
} Adder;

static void adder_deinit(Adder *a) {
        image_source_deinit(&a->source);
        manifest_deinit(&a->manifest);
        free(a->text);
        free(a->config);
        free(a->policy);
        free(a->diff_ids);
        free(a->ref_name);
}

/* The image's ID is the digest of its config, which has those of the layers: the same ID, the same files. */
static const char *image_id(const Adder *a) {
        return a->manifest.config.digest.hex;
}

/* An index may lead to another one, whose images are for several platforms. */
static int find_manifest(Adder *a) {
        enum { INDICES_MAX = 4 };
        _cleanup_free_ char *path = strdup("index.json");
        const Descriptor *expected = NULL;
        Chosen chosen = { .is_index = true };

        for (unsigned n = 0; chosen.is_index; n++) {
                _cleanup_free_ char *text = NULL;
                size_t size;
                int r;

                if (n == INDICES_MAX)
                        return report_error(a->report, ELOOP, "%s: the image is behind too many indices",
                                            a->source.path);
                r = path ? image_source_read(&a->source, path, expected, &a->unpackers, &text, &size)
                         : report_oom(a->report);
                if (r >= 0)
                        r = index_choose(text, size, n == 0 ? a->source.tag : NULL, &chosen, a->report);
                if (r < 0)
                        return r;
                if (!a->ref_name)
                        a->ref_name = TAKE_PTR(chosen.name);
                free(chosen.name);
                free(path);
                path = blob_path(&chosen.blob.digest);
                expected = &chosen.blob;
        }
        return path ? image_source_read(&a->source, path, expected, &a->unpackers, &a->text, &a->size)
                    : report_oom(a->report);
}

static int read_manifest(Adder *a) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (a->source.format != IMAGE_DOCKER_ARCHIVE) {
                r = find_manifest(a);
                return r < 0 ? r : manifest_read(a->text, a->size, &a->manifest, a->report);
        }
        r = image_source_read(&a->source, "manifest.json", NULL, &a->unpackers, &text, &size);
        return r < 0 ? r : docker_manifest_read(text, size, a->source.tag, &a->manifest, a->report);
}

static int read_config(Adder *a) {
        const Manifest *m = &a->manifest;
        int r;

        r = image_source_read(&a->source, m->config_path, m->verify_config ? &m->config : NULL, &a->unpackers,
                              &a->config, &a->config_size);
        if (r < 0)
                return r;
        if (!m->verify_config)
                digest_bytes(&a->unpackers.hash, a->config, a->config_size, &a->manifest.config.digest);
        return config_read_layers(a->config, a->config_size, m->n_layers, &a->diff_ids, a->report);
}

/* overlayfs refuses a layer that is there twice. The lower one can go: the upper one adds, deletes and hides all that
 * the lower one does. */
static bool is_repeated(const Adder *a, size_t layer) {
        for (size_t i = layer + 1; i < a->manifest.n_layers; i++)
                if (streq(a->diff_ids[layer].hex, a->diff_ids[i].hex))
                        return true;
        return false;
}

static char *list_layers(const Adder *a) {
        _cleanup_text_ Text text = {};

        for (size_t i = 0; i < a->manifest.n_layers; i++) {
                if (is_repeated(a, i))
                        continue;
                text_add(&text, a->diff_ids[i].hex);
                text_add_char(&text, '\n');
        }
        return text_finish(&text);
}

/* After a crash of the machine, a layer that has its name may lack contents that were not on the disk yet. If an image
 * has it, it is whole: keep_image(). */
static int drop_unproven(Adder *a) {
        size_t ignored;
        int r = 0;

        for (size_t i = 0; r == 0 && i < a->manifest.n_layers; i++)
                r = layer_exists(a->store, a->diff_ids[i].hex);
        if (r > 0)
                r = store_clean_layers(a->store, &ignored);
        return r < 0 ? report_error(a->report, -r, "cannot clean up %s: %s", a->store->path, strerror(-r)) : 0;
}

static Compression compression_of(const LayerBlob *layer, int fd) {
        return layer->sniff ? image_source_compression(fd) : layer->compression;
}

static int add_layers(Adder *a) {
        for (size_t i = 0; i < a->manifest.n_layers; i++) {
                const LayerBlob *layer = &a->manifest.layers[i];
                _cleanup_close_ int fd = -1;
                int r = layer_exists(a->store, a->diff_ids[i].hex);

                if (digest_interrupted())
                        return report_error(a->report, EINTR, "the layer %.12s: interrupted", a->diff_ids[i].hex);
                if (r > 0)
                        continue;
                if (r < 0)
                        return report_error(a->report, -r, "cannot read the store: %s", strerror(-r));
                fd = image_source_take(&a->source, layer->path, layer->verified ? &layer->blob : NULL, &a->unpackers);
                r = fd < 0 ? fd : layer_add(&a->unpackers, fd, compression_of(layer, fd), &a->diff_ids[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int has_others(const Adder *a) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < a->manifest.n_layers; i++)
                r = layer_has_others(a->store, a->diff_ids[i].hex);
        return r < 0 ? report_error(a->report, -r, "cannot read the store: %s", strerror(-r)) : r;
}

static int find_user(const Adder *a, const char *name, ImageUser *ret) {
        _cleanup_strv_free_ char **layers = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < a->manifest.n_layers; i++)
                r = strv_push(&layers, a->diff_ids[i].hex);
        return r < 0 ? report_oom(a->report) : image_user_find(a->store, layers, name, ret, a->report);
}

/* The layers have the image's passwd(5), so they come first. */
static int write_policy(Adder *a) {
        const StoreUsers *users = &a->store->users;
        _cleanup_(config_facts_deinit) ConfigFacts facts = {};
        ConfigIds ids = { .keep = users->kind != STORE_OWN, .subordinate = users->kind == STORE_SUBORDINATE };
        ImageUser user = {};
        int r = has_others(a);

        ids.others = r > 0;
        if (r >= 0)
                r = config_read_facts(a->config, a->config_size, &facts, a->report);
        if (r >= 0 && facts.user && ids.keep)
                r = find_user(a, facts.user, &user);
        ids.uid = user.uid;
        ids.gid = user.gid;
        ids.home = user.home;
        if (r >= 0)
                r = config_write_policy(a->config, a->config_size, &ids, &a->policy, a->report);
        free(user.home);
        if (r >= 0 && ids.others && !ids.keep)
                report_notice(a->report, "files of other users than root are yours, too: %s", users->why);
        if (r >= 0 && users->kind == STORE_ROOTS)
                store_notice_user(user.uid, users_find_uid, (Origin) {}, NULL, a->report);
        return r;
}

static int write_image(Adder *a) {
        _cleanup_free_ char *layers = list_layers(a);
        int r = layers ? 0 : -ENOMEM;

        if (r >= 0 && mkdirat(a->store->fd, NEW_IMAGE, 0700) < 0)
                r = -errno;
        if (r >= 0)
                r = store_write(a->store, NEW_IMAGE "/layers", layers, strlen(layers));
        if (r >= 0)
                r = store_write(a->store, NEW_IMAGE "/config.json", a->config, a->config_size);
        if (r >= 0)
                r = store_write(a->store, NEW_IMAGE "/policy.conf", a->policy, strlen(a->policy));
        if (r >= 0 && a->text)
                r = store_write(a->store, NEW_IMAGE "/manifest.json", a->text, a->size);
        return r;
}

static int keep_image(Adder *a) {
        _cleanup_free_ char *path = format("images/%s", image_id(a));
        int r;

        if (!path)
                return -ENOMEM;
        if (faccessat(a->store->fd, path, F_OK, 0) >= 0)
                return 0;
        r = write_image(a);
        /* After a crash of the machine, what has its name must be complete. */
        if (r >= 0 && syncfs(a->store->fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(a->store->fd, NEW_IMAGE, a->store->fd, path) < 0)
                r = -errno;
        if (r < 0)
                (void) tree_remove(a->store->fd, NEW_IMAGE);
        return r;
}

/* The name of the source's file, without its suffix. */
static char *name_of_file(const char *path) {
        _cleanup_free_ char *simple = path_simplify(path);
        const char *name = simple ? path_name(simple) : "";
        size_t n = strcspn(name, ".");

        return format("%.*s", (int) n, name);
}

/* An annotation is the tag alone, or the whole name. */
static char *choose_name(const Adder *a, const char *given) {
        const char *ref = a->source.tag ?: a->ref_name;
        _cleanup_free_ char *base = NULL;

        if (given)
                return strdup(given);
        if (a->manifest.name)
                return strdup(a->manifest.name);
        if (a->ref_name && strpbrk(a->ref_name, "/:"))
                return strdup(a->ref_name);
        base = name_of_file(a->source.path);
        return base && ref ? format("%s:%s", base, ref) : TAKE_PTR(base);
}

static int find_name(const Adder *a, const char *given, char **ret) {
        _cleanup_free_ char *name = choose_name(a, given);
        int r = name ? image_name_parse_new(name, ret) : -ENOMEM;

        if (r == -EINVAL && given)
                return report_error(a->report, EINVAL, "not a name of an image: \"%s\" (such as team/app:1)", given);
        if (r == -EINVAL)
                return report_error(a->report, EINVAL, "\"%s\" cannot be the name of an image: add NAME[:TAG]", name);
        return report_if_oom(a->report, r);
}

static void notice_left_out(const Adder *a) {
        if (a->unpackers.devices > 0)
                report_notice(a->report, "devices are left out: %llu", (unsigned long long) a->unpackers.devices);
        if (a->unpackers.xattrs > 0)
                report_notice(a->report, "extended attributes are left out: %llu (isorun keeps those of user.)",
                              (unsigned long long) a->unpackers.xattrs);
}

static int add(Adder *a, const ImageAddition *addition, char **ret_name) {
        _cleanup_free_ char *name = NULL;
        int r;

        if (mkdirat(a->store->fd, STORE_NEW, 0700) < 0)
                return report_error(a->report, errno, "cannot write to %s: %s", a->store->path, strerror(errno));
        r = image_source_open(&a->source, &a->unpackers);
        if (r >= 0)
                r = read_manifest(a);
        if (r >= 0)
                r = find_name(a, addition->name, &name);
        if (r >= 0)
                r = read_config(a);
        if (r >= 0)
                r = drop_unproven(a);
        if (r >= 0)
                r = add_layers(a);
        if (r >= 0)
                r = write_policy(a);
        if (r < 0)
                return r;
        r = keep_image(a);
        if (r >= 0)
                r = store_set_name(a->store, name, image_id(a));
        if (r < 0)
                return report_error(a->report, -r, "cannot keep %s: %s", name, strerror(-r));
        notice_left_out(a);
        *ret_name = TAKE_PTR(name);
        return 0;
}

/* Layers without an image are of no use. */
static void undo(const Store *store) {
        Report silent = {};
        Cleaning ignored;

        (void) store_clean(store, &ignored, &silent);
}

/* The signals that end a program wait, and so does SIGPIPE, which comes if a helper ends early. */
static void block_signals(sigset_t *ret_before) {
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGHUP);
        sigaddset(&mask, SIGPIPE);
        (void) sigprocmask(SIG_BLOCK, &mask, ret_before);
}

static void unblock_signals(const sigset_t *before) {
        const struct timespec now = {};
        sigset_t pipe;

        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        (void) sigtimedwait(&pipe, NULL, &now);
        (void) sigprocmask(SIG_SETMASK, before, NULL);
}

int image_add(Store *store, const ImageAddition *addition, char **ret_name, char **ret_id, Report *report) {
        _cleanup_(adder_deinit) Adder a = { .store = store, .report = report, .source = IMAGE_SOURCE_NONE,
                                            .unpackers = { .store = store, .size_max = addition->size_max,
                                                           .report = report } };
        sigset_t before;
        int r;

        r = hash_library_load(&a.unpackers.hash, report);
        if (r >= 0)
                r = archive_library_load(&a.unpackers.archive, report);
        if (r >= 0)
                r = image_source_begin(addition->source, &a.unpackers, &a.source);
        if (r >= 0)
                r = store_lock(store, true, report);
        if (r < 0)
                return r;
        block_signals(&before);
        r = add(&a, addition, ret_name);
        (void) tree_remove(store->fd, STORE_NEW);
        if (r < 0)
                undo(store);
        unblock_signals(&before);
        if (r < 0)
                return r;
        *ret_id = strdup(image_id(&a));
        return *ret_id ? 0 : report_oom(report);
}
