/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of /var with data of the system. Packages make this data from what they have in /usr, or for it, and the
 * programs in /usr need it: many have symlinks to it. Every instance with the host's root sees it, read-only.
 *
 * A directory belongs here if only packages and the administrator write to it, if every user of the host may read it,
 * and if no service runs on it: no secrets, no sockets, nothing about users. Everything else in /var is of services.
 *
 * Each directory that exists is a mount. */
#include "plan/root/system-data.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/fd-bin.h"
#include "util/open-in.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

typedef struct SystemData {
        const char *path;
        const char *what; /* the origin of the mount in explain */
} SystemData;

#define DATA(path, what) { path, "data of the system: " what }
static const SystemData data[] = {
        DATA("/var/cache/dictionaries-common", "the list of dictionaries, for ispell and emacs"),
        DATA("/var/cache/fontconfig", "caches of fonts, which each program would make again"),
        DATA("/var/cache/man", "the index of manuals, for apropos"),
        DATA("/var/cache/postgresql/dicts", "dictionaries, from /usr/share/postgresql"),
        DATA("/var/lib/aspell", "dictionaries, from /usr/lib/aspell"),
        DATA("/var/lib/ca-certificates", "certificates, from /etc/ssl on SUSE"),
        DATA("/var/lib/dpkg", "the list of packages, for dpkg and builds of packages"),
        DATA("/var/lib/gems", "libraries of ruby, for programs in /usr/local/bin"),
        DATA("/var/lib/ghc", "libraries of Haskell, from /usr/lib/ghc"),
        DATA("/var/lib/ghostscript", "fonts, from /usr/share/ghostscript"),
        DATA("/var/lib/ispell", "dictionaries, from /usr/lib/ispell"),
        DATA("/var/lib/libreoffice/share", "extensions, from /usr/lib/libreoffice"),
        DATA("/var/lib/mecab/dic", "dictionaries of mecab"),
        DATA("/var/lib/sgml-base", "the catalog of SGML, from /etc/sgml"),
        DATA("/var/lib/texmf", "formats and fonts of TeX, from /usr/share/texlive"),
        DATA("/var/lib/xml-core", "catalogs of XML"),
};

/* Only root can open them, and it could then lock them, so that the host installs no updates. */
static const char *const locks[] = { "/var/lib/dpkg/lock", "/var/lib/dpkg/lock-frontend",
                                     "/var/lib/dpkg/triggers/Lock" };

/* Follows symlinks, which takes realpath(3) a call for each component. */
static int find_elsewhere(const char *path, char **ret) {
        _cleanup_free_ char *real = realpath(path, NULL);
        struct stat st;

        if (!real && errno == ENOMEM)
                return -ENOMEM;
        if (!real || stat(real, &st) < 0 || !S_ISDIR(st.st_mode))
                return 0;
        *ret = TAKE_PTR(real);
        return 1;
}

/* Data of packages can be missing, and the administrator can have put it elsewhere, with a symlink. Returns 1, 0 if the
 * directory does not exist, or -ENOMEM. root: an fd of "/". */
static int find_data(int root, FdBin *spent, const SystemData *d, char **ret) {
        int fd = open_in(root, d->path + 1, O_DIRECTORY, RESOLVE_BENEATH);

        fd_bin_add(spent, fd);
        if (fd == -ELOOP)
                return find_elsewhere(d->path, ret);
        if (fd < 0)
                return fd == -ENOMEM ? fd : 0;
        *ret = strdup(d->path);
        return *ret ? 1 : -ENOMEM;
}

static int open_root(void) {
        return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int add_data(RootBuilder *rb, int root, FdBin *spent, const SystemData *d) {
        char *real;
        PlanMount m;
        int r = find_data(root, spent, d, &real);

        if (r <= 0)
                return r;
        m = plan_bind(d->path, plan_source_directory(real), (MountAttributes) { .read_only = true, .recursive = true });
        m.origin.file = d->what;
        return root_builder_want(rb, m);
}

int build_system_data(RootBuilder *rb) {
        _cleanup_fd_bin_ FdBin spent = {};
        const int root = open_root();
        int r = 0;

        fd_bin_add(&spent, root);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(data); i++)
                r = add_data(rb, root, &spent, &data[i]);
        for (size_t i = 0; r >= 0 && rb->b->host->uid == 0 && i < ELEMENTSOF(locks); i++)
                r = root_builder_want_if_there(rb, plan_blocked(locks[i]));
        return r;
}

int system_data_list(char ***ret) {
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_close_ int root = open_root();
        _cleanup_fd_bin_ FdBin spent = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(data); i++) {
                _cleanup_free_ char *real = NULL;

                r = find_data(root, &spent, &data[i], &real);
                if (r > 0)
                        r = strv_push(&list, data[i].path);
        }
        if (r >= 0)
                *ret = TAKE_PTR(list);
        return r < 0 ? r : 0;
}

bool system_data_contains(const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(data); i++)
                if (path_is_at_or_below(path, data[i].path))
                        return true;
        return false;
}

bool system_data_hides(const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(locks); i++)
                if (streq(path, locks[i]))
                        return true;
        return false;
}
