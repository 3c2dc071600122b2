/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/homes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "util/directory.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/user-line.h"

/* Ids below are for the system: systemd's SYSTEM_UID_MAX. */
enum { PERSON_MIN = 1000, NOBODY = 65534 };

/* No home is there, whatever passwd(5) says: it names such directories for users that are not persons. Those of /run,
 * /tmp, /var and so on are hidden anyway. */
static bool is_systems(const char *path) {
        static const char *const places[] = { "/bin", "/boot", "/dev",  "/etc",  "/lib", "/lib32", "/lib64", "/nix",
                                              "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var",
                                              "/nonexistent" };

        if (streq(path, "/"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (path_is_at_or_below(path, places[i]))
                        return true;
        return false;
}

static bool is_person(uid_t uid) {
        return uid >= PERSON_MIN && uid != NOBODY;
}

/* Whether path, which has no symlinks, is in /home or /root, which can be symlinks. */
static bool is_at_usual_place(const char *path) {
        static const char *const places[] = { "/home", "/root" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (path_is_at_or_below(path, places[i]))
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *real = realpath(places[i], NULL);

                if (real && path_is_at_or_below(path, real))
                        return true;
        }
        return false;
}

/* Adds the directory that path leads to, if it can be a home. owner: NULL if it may be anybody's. */
static int add(char ***homes, const char *path, const uid_t *owner) {
        _cleanup_free_ char *real = NULL;
        struct stat st;

        if (path[0] != '/' || streq(path, "/nonexistent"))
                return 0;
        real = realpath(path, NULL);
        if (!real)
                return errno == ENOMEM ? -ENOMEM : 0;
        if (is_systems(real) || is_at_usual_place(real) || strv_contains(*homes, real) || stat(real, &st) < 0 ||
            !S_ISDIR(st.st_mode) || (owner && st.st_uid != *owner))
                return 0;
        /* Programs are there, also those of a system's user whose home it is. */
        if (owner && !is_person(*owner) && path_is_at_or_below(real, "/opt"))
                return 0;
        return strv_push(homes, real);
}

static int add_link(void *homes, const char *name, unsigned char type) {
        _cleanup_free_ char *path = NULL;

        if (type != DT_LNK && type != DT_UNKNOWN)
                return 0;
        path = path_join("/home", name);
        return path ? add(homes, path, NULL) : -ENOMEM;
}

/* Returns 1 if all entries of /home are known now, 0 if it cannot be read or only in part, or -ENOMEM. */
static int add_links(char ***homes) {
        int r = directory_visit("/home", add_link, homes);

        return r == -ENOMEM ? r : r >= 0;
}

/* Reads only the file: other sources of nsswitch.conf(5) can be slow, and large. */
static int add_persons(char ***homes, bool home_is_known) {
        _cleanup_free_ char *text = NULL;
        UserLine user;
        int r = file_read(AT_FDCWD, "/etc/passwd", &text, NULL);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (char *rest = text; r >= 0 && user_line_next(&rest, &user);)
                if (is_person(user.uid) && !(home_is_known && path_is_below(user.home, "/home")))
                        r = add(homes, user.home, &user.uid);
        return r;
}

int homes_find(uid_t user, const char *variable, char ***ret) {
        _cleanup_strv_free_ char **homes = NULL;
        int r, q;

        r = add_links(&homes);
        q = r < 0 ? r : add_persons(&homes, r > 0);
        if (q >= 0 && variable)
                q = add(&homes, variable, &user);
        if (q < 0)
                return q;
        *ret = TAKE_PTR(homes);
        return 0;
}
