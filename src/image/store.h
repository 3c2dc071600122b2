/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The store of container images. It belongs to one user, and nobody else can enter it: root's has the set-user-ID
 * programs of images.
 *
 *   layers/DIFF_ID/root   a layer's files; isorun mounts them
 *   layers/DIFF_ID/tree   the digest of these files (image/tree.h)
 *   layers/DIFF_ID/size   the bytes of these files together
 *   layers/DIFF_ID/others exists if some of these files belong to others than root
 *   images/ID/            an image, by the digest of its config, config.json; it also has
 *     layers              the diff_ids, lowest first,
 *     policy.conf         what of the config isorun uses (image/config.h),
 *     manifest.json       and the manifest, if there is one
 *   names/NAME:TAG        the ID. In NAME, each slash is a "%"
 *   users                 of a user's store: "own", or the subordinate ids that the files have (image/users.h),
 *                         "FIRST COUNT FIRST COUNT"
 *   lock                  whoever changes the store has an exclusive lock on it
 *
 * A directory is made as ".new" and renamed, so one that has its name is complete. A running instance has a shared lock
 * on its image's directory; an image with such a lock is not removed. */

#include <stdbool.h>

#include "plan/subordinate.h"
#include "plan/users.h"
#include "util/report.h"

/* Whose the files in a store are. */
typedef struct StoreUsers {
        enum {
                STORE_ROOTS,       /* root's store: files keep their ids */
                STORE_OWN,         /* all files are the user's own */
                STORE_SUBORDINATE, /* image/users.h */
        } kind;
        IdRange uids, gids; /* of STORE_SUBORDINATE */
        char why[256];      /* why a store is STORE_OWN; "": not known */
} StoreUsers;

typedef struct Store {
        char *path;
        int fd;   /* negative: it does not exist, if it was not to be made */
        int lock; /* negative: not locked */
        StoreUsers users;
} Store;

/* The path of the store of uid, on the heap: /var/lib/isorun/images for root, else data_home/isorun/images, or
 * home/.local/share/isorun/images. NULL if there is no such place, or memory runs out. */
char *store_path(const char *data_home, const char *home, unsigned uid);

/* Opens the store, and checks that nobody else can change it. Takes over path, also on failure; NULL is an error. make:
 * makes it if it does not exist. Returns 0 or -errno, reported. */
int store_open(char *path, bool make, Store *ret, Report *report);

void store_deinit(Store *store);

/* Parses NAME[:TAG]; the tag defaults to "latest". *ret is NAME:TAG, on the heap. Returns 0, -EINVAL or -ENOMEM. */
int image_name_parse(const char *text, char **ret);

/* The same for a name that an image gets: not one that looks like an ID. */
int image_name_parse_new(const char *text, char **ret);

/* The ID of an image: of NAME:TAG, or of "sha256:ID". *ret is on the heap. Returns 0, -ENOENT, -EINVAL if these are not
 * all digits of an ID, or another -errno. */
int store_find(const Store *store, const char *name, char **ret);

/* The same, also of the first digits of an ID, at least ID_BEGIN_MIN, with which no other one begins (-ENOTUNIQ). Not
 * for what runs: somebody can make an image whose ID begins so. */
int store_find_begin(const Store *store, const char *name, char **ret);
enum { ID_BEGIN_MIN = 8 };
#define IMAGE_ID_PREFIX "sha256:"

/* The ID of a name that store_names() has. */
int store_find_name(const Store *store, const char *name, char **ret);

/* For a message that there is no NAME:TAG: "; it has NAME:OTHER, …", or "", on the heap; NULL when memory runs out. */
char *store_tags(const Store *store, const char *name);

/* Opens an image's directory. Returns the fd or -errno. */
int store_open_image(const Store *store, const char *id);

/* Keeps an image from being removed as long as the fd is open in any process. It is a file without secrets. Returns the
 * fd, -ENOENT if the image has just been removed, or another -errno. */
int store_hold_image(int image);

/* The diff_ids of an image's layers, lowest first. Returns 0 or -errno. */
int store_read_layers(int image, char ***ret);

/* The path of a layer's files, on the heap; NULL when memory runs out. */
char *store_layer_path(const Store *store, const char *diff_id);

/* Writes a file of the store. Returns 0 or -errno. */
int store_write(const Store *store, const char *path, const char *bytes, size_t n);

/* The same for a file that may exist: new, beside it, gets its name. Also after a crash of the machine, it is the old
 * one or the new one, whole. */
int store_replace(const Store *store, const char *path, const char *new, const char *text);

/* Reads whose the files of a user's store are. Returns 0 or -errno. */
int store_read_users(const Store *store, StoreUsers *ret);
#define STORE_USERS "users"

/* Fails if a user has other subordinate ids now than the files of the store have. origin and key are those of the
 * error, and may be {} and NULL. Returns 0 or -EPERM, reported. */
int store_check_ids(const Store *store, const StoreUsers *users, IdRange uids, IdRange gids, Origin origin,
                    const char *key, Report *report);

/* Says so if a program of root's store has the id of a user of this machine, whom the image's config has chosen.
 * look_up: that of a Host, or users_find_uid(). */
void store_notice_user(uid_t uid, int (*look_up)(uid_t uid, HostUser *ret), Origin origin, const char *key,
                       Report *report);

/* The names (NAME:TAG) of all images, sorted. Returns 0 or -errno. */
int store_names(const Store *store, char ***ret);

/* The file name of an image's name in names/, on the heap; NULL when memory runs out. */
char *store_name_file(const char *name);

#define STORE_NEW ".new"

enum { DIGEST_HEX = 64 };

/* Whether text is 64 hexadecimal digits in lower case, and nothing else. */
bool digest_is_hex(const char *text);
