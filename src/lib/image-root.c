/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/image-root.h"

#include <errno.h>

#include "image/store.h"
#include "plan/record/setting.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/sha256.h"
#include "util/strv.h"
#include "util/text.h"

#define KEY "RootDirectory"

void image_root_deinit(ImageRoot *root) {
        strv_free(root->paths);
        if (root->lock > 0)
                fd_close(root->lock);
        free(root->name);
        free(root->id);
        policy_free(root->policy);
        *root = (ImageRoot) {};
}

static int find_paths(const Store *store, int image, char ***ret) {
        _cleanup_strv_free_ char **layers = NULL, **paths = NULL;
        int r = store_read_layers(image, &layers);

        for (char **layer = layers; r >= 0 && layer && *layer; layer++)
                r = strv_consume(&paths, store_layer_path(store, *layer));
        if (r >= 0)
                *ret = TAKE_PTR(paths);
        return r;
}

static int read_policy(ImageRoot *root, int image, const Specifiers *specifiers, Report *report) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = file_read(image, "policy.conf", &text, &size);

        if (r < 0)
                return r;
        root->policy = policy_new(specifiers);
        return root->policy ? policy_read(root->policy, root->name, text, size, report) : -ENOMEM;
}

/* The lock comes first: what is read afterwards is not removed. */
static int open_image(ImageRoot *root, const Store *store, const char *id, const Specifiers *specifiers,
                      Report *report) {
        _cleanup_close_ int image = store_open_image(store, id), lock = -1;
        int r = image;

        if (r >= 0) {
                lock = store_hold_image(image);
                r = lock;
        }
        if (r >= 0)
                r = find_paths(store, image, &root->paths);
        if (r >= 0)
                r = read_policy(root, image, specifiers, report);
        if (r >= 0)
                root->lock = TAKE_FD(lock);
        return r;
}

static int find(ImageRoot *root, const Store *store, const Setting *s, const Specifiers *specifiers, Report *report) {
        const char *text = s->value.words[0] + strlen(ROOT_IMAGE_PREFIX);
        _cleanup_free_ char *name = NULL, *id = NULL;
        int r = image_name_parse(text, &name);

        if (r == -EINVAL)
                return report_error_at(report, s->origin, KEY, EINVAL, "not the name of an image: \"%s\"", text);
        if (r >= 0)
                r = store_find(store, name, &id);
        if (r == -EINVAL)
                return report_error_at(report, s->origin, KEY, EINVAL,
                                       "all %d digits of the image's ID are needed, because another image can have an "
                                       "ID that begins so (isoctl image show prints the ID): %s", DIGEST_HEX, name);
        if (r >= 0) {
                root->name = format(ROOT_IMAGE_PREFIX "%s", name);
                root->id = format("sha256:%s", id);
                r = root->name && root->id ? open_image(root, store, id, specifiers, report) : -ENOMEM;
        }
        if (r == -ENOENT) {
                _cleanup_free_ char *tags = store_tags(store, name);

                return report_error_at(report, s->origin, KEY, ENOENT,
                                       "no image %s in %s%s (isoctl image add takes one)", name, store->path,
                                       tags ?: "");
        }
        return r < 0 && r != -ENOMEM ? report_error_at(report, s->origin, KEY, -r, "image %s in %s: %s", name,
                                                       store->path,
                                                       strerror(-r)) : r;
}

/* Whether the policy itself has something at this place. */
static bool has_place(const Policy *policy, const char *path) {
        static const DirectiveId binds[] = { D_Volume, D_BindPaths, D_BindReadOnlyPaths };

        for (size_t i = 0; i < ELEMENTSOF(binds); i++) {
                const SettingList *list = &policy->settings[binds[i]];

                for (size_t j = 0; j < list->n; j++)
                        if (streq(list->items[j].value.words[1], path))
                                return true;
        }
        for (size_t j = 0; j < policy->settings[D_TemporaryFileSystem].n; j++)
                if (streq(policy->settings[D_TemporaryFileSystem].items[j].value.words[0], path))
                        return true;
        return false;
}

static void drop_places(Policy *image, const Policy *policy) {
        SettingList *list = &image->settings[D_TemporaryFileSystem];
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++)
                if (has_place(policy, list->items[i].value.words[0]))
                        value_deinit(&list->items[i].value);
                else
                        list->items[n++] = list->items[i];
        list->n = n;
}

/* A user of the policy has a group of the policy's, and not the image's. A group alone replaces only the group:
 * without the image's user, the command would be root. */
static void drop_user(Policy *image, const Policy *policy) {
        const bool user = policy_get(policy, D_User);

        if (user)
                setting_list_clear(&image->settings[D_User]);
        if (user || policy_get(policy, D_Group))
                setting_list_clear(&image->settings[D_Group]);
}

/* The files belong to the subordinate ids that the user had when the image was added. */
static int check_ids(const ImageRoot *root, const Store *store, const Policy *policy, const Host *host,
                     Report *report) {
        const Setting *own = policy_get(policy, D_PrivateUsers), *s = policy_get(root->policy, D_PrivateUsers);
        StoreUsers users;
        IdRange uids, gids;
        int r;

        if (!s)
                return 0;
        if (own && own->value.number == PRIVATE_USERS_FULL)
                return report_error_at(report, own->origin, "PrivateUsers", EINVAL,
                                       "the files of %s have the ids of \"subordinate\", which have another order in "
                                       "\"full\"", root->name);
        if (own && own->value.number != PRIVATE_USERS_SUBORDINATE)
                return 0;
        r = store_read_users(store, &users);
        if (r >= 0)
                r = host->find_ranges(host->uid, &uids, &gids);
        if (r < 0)
                return report_error_at(report, s->origin, "PrivateUsers", -r, "cannot find the subordinate ids: %s",
                                       strerror(-r));
        return store_check_ids(store, &users, uids, gids, s->origin, "PrivateUsers", report);
}

/* With a private range of ids, the number is another user. */
static void notice_user(const ImageRoot *root, const Policy *policy, const Host *host, Report *report) {
        const Setting *user = policy_get(root->policy, D_User), *users = policy_get(policy, D_PrivateUsers);
        const bool other = users && (users->value.number == PRIVATE_USERS_FULL ||
                                     users->value.number == PRIVATE_USERS_SUBORDINATE);
        uint64_t uid;

        if (user && host->uid == 0 && !other && parse_u64_range(user->value.text, 1, UINT32_MAX - 1, &uid) >= 0)
                store_notice_user((uid_t) uid, host->find_user_by_uid, user->origin, "User", report);
}

/* Puts the image's items before those of the policy. */
static int add_below(SettingList *list, const SettingList *image, bool is_list) {
        SettingList joined = {};
        int r;

        if (image->n == 0 || (!is_list && list->n > 0))
                return 0;
        r = setting_list_copy(&joined, image, true);
        if (r >= 0)
                r = setting_list_copy(&joined, list, true);
        setting_list_clear(r < 0 ? &joined : list);
        if (r >= 0)
                *list = joined;
        return r;
}

int image_root_find(ImageRoot *root, Policy *policy, const Host *host, Report *report) {
        const Setting *s = policy_get(policy, D_RootDirectory);
        Store store;
        int r;

        if (!s || s->value.number != ROOT_IMAGE || root->paths)
                return 0;
        r = store_open(store_path(host_variable(host, "XDG_DATA_HOME"), host_variable(host, "HOME"), host->uid), false,
                       &store, report);
        if (r < 0)
                return r;
        r = find(root, &store, s, &policy->specifiers, report);
        if (r >= 0)
                r = check_ids(root, &store, policy, host, report);
        store_deinit(&store);
        if (r >= 0) {
                drop_places(root->policy, policy);
                drop_user(root->policy, policy);
                notice_user(root, policy, host, report);
        }
        for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                r = add_below(&policy->settings[id], &root->policy->settings[id], directive_table[id].list);
        return report_if_oom(report, r);
}

/* The name of the image says nothing of its files, and a digest of a secret would help to guess it. */
static void write_setting(FILE *f, DirectiveId id, const Setting *s) {
        const Value *v = &s->value;

        if (id == D_RootDirectory && v->number == ROOT_IMAGE)
                fprintf(f, "%s=%s\n", directive_table[id].name, v->text + strlen(v->words[0]));
        else if (id == D_SetCredential)
                fprintf(f, "%s=%s\n", directive_table[id].name, v->text);
        else
                setting_write(f, id, s, false);
}

static void write_settings(FILE *f, DirectiveId id, const SettingList *list) {
        for (size_t i = 0; i < list->n; i++)
                write_setting(f, id, &list->items[i]);
}

/* In a stage, an empty line counts, too. */
static void write_stage(FILE *f, const PolicyStage *stage) {
        fprintf(f, "[Stage.%s]\n", stage->name);
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                if (stage->given[id].file && stage->settings[id].n == 0)
                        fprintf(f, "%s=\n", directive_table[id].name);
                write_settings(f, id, &stage->settings[id]);
        }
        for (size_t i = 0; i < stage->writable.n; i++)
                fprintf(f, "ReadWritePaths=%s\n", stage->writable.items[i].value.text);
}

char *image_root_digest(const Policy *policy) {
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *lines = NULL;
        char hex[SHA256_HEX_SIZE];

        if (text_open(&text) < 0)
                return NULL;
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                write_settings(text.f, id, &policy->settings[id]);
        for (size_t i = 0; i < policy->n_stages; i++)
                write_stage(text.f, &policy->stages[i]);
        lines = text_finish(&text);
        if (!lines)
                return NULL;
        sha256_hex(lines, strlen(lines), hex);
        return format("sha256:%s", hex);
}
