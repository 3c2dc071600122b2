/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The User of an image's config, in layers that strangers have made. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "image/layer.h"
#include "image/user.h"
#include "util/text.h"

#define BASE "a" /* the names of the layers, lowest first */
#define TOP "b"

static char place[] = "/tmp/isorun-test-user.XXXXXX";
static Store store = { .fd = -1, .lock = -1 };

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type, _unused_ struct FTW *ftw) {
        return remove(path);
}

static int set_up(_unused_ void **state) {
        strcpy(place + strlen(place) - 6, "XXXXXX");
        if (!mkdtemp(place))
                return -1;
        store.path = place;
        store.fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (const char *const *path = (const char *const[]) { "layers", "layers/" BASE, "layers/" BASE "/root",
                                                               "layers/" BASE "/root/etc", "layers/" TOP,
                                                               "layers/" TOP "/root", NULL }; *path; path++)
                if (mkdirat(store.fd, *path, 0755) < 0)
                        return -1;
        return 0;
}

static int tear_down(_unused_ void **state) {
        close(store.fd);
        return nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *at(const char *layer, const char *path) {
        static char text[256];

        snprintf(text, sizeof(text), "layers/%s/root/%s", layer, path);
        return text;
}

static void put(const char *layer, const char *path, const char *text) {
        int fd = openat(store.fd, at(layer, path), O_WRONLY | O_CREAT | O_TRUNC, 0644);

        assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
        close(fd);
}

static void put_directory(const char *layer, const char *path) {
        assert_int_equal(mkdirat(store.fd, at(layer, path), 0755), 0);
}

static void put_link(const char *layer, const char *path, const char *target) {
        assert_int_equal(symlinkat(target, store.fd, at(layer, path)), 0);
}

static void put_whiteout(const char *layer, const char *path) {
        assert_int_equal(mknodat(store.fd, at(layer, path), S_IFCHR, makedev(0, 0)), 0);
}

/* "UID:GID HOME", or the error. */
static void expect_user(const char *text, const char *expected) {
        char *const layers[] = { (char *) BASE, (char *) TOP, NULL };
        _cleanup_free_ char *got = NULL;
        ImageUser user;
        Log log;
        int r;

        log_init(&log);
        r = image_user_find(&store, layers, text, &user, &log.report);
        if (r >= 0) {
                got = format("%u:%u %s", user.uid, user.gid, user.home ?: "-");
                free(user.home);
                expect_text(text, got, expected);
        } else
                expect_in(text, log_text(&log), expected);
        expect_result(text, r < 0, !!strstr(expected, "User"));
        log_deinit(&log);
}

#define PASSWD "root:x:0:0::/root:/bin/sh\nbad\nalso:x:-1:5::/:/x\nfew:x:7:7\napp:x:33:44::/srv/app:/bin/sh\n" \
               "app:x:1:1::/other:\nbig:x:4294967295:1::/:/x\n12:x:99:99::/:/x\nempty:x:8:9:::\n" \
               "4294967297:x:0:0::/:/x\n-1:x:0:0::/:/x\n"
#define GROUP "root:x:0:\nstaff:x:50:app\nbad:x:y:\n4294967297:x:0:\n"

static void test_forms(_unused_ void **state) {
        put(BASE, "etc/passwd", PASSWD);
        put(BASE, "etc/group", GROUP);
        expect_user("app", "33:44 /srv/app");
        expect_user("root", "0:0 /root");
        expect_user("33", "33:44 /srv/app");
        expect_user("1000", "1000:0 -");
        expect_user("12", "12:0 -");
        expect_user("app:staff", "33:50 /srv/app");
        expect_user("app:7", "33:7 /srv/app");
        expect_user("33:staff", "33:50 /srv/app");
        expect_user("1000:2000", "1000:2000 -");
        expect_user("app:", "33:44 /srv/app");
        expect_user(":staff", "0:50 -");
        expect_user("empty", "8:9 -");
        expect_user("none", "the image's User is \"none\", and its /etc/passwd does not have this user");
        expect_user("few", "the image's User is \"few\", and its /etc/passwd");
        expect_user("also", "the image's User is");
        expect_user("big", "the image's User is");
        expect_user("4294967295", "the image's User is");
        expect_user("app:none", "the image's User is \"app:none\", and its /etc/group does not have this group");
        expect_user("app:bad", "the image's User is");
        expect_user("app:4294967295", "the image's User is");
        /* CVE-2024-40635, CVE-2026-46680: a line of the image has this name, and would make it root. */
        expect_user("4294967297", "the image's User is \"4294967297\", and 4294967297 is not the number of a user");
        expect_user("-1", "the image's User is \"-1\", and -1 is not the number");
        expect_user("33:4294967297", "the image's User is \"33:4294967297\", and 4294967297 is not the number");
}

static void test_layers(_unused_ void **state) {
        expect_user("app", "the image's User is");
        expect_user("5", "5:0 -");
        put(BASE, "etc/passwd", "app:x:1:1::/:\n");
        put_directory(TOP, "etc");
        expect_user("app", "1:1 /");
        put(TOP, "etc/passwd", "app:x:2:2::/:\n");
        expect_user("app", "2:2 /");
        unlinkat(store.fd, at(TOP, "etc/passwd"), 0);
        put_whiteout(TOP, "etc/passwd");
        expect_user("app", "the image's User is");
        unlinkat(store.fd, at(TOP, "etc/passwd"), 0);
        unlinkat(store.fd, at(TOP, "etc"), AT_REMOVEDIR);
        put(TOP, "etc", "a file hides the directory");
        expect_user("app", "cannot look up the image's User \"app\": its /etc/passwd: Not a directory");
        unlinkat(store.fd, at(TOP, "etc"), 0);
        put_whiteout(TOP, "etc");
        expect_user("app", "the image's User is");
}

static void test_opaque(_unused_ void **state) {
        int fd;

        put(BASE, "etc/passwd", "app:x:1:1::/:\n");
        put_directory(TOP, "etc");
        fd = openat(store.fd, at(TOP, "etc"), O_RDONLY | O_DIRECTORY);
        assert_true(fd >= 0);
        if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0) {
                close(fd);
                skip(); /* a file system without such attributes */
        }
        close(fd);
        expect_user("app", "the image's User is");
}

/* A link leads to files of the image only. The host's passwd(5) has root. */
/* promise P63 */
static void test_links(_unused_ void **state) {
        put_link(TOP, "etc", "/usr/../conf");
        put_directory(BASE, "usr");
        put_directory(BASE, "conf");
        put_link(BASE, "conf/passwd", "../../../../usr/names");
        put(BASE, "usr/names", "app:x:3:3::/:\n");
        expect_user("app", "3:3 /");
        expect_user("root", "the image's User is");
        unlinkat(store.fd, at(BASE, "conf/passwd"), 0);
        put_link(BASE, "conf/passwd", "/etc/passwd");
        expect_user("app", "cannot look up the image's User \"app\": its /etc/passwd: Too many levels of symbolic links");
        unlinkat(store.fd, at(BASE, "conf/passwd"), 0);
        put_link(BASE, "conf/passwd", "/proc/self/root/etc/passwd");
        expect_user("root", "the image's User is");
        expect_user("5", "5:0 -");
}

static void test_strange_files(_unused_ void **state) {
        int fd;

        put_directory(BASE, "etc/passwd");
        expect_user("app", "cannot look up the image's User \"app\": its /etc/passwd: Is a directory");
        unlinkat(store.fd, at(BASE, "etc/passwd"), AT_REMOVEDIR);
        assert_int_equal(mknodat(store.fd, at(BASE, "etc/passwd"), S_IFIFO | 0644, 0), 0);
        expect_user("app", "cannot look up the image's User \"app\": its /etc/passwd: ");
        unlinkat(store.fd, at(BASE, "etc/passwd"), 0);
        fd = openat(store.fd, at(BASE, "etc/passwd"), O_WRONLY | O_CREAT, 0644);
        assert_true(fd >= 0 && ftruncate(fd, 1LL << 40) == 0);
        close(fd);
        expect_user("app", "cannot look up the image's User \"app\": its /etc/passwd: File too large");
        put(BASE, "etc/passwd", "app");
        expect_user("app", "the image's User is");
}

/* A store that cannot be read is an error: it does not have the layer, and does not lack it. */
static void test_layer_exists(_unused_ void **state) {
        put(TOP, "../others", "");
        expect_result("a layer", layer_exists(&store, TOP), 1);
        expect_result("none", layer_exists(&store, "c"), 0);
        expect_result("with others", layer_has_others(&store, TOP), 1);
        expect_result("without others", layer_has_others(&store, BASE), 0);
        assert_int_equal(symlinkat("loop", store.fd, "layers/loop"), 0);
        expect_result("a loop", layer_exists(&store, "loop"), -ELOOP);
        expect_result("a loop with others", layer_has_others(&store, "loop"), -ELOOP);
}

static void write_users(const char *text) {
        int fd = openat(store.fd, STORE_USERS, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
        close(fd);
}

/* Whose the files of a user's store are: a file that is not whole must not pass for either kind. */
static void test_users(_unused_ void **state) {
        static const char *const damaged[] = { "", "owner", "100000 65536", "1 2 3 x", "1 2 3 4 5", "1 2 3 4x", "a" };
        StoreUsers users = { .kind = STORE_ROOTS };

        expect_result("no file", store_read_users(&store, &users), 0);
        assert_int_equal(users.kind, STORE_OWN);
        write_users("100000 65536 200000 1000\n");
        expect_result("ids", store_read_users(&store, &users), 0);
        assert_true(users.kind == STORE_SUBORDINATE && users.uids.first == 100000 && users.uids.count == 65536 &&
                    users.gids.first == 200000 && users.gids.count == 1000);
        for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
                write_users(damaged[i]);
                expect_result(damaged[i], store_read_users(&store, &users), -EBADMSG);
                assert_int_equal(users.kind, STORE_SUBORDINATE);
        }
        write_users("own");
        expect_result("own", store_read_users(&store, &users), 0);
        assert_int_equal(users.kind, STORE_OWN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_forms, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_layers, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_opaque, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_links, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_strange_files, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_layer_exists, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_users, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
