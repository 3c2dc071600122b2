/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl image add|list|show|tag|verify|rm|gc: the store of container images, which RootDirectory=image:NAME uses. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/program.h"
#include "cmd/show/format.h"
#include "cmd/show/json.h"
#include "cmd/show/rows.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "image/add.h"
#include "image/change.h"
#include "image/config.h"
#include "image/json.h"
#include "image/layer.h"
#include "image/users.h"
#include "plan/plan.h"
#include "util/escape.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/text.h"

enum { EXIT_FOUND_WRONG = 1 };

/* An image of the store, as list and show print it. */
typedef struct ImageFacts {
        char *name, *id;
        char **layers; /* lowest first */
        uint64_t size; /* of the files in the layers, in bytes */
        bool has_size; /* all layers have theirs */
} ImageFacts;

typedef struct ImageList {
        ImageFacts *items;
        size_t n;
} ImageList;

static void image_facts_deinit(ImageFacts *f) {
        free(f->name);
        free(f->id);
        strv_free(f->layers);
        *f = (ImageFacts) {};
}

/* An image that nobody can remove as long as it is open. */
typedef struct OpenImage {
        int fd, lock; /* of store_hold_image() */
} OpenImage;

static void open_image_close(OpenImage *image) {
        fd_close(image->fd);
        fd_close(image->lock);
}
#define _cleanup_open_image_ _cleanup_(open_image_close)

static void image_list_deinit(ImageList *list) {
        for (size_t i = 0; i < list->n; i++)
                image_facts_deinit(&list->items[i]);
        free(list->items);
}

static int open_store(bool make, Store *ret, Report *report) {
        return store_open(store_path(getenv("XDG_DATA_HOME"), getenv("HOME"), geteuid()), make, ret, report);
}

static int report_image(const Store *store, const char *text, const char *name, int r, Report *report) {
        _cleanup_free_ char *tags = name && r == -ENOENT ? store_tags(store, name) : NULL;

        if (r == -EINVAL)
                return report_error(report, EINVAL, "not a name of an image, nor an ID or its first %d digits or more: "
                                    "\"%s\"", ID_BEGIN_MIN, text);
        if (r == -ENOTUNIQ)
                return report_error(report, ENOTUNIQ, "several images have an ID that begins with %s: give more digits",
                                    text);
        return r == -ENOENT ? report_error(report, ENOENT, "no image %s%s (isoctl image list shows all)", name ?: text,
                                           tags ?: "")
                            : report_error(report, -r, "image %s: %s", text, strerror(-r));
}

/* Adds up what the layers have, also those that other images use, too. */
static int add_sizes(const Store *store, ImageFacts *f) {
        int r = 0;

        for (char **layer = f->layers; r >= 0 && layer && *layer; layer++) {
                uint64_t size;

                r = layer_size(store, *layer, &size);
                if (r >= 0)
                        f->size += size;
        }
        f->has_size = r >= 0;
        return r == -ENOENT ? 0 : r;
}

/* Reads an image of the store. *ret_open may be NULL. Returns 0 or -errno, reported. */
static int read_image(const Store *store, const char *text, ImageFacts *ret, OpenImage *ret_open, Report *report) {
        _cleanup_(image_facts_deinit) ImageFacts f = {};
        _cleanup_open_image_ OpenImage image = { -1, -1 };
        int r = image_name_parse(text, &f.name);

        if (r >= 0)
                r = store_find_begin(store, f.name, &f.id);
        if (r >= 0) {
                image.fd = store_open_image(store, f.id);
                r = image.fd;
        }
        if (r >= 0 && ret_open) {
                image.lock = store_hold_image(image.fd);
                r = image.lock;
        }
        if (r >= 0)
                r = store_read_layers(image.fd, &f.layers);
        if (r >= 0)
                r = add_sizes(store, &f);
        if (r < 0)
                return report_image(store, text, f.name, r, report);
        *ret = f;
        f = (ImageFacts) {};
        if (ret_open) {
                *ret_open = image;
                image = (OpenImage) { -1, -1 };
        }
        return 0;
}

static int add(const CommandLine *line, Report *report) {
        const char *size = command_line_get(line, ARG_MAX_SIZE);
        ImageAddition addition = { .source = line->arguments[1], .name = line->arguments[2],
                                   .size_max = 16ULL << 30 };
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        _cleanup_free_ char *name = NULL, *id = NULL;
        int r;

        if (size && parse_size(size, 1024, &addition.size_max) < 0)
                return report_error(report, EINVAL, "--max-size: not a size (such as 512M): \"%s\"", size);
        r = open_store(true, &store, report);
        if (r >= 0)
                r = image_add(&store, &addition, &name, &id, report);
        if (r < 0)
                return r;
        printf("%s sha256:%s\n", name, id);
        return 0;
}

/* One of all names, which another isoctl may remove meanwhile. As read_image(), or 1: it has gone. */
static int read_listed(const Store *store, const char *name, ImageFacts *ret, OpenImage *ret_open, Report *report) {
        _cleanup_free_ char *id = NULL;
        Report quiet = {};

        if (read_image(store, name, ret, ret_open, &quiet) >= 0)
                return 0;
        return store_find_name(store, name, &id) == -ENOENT ? 1 : read_image(store, name, ret, ret_open, report);
}

static int find_images(const Store *store, ImageList *list, Report *report) {
        _cleanup_strv_free_ char **names = NULL;
        int r = store_names(store, &names);

        if (r < 0)
                return report_error(report, -r, "cannot list %s: %s", store->path, strerror(-r));
        list->items = calloc(strv_length(names) + 1, sizeof(ImageFacts));
        if (!list->items)
                return report_oom(report);
        for (char **name = names; name && *name; name++)
                list->n += read_listed(store, *name, &list->items[list->n], NULL, report) == 0;
        return 0;
}

static json_t *make_json(const void *items, size_t i) {
        const ImageFacts *f = &((const ImageFacts *) items)[i];
        json_t *layers = json_array();

        for (char **layer = f->layers; layers && *layer; layer++)
                if (json_array_append_new(layers, json_sprintf("sha256:%s", *layer)) < 0)
                        return json_decref(layers), NULL;
        return json_pack("{s:o, s:o, s:o, s:o}", "name", json_text(f->name), "id", json_sprintf("sha256:%s", f->id),
                         "size", f->has_size ? json_integer((json_int_t) f->size) : json_null(), "layers", layers);
}

static int print_table(const ImageList *list, bool legend) {
        static const char *const headings[] = { "NAME", "ID", "LAYERS", "SIZE", NULL };
        struct libscols_table *table = rows_new(headings, legend);
        int r = table ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const ImageFacts *f = &list->items[i];
                char id[13], layers[24], size[FORMAT_MAX] = "-";

                snprintf(id, sizeof(id), "%.12s", f->id);
                snprintf(layers, sizeof(layers), "%zu", strv_length(f->layers));
                if (f->has_size)
                        format_bytes(size, f->size);
                r = rows_add(table, (const char *[]) { f->name, id, layers, size }, NULL);
        }
        return rows_end(table, r);
}

static int list(const CommandLine *line, Report *report) {
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        _cleanup_(image_list_deinit) ImageList images = {};
        int r = open_store(false, &store, report);

        if (r >= 0)
                r = find_images(&store, &images, report);
        if (r < 0)
                return r;
        r = command_line_has(line, ARG_JSON) ? json_print_array(make_json, images.items, images.n, stdout)
                                             : print_table(&images, !command_line_has(line, ARG_NO_LEGEND));
        return r < 0 ? report_error(report, -r, "image: %s", strerror(-r)) : 0;
}

/* "8080/tcp", or "8080". */
static void print_port(const char *port) {
        const size_t digits = strspn(port, "0123456789");
        const bool tcp = digits > 0 && (!port[digits] || streq(port + digits, "/tcp"));

        fputs("Port: ", stdout);
        escape_write(stdout, port);
        if (tcp)
                printf(" (to reach it from this machine: ListenOn=%.*s)\n", (int) digits, port);
        else
                puts(" (ListenOn= is only for TCP)");
}

static void print_user(const char *user, const Store *store) {
        printf("User: ");
        escape_write(stdout, user);
        puts(store->users.kind == STORE_OWN ? " (not used: the program and all files of the image are yours)" : "");
}

/* What isorun uses of an image's config. The caller frees and deinits both. */
static int read_config(int image, ConfigFacts *facts, char **policy, Report *report) {
        _cleanup_free_ char *config = NULL;
        size_t size;
        int r = file_read(image, "config.json", &config, &size);

        if (r >= 0)
                r = file_read(image, "policy.conf", policy, NULL);
        return r < 0 ? report_error(report, -r, "cannot read the image's config: %s", strerror(-r))
                     : config_read_facts(config, size, facts, report);
}

static void print_image(const Store *store, const ImageFacts *f, const ConfigFacts *facts, const char *policy) {
        printf("Name: %s\nID: sha256:%s\n", f->name, f->id);
        for (char **layer = f->layers; *layer; layer++)
                printf("Layer: sha256:%s\n", *layer);
        if (facts->user)
                print_user(facts->user, store);
        for (char **port = facts->ports; port && *port; port++)
                print_port(*port);
        printf("\n# what the policy of an instance begins with\n%s", policy);
}

static int print_image_json(const ImageFacts *f, const ConfigFacts *facts, const char *policy) {
        _cleanup_json_ json_t *image = make_json(f, 0), *ports = json_array(), *all = NULL;

        for (char **port = facts->ports; port && *port; port++)
                if (json_array_append_new(ports, json_text(*port)) < 0)
                        return -ENOMEM;
        all = json_pack("[O]", image);
        if (!all || json_object_set_new(image, "user", json_text_or_null(facts->user)) < 0 ||
            json_object_set(image, "ports", ports) < 0 ||
            json_object_set_new(image, "policy", json_text(policy)) < 0)
                return -ENOMEM;
        return json_print(all, stdout);
}

static int show(const CommandLine *line, Report *report) {
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        _cleanup_(image_facts_deinit) ImageFacts f = {};
        _cleanup_(config_facts_deinit) ConfigFacts facts = {};
        _cleanup_free_ char *policy = NULL;
        _cleanup_open_image_ OpenImage image = { -1, -1 };
        int r = open_store(false, &store, report);

        if (r >= 0)
                r = read_image(&store, line->arguments[1], &f, &image, report);
        if (r >= 0 && geteuid() != 0) {
                r = store_read_users(&store, &store.users);
                if (r < 0)
                        (void) report_error(report, -r, "cannot read which ids the files in %s have: %s", store.path,
                                            strerror(-r));
        }
        if (r >= 0)
                r = read_config(image.fd, &facts, &policy, report);
        if (r < 0)
                return r;
        if (!command_line_has(line, ARG_JSON))
                return print_image(&store, &f, &facts, policy), 0;
        r = print_image_json(&f, &facts, policy);
        return r < 0 ? report_error(report, -r, "image: %s", strerror(-r)) : 0;
}

static int open_to_change(Store *store, Report *report) {
        int r = open_store(true, store, report);

        return r < 0 ? r : store_lock(store, false, report);
}

static int tag(const CommandLine *line, Report *report) {
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        _cleanup_(image_facts_deinit) ImageFacts f = {};
        _cleanup_free_ char *name = NULL;
        int r = open_to_change(&store, report);

        if (r >= 0)
                r = read_image(&store, line->arguments[1], &f, NULL, report);
        if (r < 0)
                return r;
        r = image_name_parse_new(line->arguments[2], &name);
        if (r == -EINVAL)
                return report_error(report, EINVAL, "not a name of an image: \"%s\" (such as team/app:1)",
                                    line->arguments[2]);
        if (r >= 0)
                r = store_set_name(&store, name, f.id);
        if (r < 0)
                return report_error(report, -r, "cannot name the image %s: %s", line->arguments[2], strerror(-r));
        printf("%s sha256:%s\n", name, f.id);
        return 0;
}

static int verify_layers(const Store *store, const HashLibrary *hash, const ImageFacts *f, bool *wrong,
                         Report *report) {
        for (char **layer = f->layers; *layer; layer++) {
                int r = layer_verify(hash, store, *layer);

                if (r < 0)
                        return report_error(report, -r, "%s: cannot read the layer %.12s: %s", f->name, *layer,
                                            strerror(-r));
                if (r == 0) {
                        *wrong = true;
                        printf("%s: the layer sha256:%s in %s has changed since it was added\n", f->name, *layer,
                               store->path);
                }
        }
        return 0;
}

/* The ID is the digest of the config. */
static int verify_config(const HashLibrary *hash, const ImageFacts *f, int image, bool *wrong, Report *report) {
        _cleanup_free_ char *config = NULL;
        Digest digest;
        size_t size;
        int r = file_read(image, "config.json", &config, &size);

        if (r < 0)
                return report_error(report, -r, "%s: cannot read its config: %s", f->name, strerror(-r));
        digest_bytes(hash, config, size, &digest);
        if (!streq(digest.hex, f->id)) {
                *wrong = true;
                printf("%s: its config has changed since it was added\n", f->name);
        }
        return 0;
}

static int verify_image(const Store *store, const HashLibrary *hash, const char *name, bool listed, bool *wrong,
                        Report *report) {
        _cleanup_(image_facts_deinit) ImageFacts f = {};
        _cleanup_open_image_ OpenImage image = { -1, -1 };
        int r = (listed ? read_listed : read_image)(store, name, &f, &image, report);

        if (r != 0)
                return r < 0 ? r : 0;
        r = verify_config(hash, &f, image.fd, wrong, report);
        return r < 0 ? r : verify_layers(store, hash, &f, wrong, report);
}

static int verify(const CommandLine *line, Report *report) {
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        _cleanup_strv_free_ char **all = NULL;
        char **names = line->arguments + 1;
        HashLibrary hash;
        bool wrong = false;
        int r = open_store(false, &store, report);

        if (r >= 0)
                r = hash_library_load(&hash, report);
        if (r >= 0)
                r = store_users_enter(&store, false, report);
        if (r >= 0 && !*names) {
                r = store_names(&store, &all);
                names = all;
        }
        for (; r >= 0 && names && *names; names++)
                r = verify_image(&store, &hash, *names, all, &wrong, report);
        return r < 0 ? r : wrong ? EXIT_FOUND_WRONG : 0;
}

static int clean(const Store *store, Report *report) {
        Cleaning c;
        int r = store_clean(store, &c, report);

        if (r >= 0 && c.used > 0)
                report_notice(report, "images without a name that are in use are kept: %zu (isoctl image gc "
                                      "removes them later)", c.used);
        return r;
}

/* A name that is not there does not keep the others. */
static int rm(const CommandLine *line, Report *report) {
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        int r = open_to_change(&store, report), first = 0;

        for (char **text = line->arguments + 1; r >= 0 && *text; text++) {
                _cleanup_free_ char *name = NULL;
                int q = image_name_parse(*text, &name);

                if (q >= 0)
                        q = store_remove_name(&store, name);
                if (q < 0)
                        q = report_image(&store, *text, name, q, report);
                first = first ?: q;
        }
        if (r >= 0)
                r = clean(&store, report);
        return r < 0 ? r : first;
}

static int gc(_unused_ const CommandLine *line, Report *report) {
        _cleanup_(store_deinit) Store store = { .fd = -1, .lock = -1 };
        int r = open_to_change(&store, report);

        return r < 0 ? r : clean(&store, report);
}

static const struct {
        const char *name, *usage;
        size_t min, max; /* arguments after the name */
        int (*run)(const CommandLine *line, Report *report);
} actions[] = {
        { "add", "add SOURCE [NAME[:TAG]]", 1, 2, add },
        { "list", "list", 0, 0, list },
        { "show", "show NAME[:TAG]", 1, 1, show },
        { "tag", "tag NAME[:TAG] NEW[:TAG]", 2, 2, tag },
        { "verify", "verify [NAME[:TAG]...]", 0, SIZE_MAX, verify },
        { "rm", "rm NAME[:TAG]...", 1, SIZE_MAX, rm },
        { "gc", "gc", 0, 0, gc },
};

static int run_action(const CommandLine *line, Report *report) {
        const size_t n = line->n_arguments - 1;

        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                if (!streq(actions[i].name, line->arguments[0]))
                        continue;
                if (n < actions[i].min || n > actions[i].max)
                        return report_error(report, EINVAL, "usage: isoctl image %s", actions[i].usage);
                return actions[i].run(line, report);
        }
        return report_error(report, EINVAL, "isoctl image does not know \"%s\": it takes add, list, show, tag, verify, "
                            "rm and gc", line->arguments[0]);
}

static int run(const CommandLine *line, Report *report) {
        int r = run_action(line, report);

        return r < 0 || flush_output(report) < 0 ? PLAN_FAILED : r;
}

static const char *const names[] = { "add", "list", "show", "tag", "verify", "rm", "gc", NULL };
static const Option options[] = {
        { ARG_MAX_SIZE, "max-size", "add: refuse a layer that is larger when it is unpacked (default: 16G)",
          { "SIZE" } },
        { ARG_JSON, "json", "list and show: print JSON" },
        { ARG_NO_LEGEND, "no-legend", "list: print no headings" },
        {},
};
static const Argument arguments[] = {
        { "ACTION", ARGUMENT_CHOICE, names },
        { "IMAGE", ARGUMENT_IMAGE | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED },
        {},
};

const Verb verb_image = {
        .name = "image",
        .help = "add, list, show, name, verify and remove container images",
        .details = "add SOURCE [NAME[:TAG]]   unpack an image into the store: oci:DIR[:TAG],\n"
                   "                          oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]; FILE may be - for\n"
                   "                          standard input: podman save app | isoctl image add docker-archive:-\n"
                   "list                      list the images\n"
                   "show NAME[:TAG]           print an image's digests, and what of its config isorun uses\n"
                   "tag NAME[:TAG] NEW[:TAG]  give an image another name\n"
                   "verify [NAME[:TAG]...]    compare the files of images with those that were added; returns 1 if\n"
                   "                          they differ\n"
                   "rm NAME[:TAG]...          remove names, and files that no name and no instance uses\n"
                   "gc                        remove files that no name and no instance uses\n\n"
                   "isorun --root image:NAME[:TAG] uses an image as the root.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
