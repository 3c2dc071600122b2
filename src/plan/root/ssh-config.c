/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that the system's configuration of ssh includes: ssh_config(5). ssh refuses such a file if neither root nor
 * the user of ssh owns it. Where root's id does not exist inside, root's files show as nobody's. So the payload gets
 * copies in memory, read-only, that it owns.
 *
 * A copy shows the payload nothing new: it is of a file that the sandbox shows at the same path, and that everybody may
 * read. Nor does ssh trust more files than outside: one that it refuses there stays as it is. */
#include "plan/root/ssh-config.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "plan/root/place.h"
#include "plan/root/search.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/word.h"

#define SSH_DIRECTORY "/etc/ssh"

/* The files are read at each start, and their copies take memory. */
enum { FILES_MAX = 64, BYTES_MAX = 4 << 20 };

typedef struct SshConfig {
        RootBuilder *rb;
        char **seen;  /* the paths so far, without symlinks */
        size_t bytes; /* of the files so far */
} SshConfig;

/* The id inside of a user of the host. Returns whether it exists there. */
static bool find_inside(const Plan *plan, uid_t uid, uid_t *ret) {
        const IdMap *map = plan->inner_uid_map.n ? &plan->inner_uid_map : &plan->uid_map;

        *ret = uid;
        for (size_t i = 0; i < map->n; i++)
                if (uid >= map->items[i].outside && uid - map->items[i].outside < map->items[i].count) {
                        *ret = uid - map->items[i].outside + map->items[i].inside;
                        return true;
                }
        return map->n == 0;
}

/* ssh takes a file of root or of its user that nobody else can write. Whether it would do so outside, but not
 * inside. */
static bool is_refused_inside(const SshConfig *c, const struct stat *st) {
        const Builder *b = c->rb->b;
        uid_t inside;

        if ((st->st_uid != 0 && st->st_uid != b->host->uid) || st->st_mode & 022)
                return false;
        return !find_inside(b->plan, st->st_uid, &inside) || (inside != 0 && inside != b->plan->uid);
}

static int read_file(SshConfig *c, const char *path, bool included);

/* Reads the files in a directory whose names match the pattern. */
static int read_matching(SshConfig *c, const char *directory, const char *pattern) {
        _cleanup_(spot_deinit) Spot spot = {};
        struct dirent *e;
        int r;
        DIR *d;

        r = root_model_walk(&c->rb->model, directory, &spot);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        for (char **host = spot.hosts; r >= 0 && host && *host; host++) {
                d = opendir(*host);
                while (d && r >= 0 && (e = readdir(d))) {
                        _cleanup_free_ char *path = NULL;

                        if (e->d_name[0] == '.' || component_match(pattern, e->d_name) == 0)
                                continue;
                        path = path_join(directory, e->d_name);
                        r = path ? read_file(c, path, true) : -ENOMEM;
                }
                if (d)
                        closedir(d);
        }
        return r;
}

/* A pattern of glob(7). Only its last component may have wildcards here; distributions have no others. ssh takes a
 * relative path as one in its directory. */
static int include(SshConfig *c, const char *pattern) {
        _cleanup_free_ char *path = pattern[0] == '/' ? strdup(pattern) : path_join(SSH_DIRECTORY, pattern),
                            *directory = path ? path_parent(path) : NULL;

        if (!directory)
                return -ENOMEM;
        return strpbrk(path_name(path), "*?[\\") ? read_matching(c, directory, path_name(path))
                                                 : read_file(c, path, true);
}

/* Include takes several patterns. A word that begins with "#" begins a comment. */
static int read_line(SshConfig *c, const char *line) {
        _cleanup_strv_free_ char **words = NULL;
        const char *rest = line + strspn(line, " \t");
        size_t n = strlen("Include");
        int r;

        if (strncasecmp(rest, "Include", n) != 0 || !strchr(" \t=\"", rest[n]))
                return 0;
        rest += n;
        rest += strspn(rest, " \t");
        rest += *rest == '=';
        r = word_split_as(rest, WORD_PLAIN, &words);
        if (r < 0)
                return r == -ENOMEM ? r : 0; /* ssh, too, cannot read this line */
        for (char **word = words; r >= 0 && word && *word && **word != '#'; word++)
                r = include(c, *word);
        return r;
}

static int read_text(SshConfig *c, char *text) {
        char *position = NULL;
        int r = 0;

        for (char *line = strtok_r(text, "\r\n", &position); r >= 0 && line; line = strtok_r(NULL, "\r\n", &position))
                r = read_line(c, line);
        return r;
}

/* Follows the lines of a file, and copies it if ssh would refuse it. A file that cannot be read is ssh's to complain
 * about. Returns 0 or -ENOMEM. */
static int read_file(SshConfig *c, const char *path, bool included) {
        _cleanup_(spot_deinit) Spot spot = {};
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t size;
        int r;

        r = root_model_walk(&c->rb->model, path, &spot);
        if (r < 0 || !root_builder_can_cover(&spot) || strv_contains(c->seen, spot.path) ||
            strv_length(c->seen) >= FILES_MAX)
                return r == -ENOMEM ? r : 0;
        if (stat(spot.hosts[0], &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IROTH))
                return 0;
        r = text_file_read(spot.hosts[0], &text, &size);
        if (r < 0 || size > BYTES_MAX - c->bytes)
                return r == -ENOMEM ? r : 0;
        c->bytes += size;
        r = strv_push(&c->seen, spot.path);
        if (r >= 0 && included && is_refused_inside(c, &st))
                r = root_builder_cover(c->rb, &spot,
                                       plan_copy(spot.path, plan_source_file(strdup(spot.hosts[0])), 0444));
        return r < 0 ? r : read_text(c, text);
}

int build_ssh_config(RootBuilder *rb) {
        SshConfig c = { .rb = rb };
        uid_t root;
        int r;

        if (rb->b->request->writable_root || find_inside(rb->b->plan, 0, &root))
                return 0;
        r = read_file(&c, SSH_DIRECTORY "/ssh_config", false);
        strv_free(c.seen);
        return r;
}
